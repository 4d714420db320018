"""A list as a file: sent as a stream, or written in the background; from a session of its own, that outlives the request."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from flask import Response, request

from admin import cells
from admin.phones import in_wechat, open_in_browser
from models import db
from models.clock import today
from policy import the_actor
from policy.actor import NOWHERE, Actor, Reach
from services.tables.columns import ListColumns
from services.tables.export import csv_stream, xlsx_stream
from services.tables.keyset import Listing

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
KINDS = {"xlsx": "Excel 表格", "csv": "CSV 文本"}
ROWS_AT_ONCE = 1_000
KEY = "id"
"""The last column of every file: by it a row that is mended and brought back finds its record."""


def exporting(actor: Actor, resource: str) -> Actor:
    """The actor, seeing only the rows of a resource that he may export."""
    return actor.only_where(f"{resource}:read", f"{resource}:export")


@dataclass
class Sheet:
    """A list that is to be a file; made in a request, written without one.

    Attributes:
        names: its columns, without the last one.
        kind: ``csv`` or ``xlsx``.
        whole_in: the branches of whose rows masked numbers are written whole.
    """

    screen: Any
    listing: Listing
    names: list[str]
    kind: str
    whole_in: Reach = NOWHERE

    def __post_init__(self) -> None:
        names = [*(name for name in self.names if name != KEY), KEY]
        self.heads = [cells.label_of(self.screen.model, name) for name in names]
        self.columns = ListColumns(self.screen.model, names, whole=False)
        self.labels = cells.code_labels()

    @cached_property
    def file_name(self) -> str:
        """What whoever gets it finds among his files."""
        return f"{today()}_{self.screen.title}.{self.kind}"

    def chunks(self, session: Any, note: Callable[[list[Any]], None] | None = None) -> Iterator[str | bytes]:
        """What the file holds, piece by piece.

        Args:
            session: of an actor who sees only what he may export; it is closed at the end.
            note: is told of the rows that are about to be written.
        """
        rows = self._rows(session, note)
        return csv_stream(self.heads, rows) if self.kind == "csv" else xlsx_stream(self.screen.title, self.heads, rows)

    def _rows(self, session: Any, note: Callable[[list[Any]], None] | None) -> Iterator[Any]:
        """The rows as they go into the sheet. Some at a time are turned column by column, which is the fastest way."""
        columns = self.columns
        readers = [cells.sheet_column(columns, name, self.labels, session, self.whole_in) for name in columns.values]
        try:
            for rows in self.listing.stream(session, columns.statement, ROWS_AT_ONCE):
                if note is not None:
                    note(rows)
                yield from zip(*(read(rows) for read in readers), strict=True)
        finally:
            session.close()


def send(sheet: Sheet) -> Response | str:
    """The file; only rows of branches where the actor may export."""
    screen = sheet.screen
    if in_wechat():
        return open_in_browser(screen, f"{screen.get_url('.index_view')}?{request.query_string.decode()}".rstrip("?"))
    session = db.session.session_factory(actor=exporting(the_actor(), screen.resource), readonly=True)
    session.outlive_request()
    return as_download(sheet.chunks(session), sheet.kind, sheet.file_name, session.close)


def as_download(chunks: Iterable[str | bytes], kind: str, file_name: str, close: Callable[[], None]) -> Response:
    """An answer that the browser stores under a name."""
    response = Response(chunks, content_type=TYPES[kind])
    response.call_on_close(close)
    told = f"attachment; filename=\"export.{kind}\"; filename*=UTF-8''{quote(file_name)}"
    response.headers["Content-Disposition"] = told
    return response
