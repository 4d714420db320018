"""The work of the office, step by step, on a database with the guards on; and the pages that lead to it."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from models import (
    Adviser,
    AdviserStatus,
    Answer,
    Appointment,
    Assessment,
    AssessmentStatus,
    Branch,
    BranchKind,
    ChecklistVersion,
    Company,
    DevelopmentStep,
    KeyPost,
    MassOrganisation,
    MassOrganisationKind,
    MonthlyReport,
    Person,
    Posting,
    Rectification,
    RectificationStatus,
    ReportStatus,
    Result,
    Stage,
    VersionStatus,
    Visit,
    WorkLog,
    db,
)
from models.clock import today
from models.column_types import PartialDate
from policy import NotAllowed, Refused, acting_as, system_session
from policy.actor import Holding, make_actor
from services import advisers, monthly_reports, postings, rectifications
from services.checklists import assess
from services.reports.programme import FIGURES, TOTALS, count, count_figures, this_month

ROLES = [
    "city_admin", "branch_admin", "liaison", "adviser", "company_clerk", "inspector",
    "system_admin", "security_admin", "auditor",
]  # fmt: skip


@pytest.fixture
def session(app: Flask) -> Iterator[Any]:
    """A session in which everything is permitted, on the test world."""
    with app.app_context(), system_session("demo") as opened, acting_as(opened.info["actor"]):
        yield opened


def published_version(session: Any) -> ChecklistVersion:
    """The shipped checklist, published."""
    version = session.scalars(select(ChecklistVersion).order_by(ChecklistVersion.id)).first()
    if version.status is not VersionStatus.PUBLISHED:
        version.status = VersionStatus.PUBLISHED
        session.flush()
    return version


def new_company(session: Any, name: str, contact: str | None = None) -> Company:
    """A company in a branch of its own."""
    root = session.scalar(select(Branch).where(Branch.parent_id.is_(None)))
    branch = Branch(name=f"{name}党支部", kind=BranchKind.BRANCH, parent=root)
    company = Company(short_name=name, branch=branch, contact_name=contact)
    session.add_all([branch, company])
    session.flush()
    return company


def new_adviser(session: Any, name: str) -> Adviser:
    """An adviser in the root's branch."""
    root = session.scalar(select(Branch).where(Branch.parent_id.is_(None)))
    person = Person(name=name, branch=root)
    adviser = Adviser(person=person, name=name, work_phone="13800001111")
    session.add_all([person, adviser])
    session.flush()
    return adviser


def new_posting(session: Any, company: Company, adviser: Adviser) -> Posting:
    """An active posting since spring."""
    posting = Posting(company=company, adviser=adviser, started_on=date(2026, 3, 1))
    session.add(posting)
    session.flush()
    return posting


def opened_assessment(session: Any, company: Company) -> Assessment:
    """An assessment with an answer for each item."""
    version = published_version(session)
    assessment = Assessment(company=company, checklist_version=version, assessed_on=today())
    session.add(assessment)
    session.flush()
    assess.open_assessment(session, assessment)
    return assessment


# Totals


def test_totals_count_what_happened_in_the_programmes_companies_since_its_start(session: Any) -> None:
    before = dict(zip(TOTALS, count(session, [FIGURES[key] for key in TOTALS]), strict=True))
    company, elsewhere = new_company(session, "示例甲"), new_company(session, "示例乙")
    new_posting(session, company, new_adviser(session, "示例指导员"))
    ended = new_adviser(session, "示例已解聘")
    ended.status = AdviserStatus.ENDED
    for place in (company, elsewhere):
        session.add(MassOrganisation(company=place, kind=MassOrganisationKind.TRADE_UNION))
    for place, entered in ((company, "2019-05"), (company, "2019-04"), (company, "2019"), (elsewhere, "2021-06-01")):
        person = Person(name="示例人员", branch=place.branch, company=place)
        session.add(person)
        session.add(DevelopmentStep(person=person, stage=Stage.ACTIVIST, entered_on=PartialDate(entered)))
        session.add(DevelopmentStep(person=person, stage=Stage.PROBATIONARY, entered_on=PartialDate(entered)))
        session.add(DevelopmentStep(person=person, stage=Stage.FULL, entered_on=PartialDate("2023-06")))
        session.add_all(KeyPost(person=person, post=post, since=PartialDate(entered)) for post in ("班长", "主任"))
        session.flush()
    after = dict(zip(TOTALS, count(session, [FIGURES[key] for key in TOTALS]), strict=True))
    assert {key: after[key] - before[key] for key in TOTALS} == dict.fromkeys(TOTALS, 1)


