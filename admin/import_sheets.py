"""Handing in a sheet to import: a screen's page for it at /company/import/, and the template to fill in."""

from typing import Any

from flask import Response, redirect, request
from sqlalchemy import select

from admin import imports as work
from admin.phones import in_wechat, open_in_browser
from models import db
from models.clock import today
from policy import Refused
from services import imports
from services.tables.importing.books import make_template
from services.tables.importing.plan import code_words

SMALL_FILE = 120 * 1024
"""So small a file is read at once; a larger one in the background."""
MAX_FILE = 10 * 1024 * 1024
FEW_NAMES = 50
LATEST = 10
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def upload_page(screen: Any, error: str = "") -> str:
    """Where a sheet is handed in: the template, what files are taken, the imports before."""
    target = work.target_of(screen)
    return screen.render(
        "admin/pages/import.html",
        screen=screen,
        fields=[one for one in target.fields(code_words(db.session)) if one.name != "id"],
        batches=imports.batches_of(db.session, LATEST, screen.resource),
        error=error,
        page_title=f"导入{screen.title}",
    )


def take_sheet(screen: Any) -> Any:
    """Take the sheet that was handed in, and read it: a small one at once."""
    try:
        name, contents = posted_file()
        batch = imports.open_batch(db.session, screen.resource, name, contents)
        db.session.commit()
    except Refused as reason:
        db.session.rollback()
        return upload_page(screen, reason.message), 422
    if len(contents) > SMALL_FILE:
        return work.start_work("check_import", batch, "核对表格")
    try:
        imports.check_batch(db.session, work.target_of(screen), batch)
        db.session.commit()
    except Refused as reason:
        db.session.rollback()
        db.session.delete(batch)
        db.session.commit()
        return upload_page(screen, reason.message), 422
    return redirect(work.url_of(batch))


def template_file(screen: Any) -> Any:
    """The empty sheet to fill in."""
    if in_wechat():
        return open_in_browser(screen, screen.get_url(".import_view"))
    target = work.target_of(screen)
    names = {}
    for name, relation in target.relations.items():
        related = relation.mapper.class_
        rows = db.session.scalars(select(related).order_by(related.id).limit(FEW_NAMES + 1)).all()
        names[name] = [row.title for row in rows] if len(rows) <= FEW_NAMES else []
    helps = {name: target.columns[name].info.get("help", "") for name in target.names}
    book = make_template(screen.title, target.fields(code_words(db.session)), helps, names)
    return workbook(book, f"{screen.title}导入模板")


def posted_file() -> tuple[str, bytes]:
    """The name and contents of the sheet in the request; raises Refused."""
    file = request.files.get("sheet")
    if file is None or not file.filename:
        raise Refused("请先选择表格文件，再按“上传并核对”。")
    contents = file.stream.read(MAX_FILE + 1)
    if len(contents) > MAX_FILE:
        raise Refused("文件超过 10 MB。请只留要导入的那张表，去掉图片，再上传。")
    if not contents:
        raise Refused("这是个空文件。请检查后重新选择。")
    return "".join(char for char in file.filename if char.isprintable()), contents


def workbook(book: bytes, title: str) -> Response:
    """A workbook to download, under a Chinese name."""
    response = Response(book, content_type=XLSX)
    response.headers.set("Content-Disposition", "attachment", filename=f"{title}_{today()}.xlsx")
    return response
