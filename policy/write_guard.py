"""The write guard: what a flush wrote is checked before it can be committed, and logged in the same pass.

It stands in ``after_flush``: keys set through relationships, orphans and new keys are only then to be seen.
Raising there rolls the transaction back. ``write_new`` and ``write_changed`` are a flush of their own for many records
at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import bindparam, event, inspect, select
from sqlalchemy.orm import Mapper, RelationshipDirection, object_session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from models import Base, Branch, GuardedSession, Trash
from models.base import BranchScoped, Reference
from policy import audit
from policy.actions import resource_of, target_of
from policy.actor import EVERYWHERE, Actor
from policy.errors import NoActor, NotAllowed, Refused
from policy.protected import check_write

_MESSAGE = "您没有做这件事的权限。"


def guard_writes(session: Any, flush_context: Any) -> None:
    """Check every row that the flush wrote, and log it (listener of ``after_flush``)."""
    new = session.new  # the session makes this set anew each time it is asked
    rows = [(state.obj(), deleted) for state, (deleted, list_only) in flush_context.states.items() if not list_only]
    written = [
        (row, "delete" if deleted else "create" if row in new else "update") for row, deleted in rows if row is not None
    ]
    _check_and_log(session, [(row, action, _changes(row, action)) for row, action in written])


def may_write_new(model: type) -> bool:
    """Whether ``write_new`` takes records of a model: not those that another one lists, for a flush keeps its list right."""
    return not any(
        relation.direction is RelationshipDirection.MANYTOONE and relation.back_populates
        for relation in inspect(model).relationships
    )


def point_at(row: Any, name: str, other: Any) -> None:
    """Put the keys of another record, or none, into a row's columns, as a flush does for a relationship."""
    mapper = inspect(type(row))
    relation = mapper.relationships[name]
    for theirs, own in relation.synchronize_pairs:
        key = None if other is None else getattr(other, relation.mapper.get_property_by_column(theirs).key)
        setattr(row, mapper.get_property_by_column(own).key, key)


def write_new(session: Any, rows: Sequence[Any]) -> None:
    """Write many new records of one kind by one statement; a flush goes a long way for each.

    Nothing that a flush does is left out: what models do before it, defaults, the check of each row, the log. The records
    have their keys, point at others by ``point_at``, and don't join the session. See ``may_write_new``.
    """
    session.dispatch.before_flush(session, None, rows)
    mapper, connection = inspect(type(rows[0])), session.connection()
    defaults = {
        attribute.key: attribute.columns[0].default
        for attribute in mapper.column_attrs
        if attribute.columns[0].default is not None
    }
    names = [(attribute.columns[0].key, attribute.key) for attribute in mapper.column_attrs]
    values = []
    for row in rows:
        state = inspect(row)
        mapper.dispatch.before_insert(mapper, connection, state)
        stored = state.dict
        for name, default in defaults.items():
            if name not in stored:
                set_committed_value(row, name, default.arg(None) if default.is_callable else default.arg)
        values.append({column: stored.get(name) for column, name in names})
    connection.execute(mapper.local_table.insert(), values)
    _check_and_log(session, [(row, "create", _changes(row, "create")) for row in rows])


def write_changed(rows: Sequence[Any]) -> None:
    """Write what was changed in many records of one kind and session by one statement; a flush takes one for each.

    Nothing that a flush does is left out: what models do before it, the check of each version, of each row, the log.
    A record that points at another one than before, by a relationship, must go through a flush. The records leave the session.

    Raises:
        StaleDataError: somebody else has changed one of them meanwhile.
    """
    session: Any = object_session(rows[0])
    session.dispatch.before_flush(session, None, rows)
    mapper, connection = inspect(type(rows[0])), session.connection()
    for row in rows:
        mapper.dispatch.before_update(mapper, connection, inspect(row))
    written = [(row, "update", changes) for row in rows if (changes := _changes(row, "update"))]
    if written:
        names = {name for _row, _action, changes in written for name in changes}
        _update_at_once(connection, mapper.local_table, [row for row, _action, _changes in written], names)
        _check_and_log(session, written)
    for row in rows:
        session.expunge(row)


def _update_at_once(connection: Any, table: Any, rows: list[Any], names: set[str]) -> None:
    """Write these columns of some rows, and count their versions on."""
    statement = table.update().where(table.c.id == bindparam("of_key"), table.c.version == bindparam("of_version"))
    values = [
        {"of_key": row.id, "of_version": row.version, "version": row.version + 1}
        | {name: getattr(row, name) for name in names}
        for row in rows
    ]
    if connection.execute(statement, values).rowcount != len(rows):
        raise StaleDataError(f"{table.name}: not all of {len(rows)} rows are as they were read")
    for row in rows:
        set_committed_value(row, "version", row.version + 1)


def _check_and_log(session: Any, written: Iterable[tuple[Any, str, dict[str, tuple[Any, Any]]]]) -> None:
    """Check each row that was written, with what was done to it and its changes, and log it."""
    actor = session.info["actor"]
    if actor is None:
        raise NoActor("no write without an actor")
    if session.info["readonly"]:
        raise NotAllowed("查看页面时不会写入数据。")
    entries = []
    pointed_at: dict[type, dict[int, str]] = defaultdict(dict)
    fresh: set[tuple[type, int]] = set()
    for row, action, changes in written:
        if action == "update" and not changes:
            continue
        if action == "create":
            fresh.add((type(row), row.id))
        taken_back = action == "delete" and (type(row), row.id) in session.info.get("taken_back", ())
        branches = check_row(actor, action, row, changes, asked="import" if taken_back else action)
        if isinstance(row, Branch) and action == "update" and "parent_id" in changes:
            _check_moved_branch(session, actor, row, changes["parent_id"][0])
        if action != "delete":
            _note_foreign_keys(actor, row, changes, pointed_at)
        if row.__logged__:
            entries.append(audit.entry(actor, action, row, audit.shown_changes(changes, row), branches))
    _check_foreign_keys(session, pointed_at, fresh)
    audit.write_entries(session, entries)


