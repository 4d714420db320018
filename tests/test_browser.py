"""A real browser: the city administrator at a desk, the adviser on a phone; no violation of the strict CSP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from werkzeug.serving import make_server

import commands
from models import db
from tests.conftest import build_app

pytestmark = pytest.mark.browser
PASSWORD = "demo-password-1"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo on a port of this machine, with form tokens as in production."""
    folder = tmp_path_factory.mktemp("site")
    app = build_app(f"sqlite:///{folder / 'demo.db'}", folder, WTF_CSRF_ENABLED=True)
    with app.app_context():
        upgrade()
        commands.fill_demo(PASSWORD)
        db.engine.dispose()
    with serving(app) as address:
        yield address


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The app on a port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    path = next(one for one in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(one).exists())
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-background-networking"])
        yield browser
        browser.close()


def signed_in(chromium: Any, site: str, name: str, width: int) -> tuple[Any, list[str]]:
    """A page in which somebody signed in, and the list that gathers what the browser complains of."""
    page = chromium.new_page(viewport={"width": width, "height": 860})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{site}/sign-in")
    page.fill("#username", name)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("h1:has-text('工作台')")
    return page, complaints


def test_the_city_administrator_searches_filters_edits_and_exports_at_a_desk(chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, "city_admin", 1280)
    page.click("nav >> summary:has-text('非公企业')")
    page.click("nav >> a:text-is('企业')")
    page.goto(f"{site}/company/")
    page.fill("#search", "ydsy")
    page.click("button:has-text('查找')")
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
    page.select_option("#flt0_status", "open")
    page.click("text=按筛选查看")
    assert page.locator(".chip").count() == 1
    with page.expect_download() as download:
        page.click("text=导出表格")
    assert download.value.suggested_filename.endswith("企业.xlsx")
    assert complaints == []


def test_the_adviser_writes_a_visit_on_a_phone(chromium: Any, site: str) -> None:
    page, complaints = signed_in(chromium, site, "adviser", 390)
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
