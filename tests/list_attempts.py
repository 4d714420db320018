"""What can be asked of a screen's list: searches, filters, files, sheets, look-ups, actions, values changed in it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Date, Enum

from admin.exports import offered_names
from admin.filters import BoundFilter, ChoiceFilter, RelationFilter
from admin.imports import takes_imports, target_of
from admin.inline_edit import editable_names
from admin.screen import Screen
from models.column_types import PartialDateType, UtcDateTime
from policy.actions import resource_of
from tests.sides import OWN, SHEET, Attempt, Side, about_any_key, lookups_of, rows_to_point_at
from tests.typed_forms import another


def _list_queries(screen: Screen, side: Side) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    """Kind, query and what is asked for: every search, filter, sort and figure of a list."""
    if side.own:
        yield "list", {}, {}
        yield "search", {"search": "%"}, {}
        yield from (("figure", {"figure": key}, {}) for key in screen.figures)
        yield from (("sort", {"sort": str(index)}, {}) for index in range(len(screen.columns) + 1))
        yield "sort", {"sort": "0", "desc": "1"}, {}
        yield "columns", {"cols": screen.columns[-1], "sort": "0"}, {}
    yield "search", {"search": side.word(screen.resource)}, {"asks": side.word(screen.resource)}
    for one in screen._filters or []:
        for value, asked in _filter_values(one, side):
            yield f"filter {one.key}", {f"flt0_{one.key}": value}, asked


def _filter_values(one: Any, side: Side) -> Iterator[tuple[str, dict[str, str]]]:
    """Values for a filter, and what of the side they ask for."""
    if isinstance(one, RelationFilter):
        resource = resource_of(one.target)
        for key in side.keys(resource):
            yield str(key), {"asks": str(key), "of": resource}
        for key in side.keys(resource)[:1] if not side.own else []:
            own = replace(side, name=OWN).keys(resource)[0]
            yield f"{own},{key}", {"asks": str(key), "of": resource}
    elif isinstance(one, BoundFilter):
        kind = one.column.type
        dates = isinstance(kind, Date | PartialDateType | UtcDateTime)
        yield from ((value, {}) for value in (("2020", "2026-01-02") if dates else ("1",)) if side.own)
    elif isinstance(one, ChoiceFilter):
        kind = one.column.type
        values = [member.value for member in kind.enum_class] if isinstance(kind, Enum) else ["1", "0"]
        yield from ((value, {}) for value in (values[0], ",".join(values)) if side.own)
    else:
        word = side.word(one.column.table.name)
        yield word, {"asks": word}


def lists(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """The list by all that its address can ask for."""
    for kind, query, asked in _list_queries(screen, side):
        yield Attempt(rule.endpoint, method, rule.rule, kind, tuple(query.items()), **asked)


def exports(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """A file of the list, of each figure, and of what is asked of the side."""
    for place, file_type in enumerate(screen.export_types):
        path = rule.rule.replace("<export_type>", file_type)
        for kind, query, asked in _list_queries(screen, side):
            if kind == "list" or (place == 0 and (asked or kind == "figure")):
                yield Attempt(rule.endpoint, method, path, f"{file_type} {kind}", tuple(query.items()), **asked)


def export_choices(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """The choices, and with all columns a file, one with whole numbers, and one made in the background.

    What a list is asked for is read by the same code as for a direct export, which is asked for everything: here for one
    thing.
    """
    names = tuple(("names", name) for name in offered_names(screen))
    whole = (("whole", "y"), ("reason", "核对档案"))
    forms = {"file": (), "whole": whole, "job": (("background", "1"),)}
    queries = list(_list_queries(screen, side))
    chosen = [one for one in queries if one[0] == "list"] + [one for one in queries if one[2]][:1]
    for kind, query, asked in chosen:
        if method == "GET":
            yield Attempt(rule.endpoint, method, rule.rule, f"choices {kind}", tuple(query.items()), **asked)
            continue
        for name, form in forms.items():
            if kind == "list" or name == "file":
                posted = (("kind", "csv"), *names, *form)
                yield Attempt(rule.endpoint, method, rule.rule, f"{name} {kind}", tuple(query.items()), posted, **asked)


def templates(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """The empty sheet to fill in."""
    if side.own:
        yield Attempt(rule.endpoint, method, rule.rule, "template")


def imports(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """The page; posted, a sheet with a line that would change a row, and one that names others by their words."""
    if method == "GET" or not takes_imports(screen):
        if side.own:
            yield Attempt(rule.endpoint, method, rule.rule, "page")
        return
    target = target_of(screen)
    text = next((name for name in target.names if name not in target.relations), "")
    words = {name: side.word(resource) for name, resource in lookups_of(screen).items()}
    heads = ["编号", target.label(text), *(target.label(name) for name in words)]
    for key in side.keys(screen.resource)[:1]:
        lines = [heads, [str(key), "改过", *("" for _name in words)], ["", "新的", *words.values()]]
        query = (("id", str(key)), *(("of", word) for word in words.values()))
        sheet = "\n".join(",".join(line) for line in lines)
        yield Attempt(
            rule.endpoint, method, rule.rule, "sheet", query, ((SHEET, sheet),), str(key), screen.resource
        )  # fmt: skip


def look_ups(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """What the look-ups of the form and of the filters find."""
    targets = [({"name": name}, target) for name, target in lookups_of(screen).items()]
    targets += [
        ({"name": one.key, "for": "filter"}, resource_of(one.target))
        for one in screen._filters or []
        if isinstance(one, RelationFilter)
    ]
    for query, target in targets:
        word = side.word(target)
        for asked in [word] if not side.own else ["", "%", word]:
            full = {**query, "query": asked}
            yield Attempt(rule.endpoint, method, rule.rule, "look-up", tuple(full.items()), asks=asked)


def actions(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """Each action on a row of the side, and on one of it together with one's own."""
    own = replace(side, name=OWN)
    for name in screen._actions_data:
        for key in side.keys(screen.resource):
            form = [("action", name), ("confirmed", "yes"), ("rowid", str(key))]
            yield Attempt(rule.endpoint, method, rule.rule, f"{name}", (), tuple(form), str(key), screen.resource, True)
            for own_key in own.keys(screen.resource)[:1] if not side.own else []:
                mixed = (*form, ("rowid", str(own_key)))
                yield Attempt(
                    rule.endpoint, method, rule.rule, f"{name} mixed", (), mixed, str(key), screen.resource, True
                )

    for query, asked in _narrowed_lists(screen, side):
        for name in screen._actions_data:
            form = (("action", name), ("all", "1"), ("confirmed", "yes"))
            yield Attempt(rule.endpoint, method, rule.rule, f"{name} all", tuple(query.items()), form, **asked)


