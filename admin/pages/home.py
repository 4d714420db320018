"""The home page: what each account needs first, by what it may do rather than by the name of its role."""

from datetime import timedelta
from typing import Any

from flask import url_for
from flask_admin import AdminIndexView, expose
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from admin.addresses import public_url
from admin.history import entries_shown
from admin.pages.matrix import checklist_matrix
from models import (
    Assessment,
    AssessmentStatus,
    AuditEntry,
    Branch,
    ChecklistVersion,
    Company,
    MonthlyReport,
    Posting,
    Problem,
    ProblemStatus,
    Rectification,
    RectificationStatus,
    RoundStatus,
    Visit,
    db,
)
from models.clock import today
from policy import the_actor
from policy.actor import EVERYWHERE, Actor
from services import monthly_reports
from services.checklists import reviewers
from services.contacts import home_branch_contact
from services.rectifications import days_overdue
from services.reports.charts import home_charts
from services.reports.programme import FIGURES, count_figures, this_month, to_fill_in, visit_overdue_days

TODO = (
    "assessments_named_to_me", "assessments_overdue", "assessments_to_review", "assessments_to_sign",
    "overdue_rectifications", "open_rectifications", "rectifications_to_check", "not_visited", "reports_missing",
    "reports_to_accept", "open_problems", "unregistered_open", "care_missing", "contacts_missing", "regulations_to_review",
)  # fmt: skip
NEEDS = {
    "reports_to_accept": "monthly_report:accept",
    "assessments_to_review": "assessment:review",
    "assessments_named_to_me": "assessment:review",
    "assessments_to_sign": "assessment:sign",
}
"""What somebody must be allowed to do for it to be his to do."""
SERIOUS = {"overdue_rectifications", "reports_missing", "assessments_overdue"}
UNDECIDED = (AssessmentStatus.DRAFT, AssessmentStatus.SUBMITTED)
LISTED = 10
COMPANIES = 3


class HomePage(AdminIndexView):
    """工作台. Whoever is signed in may open it; the guards decide what is in it."""

    def __init__(self) -> None:
        super().__init__(name="工作台", category="本月", url="/", template="admin/pages/home.html")

    def is_accessible(self) -> bool:
        return True

    def guide_places(self) -> list[tuple[str, str | None]]:
        """The chapter of whoever is signed in."""
        actor = the_actor()
        if is_adviser(actor):
            return [("adviser", None)]
        if is_company_clerk(actor):
            return [("clerk", None)]
        if not actor.may("adviser:read"):
            return [("auditor", None)]
        return [("city-office" if actor.reach("adviser:read") is EVERYWHERE else "branch", None)]

    @expose("/")
    def index(self) -> Any:
        actor = the_actor()
        return self.render(
            self._template,
            overview=overview(actor) if actor.may("adviser:read") else None,
            to_review=to_review(actor),
            listed=LISTED,
            my_companies=my_companies(actor) if is_adviser(actor) else None,
            contacts=contacts(actor) if not actor.may("adviser:read") else [],
            desks=company_desks(actor) if is_company_clerk(actor) else None,
            duties=duties(actor),
            this_year=today().year,
            month_title=monthly_reports.month_in_words(this_month()),
            permits=actor.permits,
        )


def to_review(actor: Actor) -> list[Assessment]:
    """What waits for somebody because he is named to review it; an office has it among all it has to do."""
    if actor.may("adviser:read") or not actor.may("assessment:review"):
        return []
    return reviewers.waiting_for(db.session(), actor, LISTED)


def is_adviser(actor: Actor) -> bool:
    """Somebody who visits companies and has no office to run."""
    return actor.may("visit:create") and not actor.may("adviser:read")


def is_company_clerk(actor: Actor) -> bool:
    """Somebody who answers for a company and has no office to run."""
    return actor.may("monthly_report:submit") and not actor.may("adviser:read")


# City, branch and inspector


def overview(actor: Actor) -> dict[str, Any]:
    """The programme's totals, its charts, what is open, the checklist by company, who is missing."""
    keys = [key for key in TODO if key not in NEEDS or actor.may(NEEDS[key])]
    todo = [
        {"figure": figure, "count": number, "state": "bad" if figure.key in SERIOUS else "mid"}
        for figure, number in count_figures(db.session(), actor, keys)
        if number
    ]
    missing = monthly_reports.missing_companies(db.session(), this_month()) if actor.may("company:read") else []
    return {
        "figures": count_figures(db.session(), actor),
        "charts": home_charts(db.session(), actor),
        "todo": todo,
        "matrix": checklist_matrix(db.session()) if actor.may("assessment:read") else None,
        "not_visited": not_visited() if actor.may("visit:read") else [],
        "overdue_days": visit_overdue_days(),
        "missing": missing,
        "reminder": monthly_reports.reminder_text(missing, this_month(), public_url()),
    }


