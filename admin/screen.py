"""Screen: a record's model becomes its list, form, details, history, look-ups, exports and place in the menu.

A screen is a declaration of at most 15 lines. It never filters rows and never asks who is signed in: the guards of
policy/ stand at the session, beneath everything here.

What a screen does stands in its parts, a subject each: screen_list, screen_forms, screen_record, screen_files and
screen_rights. They are plain classes: Flask-Admin would give every view class copies of ModelView's own pages, and those
of one part would hide what another part makes of them.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from flask import abort, request
from flask_admin.contrib.sqla import ModelView
from sqlalchemy import inspect, select
from sqlalchemy.orm import joinedload

from admin import bulk, cells, listing
from admin.screen_files import Files
from admin.screen_forms import FormPages
from admin.screen_list import ListPage
from admin.screen_record import RecordPages
from admin.screen_rights import Rights
from admin.steps import Step
from models import db
from policy.actions import resource_of
from services.tables.columns import ListColumns, ListRow
from services.tables.keyset import COUNT_CAP

ROWS_AT_ONCE = 500


class Screen(ListPage, FormPages, RecordPages, Files, Rights, ModelView):
    """The screen of one kind of record; subclasses declare, they don't program.

    Attributes:
        model: the mapped class.
        area: the menu area it stands in (admin/menu.py).
        columns: what the list shows; dotted names reach related records.
        reads: dotted names that a cell is made of besides its column's own; exports offer them as columns.
        search: the text columns that the search box looks into, dotted where they are related.
        filters: column or relationship names.
        form_groups: the form, group by group; without it the record can't be edited.
        offered: what narrows the choices of a look-up in the form, by its name; filters and the saved rows keep all.
        named_with: the related record without which a title says too little where it stands alone, as among choices.
        order: the default sort, a column name, with "-" in front for newest first.
        figures: sets of rows that a total on the home page opens (services/reports).
        steps: what can be done with a record besides editing it (admin/steps.py).
        locked: why a row can't be edited or deleted in its present state, in Chinese; None while it can.
        can_add: whether people add and delete such records; some are only ever made by a step or by the program.
        inner: whether its rows are parts of another record and read there: no place in the menu, no card beside the owner.
        related_template: how its rows look on their owner's page, and related_rows how many of them.
        related_first: whether they stand there above all others.
        notices: what stands on top of a record's page, each with the place on it where that is mended.
        delete_note: what the question before deleting says of getting a row back.
        empty_note: what a list without rows says; without it, that there are none yet and how to add the first.
    """

    model: ClassVar[type]
    area: ClassVar[str]
    columns: ClassVar[list[str]]
    reads: ClassVar[list[str]] = []
    search: ClassVar[list[str]] = []
    filters: ClassVar[list[str]] = []
    form_groups: ClassVar[dict[str, list[str]]] = {}
    offered: ClassVar[dict[str, Callable[[Any], Any]]] = {}
    named_with: ClassVar[str] = ""
    order: ClassVar[str] = "id"
    figures: ClassVar[dict[str, Any]] = {}
    steps: ClassVar[list[Step]] = []
    locked: ClassVar[Callable[[Any], str | None]] = staticmethod(lambda _row: None)
    can_add: ClassVar[bool] = True
    inner: ClassVar[bool] = False
    related_template: ClassVar[str] = "admin/model/related.html"
    related_rows: ClassVar[int] = 5
    related_first: ClassVar[bool] = False
    notices: ClassVar[Callable[[Any], list[tuple[str, str]]]] = staticmethod(lambda _row: [])
    empty_note: ClassVar[str] = ""
    delete_note: ClassVar[str] = "有归属党组织的记录删除后可以在回收站里找回。"

    list_template = "admin/model/list.html"
    create_template = "admin/model/create.html"
    edit_template = "admin/model/edit.html"
    details_template = "admin/model/details.html"
    can_view_details = True
    simple_list_pager = True
    named_filter_urls = True
    page_size = 50
    export_types: ClassVar[list[str]] = ["csv", "xlsx"]
    can_set_page_size = False
    most_at_once = bulk.MOST_AT_ONCE

    def __init__(self) -> None:
        self.resource = resource_of(self.model)
        self.title = self.model.record_name
        self.relations = inspect(self.model).relationships
        self.column_list = self.columns
        self.column_labels = {name: cells.label_of(self.model, name) for name in self.columns}
        self.list_columns = ListColumns(self.model, [*self.columns, *self.reads], whole=True)
        self._cells = {name: cells.list_cell(self.list_columns, name) for name in [*self.columns, *self.reads]}
        self.column_details_list = self.columns
        self.column_export_list = self.columns
        super().__init__(self.model, db, name=self.title, category=self.area, endpoint=self.resource,
                         url=f"/{self.resource}")  # fmt: skip

    def screen_of(self, model: type) -> Any:
        """The screen of another model."""
        return self.admin.screens[model]

    def row_title(self, row: Any) -> str:
        """What a person calls the row."""
        return row.title

    def with_names(self, statement: Any) -> Any:
        """Load with rows of this screen what ``choice_title`` reads of others."""
        named_with = self.named_with
        return statement.options(joinedload(getattr(self.model, named_with))) if named_with else statement

    def choice_title(self, row: Any) -> str:
        """What a row is called where it stands alone: with the name of what it belongs to, no name twice."""
        of = getattr(row, self.named_with) if self.named_with else None
        return row.title if of is None or of.title in row.title else f"{of.title} · {row.title}"

    def cell_under(self, name: str) -> Callable[[Any], Any]:
        """How a list's row, or a record, is shown under a name; None where there is nothing."""
        in_list = self._cells.get(name)
        return lambda row: in_list(row) if in_list and isinstance(row, ListRow) else cells.shown(row, name)

    def cell(self, row: Any, name: str) -> Any:
        """What is shown of one row or record under a name; None where there is nothing."""
        return self.cell_under(name)(row)

    def find(self, key: Any) -> Any:
        """The row of this key with what the list shows of it; None when it isn't in sight."""
        text, row = str(key), None
        if text.isascii() and text.isdigit() and len(text) < 16:
            statement = listing.with_related(select(self.model), self.model, [*self.columns, *self.reads])
            row = db.session.scalar(statement.where(self.model.id == int(text)))
        return row

    def get_one(self, id: Any) -> Any:
        row = self.find(id)
        return row if row is not None else abort(404)

    def get_many(self, ids: list[str]) -> list[Any]:
        """The rows of these ids; 404 unless all of them are in sight."""
        if len(ids) > COUNT_CAP:
            abort(400)
        if not all(one.isascii() and one.isdigit() and len(one) < 16 for one in ids):
            abort(404)
        keys = list(dict.fromkeys(map(int, ids)))
        found = {}
        for start in range(0, len(keys), ROWS_AT_ONCE):
            some = select(self.model).where(self.model.id.in_(keys[start : start + ROWS_AT_ONCE]))
            rows = db.session.scalars(listing.with_related(some, self.model, [*self.columns, *self.reads]))
            found |= {row.id: row for row in rows}
        return [found[key] for key in keys] if len(found) == len(keys) else abort(404)

    def _asked_id(self) -> str:
        """The id that the request asks for, wherever it stands."""
        return request.values.get("id", "")

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        # Flask-Admin calls a page again after a TypeError, which would hide the first one.
        return fn(self, *args, **kwargs)
