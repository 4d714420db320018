"""What the matrix tries: all that can be asked of each route in ``url_map``, about one's own rows and about others'.

Nothing is listed by hand: a new screen, filter, field, step, action or page is tried as soon as it exists. Whatever asks
about a foreign row has a twin that asks the same about a row that doesn't exist: the two answers must be alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import Boolean, Date, Enum, inspect

from admin.drafts import EDIT, STEP
from admin.exports import offered_names
from admin.filters import BoundFilter, ChoiceFilter, RelationFilter
from admin.imports import takes_imports, target_of
from admin.inline_edit import editable_names
from admin.screen import Screen
from models.clock import today
from models.column_types import PartialDate, PartialDateType, UtcDateTime
from policy import system_session
from policy.actions import resource_of
from services.drafts import NEW
from tests.world import SHARED, World, canary

NOT_TRIED = {"static"}
NO_SUCH_KEY = 200_000
"""What is added to a foreign row's key to get one that no row has."""

NO_SUCH_WORD = "无此词"
"""What pages are asked for to learn whether they look for words; those that do are known by WORDS."""
WORDS = "words"

OWN, FOREIGN, MISSING = "甲", "乙", "丁"
KEY_FIELDS = ("id", "kept", "double", "companies", "branches")
"""The names under which pages that aren't screens are posted a row's key."""
KEYS_OF_PAGES = ("id", "company", "branch")
"""The names under which addresses of pages that aren't screens hold a row's key."""
NOBODYS = {"id_number": "620200196001010037", "phone": "13700000000"}
"""Numbers that no row carries."""
SHEET = "sheet"
"""A field of this name is posted as a file."""
ANY_FORM = {
    "version_seen": "1", "reason": "核对档案", "do": "finish", "month": "2026-01", "confirmed": "yes",
    "item": "1", "items": "1", "side": "self", "answer": "not_applicable", "seen-answer": "met", "reviewing": "posted",
}  # fmt: skip
"""What is posted to a page whose form isn't a screen's."""


@dataclass(frozen=True)
class Attempt:
    """One request.

    Attributes:
        kind: what kind of request it is to its route, such as a search or a filter.
        asks: the key or the word by which it asks about a side's row.
        of: the resource whose key that is; empty for a word.
        by_key: whether it asks for that one row, so that it must not be found when it is out of sight.
        twin: the same about a row that doesn't exist; only where it asks about a foreign row.
    """

    endpoint: str
    method: str
    path: str
    kind: str
    query: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] = ()
    asks: str = ""
    of: str = ""
    by_key: bool = False
    twin: "Attempt | None" = None

    @property
    def address(self) -> str:
        """Path and query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def __str__(self) -> str:
        return f"{self.method} {self.address} {dict(self.form) or ''} [{self.kind}]"


@dataclass
class Side:
    """The rows that requests ask about: one's own, foreign ones, or ones that don't exist."""

    name: str
    world: World
    forms: dict[tuple[str, int], dict[str, str]] = field(repr=False)
    """What a browser would post to leave a row as it is."""
    numbers: dict[tuple[str, int], dict[str, str]] = field(repr=False)
    """A row's masked numbers by the rule that masks them."""

    @property
    def own(self) -> bool:
        """Whether it is the side that is tried for itself, with what belongs to no side."""
        return self.name == OWN

    def keys(self, resource: str) -> list[int]:
        """The keys of its rows."""
        labels = [OWN, SHARED] if self.own else [FOREIGN]
        keys = [key for (of, label), key in self.world.rows.items() if of == resource and label[0] in labels]
        return [key + NO_SUCH_KEY for key in keys] if self.name == MISSING else keys

    def word(self, resource: str) -> str:
        """A word that is found in its rows only."""
        return canary(resource, self.name)

    def form(self, resource: str, key: int) -> dict[str, str]:
        """The form of one of its rows."""
        if self.name != MISSING:
            return self.forms[resource, key]
        known = self.forms[resource, key - NO_SUCH_KEY]
        foreign = [one for (_resource, label), one in self.world.rows.items() if label[0] == FOREIGN]
        keys = {str(one): str(one + NO_SUCH_KEY) for one in foreign}
        return {name: keys.get(value, value).replace(FOREIGN, MISSING) for name, value in known.items()}

    def number(self, resource: str, key: int, mask: str) -> str:
        """A masked number of one of its rows; empty where the row has none."""
        if self.name != MISSING:
            return self.numbers[resource, key].get(mask, "")
        return NOBODYS[mask] if mask in self.numbers[resource, key - NO_SUCH_KEY] else ""


