"""The read guard: every statement of a guarded session is narrowed to what its actor may see.

One place, at the session: screens, look-ups, exports and services need no filter of their own and can't forget one.
"""

from typing import Any

from sqlalchemy import Column, Select, Table, TextClause, event, inspect
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlalchemy.sql.selectable import CompoundSelect
from sqlalchemy.sql.visitors import iterate

from models import Base, GuardedSession
from models.base import BranchScoped, Protected
from policy.actions import resource_of
from policy.actor import EVERYWHERE, Actor
from policy.errors import NoActor, OutOfSight, UnguardedStatement
from policy.protected import visible_to, within


def guard_reads(state: ORMExecuteState) -> None:
    """Narrow a statement to the actor's sight, or refuse it (listener of ``do_orm_execute``)."""
    actor = state.session.info["actor"]
    if actor is None:
        raise NoActor("no query without an actor")
    if state.is_column_load:
        return  # refreshes carry no criteria: guard_loads is their wall
    if not state.is_relationship_load:  # those are the library's own statements, and take criteria
        refuse_unguarded(state)
    criteria = criteria_of(state.session)
    if criteria and criteria[0] not in state.statement._with_options:
        state.statement = state.statement.options(*criteria)


def refuse_unguarded(state: ORMExecuteState) -> None:
    """Raise UnguardedStatement for the forms that loader criteria don't reach."""
    statement = state.statement
    if not state.is_select or not state.is_orm_statement:
        raise UnguardedStatement("only ORM selects are narrowed to what the actor may see")
    if state.is_from_statement:
        raise UnguardedStatement("from_statement carries no criteria")
    modelled: set[Table] = set()
    bare: list[Table] = []
    for part in iterate(statement):
        if isinstance(part, TextClause | CompoundSelect):
            raise UnguardedStatement("text() and set operations carry no criteria")
        if isinstance(part, Select):
            for source in (*part._raw_columns, *part._from_obj, *(join[0] for join in part._setup_joins)):
                _sort_source(source, modelled, bare)
    if bare:
        raise UnguardedStatement(f"table {bare[0].name!r} is selected without its model")
    for part in iterate(statement):
        bare_column = isinstance(part, Column) and "parententity" not in part._annotations
        if bare_column and isinstance(part.table, Table) and part.table not in modelled:
            raise UnguardedStatement(f"table {part.table.name!r} is used without its model")


def _sort_source(source: Any, modelled: set[Table], bare: list[Table]) -> None:
    """Note whether something selected or joined came with its model, and so with criteria, or without."""
    target = getattr(getattr(source, "property", None), "mapper", None)
    if target is not None:
        modelled.update(target.tables)
        return
    table = source.table if isinstance(source, Column) else source
    if isinstance(table, Table):
        if "parententity" in source._annotations:
            modelled.add(table._deannotate() if hasattr(table, "_deannotate") else table)
        else:
            bare.append(table)


def criteria_of(session: Any) -> list[Any]:
    """The criteria of the session's actor, made once for each session."""
    if "criteria" not in session.info:
        session.info["criteria"] = _make_criteria(session.info["actor"])
    return session.info["criteria"]


def _make_criteria(actor: Actor) -> list[Any]:
    """One criterion for each class that the actor doesn't see whole; one on the mixin when all reach alike."""
    # Joined eager loading takes only criteria that propagate; a lazy load that got them so is not given them twice.
    options = {"include_aliases": True, "propagate_to_loaders": True}
    scoped = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, BranchScoped)]
    criteria = [
        with_loader_criteria(model, within(model.scope_column(), reach), **options)
        for model in scoped
        if (reach := actor.reach(f"{resource_of(model)}:read")) is not EVERYWHERE
    ]
    criteria += [
        with_loader_criteria(mapper.class_, visible_to(mapper.class_, actor), **options)
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, Protected)
    ]
    return criteria


def guard_loads(row: Any, context: Any, *_attributes: Any) -> None:
    """The backstop for refreshes and expired or deferred loads (listener of ``load`` and ``refresh``)."""
    actor = context.session.info.get("actor")
    if actor is None:
        raise NoActor("no row without an actor")
    branch = inspect(row).dict.get(type(row).scope_column().key)
    if branch is not None and branch not in actor.reach(f"{resource_of(type(row))}:read"):
        raise OutOfSight


def switch_on() -> None:
    """Put the read guard on every session."""
    event.listen(GuardedSession, "do_orm_execute", guard_reads)
    event.listen(BranchScoped, "load", guard_loads, propagate=True)
    event.listen(BranchScoped, "refresh", guard_loads, propagate=True)


def switch_off() -> None:
    """Take the guard away: only for the test that proves that the matrix notices."""
    event.remove(GuardedSession, "do_orm_execute", guard_reads)
    event.remove(BranchScoped, "load", guard_loads)
    event.remove(BranchScoped, "refresh", guard_loads)


switch_on()
