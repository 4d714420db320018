"""What becomes of a reviewed assessment: returned for correction, signed off, opened again with a reason."""

from sqlalchemy.orm import Session

from models import Assessment, AssessmentStatus, MoveKind, RoundStatus
from models.clock import today
from policy.actor import Actor
from policy.errors import Refused
from services.checklists.assess import NAME_LENGTH, REASON_LENGTH, note_move, recompute, without_reason
from services.checklists.reviewers import REVIEWING, require_reviewer
from services.rights import require


def return_for_correction(session: Session, assessment: Assessment, reason: str | None) -> None:
    """The reviewer gives the self-assessment back and says what is wrong with it."""
    require_reviewer(session, assessment)
    if not can_be_returned(assessment):
        raise Refused("只有已经自评、还没有签字确认的考核可以退回。", "reason")
    _move_back(session, assessment, AssessmentStatus.DRAFT, MoveKind.RETURNED, reason)


def sign_off(session: Session, assessment: Assessment) -> None:
    """Confirm a reviewed assessment: its answers and its score stand from now on."""
    require(session, "assessment:sign", assessment)
    if not can_be_signed(assessment):
        raise Refused("完成考评的考核，才能签字确认。")
    if without_reason(assessment):
        raise Refused("还有考评与自评不一致、没有写明原因的，请先补上。")
    score = assessment.review_score
    recompute(session, assessment)
    if assessment.review_score != score:
        raise Refused("重新计算的得分与原来的不一样，请核对后再确认。")
    session.flush()  # the database takes no answer any more once the signature is there
    assessment.status, assessment.signed_on = AssessmentStatus.SIGNED, today()
    assessment.signed_by = session.info["actor"].name[:NAME_LENGTH]
    note_move(session, assessment, MoveKind.SIGNED)


def reopen(session: Session, assessment: Assessment, reason: str | None) -> None:
    """Open a reviewed or signed assessment to its reviewer again; of a round that is over it is a marked correction."""
    over = assessment.round_status is RoundStatus.CLOSED
    signed = assessment.status is AssessmentStatus.SIGNED
    if signed or over:
        require(session, "assessment:reopen", assessment)
    elif not decides_above(session.info["actor"], assessment):
        require_reviewer(session, assessment)
    if not can_be_reopened(assessment):
        raise Refused("还没有完成考评，不用重新打开。", "reason")
    _move_back(
        session, assessment, AssessmentStatus.SUBMITTED, MoveKind.CORRECTED if over else MoveKind.REOPENED, reason
    )
    assessment.corrected = assessment.corrected or over


def decides_above(actor: Actor, assessment: Assessment) -> bool:
    """Whether the actor, who may review here, opens what another reviewer concluded: he signs, or opens what is signed."""
    above = any(actor.permits(f"assessment:{one}", assessment.branch_id) for one in ("sign", "reopen"))
    return above and actor.permits(REVIEWING, assessment.branch_id)


def _move_back(
    session: Session, assessment: Assessment, status: AssessmentStatus, kind: MoveKind, reason: str | None
) -> None:
    reason = (reason or "").strip()
    if not reason:
        raise Refused("请写明原因，以后查得到。", "reason")
    if len(reason) > REASON_LENGTH:
        raise Refused(f"原因最多 {REASON_LENGTH} 个字，现在是 {len(reason)} 个字。", "reason")
    note_move(session, assessment, kind, reason)
    assessment.status, assessment.signed_on, assessment.signed_by = status, None, None
    session.flush()
    recompute(session, assessment)


def can_be_returned(assessment: Assessment) -> bool:
    """It was handed in, and isn't signed; a round that is over returns nothing."""
    handed_in = assessment.status in (AssessmentStatus.SUBMITTED, AssessmentStatus.REVIEWED)
    return handed_in and (assessment.round_status is not RoundStatus.CLOSED or assessment.corrected)


def can_be_signed(assessment: Assessment) -> bool:
    """It was reviewed and waits for its signature."""
    return assessment.status is AssessmentStatus.REVIEWED


def can_be_reopened(assessment: Assessment) -> bool:
    """It was reviewed, whether it is signed or not; of a round that is over, whatever state it was left in."""
    done = assessment.status in (AssessmentStatus.REVIEWED, AssessmentStatus.SIGNED)
    return done or (assessment.round_status is RoundStatus.CLOSED and not assessment.corrected)


def why_locked(assessment: Assessment) -> str | None:
    """Why the record itself can't be edited or deleted; None while it can."""
    if assessment.status is AssessmentStatus.SIGNED:
        return "考核已经签字确认，不能再改；确需更改，请先写明原因，重新打开。"
    if assessment.round_status is RoundStatus.CLOSED:
        return "这个考核批次已经结束，不能再改；确需更改，请作更正。"
    return None
