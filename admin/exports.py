"""Exporting with a choice: format, columns, whole numbers for a reason, at once or in the background."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import current_app, redirect, request, url_for
from wtforms.validators import StopValidation

from admin import background, cells, listing, record_pages, sheets
from admin.sheets import Sheet
from models import db
from models.database import set_request_only_reads
from policy import NotAllowed, Refused, audit, the_actor
from policy.actor import NOWHERE, Actor, Reach
from services import export_files, jobs
from services.jobs import Work

JOB = "export"


def _require_reason(_form: Any, field: Any) -> None:
    # No flag by which a browser would refuse to send the form of whoever asks for no whole numbers.
    if not (field.data or "").strip():
        raise StopValidation("请写明导出完整号码的原因。")


class ReasonForm(record_pages.UnmaskForm):
    """Why numbers must be exported whole; the rules are those of looking at one."""

    reason = record_pages.ReasonField(
        "导出完整号码的原因", [_require_reason, *record_pages.REASON_RULES],
        description="会记入审计记录。",
    )  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What somebody chose on the page."""

    kind: str
    names: list[str]
    whole: bool
    reason: str
    in_background: bool


def offered_names(screen: Any) -> list[str]:
    """The columns of the list, and what else it reads and its form holds; what it names already isn't offered twice."""
    labels = {screen.column_labels[name] for name in screen.columns}
    more = [name for name in (*screen.reads, *screen.form_names) if name not in screen.columns]
    return [*screen.columns, *(name for name in more if cells.label_of(screen.model, name) not in labels)]


def unmasked_reach(actor: Actor, screen: Any) -> Reach:
    """The branches of whose rows the actor may export whole numbers."""
    if not screen.masked_columns():
        return NOWHERE
    unmask, export = f"{screen.resource}:unmask", f"{screen.resource}:export"
    return actor.only_where(unmask, export).reach(unmask)


def export_page(screen: Any) -> Any:
    """The choices; posted, the file, or the job that makes it."""
    screen.require("export")
    if request.method == "GET":
        return _page(screen, listing.shown_columns(screen), "xlsx", ReasonForm())
    form = ReasonForm(request.form)
    may_unmask = bool(unmasked_reach(the_actor(), screen))
    whole = may_unmask and "whole" in request.form
    names = [name for name in offered_names(screen) if name in request.form.getlist("names")]
    kind = request.form.get("kind", "")
    kind = kind if kind in screen.export_types else "xlsx"
    # Both are looked at, so that all that is missing is told at once.
    reason_given = not whole or form.validate()
    if not names or not reason_given:
        error = "" if names else "请至少选一列。"
        return _page(screen, names, kind, form, whole, error), 422
    choice = Choice(kind, names, whole, form.reason.data or "", "background" in request.form)
    try:
        return _export(screen, choice)
    except Refused as reason:
        db.session.rollback()
        return _page(screen, names, kind, form, whole, reason.message), 422


def _export(screen: Any, choice: Choice) -> Any:
    found = screen.whole_listing()
    whole_in = unmasked_reach(the_actor(), screen) if choice.whole else NOWHERE
    if choice.whole:
        _log(screen, found, choice, whole_in)
    if choice.in_background:
        about = {
            "resource": screen.resource, "asked": listing.arguments(("view", "cols")), "names": choice.names,
            "kind": choice.kind, "whole": choice.whole,
        }  # fmt: skip
        job = background.start(JOB, f"导出{screen.title}（{sheets.KINDS[choice.kind]}）", about)
        return redirect(url_for("jobs.job_view", key=job.id))
    sheet = Sheet(screen, found, choice.names, choice.kind, whole_in)
    # The entry is there before the first byte; and SQLite's one writer isn't kept waiting while the file is sent.
    db.session.commit()
    return sheets.send(sheet)


def _log(screen: Any, found: Any, choice: Choice, whole_in: Reach) -> None:
    """Tell the log who takes whole numbers out, of how many rows, and why."""
    exporting = sheets.exporting(the_actor(), screen.resource)
    with db.session.session_factory(actor=exporting, readonly=True) as reading:
        count = found.size(reading)
    only = next(iter(whole_in)) if isinstance(whole_in, frozenset) and len(whole_in) == 1 else None
    audit.record_list_act(
        db.session, "unmask", screen.resource, f"导出{screen.title} {count} 条", only,
        field="、".join(column.info["label"] for column in screen.masked_columns() if column.key in choice.names),
        filter="；".join(listing.described(screen)) or "全部", reason=choice.reason,
    )  # fmt: skip


