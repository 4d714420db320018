"""Forms in real Chromium: nothing typed is lost when the network, the session or the browser goes away."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from models import SignIn
from models.clock import now
from policy import system_session
from tests.drills.server import free_port
from tests.site import PASSWORD, demo_app, serving, signed_in
from tests.test_browser import chromium as chromium

pytestmark = pytest.mark.browser
OLDEST_LOSS = 10
"""Seconds: what was typed longer ago is never lost."""
STATE = "[data-draft-state]"
SAVE = "button:has-text('保存') >> nth=0"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, str]]:
    """The demo's app, and its address on this machine."""
    app = demo_app(tmp_path_factory.mktemp("forms"))
    with serving(app) as address:
        yield app, address


def end_sessions(app: Flask) -> None:
    """End the session of everybody."""
    with app.app_context(), system_session("sign_in") as session:
        for one in session.scalars(select(SignIn).where(SignIn.ended_at.is_(None))):
            one.ended_at = now()
        session.commit()


def at_a_company(chromium: Any, address: str, key: int) -> tuple[Any, list[str]]:
    """A page with the form of a company, signed in; and what the browser complains of."""
    page, complaints = signed_in(chromium, address, "city_admin", 1280)
    page.goto(f"{address}/company/edit/?id={key}")
    return page, complaints


def test_a_draft_is_kept_while_typing_offered_again_and_gone_once_saved(
    chromium: Any, office: tuple[Flask, str]
) -> None:
    page, complaints = at_a_company(chromium, office[1], 1)
    page.fill("#note", "写了一半的备注")
    page.wait_for_selector(f"{STATE}:has-text('草稿已自动保存')")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.wait_for_selector("text=这里有一份没有保存的内容")
    page.click("text=接着填")
    assert page.input_value("#note") == "写了一半的备注"
    page.click(SAVE)
    page.wait_for_selector("dd:has-text('写了一半的备注')")
    page.goto(f"{office[1]}/company/edit/?id=1")
    assert page.input_value("#note") == "写了一半的备注"
    assert complaints == []


def test_leaving_with_unsaved_changes_asks_and_leaving_after_saving_does_not(
    chromium: Any, office: tuple[Flask, str]
) -> None:
    page, _complaints = at_a_company(chromium, office[1], 2)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.click("text=取消")
    page.wait_for_selector("h1")
    assert asked == []
    page.goto(f"{office[1]}/company/edit/?id=2")
    page.locator("#address").press_sequentially("示例路")
    page.click("text=取消")
    page.wait_for_url("**/details/**")
    assert asked == ["beforeunload"]
    page.goto(f"{office[1]}/company/edit/?id=2&draft=1")
    page.click(SAVE)
    page.wait_for_url("**/details/**")
    assert asked == ["beforeunload"]


def test_without_the_network_saving_waits_says_so_and_goes_on_by_itself(
    chromium: Any, office: tuple[Flask, str]
) -> None:
    page, _complaints = at_a_company(chromium, office[1], 3)
    page.fill("#note", "在路上写的")
    page.context.set_offline(True)
    page.click(SAVE)
    page.wait_for_selector(f"{STATE}:has-text('网络断了，内容还在；连上后会自动再试')")
    assert page.input_value("#note") == "在路上写的"
    page.context.set_offline(False)
    page.wait_for_selector("dd:has-text('在路上写的')")


def test_a_draft_that_could_not_be_kept_is_kept_once_the_network_is_back(
    chromium: Any, office: tuple[Flask, str]
) -> None:
    page, _complaints = at_a_company(chromium, office[1], 4)
    page.context.set_offline(True)
    page.fill("#note", "断网时写的")
    page.wait_for_selector(f"{STATE}:has-text('网络断了')")
    page.context.set_offline(False)
    page.wait_for_selector(f"{STATE}:has-text('草稿已自动保存')")


def test_whoevers_session_ended_signs_in_on_top_of_the_form_and_it_is_saved(
    chromium: Any, office: tuple[Flask, str]
) -> None:
    app, address = office
    page, _complaints = at_a_company(chromium, address, 5)
    end_sessions(app)
    page.fill("#note", "写到一半登录到期了")
    page.click(SAVE)
    page.wait_for_selector("dialog >> text=请重新登录")
    page.fill("#again-password", "not-the-password")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog >> text=用户名或密码不对")
    page.fill("#again-password", PASSWORD)
    page.click("text=登录并继续")
    page.wait_for_selector("dd:has-text('写到一半登录到期了')")
    assert page.locator("dialog").count() == 0


def test_somebody_who_only_types_is_told_that_the_session_ended_and_may_stay(
    chromium: Any, office: tuple[Flask, str]
) -> None:
    app, address = office
    page, _complaints = at_a_company(chromium, address, 6)
    end_sessions(app)
    page.fill("#note", "还在写")
    page.click(f"{STATE} >> text=重新登录")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    page.click(f"{STATE} >> text=重新登录")
    page.fill("#again-password", PASSWORD)
    page.click("text=登录并继续")
    page.wait_for_selector(f"{STATE}:has-text('草稿已自动保存')")
    assert page.input_value("#note") == "还在写"


