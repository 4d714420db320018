"""The programme's totals: each is a condition on rows, so that the number and the list behind it can't differ."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from models import (
    Adviser,
    AdviserStatus,
    Assessment,
    AssessmentStatus,
    CareVisit,
    Company,
    DevelopmentStep,
    KeyPost,
    MassOrganisation,
    MonthlyReport,
    OneToOnePairing,
    PairingContact,
    Person,
    Posting,
    Problem,
    ProblemStatus,
    Rectification,
    RectificationStatus,
    RegistrationStatus,
    Regulation,
    ReportStatus,
    RoundStatus,
    Stage,
    UnregisteredMember,
    Visit,
)
from models.clock import CITY_TIME, today
from models.column_types import PartialDate
from models.database import current_actor
from policy.actions import models_by_resource
from policy.actor import EVERYWHERE, Actor
from policy.system import system_session
from services.reports.settings import number_setting

START = PartialDate("2019-05")
"""The month in which the first advisers were sent."""

VISIT_OVERDUE_DAYS = 30
REVIEW_YEARS = 3
HANDED_IN = (ReportStatus.SUBMITTED, ReportStatus.ACCEPTED)


@dataclass(frozen=True)
class Figure:
    """A total: the rows of a resource that meet a condition; ``/<resource>/?figure=<key>`` lists them.

    ``listed_by``: the filters that list the same rows, where no screen knows the figure by its key.
    """

    key: str
    title: str
    unit: str
    resource: str
    criterion: Callable[[], ColumnElement[bool]]
    listed_by: str = ""

    @property
    def url(self) -> str:
        """The list of the very rows counted."""
        return f"/{self.resource}/?{self.listed_by or f'figure={self.key}'}"


def this_month() -> str:
    """The present month as reports are filed: 2026-11."""
    return today().isoformat()[:7]


def posted_now() -> ColumnElement[bool]:
    """The company has an active posting."""
    active = select(Posting.id).where(Posting.company_id == Company.id, Posting.ended_on.is_(None))
    return active.correlate(Company).exists()


def _of_the_programme() -> ColumnElement[bool]:
    """The person belongs to a company that has or had a posting."""
    return select(Posting.id).where(Posting.company_id == Person.company_id).correlate(Person).exists()


def _reached(stage: Stage) -> ColumnElement[bool]:
    """The person entered the stage since the start, whatever the stage is now."""
    step = select(DevelopmentStep.id).where(
        DevelopmentStep.person_id == Person.id,
        DevelopmentStep.stage == stage,
        DevelopmentStep.entered_on >= START,
    )
    return and_(_of_the_programme(), step.correlate(Person).exists())


def _took_key_post() -> ColumnElement[bool]:
    post = select(KeyPost.id).where(KeyPost.person_id == Person.id, KeyPost.since >= START)
    return and_(_of_the_programme(), post.correlate(Person).exists())


def _open_for(at_least: int, below: int | None = None) -> ColumnElement[bool]:
    """Open, and that for so many days since the assessment it came from, or since it was written down without one."""

    def found_until(day: date) -> ColumnElement[bool]:
        # NULL must not come out of it: it is negated, too.
        written = and_(assessed.is_(None), Rectification.created_at < datetime.combine(day, time.max, CITY_TIME))
        return or_(and_(assessed.is_not(None), assessed <= day), written)

    assessed = select(Assessment.assessed_on).where(Assessment.id == Rectification.assessment_id)
    assessed = assessed.correlate(Rectification).scalar_subquery()
    conditions = [Rectification.status == RectificationStatus.OPEN]
    if at_least:
        conditions.append(found_until(today() - timedelta(days=at_least)))
    if below is not None:
        conditions.append(not_(found_until(today() - timedelta(days=below))))
    return and_(*conditions)


def _overdue() -> ColumnElement[bool]:
    return and_(Rectification.status == RectificationStatus.OPEN, Rectification.due_on < today())


def to_fill_in() -> ColumnElement[bool]:
    """The company's own answers of a running round are still being given."""
    return and_(Assessment.status == AssessmentStatus.DRAFT, Assessment.round_status == RoundStatus.OPEN)


