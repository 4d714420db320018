"""Rounds (考核批次): one version, the companies or branches held against it, and the day by which that is done."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import (
    Assessment,
    AssessmentAnswer,
    AssessmentRound,
    AssessmentStatus,
    Branch,
    BranchKind,
    ChecklistVersion,
    Company,
    RoundStatus,
    VersionStatus,
)
from models.clock import today
from policy.errors import Refused
from services.checklists.assess import items_of
from services.checklists.calendar import add_working_days, holidays_after
from services.rights import require

MOST_ASSESSED = 2_000
NAME_LENGTH = 60


@dataclass(frozen=True)
class Progress:
    """How many of a round's assessments stand where."""

    counts: dict[AssessmentStatus, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())

    @property
    def signed(self) -> int:
        """Those that are finished."""
        return self.counts.get(AssessmentStatus.SIGNED, 0)

    @property
    def percent(self) -> int:
        """How much is finished, from 0 to 100."""
        return 100 * self.signed // self.total if self.total else 0


def due_after(session: Session, working_days: int) -> date:
    """The day so many working days from today, by the table of holidays."""
    return add_working_days(today(), working_days, holidays_after(session, today()))


def kinds_of(version: ChecklistVersion) -> set[BranchKind]:
    """The kinds of Party organisation that a version is for; all where it names none."""
    return {audience.branch_kind for audience in version.audiences} or set(BranchKind)


def open_round(
    session: Session,
    assessment_round: AssessmentRound,
    companies: Collection[Company] = (),
    branches: Collection[Branch] = (),
) -> list[Assessment]:
    """Open a round that was just made: an assessment, with its empty answers, for each company and each branch.

    Raises Refused with the field's name where a rule says no, and NotAllowed where the actor may not assess one of them.
    """
    version = assessment_round.checklist_version
    if version is None or version.status is not VersionStatus.PUBLISHED:
        raise Refused("请选择已经发布的清单版本。", "checklist_version")
    if assessment_round.due_on < today():
        raise Refused("截止日期不能早于今天。", "due_on")
    _check_assessed(version, companies, branches)
    assessment_round.status = RoundStatus.OPEN
    session.add(assessment_round)
    session.flush()
    made = [_assessment(assessment_round, company=company) for company in companies]
    made += [_assessment(assessment_round, branch_id=branch.id) for branch in branches]
    items = items_of(session, version.id)
    for assessment in made:
        assessment.answers = [AssessmentAnswer(item=item) for item in items]
    session.add_all(made)
    session.flush()
    return made


def _check_assessed(version: ChecklistVersion, companies: Collection[Company], branches: Collection[Branch]) -> None:
    number = len(companies) + len(branches)
    if not number:
        raise Refused("请选择要考核的企业或党组织。", "assessed")
    if number > MOST_ASSESSED:
        raise Refused(f"一个批次最多 {MOST_ASSESSED} 家，现在选了 {number} 家，请分成几个批次。", "assessed")
    kinds = kinds_of(version)
    for one, branch in [
        *((company.short_name, company.branch) for company in companies),
        *((b.name, b) for b in branches),
    ]:
        if branch is not None and branch.kind not in kinds:
            raise Refused(f"这个清单版本不适用于“{one}”（{branch.kind.label}），请不要选它。", "assessed")


def _assessment(assessment_round: AssessmentRound, **of: object) -> Assessment:
    return Assessment(
        **of,
        checklist_version=assessment_round.checklist_version,
        assessed_on=today(),
        round_id=assessment_round.id,
        round_name=assessment_round.name,
        due_on=assessment_round.due_on,
        round_status=assessment_round.status,
    )


def progress_of(session: Session, rounds: Iterable[AssessmentRound]) -> dict[int, Progress]:
    """How far rounds are, by their keys: of the assessments that the actor sees."""
    keys = [one.id for one in rounds]
    counted = (
        select(Assessment.round_id, Assessment.status, func.count())
        .where(Assessment.round_id.in_(keys))
        .group_by(Assessment.round_id, Assessment.status)
    )
    found: dict[int, dict[AssessmentStatus, int]] = {key: {} for key in keys}
    for key, status, number in session.execute(counted):
        found[key][status] = number
    return {key: Progress(counts) for key, counts in found.items()}


def close_round(session: Session, assessment_round: AssessmentRound) -> str:
    """End a round: what it holds is changed by marked corrections only from now on; says what was left unfinished."""
    require(session, "assessment_round:close", assessment_round)
    if not is_open(assessment_round):
        raise Refused("这个批次已经结束了。", "status")
    progress = progress_of(session, [assessment_round])[assessment_round.id]
    assessment_round.status, assessment_round.closed_on = RoundStatus.CLOSED, today()
    left = progress.total - progress.signed
    return f"批次已结束，还有 {left} 份没有签字确认。" if left else "批次已结束。"


def is_open(assessment_round: AssessmentRound) -> bool:
    """It still runs."""
    return assessment_round.status is RoundStatus.OPEN


def why_locked(assessment_round: AssessmentRound) -> str | None:
    """A round that is over stays as it was."""
    return None if is_open(assessment_round) else "这个考核批次已经结束，不能再改。"