@contextmanager
def taking_back(session: Any, rows: Iterable[Any]) -> Iterator[None]:
    """While an import is taken back, its new rows are deleted by the right to import, not by that to delete.

    Whoever may bring rows in may take the same rows out again; only services/tables/importing/undo.py says which.
    """
    session.info["taken_back"] = {(type(row), row.id) for row in rows}
    try:
        yield
    finally:
        del session.info["taken_back"]


def _changes(row: Any, action: str) -> dict[str, tuple[Any, Any]]:
    """Each column that changed, with its old and new value."""
    state = inspect(row)
    stored, columns = state.dict, state.mapper.column_attrs
    if action == "create":
        new = ((attribute.key, stored.get(attribute.key)) for attribute in columns)
        return {key: (None, value) for key, value in new if value is not None}
    if action == "delete":
        old = ((attribute.key, stored.get(attribute.key)) for attribute in columns)
        return {key: (value, None) for key, value in old if value is not None}
    changes = {}
    for attribute in columns:
        history = state.attrs[attribute.key].history
        if history.has_changes():
            changes[attribute.key] = (history.deleted[0] if history.deleted else None, getattr(row, attribute.key))
    return changes


def check_row(
    actor: Actor, action: str, row: Any, changes: dict[str, tuple[Any, Any]], asked: str | None = None
) -> tuple[int | None, int | None]:
    """Raise NotAllowed unless the actor may do this in the row's branch before and after; return the two branches.

    ``asked``: the right that it takes, where that isn't named after the action.
    """
    model = type(row)
    permission = f"{resource_of(model)}:{asked or action}"
    if issubclass(model, Reference):
        if actor.reach(permission) is not EVERYWHERE:
            raise NotAllowed(_MESSAGE)
        return None, None
    if not issubclass(model, BranchScoped):
        check_write(actor, action, row, {key: old for key, (old, _new) in changes.items()})
        branch = getattr(row, "branch_id", None)
        return branch, branch
    key = model.scope_column().key
    after = inspect(row).dict.get(key)
    before = after if action != "update" or key not in changes else changes[key][0]
    if model is Trash:
        permission = f"{row.resource}:{'delete' if action == 'create' else 'create'}"
    elif key == "id" and action == "create":
        return _check_new_branch(actor, row)
    if not (actor.permits(permission, before) and actor.permits(permission, after)):
        raise NotAllowed(_MESSAGE)
    return (None if action == "create" else before), (None if action == "delete" else after)


def _check_new_branch(actor: Actor, branch: Any) -> tuple[int | None, int | None]:
    """A branch is made under one in which the actor may make branches; the root by the system alone."""
    if not actor.permits("branch:create", branch.parent_id):
        raise NotAllowed(_MESSAGE)
    return None, branch.id


def _check_moved_branch(session: Any, actor: Actor, branch: Branch, former: int | None) -> None:
    """Whoever is above sees what is below: moving takes the right to make branches at both places, and no circle."""
    if not (actor.permits("branch:create", former) and actor.permits("branch:create", branch.parent_id)):
        raise NotAllowed("您不能改变它的上级党组织。")
    above = branch.parent_id
    with session.no_autoflush:
        while above is not None:
            if above == branch.id:
                raise Refused("上级党组织不能是它自己的下级，请重新选择。", "parent")
            above = session.scalar(select(Branch.parent_id).where(Branch.id == above))


def _note_foreign_keys(actor: Actor, row: Any, changes: dict[str, Any], pointed_at: dict[type, dict[int, str]]) -> None:
    """Collect the keys newly pointed at whose rows the actor may not all see."""
    for name, target in _pointing_columns(type(row)).items():
        key = changes[name][1] if name in changes else None
        if key is not None and actor.reach(f"{resource_of(target)}:read") is not EVERYWHERE:
            pointed_at[target][key] = name.removesuffix("_id")


@cache
def _pointing_columns(model: type) -> dict[str, type]:
    """The columns by which a record points at others that may be out of sight, with their models."""
    found = {column.key: target_of(column) for column in inspect(model).columns}
    return {
        name: target
        for name, target in found.items()
        if target is not None
        and not issubclass(target, Reference)
        and not (name == "branch_id" and issubclass(model, BranchScoped))
    }


def _check_foreign_keys(session: Any, pointed_at: dict[type, dict[int, str]], fresh: set[tuple[type, int]]) -> None:
    """One SELECT under the read guard for each target table: what is not found is refused like a missing row."""
    for model, fields in pointed_at.items():
        wanted = {key for key in fields if (model, key) not in fresh}
        if not wanted:
            continue
        with session.no_autoflush:
            seen = set(session.scalars(select(model.id).where(model.id.in_(sorted(wanted)))))
        for key in wanted - seen:
            raise Refused("所选的记录不存在，请重新选择。", fields[key])


def keep_history(mapper: Mapper[Any], _model: type) -> None:
    """Every column keeps its old value, loaded or not, so that the guard sees the branch before a change."""
    for attribute in mapper.column_attrs:
        getattr(mapper.class_, attribute.key).impl.active_history = True


def switch_on() -> None:
    """Put the write guard on every session."""
    event.listen(GuardedSession, "after_flush", guard_writes)


def switch_off() -> None:
    """Take the guard away: only for the test that proves that the matrix notices."""
    event.remove(GuardedSession, "after_flush", guard_writes)


Base.registry.configure()
for _mapper in Base.registry.mappers:
    keep_history(_mapper, _mapper.class_)
switch_on()
