"""Versions of checklists: drafted, then published. What is published never changes; the database itself refuses it."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import ChecklistGroup, ChecklistItem, ChecklistVersion, VersionStatus
from policy.errors import Refused


def is_draft(version: ChecklistVersion) -> bool:
    """Whether it may still change."""
    return version.status is VersionStatus.DRAFT


def why_locked(version: ChecklistVersion) -> str | None:
    """A published version stays as it is, so that every assessment against it recomputes to the same score."""
    return None if is_draft(version) else "这个清单版本已经发布，不能再改；需要修改，请另做一个新版本。"


def publish(session: Session, version: ChecklistVersion) -> None:
    """From now on companies can be assessed against it, and it never changes again."""
    if reason := why_locked(version):
        raise Refused(reason)
    items = select(func.count()).select_from(ChecklistItem).join(ChecklistItem.group)
    if not session.scalar(items.where(ChecklistGroup.checklist_version_id == version.id)):
        raise Refused("这个版本还没有检查项，不能发布。请先添加分组和检查项。")
    version.status = VersionStatus.PUBLISHED
