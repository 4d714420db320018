"""Printing: documents as PDF and Excel at /print/…, where a print's code leads at /p/…, signed pages at /signed-page/."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

from flask import abort, flash, g, redirect, request, send_file, url_for
from flask_admin import BaseView, expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from admin.addresses import public_url
from admin.pages.attachments import files_folder, posted_files, url_of
from admin.pages.common import one_row, save
from admin.phones import in_wechat, open_in_browser
from admin.sheets import TYPES, exporting
from models import Assessment, AssessmentRound, ChecklistVersion, Rectification, db
from models.clock import today
from policy import NotAllowed, Refused, the_actor
from policy.actions import resource_of
from services import demo
from services.attachments import Examined
from services.documents import seals
from services.documents.book import make_book
from services.documents.collect import data_of
from services.documents.pdf import Mark, make_pdf
from services.documents.signed_pages import file_page, read_page

_UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
"""What no file may be named with on one system or another."""


STALE = "打印之后，内容有过改动：请重新打印。"
# Where a kind of record is printed, where its workbook is fetched, and whether it takes signed pages.
_ADDRESSES: dict[type, tuple[str, str | None, bool]] = {
    Assessment: ("print.index", "print.assessment_workbook_view", True),
    AssessmentRound: ("print.round_view", "print.round_workbook_view", False),
    Rectification: ("print.rectification_view", None, True),
}


class PrintPage(BaseView):
    """/print/…/?id=…: a record in the office's form. A print is sealed, and so is posted; a workbook is just fetched."""

    def __init__(self) -> None:
        super().__init__(name="打印", category="标准化", endpoint="print", url="/print")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return the_actor().may("print_seal:create") or the_actor().may("assessment:export")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("assessments", "打印和签字页")]

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """The filled checklist of an assessment."""
        return self._print(_assessment)

    @expose("/round/", methods=("GET", "POST"))
    def round_view(self) -> Any:
        """The summary of a round."""
        return self._print(_round)

    @expose("/rectification/", methods=("GET", "POST"))
    def rectification_view(self) -> Any:
        """The notice of a rectification."""
        return self._print(_rectification)

    @expose("/assessment/workbook/")
    def assessment_workbook_view(self) -> Any:
        """The filled checklist as a workbook."""
        return self._workbook(_assessment())

    @expose("/round/workbook/")
    def round_workbook_view(self) -> Any:
        """The summary as a workbook."""
        return self._workbook(_round())

    def _print(self, find: Callable[[], Any]) -> Any:
        record = find()
        if request.method == "GET":  # whoever signed in again on the way comes back without the form
            return redirect(_url_of(record))
        if in_wechat():
            return open_in_browser(self, _url_of(record))
        printed = seals.prepare(db.session(), record)
        name, is_demo = file_name(record, "pdf"), demo.is_demo(db.session())
        # Setting pages takes a moment, and SQLite has one writer: meanwhile no transaction is open.
        db.session.rollback()
        mark = Mark(f"{public_url()}/p/{printed.key}", printed.short, str(today()), is_demo)
        content = make_pdf(printed.data, mark)
        seals.add_seal(db.session(), find(), printed)
        save()
        return send_file(BytesIO(content), mimetype="application/pdf", as_attachment=True, download_name=name,
                         conditional=False, etag=False)  # fmt: skip

    def _workbook(self, record: Any) -> Any:
        if not (the_actor().permits("assessment:export", record.branch_id) and seals.sees_all(db.session(), record)):
            raise NotAllowed("您没有导出的权限。")
        if in_wechat():
            return open_in_browser(self, _url_of(record))
        name, is_demo = file_name(record, "xlsx"), demo.is_demo(db.session())
        with db.session.session_factory(actor=exporting(the_actor(), "assessment"), readonly=True) as session:
            content = make_book(data_of(session, session.get(type(record), record.id)), is_demo)
        return send_file(BytesIO(content), mimetype=TYPES["xlsx"], as_attachment=True, download_name=name,
                         conditional=False, etag=False)  # fmt: skip


class PrintedCodePage(BaseView):
    """/p/…: where the code of a print leads, for whoever sees its record."""

    def __init__(self) -> None:
        super().__init__(name="扫码核对", category="标准化", endpoint="p", url="/p")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return the_actor().may("print_seal:read")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("assessments", "打印和签字页")]

    @expose("/")
    @expose("/<key>")
    def index(self, key: str = "") -> Any:
        """The record's page; what is out of sight isn't there."""
        found = seals.find_seal(db.session(), key)
        return redirect(_url_of(seals.record_of(found))) if found else abort(404)


