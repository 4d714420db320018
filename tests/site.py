"""The demo as a site in a real browser: served on a port of this machine, with people signed in, page by page."""

import atexit
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from werkzeug.serving import make_server

import commands
from models import db
from tests.conftest import build_app
from tests.sheets_made import workbook
from tests.test_attachments import picture

PASSWORD = "demo-password-1"
DEMO_FILE = "demo.db"
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser")
DESK, TABLET, PHONE, NARROW = 1280, 768, 390, 320
HEIGHT = 860
PATIENCE = 180_000
"""Milliseconds."""
"""Widths of screens in CSS pixels."""
SAVE = "main button:text-is('保存')"


def demo_app(folder: Path, with_tokens: bool = True) -> Flask:
    """An app with the demo, of its own; with form tokens as in production, or without."""
    shutil.copytree(_loaded_demo().name, folder, dirs_exist_ok=True)
    return build_app(f"sqlite:///{folder / DEMO_FILE}", folder, WTF_CSRF_ENABLED=with_tokens)


@cache
def _loaded_demo() -> tempfile.TemporaryDirectory[str]:
    """The database and the files of the demo as ``make run`` loads it: made once for a test process, to be copied."""
    folder = tempfile.TemporaryDirectory(prefix="demo")
    app = build_app(f"sqlite:///{Path(folder.name) / DEMO_FILE}", Path(folder.name))
    with app.app_context():
        upgrade()
        assert len(commands.fill_demo(PASSWORD)) == 9
        db.engine.dispose()
    return folder


@contextmanager
def served_demo(folder: Path) -> Iterator[str]:
    """The demo's address while it is served."""
    with serving(demo_app(folder)) as address:
        yield address


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The address of an app while it is served on a port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@contextmanager
def running_chromium() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright: one for a test process; who used it leaves no page of theirs in it."""
    if not _chromium().is_connected():  # it crashed: whoever comes after finds another
        _chromium.cache_clear()
    browser = _chromium()
    yield browser
    for context in browser.contexts:
        context.close()


@cache
def _chromium() -> Any:
    path = next(one for one in CHROMIUM if Path(one).exists())
    browser = _driver().chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-background-networking"])
    atexit.register(browser.close)
    return browser


@cache
def _driver() -> Any:
    from playwright.sync_api import sync_playwright  # plain pytest runs where it isn't installed

    driver = sync_playwright().start()
    atexit.register(driver.stop)
    return driver


def patient(context: Any) -> Any:
    """A browser, or a page of it, that waits long for what comes late: a test machine may be slow and busy."""
    context.set_default_timeout(PATIENCE)
    return context


def new_page(chromium: Any, width: int) -> Any:
    """A page in a browser that is nobody's yet."""
    return patient(chromium.new_context(viewport={"width": width, "height": HEIGHT}, locale="zh-CN")).new_page()


def complaints_of(page: Any) -> list[str]:
    """The list that gathers what the browser complains of: breaches of the CSP, errors of scripts, refusals."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def signed_in(chromium: Any, site: str, name: str, width: int, at: str = "") -> tuple[Any, list[str]]:
    """A page of somebody who signed in, opened at an address if there is one; and what the browser complains of.

    The sign-in page is sent as a browser sends it but isn't drawn, nor is the home page, which would take most of the
    time; that people sign in on it is seen where its form is filled in.
    """
    page = new_page(chromium, width)
    complaints = complaints_of(page)
    answer = send(page, site, "/sign-in", username=name, password=PASSWORD)
    assert answer.ok and "工作台" in answer.text()
    if at:
        page.goto(site + at)
    return page, complaints


def send(page: Any, site: str, path: str, **fields: str) -> Any:
    """What answers a form of the site that is sent with a page's cookies, as the page would send it."""
    form = page.request.get(site + ("/sign-in" if path == "/sign-in" else "/password")).text()
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token
    return page.request.post(site + path, form={"csrf_token": token[1], **fields})


PUBLISHED = "?flt0_status=published"


@dataclass(frozen=True)
class Kind:
    """A kind of page: who looks at it, and how it is reached from the site's address."""

    name: str
    username: str
    go: Callable[[Any, str], None]


def _at(path: str) -> Callable[[Any, str], None]:
    return lambda page, site: page.goto(site + path)


def _of_first(resource: str, tail: str = "details", query: str = "") -> Callable[[Any, str], None]:
    """A page of the first record in a list, which may be filtered."""
    return _beside_first(resource, f"/{resource}/{tail}/", query)


