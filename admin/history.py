"""Audit entries as people read them: Chinese words for the program's names, names for keys, old and new side by side."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import inspect, select

from admin import cells
from models import AuditEntry, Branch, db
from models.base import Record
from models.clock import local
from policy.actions import action_words, models_by_resource, target_of

HISTORY_ROWS = 200
DETAILS = {"reason": "原因", "field": "项目", "taken_at": "备份时刻", "bytes": "字节数", "files": "附件文件数", "lacking": "缺失的附件",
           "replaced": "替换了原有数据"}  # fmt: skip
"""What an act that changes no row tells besides."""


def entries_about(resource: str, key: int, at_most: int = HISTORY_ROWS) -> list[AuditEntry]:
    """The newest entries about a record, as far as the actor sees them."""
    about = select(AuditEntry).where(AuditEntry.resource == resource, AuditEntry.record_id == key)
    return list(db.session.scalars(about.order_by(AuditEntry.id.desc()).limit(at_most)))


def entries_shown(entries: Iterable[AuditEntry]) -> list[dict[str, Any]]:
    """Entries with who, when, from where, what, and each change with its label and its old and new value."""
    entries = list(entries)
    names = _names(entries)
    return [
        {
            "id": entry.id,
            "at": local(entry.at).strftime("%Y-%m-%d %H:%M:%S"),
            "who": entry.actor_name,
            "on_behalf": entry.on_behalf_of,
            "action": entry.action,
            "what": action_words().get(entry.action, entry.action),
            "title": entry.record_title,
            "where": " ".join(part for part in (entry.channel, entry.address) if part),
            "branches": [names.get((Branch, key), _unnamed(key)) for key in _branches(entry)],
            "changes": [_change_shown(entry.resource, key, change, names) for key, change in entry.changes.items()],
        }
        for entry in entries
    ]


def _branches(entry: AuditEntry) -> list[int]:
    """The branch before and after, once where it stayed."""
    return list(dict.fromkeys(key for key in (entry.branch_before, entry.branch_after) if key is not None))


def _column(resource: str, key: str) -> Any:
    model = models_by_resource().get(resource)
    return inspect(model).columns.get(key) if model else None


def _names(entries: list[AuditEntry]) -> dict[tuple[type, int], str]:
    """The titles of the records that the entries' keys point at, as far as they are in sight: one query a model."""
    wanted: dict[type, set[int]] = defaultdict(set)
    for entry in entries:
        wanted[Branch].update(_branches(entry))
        for key, change in entry.changes.items():
            column = _column(entry.resource, key)
            target = None if column is None else target_of(column)
            if target is not None and isinstance(change, list):
                wanted[target].update(value for value in change if isinstance(value, int))
    found = {}
    for model, keys in wanted.items():
        if keys:
            rows: Iterable[Record] = db.session.scalars(select(model).where(model.id.in_(sorted(keys))))  # type: ignore[attr-defined]
            found.update({(model, row.id): row.title for row in rows})
    return found


def _change_shown(resource: str, key: str, change: Any, names: dict[tuple[type, int], str]) -> dict[str, str]:
    column = _column(resource, key)
    label = column.info["label"] if column is not None else DETAILS.get(key, key)
    old, new = change if isinstance(change, list) else (None, change)
    return {"label": label, "old": _value_shown(column, old, names), "new": _value_shown(column, new, names)}


def _value_shown(column: Any, value: Any, names: dict[tuple[type, int], str]) -> str:
    if value is None or value == "":
        return "—"
    if column is None:
        return str(value)
    if column.info.get("personal"):
        return str(value)  # it was logged as "changed", never as it is
    target = target_of(column)
    if target is not None and isinstance(value, int):
        return names.get((target, value), _unnamed(value))
    kind = getattr(column.type, "enum_class", None)
    if kind is not None and value in {member.value for member in kind}:
        return kind(value).label
    return cells.in_words(column, value)


def _unnamed(key: int) -> str:
    return f"编号 {key}（不可见或已删除）"
