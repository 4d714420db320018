"""What the matrix tries: all that can be asked of each route in ``url_map``, about one's own rows and about others'.

Nothing is listed by hand: a new screen, filter, field, step, action or page is tried as soon as it exists. Whatever asks
about a foreign row has a twin that asks the same about a row that doesn't exist: the two answers must be alike.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Flask

from admin.screen import Screen
from tests import list_attempts, record_attempts
from tests.sides import ANY_FORM, FOREIGN, MISSING, OWN, Attempt, Side, about_any_key
from tests.typed_forms import forms_and_numbers, screens_of
from tests.world import World

NOT_TRIED = {"static"}
NO_SUCH_WORD = "无此词"
"""What pages are asked for to learn whether they look for words; those that do are known by WORDS."""
WORDS = "words"
KEYS_OF_PAGES = ("id", "company", "branch")
"""The names under which addresses of pages that aren't screens hold a row's key."""


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
        "index_view": list_attempts.lists,
        "export": list_attempts.exports,
        "export_page": list_attempts.export_choices,
        "ajax_lookup": list_attempts.look_ups,
        "import_view": list_attempts.imports,
        "import_template_view": list_attempts.templates,
        "create_view": record_attempts.creations,
        "edit_view": record_attempts.edits,
        "action_view": list_attempts.actions,
        "unmask_view": record_attempts.unmaskings,
        "step_view": record_attempts.steps,
        "find_view": record_attempts.findings,
        "explain_view": record_attempts.explanations,
        "ajax_update": list_attempts.values_in_list,
        "draft_view": record_attempts.drafts,
        "discard_draft_view": record_attempts.drafts,
    }
    if name in ways:
        yield from ways[name](screen, rule, method, side)
        return
    for key in side.keys(screen.resource):
        yield about_any_key(rule, method, screen.resource, key)
