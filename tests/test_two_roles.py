"""Whoever holds two roles in two branches has in each branch what his role there gives, and never what the other gives.

A permission is held in a branch, not by a person: the union of the roles would open every door in both branches.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from models import Posting, db
from models.clock import today
from policy import system_session
from tests.attempts import one_to_each_route
from tests.conftest import as_new, signed_in
from tests.databases import Office, kept_as_it_is
from tests.matrix import Browser, actor_of, all_attempts, walk
from tests.sides import OWN, Attempt
from tests.typed_forms import changed, forms_and_numbers, screens_of
from tests.world import SHARED, World, canary, employ

NAME = "two_roles"


@dataclass(frozen=True)
class Employee:
    """Grants, as role and branch, and what they must give: for each resource the labels of the rows."""

    grants: tuple[tuple[str, str], ...]
    sees: dict[str, str]
    edits: dict[str, str]
    exports: dict[str, str]
    deletes: dict[str, str] = field(default_factory=dict)
    unmasks: dict[str, str] = field(default_factory=dict)


# In each side's world, people and what hangs from them are in the sending branch (甲), the company's own people
# in the company's branch (甲企); companies and all that they own are in the company's branch.
EMPLOYEES = {
    "clerk of one company, liaison officer of the other side's sending branch": Employee(
        grants=(("company_clerk", "desk甲"), ("liaison", "home乙")),
        sees={"company": "甲", "person": "甲企 乙", "key_post": "甲企 乙", "adviser": "乙", "posting": "甲", "visit": "甲",
              "problem": "甲", "monthly_report": "甲 甲交", "appointment": "乙", "work_log": "乙", "trash": "乙",
              "attachment": "甲", "branch": "甲 乙派"},
        edits={"company": "甲", "person": "甲企 乙", "key_post": "甲企 乙", "adviser": "乙", "visit": "", "problem": "甲",
               "appointment": "乙"},
        exports={"company": "甲", "person": "甲企 乙", "visit": "", "problem": "甲"},
        deletes={"problem": "", "key_post": ""},
        unmasks={"person": ""},
    ),
    "administrator of one sending branch, clerk of the other side's company": Employee(
        grants=(("branch_admin", "home乙"), ("company_clerk", "desk甲")),
        sees={"company": "甲", "person": "甲企 乙", "key_post": "甲企 乙", "adviser": "乙", "visit": "甲", "trash": "乙"},
        edits={"company": "甲", "person": "甲企 乙", "adviser": "乙", "visit": ""},
        exports={"company": "甲", "person": "甲企 乙", "visit": ""},
        deletes={"problem": "", "key_post": "乙"},
        unmasks={"person": "乙"},
    ),
    "inspector of one company, liaison officer of the other side's sending branch": Employee(
        grants=(("inspector", "desk甲"), ("liaison", "home乙")),
        sees={"company": "甲", "person": "甲企 乙", "adviser": "乙", "posting": "甲", "rectification": "甲 甲交", "trash": "乙"},
        edits={"company": "", "person": "乙", "adviser": "乙", "rectification": "甲 甲交", "problem": ""},
        exports={"company": "甲", "person": "甲企 乙", "visit": "甲"},
    ),
}  # fmt: skip
SHOWN_IN_FILES = {"company": "short_name", "person": "name", "visit": "findings", "problem": "subject"}


@pytest.fixture(params=EMPLOYEES)
def employee(request: pytest.FixtureRequest, office: tuple[Flask, World]) -> Iterator[tuple[Employee, FlaskClient]]:
    """Somebody with two roles, signed in; nobody is posted any more by the other side, which would give a third."""
    app, world = office
    employee = EMPLOYEES[request.param]
    with system_session("demo") as session:
        posting = session.get(Posting, world.rows["posting", "乙"])
        posting.ended_on, posting.end_reason = today(), "term"
        session.commit()
    employ(world, NAME, employee.grants)
    yield employee, signed_in(app, NAME)


def rows_of(world: World, resource: str) -> dict[str, int]:
    """A resource's rows by label."""
    return {label: key for (of, label), key in world.rows.items() if of == resource and label != SHARED}


def test_each_row_is_seen_where_the_role_there_reads_it(
    employee: tuple[Employee, FlaskClient], office: tuple[Flask, World]
) -> None:
    somebody, client = employee
    for resource, labels in somebody.sees.items():
        rows = rows_of(office[1], resource)
        page = client.get(f"/{resource}/").get_data(as_text=True)
        listed = {int(key) for key in re.findall(rf'"/{resource}/details/\?id=(\d+)"', page)}
        assert {label for label, key in rows.items() if key in listed} == set(labels.split()), resource
        for label, key in rows.items():
            expected = 200 if label in labels.split() else 404
            for name in ("details", "history", "explain"):
                assert client.get(f"/{resource}/{name}/?id={key}").status_code == expected, (resource, label)


def test_look_ups_offer_what_is_seen(employee: tuple[Employee, FlaskClient], office: tuple[Flask, World]) -> None:
    somebody, client = employee
    found = {key for key, _title in client.get("/key_post/ajax/lookup/?name=person").json}
    people = rows_of(office[1], "person")
    assert {label for label, key in people.items() if key in found} == set(somebody.sees["person"].split())


