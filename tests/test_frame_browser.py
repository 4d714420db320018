"""The frame in a real browser: the palette by keyboard, charts that open their rows, pages on paper."""

import re
from typing import Any

import pytest

from tests.site import patient, signed_in
from tests.test_browser import chromium, site

__all__ = ["chromium", "site"]
pytestmark = pytest.mark.browser
NARROW = 320
POINTS = 72
"""To an inch, as PDF counts."""


def type_into_palette(page: Any, text: str) -> None:
    """Ctrl-K and a text, once the script is there to hear it."""
    page.wait_for_selector("#palette-box[role=combobox]")
    page.keyboard.press("Control+k")
    page.keyboard.type(text)
    page.wait_for_selector("#palette-list [role=option]")


def test_the_palette_finds_and_opens_a_record_by_keyboard_alone(chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, "city_admin", 1280)
    page.goto(f"{site}/visit/")
    type_into_palette(page, "ydsy")
    box = page.locator("#palette-box")
    assert box.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    active = box.get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    assert "远东实业" in page.locator(f"#{active}").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('远东实业')")
    assert complaints == []


def test_escape_closes_the_palette_and_enter_opens_the_page_of_results(chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, "city_admin", 1280, at="/")
    type_into_palette(page, "ydsy")
    page.keyboard.press("Escape")
    assert page.locator("#palette-list").is_hidden()
    assert page.locator("#palette-box").get_attribute("aria-expanded") == "false"
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('搜索')")
    assert page.locator("main >> text=远东实业 >> nth=0").is_visible()
    assert complaints == []


def test_a_thumb_finds_a_screen_on_a_phone(chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, "adviser", 390, at="/")
    page.fill("#palette-box", "zf")
    page.click("#palette-list >> text=新增走访")
    page.wait_for_selector("h1:has-text('新增走访')")
    assert complaints == []


@pytest.mark.parametrize("name", ["city_admin", "branch_admin", "inspector"])
def test_charts_are_drawn_and_their_marks_open_rows(name: str, chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, name, 1280, at="/")
    page.wait_for_selector(".plot svg")
    drawn, drawable = page.locator(".plot svg").count(), page.locator("[data-chart]").count()
    assert drawn == drawable > 0
    assert complaints == []


def test_a_bar_opens_its_rows(chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, "city_admin", 1280, at="/")
    page.wait_for_selector(".plot svg")
    # The bars are the only shapes in the product's colour.
    page.locator('.plot >> nth=0 >> svg path[fill="#b3202a"] >> nth=1').click()
    page.wait_for_url("**/person/?figure=activists")
    assert "共 25 条" in page.locator("h1").inner_text()
    assert complaints == []


def test_without_script_the_numbers_stand_open_as_a_table(chromium: Any, site: str) -> None:
    with_script, _complaints = signed_in(chromium, site, "city_admin", 1280)
    context = patient(
        chromium.new_context(java_script_enabled=False, storage_state=with_script.context.storage_state())
    )
    page = context.new_page()
    page.goto(site)
    assert page.locator(".numbers table").first.is_visible()
    page.fill("#palette-box", "ydsy")
    page.click("button:has-text('搜索')")
    assert page.locator("main >> text=远东实业 >> nth=0").is_visible()
    context.close()


@pytest.mark.parametrize(
    ("address", "wide"), [("/company/", True), ("/company/details/?id=1", False), ("/password", False)]
)
def test_pages_are_printed_on_a4_without_what_one_clicks_on(address: str, wide: bool, chromium: Any, site: str) -> None:
    page, _complaints = signed_in(chromium, site, "city_admin", 1280)
    page.goto(site + address)
    page.emulate_media(media="print")
    for hidden in (".side", ".top", ".form-buttons", ".page-tools"):
        assert page.locator(f"{hidden}:visible").count() == 0, hidden
    assert page.locator("h1").is_visible()
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", page.pdf(prefer_css_page_size=True))
    sizes = {tuple(round(float(points) / POINTS * 25.4) for points in box) for box in boxes}
    assert sizes == {(297, 210) if wide else (210, 297)}


@pytest.mark.parametrize("name", ["city_admin", "adviser", "auditor"])
def test_nothing_scrolls_sideways_on_the_narrowest_phone(name: str, chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, name, NARROW)
    for address in ("/", "/search/?q=a", "/search/?q=走访", "/password"):
        page.goto(site + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW, address
    assert complaints == []


def test_the_menu_turns_care_mode_on_and_the_bar_on_top_turns_it_off(chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, "inspector", 1280, at="/")
    page.click("nav button:has-text('关怀版')")
    page.wait_for_selector("html.care")
    page.click(".care-bar summary")
    page.click(".care-bar button:has-text('回到普通版')")
    page.wait_for_selector("html:not(.care)")
    assert complaints == []


def test_a_page_stands_still_as_soon_as_it_was_scrolled(chromium: Any, site: str) -> None:
    page, _complaints = signed_in(chromium, site, "city_admin", 1280, at="/company/new/")
    height = 300
    assert page.evaluate(f"[scrollTo(0, {height}), scrollY][1]") == height