def test_a_company_whose_posting_ended_stays_in_the_programme_but_is_no_longer_posted_to(session: Any) -> None:
    company = new_company(session, "示例甲")
    posting = new_posting(session, company, new_adviser(session, "示例指导员"))
    person = Person(name="示例人员", branch=company.branch, company=company)
    session.add(person)
    session.add(DevelopmentStep(person=person, stage=Stage.ACTIVIST, entered_on=PartialDate("2020")))
    session.flush()
    before = dict(zip(TOTALS, count(session, [FIGURES[key] for key in TOTALS]), strict=True))
    postings.end_posting(session, posting, today(), "term")
    session.flush()
    after = dict(zip(TOTALS, count(session, [FIGURES[key] for key in TOTALS]), strict=True))
    assert after == before | {"companies": before["companies"] - 1}


def test_who_may_not_read_a_resource_gets_no_total_of_it(session: Any) -> None:
    actor = make_actor("x", [Holding("x", frozenset({"company:read"}), frozenset({1}), "")])
    assert [figure.key for figure, _number in count_figures(session, actor)] == ["companies"]


def test_not_visited_and_missing_reports(session: Any) -> None:
    company = new_company(session, "示例甲")
    posting = new_posting(session, company, new_adviser(session, "示例指导员"))
    keys = ("not_visited", "reports_missing")

    def listed(key: str) -> bool:
        return session.scalar(select(Company.id).where(FIGURES[key].criterion(), Company.id == company.id)) is not None

    assert [listed(key) for key in keys] == [True, True]
    visit = Visit(posting=posting, visited_on=today() - timedelta(days=31), purpose="study", findings="看了阵地")
    report = MonthlyReport(company=company, month=this_month(), content="本月正常")
    session.add_all([visit, report])
    session.flush()
    assert [listed(key) for key in keys] == [True, True]
    visit.visited_on = today() - timedelta(days=30)
    monthly_reports.submit(session, report)
    session.flush()
    assert [listed(key) for key in keys] == [False, False]


# Assessments


def test_an_assessment_from_self_answers_to_rectifications(session: Any) -> None:
    assessment = opened_assessment(session, new_company(session, "示例甲", contact="示例联系人"))
    items = [row.item_id for row in assessment.answers]
    assert len(items) == 10
    assess.answer(session, assessment, dict.fromkeys(items, Answer.MET))
    assert (assessment.self_score, assessment.review_score, assessment.result) == (10_000, None, None)
    assess.submit(session, assessment)
    assert assessment.status is AssessmentStatus.SUBMITTED
    with pytest.raises(Refused):
        assess.answer(session, assessment, {items[0]: Answer.PARTLY})
    assess.answer(session, assessment, dict.fromkeys(items, Answer.MET) | {items[0]: Answer.NOT_MET}, reviewed=True)
    with pytest.raises(Refused) as refused:
        assess.review(session, assessment)
    assert refused.value.field == f"reason-{items[0]}"
    assert assessment.status is AssessmentStatus.SUBMITTED
    assess.answer(session, assessment, {}, {items[0]: "没有看到公开栏"}, reviewed=True)
    raised = assess.review(session, assessment)
    session.flush()
    assert (assessment.review_score, assessment.result) == (9_000, Result.PASSED)
    assert [(row.item_id, row.status, row.responsible) for row in raised] == [
        (items[0], RectificationStatus.OPEN, "示例联系人")
    ]
    assert raised[0].due_on > today() + timedelta(days=15)
    assert raised[0].branch_id == assessment.branch_id
    with pytest.raises(Refused):
        assess.review(session, assessment)


