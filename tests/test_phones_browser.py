"""A real phone's way: the code on a printed card is scanned, one button is pressed, and a visit is written with three taps."""

import io
import re
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from models.clock import now
from tests import test_browser
from tests.site import patient, signed_in
from tests.test_care_mode import MEASURE

pytestmark = pytest.mark.browser
site, chromium = test_browser.site, test_browser.chromium
WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; V2324A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0 "
    "Mobile Safari/537.36 MicroMessenger/8.0.50 Language/zh_CN"
)
DAY = 24 * 60 * 60


def phone_in_wechat(chromium: Any) -> Any:
    """A phone that shows pages in WeChat."""
    return patient(
        chromium.new_context(viewport={"width": 390, "height": 760}, is_mobile=True, has_touch=True, user_agent=WECHAT)
    )


def scanned(page: Any) -> str:
    """What the code on the card says to whoever scans it from the screen."""
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.locator(".card-code").screenshot())))
    return found.text


def cards_page(chromium: Any, site: str, name: str) -> tuple[Any, list[str]]:
    """The desk of the branch's administrator, at the cards and phones of one of the branch's people."""
    desk, complaints = signed_in(chromium, site, "branch_admin", 1280)
    desk.goto(f"{site}/account/")
    desk.click(f"td.main a:text-is('{name}')")
    desk.click("text=登录卡和手机")
    return desk, complaints


def test_a_printed_card_brings_the_adviser_in_and_a_visit_takes_three_taps(chromium: Any, site: str) -> None:
    desk, complaints = cards_page(chromium, site, "adviser")
    desk.click("text=制作登录卡")
    assert desk.locator("[data-print]").is_visible()
    address = scanned(desk)
    assert address.startswith(f"{site}/sign-in/card?key=")

    phone = phone_in_wechat(chromium)
    page = phone.new_page()
    page.goto(address)
    assert page.evaluate(MEASURE, 18) == []
    page.tap("button:text-is('进入')")
    page.wait_for_selector("h1:has-text('工作台')")
    (cookie,) = [one for one in phone.cookies() if one["name"] == "office"]
    assert cookie["expires"] - now().timestamp() > 89 * DAY

    page.tap("text=写走访")
    page.tap("#findings")
    page.keyboard.type("和支部书记商量了下个月的主题党日。")
    page.tap("button:has-text('保存') >> nth=0")
    page.wait_for_selector("dd:has-text('和支部书记商量了下个月的主题党日。')")
    assert page.locator("dd:text-is('日常走访')").count() == 1

    desk.goto(f"{site}/account/")
    desk.click("td.main a:text-is('adviser')")
    desk.click("text=登录卡和手机")
    desk.wait_for_selector("strong:text-is('安卓手机，微信')")
    desk.click("text=让它退出")
    desk.wait_for_selector("text=这部手机已退出")
    page.goto(f"{site}/")
    assert page.locator("h1").inner_text() == "登录"
    assert complaints == []
    desk.close()
    phone.close()


def test_wechat_leads_to_the_phones_own_browser_where_nobody_signs_in_again(chromium: Any, site: str) -> None:
    desk, _complaints = cards_page(chromium, site, "liaison")
    desk.click("text=制作登录卡")
    phone = phone_in_wechat(chromium)
    page = phone.new_page()
    page.goto(scanned(desk))
    page.tap("button:text-is('进入')")
    page.wait_for_selector("h1:has-text('工作台')")
    page.goto(f"{site}/company/")
    page.tap("text=导出表格")
    page.tap("button:text-is('下一步')")
    page.wait_for_selector("text=在浏览器打开")

    browser = patient(chromium.new_page(viewport={"width": 390, "height": 760}))
    browser.goto(page.url)
    browser.click("button:text-is('进入')")
    with browser.expect_download() as download:
        browser.click("text=导出表格")
    assert download.value.suggested_filename.endswith("企业.xlsx")
    desk.close()
    phone.close()
    browser.close()


def test_a_card_is_printed_alone_and_as_large_as_a_postcard(chromium: Any, site: str) -> None:
    desk, _complaints = cards_page(chromium, site, "adviser")
    desk.click("text=制作登录卡")
    desk.wait_for_selector("svg.segno")
    desk.emulate_media(media="print")
    hidden = [".side", ".page-tools", ".no-print"]
    assert [one for one in hidden if desk.locator(one).first.is_visible()] == []
    box = desk.locator(".sign-in-card").bounding_box()
    millimetres = 96 / 25.4
    assert box["width"] <= 105 * millimetres and box["height"] <= 148 * millimetres
    assert scanned(desk).startswith(site)
    assert len(re.findall(rb"/Type\s*/Page\b", desk.pdf(prefer_css_page_size=True))) == 1
    desk.close()


def test_care_mode_is_switched_on_and_made_larger_on_the_advisers_page(chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, "adviser", 390, at="/")

    def size() -> str:
        return page.evaluate("getComputedStyle(document.querySelector('.big-buttons .btn')).fontSize")

    page.click("text=字太小")
    page.wait_for_selector("html.care-22")
    assert size() == "22px"
    page.click("summary:has-text('字号')")
    page.click("text=最大")
    page.wait_for_selector("html.care-30")
    assert size() == "30px"
    page.goto(f"{site}/visit/")
    page.click("summary:has-text('字号')")
    page.click("text=回到普通版 >> nth=0")
    page.wait_for_selector("html:not(.care)")
    assert page.url == f"{site}/visit/"
    assert complaints == []
    page.close()
