"""How a value looks to people, and as what it goes into a sheet."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import g, has_request_context
from sqlalchemy import Boolean, Date, Enum, Float, Integer, inspect, select

from models import Code, db
from models.clock import local
from models.column_types import LabelledEnum, UtcDateTime
from models.hundredths import trimmed
from models.personal import MASKS
from policy.actions import DATABASE, DATABASE_WORD, action_words, permission_words, resource_words
from services.tables.columns import OUT_OF_SIGHT, ListColumns, ListRow, Value

SheetColumn = Callable[[list[Any]], list[Any]]
# Columns that stand for the whole related record: their head says what that record is to the row.
NAMES = {"name", "short_name", "what", "text"}
# What the program calls by names of its own, and how people read them.
WORDS = {
    "action": action_words,
    "resource": lambda: resource_words() | {DATABASE: DATABASE_WORD},
    "permission": permission_words,
}


def code_labels() -> dict[tuple[str, str], str]:
    """Every code's label by (table, code), read once in a request."""
    if has_request_context() and "code_labels" in g:
        return g.code_labels
    rows = db.session.execute(
        select(Code.code_table, Code.code, Code.text).order_by(Code.code_table, Code.position, Code.id)
    )
    labels = {(table, code): text for table, code, text in rows}
    if has_request_context():
        g.code_labels = labels
    return labels


def column_of(model: type, name: str) -> Any:
    """The mapped column behind a dotted name, or None when the name ends at a relationship."""
    *path, last = name.split(".")
    for step in path:
        model = inspect(model).relationships[step].mapper.class_
    return inspect(model).columns.get(last)


def label_of(model: type, name: str) -> str:
    """The Chinese label of a dotted name: of ``branch.name``, what the branch is to the record that points at it."""
    *path, last = name.split(".")
    if path and last not in NAMES:
        return column_of(model, name).info["label"]
    if not path and last in inspect(model).columns:
        return inspect(model).columns[last].info["label"]
    for step in path[:-1]:
        model = inspect(model).relationships[step].mapper.class_
    named = (path or [last])[-1]
    key = inspect(model).columns.get(f"{named}_id")
    return key.info["label"] if key is not None else inspect(model).relationships[named].mapper.class_.record_name


def raw_value(row: Any, name: str) -> Any:
    """The value of a dotted name; OUT_OF_SIGHT where a related row exists but isn't the actor's to see."""
    value = row
    for step in name.split("."):
        owner, value = value, getattr(value, step)
        if value is None:
            key = getattr(owner, f"{step}_id", None) if step in inspect(type(owner)).relationships else None
            return OUT_OF_SIGHT if key is not None else None
    return value


def shown(row: Any, name: str) -> str | None:
    """The value as people read it, masked where it is personal; None when there is nothing."""
    value = raw_value(row, name)
    if value is None or value == "":
        return None
    column = column_of(type(row), name)
    if value is OUT_OF_SIGHT:
        return OUT_OF_SIGHT
    return in_words(column, value) if column is not None else str(value)


def in_words(column: Any, value: Any) -> str:
    """A column's value as people read it."""
    return wording(column)(value)


def wording(column: Any, labels: dict[tuple[str, str], str] | None = None) -> Callable[[Any], str]:
    """How a column's values are put into words; ``labels`` are those of the codes where there is no request to ask."""
    info, kind = column.info, column.type
    if "mask" in info:
        return MASKS[info["mask"]]
    if "code" in info:
        table = info["code"]
        return lambda value: (code_labels() if labels is None else labels).get((table, value), value)
    if "words" in info:
        words = WORDS[info["words"]]
        return lambda value: words().get(value, value)
    if info.get("hundredths"):
        unit = info["unit"]
        return lambda value: f"{trimmed(value)} {unit}" if unit else f"{value // 100}.{value % 100:02d}"
    if isinstance(kind, Enum):
        return lambda value: value.label if isinstance(value, LabelledEnum) else str(value)
    if isinstance(kind, Boolean):
        return lambda value: "是" if value else "否"
    if isinstance(kind, UtcDateTime):
        return lambda value: local(value).strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else str(value)
    if info.get("unit") and isinstance(kind, Integer):
        unit = info["unit"]
        return lambda value: f"{value} {unit}"
    return str


def list_cell(columns: ListColumns, name: str) -> Callable[[ListRow], str | None]:
    """What a list shows of a row under one of its names; None for nothing."""
    value = columns.values[name]
    words = wording(value.column) if value.column is not None else None

    def cell(row: ListRow) -> str | None:
        if words is None:
            return _title_in_sight(columns, db.session, row._values, value)
        found = value.of(row._values)
        if found is None or found == "" or found is OUT_OF_SIGHT:
            return found or None
        return words(found)

    return cell


def sheet_column(
    columns: ListColumns, name: str, labels: dict[tuple[str, str], str], session: Any, whole_in: Any = None
) -> SheetColumn:
    """What goes into a sheet of some rows under one name: numbers and days stay what they are, the rest is text.

    ``whole_in``: the branches of whose rows a masked value is shown whole; it never is in related records.
    """
    value = columns.values[name]
    words = _sheet_words(value.column, labels) if value.column is not None else None
    if whole_in and value.column is not None and "mask" in value.column.info and not value.path:
        return _partly_masked(value.index, words, columns.branch_index, whole_in)

    def read(rows: list[Any]) -> list[Any]:
        if value.column is None:
            return [_title_in_sight(columns, session, row, value) for row in rows]
        index = value.index
        found = [value.of(row) for row in rows] if value.steps else [row[index] for row in rows]
        if words is None:
            return found
        return [None if one is None or one == "" else one if one is OUT_OF_SIGHT else words(one) for one in found]

    return read


def _partly_masked(index: int, mask: Any, branch_index: int | None, whole_in: Any) -> SheetColumn:
    def read(rows: list[Any]) -> list[Any]:
        return [row[index] if not row[index] or row[branch_index] in whole_in else mask(row[index]) for row in rows]

    return read


def _title_in_sight(columns: ListColumns, session: Any, row: Any, value: Value) -> str | None:
    """The title of a related record, where there is one."""
    found = value.of(row)
    if found is None or found is OUT_OF_SIGHT:
        return found
    return str(columns.row(session, row, value.path).title)


def _sheet_words(column: Any, labels: dict[tuple[str, str], str]) -> Callable[[Any], Any] | None:
    if column.info.get("hundredths"):
        return lambda value: value / 100
    plain = isinstance(column.type, Integer | Float | Date) and not column.info.keys() & {"code", "words", "mask"}
    return None if plain else wording(column, labels)
