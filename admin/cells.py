"""How a value looks to people, and as what it goes into a sheet."""

from datetime import date, datetime
from typing import Any

from flask import g, has_request_context
from sqlalchemy import inspect, select

from models import Code, db
from models.clock import local
from models.column_types import LabelledEnum
from models.personal import MASKS
from policy.actions import DATABASE, DATABASE_WORD, action_words, permission_words, resource_words

OUT_OF_SIGHT = "〔不可见〕"
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
    """The Chinese label of a dotted name: of ``branch.name``, what the branch is to the row."""
    *path, last = name.split(".")
    relations = inspect(model).relationships
    if path and last not in NAMES:
        return column_of(model, name).info["label"]
    if not path and last in inspect(model).columns:
        return inspect(model).columns[last].info["label"]
    first = (path or [last])[0]
    key = inspect(model).columns.get(f"{first}_id")
    return key.info["label"] if key is not None else relations[first].mapper.class_.record_name


def raw_value(row: Any, name: str) -> Any:
    """The value of a dotted name; OUT_OF_SIGHT where a related row exists but isn't the actor's to see."""
    value = row
    for step in name.split("."):
        owner, value = value, getattr(value, step)
        if value is None:
            key = getattr(owner, f"{step}_id", None) if step in inspect(type(owner)).relationships else None
            return OUT_OF_SIGHT if key is not None else None
    return value


def shown(row: Any, name: str, labels: dict[tuple[str, str], str] | None = None) -> str | None:
    """The value as people read it, masked where it is personal; None when there is nothing."""
    value = raw_value(row, name)
    if value is None or value == "":
        return None
    column = column_of(type(row), name)
    if value is OUT_OF_SIGHT:
        return OUT_OF_SIGHT
    return in_words(column, value, labels) if column is not None else str(value)


def in_words(column: Any, value: Any, labels: dict[tuple[str, str], str] | None = None) -> str:
    """A column's value as people read it."""
    info = column.info
    if "mask" in info:
        return MASKS[info["mask"]](value)
    if "code" in info:
        return (code_labels() if labels is None else labels).get((info["code"], value), value)
    if "words" in info:
        return WORDS[info["words"]]().get(value, value)
    if info.get("hundredths"):
        return f"{value // 100}.{value % 100:02d}"
    if isinstance(value, LabelledEnum):
        return value.label
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return local(value).strftime("%Y-%m-%d %H:%M")
    return str(value) + (f" {info['unit']}" if info.get("unit") and isinstance(value, int) else "")


def sheet_value(row: Any, name: str, labels: dict[tuple[str, str], str]) -> Any:
    """The value for a sheet's cell: numbers and days stay what they are, everything else is text."""
    value = raw_value(row, name)
    column = column_of(type(row), name)
    if column is not None and column.info.get("hundredths") and isinstance(value, int):
        return value / 100
    if isinstance(value, bool) or value is None:
        return shown(row, name, labels)
    if isinstance(value, int | float) or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    return shown(row, name, labels)
