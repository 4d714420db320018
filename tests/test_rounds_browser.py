"""A round over all companies of the demo is begun at the desk, and its progress read on a phone."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.site import DESK, PHONE, running_chromium, served_demo, signed_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """A browser and the demo's address."""
    with served_demo(tmp_path_factory.mktemp("rounds")) as site, running_chromium() as chromium:
        yield chromium, site


def chosen(page: Any) -> str:
    return str(page.inner_text(".save-bar [data-picked]"))


def choose(page: Any, site: str) -> None:
    """Search, tick, tick all and none, choose another checklist, and have the day reckoned."""
    page.goto(f"{site}/assessment_round/")
    page.click("text=开始一个批次")
    companies = page.locator("[data-chooser] >> nth=0")
    companies.locator("[data-find-here]").fill("slqy15")
    assert companies.locator("label:visible").count() == 1
    companies.locator("[data-tick=all]").click()
    assert chosen(page) == "1"
    companies.locator("[data-find-here]").fill("没有这家")
    companies.locator("[data-nothing]").wait_for(state="visible")
    companies.locator("[data-find-here]").fill("")
    companies.locator("[data-tick=all]").click()
    assert chosen(page) == "20"
    companies.locator("[data-tick=none]").click()
    assert chosen(page) == "0"
    companies.locator("[data-tick=all]").click()
    with page.expect_navigation():
        page.select_option("#checklist_version", label="两栏四有四上墙 · 2026 版")
    assert page.input_value("#name").endswith("年两栏四有四上墙考核") and chosen(page) == "20"
    page.fill("#working_days", "15")
    page.click("text=按工作日算出截止日期")
    page.wait_for_selector("[role=status]:has-text('从今天起 15 个工作日')")
    assert page.input_value("#due_on") and chosen(page) == "20"


def test_a_round_over_twenty_companies_is_begun_and_read_on_a_phone(demo: tuple[Any, str]) -> None:
    chromium, site = demo
    page, complaints = signed_in(chromium, site, "city_admin", DESK)
    choose(page, site)
    page.click("text=开始这个批次")
    page.wait_for_selector("text=发给 20 家")
    assert page.locator("tbody tr").count() == 20
    address = page.url
    page.close()
    phone, more = signed_in(chromium, site, "city_admin", PHONE)
    phone.goto(address)
    assert "共 20 份" in phone.inner_text("main") and phone.locator("td.main:visible").count() == 20
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE
    phone.click("text=结束批次")
    phone.wait_for_selector("text=还有 20 份没有签字确认")
    phone.click("text=不结束")
    phone.click("text=加企业或党组织")
    phone.wait_for_selector("text=没有可以选的企业")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE
    phone.close()
    assert [*complaints, *more] == []


def test_a_round_is_begun_on_a_phone_without_scripts(demo: tuple[Any, str]) -> None:
    chromium, site = demo
    page, _complaints = signed_in(chromium, site, "city_admin", PHONE)
    kept = page.context.storage_state()
    page.close()
    plain = chromium.new_context(
        viewport={"width": PHONE, "height": 860}, locale="zh-CN", java_script_enabled=False, storage_state=kept
    ).new_page()
    plain.goto(f"{site}/round/new/")
    plain.select_option("#checklist_version", label="六好离退休干部党支部 · 2026 示例版")
    plain.click("text=换成这份清单")
    plain.fill("#name", "手机上开始的批次")
    plain.fill("#working_days", "5")
    plain.click("label:has-text('示例离退休干部第五党支部')")
    plain.click("text=开始这个批次")
    plain.wait_for_selector("text=发给 1 家")
    assert "示例离退休干部第五党支部" in plain.inner_text("table")
    plain.close()


def test_a_reviewer_is_named_for_ticked_companies_on_a_phone(demo: tuple[Any, str]) -> None:
    chromium, site = demo
    page, complaints = signed_in(chromium, site, "city_admin", PHONE)
    page.goto(f"{site}/assessment_round/?search=六有")
    page.goto(site + page.get_attribute("td.main a", "href").replace("/assessment_round/details/", "/round/"))
    page.check("input[name=assessment] >> nth=0")
    page.check("input[name=assessment] >> nth=1")
    page.click("text=指定考评人")
    page.wait_for_selector("text=选了 2 份")
    page.select_option("#reviewer", label="示例·督查员（市非公经济组织党委（示例））")
    assert page.is_checked("#reviewing-one")  # naming somebody is choosing that way
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    page.click("text=保存考评人")
    page.wait_for_selector("text=已改 2 份的考评人")
    assert page.locator("td[data-label=考评人]:has-text('示例·督查员')").count() == 2
    page.close()
    assert complaints == []
