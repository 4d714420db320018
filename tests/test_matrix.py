"""What one branch owns, another never sees nor changes: tried on every route, and shown to be able to fail.

Plain pytest sends one request to each route as nobody. ``make test`` sends everything on SQLite as all, and on
PostgreSQL one request to each route as four, as one of them both about own and about foreign rows. ``make matrix`` sends
everything as all on both.
"""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from models import Branch, BranchKind, db
from models.clock import frozen_at, now
from policy import read_guard, system_session, write_guard
from policy.actions import resource_of
from tests.attempts import one_to_each_route, some_of_each_kind, some_to_each_route
from tests.conftest import as_new
from tests.databases import Office
from tests.matrix import EVERYONE, Browser, Leak, all_attempts, walk
from tests.sides import Attempt
from tests.typed_forms import screens_of
from tests.world import make_row, scoped_models

AS_EVERYONE = pytest.mark.parametrize("role", EVERYONE, ids=str)
ON_BOTH = pytest.mark.parametrize(
    "database", ["on_sqlite", pytest.param("on_postgres", marks=[pytest.mark.postgres, pytest.mark.long])]
)


@pytest.fixture(scope="module")
def tried_on_sqlite(on_sqlite: Office) -> list[Attempt]:
    """Everything that can be tried on SQLite."""
    return all_attempts(as_new(on_sqlite))


@pytest.fixture(scope="module")
def tried_on_postgres(on_postgres: Office) -> list[Attempt]:
    """Everything that can be tried on PostgreSQL."""
    return all_attempts(as_new(on_postgres))


@pytest.mark.glance
def test_no_route_answers_without_a_sign_in(on_sqlite: Office, tried_on_sqlite: list[Attempt]) -> None:
    assert walk(as_new(on_sqlite), None, one_to_each_route(tried_on_sqlite)).made > 500


# What is tried does reach the rows: a matrix of refusals would prove nothing.

WRITERS = {
    "city_admin": None,
    "branch_admin": {"health_note"},
    "system_admin": {"account"},
    "security_admin": {"grant", "role"},
}
"""Who may write the records of which screens; the city administrator those of all others."""
TAKEN = {"adviser", "posting", "one_to_one_pairing"}
"""A new one like one's own would clash with it: a person is one adviser and has one pairing, an adviser one company."""


def forms_open_to(role: str | None, app: Flask) -> dict[str, bool]:
    """The resources whose records a role is expected to write, and whether new ones can be made through a form."""
    forms = {view.resource: view.can_add for view in screens_of(app).values() if view.form_names}
    special = {resource for some in WRITERS.values() for resource in some or ()}
    mine = WRITERS.get(str(role), set())
    return {
        name: can_add for name, can_add in forms.items() if name in (forms.keys() - special if mine is None else mine)
    }


@pytest.mark.matrix
@AS_EVERYONE
def test_nothing_leaks_and_what_may_be_written_is_written_by(
    role: str | None, on_sqlite: Office, tried_on_sqlite: list[Attempt]
) -> None:
    walked = walk(as_new(on_sqlite), role, tried_on_sqlite)
    assert walked.made > 1000
    assert role is None or any(endpoint.endswith(".details_view") for endpoint in walked.opened)
    for resource, can_add in forms_open_to(role, on_sqlite.app).items():
        assert walked.wrote[f"{resource}.edit_view"], resource
        assert walked.wrote[f"{resource}.create_view"] or resource in TAKEN or not can_add, resource


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("role", "some"),
    [
        ("branch_admin", some_to_each_route),
        ("adviser", one_to_each_route),
        ("city_admin", one_to_each_route),
        (None, one_to_each_route),
    ],
    ids=lambda one: getattr(one, "__name__", str(one)),
)
def test_no_route_leaks_on_postgres_to(
    role: str | None,
    some: Callable[[list[Attempt]], list[Attempt]],
    on_postgres: Office,
    tried_on_postgres: list[Attempt],
) -> None:
    assert walk(as_new(on_postgres), role, some(tried_on_postgres)).made > 500


