"""Sending a list as a file: a session of its own, so that the stream outlives the request's."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from flask import Response

from admin import cells
from models import db
from models.clock import today
from policy import the_actor
from services.tables.export import csv_stream, xlsx_stream

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ROWS_AT_ONCE = 500


def send(screen: Any, query: Any, kind: str) -> Response:
    """The rows of a query as a CSV or XLSX file with the list's columns; only of branches where the actor may export."""
    names = screen.columns
    heads = [screen.column_labels[name] for name in names]
    labels = cells.code_labels()
    actor = the_actor().only_where(f"{screen.resource}:read", f"{screen.resource}:export")
    session = db.session.session_factory(actor=actor, readonly=True)
    session.outlive_request()
    query = query.with_session(session)

    def rows() -> Iterator[list[Any]]:
        try:
            for row in query.yield_per(ROWS_AT_ONCE):
                yield [cells.sheet_value(row, name, labels) for name in names]
        finally:
            session.close()

    body = csv_stream(heads, rows()) if kind == "csv" else xlsx_stream(screen.title, heads, rows())
    response = Response(body, content_type=TYPES[kind])
    response.call_on_close(session.close)
    name = quote(f"{today()}_{screen.title}.{kind}")
    response.headers["Content-Disposition"] = f"attachment; filename=\"export.{kind}\"; filename*=UTF-8''{name}"
    return response
