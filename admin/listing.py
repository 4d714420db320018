"""What a list page is made of: what its address asks, its rows by keyset, search, filter controls and chips."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import request
from markupsafe import escape
from sqlalchemy import inspect
from sqlalchemy.orm import joinedload

from admin.filters import BoundFilter, ChoiceFilter, RelationFilter
from models import db
from services.tables.columns import ListColumns
from services.tables.keyset import Count, Cursor, Listing
from services.tables.search import Search, long_tables

MAX_CHOICES = 50
MAX_VALUE = 1_000
"""So long may what is kept of an address be."""
FEW_CHOICES = 8
"""Up to so many choices are boxes to tick; more are a list to choose from."""
ASKS = ("search", "sort", "desc", "figure", "cols", "view")
"""What an address asks of a list besides filters: words to find, its order, a total's rows, its columns, the view shown."""
PLACE = ("after", "before", "page")
"""What an address says of the place in a list: the row before or after it, and the number to show for the page."""


def arguments(but: tuple[str, ...] = ()) -> dict[str, str]:
    """What the address asks of the list, each thing once; its place in the list isn't among it.

    A form that is sent without a script names each value of a filter, and its empty inputs: here the values are joined
    and the empty ones left out.
    """
    found = {}
    for given in request.args:
        name = re.sub(r"^flt\d*_", "flt0_", given)
        several = name.startswith("flt0_") or name == "cols"
        if name in but or not (several or name in ASKS):
            continue
        values = [value for value in request.args.getlist(given) if value.strip()]
        if values:
            found[name] = ",".join(values) if several else values[0]
    return found


def asked_filters(screen: Any) -> list[tuple[int, Any, str]]:
    """The filters that the address asks for: number, filter and value."""
    asked = arguments()
    return [
        (index, one, asked[f"flt0_{one.key}"])
        for index, one in enumerate(screen._filters or [])
        if f"flt0_{one.key}" in asked
    ]


class Shown(NamedTuple):
    """One row of a list, ready for the template: its texts as they stand in HTML (``in_html``), empty for nothing."""

    key: int
    title: str
    main: str
    cells: list[tuple[str, str]]
    may_edit: bool


BETWEEN = "\x1f"


def in_html(texts: Sequence[str]) -> list[str]:
    """Texts as they stand in HTML, escaped in one go: a page has a thousand, and each by itself takes ten times as long."""
    escaped = str(escape(BETWEEN.join(texts))).split(BETWEEN)
    return escaped if len(escaped) == len(texts) else [str(escape(text)) for text in texts]


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
    """One filter as the template shows it.

    Attributes:
        kind: ``checks``, ``many`` or ``one`` of a list, ``lookup``, ``dates``, ``numbers`` or ``text``.
        inputs: name, label and present value of each input.
        chosen: the values of the options that are chosen.
    """

    label: str
    kind: str
    inputs: list[dict[str, str]] = field(default_factory=list)
    options: list[tuple[str, str]] = field(default_factory=list)
    chosen: set[str] = field(default_factory=set)
    lookup_url: str = ""


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

    def read(start: Cursor | None, backwards: bool) -> tuple[list[Any], Count]:
        asked = (db.session, screen.list_columns.statement, start, backwards, size + 1)
        if count is None:
            return listing.rows_and_count(*asked)
        return listing.rows(*asked) if count.seen else [], count

    start, backwards = _asked_place(listing)
    found, of_all = read(start, backwards)
    if backwards and len(found) <= size:
        # The beginning is reached: it is shown as whoever comes anew sees it.
        start, backwards = None, False
        found, of_all = read(start, backwards)
    rows = found[-size:] if backwards else found[:size]
    page = Page(of_all, size)
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
    asked: dict[str, Any] = dict(arguments())
    if number > 0:
        asked |= {"page": number} | {key: str(cursor) for key, cursor in place.items()}
    return screen.list_url_of(asked)


