"""What a list page is made of: its rows by keyset, search, filter controls and chips."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import request
from sqlalchemy import inspect
from sqlalchemy.orm import joinedload

from admin.filters import BoundFilter, ChoiceFilter, RelationFilter
from models import db
from services.tables.columns import ListColumns
from services.tables.keyset import Count, Cursor, Listing
from services.tables.search import Search

MAX_CHOICES = 50
PLACE = ("after", "before", "page")
"""What an address says of the place in a list: the row before or after it, and the number to show for the page."""


class Shown(NamedTuple):
    """One row of a list, ready for the template."""

    key: int
    title: str
    main: str | None
    cells: list[tuple[str, str | None]]
    may_edit: bool


class Page(list[Shown]):
    """The rows of one page, its number (from 0), where its neighbours are (None where there are none), how many rows the
    list has in all.
    """

    number: int = 0
    previous_url: str | None = None
    next_url: str | None = None

    def __init__(self, count: Count, size: int) -> None:
        super().__init__()
        self.count, self.size = count, size

    @property
    def count_text(self) -> str:
        """How many rows there are, in words."""
        return f"共 {self.count.seen} 条" if self.count.exact else f"超过 {self.count.cap} 条"

    @property
    def pages_text(self) -> str:
        """How many pages there are, in words; a count that stopped at its cap can't say."""
        return f"，共 {-(-self.count.seen // self.size)} 页" if self.count.exact else ""


@dataclass
class Control:
    """One filter as the template shows it."""

    label: str
    kind: str
    inputs: list[dict[str, Any]] = field(default_factory=list)
    options: list[tuple[str, str]] = field(default_factory=list)


def with_related(query: Any, model: type, names: list[str]) -> Any:
    """Load the related rows that dotted columns show, by outer join: a hidden one never drops the row."""
    paths = {name.rsplit(".", 1)[0] for name in names if "." in name}
    for path in sorted(paths):
        load, current = None, model
        for step in path.split("."):
            attribute = getattr(current, step)
            load = joinedload(attribute) if load is None else load.joinedload(attribute)
            current = inspect(current).relationships[step].mapper.class_
        query = query.options(load)
    return query


def search_conditions(session: Any, model: Any, names: list[str], text: str) -> list[Any]:
    """Every word is found in one of the named columns, or as pinyin or initials of a name."""
    return Search(session).conditions(model, names, text)


def read_page(screen: Any, listing: Listing, size: int) -> Page:
    """The page of the listing that the address asks for."""
    listing, count = listing.counted(db.session)
    page = Page(count, size)
    if not count.seen:
        return page
    start, backwards = _asked_place(listing)
    found = listing.rows(db.session, screen.list_columns.statement, start, backwards, size + 1)
    if backwards and len(found) <= size:
        # The beginning is reached: it is shown as whoever comes anew sees it.
        start, backwards = None, False
        found = listing.rows(db.session, screen.list_columns.statement, None, False, size + 1)
    rows = found[-size:] if backwards else found[:size]
    page += screen.show_rows(rows)
    page.number = max(request.args.get("page", 0, type=int), 1) if start else 0
    if rows and start:
        page.previous_url = _place_url(screen, page.number - 1, before=listing.place(rows[0]))
    if rows and (backwards or len(found) > size):
        page.next_url = _place_url(screen, page.number + 1, after=listing.place(rows[-1]))
    return page


def _asked_place(listing: Listing) -> tuple[Cursor | None, bool]:
    """The row that the address names, and whether what comes before it is wanted; none when it makes no sense."""
    backwards = "before" in request.args
    start = listing.order.cursor(request.args.get("before" if backwards else "after", ""))
    return start, backwards and start is not None


def _place_url(screen: Any, number: int, **place: Cursor) -> str:
    arguments = {key: value for key, value in request.args.items() if key not in PLACE}
    if number > 0:
        arguments |= {"page": number} | {key: str(cursor) for key, cursor in place.items()}
    return address(screen.get_url(".index_view"), arguments)


def filter_controls(filters: list[Any]) -> list[Control]:
    """The filters as controls, with what is chosen now and choices within the actor's sight."""
    controls: dict[str, Control] = {}
    for one in filters or []:
        name, value = f"flt0_{one.key}", request.args.get(f"flt0_{one.key}", "")
        control = controls.setdefault(one.name, Control(one.name, "text"))
        given = {"name": name, "value": value, "label": one.name, "lookup_url": None, "value_label": ""}
        if isinstance(one, ChoiceFilter):
            control.kind, control.options = "choice", one.choices()
        elif isinstance(one, BoundFilter):
            control.kind = "date_range" if "Integer" not in type(one.column.type).__name__ else "number_range"
            given["label"] = f"{one.name}（{'从' if one.part == 'from' else '到'}）"
        elif isinstance(one, RelationFilter):
            control.kind = "choice"
            rows = titles(one.target)
            if rows is None:
                chosen = one.chosen(value)
                control.kind, given["lookup_url"] = "lookup", f"ajax/lookup/?name={one.key}&for=filter"
                given["value_label"] = chosen.title if chosen is not None else ""
            control.options = [(str(key), title) for key, title in rows or []]
        control.inputs.append(given)
    return list(controls.values())


@cache
def _title_columns(model: type) -> ListColumns:
    return ListColumns(model, (), whole=True)


def titles(model: Any) -> list[tuple[int, str]] | None:
    """Key and title of all rows in sight; None when they are too many to choose from."""
    columns = _title_columns(model)
    rows = db.session.execute(columns.statement.order_by(model.id).limit(MAX_CHOICES + 1)).all()
    return None if len(rows) > MAX_CHOICES else [(row[0], columns.row(db.session, row).title) for row in rows]


def chips(filters: list[Any], list_url: str) -> list[dict[str, str]]:
    """The filters in force, each with an address without it."""
    shown = []
    for one in filters or []:
        name = f"flt0_{one.key}"
        value = request.args.get(name)
        if not value:
            continue
        if isinstance(one, ChoiceFilter):
            labels = dict(one.choices())
            value = "、".join(labels.get(part, "无此项") for part in value.split(","))
        elif isinstance(one, RelationFilter):
            chosen = one.chosen(value)
            value = chosen.title if chosen is not None else "无此记录"
        elif isinstance(one, BoundFilter):
            value = f"{'从' if one.part == 'from' else '到'} {value}"
        rest = {key: given for key, given in request.args.items() if key not in (name, *PLACE)}
        shown.append({"label": one.name, "value": value, "remove_url": address(list_url, rest)})
    return shown


def address(path: str, arguments: dict[str, Any]) -> str:
    """A path with a query string."""
    return f"{path}?{urlencode(arguments)}" if arguments else path