def _page(screen: Any, names: list[str], kind: str, form: Any, whole: bool = False, error: str = "") -> str:
    masked = {column.key for column in screen.masked_columns()}
    columns = [
        {
            "name": name, "label": cells.label_of(screen.model, name), "chosen": name in names,
            "in_list": name in screen.columns, "masked": name in masked,
        }
        for name in offered_names(screen)
    ]  # fmt: skip
    return screen.render(
        "admin/model/export.html",
        columns=columns,
        kinds=sheets.KINDS,
        kind=kind,
        may_unmask=bool(unmasked_reach(the_actor(), screen)),
        whole=whole,
        form=form,
        error=error,
        asked=listing.described(screen),
        target=listing.address(screen.get_url(".export_page"), listing.arguments(("view",))),
        list_url=screen.list_url(),
    )


# Without the page


@contextmanager
def asking(screen: Any, asked: dict[str, str]) -> Iterator[None]:
    """What a list's address asks for, where nobody opened one. Nothing is written within the block."""
    address = f"/{screen.resource}/?{urlencode(asked)}"
    # An app context of its own, so that what was read there is let go of with it.
    with current_app.app_context(), current_app.test_request_context(address):
        set_request_only_reads(True)
        try:
            yield
        finally:
            set_request_only_reads(False)


def screen_of(resource: str) -> Any:
    """The screen of a kind of record; None when there is none."""
    return current_app.extensions["admin"][0].screens_of_resources.get(resource)


def make_file(work: Work) -> dict[str, Any]:
    """Write the file that a job was asked for (a kind of job)."""
    about = work.about
    screen = screen_of(about["resource"])
    whole_in = unmasked_reach(work.actor, screen) if about["whole"] else NOWHERE
    with asking(screen, about["asked"]):
        sheet = Sheet(screen, screen.whole_listing(), about["names"], about["kind"], whole_in)
    exporting = sheets.exporting(work.actor, screen.resource)
    work.check_rights()
    session = db.session.session_factory(actor=exporting, readonly=True)
    total, contents, branch = sheet.listing.size(session), export_files.Contents(), sheet.columns.branch_index

    def note(rows: list[Any]) -> None:
        for row in rows:
            is_whole = branch is not None and row[branch] in whole_in
            (contents.whole if is_whole else contents.masked).append(row[0])
        work.progress(len(contents.masked) + len(contents.whole), total, "已写")

    folder = current_app.config["SETTINGS"].files_dir
    try:
        draft, size = export_files.write_file(folder, map(_as_bytes, sheet.chunks(session, note)))
    finally:
        session.close()
    result = {"url": url_for_file(work.job_id), "url_words": "下载文件", "stay": True}
    try:
        with work.session() as writing:
            row = export_files.keep_file(
                writing, draft, contents, job_id=work.job_id, resource=screen.resource, file_name=sheet.file_name,
                size=size, unmasked=bool(whole_in),
                reaches=export_files.reaches_of(
                    work.actor, screen.resource, sheet.columns.related_models, bool(whole_in)
                ),
            )  # fmt: skip
            message = f"共 {row.row_count} 条。文件保留 7 天，下载时会再核对您的权限。"
            work.finish_in(writing, result, message)
            writing.commit()
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return {**result, "message": message}


def url_for_file(job_id: int) -> str:
    """Where the file of a job is fetched; said without a request."""
    return f"/jobs/{job_id}/file/"


def _as_bytes(piece: str | bytes) -> bytes:
    return piece.encode() if isinstance(piece, str) else piece


def needs(about: dict[str, Any]) -> list[str]:
    """The permissions that an export takes."""
    actions = ("read", "export", "unmask") if about["whole"] else ("read", "export")
    return [f"{about['resource']}:{action}" for action in actions]


jobs.register_kind(JOB, make_file, needs)


def listed(screen: Any, asked: dict[str, str]) -> Any:
    """The listing that a command asks for; raises Refused for what the list has no filter for."""
    known = {f"flt0_{one.key}": one for one in screen._filters or []}
    for name, value in asked.items():
        if name.startswith("flt0_") and (name not in known or not known[name].validate(value)):
            offered = "、".join(one.key for one in known.values())
            raise Refused(f"没有这个筛选，或看不懂它的内容：{name.removeprefix('flt0_')}。可用的筛选：{offered}。")
    if not screen.is_accessible() or not screen.may("export"):
        raise NotAllowed("这个账号没有导出这类记录的权限。")
    return screen.whole_listing()
