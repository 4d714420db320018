"""Before and after: what reviews found not met, and what of it has been mended since."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from models import (
    Answer,
    Assessment,
    AssessmentAnswer,
    ChecklistItem,
    Rectification,
    RectificationStatus,
)
from models.column_types import LabelledEnum
from services.checklists.answers import REVIEW
from services.reports.checklists import Reckoner, Scope, given_columns, named


class After(LabelledEnum):
    """What became of an item that was not met."""

    MENDED = "mended", "已销号"
    UNMENDED = "unmended", "还在整改"
    UNLISTED = "unlisted", "没有整改记录"


@dataclass(frozen=True)
class Failure:
    """An item that a review found not met.

    Attributes:
        rectification_id: of what is still to be mended, else of what was closed last; None where none is in sight.
    """

    item: ChecklistItem
    after: After
    rectification_id: int | None = None
    closed_on: date | None = None


@dataclass(frozen=True)
class Mending:
    """What one company, or a branch that is itself assessed, failed at its review, and what became of it.

    Attributes:
        name: None where its record is out of the actor's sight.
    """

    assessment_id: int
    company_id: int | None
    branch_id: int
    name: str | None
    failures: list[Failure] = field(default_factory=list)

    def counted(self) -> Counter[After]:
        """How many items fared how."""
        return Counter(failure.after for failure in self.failures)


def before_and_after(session: Session, scope: Scope, reckoner: Reckoner) -> list[Mending]:
    """Whoever failed an item at the review, in order of pinyin, with what became of each: by three statements."""
    failed = _failed(session, scope, reckoner)
    fates = _rectifications(session, scope)
    found = []
    for row in session.execute(named().where(scope.holds())):
        if row[0] in failed:
            failures = [_failure(item, fates.get((row[0], item.id), [])) for item in failed[row[0]]]
            found.append(Mending(*row, failures=failures))
    return found


def by_item(mendings: Iterable[Mending]) -> dict[int, Counter[After]]:
    """How the failures of each item fared, by the item's key."""
    found: dict[int, Counter[After]] = {}
    for one in mendings:
        for failure in one.failures:
            found.setdefault(failure.item.id, Counter())[failure.after] += 1
    return found


def mended_so(session: Session, scope: Scope, reckoner: Reckoner, item_id: int, after: After) -> ColumnElement[bool]:
    """The condition on ``Assessment`` that an item failed and fared so."""
    keys = [
        one.assessment_id
        for one in before_and_after(session, scope, reckoner)
        if any(failure.item.id == item_id and failure.after is after for failure in one.failures)
    ]
    return Assessment.id.in_(keys)


def _failed(session: Session, scope: Scope, reckoner: Reckoner) -> dict[int, list[ChecklistItem]]:
    """The items that fell short at the review, in the checklist's order, by assessment."""
    word, step, number = given_columns(REVIEW)
    statement = (
        select(AssessmentAnswer.assessment_id, AssessmentAnswer.item_id, word, step, number)
        .join(Assessment, Assessment.id == AssessmentAnswer.assessment_id)
        # What is met by its word needs no look.
        .where(scope.holds(), or_(word.in_([Answer.NOT_MET, Answer.PARTLY]), step.is_not(None), number.is_not(None)))
    )
    found: dict[int, list[ChecklistItem]] = {}
    for assessment_id, item_id, *raw in session.execute(statement):
        if item_id in reckoner.places:
            reading = reckoner.read(item_id, tuple(raw))  # type: ignore[arg-type]
            if reading.short:
                found.setdefault(assessment_id, []).append(reading.item)
    for items in found.values():
        items.sort(key=lambda item: reckoner.places[item.id])
    return found


Fate = tuple[int, RectificationStatus, date | None]


def _rectifications(session: Session, scope: Scope) -> dict[tuple[int, int], list[Fate]]:
    """What was to be mended, by assessment and item."""
    statement = (
        select(
            Rectification.assessment_id, Rectification.item_id, Rectification.id, Rectification.status, Rectification.closed_on
        )
        .join(Assessment, Assessment.id == Rectification.assessment_id)
        .where(scope.holds(), Rectification.item_id.is_not(None))
        .order_by(Rectification.id)
    )  # fmt: skip
    found: dict[tuple[int, int], list[Fate]] = {}
    for assessment_id, item_id, *fate in session.execute(statement):
        found.setdefault((assessment_id, item_id), []).append(tuple(fate))  # type: ignore[arg-type]
    return found


def _failure(item: ChecklistItem, fates: list[Fate]) -> Failure:
    """Mended is what was closed, unless something of the same item is still open."""
    still = [fate for fate in fates if fate[1] is not RectificationStatus.CLOSED]
    if not fates:
        return Failure(item, After.UNLISTED)
    key, status, closed_on = (still or fates)[-1]
    return Failure(item, After.MENDED if status is RectificationStatus.CLOSED else After.UNMENDED, key, closed_on)