def test_another_person_who_signed_in_meanwhile_does_not_send_it(chromium: Any, office: tuple[Flask, str]) -> None:
    _app, address = office
    page, _complaints = at_a_company(chromium, address, 7)
    with page.expect_popup() as opened:
        page.evaluate("window.open('/sign-in')")
    other = opened.value
    other.fill("#username", "inspector")
    other.fill("#password", PASSWORD)
    other.click("button[type=submit]")
    other.wait_for_selector("h1:has-text('工作台')")
    page.fill("#note", "市级管理员写的")
    page.click(SAVE)
    page.wait_for_selector(f"{STATE}:has-text('现在登录的是另一个账号')")
    assert page.input_value("#note") == "市级管理员写的"


def test_a_day_is_typed_or_picked_and_any_year_goes(chromium: Any, office: tuple[Flask, str]) -> None:
    page, complaints = at_a_company(chromium, office[1], 8)
    page.fill("#organised_on", "1949。10")
    assert page.get_by_role("button", name="选日期：党组织成立时间").is_visible()
    page.evaluate(
        """() => {
          const calendar = document.querySelector('.date-line input[type=date]');
          calendar.value = '1921-07-23';
          calendar.dispatchEvent(new Event('change'));
        }"""
    )
    assert page.input_value("#organised_on") == "1921-07-23"
    page.click(SAVE)
    page.wait_for_selector("dd:has-text('1921-07-23')")
    assert complaints == []


def test_a_long_list_is_searched_by_pinyin_with_the_keyboard_alone(chromium: Any, office: tuple[Flask, str]) -> None:
    page, _complaints = signed_in(chromium, office[1], "city_admin", 1280)
    page.goto(f"{office[1]}/person/edit/?id=1")
    box = page.get_by_role("combobox", name="民族")
    box.focus()
    box.press_sequentially("yuguzu")
    page.keyboard.press("Enter")
    assert page.locator("#ethnic_group").evaluate("select => select.selectedOptions[0].text") == "裕固族"


def test_errors_lead_to_their_fields(chromium: Any, office: tuple[Flask, str]) -> None:
    page, _complaints = signed_in(chromium, office[1], "city_admin", 390)
    page.goto(f"{office[1]}/visit/new/")
    page.click(SAVE)
    page.click(".error-list >> text=派驻")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "combobox"
    page.click(".error-list >> text=走访情况")
    assert page.evaluate("document.activeElement.id") == "findings"
    described = page.locator("#findings").get_attribute("aria-describedby") or ""
    assert "findings-error" in described.split()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


# A browser that is killed


class Killable:
    """A Chromium of its own, to be killed in the middle of whatever it does."""

    def __init__(self, kind: Any, folder: Path) -> None:
        path = next(one for one in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(one).exists())
        port = free_port()
        self._process = subprocess.Popen(
            [path, "--headless=new", "--no-sandbox", "--disable-background-networking", "--no-first-run",
             f"--remote-debugging-port={port}", f"--user-data-dir={folder}", "about:blank"],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True,
        )  # fmt: skip
        assert self._process.stderr is not None
        next(line for line in self._process.stderr if "DevTools listening" in line)
        self.browser = kind.connect_over_cdp(f"http://127.0.0.1:{port}")

    def kill(self) -> None:
        """Take it away with all its processes."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextmanager
def killed_afterwards(kind: Any, folder: Path) -> Iterator[Any]:
    """A browser that is killed when the block ends."""
    killable = Killable(kind, folder)
    try:
        yield killable.browser
    finally:
        killable.kill()


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.long)])
def test_a_browser_killed_in_the_middle_of_a_form_loses_nothing_older_than_ten_seconds(
    kills: int, chromium: Any, office: tuple[Flask, str], tmp_path: Path
) -> None:
    address, safe = office[1], ""
    for turn in range(kills):
        with killed_afterwards(chromium.browser_type, tmp_path / str(turn)) as browser:
            page = reopened_visit(browser, address, again=turn > 0)
            assert page.input_value("#findings").startswith(safe)
            typed = type_on(page, OLDEST_LOSS + 1 + turn % 4, f"第{turn}次打开，")
        killed = time.monotonic()
        safe = [text for moment, text in typed if moment <= killed - OLDEST_LOSS][-1]
    page = reopened_visit(chromium, address, again=True)
    assert page.input_value("#findings").startswith(safe)
    page.click("text=不要了")
    page.wait_for_selector("form.record-form")


def reopened_visit(browser: Any, address: str, again: bool) -> Any:
    """The form of a new visit on a phone, filled in with what was typed before."""
    page, _complaints = signed_in(browser, address, "branch_admin", 390)
    page.goto(f"{address}/visit/new/")
    if again:
        page.click("text=接着填")
    return page


def type_on(page: Any, seconds: int, words: str) -> list[tuple[float, str]]:
    """Go on typing for a while; what stood in the box, and when."""
    box = page.locator("#findings")
    box.press("Control+End")
    typed: list[tuple[float, str]] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        box.press_sequentially(words, delay=20)
        typed.append((time.monotonic(), box.input_value()))
    return typed
