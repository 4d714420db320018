"""The matrix: every request of tests/attempts.py as every role and as nobody, and what no answer and no write may do.

What somebody may see is reckoned here from the rows of the test world: a text may reach him only if a row in his sight
shows it. Related names, projections, titles and look-ups need no exceptions of their own.
"""

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from flask import Flask
from sqlalchemy import Engine, Enum, event, inspect, select

from models import (
    Account,
    AuditEntry,
    Base,
    Draft,
    ExportFile,
    Grant,
    ImportBatch,
    Job,
    Role,
    RolePermission,
    SavedView,
    SignIn,
    SignInCard,
    db,
)
from models.base import BranchScoped, Reference
from models.clock import now, today
from models.personal import MASKS
from policy import system_session
from policy.actions import models_by_resource, resource_of, target_of
from policy.actor import Actor, load_actor
from tests.attempts import KEYS_OF_PAGES, NO_SUCH_WORD, WORDS, attempts
from tests.databases import Office
from tests.sides import NO_SUCH_KEY, SHEET, Attempt, about_any_key
from tests.typed_forms import screens_of
from tests.world import ROLES, session_key

EVERYONE = [*ROLES, None]
ANSWERS = {200, 302, 400, 401, 403, 404, 405, 409, 422}
NOT_FOUND = {403, 404}
WHO_REACHES_PAGES = ("city_admin", "security_admin")
FOR_ANYBODY = ("/sign-in", "/health")
OF_ONES_OWN = {"details_view", "history_view", "explain_view"}
PHONE_DIGITS = 11
MARKED = re.compile(r"秘\w+")
ACCESS = {"password_hash", "must_change_password"}
HOUSEKEEPING = {"version", "created_at", "updated_at", "pinyin", "initials"}

Rows = dict[tuple[str, int], dict[str, Any]]


@dataclass
class Leak(AssertionError):
    """What was seen that should not have been, and where."""

    role: str
    request: str
    what: str

    def __str__(self) -> str:
        return f"{self.role} {self.request}: {self.what}"


@dataclass
class Answer:
    """What came back: the status and everything that can be read in it, the messages in the cookie too."""

    status: int
    text: str


@dataclass
class Walked:
    """What a walk did: how many requests, which routes wrote something, which answered with a page."""

    made: int = 0
    wrote: Counter[str] = field(default_factory=Counter)
    opened: Counter[str] = field(default_factory=Counter)


def actor_of(role: str, identity: str = "") -> Actor:
    """The actor of a test account, with all its roles or with one alone."""
    with system_session("sign_in", readonly=True) as session:
        actor = load_actor(session, session.scalar(select(Account).where(Account.username == role)), today())
    return actor.acting_only_as(identity) if identity else actor


# Requests and their answers


class Browser:
    """A role's browser: it is signed in, and keeps nothing from one request to the next."""

    def __init__(self, app: Flask, role: str | None, identity: str = "") -> None:
        self.app, self.client = app, app.test_client(use_cookies=False)
        self.session = {} if role is None else {"key": session_key(role), "identity": identity}

    @property
    def headers(self) -> dict[str, str]:
        """Those of the next request: the session was used just now, however long ago the first one was."""
        if not self.session:
            return {}
        cookie = self._sign().dumps({**self.session, "seen": int(now().timestamp())})
        return {"Cookie": f"{self.app.config['SESSION_COOKIE_NAME']}={cookie}"}

    def _sign(self) -> Any:
        return self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]

    def send(self, attempt: Attempt) -> Answer:
        """The answer to one request."""
        form: dict[str, list[Any]] = {}
        for name, value in attempt.form:
            form.setdefault(name, []).append((io.BytesIO(value.encode()), "表.csv") if name == SHEET else value)
        response = self.client.open(attempt.address, method=attempt.method, data=form, headers=self.headers)
        text = _readable(response)
        if SHEET in form and response.status_code == 302:
            # What the sheet would do is told on the page that this leads to.
            text += _readable(self.client.get(response.headers["Location"] + "?show=all", headers=self.headers))
        for cookie in response.headers.getlist("Set-Cookie"):
            name, _equals, value = cookie.partition("=")
            if name == self.app.config["SESSION_COOKIE_NAME"] and value.split(";")[0]:
                text += str(self._sign().loads(value.split(";")[0]).get("_flashes", ""))
        response.close()
        return Answer(response.status_code, text)