def _beside_first(resource: str, path: str, query: str = "") -> Callable[[Any, str], None]:
    """A page of its own about the first record in a list, which may be filtered."""

    def go(page: Any, site: str) -> None:
        # the list is read but isn't drawn: it is a kind of page of its own
        listed = page.request.get(f"{site}/{resource}/{query}").text()
        found = re.search(rf'href="/{resource}/details/(\?[^"]+)"', listed)
        assert found
        page.goto(site + path + unescape(found[1]))

    return go


def _form(path: str) -> Callable[[Any, str], None]:
    """A form as it is stored; what an earlier visit left unsaved in it is thrown away."""

    def go(page: Any, site: str) -> None:
        page.goto(site + path)
        _throw_draft_away(page)

    return go


def _throw_draft_away(page: Any) -> None:
    button = page.locator("main button:has-text('不要了')")
    if button.count():
        button.click()
        page.wait_for_selector("form[data-draft]")


def _edit(page: Any, site: str) -> None:
    """The edit form of the first company."""
    _of_first("company", "edit")(page, site)
    _throw_draft_away(page)


def _refused(page: Any, site: str) -> None:
    """A form that came back with errors."""
    _form("/company/new/")(page, site)
    page.fill("#note", "没有填名称")
    page.click(SAVE)
    page.wait_for_selector(".error-list")


def _draft(page: Any, site: str) -> None:
    """A form in which something was typed before and not saved."""
    _form("/problem/new/")(page, site)
    page.fill("#subject", "停车位不够")
    page.wait_for_selector("[data-draft-state]:has-text('草稿已自动保存')")
    page.goto(f"{site}/problem/new/")


def _conflict(page: Any, site: str) -> None:
    """The page that shows both versions, after somebody else saved."""
    _edit(page, site)
    other = page.context.new_page()
    _edit(other, site)
    other.fill("#note", other.input_value("#note") + "别处先写的。")
    other.click(SAVE)
    other.wait_for_url("**/company/details/**")
    other.close()
    page.bring_to_front()  # a page behind another may miss a click
    page.fill("#note", "这里后写的。")
    page.click(SAVE)
    page.wait_for_selector("h1:has-text('记录已被别人修改')")


NEXT_YEAR = "2027 版"


def _compared(page: Any, site: str) -> None:
    """The new year's version of a checklist beside the old one; the first visit makes it."""
    page.goto(f"{site}/checklist_version/?search={NEXT_YEAR}")
    if not page.locator("td.main a").count():
        _beside_first("checklist_version", "/checklist/clone/", PUBLISHED)(page, site)
        page.fill("#name", NEXT_YEAR)
        page.click("button:has-text('做成草稿')")
        page.fill("[name^=text-] >> nth=1", "宣传栏，每月更换内容")
        page.fill("[name^=points-] >> nth=1", "15")
        page.click("[data-item] >> nth=-1 >> [data-move=drop]")
        page.click("[data-add-item] >> nth=0")
        page.fill("[data-item] >> nth=2 >> [name^=text-]", "意见箱")
        page.click(".checklist-foot .btn-primary")
        page.wait_for_selector("text=已保存。")
    _beside_first("checklist_version", "/checklist/compare/", f"?search={NEXT_YEAR}")(page, site)


def _over_the_years(page: Any, site: str) -> None:
    """One company's assessments, from the first of them."""
    _of_first("assessment")(page, site)
    page.click("main a:text-is('历年考核')")
    page.wait_for_selector("h1:has-text('历年考核')")


MESSY = (
    ["2026年非公企业基本情况表"],
    ["填报单位（盖章）：示例支部", None, None, "2026年3月"],
    ["序号", "企业名称", "所在党组织", "职工人数", "联系人", None, "党组织组建时间"],
    [None, None, None, None, "姓名", "电话"],
    [1, "示例企业21", "示例联合党支部", "36人", "示例张某", "0937-6000021", 2019.5],
    [2, "示例企业22", "示例联合支部", 12, "示例李某", "0937-6000022", 2019.1],
    [3, "示例企业15", None, 88, None, None, "2016年"],
    ["合计", None, None, 136],
)  # fmt: skip
"""A sheet as offices make them, with two cells to put right."""


def hand_in(page: Any, site: str, *rows: Any) -> None:
    """Hand in a sheet of companies, and wait for its preview."""
    page.goto(f"{site}/company/import/")
    page.set_input_files("#sheet", {"name": "企业情况表.xlsx", "mimeType": "", "buffer": workbook(*rows)})
    page.click("text=上传并核对")
    page.wait_for_url("**/imports/**")


