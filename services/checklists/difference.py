"""What a version says otherwise than another one: items kept, changed, merged, added and abolished."""

from collections.abc import Iterable
from dataclasses import dataclass

from models.column_types import LabelledEnum
from models.hundredths import trimmed
from services.checklists.outline import ItemOutline, Outline, steps_in_words


class Fate(LabelledEnum):
    """What became of an item."""

    KEPT = "kept", "沿用"
    CHANGED = "changed", "修改"
    MERGED = "merged", "合并"
    ADDED = "added", "新增"
    ABOLISHED = "abolished", "取消"


@dataclass(frozen=True)
class Wording:
    """One fact of an item in both versions, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """An item of the newer version and where it comes from; or items of the older one that nothing comes from.

    Attributes:
        words: the facts that differ.
    """

    fate: Fate
    group: str
    before: tuple[ItemOutline, ...] = ()
    after: ItemOutline | None = None
    words: tuple[Wording, ...] = ()


def compare(older: Outline, newer: Outline, by_origin: bool = True) -> list[Change]:
    """The changes in the newer version's order, then what was abolished in the older one's.

    Args:
        by_origin: whether the newer one was made from the older one and knows where its items come from; otherwise items
            with the same code are taken for the same.
    """
    known = {item.code: item for item in older.items()}
    used: set[str] = set()
    changes = []
    for group in newer.groups:
        for item in group.items:
            codes = item.origins if by_origin else (item.code,)
            before = tuple(known[code] for code in codes if code in known)
            used.update(one.code for one in before)
            changes.append(_change(group.name, before, item))
    for group in older.groups:
        changes += [Change(Fate.ABOLISHED, group.name, (item,)) for item in group.items if item.code not in used]
    return changes


def _change(group: str, before: tuple[ItemOutline, ...], after: ItemOutline) -> Change:
    if not before:
        return Change(Fate.ADDED, group, after=after)
    if len(before) > 1:
        return Change(Fate.MERGED, group, before, after)
    words = tuple(
        Wording(label, old, new)
        for (label, old), (_label, new) in zip(facts_of(before[0]), facts_of(after), strict=True)
        if old != new
    )
    return Change(Fate.CHANGED if words else Fate.KEPT, group, before, after, words)


def facts_of(item: ItemOutline) -> list[tuple[str, str]]:
    """What an item says, each fact with its label."""
    return [
        ("编码", item.code),
        ("内容", item.text),
        ("满分", trimmed(item.points)),
        ("得分办法", item.scoring.label),
        ("得分档", steps_in_words(item.steps)),
        ("每次扣", _points(item.off_each)),
        ("最多扣", _points(item.off_at_most)),
        ("数量单位", item.counts or ""),
        ("可以不适用", "是" if item.can_be_left_out else "否"),
        ("检查方法", item.how_checked or ""),
        ("佐证材料", item.evidence or ""),
    ]


def _points(value: int | None) -> str:
    return "" if value is None else trimmed(value)


def counted(changes: Iterable[Change]) -> dict[Fate, int]:
    """How many items fared how; all fates, also those of none."""
    found = dict.fromkeys(Fate, 0)
    for change in changes:
        found[change.fate] += 1
    return found