def _readable(response: Any) -> str:
    """Body and headers as text: a workbook is unpacked, escapes are undone."""
    data = response.get_data()
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            data = b"".join(book.read(name) for name in book.namelist() if "docProps" not in name)
    text = data.decode("utf-8", "replace")
    if response.is_json:
        text = json.dumps(json.loads(text), ensure_ascii=False)
    text = re.sub(r'name="csrf_token" value="[^"]*"|"token": "[^"]*"', "", text)
    unescaped = unquote(text) if "%E7%A7%98" in text else ""
    told = (f"{name}: {value}\n" for name, value in response.headers if name not in ("Set-Cookie", "Content-Length"))
    return text + unescaped + unquote("".join(told))


# Sight


@dataclass
class Sight:
    """What may reach somebody: the keys of his rows, and the texts that no row of his shows."""

    keys: set[tuple[str, str]]
    shown: set[str]
    forbidden: set[str]
    logged: set[str]
    """What the audit log says to whoever reads it; it may reach him on its own pages only."""
    logged_titles: set[str]

    numbers: dict[tuple[str, str, str], str]
    """Masked numbers that he may ask to see whole, by resource, key and column."""

    def hides(self, attempt: Attempt) -> bool:
        """Whether what a request asks about is out of sight."""
        if attempt.of:
            return (attempt.of, attempt.asks) not in self.keys
        return bool(attempt.asks) and not any(attempt.asks in text for text in self.shown)

    def forbidden_in(self, attempt: Attempt) -> set[str]:
        """The texts that the answer to a request may not contain."""
        if attempt.path.startswith("/audit_entry/"):
            return self.forbidden - self.logged
        if attempt.endpoint.endswith(".unmask_view") and attempt.method == "POST":
            return self.forbidden - {self.numbers.get((attempt.of, attempt.asks, dict(attempt.query)["field"]))}
        if attempt.endpoint.endswith(".export_page") and ("whole", "y") in attempt.form:
            of = attempt.endpoint.partition(".")[0]
            return self.forbidden - {
                number for (resource, _key, _column), number in self.numbers.items() if resource == of
            }
        return self.forbidden - self.logged_titles if attempt.path == "/" else self.forbidden


def sight_of(actor: Actor | None, places: Iterable[str] = ()) -> Sight:
    """What the actor may see of the test world; nobody may see nothing.

    ``places``: names of branches that he is told on every page, as the places of roles that he may act as.
    """
    keys, shown, every, numbers = set(), set(), set(), {}
    with system_session("demo", readonly=True) as session:
        for model in _models():
            for row in session.scalars(select(model)):
                visible = actor is not None and sees(actor, model, _values(row))
                if visible:
                    keys.add((resource_of(model), str(row.id)))
                    numbers |= _numbers_for(actor, row)
                for text, is_shown in _texts(row):
                    every.add(text)
                    if visible and is_shown:
                        shown.add(text)
        every |= {word for draft in session.scalars(select(Draft)) for word in MARKED.findall(draft.contents)}
        entries = session.scalars(select(AuditEntry)).all()
        reads_log = actor is not None and actor.may("audit_entry:read")
        titles = {word for row in entries for word in MARKED.findall(row.record_title) if reads_log}
        logged = {word for row in entries for word in MARKED.findall(str(row.changes)) if reads_log} | titles
        keys |= {("audit_entry", str(row.id)) for row in entries if reads_log}
    own = {actor.branch_name, *places} if actor is not None else set()
    return Sight(keys, shown | own, every - shown - own, logged, titles, numbers)


