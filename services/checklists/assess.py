"""Assessing a company: its own answers, the reviewer's, the scores, and what has to be mended."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from models import (
    Answer,
    Assessment,
    AssessmentAnswer,
    AssessmentStatus,
    ChecklistGroup,
    ChecklistItem,
    Rectification,
    RectificationStatus,
    Result,
    Scoring,
    VersionStatus,
)
from models.clock import today
from policy.errors import Refused
from services.checklists import scoring
from services.checklists.calendar import add_working_days, holidays_after
from services.reports.settings import number_setting
from services.rights import require

RECTIFICATION_DAYS = 15
REASON_LENGTH = 200


def items_of(session: Session, version_id: int) -> list[ChecklistItem]:
    """The items of a version in their order, each with its group."""
    statement = (
        select(ChecklistItem)
        .join(ChecklistItem.group)
        .where(ChecklistGroup.checklist_version_id == version_id)
        .options(selectinload(ChecklistItem.group))
        .order_by(ChecklistGroup.position, ChecklistGroup.id, ChecklistItem.position, ChecklistItem.id)
    )
    return list(session.scalars(statement))


def open_assessment(session: Session, assessment: Assessment) -> list[AssessmentAnswer]:
    """Give the assessment an answer, still empty, for each item of its version; those that are there stay."""
    version = assessment.checklist_version
    if version.status is not VersionStatus.PUBLISHED:
        raise Refused("这个清单版本还没有发布，不能用来考核。", "checklist_version")
    answered = {row.item_id or row.item.id for row in assessment.answers}
    for item in items_of(session, version.id):
        if item.id not in answered:
            session.add(AssessmentAnswer(assessment=assessment, item=item))
    session.flush()
    return assessment.answers


def answer(
    session: Session,
    assessment: Assessment,
    answers: Mapping[int, Answer | None],
    reasons: Mapping[int, str] | None = None,
    *,
    reviewed: bool = False,
) -> None:
    """Note answers by the item's key: the company's own, or the reviewer's with reasons where they differ."""
    require(session, "assessment:review" if reviewed else "assessment:self_assess", assessment)
    if assessment.status is AssessmentStatus.REVIEWED:
        raise Refused("已经考评过，不能再改。")
    if not reviewed and assessment.status is not AssessmentStatus.DRAFT:
        raise Refused("自评已经提交，不能再改。")
    rows = {row.item_id: row for row in assessment.answers}
    for item_id, given in answers.items():
        if item_id not in rows:
            raise Refused("这一项不在检查表里，请刷新后再填。")
        setattr(rows[item_id], "review_answer" if reviewed else "self_answer", given)
    for item_id, reason in (reasons or {}).items() if reviewed else ():
        if len(reason) > REASON_LENGTH:
            raise Refused(f"原因最多 {REASON_LENGTH} 个字。", reason_field(item_id))
        if item_id in rows:
            rows[item_id].reason = reason.strip() or None
    recompute(session, assessment)


def recompute(session: Session, assessment: Assessment) -> None:
    """Set both scores, and the result once it is reviewed."""
    rows = assessment.answers
    items = {item.id: item for item in items_of(session, assessment.checklist_version_id)}
    for side in ("self", "review"):
        marks = [_mark(items[row.item_id], getattr(row, f"{side}_answer")) for row in rows]
        setattr(assessment, f"{side}_score", scoring.score(marks))
    assessment.result = None
    if assessment.status is AssessmentStatus.REVIEWED and assessment.review_score is not None:
        version = assessment.checklist_version
        limits = version.passed_percent, version.nearly_percent
        assessment.result = Result(scoring.band(assessment.review_score, *limits))


def _mark(item: ChecklistItem, given: Answer | None) -> scoring.Mark:
    return scoring.Mark(item.points, given.value if given else None, item.scoring is Scoring.GRADED)


def submit(session: Session, assessment: Assessment) -> None:
    """The company hands in its self-assessment."""
    require(session, "assessment:self_assess", assessment)
    if assessment.status is not AssessmentStatus.DRAFT:
        raise Refused("自评已经提交过。")
    left = sum(row.self_answer is None for row in assessment.answers)
    if left or not assessment.answers:
        raise Refused(f"还有 {left} 项没有填写；确实没有的，请选“不适用”。")
    assessment.status = AssessmentStatus.SUBMITTED
    recompute(session, assessment)


def without_reason(assessment: Assessment) -> list[AssessmentAnswer]:
    """The answers where the reviewer differs from the company and doesn't say why."""
    return [row for row in assessment.answers if differs(row) and not (row.reason or "").strip()]


def differs(row: AssessmentAnswer) -> bool:
    """Both answered, and not alike."""
    return None not in (row.self_answer, row.review_answer) and row.self_answer is not row.review_answer


def reason_field(item_id: int) -> str:
    """The name of the form field that holds an item's reason."""
    return f"reason-{item_id}"


def review(session: Session, assessment: Assessment) -> list[Rectification]:
    """The reviewer concludes: the result stands, and each item not met becomes a rectification."""
    require(session, "assessment:review", assessment)
    if assessment.status is AssessmentStatus.REVIEWED:
        raise Refused("已经考评过，不能再改。")
    missing = without_reason(assessment)
    if missing:
        raise Refused("考评与自评不一致的，请写明原因。", reason_field(missing[0].item_id))
    if all(row.review_answer is None for row in assessment.answers):
        raise Refused("还没有填写考评。")
    assessment.status = AssessmentStatus.REVIEWED
    recompute(session, assessment)
    return _raise_rectifications(session, assessment)


def _raise_rectifications(session: Session, assessment: Assessment) -> list[Rectification]:
    failed = [row for row in assessment.answers if row.review_answer is Answer.NOT_MET]
    if not failed:
        return []
    day = today()
    days = number_setting(session, "rectification_days", RECTIFICATION_DAYS)
    due_on = add_working_days(day, days, holidays_after(session, day))
    items = {item.id: item for item in items_of(session, assessment.checklist_version_id)}
    company: Any = assessment.company
    raised = [
        Rectification(
            company=company,
            assessment=assessment,
            item=items[row.item_id],
            what=items[row.item_id].text,
            responsible=company.contact_name or "企业负责人",
            due_on=due_on,
            status=RectificationStatus.OPEN,
        )
        for row in failed
    ]
    session.add_all(raised)
    return raised
