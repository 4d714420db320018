"""The read guard: every statement of a guarded session is narrowed to what its actor may see.

One place, at the session: screens, look-ups, exports and services need no filter of their own and can't forget one.
"""

from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Column, ColumnElement, Integer, Select, Table, TextClause, bindparam, event
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlalchemy.orm.interfaces import CriteriaOption
from sqlalchemy.sql.elements import True_
from sqlalchemy.sql.selectable import CompoundSelect
from sqlalchemy.sql.visitors import iterate

from models import GuardedSession
from models.base import BranchScoped, Protected, Reference
from policy.actions import models_by_resource, resource_of
from policy.actor import Actor, Reach
from policy.errors import NoActor, OutOfSight, UnguardedStatement
from policy.protected import NO_ACCOUNT, Branches, visible_to, within

_NARROWED: WeakKeyDictionary[Any, tuple["Sight", Any]] = WeakKeyDictionary()


class Sight(CriteriaOption):
    """What an actor sees of each class, as one option of a statement in place of one for each class.

    It names branches and holds none: the guard hands them over with each execution. So it costs a statement no more
    than its own name, and all actors whose reaches are of one pattern share the compiled statements.
    """

    inherit_cache = False

    def __init__(self, pattern: tuple[Reach | Branches, ...]) -> None:
        self.pattern = pattern
        reach_of = dict(zip(_read_permissions(), pattern, strict=True)).__getitem__
        # Joined eager loading takes only criteria that propagate. The Sight itself doesn't: each lazy load passes the
        # guard and is given it there.
        options = {"include_aliases": True, "propagate_to_loaders": True}
        self.criteria = [
            with_loader_criteria(model, condition, **options)
            for model, condition in _conditions(reach_of)
            if not isinstance(condition, True_)
        ]

    def _gen_cache_key(self, _anon_map: Any, _bindparams: Any) -> tuple[Any, ...]:
        return Sight, self.pattern

    def process_compile_state(self, compile_state: Any) -> None:
        """Take part in compiling a statement, which happens once for each form of it."""
        if compile_state.current_path.is_root:  # what loads relations is the library's own, and takes criteria
            refuse_unguarded(compile_state.select_statement)
        self.get_global_criteria(compile_state.global_attributes)

    def process_compile_state_replaced_entities(self, compile_state: Any, mapper_entities: Any) -> None:
        self.process_compile_state(compile_state)

    def get_global_criteria(self, attributes: Any) -> None:
        for criterion in self.criteria:
            criterion.get_global_criteria(attributes)


@cache
def _read_permissions() -> list[str]:
    """The reading of everything that is not for everyone."""
    return [f"{name}:read" for name, model in models_by_resource().items() if not issubclass(model, Reference)]


def _conditions(reach_of: Callable[[str], Reach | Branches]) -> Iterator[tuple[type, ColumnElement[bool]]]:
    for name, model in models_by_resource().items():
        if issubclass(model, BranchScoped):
            yield model, within(model.scope_column(), reach_of(f"{name}:read"))
        elif issubclass(model, Protected):
            own = (bindparam(name, type_=Integer) for name in ("sight_account", "sight_home"))
            yield model, visible_to(model, reach_of, *own)


@lru_cache(maxsize=256)
def _sight(pattern: tuple[Reach | Branches, ...]) -> Sight:
    return Sight(pattern)


def sight_of(session: Any) -> tuple[Sight, dict[str, Any]]:
    """What the session's actor sees, and the branches by the names it has for them; made once for each session."""
    if "sight" not in session.info:
        session.info["sight"] = _sight_of(session.info["actor"])
    return session.info["sight"]


def _sight_of(actor: Actor) -> tuple[Sight, dict[str, Any]]:
    parameters: dict[str, Any] = {"sight_account": actor.account_id or NO_ACCOUNT, "sight_home": actor.branch_id or 0}
    names: dict[frozenset[int], Branches] = {}
    pattern: list[Reach | Branches] = []
    for permission in _read_permissions():
        reach = actor.reach(permission)
        if isinstance(reach, frozenset) and reach:
            if reach not in names:
                named = names[reach] = Branches(f"sight_{len(names)}", len(reach) == 1)
                parameters[named.name] = min(reach) if named.single else sorted(reach)
            pattern.append(names[reach])
        else:
            pattern.append(reach)
    return _sight(tuple(pattern)), parameters


def guard_reads(state: ORMExecuteState) -> None:
    """Narrow a statement to the actor's sight, or refuse it (listener of ``do_orm_execute``)."""
    if state.session.info["actor"] is None:
        raise NoActor("no query without an actor")
    if state.is_column_load:
        return  # refreshes carry no criteria: guard_loads is their wall
    refuse_at_once(state)
    sight, parameters = sight_of(state.session)
    if sight not in state.statement._with_options:  # what loads relations has it from the statement before
        state.statement = _narrowed(state.statement, sight)
    state.parameters = {**(state.parameters or {}), **parameters}


def _narrowed(statement: Any, sight: Sight) -> Any:
    """The statement with a sight: of those that outlive a request the last one made, with what is known of it by then."""
    made = _NARROWED.get(statement)
    if made is None or made[0] is not sight:
        made = _NARROWED[statement] = sight, statement.options(sight)
    return made[1]


def refuse_at_once(state: ORMExecuteState) -> None:
    """Raise UnguardedStatement for statements that a Sight can't be given."""
    if not state.is_select or not state.is_orm_statement or isinstance(state.parameters, list):
        raise UnguardedStatement("only ORM selects are narrowed to what the actor may see")
    if state.is_from_statement:
        raise UnguardedStatement("from_statement carries no criteria")
    if not isinstance(state.statement, Select):
        raise UnguardedStatement("set operations carry no criteria")


def refuse_unguarded(statement: Select[Any]) -> None:
    """Raise UnguardedStatement for the parts of a SELECT that loader criteria don't reach."""
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


@cache
def _scope(model: type) -> tuple[str, str]:
    """The attribute that holds a model's branch, and the permission to read its rows."""
    return model.scope_column().key, f"{resource_of(model)}:read"


def guard_loads(row: Any, context: Any, *_attributes: Any) -> None:
    """The backstop for refreshes and expired or deferred loads (listener of ``load`` and ``refresh``)."""
    actor = context.session.info.get("actor")
    if actor is None:
        raise NoActor("no row without an actor")
    key, permission = _scope(type(row))
    branch = row.__dict__.get(key)
    if branch is not None and branch not in actor.reach(permission):
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