def _narrowed_lists(screen: Screen, side: Side) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Queries of a list that ask for the side's rows alone, and what they ask for."""
    if screen.search:
        yield {"search": side.word(screen.resource)}, {"asks": side.word(screen.resource)}
    for one in screen._filters or []:
        if isinstance(one, RelationFilter):
            for value, asked in list(_filter_values(one, side))[-1:]:
                yield {f"flt0_{one.key}": value}, asked


def values_in_list(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """The inputs of a row; posted, each value that is edited in the list, changed, and pointing at the side's rows."""
    own = replace(side, name=OWN)
    names = editable_names(screen, screen.columns)
    for key in side.keys(screen.resource):
        if method == "GET" or not names:
            yield about_any_key(rule, method, screen.resource, key)
            continue
        form = side.form(screen.resource, key)
        for name, column in names.items():
            value = another(screen, column, form.get(column, ""))
            posted = (("id", str(key)), ("name", name), ("value", value), ("version_seen", form["version_seen"]))
            yield Attempt(
                rule.endpoint, method, rule.rule, f"{name} in the list", (), posted, str(key), screen.resource, True
            )
    if method == "GET" or side.own or not names:
        return
    columns = {of_form: name for name, of_form in names.items()}
    for own_key in own.keys(screen.resource):
        version = own.form(screen.resource, own_key)["version_seen"]
        for of_form, target, key in rows_to_point_at(screen, side):
            if of_form in columns:
                posted = (("id", str(own_key)), ("name", columns[of_form]), ("value", key), ("version_seen", version))
                yield Attempt(rule.endpoint, method, rule.rule, f"{of_form} in the list", (), posted, key, target)