def _last_visit() -> Any:
    """The day of the last visit to a company."""
    last = select(func.max(Visit.visited_on)).join(Posting, Posting.id == Visit.posting_id)
    return last.where(Posting.company_id == Company.id).correlate(Company).scalar_subquery()


def not_visited() -> list[dict[str, Any]]:
    """The companies not visited lately: never visited first, then the longest ago."""
    last = _last_visit()
    rows = db.session.execute(
        select(Company, last)
        .where(FIGURES["not_visited"].criterion())
        .order_by(last.is_not(None), last, Company.pinyin, Company.id)
        .options(joinedload(Company.active_posting))
        .limit(LISTED)
    )
    return [
        {
            "company": company,
            "adviser": company.active_posting.adviser_name if company.active_posting else None,
            "last": day,
            "days": (today() - day).days if day else None,
        }
        for company, day in rows.unique()
    ]


# Advisers


def my_companies(actor: Actor) -> list[dict[str, Any]]:
    """The companies that the adviser is posted to, with what is due in each."""
    postings = db.session.scalars(
        select(Posting)
        .where(Posting.ended_on.is_(None))
        .options(joinedload(Posting.company))
        .order_by(Posting.started_on)
    ).all()
    # One branch may hold several companies, each with its adviser; the account carries the adviser's name.
    mine = [row for row in postings if row.adviser_name == actor.name] or list(postings)
    mine = [row for row in mine if row.company is not None][:COMPANIES]
    last = dict(
        db.session.execute(
            select(Visit.posting_id, func.max(Visit.visited_on))
            .where(Visit.posting_id.in_([row.id for row in mine]))
            .group_by(Visit.posting_id)
        ).all()
    )
    open_rows = open_rectifications([row.company_id for row in mine])
    problems = _count_by_company(Problem, Problem.status != ProblemStatus.CLOSED, mine)
    assessments = _present_assessments([row.company_id for row in mine])
    days = visit_overdue_days()
    found = []
    for row in mine:
        visited = last.get(row.id)
        found.append(
            {
                "posting": row,
                "company": row.company,
                "last_visit": visited,
                "visited_this_month": visited is not None and visited >= today().replace(day=1),
                "overdue": visited is None or visited < today() - timedelta(days=days),
                "rectifications": open_rows.get(row.company_id, []),
                "open_problems": problems.get(row.company_id, 0),
                "buttons": _buttons(
                    actor, row, assessments.get(row.company_id), len(open_rows.get(row.company_id, []))
                ),
            }
        )
    return found


def _buttons(actor: Actor, posting: Posting, assessment: Assessment | None, tasks: int) -> list[tuple[str, str]]:
    """What an adviser does at a company, as label and address; what isn't permitted is left out."""
    branch, company = posting.branch_id, posting.company_id
    fills = assessment is not None and (
        (assessment.status is AssessmentStatus.DRAFT and actor.permits("assessment:self_assess", branch))
        or (assessment.status in UNDECIDED and reviewers.reviews(actor, assessment))
    )
    form = url_for("assess.index", id=assessment.id) if assessment else url_for("assessment.index_view")
    offered = [
        ("visit:create", "写走访", url_for("visit.create_view", posting=posting.id)),
        ("assessment:read", "填检查表" if fills else "看检查表", form),
        ("problem:create", "记问题", url_for("problem.create_view", company=company)),
        ("rectification:read", f"看任务（{tasks}）", url_for("rectification.index_view", figure="open_rectifications")),
    ]
    return [(label, url) for permission, label, url in offered if actor.permits(permission, branch)]


def contacts(actor: Actor) -> list[dict[str, Any]]:
    """How to reach one's own branch, and the branches of the companies that one visits or keeps."""
    rows = db.session.scalars(
        select(Branch).where(Branch.contact_phone.is_not(None)).order_by(Branch.id).limit(COMPANIES)
    )
    seen = [{"name": row.name, "person": row.contact_name, "phone": row.contact_phone} for row in rows]
    own = home_branch_contact(actor)
    return [own, *seen] if own is not None and own not in seen else seen


def _count_by_company(model: Any, condition: Any, postings: list[Posting]) -> dict[int, int]:
    if not the_actor().may(f"{model.__tablename__}:read"):
        return {}
    wanted = [row.company_id for row in postings]
    counted = select(model.company_id, func.count(model.id)).where(condition, model.company_id.in_(wanted))
    return dict(db.session.execute(counted.group_by(model.company_id)).all())