def attempts(app: Flask, world: World, known: dict[tuple[str, str], list[str]]) -> list[Attempt]:
    """Every request to try.

    Args:
        known: for each page and method, the resources whose keys it answers to (``keys_known_to_pages``).
    """
    forms, numbers = forms_and_numbers(app, world)
    own, foreign, missing = (
        list(_attempts_about(app, Side(name, world, forms, numbers), known)) for name in (OWN, FOREIGN, MISSING)
    )
    return own + [replace(one, twin=twin) for one, twin in zip(foreign, missing, strict=True)]


def some_of_each_kind(tried: list[Attempt]) -> list[Attempt]:
    """Each kind of request to each route once about one's own rows and once about foreign ones."""
    found: dict[tuple[Any, ...], Attempt] = {}
    for one in tried:
        found.setdefault((one.endpoint, one.method, one.kind.split()[0], one.twin is None), one)
    return list(found.values())


def some_to_each_route(tried: list[Attempt]) -> list[Attempt]:
    """One request to each route about one's own rows and one about foreign ones."""
    found: dict[tuple[Any, ...], Attempt] = {}
    for one in tried:
        found.setdefault((one.endpoint, one.method, one.twin is None), one)
    return list(found.values())


def one_to_each_route(tried: list[Attempt]) -> list[Attempt]:
    """One request to each route, about a foreign row where it can be about one."""
    found: dict[tuple[Any, ...], Attempt] = {}
    for one in sorted(tried, key=lambda attempt: attempt.twin is None):
        found.setdefault((one.endpoint, one.method), one)
    return list(found.values())


def _attempts_about(app: Flask, side: Side, known: dict[tuple[str, str], list[str]]) -> Iterator[Attempt]:
    screens = screens_of(app)
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
        if rule.endpoint in NOT_TRIED:
            continue
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            screen, _dot, name = rule.endpoint.partition(".")
            if screen in screens:
                yield from _of_screen(screens[screen], rule, name, method, side)
            else:
                yield from _of_page(rule, method, side, known.get((rule.endpoint, method), []))


def screens_of(app: Flask) -> dict[str, Screen]:
    """The screens by endpoint."""
    return {view.endpoint: view for view in app.extensions["admin"][0]._views if isinstance(view, Screen)}


def about_any_key(
    rule: Any, method: str, resource: str, key: int, names: tuple[str, ...] = ("id",)
) -> Attempt:  # fmt: skip
    """A request that gives a key in every way in which a route may take one.

    Args:
        names: under which the address holds it.
    """
    path = rule.rule
    for name in rule.arguments:
        path = path.replace(f"<int:{name}>", str(key)).replace(f"<{name}>", str(key))
    form = {**dict.fromkeys(KEY_FIELDS, str(key)), **ANY_FORM} if method == "POST" else {}
    return Attempt(
        rule.endpoint, method, path, resource, tuple((name, str(key)) for name in names), tuple(form.items()), str(key),
        resource, True,
    )  # fmt: skip


def _of_page(rule: Any, method: str, side: Side, resources: list[str]) -> Iterator[Attempt]:
    if side.own and not rule.arguments:
        form = tuple(ANY_FORM.items()) if method == "POST" else ()
        yield Attempt(rule.endpoint, method, rule.rule, "page", form=form)
    for resource in resources:
        if resource == WORDS:
            for word in sorted({side.word(of) for of, _label in side.world.rows}):
                yield Attempt(rule.endpoint, method, rule.rule, "words", (("q", word),), asks=word)
            continue
        for key in side.keys(resource):
            yield about_any_key(rule, method, resource, key, KEYS_OF_PAGES)


def _of_screen(screen: Screen, rule: Any, name: str, method: str, side: Side) -> Iterator[Attempt]:
    """What can be asked of one route of a screen."""
    ways = {
        "index_view": _lists, "export": _exports, "export_page": _export_choices, "ajax_lookup": _look_ups,
        "import_view": _imports, "import_template_view": _templates, "create_view": _creations,
        "edit_view": _edits, "action_view": _actions, "unmask_view": _unmaskings, "step_view": _steps,
        "find_view": _findings, "explain_view": _explanations, "ajax_update": _values_in_list,
        "draft_view": _drafts, "discard_draft_view": _drafts,
    }  # fmt: skip
    if name in ways:
        yield from ways[name](screen, rule, method, side)
        return
    for key in side.keys(screen.resource):
        yield about_any_key(rule, method, screen.resource, key)


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


