"""The fields of a screen's form, as the import is given them."""

from functools import cache
from typing import Any

from sqlalchemy import Boolean, Date, Enum, Integer, inspect

from admin.cells import label_of
from admin.screens import all_screens
from models.column_types import PartialDateType
from policy.actions import resource_of
from services.reference_data import CODES
from services.tables.importing.fields import Field


@cache
def fields_of(resource: str) -> tuple[Field, ...]:
    """What the form of a resource asks for, and the record's number."""
    screen = next(one for one in all_screens() if resource_of(one.model) == resource)
    names = [name for group in screen.form_groups.values() for name in group]
    return (*(_field(screen.model, name) for name in names), Field("id", "编号", kind="key"))


def _field(model: Any, name: str) -> Field:
    mapper = inspect(model)
    related = name in mapper.relationships
    column = mapper.columns[f"{name}_id" if related else name]
    choices = ()
    if related:
        kind = "related"
    elif "code" in column.info:
        kind, choices = "code", tuple(CODES[column.info["code"]].values())
    elif isinstance(column.type, Enum):
        kind, choices = "choice", tuple(member.label for member in column.type.enum_class)
    else:
        kind = _kind(column)
    return Field(name, label_of(model, name), column.info["also"], kind, choices, column.info["unit"])


def _kind(column: Any) -> str:
    if "check" in column.info:
        return column.info["check"]
    for kind, of in (("yes_no", Boolean), ("partial_date", PartialDateType), ("day", Date), ("number", Integer)):
        if isinstance(column.type, of):
            return kind
    return "long_text" if column.info.get("multiline") else "text"
