"""Rounds (考核批次): one version, the companies or branches held against it, and the day by which that is done."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select
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
from services.checklists.reviewers import ANYBODY, Place, Reviewer, Wish, chosen_for, some_names
from services.checklists.reviewers import name as name_reviewer
from services.rights import require

MOST_ASSESSED = 2_000
MOST_WORKING_DAYS = 500
NAME_LENGTH = 60
NOBODY_CHOSEN = "请选择要考核的企业或党组织。"
AT_ONCE = 500
"""So many keys go into one statement."""


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
    def left(self) -> int:
        """Those that aren't finished."""
        return self.total - self.signed

    @property
    def percent(self) -> int:
        """How much is finished, from 0 to 100."""
        return 100 * self.signed // self.total if self.total else 0


def due_after(session: Session, working_days: int) -> date:
    """The day so many working days from today, by the table of holidays; raises Refused at ``working_days``."""
    if not 1 <= working_days <= MOST_WORKING_DAYS:
        raise Refused(f"请填 1 到 {MOST_WORKING_DAYS} 个工作日。", "working_days")
    return add_working_days(today(), working_days, holidays_after(session, today()))


def check_due(due_on: date) -> None:
    """Raise Refused unless a round may be due on this day."""
    if due_on < today():
        raise Refused("截止日期不能早于今天。", "due_on")


def kinds_of(version: ChecklistVersion | None) -> set[BranchKind]:
    """The kinds of Party organisation that a version is for; all where it names none, or while none is chosen."""
    named = {audience.branch_kind for audience in version.audiences} if version is not None else set()
    return named or set(BranchKind)


def proposed_name(version: ChecklistVersion) -> str:
    """What a round against a version may be called: 2026 年两栏四有四上墙考核."""
    return f"{today().year} 年{version.template.name}考核"[:NAME_LENGTH]


def open_round(
    session: Session,
    assessment_round: AssessmentRound,
    companies: Collection[Company] = (),
    branches: Collection[Branch] = (),
    reviewing: Wish = ANYBODY,
) -> list[Assessment]:
    """Open a round that was just made: an assessment, with its empty answers, for each company and each branch.

    Raises Refused with the field's name where a rule says no, and NotAllowed where the actor may not assess one of them.
    """
    version = assessment_round.checklist_version
    if version is None or version.status is not VersionStatus.PUBLISHED:
        raise Refused("请选择已经发布的清单版本。", "checklist_version")
    check_due(assessment_round.due_on)
    _check_assessed(session, version, companies, branches)
    _check_name(session, assessment_round)
    chosen = _chosen(session, companies, branches, reviewing)
    assessment_round.status = RoundStatus.OPEN
    session.add(assessment_round)
    session.flush()
    if reviewing != ANYBODY:
        require(session, "assessment_round:update", assessment_round)
    return _assess(session, assessment_round, companies, branches, chosen)


def add_to_round(
    session: Session,
    assessment_round: AssessmentRound,
    companies: Collection[Company] = (),
    branches: Collection[Branch] = (),
    reviewing: Wish = ANYBODY,
) -> list[Assessment]:
    """Hold further companies or branches against a round's version; raises as ``open_round`` does."""
    require(session, "assessment_round:update", assessment_round)
    if reason := why_none_added(assessment_round):
        raise Refused(reason, "assessed")
    present = assessed_in(session, assessment_round)
    twice = [one.short_name for one in companies if one.id in present.companies]
    twice += [one.name for one in branches if one.id in present.branches]
    if twice:
        raise Refused(f"{some_names(twice)}已经在这个批次里，请不要再选。", "assessed")
    if len(present.companies) + len(present.branches) + len(companies) + len(branches) > MOST_ASSESSED:
        raise Refused(f"一个批次最多 {MOST_ASSESSED} 家，请另开一个批次。", "assessed")
    _check_assessed(session, assessment_round.checklist_version, companies, branches)
    chosen = _chosen(session, companies, branches, reviewing)
    return _assess(session, assessment_round, companies, branches, chosen)


def why_none_added(assessment_round: AssessmentRound) -> str | None:
    """Why a round takes no further companies; None while it does."""
    if not is_open(assessment_round):
        return "这个批次已经结束，不能再加。"
    if assessment_round.due_on < today():
        return "这个批次的截止日期已经过了，请先延长截止日期，再加。"
    if assessment_round.checklist_version.status is not VersionStatus.PUBLISHED:
        return "这个批次用的清单版本已经停用，不能再加。"
    return None


@dataclass(frozen=True)
class Assessed:
    """The keys of a round's companies and of the branches that are assessed themselves, as far as they are in sight."""

    companies: frozenset[int] = frozenset()
    branches: frozenset[int] = frozenset()


def assessed_in(session: Session, assessment_round: AssessmentRound) -> Assessed:
    """Who is in a round already."""
    rows = session.execute(
        select(Assessment.company_id, Assessment.branch_id).where(Assessment.round_id == assessment_round.id)
    ).all()
    return Assessed(
        frozenset(company for company, _branch in rows if company is not None),
        frozenset(branch for company, branch in rows if company is None),
    )


