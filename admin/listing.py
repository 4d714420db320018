"""What a list page is made of: search, order, a capped count, filter controls and chips."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import request
from sqlalchemy import false, func, inspect, or_, select
from sqlalchemy.orm import aliased, joinedload

from admin.filters import BoundFilter, ChoiceFilter, RelationFilter
from models import db
from models.base import PinyinNamed

COUNT_CAP = 10_000
MAX_PAGE = 1_000_000
MAX_SEARCH = 100
MAX_CHOICES = 50


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


def search(query: Any, model: type, names: list[str], text: str) -> Any:
    """Rows in which every word is found: in one of the named columns, or as pinyin or initials of a name."""
    aliases: dict[str, Any] = {}
    for word in text[:MAX_SEARCH].replace("\x00", "").split():
        found = []
        for name in names:
            query, owner, column = _reach(query, model, name, aliases)
            found.append(getattr(owner, column).contains(word, autoescape=True))
            kind = inspect(owner).mapper.class_
            if issubclass(kind, PinyinNamed) and word.isascii() and column == kind.__pinyin_of__:
                spelt = word.lower()
                found += [
                    owner.initials.contains(spelt, autoescape=True),
                    owner.pinyin.contains(spelt, autoescape=True),
                ]
        query = query.filter(or_(false(), *found))
    return query


def is_spelt(model: type, name: str) -> bool:
    """Whether a dotted name is a name that is found by its pinyin too."""
    *path, column = name.split(".")
    for step in path:
        model = inspect(model).relationships[step].mapper.class_
    return issubclass(model, PinyinNamed) and column == model.__pinyin_of__


def _reach(query: Any, model: type, name: str, aliases: dict[str, Any]) -> tuple[Any, Any, str]:
    """Outer-join the way to a dotted name; the read guard narrows what is joined."""
    owner: Any = model
    *path, column = name.split(".")
    for depth, step in enumerate(path):
        key = ".".join(path[: depth + 1])
        if key not in aliases:
            relation = getattr(owner, step)
            aliases[key] = aliased(relation.property.mapper.class_)
            query = query.outerjoin(relation.of_type(aliases[key]))
        owner = aliases[key]
    return query, owner, column


def capped_count(query: Any, model: type) -> int:
    """How many rows there are, counted no further than COUNT_CAP + 1."""
    keys = query.with_entities(model.id).order_by(None).limit(COUNT_CAP + 1)
    return db.session.scalar(select(func.count()).select_from(keys.subquery())) or 0


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
            rows = list(db.session.scalars(select(one.target).order_by(one.target.id).limit(MAX_CHOICES + 1)))
            if len(rows) > MAX_CHOICES:
                chosen = one.chosen(value)
                control.kind, given["lookup_url"] = "lookup", f"ajax/lookup/?name={one.key}&for=filter"
                given["value_label"] = chosen.title if chosen is not None else ""
            control.options = [(str(row.id), row.title) for row in rows[:MAX_CHOICES]]
        control.inputs.append(given)
    return list(controls.values())


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
        rest = {key: given for key, given in request.args.items() if key not in (name, "page")}
        shown.append({"label": one.name, "value": value, "remove_url": address(list_url, rest)})
    return shown


def address(path: str, arguments: dict[str, Any]) -> str:
    """A path with a query string."""
    return f"{path}?{urlencode(arguments)}" if arguments else path
