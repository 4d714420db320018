"""Assessing a company or a branch: its own answers, the reviewer's, the scores, and what has to be mended."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from models import (
    Answer,
    Assessment,
    AssessmentAnswer,
    AssessmentMove,
    AssessmentStatus,
    ChecklistGroup,
    ChecklistItem,
    MoveKind,
    Rectification,
    RectificationStatus,
    Result,
    RoundStatus,
    Scoring,
    VersionStatus,
)
from models.clock import now, today
from policy.errors import Refused
from services.checklists import scoring
from services.checklists.answers import REVIEW, SELF, Given, check_given, falls_short, give, given_by, outcome_of
from services.checklists.calendar import add_working_days, holidays_after
from services.checklists.reviewers import require_reviewer
from services.reports.settings import number_setting
from services.rights import require

RECTIFICATION_DAYS = 15
WHAT_LENGTH = 200
REASON_LENGTH, NOTE_LENGTH, NAME_LENGTH = 200, 500, 40


def items_of(session: Session, version_id: int) -> list[ChecklistItem]:
    """The items of a version in their order, each with its group and its steps."""
    statement = (
        select(ChecklistItem)
        .join(ChecklistItem.group)
        .where(ChecklistGroup.checklist_version_id == version_id)
        .options(selectinload(ChecklistItem.group), selectinload(ChecklistItem.steps))
        .order_by(ChecklistGroup.position, ChecklistGroup.id, ChecklistItem.position, ChecklistItem.id)
    )
    return list(session.scalars(statement))


def open_assessment(session: Session, assessment: Assessment) -> list[AssessmentAnswer]:
    """Give the assessment an answer, still empty, for each item of its version; those that are there stay."""
    version = assessment.checklist_version
    if version.status is VersionStatus.DRAFT:
        raise Refused("这个清单版本还没有发布，不能用来考核。", "checklist_version")
    if version.status is VersionStatus.RETIRED and not assessment.answers:
        raise Refused("这个清单版本已经停用，请选用新的版本。", "checklist_version")
    answered = {row.item_id or row.item.id for row in assessment.answers}
    for item in items_of(session, version.id):
        if item.id not in answered:
            session.add(AssessmentAnswer(assessment=assessment, item=item))
    session.flush()
    return assessment.answers


def answer(
    session: Session,
    assessment: Assessment,
    answers: Mapping[int, Given | Answer | None],
    reasons: Mapping[int, str] | None = None,
    notes: Mapping[int, str] | None = None,
    *,
    reviewed: bool = False,
    on_behalf_of: str | None = None,
) -> None:
    """Note answers by the item's key: the company's own with notes, or the reviewer's with reasons where they differ.

    Beside each answer that changes stands who gave it, and ``on_behalf_of`` whom where it wasn't the assessed themselves.
    """
    if reviewed:
        require_reviewer(session, assessment)
    else:
        require(session, "assessment:self_assess", assessment)
    if reason := why_fixed(assessment, reviewed):
        raise Refused(reason)
    if on_behalf_of and len(on_behalf_of) > NAME_LENGTH:
        raise Refused(f"姓名最多 {NAME_LENGTH} 个字。", "on_behalf_of")
    side = REVIEW if reviewed else SELF
    rows = {row.item_id: row for row in assessment.answers}
    items = {item.id: item for item in items_of(session, assessment.checklist_version_id)}
    for item_id, chosen in answers.items():
        if item_id not in rows:
            raise Refused("这一项不在检查表里，请刷新后再填。")
        given = chosen if isinstance(chosen, Given) else Given(chosen)
        stored = given_by(side, rows[item_id])
        check_given(items[item_id], given, stored)
        if given == stored:
            continue
        give(side, rows[item_id], given)
        _sign_answer(session, rows[item_id], side, given, on_behalf_of)
    _write_down(rows, "reason", (reasons or {}) if reviewed else {}, REASON_LENGTH)
    _write_down(rows, "note", {} if reviewed else (notes or {}), NOTE_LENGTH)
    if any(session.is_modified(row) for row in rows.values()):
        # Also where no score changes: whoever has the whole form open is to learn that it isn't what he saw.
        assessment.updated_at = now()
    recompute(session, assessment)


def why_fixed(assessment: Assessment, reviewed: bool) -> str | None:
    """Why one side's answers can't be changed as things stand; None while they can."""
    if assessment.round_status is RoundStatus.CLOSED and not assessment.corrected:
        return "这个考核批次已经结束；确需更改，请作更正。"
    if assessment.status is AssessmentStatus.SIGNED:
        return "已经签字确认，不能再改。"
    if assessment.status is AssessmentStatus.REVIEWED:
        return "已经考评过，不能再改。"
    if not reviewed and assessment.status is not AssessmentStatus.DRAFT:
        return "自评已经提交，不能再改。"
    return None


def _sign_answer(session: Session, row: AssessmentAnswer, side: str, given: Given, on_behalf_of: str | None) -> None:
    """Note who gave an answer; nobody did where it was taken back."""
    name = session.info["actor"].name[:NAME_LENGTH] if given else None
    setattr(row, f"{side}_by", name)
    if side == SELF:
        row.self_for = (on_behalf_of or "").strip() or None if given else None


def note_move(session: Session, assessment: Assessment, kind: MoveKind, reason: str | None = None) -> None:
    """Write down what somebody decided about an assessment."""
    name = session.info["actor"].name[:NAME_LENGTH]
    assessment.moves.append(AssessmentMove(kind=kind, reason=reason, made_by=name, score=assessment.review_score))


def _write_down(rows: Mapping[int, AssessmentAnswer], name: str, texts: Mapping[int, str], longest: int) -> None:
    """Note reasons or notes by the item's key."""
    for item_id, text in texts.items():
        if len(text) > longest:
            raise Refused(f"{'原因' if name == 'reason' else '说明'}最多 {longest} 个字。", f"{name}-{item_id}")
        if item_id in rows:
            setattr(rows[item_id], name, text.strip() or None)