class SignedPagePage(BaseView):
    """/signed-page/: takes photos of signed prints; each finds its record by the code on it."""

    def __init__(self) -> None:
        super().__init__(name="签字页归档", category="标准化", endpoint="signed_page", url="/signed-page")

    def is_accessible(self) -> bool:
        return the_actor().may("attachment:create") and the_actor().may("print_seal:read")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("assessments", "打印和签字页")]

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        if request.method == "GET":
            return self._page([], [])
        # Looking into photos takes seconds, and SQLite has one writer: meanwhile no transaction is open.
        db.session.rollback()
        examined, refused = posted_files()
        pages = []
        for file in examined:
            try:
                pages.append((file, read_page(file)))
            except Refused as reason:
                refused.append((file.file_name, reason.message))
        filed = _filed(pages, refused)
        save()
        if filed and not refused and len({_url_of(record) for _name, record in filed}) == 1:
            flash(f"已归档 {len(filed)} 张签字页。", "success")
            return redirect(_url_of(filed[0][1]))
        return self._page(filed, refused), 422 if refused else 200

    def _page(self, filed: list[tuple[str, Any]], refused: list[tuple[str, str]]) -> str:
        shown = [(name, record, _url_of(record)) for name, record in filed]
        return self.render("admin/pages/signed_page.html", filed=shown, refused=refused)


def _filed(pages: list[tuple[Examined, set[str]]], refused: list[tuple[str, str]]) -> list[tuple[str, Any]]:
    """The photos that were kept, with their records; the reasons of the others are added to ``refused``."""
    filed = []
    for file, keys in pages:
        try:
            filed.append((file.file_name, file_page(db.session(), file, keys, files_folder())))
        except Refused as reason:
            refused.append((file.file_name, reason.message))
    return filed


def seals_of(record: Any) -> dict[str, Any] | None:
    """What the card on a record's page shows: the latest prints, and what may be done; None for who sees no prints."""
    session, permits = db.session(), the_actor().permits
    if not permits("print_seal:read", record.branch_id):
        return None
    prints, book, signs = _ADDRESSES[type(record)]
    exports = book and permits("assessment:export", record.branch_id) and seals.sees_all(session, record)
    files = signs and permits("attachment:create", record.branch_id)
    return {
        "state": _state_of(record),
        "stale": STALE,
        "print_url": url_for(prints, id=record.id) if seals.may_seal(session, record) else None,
        "book_url": url_for(book, id=record.id) if exports else None,
        "sign_url": url_for("signed_page.index") if files else None,
    }


def print_notices(record: Any) -> list[tuple[str, str]]:
    """What stands on top of a record's page, with the place on it to go to: that its newest print is out of date."""
    state = _state_of(record)
    return [(f"{state.paper}{STALE}", "#prints")] if state.stale else []


def _state_of(record: Any) -> seals.SealState:
    """Reckoned once for a page, which tells it in two places."""
    known = g.setdefault("seal_states", {})
    key = type(record), record.id
    if key not in known:
        known[key] = seals.seal_state(db.session(), record)
    return known[key]


def file_name(record: Any, ending: str) -> str:
    """What whoever gets the document finds among his files, such as 2026年_示例企业15_考核表.pdf."""
    if isinstance(record, AssessmentRound):
        stem = f"{record.name}_汇总表"
    elif isinstance(record, Assessment):
        stem = f"{record.assessed_on.year}年_{record.assessed_name}_考核表"
    else:
        stem = f"{record.due_on.year}年_{record.assessed_name}_整改通知书"
    return f"{_UNFIT.sub('', stem)}.{ending}"


def _url_of(record: Any) -> str:
    return url_of(resource_of(type(record)), record.id)


def _assessment() -> Any:
    """The assessment that the address names."""
    version = joinedload(Assessment.checklist_version).joinedload(ChecklistVersion.template)
    statement = select(Assessment).options(joinedload(Assessment.company), joinedload(Assessment.branch), version)
    return one_row(statement, Assessment, request.values.get("id", ""))


def _rectification() -> Any:
    """The rectification that the address names."""
    return one_row(select(Rectification), Rectification, request.values.get("id", ""))


def _round() -> Any:
    """The round that the address names."""
    return one_row(select(AssessmentRound), AssessmentRound, request.values.get("id", ""))