def _present_assessments(companies: list[int]) -> dict[int, Assessment]:
    """Each company's assessment to work on: of a running round the one that is due first, else the latest."""
    rows = select(func.max(Assessment.id)).where(Assessment.company_id.in_(companies)).group_by(Assessment.company_id)
    found = {row.company_id: row for row in db.session.scalars(select(Assessment).where(Assessment.id.in_(rows)))}
    due = (
        select(Assessment)
        .where(
            Assessment.company_id.in_(companies),
            Assessment.round_status == RoundStatus.OPEN,
            Assessment.status.in_(UNDECIDED),
        )
        .order_by(Assessment.due_on.desc(), Assessment.id.desc())
        .limit(LISTED * COMPANIES)
    )
    return found | {row.company_id: row for row in db.session.scalars(due)}


def checklists_to_fill_in(actor: Actor, companies: list[Company]) -> dict[int, list[dict[str, Any]]]:
    """Each company's checklists of running rounds that its clerk still fills in, the nearest day first."""
    places = {company.id for company in companies if actor.permits("assessment:self_assess", company.branch_id)}
    rows = db.session.scalars(
        select(Assessment)
        .where(Assessment.company_id.in_(places), to_fill_in())
        .options(joinedload(Assessment.checklist_version).joinedload(ChecklistVersion.template))
        .order_by(Assessment.due_on, Assessment.id)
        .limit(LISTED * COMPANIES)
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        days_late = max((today() - row.due_on).days, 0) if row.due_on else 0
        found.setdefault(row.company_id or 0, []).append({"row": row, "days_late": days_late})
    return found


def open_rectifications(companies: list[int]) -> dict[int, list[dict[str, Any]]]:
    """What each company still has to mend, the nearest deadline first."""
    rows = db.session.scalars(
        select(Rectification)
        .where(Rectification.company_id.in_(companies), Rectification.status == RectificationStatus.OPEN)
        .order_by(Rectification.due_on, Rectification.id)
        .limit(LISTED * COMPANIES)
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.company_id or 0, []).append({"row": row, "days_late": days_overdue(row)})
    return found


# Company clerks


def company_desks(actor: Actor) -> list[dict[str, Any]]:
    """The clerk's companies: this month's report, what is to be mended, who the adviser is."""
    companies = db.session.scalars(
        select(Company).options(joinedload(Company.active_posting)).order_by(Company.id).limit(COMPANIES)
    ).unique().all()  # fmt: skip
    keys = [company.id for company in companies]
    reports = {
        report.company_id: report
        for report in db.session.scalars(
            select(MonthlyReport).where(MonthlyReport.company_id.in_(keys), MonthlyReport.month == this_month())
        )
    }
    open_rows, to_fill = open_rectifications(keys), checklists_to_fill_in(actor, list(companies))
    assessments = _present_assessments(keys)
    return [
        {
            "company": company,
            "posting": company.active_posting,
            "report": reports.get(company.id),
            "rectifications": open_rows.get(company.id, []),
            "assessment": assessments.get(company.id),
            "to_fill_in": to_fill.get(company.id, []),
        }
        for company in companies
    ]


# Administrators of accounts, of rights, of the log


def duties(actor: Actor) -> list[dict[str, Any]]:
    """The three administrators' work, as titles with links."""
    offered = [
        ("account:create", "账号管理", "开设、停用账号，重置密码。",
         [("全部账号", "account.index_view"), ("新增账号", "account.create_view")]),
        ("grant:create", "授权管理", "给账号授予角色，规定角色能做什么。",
         [("全部授权", "grant.index_view"), ("新增授权", "grant.create_view"), ("角色", "role.index_view"),
          ("角色的权限", "role_permission.index_view")]),
    ]  # fmt: skip
    found: list[dict[str, Any]] = [
        {"title": title, "text": text, "links": [(label, url_for(page)) for label, page in links], "entries": []}
        for permission, title, text, links in offered
        if actor.may(permission)
    ]
    if actor.may("audit_entry:read"):
        found.append(
            {
                "title": "审计记录",
                "text": "谁在什么时候改了什么。下面是最近的几条。",
                "links": [("全部审计记录", url_for("audit_entry.index_view"))],
                "entries": _latest_entries(),
            }
        )
    return found


def _latest_entries() -> list[dict[str, Any]]:
    rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(LISTED))
    return [entry | {"url": url_for("audit_entry.details_view", id=entry["id"])} for entry in entries_shown(rows)]