def test_opening_twice_adds_nothing(session: Any) -> None:
    assessment = opened_assessment(session, new_company(session, "示例甲"))
    assert len(assess.open_assessment(session, assessment)) == 10


def test_a_half_filled_self_assessment_is_not_submitted(session: Any) -> None:
    assessment = opened_assessment(session, new_company(session, "示例甲"))
    assess.answer(session, assessment, {assessment.answers[0].item_id: Answer.MET})
    with pytest.raises(Refused, match="还有 9 项"):
        assess.submit(session, assessment)


def test_a_draft_version_is_not_used(session: Any) -> None:
    version = published_version(session)
    draft = ChecklistVersion(template=version.template, name="草稿")
    company = new_company(session, "示例甲")
    assessment = Assessment(company=company, checklist_version=draft, assessed_on=today())
    session.add_all([draft, assessment])
    session.flush()
    with pytest.raises(Refused):
        assess.open_assessment(session, assessment)


def test_rectification_is_done_then_closed(session: Any) -> None:
    row = Rectification(
        company=new_company(session, "示例甲"), what="设宣传栏", responsible="示例", due_on=today(),
        status=RectificationStatus.OPEN,
    )  # fmt: skip
    session.add(row)
    session.flush()
    with pytest.raises(Refused):
        rectifications.close(session, row)
    with pytest.raises(Refused):
        rectifications.mark_done(session, row, " ")
    rectifications.mark_done(session, row, "已设在大厅")
    rectifications.close(session, row)
    session.flush()
    assert (row.status, row.done_on, row.closed_on) == (RectificationStatus.CLOSED, today(), today())


# Advisers and postings


def test_ending_a_posting_leaves_a_log_in_the_home_branch(session: Any) -> None:
    adviser, company = new_adviser(session, "示例指导员"), new_company(session, "示例甲")
    posting = new_posting(session, company, adviser)
    session.add_all(
        Visit(posting=posting, visited_on=date(2026, 4, day), purpose="study", findings=f"第{day}天" + "长" * 1900)
        for day in range(1, 13)
    )
    session.flush()
    with pytest.raises(Refused):
        postings.end_posting(session, posting, date(2026, 2, 1), "term")
    with pytest.raises(Refused):
        postings.end_posting(session, posting, today(), "no such reason")
    logs = postings.end_posting(session, posting, today(), "term", "材料已移交")
    session.flush()
    assert posting.ended_on == today()
    assert {log.branch_id for log in logs} == {adviser.branch_id} != {company.branch_id}
    text = "".join(log.text for log in logs)
    assert len(logs) == 2 and all(len(log.text) <= postings.LOG_LENGTH for log in logs)
    assert all(f"第{day}天" in text for day in range(1, 13)) and "材料已移交" in text and "走访 12 次" in text
    assert session.scalar(select(WorkLog.id).where(WorkLog.adviser_id == adviser.id)) is not None
    with pytest.raises(Refused):
        postings.end_posting(session, posting, today(), "term")


def test_renewal_follows_the_last_term(session: Any) -> None:
    until = today() + timedelta(days=730)
    rows = [new_adviser(session, f"示例{number}") for number in range(4)]
    ends = [today() + timedelta(days=10), today() - timedelta(days=10), None]
    for adviser, end in zip(rows, ends, strict=False):
        session.add(Appointment(adviser=adviser, starts_on=date(2024, 1, 1), ends_on=end))
    session.flush()
    assert advisers.renew_appointments(session, rows, until) == 3
    session.flush()
    renewed = select(Appointment).where(Appointment.ends_on == until).order_by(Appointment.adviser_id)
    terms = session.scalars(renewed).all()
    assert [(term.adviser_id, term.starts_on) for term in terms] == [
        (rows[0].id, today() + timedelta(days=11)), (rows[1].id, today()), (rows[3].id, today()),
    ]  # fmt: skip
    assert advisers.renew_appointments(session, rows, until) == 0


