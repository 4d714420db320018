"""What a browser would post of the forms of the test world's rows: as they are, changed, or of a new record."""

from datetime import date, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import Boolean, Date, Enum, inspect

from admin.screen import Screen
from models.column_types import PartialDate, PartialDateType
from policy import system_session
from tests.world import World


def screens_of(app: Flask) -> dict[str, Screen]:
    """The screens by endpoint."""
    return {view.endpoint: view for view in app.extensions["admin"][0]._views if isinstance(view, Screen)}


def forms_and_numbers(app: Flask, world: World) -> tuple[dict[Any, dict[str, str]], dict[Any, dict[str, str]]]:
    """What a browser would post to leave each row of the world as it is, and the row's masked numbers."""
    screens = {screen.resource: screen for screen in screens_of(app).values()}
    forms, numbers = {}, {}
    with app.app_context(), system_session("demo", readonly=True) as session:
        for (resource, _label), key in world.rows.items():
            if resource not in screens:
                continue
            row = session.get(screens[resource].model, key)
            names = screens[resource].form_names
            forms[resource, key] = {name: value for name in names if (value := _typed(row, name)) is not None}
            forms[resource, key]["version_seen"] = str(getattr(row, "version", ""))
            masked = [column for column in inspect(type(row)).columns if "mask" in column.info]
            numbers[resource, key] = {
                column.info["mask"]: value for column in masked if (value := getattr(row, column.key))
            }
    return forms, numbers


def _typed(row: Any, name: str) -> str | None:
    """What stands in a field; None for a box that isn't ticked."""
    mapper = inspect(type(row))
    value = getattr(row, f"{name}_id" if name in mapper.relationships else name)
    column = mapper.columns.get(name)
    if value is None or (column is not None and "mask" in column.info):
        return ""
    if isinstance(value, bool):
        return "y" if value else None
    return str(value.value) if isinstance(column is not None and column.type, Enum) else str(value)


def changed(screen: Screen, form: dict[str, str]) -> dict[str, str]:
    """The form with one value changed: a text where it has one."""
    others = {name: other for name, value in form.items() if (other := another(screen, name, value)) != value}
    name = next((name for name, other in others.items() if other.endswith("新")), next(iter(others), None))
    return form if name is None else {**form, name: others[name]}


def fresh(screen: Screen, form: dict[str, str]) -> dict[str, str]:
    """The form of a new record that is like this one and clashes with none."""
    return {name: another(screen, name, value) for name, value in form.items() if name != "version_seen"}


def another(screen: Screen, name: str, value: str) -> str:
    """Another value that the field takes; the same where it must stay."""
    column = inspect(screen.model).columns.get(name)
    if column is None or "mask" in column.info or "code" in column.info or not value:
        return value
    if "words" in column.info:
        return "visit:read"
    if column.info.get("check") == "month":
        return "2026-07"
    if isinstance(column.type, Enum):
        values = [member.value for member in column.type.enum_class]
        return values[(values.index(value) + 1) % len(values)]
    if isinstance(column.type, PartialDateType):
        return str(PartialDate.of(PartialDate.parse(value).first_day + timedelta(days=40)))
    if isinstance(column.type, Date):
        return str(date.fromisoformat(value) + timedelta(days=40))
    if value.isdigit():
        return str(int(value) + 1)
    if isinstance(column.type, Boolean):
        return value
    return value[:-1] + "新"