def recompute(session: Session, assessment: Assessment) -> None:
    """Set both scores, and the result once it is reviewed."""
    version = assessment.checklist_version
    items = {item.id: item for item in items_of(session, assessment.checklist_version_id)}
    rules = version.scoring_revision, version.bonus_percent
    own, reviewed = (outcome_of(items, assessment.answers, side, *rules) for side in (SELF, REVIEW))
    assessment.self_score, assessment.review_score, assessment.vetoed = own.score, reviewed.score, reviewed.vetoed
    assessment.result = None
    if assessment.status in (AssessmentStatus.REVIEWED, AssessmentStatus.SIGNED):
        found = scoring.band(reviewed, version.passed_percent, version.nearly_percent)
        assessment.result = Result(found) if found else None


def submit(session: Session, assessment: Assessment) -> None:
    """The company hands in its self-assessment."""
    require(session, "assessment:self_assess", assessment)
    if assessment.status is not AssessmentStatus.DRAFT:
        raise Refused("自评已经提交过。")
    if reason := why_fixed(assessment, reviewed=False):
        raise Refused(reason)
    left = len(unanswered(session, assessment))
    if left or not assessment.answers:
        raise Refused(f"还有 {left} 项没有填写；确实没有的，请选“不适用”。")
    assessment.status = AssessmentStatus.SUBMITTED
    recompute(session, assessment)
    note_move(session, assessment, MoveKind.SUBMITTED)


def unanswered(session: Session, assessment: Assessment) -> list[AssessmentAnswer]:
    """What the company hasn't answered; a bonus needs no answer."""
    items = {item.id: item for item in items_of(session, assessment.checklist_version_id)}
    needed = [row for row in assessment.answers if items[row.item_id].scoring is not Scoring.BONUS]
    return [row for row in needed if not given_by(SELF, row)]


def without_reason(assessment: Assessment) -> list[AssessmentAnswer]:
    """The answers where the reviewer differs from the company and doesn't say why."""
    return [row for row in assessment.answers if differs(row) and not (row.reason or "").strip()]


def differs(row: AssessmentAnswer) -> bool:
    """Both answered, and not alike."""
    own, reviewed = given_by(SELF, row), given_by(REVIEW, row)
    return bool(own) and bool(reviewed) and own != reviewed


def reason_field(item_id: int) -> str:
    """The name of the form field that holds an item's reason."""
    return f"reason-{item_id}"


def review(session: Session, assessment: Assessment) -> list[Rectification]:
    """The reviewer concludes: the result stands, and each item not met becomes a rectification."""
    require_reviewer(session, assessment)
    if reason := why_fixed(assessment, reviewed=True):
        raise Refused(reason)
    missing = without_reason(assessment)
    if missing:
        raise Refused("考评与自评不一致的，请写明原因。", reason_field(missing[0].item_id))
    if not any(given_by(REVIEW, row) for row in assessment.answers):
        raise Refused("还没有填写考评。")
    assessment.status = AssessmentStatus.REVIEWED
    recompute(session, assessment)
    note_move(session, assessment, MoveKind.REVIEWED)
    return raise_rectifications(session, assessment)


def to_be_mended(session: Session, assessment: Assessment) -> list[ChecklistItem]:
    """The items that the reviewer found not met and that no rectification of this assessment stands for."""
    items = {item.id: item for item in items_of(session, assessment.checklist_version_id)}
    failed = [row.item_id for row in assessment.answers if falls_short(items[row.item_id], given_by(REVIEW, row))]
    raised = select(Rectification.item_id).where(Rectification.assessment_id == assessment.id)
    there = set(session.scalars(raised)) if failed else set()
    return [items[key] for key in failed if key not in there]


def mended_by(assessment: Assessment) -> str:
    """Who answers for the mending unless somebody else is named: whom the company names, or the branch."""
    company = assessment.company
    return (company.contact_name or "企业负责人") if company else "党组织负责人"


def mended_until(session: Session) -> date:
    """The day by which is mended what is found today: so many working days from now as the setting says."""
    days = number_setting(session, "rectification_days", RECTIFICATION_DAYS)
    return add_working_days(today(), days, holidays_after(session, today()))


def raise_rectifications(
    session: Session, assessment: Assessment, responsible: str | None = None, due_on: date | None = None
) -> list[Rectification]:
    """Have each item that was found not met mended, unless that was asked for already.

    Raises Refused with the field's name when nobody can answer for it or the day is over.
    """
    if responsible is not None and not 0 < len(responsible.strip()) <= NAME_LENGTH:
        raise Refused(f"请写明责任人，最多 {NAME_LENGTH} 个字。", "responsible")
    if due_on is not None and due_on < today():
        raise Refused("整改期限不能早于今天。", "due_on")
    failed = to_be_mended(session, assessment)
    if not failed:
        return []
    company = assessment.company
    of: dict[str, Any] = {"company": company} if company else {"branch_id": assessment.branch_id}
    raised = [
        Rectification(
            **of,
            assessment=assessment,
            item=item,
            what=item.text[:WHAT_LENGTH],
            responsible=(responsible or mended_by(assessment)).strip(),
            due_on=due_on or mended_until(session),
            status=RectificationStatus.OPEN,
        )
        for item in failed
    ]
    session.add_all(raised)
    return raised