def filter_controls(screen: Any) -> list[Control]:
    """The filters as controls, with what is chosen now and choices within the actor's sight."""
    asked = arguments()
    controls: dict[str, Control] = {}
    targets = [one.target for one in screen._filters or [] if isinstance(one, RelationFilter)]
    many = long_tables(db.session, targets, MAX_CHOICES)
    for one in screen._filters or []:
        name = f"flt0_{one.key}"
        value = asked.get(name, "") if one.validate(asked.get(name, "")) else ""
        control = controls.setdefault(one.name, Control(one.name, "text", chosen=set(value.split(","))))
        given = {"name": name, "value": value, "label": one.name}
        control.inputs.append(given)
        if isinstance(one, ChoiceFilter):
            control.options = one.choices()
            few = "checks" if len(control.options) <= FEW_CHOICES else "many"
            control.kind = "one" if one.single else few
        elif isinstance(one, BoundFilter):
            control.kind = "numbers" if one.of_numbers else "dates"
            given["label"] = f"{one.name}（{'从' if one.part == 'from' else '到'}）"
        elif isinstance(one, RelationFilter):
            _offer_records(screen, control, one, value, one.target in many)
    return list(controls.values())


def _offer_records(screen: Any, control: Control, one: RelationFilter, value: str, many: bool) -> None:
    """All records in sight to choose from; where they are many, those chosen already, and a search for others."""
    if many:
        control.kind, rows = "lookup", [(key, one.titled(row)) for key, row in one.chosen(value).items()]
        control.lookup_url = address(screen.get_url(".ajax_lookup"), {"name": one.key, "for": "filter"})
    else:
        control.kind, rows = "many", titles(screen.screen_of(one.target))
    control.options = [(str(key), title) for key, title in rows]


@cache
def _title_columns(model: Any, named_with: str) -> tuple[ListColumns, Any]:
    columns = ListColumns(model, (named_with,) if named_with else (), whole=True)
    return columns, columns.statement.order_by(model.id).limit(MAX_CHOICES)


def titles(screen: Any) -> list[tuple[int, str]]:
    """Key and title of a screen's rows in sight, no more than can be chosen from."""
    columns, statement = _title_columns(screen.model, screen.named_with)
    rows = db.session.execute(statement).all()
    return [(row[0], screen.choice_title(columns.row(db.session, row))) for row in rows]


def chips(screen: Any) -> list[dict[str, str]]:
    """What narrows the list now, search and filters, each with an address without it."""
    asked = [("search", "查找", words)] if screen.search and (words := arguments().get("search")) else []
    filters = [(one, value) for _index, one, value in asked_filters(screen) if one.validate(value)]
    asked += [(f"flt0_{one.key}", one.name, one.in_words(value)) for one, value in filters]
    return [
        {"label": label, "value": value, "remove_url": screen.list_url_of(arguments(but=(name, "view")))}
        for name, label, value in asked
    ]


def shown_columns(screen: Any) -> list[str]:
    """The columns that the address asks for, in the order of the declaration; the first one always, else all."""
    asked = arguments().get("cols")
    if asked is None:
        return screen.columns
    return [name for place, name in enumerate(screen.columns) if place == 0 or name in asked.split(",")]


def kept(screen: Any) -> dict[str, str]:
    """What the address asks of the list, as it is saved with a view: the order by its column's name, which outlives a new column."""
    asked = arguments(but=("view",))
    if "sort" in asked:
        place = asked.pop("sort")
        if place.isdecimal() and int(place) < len(screen.columns):
            asked["sort"] = screen.columns[int(place)]
    return {name: value for name, value in asked.items() if "\x00" not in value and len(value) <= MAX_VALUE}


def described(screen: Any) -> list[str]:
    """What the list is asked for now, in words."""
    words = [f"{chip['label']} {chip['value']}" for chip in chips(screen)]
    asked = kept(screen)
    if asked.get("figure") in screen.figures:
        words.insert(0, screen.figures[asked["figure"]].title)
    if "sort" in asked:
        words.append(f"按{screen.column_labels[asked['sort']]}排序")
    shown = shown_columns(screen)
    if len(shown) < len(screen.columns):
        words.append(f"显示 {len(shown)} 列")
    return words


def address(path: str, arguments: dict[str, Any]) -> str:
    """A path with a query string."""
    return f"{path}?{urlencode(arguments)}" if arguments else path
