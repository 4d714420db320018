"""The assessments of a round as its page lists them: who, how far, what came out, what is still to be mended."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import (
    Assessment,
    AssessmentRound,
    AssessmentStatus,
    Branch,
    Company,
    Rectification,
    RectificationStatus,
    Result,
)
from services.tables.columns import OUT_OF_SIGHT

AT_ONCE = 100


@dataclass(frozen=True)
class RoundRow:
    """One assessment of a round.

    Attributes:
        name: the company's, or the branch's that is assessed itself.
        of_company: whether it is a company that is assessed.
        self_score, review_score: hundredths.
        to_mend: how many rectifications of it are still open.
    """

    key: int
    name: str
    of_company: bool
    branch: str
    status: AssessmentStatus
    self_score: int | None
    review_score: int | None
    result: Result | None
    vetoed: bool
    corrected: bool
    reviewer: str | None
    to_mend: int


def rows_of(
    session: Session, assessment_round: AssessmentRound, status: AssessmentStatus | None = None, start: int = 0
) -> list[RoundRow]:
    """The assessments in sight by the pinyin of who is assessed, ``AT_ONCE`` of them from ``start`` on."""
    to_mend = (
        select(func.count(Rectification.id))
        .where(Rectification.assessment_id == Assessment.id, Rectification.status == RectificationStatus.OPEN)
        .correlate(Assessment)
        .scalar_subquery()
    )
    statement = (
        select(
            Assessment.id, Assessment.company_id, Company.short_name, Branch.name, Assessment.status, Assessment.self_score,
            Assessment.review_score, Assessment.result, Assessment.vetoed, Assessment.corrected,
            Assessment.reviewer_name, to_mend,
        )
        .outerjoin(Company, Company.id == Assessment.company_id)
        .outerjoin(Branch, Branch.id == Assessment.branch_id)
        .where(Assessment.round_id == assessment_round.id)
        .order_by(func.coalesce(Company.pinyin, Branch.pinyin), Assessment.id)
        .offset(start)
        .limit(AT_ONCE)
    )  # fmt: skip
    if status is not None:
        statement = statement.where(Assessment.status == status)
    return [_row(*values) for values in session.execute(statement)]


def _row(key: int, company_id: int | None, company: str | None, branch: str | None, *rest: Any) -> RoundRow:
    name = branch if company_id is None else company
    return RoundRow(key, name or OUT_OF_SIGHT, company_id is not None, branch or OUT_OF_SIGHT, *rest)
