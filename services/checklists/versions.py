"""Versions of checklists: drafted, published, retired. What is published never changes; the database itself refuses it."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from models import (
    ChecklistAudience,
    ChecklistGroup,
    ChecklistItem,
    ChecklistItemOrigin,
    ChecklistStep,
    ChecklistTemplate,
    ChecklistVersion,
    VersionStatus,
)
from models.clock import today
from policy.errors import Refused
from services.checklists.outline import Fault, GroupOutline, ItemOutline, Outline, StepOutline, faults_of
from services.checklists.scoring import NEWEST_REVISION

_OF_ITEM = (
    "code", "text", "points", "scoring", "off_each", "off_at_most", "counts", "can_be_left_out", "how_checked", "evidence",
)  # fmt: skip
_OF_VERSION = ("name", "passed_percent", "nearly_percent", "bonus_percent")


class Unfit(Refused):
    """An outline that can't be saved; it says what is wrong in which places."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults[0].message if len(faults) == 1 else f"有 {len(faults)} 处要改，还没有保存。")
        self.faults = faults


def is_draft(version: ChecklistVersion) -> bool:
    """Whether it may still change."""
    return version.status is VersionStatus.DRAFT


def is_published(version: ChecklistVersion) -> bool:
    """Whether new assessments may be made against it."""
    return version.status is VersionStatus.PUBLISHED


def only_published(statement: Any) -> Any:
    """Of the versions that a SELECT finds, those against which new assessments may be made."""
    return statement.where(ChecklistVersion.status == VersionStatus.PUBLISHED)


def why_locked(version: ChecklistVersion) -> str | None:
    """A published version stays as it is, so that every assessment against it recomputes to the same score."""
    return None if is_draft(version) else "这个清单版本已经发布，不能再改；需要修改，请另做一个新版本。"


def publish(session: Session, version: ChecklistVersion) -> None:
    """From now on companies can be assessed against it, and it never changes again."""
    if reason := why_locked(version):
        raise Refused(reason)
    outline = outline_of(session, version)
    if not any(outline.items()):
        raise Refused("这个版本还没有检查项，不能发布。请先添加分组和检查项。")
    if faults := faults_of(outline):
        raise Refused(f"还不能发布：{faults[0].message}请先编辑清单改好。")
    if not outline.points:
        raise Refused("所有检查项的分值都是 0，算不出得分，不能发布。")
    version.status, version.published_on = VersionStatus.PUBLISHED, today()
    version.scoring_revision = NEWEST_REVISION


def retire(session: Session, version: ChecklistVersion) -> None:
    """No new assessments are made against it; those that there are stay and can be finished."""
    if not is_published(version):
        raise Refused("只有已发布的版本可以停用。")
    version.status = VersionStatus.RETIRED


# To and from plain data


def rows_of(session: Session, version_id: int) -> list[ChecklistGroup]:
    """The groups of a version in their order, with all that belongs to them, in as many statements for 10 items as for 300."""
    items = selectinload(ChecklistGroup.items)
    statement = (
        select(ChecklistGroup)
        .where(ChecklistGroup.checklist_version_id == version_id)
        .options(
            items.selectinload(ChecklistItem.steps),
            items.selectinload(ChecklistItem.origins).selectinload(ChecklistItemOrigin.origin),
        )
        .order_by(ChecklistGroup.position, ChecklistGroup.id)
    )
    return list(session.scalars(statement))


def outline_of(session: Session, version: ChecklistVersion) -> Outline:
    """A version as plain data."""
    groups = tuple(
        GroupOutline(group.name, tuple(_outline_of_item(item) for item in _in_order(group.items)), group.id)
        for group in rows_of(session, version.id)
    )
    audiences = session.scalars(
        select(ChecklistAudience.branch_kind)
        .where(ChecklistAudience.checklist_version_id == version.id)
        .order_by(ChecklistAudience.id)
    )
    facts = {name: getattr(version, name) for name in _OF_VERSION}
    return Outline(groups=groups, audiences=tuple(audiences), **facts)


def _in_order(items: Iterable[ChecklistItem]) -> list[ChecklistItem]:
    return sorted(items, key=lambda item: (item.position, item.id))


def _outline_of_item(item: ChecklistItem) -> ItemOutline:
    steps = sorted(item.steps, key=lambda step: (step.position, step.id))
    return ItemOutline(
        steps=tuple(StepOutline(step.name, step.share, step.starts_at) for step in steps),
        origins=tuple(sorted(one.origin.code for one in item.origins)),
        key=item.id,
        **{name: getattr(item, name) for name in _OF_ITEM},
    )


