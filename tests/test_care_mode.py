"""Care mode (关怀版) in a real browser: the size of text and targets, contrast, one column, on every kind of page."""

from typing import Any

import pytest

from tests import test_browser
from tests.site import patient, signed_in, turn_care_on

pytestmark = pytest.mark.browser
site, chromium = test_browser.site, test_browser.chromium

# What a page falls short of, measured by what the browser computed. Folds are opened first.
MEASURE = """
(least) => {
  const faults = [];
  const name = (one) => one.outerHTML.replace(/\\s+/g, " ").slice(0, 110);
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  const seen = (one) => {
    const box = one.getBoundingClientRect();
    const clipped = [...ancestors(one)].some((outer) => getComputedStyle(outer).clip !== "auto" || outer.matches(".skip"));
    return one.checkVisibility({ visibilityProperty: true }) && box.width > 1 && box.height > 1 && !clipped;
  };
  function* ancestors(one) { for (let outer = one; outer; outer = outer.parentElement) yield outer; }
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (one) => {
    for (const outer of ancestors(one)) {
      const color = parts(getComputedStyle(outer).backgroundColor);
      if (color.length < 4 || color[3] > 0.99) return color;
    }
    return [255, 255, 255];
  };

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const one = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !seen(one)) continue;
    const style = getComputedStyle(one);
    if (parseFloat(style.fontSize) < least) faults.push(`${style.fontSize}: ${name(one)}`);
    const [a, b] = [light(parts(style.color)), light(ground(one))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 7) faults.push(`contrast ${((a + 0.05) / (b + 0.05)).toFixed(1)}: ${name(one)}`);
  }
  document.querySelectorAll("input, select, textarea").forEach((one) => {
    if (one.type !== "hidden" && seen(one) && parseFloat(getComputedStyle(one).fontSize) < least) faults.push(`small: ${name(one)}`);
  });

  const inSentence = (one) => one.matches("a:not(.btn)") && getComputedStyle(one).display === "inline"
    && [...one.parentElement.childNodes].some((other) => other.nodeType === 3 && other.data.trim());
  document.querySelectorAll("a[href], button, input, select, textarea, summary, .ts-control, .ts-dropdown .option, [role=option]").forEach((one) => {
    if (one.type === "hidden" || !seen(one) || inSentence(one) || one.closest(".ts-control") !== null && one.matches("input")) return;
    const target = ["checkbox", "radio"].includes(one.type) ? one.closest("label") || one : one;
    const height = target.getBoundingClientRect().height;
    if (height < 59.5) faults.push(`${height.toFixed(0)} px high: ${name(target)}`);
  });

  document.querySelectorAll("body *").forEach((one) => {
    if (!seen(one) || one.matches("input, select, textarea, svg *, .visually-hidden")) return;
    const style = getComputedStyle(one);
    if (style.overflowY === "hidden" && one.scrollHeight > one.clientHeight + 2) faults.push(`cut off: ${name(one)}`);
  });
  const sideways = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (sideways > 0) faults.push(`${sideways} px too wide`);
  return [...new Set(faults)].slice(0, 12);
}
"""
PAGES = {
    "adviser": [
        "/", "/visit/", "/visit/new/?posting=1", "/visit/details/?id=1", "/visit/edit/?id=1", "/visit/history/?id=1",
        "/problem/new/", "/rectification/", "/assess/?id=1", "/company/details/?id=1", "/access/", "/nowhere",
    ],
    "branch_admin": [
        "/", "/person/", "/person/?search=zzzz", "/person/new/", "/person/find/", "/branch/edit/?id=2",
        "/rectification/details/?id=1",
        "/person/delete/?id=1", "/person/explain/?id=1", "/account/", "/account/details/?id=4", "/access/?id=4",
        "/report-desk/", "/password",
    ],
    "company_clerk": ["/", "/monthly_report/new/"],
    "inspector": ["/"],
    "city_admin": ["/", "/company/?figure=not_visited", "/file/upload/?owner=rectification&id=1", "/doubles/", "/posting/step/end/?id=2"],
    "security_admin": ["/", "/role-permissions/?id=1"],
    "auditor": ["/", "/audit_entry/", "/audit-seals/"],
}  # fmt: skip


def faults_on(page: Any, site: str, addresses: list[str], least: int) -> dict[str, list[str]]:
    """What each page falls short of; pages without fault are left out."""
    found = {}
    for address in addresses:
        answer = page.goto(site + address)
        assert answer.status == 200 or address == "/nowhere", address
        if faults := page.evaluate(MEASURE, least):
            found[address] = faults
    return found


@pytest.mark.parametrize("name", PAGES)
def test_on_every_page_text_is_large_targets_are_high_and_contrast_is_strong(
    name: str, chromium: Any, site: str
) -> None:
    page, _complaints = signed_in(chromium, site, name, 390)
    turn_care_on(page, site, "18")
    assert faults_on(page, site, PAGES[name], 18) == {}
    page.close()


def test_the_largest_text_fits_the_narrowest_phone(chromium: Any, site: str) -> None:
    page, _complaints = signed_in(chromium, site, "branch_admin", 390)
    turn_care_on(page, site, "30")
    page.set_viewport_size({"width": 320, "height": 640})
    assert faults_on(page, site, PAGES["branch_admin"], 30) == {}
    page.close()


def test_wechats_own_larger_text_cuts_nothing_off(chromium: Any, site: str) -> None:
    page, _complaints = signed_in(chromium, site, "adviser", 390)
    turn_care_on(page, site, "22")
    cookies = page.context.cookies()
    # WeChat's largest setting makes 17 px of text 23.8: by this property on an iPhone, and for all of the page.
    phone = patient(chromium.new_context(viewport={"width": 390, "height": 860}, is_mobile=True, has_touch=True))
    phone.add_cookies(cookies)
    page = phone.new_page()
    for address in PAGES["adviser"]:
        page.goto(site + address)
        page.evaluate("document.body.style.setProperty('-webkit-text-size-adjust', '140%', 'important')")
        assert page.evaluate(MEASURE, 22) == [], address
    phone.close()


def test_the_sign_in_cards_page_is_large_for_whoever_is_not_signed_in(chromium: Any, site: str) -> None:
    page = patient(chromium.new_page(viewport={"width": 320, "height": 640}))
    assert page.goto(f"{site}/sign-in/card?key=none").status == 404
    assert page.evaluate(MEASURE, 18) == []
    page.close()


def test_a_look_up_is_large_too(chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, "city_admin", 390)
    turn_care_on(page, site, "18")
    page.goto(f"{site}/key_post/new/")
    page.click(".ts-control >> nth=0")
    page.wait_for_selector(".ts-dropdown .option")
    assert page.evaluate(MEASURE, 18) == []
    assert complaints == []
    page.close()


def test_a_card_that_was_just_made_is_large_too(chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, "branch_admin", 390)
    turn_care_on(page, site, "18")
    page.goto(f"{site}/access/?id=4")
    page.click("text=制作登录卡")
    page.wait_for_selector("svg.segno")
    assert page.evaluate(MEASURE, 18) == []
    assert complaints == []
    page.close()


def test_on_a_desk_the_menu_is_folded_away_and_all_is_as_large(chromium: Any, site: str) -> None:
    page, _complaints = signed_in(chromium, site, "adviser", 1280)
    turn_care_on(page, site, "18")
    page.goto(f"{site}/visit/")
    assert not page.locator("nav.menu").is_visible()
    page.click("summary:has-text('菜单') >> nth=0")
    assert page.locator("nav.menu").is_visible()
    assert faults_on(page, site, PAGES["adviser"], 18) == {}
    page.close()
