"""Item by item: how many meet it how far, and who they are; reckoned of what the actor sees."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from models import Answer, Assessment, AssessmentAnswer, ChecklistItem
from services.checklists.answers import REVIEW
from services.reports.checklists import BLANK, Raw, Reckoner, Scope, given_columns, items_of_versions


@dataclass(frozen=True)
class Tally:
    """How many of the assessments meet an item how far."""

    item: ChecklistItem
    states: dict[Answer | None, int]

    @property
    def total(self) -> int:
        """All assessments that were counted."""
        return sum(self.states.values())


def tallies(session: Session, scope: Scope, side: str = REVIEW, reckoner: Reckoner | None = None) -> list[Tally]:
    """Each item with how many meet it how far: of the assessments in sight, counted by the database."""
    reckoner = reckoner or Reckoner(items_of_versions(session, [scope.version_id]))
    total = session.scalar(select(func.count(Assessment.id)).where(scope.holds())) or 0
    columns = given_columns(side)
    rows = session.execute(
        select(AssessmentAnswer.item_id, *columns, func.count())
        .join(Assessment, Assessment.id == AssessmentAnswer.assessment_id)
        .where(scope.holds())
        .group_by(AssessmentAnswer.item_id, *columns)
    )
    states: dict[int, Counter[Answer | None]] = {item.id: Counter() for item in reckoner.items}
    for item_id, *raw, count in rows:
        if item_id in reckoner.places and tuple(raw) != BLANK:
            states[item_id][reckoner.read(item_id, tuple(raw)).state] += count  # type: ignore[arg-type]
    for counts in states.values():
        counts[None] = total - sum(counts.values())
    return [Tally(item, dict(states[item.id])) for item in reckoner.items]


def with_state(
    session: Session, scope: Scope, reckoner: Reckoner, item_id: int, state: Answer | None, side: str = REVIEW
) -> ColumnElement[bool]:
    """The condition on ``Assessment`` that an item is met so far, or for None that nothing was given for it."""
    given = given_columns(side)
    if state is None:
        something = or_(*(column.is_not(None) for column in given))
        return ~_answered(item_id, something)
    seen = _given_for(session, scope, item_id, side)
    return _any_of(item_id, given, [raw for raw in seen if reckoner.read(item_id, raw).state is state])


def falling_short(
    session: Session, scope: Scope, reckoner: Reckoner, item_id: int, side: str = REVIEW
) -> ColumnElement[bool]:
    """The condition on ``Assessment`` that an item has to be mended."""
    seen = _given_for(session, scope, item_id, side)
    return _any_of(item_id, given_columns(side), [raw for raw in seen if reckoner.read(item_id, raw).short])


def _given_for(session: Session, scope: Scope, item_id: int, side: str) -> list[Raw]:
    """All that was given for an item."""
    statement = select(*given_columns(side)).join(Assessment, Assessment.id == AssessmentAnswer.assessment_id)
    rows = session.execute(statement.where(AssessmentAnswer.item_id == item_id, scope.holds()).distinct())
    return [tuple(row) for row in rows if tuple(row) != BLANK]  # type: ignore[misc]


def _any_of(item_id: int, given: list[Any], wanted: list[Raw]) -> ColumnElement[bool]:
    alike = [
        and_(*(column.is_not_distinct_from(value) for column, value in zip(given, raw, strict=True))) for raw in wanted
    ]
    return _answered(item_id, or_(*alike)) if alike else Assessment.id.is_(None)


def _answered(item_id: int, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    answer = select(AssessmentAnswer.id).where(
        AssessmentAnswer.assessment_id == Assessment.id, AssessmentAnswer.item_id == item_id, condition
    )
    return answer.correlate(Assessment).exists()
