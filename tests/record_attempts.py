"""What can be asked of a screen's records: new ones, changes, whole numbers, explanations, steps, drafts."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Date, inspect

from admin.drafts import EDIT, STEP
from admin.screen import Screen
from models.clock import today
from services.drafts import NEW
from tests.sides import ANY_FORM, NOBODYS, OWN, Attempt, Side, about_any_key, lookups_of, rows_to_point_at
from tests.typed_forms import changed, fresh


def creations(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """An empty form, one filled in by the address; a new record like one's own, with the side's keys, and its texts."""
    if method == "GET":
        if side.own:
            yield Attempt(rule.endpoint, method, rule.rule, "empty")
        for name, target, key in rows_to_point_at(screen, side):
            yield Attempt(rule.endpoint, method, rule.rule, f"filled in {name}", ((name, key),), (), key, target)
        return
    own = replace(side, name=OWN)
    for own_key in own.keys(screen.resource) if screen.form_names else []:
        form = fresh(screen, own.form(screen.resource, own_key))
        if side.own:
            yield Attempt(rule.endpoint, method, rule.rule, "new", form=tuple(form.items()))
        for name, target, key in rows_to_point_at(screen, side):
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


def edits(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
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
        for name, target, key in rows_to_point_at(screen, side):
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


def unmaskings(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """Each number that is shown masked, and one that nobody is ever shown."""
    masked = [column.key for column in inspect(screen.model).columns if "mask" in column.info]
    for name in [*masked, "password_hash"]:
        for key in side.keys(screen.resource):
            query = (("id", str(key)), ("field", name))
            form = tuple(ANY_FORM.items()) if method == "POST" else ()
            yield Attempt(
                rule.endpoint, method, rule.rule, f"unmask {name}", query, form, str(key), screen.resource, True
            )


def findings(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """A search by each whole number of each row; the answer must not tell that a hidden row carries it."""
    if side.own:
        yield Attempt(rule.endpoint, method, rule.rule, "empty")
    for key in side.keys(screen.resource) if method == "POST" else []:
        for mask in NOBODYS:
            if number := side.number(screen.resource, key, mask):
                form = (("number", number),)
                yield Attempt(rule.endpoint, method, rule.rule, f"find {mask}", (), form, str(key), screen.resource)


def explanations(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """Why one may see a row, and why another account may."""
    for key in side.keys(screen.resource):
        yield about_any_key(rule, method, screen.resource, key)
    for key in replace(side, name=OWN).keys(screen.resource)[:1]:
        query = (("id", str(key)), ("username", side.word("account")))
        yield Attempt(rule.endpoint, method, rule.rule, "explain for another", query, asks=side.word("account"))


def steps(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
    """Each step with an answer to all that it asks."""
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


def drafts(screen: Screen, rule: Any, method: str, side: Side) -> Iterator[Attempt]:
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
