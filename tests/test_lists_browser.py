"""A list in a real browser: filters, columns, views, all that match, values edited in the table, by mouse and by keyboard."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import test_browser
from tests.site import PASSWORD, patient, signed_in

pytestmark = pytest.mark.browser
site, chromium = test_browser.site, test_browser.chromium


@pytest.fixture
def desk(chromium: Any, site: str) -> Iterator[Any]:
    """The city administrator at a desk; the browser complains of nothing but values that were refused."""
    page, complaints = signed_in(chromium, site, "city_admin", 1280)
    yield page
    page.close()
    assert [one for one in complaints if "status of 409" not in one and "status of 422" not in one] == []


def titles(page: Any) -> list[str]:
    page.wait_for_load_state()  # a click goes on as soon as the new page begins to come
    return page.locator("td.main").all_inner_texts()


def test_several_values_are_chosen_and_taken_back(desk: Any, site: str) -> None:
    desk.goto(f"{site}/company/")
    everything = titles(desk)
    desk.click("summary:has-text('筛选')")
    desk.check("fieldset:has-text('经营状况') >> text=正常经营")
    desk.check("fieldset:has-text('经营状况') >> text=注销")
    desk.click("#flt0_branch-ts-control")
    desk.keyboard.type("远东")
    desk.click(".ts-dropdown .option:has-text('远东实业党支部')")
    desk.click("button:has-text('按筛选查看')")
    desk.wait_for_selector(".chip:has-text('所属党组织')")
    assert "flt0_status=open%2Cclosed" in desk.url and "search=" not in desk.url
    assert titles(desk) == ["远东实业"]
    desk.click(".chip:has-text('所属党组织') >> a")
    desk.wait_for_selector(".chip:has-text('所属党组织')", state="detached")
    assert titles(desk) == everything
    desk.click("summary:has-text('筛选')")
    assert desk.is_checked("fieldset:has-text('经营状况') >> text=注销")


CHOOSE = """(title) => {
    const box = document.querySelector("#flt0_branch").tomselect;
    const options = [...box.dropdown_content.querySelectorAll(".option")];
    options.find((option) => option.textContent.includes(title)).click();
}"""


def test_a_choice_made_while_typing_is_not_opened_again_over_the_buttons(desk: Any, site: str) -> None:
    desk.clock.install()
    desk.goto(f"{site}/company/")
    desk.click("summary:has-text('筛选')")
    desk.click("#flt0_branch-ts-control")
    desk.wait_for_selector(".ts-dropdown .option:has-text('远东实业党支部')")
    desk.keyboard.type("远东")
    desk.evaluate(CHOOSE, "远东实业党支部")
    desk.clock.run_for(2_000)
    assert desk.locator(".ts-wrapper .item:has-text('远东实业党支部')").is_visible()
    assert not desk.locator("#flt0_branch-ts-dropdown").is_visible()


def test_columns_are_chosen_and_kept_in_a_view(desk: Any, site: str) -> None:
    desk.goto(f"{site}/company/?sort=5")
    desk.click("summary:has-text('列')")
    for label in ("指导员", "行业"):
        desk.uncheck(f".column-form >> text={label}")
    desk.click("text=按所选的列显示")
    heads = ["企业简称", "所属党组织", "经营状况", "职工人数"]
    desk.wait_for_load_state()
    assert [text.split()[0] for text in desk.locator("thead th[data-name]").all_inner_texts()] == heads
    desk.click("a[data-panel]")
    desk.wait_for_selector("dialog[open] >> text=显示 4 列")
    desk.fill("dialog >> #view-name", "四列")
    desk.check("dialog >> text=本支部的人也能用")
    desk.click("dialog >> button:has-text('保存视图')")
    desk.wait_for_selector("text=已保存视图“四列”")
    desk.goto(f"{site}/company/")
    desk.click("a[data-panel]")
    desk.click("dialog >> a:has-text('四列')")
    desk.wait_for_selector("a[data-panel]:has-text('视图：四列')")
    assert desk.locator("thead th[data-name]").count() == 4


def test_all_of_the_list_is_offered_once_the_page_is_chosen(desk: Any, site: str) -> None:
    desk.goto(f"{site}/person/")
    bar = desk.locator(".bulk")
    assert not bar.is_visible()
    desk.check("tbody tr >> nth=0 >> [name=rowid]")
    assert bar.is_visible() and not desk.locator("[data-all-matching]").is_visible()
    desk.check("[data-check-all]")
    desk.check("[data-all-matching]")
    number = desk.get_attribute("[data-all-matching]", "value")
    assert f"{number} 条" in bar.inner_text()
    desk.click(".bulk >> button:has-text('删除')")
    desk.wait_for_selector(f"h1:has-text('对全部 {number} 条人员：删除？')")
    desk.click("text=返回列表")
    assert len(titles(desk)) == 50


def test_a_value_is_edited_in_the_table_with_the_keyboard_alone(desk: Any, site: str) -> None:
    desk.goto(f"{site}/company/?search=ydsy")
    desk.focus("[data-edit-in-list]")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("table.editing input")
    number = desk.get_by_label("远东实业 职工人数")
    number.focus()
    desk.keyboard.type("四十")
    desk.keyboard.press("Tab")
    note = desk.locator("td[data-label=职工人数] .cell-note")
    note.filter(has_text="请填写整数").wait_for()
    assert number.get_attribute("aria-invalid") == "true"
    number.fill("40")
    number.press("Enter")
    note.filter(has_text="已保存").wait_for()
    assert "职工人数" in desk.inner_text("[data-said]") and "已保存" in desk.inner_text("[data-said]")
    desk.get_by_label("远东实业 行业").select_option(label="批发零售")
    desk.locator("td[data-label=行业] .cell-note").filter(has_text="已保存").wait_for()
    desk.click("[data-edit-in-list]")
    assert desk.locator("td[data-label=职工人数]").inner_text() == "40 人"
    desk.reload()
    assert desk.locator("td[data-label=职工人数]").inner_text() == "40 人"
    assert desk.locator("td[data-label=行业]").inner_text() == "批发零售"


def test_whoever_edits_second_chooses_which_value_stays(chromium: Any, desk: Any, site: str) -> None:
    desk.goto(f"{site}/company/?search=明珠")
    desk.click("[data-edit-in-list]")
    desk.wait_for_selector("table.editing input")
    other, _complaints = signed_in(chromium, site, "city_admin", 390)
    other.goto(f"{site}/company/?search=明珠")
    other.click("[data-edit-in-list]")
    other.get_by_label("明珠药业 职工人数").fill("51")
    other.get_by_label("明珠药业 职工人数").press("Enter")
    other.locator("td[data-label=职工人数] .cell-note").filter(has_text="已保存").wait_for()
    assert other.evaluate("document.documentElement.scrollWidth") <= 390
    other.close()
    desk.get_by_label("明珠药业 职工人数").fill("52")
    desk.get_by_label("明珠药业 职工人数").press("Enter")
    desk.click("td[data-label=职工人数] >> text=改成我填的")
    desk.locator("td[data-label=职工人数] .cell-note").filter(has_text="已保存").wait_for()
    desk.reload()
    assert desk.locator("td[data-label=职工人数]").inner_text() == "52 人"


def test_the_head_of_a_long_list_stays_in_sight(desk: Any, site: str) -> None:
    desk.goto(f"{site}/person/")
    desk.evaluate("window.scrollTo(0, document.body.scrollHeight / 2)")
    box = desk.locator("thead th[data-name=name]").bounding_box()
    assert 0 <= box["y"] < 120


@pytest.mark.parametrize("width", [320, 390, 768, 1024])
def test_no_list_scrolls_sideways(width: int, chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, "city_admin", width)
    for address in ("/company/?search=y&flt0_status=open,closed", "/person/", "/views/?list=company"):
        page.goto(site + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    page.goto(f"{site}/company/")
    page.click("summary:has-text('列')")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
    assert complaints == []


def test_without_a_script_filters_columns_and_views_work(chromium: Any, site: str) -> None:
    context = patient(chromium.new_context(java_script_enabled=False))
    page = context.new_page()
    page.goto(f"{site}/sign-in")
    page.fill("#username", "city_admin")
    page.fill("#password", PASSWORD)
    with page.expect_navigation():
        page.click("button[type=submit]")
    page.goto(f"{site}/company/")
    page.click("summary:has-text('筛选')")
    page.check("fieldset:has-text('经营状况') >> text=正常经营")
    page.check("fieldset:has-text('经营状况') >> text=注销")
    page.select_option("#flt0_branch", label=["远东实业党支部", "明珠药业党支部"])
    with page.expect_navigation():
        page.click("button:has-text('按筛选查看')")
    assert sorted(titles(page)) == ["明珠药业", "远东实业"]
    page.click("summary:has-text('列')")
    page.uncheck(".column-form >> text=指导员")
    with page.expect_navigation():
        page.click("text=按所选的列显示")
    assert page.locator("thead th[data-name]").count() == 5 and len(titles(page)) == 2
    with page.expect_navigation():
        page.click("a[data-panel]")
    page.fill("#view-name", "两家")
    with page.expect_navigation():
        page.click("button:has-text('保存视图')")
    assert sorted(titles(page)) == ["明珠药业", "远东实业"] and "视图：两家" in page.inner_text("a[data-panel]")
    context.close()
