"""Doing what a plan says: through the session's guards, some rows at a time, all of it or nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from policy.errors import NotAllowed, Refused
from policy.write_guard import may_write_new, point_at, write_changed, write_new
from services.constraints import reason_of
from services.stored_values import as_stored
from services.tables.importing.keys import reserve_keys
from services.tables.importing.plan import Fault, Outcome, Plan, Planned
from services.tables.importing.related import Related
from services.tables.importing.target import ImportTarget

ROWS_AT_ONCE = 1_000
CHANGED_MEANWHILE = "这条记录刚刚被别人改过，请重新核对。"


@dataclass(frozen=True)
class Done:
    """What an import did to one record, so that it can be taken back.

    Attributes:
        version: the record's version after it.
        before: what stood in the fields that were changed, as ``as_stored`` gives it; None of a new record.
    """

    id: int
    version: int
    before: dict[str, Any] | None


class NotApplied(Exception):
    """Some lines were refused by the walls or the database; the transaction must be rolled back.

    Args:
        faults: the reason for each line.
    """

    def __init__(self, faults: dict[int, Fault]) -> None:
        super().__init__(f"{len(faults)} lines were refused")
        self.faults = faults


def apply_plan(
    session: Any, target: ImportTarget, plan: Plan, progress: Callable[[int], None] = lambda _n: None
) -> list[Done]:
    """Write the new and changed records of a plan; the caller commits.

    Args:
        progress: told how many rows are written.

    Raises:
        NotApplied: some lines were refused; each is named. Nothing of the plan may then be committed.
    """
    rows = [row for row in plan.rows if row.outcome in (Outcome.NEW, Outcome.CHANGED)]
    done: list[Done] = []
    faults: dict[int, Fault] = {}
    written = 0
    for some in in_parts(rows, ROWS_AT_ONCE):
        related = _load_related(session, target, some)
        try:
            done += _write(session, target, some, related)
        except (IntegrityError, NotAllowed, Refused, StaleDataError):
            faults |= _find_faults(session, target, some)
        written += len(some)
        progress(written)
    if faults:
        raise NotApplied(faults)
    return done


def in_parts(rows: Sequence[Any], size: int) -> Iterator[list[Any]]:
    """The rows, so many at a time."""
    left = iter(rows)
    while some := list(islice(left, size)):
        yield some


def _write(session: Any, target: ImportTarget, some: list[Planned], related: dict[Any, Any]) -> list[Done]:
    """Write some rows in a savepoint: what is refused leaves the transaction as it was."""
    with session.begin_nested() as savepoint:
        present = _load(session, target.model, [row.key for row in some if row.key is not None])
        keys = iter(reserve_keys(session, target.model, sum(row.key is None for row in some)))
        at_once = may_write_new(target.model)
        made, new, changed = [], [], []
        for row in some:
            record, before = present.get(row.key), None
            if row.key is None:
                record = target.model(id=next(keys))
                if at_once:
                    new.append(record)
                else:
                    session.add(record)
            elif record is None or record.version != row.version:
                raise Refused(CHANGED_MEANWHILE)
            else:
                before = {name: as_stored(getattr(record, target.columns[name].key)) for name in row.values}
            _fill_in(target, record, row.values, related, by_key=row.key is None and at_once)
            made.append((record, before))
            if before is not None and row.values.keys().isdisjoint(target.relations):
                changed.append(record)
        if new:
            write_new(savepoint.session, new)
        if changed:
            write_changed(changed)
        session.flush()
    return [Done(record.id, record.version, before) for record, before in made]


def _fill_in(target: ImportTarget, record: Any, values: dict[str, Any], related: dict[Any, Any], by_key: bool) -> None:
    """Set the values of a line; what it points at by its keys, or as a relationship that a flush sees to."""
    for name, value in values.items():
        other = related[name, value.id] if isinstance(value, Related) else value
        if by_key and name in target.relations:
            point_at(record, name, other)
        else:
            setattr(record, name, other)


def _load(session: Any, model: Any, keys: list[int]) -> dict[int | None, Any]:
    if not keys:
        return {}
    rows = session.scalars(select(model).where(model.id.in_(keys)))
    return {row.id: row for row in rows}


def _load_related(session: Any, target: ImportTarget, some: list[Planned]) -> dict[Any, Any]:
    """The related records that some rows point at, by field and key; those out of sight are refused."""
    found: dict[Any, Any] = {}
    for name, relation in target.relations.items():
        wanted = {row.values[name].id for row in some if isinstance(row.values.get(name), Related)}
        rows = _load(session, relation.mapper.class_, sorted(wanted))
        found |= {(name, key): row for key, row in rows.items()}
    return found


def _find_faults(session: Any, target: ImportTarget, some: list[Planned]) -> dict[int, Fault]:
    """Which of some rows are refused, and why: each is written by itself."""
    faults = {}
    for row in some:
        try:
            _write(session, target, [row], _load_related(session, target, [row]))
        except IntegrityError as error:
            name, reason = reason_of(error, target.model)
            faults[row.line] = Fault(reason, name or "")
        except Refused as refused:
            faults[row.line] = Fault(refused.message, refused.field or "")
        except NotAllowed as refused:
            faults[row.line] = Fault(str(refused))
        except StaleDataError:
            faults[row.line] = Fault(CHANGED_MEANWHILE)
    return faults