def _numbers_for(actor: Actor | None, row: Any) -> dict[tuple[str, str, str], str]:
    """The masked numbers of a row that the actor may see whole, once he gives a reason."""
    resource = resource_of(type(row))
    masked = [column.key for column in inspect(type(row)).columns if "mask" in column.info]
    permitted = actor is not None and masked and actor.permits(f"{resource}:unmask", row.branch_id)
    return {(resource, str(row.id), name): getattr(row, name) for name in masked if permitted}


def _models() -> list[Any]:
    """The models whose rows are watched: those that somebody owns, those that all share, and access rights."""
    kinds = (BranchScoped, Reference)
    return [m.class_ for m in Base.registry.mappers if issubclass(m.class_, kinds)] + [
        Account,
        ExportFile,
        Grant,
        ImportBatch,
        Job,
        Role,
        RolePermission,
        SavedView,
        SignIn,
        SignInCard,
    ]


def _values(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).columns}


def sees(actor: Actor, model: Any, values: dict[str, Any]) -> bool:
    """Whether a row with these values is in the actor's sight."""
    permission = f"{resource_of(model)}:read"
    if issubclass(model, BranchScoped):
        return actor.permits(permission, values[model.scope_column().key])
    if issubclass(model, Reference):
        return True
    if model in (Account, Grant, SignIn, SignInCard):
        own = values["id" if model is Account else "account_id"] == actor.account_id
        return own or actor.permits(permission, values["branch_id"])
    if model in (Job, ExportFile, ImportBatch):
        return values["account_id"] == actor.account_id
    if model is SavedView:
        return values["account_id"] == actor.account_id or (values["shared"] and values["branch_id"] == actor.branch_id)
    return actor.may(permission)


def _texts(row: Any) -> Iterator[tuple[str, bool]]:
    """The texts of a row by which it can be known, and whether who sees the row may read them."""
    for column in inspect(type(row)).columns:
        value = getattr(row, column.key)
        if isinstance(value, bytes) and isinstance(row, ImportBatch):
            yield from ((word, True) for word in MARKED.findall(value.decode()))
        if isinstance(value, dict):
            # What a saved view looks for; of the views in the test world that look for words, nobody is the owner.
            yield from ((word, False) for word in MARKED.findall(str(value)))
        if not isinstance(value, str) or isinstance(column.type, Enum):
            continue
        if "mask" in column.info:
            yield value, False
            yield MASKS[column.info["mask"]](value), True
        elif column.info.get("internal") and not issubclass(type(row), Reference):
            yield from ((word, False) for word in (*MARKED.findall(value), value) if len(word) > len("秘company"))
        elif "秘" in value or (value.isdigit() and len(value) >= PHONE_DIGITS):
            yield value, True


# Walking


def walk(office: Office, role: str | None, tried: Iterable[Attempt] | None = None, identity: str = "") -> Walked:
    """Make every request as one role; raises Leak at the first thing that is wrong."""
    return Walk(office, role, identity).through(all_attempts(office) if tried is None else tried)


def all_attempts(office: Office) -> list[Attempt]:
    """Every request to try of this app."""
    return attempts(office.app, office.world, keys_known_to_pages(office))


def keys_known_to_pages(office: Office) -> dict[tuple[str, str], list[str]]:
    """For each page that is no screen, the resources in whose tables it looks for a key that it is given.

    A page that looks for words is known by WORDS besides.
    """
    known: dict[tuple[str, str], list[str]] = {}
    screens = screens_of(office.app)
    looked_in: list[str] = []

    def note(*call: Any) -> None:
        if str(NO_SUCH_KEY) in str(call[3]):
            looked_in.extend(re.findall(r"FROM (\w+)", call[2])[:1])
        if NO_SUCH_WORD in str(call[3]):
            looked_in.append(WORDS)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for rule in office.app.url_map.iter_rules():
            if rule.endpoint.partition(".")[0] in screens or rule.endpoint.startswith("auth."):
                continue
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                looked_in.clear()
                about = about_any_key(rule, method, "", NO_SUCH_KEY, KEYS_OF_PAGES)
                for role in WHO_REACHES_PAGES:
                    Browser(office.app, role).send(replace(about, query=(*about.query, ("q", NO_SUCH_WORD))))
                known[rule.endpoint, method] = list(dict.fromkeys(looked_in))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        office.undo(Base.metadata.tables)
    return known