def save_outline(session: Session, version: ChecklistVersion, outline: Outline) -> bool:
    """Make a draft what the outline says: rows with a key are changed, those without are new, the others go.

    Returns whether anything was otherwise before.

    Raises Unfit with all that is wrong, Refused when the version is published already or a row isn't its own.
    """
    if reason := why_locked(version):
        raise Refused(reason)
    if faults := faults_of(outline):
        raise Unfit(faults)
    if _same(outline_of(session, version), outline):
        return False
    for name in _OF_VERSION:
        setattr(version, name, getattr(outline, name))
    _save_audiences(session, version, outline)
    old_groups = {group.id: group for group in rows_of(session, version.id)}
    old_items = {item.id: item for group in old_groups.values() for item in group.items}
    keys = [item.key for item in outline.items() if item.key is not None]
    strange = {*keys} - old_items.keys() or {group.key for group in outline.groups if group.key} - old_groups.keys()
    if strange or len(keys) != len(set(keys)):
        raise Refused("有人同时改过这个清单，或页面已经过期。请刷新后再改。")
    origins = _origins_by_code(session, version)
    for key in old_items.keys() - set(keys):
        session.delete(old_items.pop(key))
    _put_aside(session, old_items, outline, old_groups)
    kept = {group.key for group in outline.groups}
    for position, group_outline in enumerate(outline.groups, start=1):
        group: Any = old_groups.get(group_outline.key) or ChecklistGroup(checklist_version=version)  # type: ignore[arg-type]
        group.name, group.position = group_outline.name, position
        session.add(group)
        for number, item_outline in enumerate(group_outline.items, start=1):
            item: Any = old_items.get(item_outline.key) or ChecklistItem()  # type: ignore[arg-type]
            item.group = group
            _save_item(item, item_outline, number, origins)
            session.add(item)
    session.flush()
    for key, group in old_groups.items():
        session.expire(group, ["items"])
        if key not in kept:
            session.delete(group)
    session.flush()
    return True


def _same(stored: Outline, outline: Outline) -> bool:
    """Whether both say the same by the same rows."""
    keys = [[(group.key, *(item.key for item in group.items)) for group in one.groups] for one in (stored, outline)]
    return stored == outline and keys[0] == keys[1]


def _put_aside(
    session: Session, items: dict[int, ChecklistItem], outline: Outline, groups: dict[int, ChecklistGroup]
) -> None:
    """Write out what goes; and where two rows change places, give one of them a name that is nobody's on the way."""
    session.flush()
    for group in groups.values():
        session.expire(group, ["items"])  # it still holds what has gone
    now = {(item.group_id, item.code): key for key, item in items.items()}
    for group in outline.groups:
        for one in group.items:
            holder = now.get((group.key, one.code)) if group.key else None
            if holder is not None and holder != one.key:
                items[holder].code = f"~{holder}"
    names = {group.name: key for key, group in groups.items()}
    for group in outline.groups:
        holder = names.get(group.name)
        if holder is not None and holder != group.key:
            groups[holder].name = f"~{holder}"
    session.flush()


def _save_audiences(session: Session, version: ChecklistVersion, outline: Outline) -> None:
    held = {row.branch_kind: row for row in version.audiences}
    for kind, row in held.items():
        if kind not in outline.audiences:
            version.audiences.remove(row)
    for kind in outline.audiences:
        if kind not in held:
            version.audiences.append(ChecklistAudience(branch_kind=kind))


def _origins_by_code(session: Session, version: ChecklistVersion) -> dict[str, ChecklistItem]:
    """The items of the version that this one was made from, by code."""
    if version.based_on_id is None:
        return {}
    return {item.code: item for group in rows_of(session, version.based_on_id) for item in group.items}


def _save_item(item: Any, outline: ItemOutline, position: int, origins: dict[str, ChecklistItem]) -> None:
    for name in _OF_ITEM:
        setattr(item, name, getattr(outline, name))
    item.position = position
    steps = {step.name: step for step in item.steps}
    wanted = {step.name for step in outline.steps}
    for name, step in steps.items():
        if name not in wanted:
            item.steps.remove(step)
    for number, one in enumerate(outline.steps, start=1):
        step = steps.get(one.name)
        if step is None:
            step = ChecklistStep(name=one.name)
            item.steps.append(step)
        step.share, step.starts_at, step.position = one.share, one.starts_at, number
    known = {row.origin.code: row for row in item.origins}
    for code, row in known.items():
        if code not in outline.origins:
            item.origins.remove(row)
    for code in outline.origins:
        if code not in known and code in origins:
            item.origins.append(ChecklistItemOrigin(origin=origins[code]))


# A new year's version


def clone(session: Session, version: ChecklistVersion, name: str) -> ChecklistVersion:
    """A draft that says the same as a published version, each item with that version's as its origin."""
    if is_draft(version):
        raise Refused("草稿可以直接修改，不用另做新版本。")
    name = name.strip()
    taken = session.scalar(
        select(ChecklistVersion.id).where(
            ChecklistVersion.template_id == version.template_id, ChecklistVersion.name == name
        )
    )
    if taken:
        raise Refused(f"这个清单已经有“{name}”这个版本，请换一个名称。", "name")
    outline = outline_of(session, version)
    groups = tuple(GroupOutline(group.name, tuple(_as_new(item) for item in group.items)) for group in outline.groups)
    made = ChecklistVersion(template_id=version.template_id, name=name, based_on_id=version.id)
    session.add(made)
    session.flush()
    save_outline(
        session, made,
        Outline(name, groups, outline.passed_percent, outline.nearly_percent, outline.bonus_percent, outline.audiences),
    )  # fmt: skip
    return made


def _as_new(item: ItemOutline) -> ItemOutline:
    facts = {name: getattr(item, name) for name in _OF_ITEM}
    return ItemOutline(steps=item.steps, origins=(item.code,), **facts)


def new_template(session: Session, name: str, outline: Outline, note: str | None = None) -> ChecklistVersion:
    """A checklist with its first version, still a draft."""
    template = session.scalar(select(ChecklistTemplate).where(ChecklistTemplate.name == name))
    template = template or ChecklistTemplate(name=name, note=note)
    made = ChecklistVersion(template=template, name=outline.name)
    session.add_all([template, made])
    session.flush()
    save_outline(session, made, outline)
    return made
