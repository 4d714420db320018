"""Taking an import back: new records go, changed ones get their former values, unless somebody has changed them since."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from policy.errors import NotAllowed, Refused
from policy.write_guard import taking_back, write_changed
from services.stored_values import from_stored
from services.tables.importing.apply import Done, in_parts
from services.tables.importing.target import ImportTarget
from services.trash import owned_children

ROWS_AT_ONCE = 1_000
NAMED = 20
"""So many of the records that stand in the way are named."""


class NotTakenBack(Refused):
    """Records of the import were changed, deleted or used since.

    Args:
        reasons: each record's title with what happened to it.
    """

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        more = f"等 {len(reasons)} 条" if len(reasons) > NAMED else ""
        super().__init__(f"没有撤销，导入以后有记录变了：{'；'.join(reasons[:NAMED])}{more}。请先处理这些记录。")


def take_back(
    session: Any, target: ImportTarget, done: list[Done], progress: Callable[[int], None] = lambda _n: None
) -> None:
    """Undo what an import did; the caller commits.

    Args:
        done: what the import did, in its order.

    Raises:
        NotTakenBack: some records stand in the way, by name; nothing may then be committed.
    """
    reasons: list[str] = []
    undone = 0
    for some in in_parts(done[::-1], ROWS_AT_ONCE):
        reasons += _take_back_some(session, target, some)
        undone += len(some)
        progress(undone)
    if reasons:
        raise NotTakenBack(reasons)


def _take_back_some(session: Any, target: ImportTarget, some: list[Done]) -> list[str]:
    present = _load(session, target.model, [one.id for one in some])
    reasons = [reason for one in some if (reason := _what_changed(one, present.get(one.id)))]
    if reasons:
        return reasons
    try:
        _write(session, target, some, present)
    except (IntegrityError, NotAllowed, Refused):
        return _find_reasons(session, target, some)
    return []


def _load(session: Any, model: Any, keys: list[int]) -> dict[int, Any]:
    """The records with the children that would go with them."""
    children = [selectinload(getattr(model, one.key)) for one in inspect(model).relationships if one.cascade.delete]
    statement = select(model).where(model.id.in_(keys)).options(*children)
    return {row.id: row for row in session.scalars(statement.execution_options(populate_existing=True))}


def _what_changed(one: Done, row: Any) -> str | None:
    """Why a record can't be taken back; None when nothing happened to it."""
    if row is None:
        return f"编号 {one.id} 已经删除或不归您看了"
    if row.version != one.version:
        return f"“{row.title}”（编号{row.id}）已经有人改过"
    if one.before is None and owned_children(row):
        return f"“{row.title}”（编号{row.id}）下面已经登记了别的内容"
    return None


def _write(session: Any, target: ImportTarget, some: list[Done], present: dict[int, Any]) -> None:
    """Take some records back in a savepoint."""
    new = [present[one.id] for one in some if one.before is None]
    changed = [
        present[one.id] for one in some if one.before is not None and one.before.keys().isdisjoint(target.relations)
    ]
    with session.begin_nested(), taking_back(session, new):
        for one in some:
            if one.before is None:
                session.delete(present[one.id])
            else:
                _put_back(session, target, present[one.id], one.before)
        if changed:
            write_changed(changed)
        session.flush()


def _put_back(session: Any, target: ImportTarget, row: Any, before: dict[str, Any]) -> None:
    for name, value in before.items():
        if name not in target.relations:
            setattr(row, name, from_stored(target.model, name, value))
            continue
        related = session.get(target.relations[name].mapper.class_, value) if value is not None else None
        if value is not None and related is None:
            raise Refused(f"“{row.title}”原来的{target.label(name)}已经不在了。")
        setattr(row, name, related)


def _find_reasons(session: Any, target: ImportTarget, some: list[Done]) -> list[str]:
    """Which of some records stand in the way: each is tried by itself."""
    reasons = []
    for one in some:
        present = _load(session, target.model, [one.id])
        try:
            _write(session, target, [one], present)
        except IntegrityError:
            reasons.append(f"“{present[one.id].title}”（编号{one.id}）已经有别的记录用到")
        except NotAllowed:
            reasons.append(f"“{present[one.id].title}”（编号{one.id}）您已经不能改了")
        except Refused as refused:
            reasons.append(refused.message.rstrip("。"))
    return reasons