def test_steps_need_their_own_permission(session: Any) -> None:
    company = new_company(session, "示例甲")
    posting = new_posting(session, company, new_adviser(session, "示例指导员"))
    report = MonthlyReport(company=company, month=this_month(), content="正常")
    session.add(report)
    assessment = opened_assessment(session, company)
    session.flush()
    keys, desk = (posting.id, report.id, assessment.id), company.branch_id
    session.commit()
    everything_but_steps = frozenset(
        f"{resource}:{action}"
        for resource in ("posting", "monthly_report", "assessment", "assessment_answer", "company", "adviser")
        for action in ("read", "create", "update")
    )
    actor = make_actor("x", [Holding("x", everything_but_steps, frozenset({desk}), "")])
    with acting_as(actor):
        db.session.remove()
        rows = [
            db.session.scalar(select(model).where(model.id == key))
            for model, key in zip((Posting, MonthlyReport, Assessment), keys, strict=True)
        ]
        for step in (
            lambda: postings.end_posting(db.session, rows[0], today(), "term"),
            lambda: monthly_reports.submit(db.session, rows[1]),
            lambda: monthly_reports.accept(db.session, rows[1]),
            lambda: monthly_reports.return_report(db.session, rows[1], "缺数据"),
            lambda: assess.answer(db.session, rows[2], {}),
            lambda: assess.submit(db.session, rows[2]),
            lambda: assess.review(db.session, rows[2]),
        ):
            with pytest.raises(NotAllowed):
                step()
        db.session.remove()


# Monthly reports


def test_a_report_is_returned_with_a_reason_and_accepted_later(session: Any) -> None:
    company = new_company(session, "示例甲")
    new_posting(session, company, new_adviser(session, "示例指导员"))
    report = MonthlyReport(company=company, month="2026-11", content="本月正常")
    session.add(report)
    session.flush()
    assert company in monthly_reports.missing_companies(session, "2026-11")
    with pytest.raises(Refused):
        monthly_reports.accept(session, report)
    monthly_reports.submit(session, report)
    with pytest.raises(Refused) as refused:
        monthly_reports.return_report(session, report, "  ")
    assert refused.value.field == "return_reason"
    monthly_reports.return_report(session, report, "缺少数据")
    session.flush()
    missing = monthly_reports.missing_companies(session, "2026-11")
    assert company in missing
    text = monthly_reports.reminder_text(missing, "2026-11", "https://djb.example")
    assert "2026年11月" in text and "示例甲" in text
    monthly_reports.submit(session, report)
    monthly_reports.accept(session, report)
    session.flush()
    assert (report.status, report.return_reason) == (ReportStatus.ACCEPTED, None)
    assert company not in monthly_reports.missing_companies(session, "2026-11")
    assert monthly_reports.reminder_text([], "2026-11", "https://djb.example") == ""


@pytest.mark.parametrize("month", ["2026-13", "2026", "２０２６-11", "2026-11\0", "9" * 50])
def test_a_malformed_month_is_refused(session: Any, month: str) -> None:
    with pytest.raises(Refused):
        monthly_reports.missing_companies(session, month)


# Pages


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_a_home(sign_in: Any, role: str) -> None:
    answer = sign_in(role).get("/")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "还没有可以办理的事" not in page
    sign = {
        "adviser": "写走访", "company_clerk": "月报", "system_admin": "账号管理", "security_admin": "授权管理",
        "auditor": "审计记录",
    }.get(role, "要办的事")  # fmt: skip
    assert sign in page


def test_totals_on_the_home_page_open_their_rows(sign_in: Any) -> None:
    client = sign_in("city_admin")
    page = client.get("/").get_data(as_text=True)
    for key in TOTALS:
        assert FIGURES[key].url in page
    for figure in FIGURES.values():
        assert client.get(figure.url).status_code == 200, figure.key


def test_the_home_page_asks_as_often_with_more_rows(app: Flask, sign_in: Any) -> None:
    def queries(role: str) -> int:
        client, asked = sign_in(role), []
        client.get("/")

        def note(*arguments: Any) -> None:
            asked.append(arguments[2])

        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", note)
            client.get("/")
            event.remove(db.engine, "before_cursor_execute", note)
        return len(asked)

    roles = ("city_admin", "inspector", "branch_admin", "adviser", "company_clerk", "auditor")
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        new_posting(session, new_company(session, "示例先"), new_adviser(session, "示例指导员先"))
        session.commit()
    before = {role: queries(role) for role in roles}
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        published_version(session)
        for number in range(4):
            company = new_company(session, f"示例{number}")
            new_posting(session, company, new_adviser(session, f"示例指导员{number}"))
            session.add(MonthlyReport(company=company, month=this_month(), content="正常"))
            assessment = opened_assessment(session, company)
            items = [row.item_id for row in assessment.answers]
            assess.answer(session, assessment, dict.fromkeys(items, Answer.NOT_MET), reviewed=True)
            assess.review(session, assessment)
        session.commit()
    assert {role for role in roles if queries(role) > before[role]} == set()
    assert max(before.values()) < 45