def _preview(page: Any, site: str) -> None:
    """What a sheet would do, with cells to put right."""
    hand_in(page, site, *MESSY)
    page.wait_for_selector("text=改好才能导入")


def _imported(page: Any, site: str) -> None:
    """An import that was done; the first visit does it."""
    page.goto(f"{site}/imports/")
    done = page.locator("li:has-text('已导入') a")
    if done.count():
        done.first.click()
    else:
        hand_in(page, site, ["企业简称", "所属党组织"], ["示例企业23", "示例联合党支部"])
        page.click("main button:has-text('导入：新增 1 条')")
    page.wait_for_selector("text=已经导入：新增")


def _exported(page: Any, site: str) -> None:
    """The page of a job that has made a file."""
    page.goto(f"{site}/company/export/")
    page.click("main button:has-text('在后台生成')")
    page.wait_for_selector("main a:has-text('下载文件')")


def _exported_before(page: Any, site: str) -> None:
    """The list of one's jobs, with one in it."""
    _exported(page, site)
    page.goto(f"{site}/jobs/")


def _round_refused(page: Any, site: str) -> None:
    """A round that was begun over nobody: it came back with what is wrong."""
    page.goto(f"{site}/round/new/")
    page.click("button[value=open]")
    page.wait_for_selector(".error-list")


def _printed(page: Any, site: str) -> None:
    """An assessment that was just printed."""
    _of_first("assessment")(page, site)
    with page.expect_download():
        page.click("#prints button:has-text('打印')")
    page.reload()
    page.wait_for_selector("#prints :text('最近一次打印')")


def _signed_page_refused(page: Any, site: str) -> None:
    """A photo that did not arrive whole."""
    page.goto(f"{site}/signed-page/")
    page.set_input_files("#files", {"name": "照片", "mimeType": "image/png", "buffer": b""})
    page.click("main button:has-text('上传并归档')")
    page.wait_for_selector("[role=alert]:has-text('没有归档')")


