"""From a screen to what a sheet is imported into, and the work that imports do in the background."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from flask import current_app, flash, redirect, url_for
from sqlalchemy import String, inspect

from admin import cells
from admin.background import start
from models import ImportBatch, ImportStatus, JobStatus
from models.base import Protected
from models.job import ENDED
from policy import Refused
from policy.audit import Origin, current_origin
from services import imports
from services.imports import PlanChanged
from services.jobs import Work, register_kind
from services.tables.importing.apply import NotApplied
from services.tables.importing.target import ImportTarget

CHANNEL = "导入"


def takes_imports(screen: Any) -> bool:
    """Whether sheets can be imported into a screen's records: what people enter by its form, but no access rights."""
    return screen.can_add and bool(screen.form_groups) and not issubclass(screen.model, Protected)


@cache
def target_of(screen: Any) -> ImportTarget:
    """What sheets of a screen's records are imported into: the fields of its form."""
    own = {cells.label_of(screen.model, name) for name in screen.form_names}
    lookups, also = {}, {}
    for name in screen.form_names:
        if name not in screen.relations:
            continue
        related = screen.relations[name].mapper.class_
        lookups[name] = _text_columns(related, screen.screen_of(related).search)
        shown_as = (one for one in [*screen.columns, *screen.search] if one.startswith(f"{name}."))
        also[name] = tuple(
            dict.fromkeys(label for one in shown_as if (label := cells.label_of(screen.model, one)) not in own)
        )
    columns = [column.info["label"] for column in inspect(screen.model).columns if not column.info.get("internal")]
    known = frozenset([*columns, *(cells.label_of(screen.model, name) for name in screen.columns)]) - own
    return ImportTarget(screen.model, tuple(screen.form_names), lookups, known, also, screen.locked)


def _text_columns(model: Any, names: list[str]) -> tuple[str, ...]:
    columns = inspect(model).columns
    return tuple(name for name in names if name in columns and isinstance(columns[name].type, String))


def screen_of(resource: str) -> Any:
    """The screen into whose records sheets can be imported; None where there is none."""
    screen = current_app.extensions["admin"][0].screens_of_resources.get(resource)
    return screen if screen is not None and takes_imports(screen) else None


def url_of(batch: Any) -> str:
    """The page of an import."""
    return url_for("imports.batch_view", key=batch.id)


# Work in the background


def start_work(kind: str, batch: ImportBatch, words: str) -> Any:
    """Ask for work on an import, and go to the page that shows how far it is; where it is done already, to the import."""
    about = {"batch": batch.id, "resource": batch.resource, "back": url_of(batch)}
    job = start(kind, f"{words}：{batch.file_name}", about)
    if job.status not in ENDED:
        return redirect(url_for("jobs.job_view", key=job.id))
    if job.status is not JobStatus.DONE:
        flash(job.message, "error")
    return redirect(about["back"])


@contextmanager
def _open(work: Work, readonly: bool = False) -> Iterator[tuple[Any, ImportBatch, ImportTarget]]:
    """The session of whoever asked, the import and what it goes into; its writes are logged as an import's."""
    current_origin.set(Origin(CHANNEL))
    with work.session(readonly) as session:
        batch = session.get(ImportBatch, work.about["batch"])
        if batch is None:
            raise Refused("这次导入已经不在了。请重新上传。")
        yield session, batch, target_of(screen_of(batch.resource))


def _find_out(work: Work) -> imports.Checked | None:
    """What the sheet would do, found out in a session that keeps nobody from writing; None once it is imported."""
    with _open(work, readonly=True) as (session, batch, target):
        if batch.status is ImportStatus.APPLIED:
            return None
        return imports.find_out(session, target, batch, lambda done: work.progress(done, None, "已核对"))


def _save(work: Work, session: Any) -> dict[str, Any]:
    """Commit what was written together with the end of the work, so that it can't be done twice."""
    result = {"url": work.about["back"]}
    work.finish_in(session, result)
    session.commit()
    return result


def check_import(work: Work) -> dict[str, Any]:
    """Find out what a sheet would do."""
    checked = _find_out(work)
    with _open(work) as (session, batch, target):
        if checked is not None:
            imports.keep_check(session, target, batch.id, checked)
        return _save(work, session)


def apply_import(work: Work) -> dict[str, Any]:
    """Do what a sheet's preview shows, or nothing."""
    checked = _find_out(work)
    with _open(work) as (session, batch, target):
        key, total = batch.id, batch.new_rows + batch.changed_rows
        try:
            imports.apply_batch(session, target, batch, checked, lambda done: work.progress(done, total, "已写入"))
            return _save(work, session)
        except NotApplied as refused:
            session.rollback()
            imports.record_faults(session, target, session.get(ImportBatch, key), refused.faults)
            session.commit()
            raise Refused(f"没有导入：有 {len(refused.faults)} 行没有通过，已经标出原因。") from None
        except PlanChanged:
            session.rollback()
            imports.keep_check(session, target, key, checked or imports.find_out(session, target, batch))
            session.commit()
            raise


def undo_import(work: Work) -> dict[str, Any]:
    """Take an import back, or nothing of it."""
    with _open(work) as (session, batch, target):
        total = batch.new_rows + batch.changed_rows
        imports.undo_batch(session, target, batch, lambda done: work.progress(done, total, "已撤销"))
        return _save(work, session)


def _rights_needed(about: dict[str, Any]) -> set[str]:
    """The rights that must hold from the start of the work to its end."""
    return {f"{about['resource']}:{action}" for action in ("read", "import")}


register_kind("check_import", check_import, _rights_needed)
register_kind("apply_import", apply_import, _rights_needed)
register_kind("undo_import", undo_import, _rights_needed)