def _check_assessed(
    session: Session, version: ChecklistVersion, companies: Collection[Company], branches: Collection[Branch]
) -> None:
    number = len(companies) + len(branches)
    if not number:
        raise Refused(NOBODY_CHOSEN, "assessed")
    if number > MOST_ASSESSED:
        raise Refused(f"一个批次最多 {MOST_ASSESSED} 家，现在选了 {number} 家，请分成几个批次。", "assessed")
    kinds = kinds_of(version)
    places = [(one.short_name, one.branch) for one in companies] + [(one.name, one) for one in branches]
    unfit = [name for name, branch in places if branch is not None and branch.kind not in kinds]
    if unfit:
        raise Refused(f"这个清单版本不适用于{some_names(unfit)}，请不要选。", "assessed")
    if none := [branch.name for branch in branches if branch.kind is BranchKind.UNORGANISED]:
        raise Refused(f"{some_names(none)}还没有建立党组织，不能作为党组织考核，请选它的企业。", "assessed")
    if again := _assessed_today(session, version, companies, branches):
        raise Refused(f"{some_names(again)}今天已经开始了一次同样清单的考核，请不要再选。", "assessed")


def _assessed_today(
    session: Session, version: ChecklistVersion, companies: Collection[Company], branches: Collection[Branch]
) -> list[str]:
    """The names of those that have an assessment against this version of this very day: a second one is none."""
    same_day = (Assessment.checklist_version_id == version.id, Assessment.assessed_on == today())
    of_company: ColumnElement[bool] = Assessment.company_id.is_not(None)
    again = _found(session, Assessment.company_id, companies, *same_day, of_company)
    once = _found(session, Assessment.branch_id, branches, *same_day, ~of_company)
    return [one.short_name for one in companies if one.id in again] + [one.name for one in branches if one.id in once]


def _found(session: Session, column: Any, rows: Collection[Any], *conditions: ColumnElement[bool]) -> set[int]:
    """Which of these rows' keys an assessment holds in a column."""
    found: set[int] = set()
    for keys in in_parts([row.id for row in rows]):
        found |= set(session.scalars(select(column).where(column.in_(keys), *conditions)))
    return found


def in_parts(keys: list[int]) -> Iterator[list[int]]:
    """Keys in parts that one statement may hold."""
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]


def _check_name(session: Session, assessment_round: AssessmentRound) -> None:
    branch = assessment_round.branch_id or assessment_round.branch.id
    same = select(AssessmentRound.id).where(
        AssessmentRound.branch_id == branch, AssessmentRound.name == assessment_round.name
    )
    with session.no_autoflush:
        if session.scalar(same.limit(1)) is not None:
            raise Refused(f"已经有一个叫“{assessment_round.name}”的批次，请换一个名称。", "name")


def _chosen(
    session: Session, companies: Collection[Company], branches: Collection[Branch], reviewing: Wish
) -> list[Reviewer | None]:
    """Who reviews each company and each branch, in their order."""
    places = [Place(one.short_name, one.id, one.branch_id) for one in companies]
    places += [Place(one.name, None, one.id) for one in branches]
    return chosen_for(session, reviewing, places)


def _assess(
    session: Session,
    assessment_round: AssessmentRound,
    companies: Collection[Company],
    branches: Collection[Branch],
    reviewers: Sequence[Reviewer | None],
) -> list[Assessment]:
    """An assessment, with its empty answers, of each, and who reviews it."""
    made = [_assessment(assessment_round, company=company) for company in companies]
    made += [_assessment(assessment_round, branch_id=branch.id) for branch in branches]
    for one, reviewer in zip(made, reviewers, strict=True):
        name_reviewer(one, reviewer)
    session.add_all(made)
    session.flush()
    # By keys: of tens of thousands of answers, relationships would take longer than all the rest.
    items = [item.id for item in items_of(session, assessment_round.checklist_version.id)]
    session.add_all(
        AssessmentAnswer(assessment_id=one.id, branch_id=one.branch_id, item_id=item) for one in made for item in items
    )
    session.flush()
    return made


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


def days_overdue(assessment_round: AssessmentRound) -> int:
    """By how many days an open round is past its day; 0 while it isn't."""
    return max((today() - assessment_round.due_on).days, 0) if is_open(assessment_round) else 0


def close_round(session: Session, assessment_round: AssessmentRound) -> str:
    """End a round: what it holds is changed by marked corrections only from now on; says what was left unfinished."""
    require(session, "assessment_round:close", assessment_round)
    if not is_open(assessment_round):
        raise Refused("这个批次已经结束了。", "status")
    left = progress_of(session, [assessment_round])[assessment_round.id].left
    assessment_round.status, assessment_round.closed_on = RoundStatus.CLOSED, today()
    return f"批次已结束，还有 {left} 份没有签字确认。" if left else "批次已结束。"


def is_open(assessment_round: AssessmentRound) -> bool:
    """It still runs."""
    return assessment_round.status is RoundStatus.OPEN


def why_locked(assessment_round: AssessmentRound) -> str | None:
    """A round that is over stays as it was."""
    return None if is_open(assessment_round) else "这个考核批次已经结束，不能再改。"