READS = re.compile(r"\s*(SELECT|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA|SHOW|SET)\b")
WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')


@dataclass
class Written:
    """What was sent to the database meanwhile: whether something was committed, and which tables may have changed."""

    committed: bool = False
    tables: set[str] = field(default_factory=set)

    def forget(self) -> None:
        self.committed, self.tables = False, set()

    def note_commit(self, _connection: Any) -> None:
        self.committed = True

    def note_statement(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not READS.match(statement):
            found = WRITES.match(statement)
            self.tables |= {found[1]} if found else set(Base.metadata.tables)

    def reached(self) -> set[str]:
        """These tables and those into which the database itself carries their changes on."""
        reached: set[str] = set()
        waiting = set(self.tables)
        while waiting:
            reached |= waiting
            waiting = {
                table.name
                for table in Base.metadata.tables.values()
                for constraint in table.foreign_key_constraints
                if (constraint.onupdate or constraint.ondelete) and constraint.referred_table.name in waiting
            } - reached
        return reached


@contextmanager
def writes() -> Iterator[Written]:
    """What is written meanwhile."""
    written = Written()
    listeners = (("commit", written.note_commit), ("before_cursor_execute", written.note_statement))
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield written
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)


class Walk:
    """One role on its way through the app."""

    def __init__(self, office: Office, role: str | None, identity: str = "") -> None:
        self.office, self.role, self.browser = office, str(role), Browser(office.app, role, identity)
        with office.app.app_context():
            self.actor = actor_of(role, identity) if role else None
            places = {one.place_name for one in actor_of(self.role).identities} if identity else set()
            self.sight = sight_of(self.actor, places)
            self.rows, self.entries = stored_rows(), newest_entry()
        self.walked = Walked()

    def through(self, tried: Iterable[Attempt]) -> Walked:
        """Make the requests; every write is judged and taken back before the next one."""
        with writes() as written:
            for attempt in self.worth_trying(tried):
                answer = self.judged(attempt, written)
                if attempt.twin is not None and self.opens(attempt) and self.sight.hides(attempt):
                    self.compare(attempt, answer, attempt.twin, self.judged(attempt.twin, written))
        with self.office.app.app_context():
            if stored_rows() != self.rows:
                raise Leak(self.role, "after all", "rows were changed past the session")
        return self.walked

    def worth_trying(self, tried: Iterable[Attempt]) -> Iterator[Attempt]:
        """All of it; of a route that is closed to him, one request, about a foreign row where it can be about one."""
        tried = list(tried)
        about_others = {(attempt.endpoint, attempt.method) for attempt in tried if attempt.twin is not None}
        refused = set()
        for attempt in tried:
            route = attempt.endpoint, attempt.method
            if self.opens(attempt):
                yield attempt
            elif route not in refused and (attempt.twin is not None or route not in about_others):
                yield attempt
                refused.add(route)

    def opens(self, attempt: Attempt) -> bool:
        """Whether a route is open to him at all; where it isn't, any request is refused before its row is sought."""
        resource = attempt.endpoint.partition(".")[0]
        return self.actor is not None and (resource not in models_by_resource() or self.actor.may(f"{resource}:read"))

    def judged(self, attempt: Attempt, written: Written) -> Answer:
        """The answer to a request, once it and what it wrote were found to be right."""
        answer = self.browser.send(attempt)
        self.walked.made += 1
        if answer.status == 200:
            self.walked.opened[attempt.endpoint] += 1
        self.judge_answer(attempt, answer)
        if written.committed:
            reached = written.reached()
            with self.office.app.app_context():
                self.judge_write(attempt, reached)
            self.office.undo(reached)
        written.forget()
        return answer

    def leak(self, attempt: Attempt, what: str) -> Leak:
        return Leak(self.role, str(attempt), what)

    def judge_answer(self, attempt: Attempt, answer: Answer) -> None:
        """No error, nothing without a sign-in, no text from out of sight, no row out of sight found."""
        if answer.status not in ANSWERS:
            raise self.leak(attempt, f"status {answer.status}")
        if self.actor is None:
            if answer.status == 200 and not attempt.path.startswith(FOR_ANYBODY):
                raise self.leak(attempt, "answered without a sign-in")
        elif attempt.by_key:
            hidden = self.sight.hides(attempt)
            if hidden and answer.status not in NOT_FOUND:
                raise self.leak(attempt, f"status {answer.status} for a row out of sight")
            if not hidden and answer.status == 404 and attempt.endpoint.partition(".")[2] in OF_ONES_OWN:
                raise self.leak(attempt, "a row in sight was not found")
        asked = attempt.address + str(attempt.form)
        for text in self.sight.forbidden_in(attempt):
            if text in answer.text and text not in asked and text not in unquote(asked):
                raise self.leak(attempt, f"sent {text}")

    def compare(self, attempt: Attempt, answer: Answer, twin: Attempt, about_nothing: Answer) -> None:
        """Whether a hidden row is there makes no difference to any byte."""
        one, other = _alike(attempt, answer, twin, about_nothing)
        if answer.status != about_nothing.status or one != other:
            raise self.leak(attempt, f"answered otherwise than about no row: {_first_difference(one, other)}")

    def judge_write(self, attempt: Attempt, tables: set[str]) -> None:
        """Every row of these tables that came, changed or went was his to write, points at rows in his sight, and is in the log."""
        if attempt.method == "GET":
            raise self.leak(attempt, "a GET wrote")
        changed = stored_rows(tables)
        before = {key: row for key, row in self.rows.items() if key[0] in tables}
        after = {**{key: row for key, row in self.rows.items() if key[0] not in tables}, **changed}
        touched = {key for key in before.keys() | changed.keys() if before.get(key) != changed.get(key)}
        entries = entries_since(self.entries)
        if touched:
            self.walked.wrote[attempt.endpoint] += 1
        for key in touched:
            old, new = self.rows.get(key), after.get(key)
            columns = _changed_columns(key, old, new, touched)
            if not columns:
                continue  # the database itself copied from the owner, which is judged for itself
            action = "create" if old is None else "delete" if new is None else "update"
            if self.actor is None or not may_write(self.actor, action, key[0], old, new, columns):
                raise self.leak(attempt, f"{action} of {key} where {self.role} may not write")
            # Signing out is done by the sign-in itself, in the name of nobody.
            doer = None if attempt.endpoint.startswith("auth.") and key[0] == "sign_in" else self.actor.account_id
            logged = models_by_resource()[key[0]].__logged__
            if logged and (key[0], key[1], action, doer) not in entries:
                raise self.leak(attempt, f"{action} of {key} without an audit entry")
            hidden = [
                name for name in columns if new is not None and self.points_out_of_sight(key[0], name, new, after)
            ]
            if hidden:
                raise self.leak(attempt, f"{key} now points out of sight by {hidden}")

    def points_out_of_sight(self, resource: str, name: str, values: dict[str, Any], rows: Rows) -> bool:
        """Whether a column of a row holds the key of a row that the actor doesn't see."""
        target = target_of(inspect(models_by_resource()[resource]).columns[name])
        if target is None or values[name] is None or name == "branch_id":
            return False
        found = rows.get((resource_of(target), values[name]))
        return found is not None and not sees(self.actor, target, found)  # type: ignore[arg-type]