def _to_be_reviewed(by_name: bool) -> ColumnElement[bool]:
    """Handed in, and the actor is named to review it; or else nobody is: what is another's stands with neither."""
    actor = current_actor.get()
    mine = Assessment.reviewer_id == (actor.account_id or 0 if actor is not None else 0)
    return and_(Assessment.status == AssessmentStatus.SUBMITTED, mine if by_name else Assessment.reviewer_id.is_(None))


def _past_its_day() -> ColumnElement[bool]:
    """Of a running round, whose day is over, and not signed off."""
    return and_(
        Assessment.due_on < today(),
        Assessment.status != AssessmentStatus.SIGNED,
        Assessment.round_status == RoundStatus.OPEN,
    )


def visit_overdue_days() -> int:
    """After how many days without a visit a company counts as not visited lately.

    Read in a session of its own: a condition is built before it is known which session will use it.
    """
    with system_session("sign_in", readonly=True) as session:
        return number_setting(session, "visit_overdue_days", VISIT_OVERDUE_DAYS)


def _not_visited() -> ColumnElement[bool]:
    """Posted now, and no visit by any of its advisers in the last days (the setting says how many)."""
    since = today() - timedelta(days=visit_overdue_days())
    visit = (
        select(Visit.id)
        .join(Posting, Posting.id == Visit.posting_id)
        .where(Posting.company_id == Company.id, Visit.visited_on >= since)
    )
    return and_(posted_now(), ~visit.correlate(Company).exists())


def missing_in(month: str) -> ColumnElement[bool]:
    """The company is posted to now and has handed in no report for this month."""
    report = select(MonthlyReport.id).where(
        MonthlyReport.company_id == Company.id,
        MonthlyReport.month == month,
        MonthlyReport.status.in_(HANDED_IN),
    )
    return and_(posted_now(), ~report.correlate(Company).exists())


def _in_posted_company() -> ColumnElement[bool]:
    active = select(Posting.id).where(Posting.company_id == MassOrganisation.company_id, Posting.ended_on.is_(None))
    return active.correlate(MassOrganisation).exists()


def _not_contacted_this_month() -> ColumnElement[bool]:
    """The pairing runs and has no contact in this month: at least one a month is owed."""
    contact = select(PairingContact.id).where(
        PairingContact.one_to_one_pairing_id == OneToOnePairing.id,
        PairingContact.contacted_on >= today().replace(day=1),
    )
    return and_(OneToOnePairing.ended_on.is_(None), ~contact.correlate(OneToOnePairing).exists())


def _to_review() -> ColumnElement[bool]:
    """In force, and neither adopted, revised nor looked through in the last years (the setting says how many)."""
    with system_session("sign_in", readonly=True) as session:
        years = number_setting(session, "regulation_review_years", REVIEW_YEARS)
    since = PartialDate(f"{max(today().year - years, 0):04d}")
    touched = (Regulation.adopted_on, Regulation.revised_on, Regulation.reviewed_on)
    return and_(Regulation.in_force, *(or_(day.is_(None), day < since) for day in touched))


