"""Where the two scores differ: the list that the office goes through with the company and the reviewer."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from models import Assessment, AssessmentAnswer, AssessmentStatus, ChecklistItem, ChecklistVersion
from services.checklists.answers import REVIEW, SELF

LISTED = 100
_PARTS = ("answer", "step_id", "number")


@dataclass(frozen=True)
class Asked:
    """Which disagreements are asked for.

    Attributes:
        round_id: of one round only.
        unsettled: only of assessments that aren't signed off.
        before: only answers older than the one with this key, for the next page.
    """

    round_id: int | None = None
    unsettled: bool = False
    before: int | None = None


def differing() -> ColumnElement[bool]:
    """Both sides answered, and not alike."""
    own, reviewed = ([getattr(AssessmentAnswer, f"{side}_{part}") for part in _PARTS] for side in (SELF, REVIEW))
    return and_(
        or_(*(column.is_not(None) for column in own)),
        or_(*(column.is_not(None) for column in reviewed)),
        or_(*(one.is_distinct_from(other) for one, other in zip(own, reviewed, strict=True))),
    )


def disagreements(session: Session, asked: Asked) -> list[AssessmentAnswer]:
    """The answers that differ, newest first, at most ``LISTED`` and one more, with what a page shows of them."""
    assessment = joinedload(AssessmentAnswer.assessment)
    version = assessment.joinedload(Assessment.checklist_version).joinedload(ChecklistVersion.template)
    statement = (
        select(AssessmentAnswer)
        .join(AssessmentAnswer.assessment)
        .where(differing())
        .options(assessment.joinedload(Assessment.company), assessment.joinedload(Assessment.branch), version)
        .options(joinedload(AssessmentAnswer.item).options(selectinload(ChecklistItem.steps)))
        .order_by(AssessmentAnswer.id.desc())
        .limit(LISTED + 1)
    )
    if asked.round_id is not None:
        statement = statement.where(Assessment.round_id == asked.round_id)
    if asked.unsettled:
        statement = statement.where(Assessment.status != AssessmentStatus.SIGNED)
    if asked.before is not None:
        statement = statement.where(AssessmentAnswer.id < asked.before)
    return list(session.scalars(statement))


def rounds_seen(session: Session) -> list[tuple[int, str]]:
    """The rounds of the assessments in sight, by key and name, the newest first."""
    seen = select(Assessment.round_id, Assessment.round_name).where(Assessment.round_id.is_not(None)).distinct()
    return [(key, name) for key, name in session.execute(seen.order_by(Assessment.round_id.desc()).limit(LISTED))]