def _alike(attempt: Attempt, answer: Answer, twin: Attempt, about_nothing: Answer) -> tuple[str, str]:
    """Two answers in which what was asked for reads the same."""
    texts = answer.text, about_nothing.text
    pairs = zip((*attempt.query, *attempt.form), (*twin.query, *twin.form), strict=True)
    asked = {(one, other) for (_name, one), (_same_name, other) in pairs if one != other}
    for one, other in sorted(asked, key=lambda pair: -len(pair[0])):
        for written in (str, quote, quote_plus, lambda value: quote(quote_plus(value))):
            texts = texts[0].replace(written(one), "?"), texts[1].replace(written(other), "?")
    return texts


def _first_difference(one: str, other: str) -> str:
    place = next((i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
    return f"…{one[max(place - 60, 0) : place + 60]}… against …{other[max(place - 60, 0) : place + 60]}…"


# What is stored


def stored_rows(tables: set[str] | None = None) -> Rows:
    """Every watched row of these tables, or of all, as it stands; read past the session, as it is asked for so often."""
    found: Rows = {}
    with db.engine.execution_options(readonly=True).connect() as connection:
        for model in _models():
            resource, table = resource_of(model), model.__table__
            if tables is not None and table.name not in tables:
                continue
            names = [column.key for column in table.columns]
            place = names.index("id")
            for values in connection.execute(select(table)):
                found[resource, values[place]] = dict(zip(names, values, strict=True))
    return found


def newest_entry() -> int:
    """The number of the newest audit entry."""
    with system_session("demo", readonly=True) as session:
        return session.scalar(select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(1)) or 0


def entries_since(number: int) -> set[tuple[str, int | None, str, int | None]]:
    """What was logged since: resource, key, action and account."""
    with system_session("demo", readonly=True) as session:
        rows = session.execute(
            select(AuditEntry.resource, AuditEntry.record_id, AuditEntry.action, AuditEntry.account_id).where(
                AuditEntry.id > number
            )
        )
        return {tuple(row) for row in rows}


def _changed_columns(
    key: tuple[str, int], old: dict[str, Any] | None, new: dict[str, Any] | None, touched: set[tuple[str, int]]
) -> set[str]:
    """The columns that changed, but for those that the database copies from an owner that changed as well."""
    some = new if new is not None else old
    assert some is not None
    if old is None or new is None:
        return set(some)
    columns = {name for name in some if old[name] != new[name]}
    for constraint in models_by_resource()[key[0]].__table__.foreign_key_constraints:
        owner = constraint.referred_table.name, new[constraint.column_keys[0]]
        if constraint.onupdate == "CASCADE" and owner in touched:
            columns -= set(constraint.column_keys[1:])
    return columns


def may_write(
    actor: Actor, action: str, resource: str, old: dict[str, Any] | None, new: dict[str, Any] | None, columns: set[str]
) -> bool:
    """Whether the actor may do this to a row, by its branch before and after."""
    model: Any = models_by_resource()[resource]
    states = [state for state in (old, new) if state is not None]
    if resource == "trash":
        # What is thrown away needs the right to delete it, what is put back the right to make it.
        of, needed = states[0]["resource"], "delete" if action == "create" else "create"
        return actor.permits(f"{of}:{needed}", states[0]["branch_id"])
    if resource == "branch" and action == "create":
        return actor.permits("branch:create", states[0]["parent_id"])
    if issubclass(model, BranchScoped):
        branches = {state[model.scope_column().key] for state in states}
    else:
        branches = {state.get("branch_id") for state in states}
    if resource in ("saved_view", "job", "export_file", "import_batch"):
        return {state["account_id"] for state in states} == {actor.account_id}
    changed = columns - HOUSEKEEPING
    if resource == "account" and action == "update" and changed <= ACCESS | {"care_size"}:
        own = states[0]["id"] == actor.account_id
        return own or (changed <= ACCESS and all(actor.permits("account:reset", branch) for branch in branches))
    if resource == "sign_in" and action == "update" and changed <= {"ended_at"}:
        return states[0]["account_id"] == actor.account_id or actor.permits("sign_in:forget", states[0]["branch_id"])
    if resource == "sign_in_card" and (action == "create" or (action == "update" and changed <= {"revoked_at"})):
        own = states[0]["account_id"] == actor.account_id
        return own or actor.permits("sign_in_card:create", states[0]["branch_id"])
    return all(actor.permits(f"{resource}:{action}", branch) for branch in branches)
