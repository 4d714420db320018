"""What is checked at start-up: a wrong declaration stops the start with an id that docs/checks.md explains."""

from typing import Any

from sqlalchemy import inspect

from admin.menu import AREAS
from models import Base
from models.base import owners_of
from policy.actions import scope_of


class WrongDeclaration(RuntimeError):
    """A model or a screen is declared wrongly; the message begins with the check's id."""


def _stop(check: str, message: str) -> None:
    raise WrongDeclaration(f"{check}: {message} (see docs/checks.md)")


def check_models() -> None:
    """Every model says who may see it, every column has a label, every table has a model."""
    mapped = {mapper.local_table.name for mapper in Base.registry.mappers}
    for table in Base.metadata.tables.values():
        if table.name not in mapped:
            _stop("M001", f"table {table.name} has no model of its own: map associations as classes")
    for mapper in Base.registry.mappers:
        model = mapper.class_
        try:
            scope_of(model)
        except TypeError as error:
            _stop("M002", str(error))
        for column in mapper.columns:
            if not column.info.get("label"):
                _stop("M003", f"{model.__name__}.{column.key} has no label")
        if not getattr(model, "record_name", ""):
            _stop("M004", f"{model.__name__} has no record_name")


def check_screens(screens: list[Any]) -> None:
    """Every name that a screen's class declares exists and may be used so."""
    shown = {screen.model for screen in screens}
    for screen in screens:
        name = screen.__name__
        if screen.area not in AREAS:
            _stop("S001", f"{name}.area {screen.area!r} is not in admin/menu.py")
        for column in screen.columns:
            _check_path(name, screen.model, column)
        if not screen.orders_by(screen.order.removeprefix("-")):
            _stop("S008", f"{name}.order {screen.order!r} has no index: name it in {screen.model.__name__}.__sorts__")
        for column in screen.search:
            _check_path(name, screen.model, column)
            _check_open(name, screen.model, column, "search")
        for column in screen.filters:
            if "." in column:
                _stop("S003", f"{name}.filters: {column!r} must be a column or relationship of {screen.model.__name__}")
            _check_path(name, screen.model, column)
            _check_open(name, screen.model, column, "filters")
        _check_form(name, screen, shown)


def _check_path(name: str, model: type, path: str) -> None:
    for step in path.split("."):
        mapper = inspect(model)
        if step in mapper.relationships:
            model = mapper.relationships[step].mapper.class_
        elif step not in mapper.columns:
            _stop("S002", f"{name}: {model.__name__} has no {step!r}")


def _check_open(name: str, model: type, path: str, where: str) -> None:
    *steps, last = path.split(".")
    for step in steps:
        model = inspect(model).relationships[step].mapper.class_
    column = inspect(model).columns.get(last)
    if column is not None and ("mask" in column.info or column.info.get("personal")):
        _stop("S004", f"{name}.{where}: {path!r} is personal and can't be searched, sorted or filtered")


def _check_form(name: str, screen: Any, shown: set[type]) -> None:
    mapper = inspect(screen.model)
    names = [name for names in screen.form_groups.values() for name in names]
    for path in (*screen.offered, *screen.reads, *filter(None, [screen.named_with])):
        _check_path(name, screen.model, path)
    for field in names:
        if field in mapper.relationships:
            if mapper.relationships[field].mapper.class_ not in shown:
                _stop("S005", f"{name}.form_groups: the model behind {field!r} has no screen to look it up in")
        elif field not in mapper.columns:
            _stop("S002", f"{name}: {screen.model.__name__} has no {field!r}")
        elif mapper.columns[field].info.get("computed") or mapper.columns[field].info.get("internal"):
            _stop("S006", f"{name}.form_groups: {field!r} is computed and can't be typed")
    if not names:
        return
    for column in mapper.columns:
        key = column.key
        if column.info.get("computed") or column.info.get("internal") or key == "id":
            continue
        if key not in names and key.removesuffix("_id") not in names and not _from_owner(screen.model, key):
            _stop("S007", f"{name}.form_groups leaves out {key!r}: show it or mark the column computed or internal")


def _from_owner(model: type, key: str) -> bool:
    return key == "branch_id" and bool(owners_of(model))