@pytest.mark.long
@pytest.mark.matrix
@pytest.mark.postgres
@AS_EVERYONE
def test_nothing_leaks_on_postgres_to(role: str | None, on_postgres: Office, tried_on_postgres: list[Attempt]) -> None:
    assert walk(as_new(on_postgres), role, tried_on_postgres).made > 1000


# Whether the matrix can fail


def test_it_goes_red_without_the_read_guard(on_sqlite: Office, tried_on_sqlite: list[Attempt]) -> None:
    tried = [one for one in tried_on_sqlite if one.method == "GET"]
    read_guard.switch_off()
    try:
        with pytest.raises(Leak, match="sent 秘"):
            walk(as_new(on_sqlite), "branch_admin", tried)
    finally:
        read_guard.switch_on()


# Screens refuse what is out of sight before the write guard does. What they leave to it: a new record for an owner that
# is in sight in a branch where such records aren't his to make; and the audit log.
@pytest.mark.parametrize(
    ("role", "endpoint", "seen"),
    [
        ("city_admin", "company.edit_view", "update of .* without an audit entry"),
        ("liaison", "problem.create_view", "create of .* where liaison may not write"),
    ],
)
def test_it_goes_red_without_the_write_guard(
    role: str, endpoint: str, seen: str, on_sqlite: Office, tried_on_sqlite: list[Attempt]
) -> None:
    tried = [one for one in tried_on_sqlite if one.method == "POST" and one.endpoint == endpoint]
    write_guard.switch_off()
    try:
        with pytest.raises(Leak, match=seen):
            walk(as_new(on_sqlite), role, tried)
    finally:
        write_guard.switch_on()


def test_a_walk_longer_than_a_session_may_be_idle_is_signed_in_to_its_end(on_sqlite: Office) -> None:
    office = as_new(on_sqlite)
    home, browser = Attempt("admin.index", "GET", "/", "page"), Browser(office.app, "branch_admin")
    with frozen_at(now() + office.app.config["SETTINGS"].idle_end * 2):
        assert browser.send(home).status == 200


# Counts, totals, pages, order, menus: none of them may depend on rows out of sight.


def add_a_side(world: Any) -> None:
    """Rows of every kind in two new branches, and more of them in the foreign ones."""
    with system_session("demo") as session:
        root = session.get(Branch, world.branches["root"])
        home, desk = (Branch(name=name, parent=root, kind=BranchKind.BRANCH) for name in ("丙派出支部", "丙企业支部"))
        session.add_all([home, desk])
        session.flush()
        old_home, old_desk = (session.get(Branch, world.branches[name]) for name in ("home乙", "desk乙"))
        for side, place, company_place in (("丙", home, desk), ("戊", old_home, old_desk)):
            made: dict[type, Any] = {}
            for model in scoped_models():
                # The old branches are paired already, and one pair is recorded once.
                if resource_of(model) not in ("branch", *(["branch_pairing"] if place is old_home else [])):
                    make_row(session, model, side, place, company_place, made)
        session.commit()


@pytest.mark.matrix
@ON_BOTH
@pytest.mark.parametrize("role", ["branch_admin", "liaison", "adviser", "company_clerk"])
def test_what_others_hold_changes_no_byte_for(role: str, database: str, request: pytest.FixtureRequest) -> None:
    office = as_new(request.getfixturevalue(database))
    gets = [one for one in some_of_each_kind(all_attempts(office)) if one.method == "GET" and one.twin is None]
    browser = Browser(office.app, role)
    before = {str(one): browser.send(one) for one in gets}
    with office.app.app_context():
        add_a_side(office.world)
        db.session.remove()
    for one in gets:
        assert browser.send(one) == before[str(one)], str(one)
    assert sum(answer.status == 200 for answer in before.values()) > len(gets) / 10
