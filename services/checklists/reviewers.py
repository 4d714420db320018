"""Who gives the second score (考评人): who may be named, who is named, and what that keeps others from doing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from models import (
    Account,
    Adviser,
    Assessment,
    AssessmentRound,
    AssessmentStatus,
    Branch,
    Posting,
    RoundStatus,
)
from models.clock import today
from models.pinyin import pinyin
from policy.actor import Actor
from policy.errors import OutOfSight, Refused
from policy.holders import holders
from services.rights import require
from services.tables.columns import OUT_OF_SIGHT

REVIEWING = "assessment:review"
FIELD = "reviewer"
"""The field of the form that a refusal stands at."""
NAME_LENGTH = 40
AT_ONCE = 500
"""So many keys go into one statement."""
NAMED_AT_MOST = 5
"""So many names stand in a message; of the others their number."""
NOT_REVIEWED = (AssessmentStatus.DRAFT, AssessmentStatus.SUBMITTED)


class How(StrEnum):
    """How it is said who reviews."""

    ANYBODY = "anybody"
    POSTED = "posted"
    ONE = "one"


@dataclass(frozen=True)
class Wish:
    """Who is to review: anybody who may, each company's posted adviser, or the account with this key."""

    how: How = How.ANYBODY
    account_id: int | None = None


ANYBODY = Wish()


@dataclass(frozen=True)
class Place:
    """Somebody who is assessed: the company, or without one the branch itself."""

    name: str
    company_id: int | None
    branch_id: int


@dataclass(frozen=True)
class Reviewer:
    """An account that may be named.

    Attributes:
        branch: the name of the branch that the account belongs to.
    """

    key: int
    name: str
    branch: str = ""


# What a name keeps others from doing


def why_anothers(actor: Actor, assessment: Assessment) -> str | None:
    """Why the actor doesn't review an assessment: somebody else is named; None where nobody is, or he himself."""
    if assessment.reviewer_id is None or assessment.reviewer_id == actor.account_id:
        return None
    return f"这次考评由{assessment.reviewer_name}负责；要换人，请联系发起考核的一方。"


def reviews(actor: Actor, assessment: Assessment) -> bool:
    """Whether the actor gives this assessment's second score: he may, and nobody else is named."""
    return actor.permits(REVIEWING, assessment.branch_id) and why_anothers(actor, assessment) is None


def require_reviewer(session: Session, assessment: Assessment) -> None:
    """Raise NotAllowed unless the actor may review here, Refused where somebody else is named for it."""
    require(session, REVIEWING, assessment)
    if reason := why_anothers(session.info["actor"], assessment):
        raise Refused(reason)


# Who may be named


def candidates(session: Session, branches: Collection[int]) -> list[Reviewer]:
    """The accounts in sight that may review in one of these branches today, by the pinyin of their names."""
    rows = session.execute(
        select(Account.id, Account.name, Branch.name)
        .outerjoin(Branch, Branch.id == Account.branch_id)
        .where(Account.active)
    )
    seen = {key: Reviewer(key, name, branch or OUT_OF_SIGHT) for key, name, branch in rows}
    able = set().union(*holders(session, seen, REVIEWING, set(branches), today()).values())
    return sorted((seen[key] for key in able), key=lambda one: (pinyin(one.name, True), one.key))


def chosen_for(session: Session, wish: Wish, places: Sequence[Place]) -> list[Reviewer | None]:
    """Who reviews each of these, None where nobody is named.

    Raises Refused at ``FIELD`` where the one who was chosen can't be named, or can't review one of them.
    """
    if wish.how is How.ANYBODY:
        return [None] * len(places)
    if wish.how is How.POSTED:
        return _posted(session, places)
    one = _the_one(session, wish.account_id)
    able = holders(session, [one.key], REVIEWING, {place.branch_id for place in places}, today())
    if unable := [place.name for place in places if not able[place.branch_id]]:
        raise Refused(f"{one.name}没有考评{some_names(unable)}的权限，请换一位，或不选这些单位。", FIELD)
    return [one] * len(places)


def _the_one(session: Session, key: int | None) -> Reviewer:
    """The account with this key; refused alike whether it is out of sight, switched off or none."""
    if key is None:
        raise Refused("请选择由谁考评。", FIELD)
    row = session.execute(select(Account.id, Account.name).where(Account.id == key, Account.active)).one_or_none()
    if row is None:
        raise Refused("所选的考评人不存在，请重新选择。", FIELD)
    return Reviewer(*row)


