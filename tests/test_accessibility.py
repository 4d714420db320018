"""Everybody can use every page: by axe-core's rules, on the narrowest phone, and by the keyboard alone."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.site import DESK, HEIGHT, KINDS, NARROW, PASSWORD, PHONE, Kind, Visitors, running_chromium, served_demo
from tests.test_chinese import LATIN, OFFICE_WORDS

pytestmark = pytest.mark.browser
AXE = (Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
STOPS = 120
"""Of the Tab key on the way to an element."""
FILE_NAME = re.compile(r"\S+\.(?:docx|jpe?g|pdf|png|webp|xlsx)\b")
"""People and the product name files so; which of them the log shows depends on what was visited before."""
KEEPERS = [pytest.param("city_admin", marks=pytest.mark.long), "system_admin", "security_admin", "auditor"]
"""Who together may open every screen."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """A browser and the demo's address."""
    with served_demo(tmp_path_factory.mktemp("site")) as site, running_chromium() as chromium:
        yield chromium, site


@pytest.fixture(scope="module")
def visitors(demo: tuple[Any, str]) -> Visitors:
    """People at the demo."""
    return Visitors(*demo)


@pytest.fixture(scope="module")
def visitors_in_care(tmp_path_factory: pytest.TempPathFactory, demo: tuple[Any, str]) -> Iterator[Visitors]:
    """People at another demo, where all have care mode on."""
    with served_demo(tmp_path_factory.mktemp("care")) as site:
        yield Visitors(demo[0], site, in_care=True)


def violations(page: Any) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA: the rule, and the place."""
    page.evaluate(AXE)
    found = page.evaluate(
        "rules => axe.run({runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES
    )
    return [
        f"{rule['id']}: {node['html'][:160]} — {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_everybody_can_use_the_page_of(kind: Kind, visitors: Visitors) -> None:
    heard = len(visitors.complaints())
    page = visitors.open(kind, DESK)
    assert visitors.complaints()[heard:] == []  # before axe-core is put in, which breaches the CSP
    codes = " ".join(page.locator("code").all_inner_texts())
    text = FILE_NAME.sub("", page.inner_text("body"))
    words = set(LATIN.findall(text)) - set(LATIN.findall(codes))
    assert words - OFFICE_WORDS - {"ydsy"} == set()
    assert violations(page) == []
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_axe_finds_nothing_on_a_phone_on(kind: Kind, visitors: Visitors) -> None:
    assert violations(visitors.open(kind, PHONE)) == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.username], ids=lambda kind: kind.name)
def test_axe_finds_nothing_in_care_mode_on(kind: Kind, visitors_in_care: Visitors) -> None:
    page = visitors_in_care.open(kind, PHONE)
    assert page.locator("html.care").count() == 1
    assert violations(page) == []


@pytest.mark.parametrize("username", KEEPERS)
def test_axe_finds_nothing_on_any_screen_of(username: str, visitors: Visitors, demo: tuple[Any, str]) -> None:
    page = visitors.page_of(username, DESK)
    page.goto(f"{demo[1]}/")
    addresses = page.eval_on_selector_all("nav.menu a", "links => links.map(link => link.href)")
    found = {}
    for address in (one for link in addresses for one in (link, f"{link}new/")):
        if page.goto(address).status == 200:
            found[address] = violations(page)
    assert len(found) > 2
    assert {address: problems for address, problems in found.items() if problems} == {}


def test_the_keyboard_alone_signs_in_finds_a_company_edits_it_and_saves(visitors: Visitors) -> None:
    page = visitors.open(KINDS[0], DESK)
    type_into(page, "#username", "city_admin")
    type_into(page, "#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('工作台')")
    press_on(page, "nav.menu summary:has-text('非公企业')")
    press_on(page, "nav.menu a[href='/company/']")
    page.wait_for_selector("h1:has-text('企业')")
    type_into(page, "#search", "ydsy")
    page.keyboard.press("Enter")
    page.wait_for_url("**/company/?**search=ydsy**")
    press_on(page, "td.main a:has-text('远东实业')")
    page.wait_for_selector("h1:has-text('远东实业')")
    press_on(page, ".nav-tabs a:has-text('编辑')")
    page.wait_for_selector("#address")
    type_into(page, "#address", "示例路 8 号")
    press_on(page, "button:text-is('保存')")
    page.wait_for_selector("dd:has-text('示例路 8 号')")


def reach(page: Any, selector: str) -> None:
    """Tab until the element has the focus; it must be visible, and the focus too."""
    wanted = page.locator(selector).first
    for _step in range(STOPS):
        if wanted.evaluate("element => element === document.activeElement"):
            assert wanted.is_visible()
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by the keyboard")


def press_on(page: Any, selector: str) -> None:
    """Reach a link or a button and press it."""
    reach(page, selector)
    page.keyboard.press("Enter")


def type_into(page: Any, selector: str, text: str) -> None:
    """Reach a field and write over what is in it."""
    reach(page, selector)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
