"""A checklist is written in the browser, from an empty page to the published version, and opened on a phone."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.site import PHONE, running_chromium, served_demo, signed_in

pytestmark = pytest.mark.browser
ITEMS = 30
IN_GROUPS_OF = 10


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """A browser and the demo's address."""
    with served_demo(tmp_path_factory.mktemp("checklist")) as site, running_chromium() as chromium:
        yield chromium, site


def begin_version(page: Any, site: str) -> None:
    """A new checklist with a version that says nothing yet, opened in the editor."""
    page.goto(f"{site}/checklist_template/new/")
    page.fill("#name", "示例标准化清单")
    page.click("button:text-is('保存')")
    page.wait_for_url("**/checklist_template/details/**")
    page.goto(f"{site}/checklist_version/new/")
    page.select_option("#template", label="示例标准化清单")
    page.fill("#name", "2026 版")
    page.click("button:text-is('保存')")
    page.wait_for_url("**/checklist_version/details/**")
    page.click("text=编辑清单")
    page.wait_for_selector(".checklist-editor")


def write_items(page: Any) -> None:
    """Three groups of ten items, of several ways of scoring."""
    for group in range(ITEMS // IN_GROUPS_OF):
        page.click("[data-add-group]")
        page.locator("[data-group] >> nth=-1 >> [name^=group-]").fill(f"第{'一二三'[group]}组")
        for number in range(IN_GROUPS_OF):
            page.locator("[data-group] >> nth=-1 >> [data-add-item]").click()
            item = page.locator("[data-item] >> nth=-1")
            item.locator("[name^=text-]").fill(f"示例检查项 {group + 1}.{number + 1}")
            if number == 0:
                item.locator("[name^=code-]").fill(f"{group + 1}.1")
    first = page.locator("[data-item] >> nth=0")
    first.locator("[data-scoring]").select_option("number")
    first.locator("[name^=steps-]").fill("0=0%；6=60%；12=100%")
    second = page.locator("[data-item] >> nth=1")
    second.locator("[data-scoring]").select_option("deduction")
    last = page.locator("[data-item] >> nth=-1")
    last.locator("[data-scoring]").select_option("veto")


def test_a_checklist_of_thirty_items_is_written_and_published(demo: tuple[Any, str]) -> None:
    chromium, site = demo
    page, complaints = signed_in(chromium, site, "city_admin", 1280)
    begin_version(page, site)
    write_items(page)
    assert page.inner_text("[data-sum]") == "共 30 项，满分 290 分"
    codes = page.eval_on_selector_all("[name^=code-]", "inputs => inputs.map(input => input.value)")
    assert codes[9] == "1.10" and codes[20] == "3.1" and len(set(codes)) == ITEMS
    page.click(".checklist-foot .btn-primary")
    page.wait_for_selector("[role=alert]:has-text('有 1 处要改')")
    page.locator("[aria-invalid=true]").fill("0.5")
    page.click("[data-item] >> nth=4 >> [data-move=up]")
    page.click("[data-item] >> nth=29 >> [data-move=drop]")
    assert page.inner_text("[data-sum]") == "共 29 项，满分 290 分"
    page.click(".checklist-foot .btn-primary")
    page.wait_for_selector("text=已保存。")
    assert page.locator("[data-item]").count() == ITEMS - 1
    assert page.input_value("[data-item] >> nth=3 >> [name^=text-]") == "示例检查项 1.5"
    page.click("text=返回版本")
    page.click("button:has-text('发布')")
    page.wait_for_selector("text=已发布，从现在起不能再改。")
    page.click("text=看清单内容")
    page.wait_for_selector("td:has-text('示例检查项 3.9')")
    assert page.locator(".checklist-editor").count() == 0
    page.close()
    assert [one for one in complaints if "status of 422" not in one] == []


def test_the_editor_and_the_comparison_fit_a_phone(demo: tuple[Any, str]) -> None:
    chromium, site = demo
    page, complaints = signed_in(chromium, site, "city_admin", PHONE)
    page.goto(f"{site}/checklist_version/?flt0_status=published")
    page.click("td.main a >> nth=0")
    page.click("text=另做新版本")
    page.fill("#name", "手机上做的")
    page.click("button:has-text('做成草稿')")
    page.wait_for_selector(".checklist-editor")
    page.click("[data-add-item] >> nth=0")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    page.goto(page.url.replace("/checklist/?", "/checklist/compare/?"))
    page.wait_for_selector("h1:has-text('手机上做的）改了什么')")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    page.close()
    assert complaints == []
