"""A real browser: the city administrator at a desk, the adviser on a phone; no violation of the strict CSP."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.site import running_chromium, served_demo, signed_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo's address."""
    with served_demo(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser."""
    with running_chromium() as chromium:
        yield chromium


def test_the_city_administrator_searches_filters_edits_and_exports_at_a_desk(chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, "city_admin", 1280, at="/")
    page.click("nav >> summary:has-text('非公企业')")
    page.click("nav >> a:text-is('企业')")
    page.wait_for_url("**/company/")
    page.fill("#search", "ydsy")
    page.click("button:has-text('查找')")
    page.wait_for_url("**/company/?**search=ydsy**")
    assert page.locator("tbody tr").count() == 1
    page.click("tbody >> text=远东实业 >> nth=0")
    page.click("text=编辑")
    page.fill("#address", "示例路 1 号")
    page.click("button:has-text('保存') >> nth=0")
    page.wait_for_selector("text=示例路 1 号")
    page.click("text=历史")
    page.wait_for_selector("text=示例·市级管理员")
    page.goto(f"{site}/company/")
    page.click("summary:has-text('筛选')")
    page.check("fieldset:has-text('经营状况') >> text=正常经营")
    page.click("text=按筛选查看")
    page.wait_for_selector(".chip")
    assert page.locator(".chip").count() == 1
    with page.expect_download() as download:
        page.click("text=导出表格")
    assert download.value.suggested_filename.endswith("企业.xlsx")
    assert complaints == []


def test_the_adviser_writes_a_visit_on_a_phone(chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, "adviser", 390, at="/")
    page.click("text=写走访")
    page.fill("#visited_on", "2026.11.2")
    page.select_option("#purpose", "study")
    page.fill("#findings", "和支部书记一起定了本月的学习安排。")
    page.click("button:has-text('保存') >> nth=0")
    page.wait_for_selector("text=和支部书记一起定了本月的学习安排。")
    for address in ("/", "/visit/", "/company/", "/posting/"):
        page.goto(site + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
    assert complaints == []


def count_clicks(page: Any) -> Callable[[], int]:
    """Count what is clicked or tapped in a page from now on, over all pages that it leads to."""
    page.context.expose_function("clicked", lambda: clicks.append(1))
    page.add_init_script("addEventListener('pointerdown', () => window.clicked(), true)")
    page.reload()
    clicks: list[int] = []
    return lambda: len(clicks)


def test_the_offices_round_takes_five_clicks_find_by_pinyin_change_see_the_history(chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, "city_admin", 1280)
    page.goto(f"{site}/company/")
    clicks = count_clicks(page)
    page.click("#search")
    page.keyboard.type("xyjz")
    page.keyboard.press("Enter")
    page.click("td.main a:has-text('兴业建筑')")
    page.click(".nav-tabs a:has-text('编辑')")
    page.fill("#address", "示例路 12 号")
    page.click("button:text-is('保存')")
    page.wait_for_selector("dd:has-text('示例路 12 号')")
    page.click(".nav-tabs a:has-text('历史')")
    page.wait_for_selector("tr:has-text('地址') .new:has-text('示例路 12 号')")
    assert 0 < clicks() <= 5
    assert complaints == []