def test_the_assessment_form_keeps_what_was_typed_and_says_what_is_missing(app: Flask, sign_in: Any) -> None:
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        assessment = opened_assessment(session, new_company(session, "示例甲"))
        items = [row.item_id for row in assessment.answers]
        assess.answer(session, assessment, dict.fromkeys(items, Answer.MET))
        assess.submit(session, assessment)
        session.commit()
        key, version = assessment.id, assessment.version
    client, address = sign_in("city_admin"), f"/assess/?id={key}"
    assert client.get(address).status_code == 200
    form = {f"answer-{item}": "met" for item in items} | {"version_seen": version, "do": "finish"}
    wrong = client.post(address, data=form | {f"answer-{items[0]}": "not_met", f"reason-{items[1]}": "照旧写着"})
    page = wrong.get_data(as_text=True)
    assert wrong.status_code == 422
    assert "请写明原因" in page and "照旧写着" in page
    assert 'value="not_met" checked' in page
    assert client.post(address, data=form | {"version_seen": "0"}).status_code == 409
    assert client.post(address, data=form | {f"answer-{items[0]}": "best"}).status_code == 400
    long = client.post(address, data=form | {f"reason-{items[0]}": "长" * 300})
    assert long.status_code == 422 and "最多 200 个字" in long.get_data(as_text=True)
    right = client.post(address, data=form | {f"answer-{items[0]}": "not_met", f"reason-{items[0]}": "没有看到"})
    assert right.status_code == 302
    assert "已考评" in client.get(address).get_data(as_text=True)
    assert client.post(address, data=form).status_code == 403


@pytest.mark.parametrize("key", ["", "x", "1,2", "9" * 30, "0", "\0", "١"])
def test_malformed_keys_are_not_found(sign_in: Any, key: str) -> None:
    client = sign_in("city_admin")
    assert client.get("/assess/", query_string={"id": key}).status_code == 404
    assert client.post("/report-desk/accept/", data={"id": key}).status_code == 404
    assert client.get("/report-desk/", query_string={"month": key or "x"}).status_code == 404


def test_the_desk_returns_with_a_reason_and_accepts(app: Flask, sign_in: Any) -> None:
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        company = new_company(session, "示例甲")
        new_posting(session, company, new_adviser(session, "示例指导员"))
        report = MonthlyReport(company=company, month=this_month(), content="正常")
        session.add(report)
        session.flush()
        monthly_reports.submit(session, report)
        session.commit()
        key = report.id
    client = sign_in("city_admin")
    assert "示例甲" in client.get("/report-desk/").get_data(as_text=True)
    empty = client.post("/report-desk/return/", data={"id": key, "reason": " "})
    assert empty.status_code == 422 and "请写明退回的原因" in empty.get_data(as_text=True)
    long = client.post("/report-desk/return/", data={"id": key, "reason": "长" * 201})
    assert long.status_code == 422 and "长" * 201 in long.get_data(as_text=True)
    assert client.post("/report-desk/return/", data={"id": key, "reason": "缺数据"}).status_code == 302
    page = client.get("/report-desk/").get_data(as_text=True)
    assert "缺数据" in page and "可以粘贴到微信群" in page
    assert client.post("/report-desk/submit/", data={"id": key, "from": "home"}).location == "/"
    assert sign_in("inspector").post("/report-desk/accept/", data={"id": key}).status_code == 403
    assert client.post("/report-desk/accept/", data={"id": key}).status_code == 302
    assert "已接收 " in client.get("/report-desk/").get_data(as_text=True)