def test_each_row_is_changed_where_the_role_there_changes_it(
    employee: tuple[Employee, FlaskClient], office: tuple[Flask, World]
) -> None:
    somebody, client = employee
    app, world = office
    forms, _numbers = forms_and_numbers(app, world)
    screens = screens_of(app)
    for resource, labels in somebody.edits.items():
        seen = somebody.sees.get(resource)
        for label, key in rows_of(world, resource).items():
            answer = client.post(f"/{resource}/edit/?id={key}", data=changed(screens[resource], forms[resource, key]))
            if label in labels.split():
                assert answer.status_code == 302, (resource, label, answer.get_data(as_text=True))
            else:
                hidden = label[0] != OWN if seen is None else label not in seen.split()
                assert answer.status_code == (404 if hidden else 403), (resource, label)


def test_a_file_holds_only_rows_of_branches_where_the_role_exports(
    employee: tuple[Employee, FlaskClient], office: tuple[Flask, World]
) -> None:
    somebody, client = employee
    for resource, labels in somebody.exports.items():
        for kind in ("csv", "xlsx"):
            answer = client.get(f"/{resource}/export/{kind}/")
            assert answer.status_code in (200, 403)
        text = client.get(f"/{resource}/export/csv/").get_data(as_text=True)
        column = SHOWN_IN_FILES[resource]
        held = {label for label in rows_of(office[1], resource) if f"{canary(resource, label)}{column}" in text}
        assert held == set(labels.split()), resource


def test_deleting_and_unmasking_stay_in_their_branch(
    employee: tuple[Employee, FlaskClient], office: tuple[Flask, World]
) -> None:
    somebody, client = employee
    for resource, labels in somebody.unmasks.items():
        for label in somebody.sees[resource].split():
            address = f"/{resource}/unmask/?id={office[1].rows[resource, label]}&field=phone"
            allowed = label in labels.split()
            assert client.post(address, data={"reason": "核对"}).status_code == (200 if allowed else 403), label
    for resource, labels in somebody.deletes.items():
        for label, key in rows_of(office[1], resource).items():
            status = client.post(f"/{resource}/delete/", data={"id": key}).status_code
            assert (status == 302) == (label in labels.split()), (resource, label)


# Acting as one role alone: each wall stands as if there were no other role.

TWO_ROLES = [("company_clerk", "desk甲"), ("branch_admin", "home乙")]


@pytest.fixture
def narrowed(on_sqlite: Office, tmp_path: Path) -> Iterator[Office]:
    """A world in which somebody is a clerk on one side and an administrator on the other."""
    with as_new(on_sqlite).app.app_context():
        employ(on_sqlite.world, NAME, TWO_ROLES)
        employ(on_sqlite.world, "clerk_alone", TWO_ROLES[:1])
        employ(on_sqlite.world, "admin_alone", TWO_ROLES[1:])
        db.session.remove()
        yield kept_as_it_is(on_sqlite, tmp_path)


def choose(client: FlaskClient, title: str) -> str:
    """Choose the identity of this title from the menu; its page."""
    page = client.get("/").get_data(as_text=True)
    key = re.search(rf'value="([^"]+)"[^>]*>以“{title}', page)
    assert key, page
    return client.post("/identity/", data={"identity": key[1]}, follow_redirects=True).get_data(as_text=True)


def test_somebody_with_two_roles_may_act_as_one_alone_and_as_both_again(narrowed: Office) -> None:
    client = signed_in(narrowed.app, NAME)
    rows = {side: narrowed.world.rows["person", side] for side in ("甲企", "乙")}
    both = {side: client.get(f"/person/details/?id={key}").status_code for side, key in rows.items()}
    page = choose(client, "支部管理员")
    assert "现在以“支部管理员 · " in page
    one = {side: client.get(f"/person/details/?id={key}").status_code for side, key in rows.items()}
    client.post("/identity/", data={"identity": ""})
    again = {side: client.get(f"/person/details/?id={key}").status_code for side, key in rows.items()}
    assert both == again == {"甲企": 200, "乙": 200}
    assert one == {"甲企": 404, "乙": 200}
    assert "现在以“" not in client.get("/company/").get_data(as_text=True)


def test_whoever_has_one_role_is_offered_no_other(narrowed: Office) -> None:
    client = signed_in(narrowed.app, "clerk_alone")
    assert "切换身份" not in client.get("/").get_data(as_text=True)
    assert "切换身份" not in str(client.get("/search/found/?q=qhsf").json)
    assert "切换身份" in str(signed_in(narrowed.app, NAME).get("/search/found/?q=qhsf").json)
    foreign = actor_of(NAME).identities[1].key
    assert client.post("/identity/", data={"identity": foreign}).status_code == 404


def test_a_role_that_has_ended_leaves_nothing_until_another_is_chosen(narrowed: Office) -> None:
    actor = actor_of(NAME, "grant-999999")
    assert not actor.reaches and actor.identity is not None
    home = Browser(narrowed.app, NAME, "grant-999999").send(Attempt("admin.index", "GET", "/", "page"))
    assert "恢复全部身份" in home.text and "已经结束的授权" in home.text


@pytest.mark.parametrize(("place", "alone"), [(0, "clerk_alone"), (1, "admin_alone")])
def test_acting_as_one_role_is_like_having_that_role_alone(place: int, alone: str, narrowed: Office) -> None:
    whole = actor_of(NAME)
    narrow = whole.acting_only_as(whole.identities[place].key)
    assert narrow.reaches == actor_of(alone).reaches
    for permission, reach in narrow.reaches.items():
        assert reach <= whole.reach(permission), permission


@pytest.mark.matrix
@pytest.mark.parametrize("place", [0, 1])
def test_no_route_leaks_to_somebody_acting_as_one_of_two_roles(place: int, narrowed: Office) -> None:
    identity = actor_of(NAME).identities[place].key
    tried = one_to_each_route(all_attempts(narrowed))
    assert walk(narrowed, NAME, tried, identity).made > 400
