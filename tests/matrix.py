"""The matrix: every route found in ``url_map`` × every role and nobody × own and foreign rows × GET and POST.

Nothing is listed by hand: a new screen, page or route is walked as soon as it exists.
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, select

from models import Account, AuditEntry, Base
from models.clock import today
from policy import system_session
from policy.actions import resource_of
from policy.actor import Actor, load_actor
from tests.world import PASSWORD, ROLES, SIDES, World, canary, scoped_models

SKIPPED = {"static", "auth.sign_out", "auth.sign_out_everywhere"}
ALLOWED_STATUS = {200, 302, 400, 401, 403, 404, 405, 409, 422}


@dataclass
class Leak(AssertionError):
    """What was seen that should not have been, and where."""

    role: str
    request: str
    what: str

    def __str__(self) -> str:
        return f"{self.role} {self.request}: {self.what}"


def actor_of(role: str) -> Actor:
    """The actor of a test account."""
    with system_session("sign_in", readonly=True) as session:
        return load_actor(session, session.scalar(select(Account).where(Account.username == role)), today())


def forbidden_texts(actor: Actor | None, world: World) -> list[str]:
    """The canaries that must not reach this actor, name projections of visible postings excepted."""
    texts = []
    for model in scoped_models():
        resource = resource_of(model)
        for side in SIDES:
            branches = branches_of(model, side, world)
            seen = actor is not None and (
                any(actor.permits(f"{resource}:read", branch) for branch in branches)
                or projected(resource, side, actor, world)
            )
            if not seen:
                texts.append(canary(resource, side))
    return texts


def branches_of(model: type, side: str, world: World) -> list[int]:
    """The branches in which this side's rows of a model stand."""
    if model.__name__ == "Branch":
        return [world.branches[f"home{side}"], world.branches[f"desk{side}"]]
    with system_session("demo", readonly=True) as session:
        return [session.get(model, world.rows[resource_of(model), side]).branch_id]


def projected(resource: str, side: str, actor: Actor, world: World) -> bool:
    """Names that a posting or an account shows to whoever sees it: the company, the adviser, one's own branch."""
    if resource == "branch" and actor.branch_id in (world.branches[f"home{side}"], world.branches[f"desk{side}"]):
        return True
    desk = world.branches[f"desk{side}"]
    return resource in ("company", "person", "adviser") and actor.permits("posting:read", desk)


def requests_of(app: Flask, world: World) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Every request to try: method, address, side of the row it names, form."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
        if rule.endpoint in SKIPPED:
            continue
        resource = rule.endpoint.split(".")[0]
        for side in SIDES:
            key = world.rows.get((resource, side)) or world.rows.get(("assessment", side))
            for address in addresses(rule, key, resource, side, world):
                for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                    yield method, address, side, form_for(resource, key, side, world) if method == "POST" else {}


def addresses(rule: Any, key: int | None, resource: str, side: str, world: World) -> list[str]:
    """The rule's addresses with a row of a side, a search, a filter, a sort."""
    if rule.arguments == {"export_type"}:
        return [rule.rule.replace("<export_type>", kind) for kind in ("csv", "xlsx")]
    if rule.arguments:
        return [
            rule.rule.replace(f"<{name}>", str(key or 1)).replace(f"<int:{name}>", str(key or 1))
            for name in rule.arguments
        ]
    name = rule.endpoint.split(".")[-1]
    word = canary(resource, side)
    if name == "index_view":
        return [rule.rule, f"{rule.rule}?search={word}", f"{rule.rule}?sort=0&desc=1", f"{rule.rule}?flt0_branch={key}"]
    if name == "ajax_lookup":
        return [f"{rule.rule}?name={field}&query={extra}" for field in lookups_of(resource) for extra in ("", word)]
    fields = (
        [f"&field={field}" for field in ("id_number", "phone", "contact_phone", "work_phone")]
        if "unmask" in name
        else [""]
    )
    return [f"{rule.rule}?id={key}{field}" for field in fields]


def lookups_of(resource: str) -> list[str]:
    """The relationships of a resource's model, as look-ups would be named."""
    model = next((m.class_ for m in Base.registry.mappers if resource_of(m.class_) == resource), None)
    return [relation.key for relation in inspect(model).relationships] if model else ["branch"]


def form_for(resource: str, key: int | None, side: str, world: World) -> dict[str, Any]:
    """A form that tries to change the row and to point every relationship at the other side's rows."""
    other = SIDES[1 - SIDES.index(side)]
    form: dict[str, Any] = {"id": key, "rowid": key, "action": "delete", "confirmed": "yes", "version_seen": "1",
                            "reason": "查看", "list_form_pk": key}  # fmt: skip
    model = next((m.class_ for m in Base.registry.mappers if resource_of(m.class_) == resource), None)
    if model is None:
        return form
    for column in inspect(model).columns:
        if not column.foreign_keys and column.key not in ("id", "version"):
            form[column.key] = "2026-02-03" if "_on" in column.key or column.key == "since" else "改动"
    for relation in inspect(model).relationships:
        target = resource_of(relation.mapper.class_)
        form[relation.key] = world.rows.get((target, other), 1)
    return form