def _lists(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    for kind, query, asked in _list_queries(screen, side):
        yield Attempt(rule.endpoint, method, rule.rule, kind, tuple(query.items()), **asked)


def _exports(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """A file of the list, of each figure, and of what is asked of the side."""
    for place, file_type in enumerate(screen.export_types):
        path = rule.rule.replace("<export_type>", file_type)
        for kind, query, asked in _list_queries(screen, side):
            if kind == "list" or (place == 0 and (asked or kind == "figure")):
                yield Attempt(rule.endpoint, method, path, f"{file_type} {kind}", tuple(query.items()), **asked)


def _export_choices(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
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


def _templates(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    if side.own:
        yield Attempt(rule.endpoint, method, rule.rule, "template")


def _imports(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
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


def _look_ups(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
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


def lookups_of(screen: Screen) -> dict[str, str]:
    """The fields of a screen's form that point at other records, with those records' resource."""
    return {
        name: resource_of(screen.relations[name].mapper.class_)
        for name in screen.form_names
        if name in screen.relations
    }


def _pointing(screen: Screen, side: Side) -> Iterator[tuple[str, str, str]]:
    """Each look-up field with its resource and the key of a row on the side."""
    for name, target in lookups_of(screen).items():
        yield from ((name, target, str(key)) for key in side.keys(target)[:1])


def _creations(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """An empty form, one filled in by the address; a new record like one's own, with the side's keys, and its texts."""
    if method == "GET":
        if side.own:
            yield Attempt(rule.endpoint, method, rule.rule, "empty")
        for name, target, key in _pointing(screen, side):
            yield Attempt(rule.endpoint, method, rule.rule, f"filled in {name}", ((name, key),), (), key, target)
        return
    own = replace(side, name=OWN)
    for own_key in own.keys(screen.resource) if screen.form_names else []:
        form = fresh(screen, own.form(screen.resource, own_key))
        if side.own:
            yield Attempt(rule.endpoint, method, rule.rule, "new", form=tuple(form.items()))
        for name, target, key in _pointing(screen, side):
            pointing = {**form, name: key}
            yield Attempt(
                rule.endpoint, method, rule.rule, f"new with {name}", (), tuple(pointing.items()), key, target
            )
        for key in side.keys(screen.resource)[:1] if not side.own else []:
            texts = {**side.form(screen.resource, key), **{name: form[name] for name in lookups_of(screen)}}
            yield Attempt(
                rule.endpoint, method, rule.rule, "new with the same texts", (), tuple(texts.items()), str(key),
                screen.resource,
            )  # fmt: skip


def _edits(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """The form of a row; posted, with a text changed, with the side's keys, and with columns that aren't on it."""
    own = replace(side, name=OWN)
    for key in side.keys(screen.resource):
        form = changed(screen, side.form(screen.resource, key)) if method == "POST" else {}
        yield Attempt(
            rule.endpoint,
            method,
            rule.rule,
            "row",
            (("id", str(key)),),
            tuple(form.items()),
            str(key),
            screen.resource,
            True,
        )
    if method == "GET" or side.own:
        return
    for own_key in own.keys(screen.resource) if screen.form_names else []:
        query, form = (("id", str(own_key)),), own.form(screen.resource, own_key)
        for name, target, key in _pointing(screen, side):
            pointing = {**form, name: key}
            yield Attempt(
                rule.endpoint, method, rule.rule, f"{name} moved", query, tuple(pointing.items()), key, target
            )
        for key in side.keys(screen.resource)[:1]:
            more = {column.key: str(key) for column in inspect(screen.model).columns} | form
            more["branch_id"] = str(side.keys("branch")[0])
            yield Attempt(
                rule.endpoint,
                method,
                rule.rule,
                "hidden columns",
                query,
                tuple(more.items()),
                str(key),
                screen.resource,
            )


def _actions(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
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


def _values_in_list(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """The inputs of a row; posted, each value that is edited in the list, changed, and pointing at the side's rows."""
    own = replace(side, name=OWN)
    names = editable_names(screen, screen.columns)
    for key in side.keys(screen.resource):
        if method == "GET" or not names:
            yield about_any_key(rule, method, screen.resource, key)
            continue
        form = side.form(screen.resource, key)
        for name, column in names.items():
            value = _another(screen, column, form.get(column, ""))
            posted = (("id", str(key)), ("name", name), ("value", value), ("version_seen", form["version_seen"]))
            yield Attempt(
                rule.endpoint, method, rule.rule, f"{name} in the list", (), posted, str(key), screen.resource, True
            )
    if method == "GET" or side.own or not names:
        return
    columns = {of_form: name for name, of_form in names.items()}
    for own_key in own.keys(screen.resource):
        version = own.form(screen.resource, own_key)["version_seen"]
        for of_form, target, key in _pointing(screen, side):
            if of_form in columns:
                posted = (("id", str(own_key)), ("name", columns[of_form]), ("value", key), ("version_seen", version))
                yield Attempt(rule.endpoint, method, rule.rule, f"{of_form} in the list", (), posted, key, target)


def _unmaskings(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    masked = [column.key for column in inspect(screen.model).columns if "mask" in column.info]
    for name in [*masked, "password_hash"]:
        for key in side.keys(screen.resource):
            query = (("id", str(key)), ("field", name))
            form = tuple(ANY_FORM.items()) if method == "POST" else ()
            yield Attempt(
                rule.endpoint, method, rule.rule, f"unmask {name}", query, form, str(key), screen.resource, True
            )


def _findings(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """A search by each whole number of each row; the answer must not tell that a hidden row carries it."""
    if side.own:
        yield Attempt(rule.endpoint, method, rule.rule, "empty")
    for key in side.keys(screen.resource) if method == "POST" else []:
        for mask in NOBODYS:
            if number := side.number(screen.resource, key, mask):
                form = (("number", number),)
                yield Attempt(rule.endpoint, method, rule.rule, f"find {mask}", (), form, str(key), screen.resource)


def _explanations(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """Why one may see a row, and why another account may."""
    for key in side.keys(screen.resource):
        yield about_any_key(rule, method, screen.resource, key)
    for key in replace(side, name=OWN).keys(screen.resource)[:1]:
        query = (("id", str(key)), ("username", side.word("account")))
        yield Attempt(rule.endpoint, method, rule.rule, "explain for another", query, asks=side.word("account"))


def _steps(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    for step in screen.steps:
        for key in side.keys(screen.resource):
            asked = {name: _answer_to(inspect(screen.model).columns[name]) for name in step.asks}
            form = {"version_seen": side.form(screen.resource, key)["version_seen"], **asked}
            path = rule.rule.replace("<step>", step.key)
            posted = tuple(form.items()) if method == "POST" else ()
            yield Attempt(
                rule.endpoint,
                method,
                path,
                f"step {step.key}",
                (("id", str(key)),),
                posted,
                str(key),
                screen.resource,
                True,
            )


def _drafts(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """What was typed into each form of a screen: a new record's, a record's and each step's."""
    forms = [EDIT, *(STEP + step.key for step in screen.steps)]
    keys = side.keys(screen.resource)
    if side.own:
        typed = fresh(screen, side.form(screen.resource, keys[0])) if keys else {}
        yield Attempt(rule.endpoint, method, rule.rule, "new", (("form", NEW),), tuple(typed.items()))
    for key in keys:
        typed = side.form(screen.resource, key)
        for form in forms:
            query = (("form", form), ("id", str(key)))
            yield Attempt(
                rule.endpoint, method, rule.rule, form, query, tuple(typed.items()), str(key), screen.resource, True
            )


def _answer_to(column: Any) -> str:
    """Something that a step accepts."""
    if isinstance(column.type, Date):
        return today().isoformat()
    return "term" if "code" in column.info else "已办理"


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
    others = {name: other for name, value in form.items() if (other := _another(screen, name, value)) != value}
    name = next((name for name, other in others.items() if other.endswith("新")), next(iter(others), None))
    return form if name is None else {**form, name: others[name]}


def fresh(screen: Screen, form: dict[str, str]) -> dict[str, str]:
    """The form of a new record that is like this one and clashes with none."""
    return {name: _another(screen, name, value) for name, value in form.items() if name != "version_seen"}


def _another(screen: Screen, name: str, value: str) -> str:
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
