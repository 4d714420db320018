"""Values of columns as JSON, for what is kept of a record to put it back: the trash, the undoing of an import."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import inspect

from models.column_types import PartialDate


def as_stored(value: Any) -> Any:
    """A column's value as JSON holds it; encrypted text as it is, so the JSON must be encrypted or kept within walls."""
    if isinstance(value, PartialDate):
        return value.iso
    return value.isoformat() if isinstance(value, date | datetime) else value


def from_stored(model: type, key: str, value: Any) -> Any:
    """A column's value from what ``as_stored`` made of it."""
    kind = inspect(model).columns[key].type.python_type if value is not None else None
    if value is None or kind is None:
        return None
    words = getattr(inspect(model).columns[key].type, "enum_class", None)
    if words is not None:
        return words(value)
    name = type(inspect(model).columns[key].type).__name__
    if name == "PartialDateType":
        return PartialDate(value)
    if name == "UtcDateTime":
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if name == "Date" else value