def body_of(response: Any) -> str:
    """The answer as text; a workbook is unpacked."""
    data = response.get_data()
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            data = b"".join(book.read(name) for name in book.namelist())
    return data.decode("utf-8", "replace")


def snapshot() -> dict[tuple[str, int], tuple[Any, ...]]:
    """Every scoped row as it stands, with the columns a person can change."""
    rows = {}
    with system_session("demo", readonly=True) as session:
        for model in scoped_models():
            for row in session.scalars(select(model)):
                values = tuple(str(getattr(row, column.key)) for column in inspect(model).columns)
                rows[resource_of(model), row.id] = (getattr(row, model.scope_column().key), values)
    return rows


def client_of(app: Flask, role: str | None) -> FlaskClient:
    """A browser of that role, or of nobody."""
    client = app.test_client()
    if role is not None:
        client.post("/sign-in", data={"username": role, "password": PASSWORD})
    return client


def walk(app: Flask, world: World, role: str | None, only: Any = None) -> int:
    """Try every request as one role; returns how many were made, raises Leak at the first leak."""
    with app.app_context():
        actor = actor_of(role) if role else None
        forbidden = forbidden_texts(actor, world)
        before = snapshot()
        entries = logged()
    client = client_of(app, role)
    made = 0
    for method, address, _side, form in requests_of(app, world):
        if only is not None and not only(method, address):
            continue
        response = client.open(address, method=method, data=form)
        made += 1
        where = f"{method} {address}"
        if response.status_code not in ALLOWED_STATUS:
            raise Leak(str(role), where, f"status {response.status_code}")
        if role is None and response.status_code == 200 and not address.startswith(("/sign-in", "/health")):
            raise Leak("nobody", where, "answered without a sign-in")
        body = body_of(response)
        response.close()
        if actor is not None and actor.may("audit_entry:read") and address.startswith("/audit_entry/"):
            continue  # an auditor reads what the log says of every branch
        asked = address + "".join(str(value) for value in form.values())
        for text in forbidden:
            if text in body and text not in asked:
                raise Leak(str(role), where, f"sent {text}")
        # What was asked for may be shown again, as search text; a row that carries it may not.
        for text in forbidden:
            if text in asked and any(
                f"{text}{column}" in body for column in ("name", "note", "short_name", "what", "subject")
            ):
                raise Leak(str(role), where, f"found {text}")
    with app.app_context():
        after = snapshot()
        check_unchanged(str(role), actor, before, after)
        check_logged(str(role), before, after, logged() - entries)
    return made


def logged() -> set[tuple[int, str, int]]:
    """Every audit entry, with the row it is about."""
    with system_session("demo", readonly=True) as session:
        columns = select(AuditEntry.id, AuditEntry.resource, AuditEntry.record_id)
        return {tuple(row) for row in session.execute(columns)}


def check_logged(role: str, before: Any, after: Any, entries: set[tuple[int, str, int]]) -> None:
    """Every row that came, changed or went has an audit entry; what the database copies from an owner has the owner's."""
    about = {(resource, key) for _entry, resource, key in entries}
    for key in before.keys() | after.keys():
        if before.get(key) != after.get(key) and key not in about and key[0] not in ("posting", "adviser"):
            raise Leak(role, "after all", f"{key} was changed without an audit entry")


def check_unchanged(role: str, actor: Actor | None, before: Any, after: Any) -> None:
    """Rows in branches where the actor may write nothing of their kind are as they were, and no new one came."""
    for key in before.keys() | after.keys():
        if before.get(key) == after.get(key):
            continue
        resource = key[0]
        branches = {state[key][0] for state in (before, after) if key in state}
        allowed = actor is not None and all(
            any(actor.permits(f"{resource}:{action}", branch) for action in ("create", "update", "delete"))
            or (resource == "trash" and actor.may("person:delete"))
            for branch in branches
        )
        if not allowed and not _follows_an_owner(resource, actor):
            raise Leak(role, "after all", f"{key} was changed in a branch where {role} may not write")


def _follows_an_owner(resource: str, actor: Actor | None) -> bool:
    """Whether the database itself copies into these rows what the actor may change on their owner (names, phones)."""
    return resource in ("posting", "adviser", "work_log") and actor is not None and actor.may("person:update")


EVERYONE = [*ROLES, None]
