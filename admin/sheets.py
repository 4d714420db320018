"""Sending a list as a file: a session of its own, so that the stream outlives the request's."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from flask import Response, request

from admin import cells
from admin.phones import in_wechat, open_in_browser
from models import db
from models.clock import today
from policy import the_actor
from services.tables.columns import ListColumns
from services.tables.export import csv_stream, xlsx_stream
from services.tables.keyset import Listing

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ROWS_AT_ONCE = 1_000


def send(screen: Any, listing: Listing, names: list[str], kind: str) -> Response | str:
    """The rows of a listing as a CSV or XLSX file with these columns; only of branches where the actor may export."""
    if in_wechat():
        return open_in_browser(screen, f"{screen.get_url('.index_view')}?{request.query_string.decode()}".rstrip("?"))
    heads = [screen.column_labels[name] for name in names]
    labels = cells.code_labels()
    actor = the_actor().only_where(f"{screen.resource}:read", f"{screen.resource}:export")
    session = db.session.session_factory(actor=actor, readonly=True)
    session.outlive_request()
    rows = _rows(session, listing, ListColumns(screen.model, names, whole=False), labels)
    body = csv_stream(heads, rows) if kind == "csv" else xlsx_stream(screen.title, heads, rows)
    response = Response(body, content_type=TYPES[kind])
    response.call_on_close(session.close)
    name = quote(f"{today()}_{screen.title}.{kind}")
    response.headers["Content-Disposition"] = f"attachment; filename=\"export.{kind}\"; filename*=UTF-8''{name}"
    return response


def _rows(session: Any, listing: Listing, columns: ListColumns, labels: dict[tuple[str, str], str]) -> Iterator[Any]:
    """The rows as they go into the sheet. Some at a time are turned column by column, which is the fastest way."""
    readers = [cells.sheet_column(columns, name, labels, session) for name in columns.values]
    try:
        for rows in listing.stream(session, columns.statement, ROWS_AT_ONCE):
            yield from zip(*(read(rows) for read in readers), strict=True)
    finally:
        session.close()