def _posted(session: Session, places: Sequence[Place]) -> list[Reviewer | None]:
    """The account of each company's posted adviser, where it is in sight and may review there."""
    companies = sorted({place.company_id for place in places if place.company_id is not None})
    found: dict[int, Reviewer] = {}
    for start in range(0, len(companies), AT_ONCE):
        rows = session.execute(
            select(Posting.company_id, Account.id, Account.name)
            .join(Adviser, Adviser.id == Posting.adviser_id)
            .join(Account, Account.person_id == Adviser.person_id)
            .where(
                Posting.company_id.in_(companies[start : start + AT_ONCE]),
                Posting.started_on <= today(),
                or_(Posting.ended_on.is_(None), Posting.ended_on > today()),
                Account.active,
            )
        )
        found |= {company: Reviewer(key, name) for company, key, name in rows}
    keys = {one.key for one in found.values()}
    able = holders(session, keys, REVIEWING, {place.branch_id for place in places}, today())
    chosen = [found.get(place.company_id or 0) for place in places]
    return [
        one if one is not None and one.key in able[place.branch_id] else None
        for one, place in zip(chosen, places, strict=True)
    ]


# Naming


def name_reviewers(
    session: Session, assessment_round: AssessmentRound, assessments: Sequence[Assessment], wish: Wish
) -> list[Assessment]:
    """Say who reviews these assessments of a round; returns those that a wish for posted advisers left without one.

    Raises NotAllowed unless the actor may change the round, and Refused where it or an assessment takes no change.
    """
    require(session, "assessment_round:update", assessment_round)
    if assessment_round.status is RoundStatus.CLOSED:
        raise Refused("这个批次已经结束，不能再改考评人。", FIELD)
    if not assessments:
        raise Refused("没有可以指定考评人的考核：都已考评，或不在您能看到的范围里。", FIELD)
    if signed := [one.assessed_name for one in assessments if one.status is AssessmentStatus.SIGNED]:
        raise Refused(f"{some_names(signed)}已经签字确认，不能再改考评人，请不要选。", FIELD)
    chosen = chosen_for(session, wish, [_place_of(one) for one in assessments])
    for assessment, one in zip(assessments, chosen, strict=True):
        name(assessment, one)
    return [one for one in assessments if one.reviewer_id is None] if wish.how is How.POSTED else []


def name(assessment: Assessment, reviewer: Reviewer | None) -> None:
    """Write down who reviews an assessment, or that nobody is named."""
    assessment.reviewer_id = reviewer.key if reviewer else None
    assessment.reviewer_name = reviewer.name[:NAME_LENGTH] if reviewer else None


def _place_of(assessment: Assessment) -> Place:
    return Place(assessment.assessed_name, assessment.company_id, assessment.branch_id)


def in_round(session: Session, assessment_round: AssessmentRound, keys: Collection[int] = ()) -> list[Assessment]:
    """The assessments of these keys, or without keys all that aren't reviewed yet; as far as they are in sight.

    Raises OutOfSight unless all of the keys are there.
    """
    found: list[Assessment] = []
    wanted = sorted(set(keys))
    statement = (
        select(Assessment)
        .where(Assessment.round_id == assessment_round.id)
        .options(joinedload(Assessment.company), joinedload(Assessment.branch))
        .order_by(Assessment.id)
    )
    if not wanted:
        return list(session.scalars(statement.where(Assessment.status.in_(NOT_REVIEWED))))
    for start in range(0, len(wanted), AT_ONCE):
        found += session.scalars(statement.where(Assessment.id.in_(wanted[start : start + AT_ONCE])))
    if len(found) != len(wanted):
        raise OutOfSight
    return found


def without_adviser(assessments: Sequence[Any]) -> str:
    """What is said of those whose posted adviser was to be named and couldn't be; empty where there are none."""
    if not assessments:
        return ""
    names = some_names([one.assessed_name for one in assessments])
    return f"{len(assessments)} 家没有派驻的指导员，或指导员没有能考评的账号，没有指定考评人：{names}，可以在批次页面指定。"


def some_names(names: Sequence[str]) -> str:
    """Some names, and the number of all where they are more."""
    shown = "、".join(f"“{one}”" for one in names[:NAMED_AT_MOST])
    return shown if len(names) <= NAMED_AT_MOST else f"{shown}等 {len(names)} 家"


# What waits


def waiting_for(session: Session, actor: Actor, at_most: int) -> list[Assessment]:
    """What was handed in and waits for the actor because he is named, the nearest day first."""
    if actor.account_id is None:
        return []
    statement = (
        select(Assessment)
        .where(Assessment.reviewer_id == actor.account_id, Assessment.status == AssessmentStatus.SUBMITTED)
        .options(joinedload(Assessment.company), joinedload(Assessment.branch))
        .order_by(Assessment.due_on, Assessment.id)
        .limit(at_most)
    )
    return [one for one in session.scalars(statement) if actor.permits(REVIEWING, one.branch_id)]