_ALL = [
    Figure("advisers", "党建指导员", "名", "adviser", lambda: Adviser.status == AdviserStatus.SERVING),
    Figure("companies", "派驻企业", "家", "company", posted_now),
    Figure("admitted", "发展党员", "名", "person", lambda: _reached(Stage.PROBATIONARY)),
    Figure("activists", "入党积极分子", "名", "person", lambda: _reached(Stage.ACTIVIST)),
    Figure("key_posts", "关键岗位负责人", "名", "person", _took_key_post),
    Figure("overdue_rectifications", "整改已超期", "项", "rectification", _overdue),
    Figure(
        "open_rectifications", "整改未完成", "项", "rectification",
        lambda: Rectification.status == RectificationStatus.OPEN,
    ),
    Figure(
        "rectifications_to_check", "整改等待复查", "项", "rectification",
        lambda: Rectification.status == RectificationStatus.DONE,
    ),
    Figure("assessments_overdue", "考核已过期", "份", "assessment", _past_its_day),
    Figure(
        "assessments_named_to_me", "指定您考评的考核", "份", "assessment", lambda: _to_be_reviewed(by_name=True)
    ),
    Figure(
        "assessments_to_review", "考核等待考评", "份", "assessment", lambda: _to_be_reviewed(by_name=False)
    ),
    Figure(
        "assessments_to_sign", "考核等待确认", "份", "assessment",
        lambda: Assessment.status == AssessmentStatus.REVIEWED,
    ),
    Figure("assessments_to_fill_in", "要填的检查表", "份", "assessment", to_fill_in),
    Figure("not_visited", "企业久未走访", "家", "company", _not_visited),
    Figure("reports_missing", "企业本月月报未交", "家", "company", lambda: missing_in(this_month())),
    Figure(
        "reports_to_accept", "月报等待接收", "份", "monthly_report",
        lambda: MonthlyReport.status == ReportStatus.SUBMITTED,
    ),
    Figure("mass_organisations", "工青妇组织", "个", "mass_organisation", _in_posted_company),
    Figure("unregistered_open", "口袋党员未办结", "名", "unregistered_member",
           lambda: UnregisteredMember.status != RegistrationStatus.CLOSED),
    Figure("care_missing", "慰问还没有到", "人", "care_visit", lambda: CareVisit.visited_on.is_(None)),
    Figure("contacts_missing", "本月还没有结对联系", "对", "one_to_one_pairing", _not_contacted_this_month),
    Figure("regulations_to_review", "制度需要检查", "项", "regulation", _to_review),
    Figure("applied", "递交入党申请", "名", "person", lambda: _reached(Stage.APPLICANT)),
    Figure("candidates", "确定为发展对象", "名", "person", lambda: _reached(Stage.CANDIDATE)),
    Figure("full_members", "转为正式党员", "名", "person", lambda: _reached(Stage.FULL)),
    Figure("open_under_30", "整改未完成，不到 30 天", "项", "rectification", lambda: _open_for(0, 30)),
    Figure("open_30_to_59", "整改未完成，30 到 59 天", "项", "rectification", lambda: _open_for(30, 60)),
    Figure("open_60_to_89", "整改未完成，60 到 89 天", "项", "rectification", lambda: _open_for(60, 90)),
    Figure("open_from_90", "整改未完成，90 天及以上", "项", "rectification", lambda: _open_for(90)),
    Figure("open_problems", "难题未办结", "个", "problem", lambda: Problem.status != ProblemStatus.CLOSED),
]  # fmt: skip

FIGURES: dict[str, Figure] = {figure.key: figure for figure in _ALL}
TOTALS = ("advisers", "companies", "admitted", "activists", "key_posts", "mass_organisations")
"""Those that stand on top of the home page."""


def figures_of(resource: str) -> dict[str, Figure]:
    """The figures whose rows a screen lists."""
    return {key: figure for key, figure in FIGURES.items() if figure.resource == resource}


def count(session: Session, figures: list[Figure]) -> list[int]:
    """How many rows the session's actor sees in each figure, by one query."""
    models: list[Any] = [models_by_resource()[figure.resource] for figure in figures]
    counts = [
        select(func.count(model.id)).where(figure.criterion()).scalar_subquery()
        for model, figure in zip(models, figures, strict=True)
    ]
    return list(session.execute(select(*counts)).one()) if counts else []


def count_figures(session: Session, actor: Actor, keys: Iterable[str] = TOTALS) -> list[tuple[Figure, int]]:
    """The figures whose rows the actor may read, each with its number.

    Nothing found by somebody who sees a part of the city says nothing of the programme, so it is left out.
    """
    figures = [figure for figure in (FIGURES[key] for key in keys) if actor.may(f"{figure.resource}:read")]
    return [
        (figure, number)
        for figure, number in zip(figures, count(session, figures), strict=True)
        if number or actor.reach(f"{figure.resource}:read") is EVERYWHERE
    ]