def _with_photos(page: Any, site: str) -> None:
    """A checklist that is being filled in, with photos; the first visit brings them."""
    _beside_first("assessment", "/assess/", "?flt0_status=draft")(page, site)
    if page.locator("[data-photo]").count():
        return
    for place in range(2):  # the same picture twice, which is said
        photo = {"name": "IMG_2026.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(400, 300))}
        page.wait_for_selector(f"[data-add-photos] >> nth={place}")
        page.set_input_files(f"[data-add-photos] >> nth={place} >> input", photo)
        page.wait_for_selector(f"[data-evidence] >> nth={place} >> [data-photo]")
    page.reload()


def _photos_of_one_item(page: Any, site: str) -> None:
    _with_photos(page, site)
    page.click("a:has-text('用于其他项目') >> nth=1")
    page.wait_for_selector("main h1:has-text('佐证照片')")


KINDS = [
    Kind("sign-in", "", _at("/sign-in")),
    Kind("home-city", "city_admin", _at("/")),
    Kind("home-branch", "branch_admin", _at("/")),
    Kind("home-liaison", "liaison", _at("/")),
    Kind("home-adviser", "adviser", _at("/")),
    Kind("home-clerk", "company_clerk", _at("/")),
    Kind("home-inspector", "inspector", _at("/")),
    Kind("home-system", "system_admin", _at("/")),
    Kind("home-security", "security_admin", _at("/")),
    Kind("home-auditor", "auditor", _at("/")),
    Kind("list", "city_admin", _at("/company/")),
    Kind("search", "city_admin", _at("/search/?q=ydsy")),
    Kind("views", "city_admin", _at("/views/?list=company")),
    Kind("export", "branch_admin", _at("/person/export/")),
    Kind("job", "city_admin", _exported),
    Kind("jobs", "city_admin", _exported_before),
    Kind("list-filtered", "city_admin", _at("/person/?search=示例&flt0_stage=activist")),
    Kind("list-empty", "city_admin", _at("/company/?search=没有这家")),
    Kind("list-adviser", "adviser", _at("/visit/")),
    Kind("find", "city_admin", _at("/person/find/")),
    Kind("import", "city_admin", _at("/company/import/")),
    Kind("import-preview", "city_admin", _preview),
    Kind("import-done", "city_admin", _imported),
    Kind("form", "city_admin", _form("/company/new/")),
    Kind("form-edit", "city_admin", _edit),
    Kind("form-visit", "adviser", _form("/visit/new/")),
    Kind("error", "city_admin", _refused),
    Kind("draft", "city_admin", _draft),
    Kind("conflict", "city_admin", _conflict),
    Kind("details", "city_admin", _of_first("company")),
    Kind("details-person", "branch_admin", _of_first("person")),
    Kind("details-adviser", "adviser", _of_first("posting")),
    Kind("history", "city_admin", _of_first("company", "history")),
    Kind("explain", "city_admin", _of_first("company", "explain")),
    Kind("delete", "city_admin", _of_first("visit", "delete")),
    Kind("checklist", "city_admin", _beside_first("assessment", "/assess/")),
    Kind("assessment-printed", "city_admin", _printed),
    Kind("signed-page", "company_clerk", _at("/signed-page/")),
    Kind("signed-page-refused", "company_clerk", _signed_page_refused),
    Kind("checklist-photos", "city_admin", _with_photos),
    Kind("checklist-photo", "city_admin", _photos_of_one_item),
    Kind("checklist-edit", "city_admin", _beside_first("checklist_version", "/checklist/", "?flt0_status=draft")),
    Kind("checklist-read", "city_admin", _beside_first("checklist_version", "/checklist/", PUBLISHED)),
    Kind("checklist-clone", "city_admin", _beside_first("checklist_version", "/checklist/clone/", PUBLISHED)),
    Kind("checklist-compare", "city_admin", _compared),
    Kind("disagreements", "city_admin", _at("/disagreements/")),
    Kind("round-new", "city_admin", _at("/round/new/")),
    Kind("round", "city_admin", _beside_first("assessment_round", "/round/", "?search=六好")),
    Kind("round-add", "city_admin", _beside_first("assessment_round", "/round/add/", "?search=阵地建设")),
    Kind("round-reviewers", "city_admin", _beside_first("assessment_round", "/round/reviewers/", "?search=六有")),
    Kind("round-close", "city_admin", _beside_first("assessment_round", "/round/close/", "?search=六好")),
    Kind("round-refused", "city_admin", _round_refused),
    Kind("mending", "city_admin", _beside_first("assessment", "/assess/mend/", "?flt0_status=reviewed")),
    Kind("rectification", "city_admin", _of_first("rectification")),
    Kind("overview", "city_admin", _at("/matrix/")),
    Kind("overview-groups", "branch_admin", _at("/matrix/?view=groups&side=self")),
    Kind("overview-items", "city_admin", _at("/matrix/items/")),
    Kind("overview-mended", "city_admin", _at("/matrix/mended/")),
    Kind("overview-years", "city_admin", _over_the_years),
    Kind("report-desk", "city_admin", _at("/report-desk/")),
    Kind("permissions", "security_admin", _beside_first("role", "/role-permissions/")),
    Kind("audit", "auditor", _at("/audit_entry/")),
    Kind("audit-entry", "auditor", _of_first("audit_entry")),
    Kind("audit-seals", "auditor", _at("/audit-seals/")),
    Kind("password", "adviser", _at("/password")),
    Kind("not-found", "adviser", _at("/nowhere")),
    Kind("guide", "adviser", _at("/help/adviser")),
]
"""Every kind of page that people meet, each as somebody who meets it."""


def turn_care_on(page: Any, site: str, size: str = "22") -> None:
    """Care mode, as the switch in the menu turns it on; it is kept for the account."""
    assert send(page, site, "/care", size=size).ok


class Visitors:
    """Browsers of people who are signed in already, one for each person and width, and what the browsers complain of."""

    def __init__(self, chromium: Any, site: str, in_care: bool = False) -> None:
        self._chromium, self._site, self._in_care = chromium, site, in_care
        self._pages: dict[tuple[str, int], Any] = {}
        self._complaints: list[list[str]] = []

    def page_of(self, username: str, width: int) -> Any:
        """Somebody's page; nobody's for an empty name."""
        key = username, width
        if key not in self._pages:
            if username:
                self._pages[key], complaints = signed_in(self._chromium, self._site, username, width)
                self._complaints.append(complaints)
                if self._in_care:
                    turn_care_on(self._pages[key], self._site)
            else:
                self._pages[key] = new_page(self._chromium, width)
                self._complaints.append(complaints_of(self._pages[key]))
        return self._pages[key]

    def open(self, kind: Kind, width: int) -> Any:
        """A page of this kind, opened."""
        page = self.page_of(kind.username, width)
        page.set_viewport_size({"width": width, "height": HEIGHT})
        kind.go(page, self._site)
        page.wait_for_load_state()  # a heading is there before the style sheets are
        return page

    def complaints(self) -> list[str]:
        """Breaches of the CSP and errors of scripts; the browser reports a refusing status by itself, as it should."""
        return [
            text for texts in self._complaints for text in texts if "the server responded with a status" not in text
        ]
