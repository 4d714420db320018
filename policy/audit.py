"""The audit log: one entry for each row written, in the same transaction as the write."""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import inspect

from models import AuditEntry, RolePermission
from models.column_types import PartialDate
from policy.actions import DATABASE, permission_words, resource_of
from policy.actor import Actor

CHANGED = "已修改"


@dataclass(frozen=True)
class Origin:
    """From where somebody acts, and for whom."""

    channel: str = "程序"
    address: str | None = None
    on_behalf_of: str | None = None


current_origin: ContextVar[Origin | None] = ContextVar("current_origin", default=None)


def entry(
    actor: Actor, action: str, row: Any, changes: dict[str, Any], branches: tuple[int | None, int | None] = (None, None)
) -> dict[str, Any]:
    """The values of one audit entry."""
    return {
        **_who(actor),
        "action": action,
        "resource": resource_of(type(row)),
        "record_id": inspect(row).dict.get("id"),
        "record_title": _title(row)[:120],
        "branch_before": branches[0],
        "branch_after": branches[1],
        "changes": changes,
    }


def _who(actor: Actor) -> dict[str, Any]:
    """Who acts, for whom and from where."""
    origin = current_origin.get() or Origin()
    return {
        "account_id": actor.account_id,
        "actor_name": actor.name,
        "on_behalf_of": origin.on_behalf_of,
        "channel": origin.channel,
        "address": origin.address,
    }


def _title(row: Any) -> str:
    """What people call the row; a permission is a name of the program's and has words of its own."""
    named = isinstance(row, RolePermission)
    return permission_words().get(row.permission, row.permission) if named else str(row.title)


def write_entries(session: Any, entries: list[dict[str, Any]]) -> None:
    """Add entries in one statement, in the session's own transaction."""
    if entries:
        session.connection().execute(AuditEntry.__table__.insert(), entries)


def record_act(session: Any, action: str, row: Any, **details: Any) -> None:
    """Log an act that changes no row, such as unmasking a number: ``details`` say why."""
    branch = getattr(row, "branch_id", None)
    write_entries(session, [entry(session.info["actor"], action, row, details, (branch, branch))])


def record_list_act(
    session: Any, action: str, resource: str, title: str, branch: int | None = None, **details: Any
) -> None:
    """Log an act about many rows of a kind that changes none, such as exporting numbers whole.

    ``branch``: the only branch that it is about; without one, only whoever reads the whole log reads of it.
    """
    about = {"resource": resource, "record_id": None, "branch_before": branch, "branch_after": branch}
    told = {"action": action, "record_title": title[:120], "changes": details}
    write_entries(session, [{**_who(session.info["actor"]), **about, **told}])


def record_event(session: Any, action: str, title: str, **details: Any) -> None:
    """Log what was done with the database as a whole, such as a backup."""
    whole = {"resource": DATABASE, "record_id": None, "branch_before": None, "branch_after": None}
    about = {"action": action, "record_title": title[:120], "changes": details}
    write_entries(session, [{**_who(session.info["actor"]), **whole, **about}])


def shown_changes(changes: dict[str, tuple[Any, Any]], row: Any) -> dict[str, Any]:
    """Old and new values as JSON; personal ones only as "changed"; housekeeping columns not at all."""
    personal, unshown = _unshown_columns(type(row))
    return {
        key: CHANGED if key in personal else [as_json(old), as_json(new)]
        for key, (old, new) in changes.items()
        if key not in unshown
    }


@cache
def _unshown_columns(model: type) -> tuple[frozenset[str], frozenset[str]]:
    """The columns whose values the log doesn't hold, and those that it leaves out."""
    infos = {column.key: column.info for column in inspect(model).columns}
    personal = frozenset(key for key, info in infos.items() if info.get("personal"))
    internal = frozenset(key for key, info in infos.items() if info.get("internal") or key == "id")
    return personal, internal - personal


def as_json(value: Any) -> Any:
    """A column's value as JSON holds it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, PartialDate):
        return value.iso
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value
