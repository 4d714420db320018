"""The demo counts up to the article, through the pages that people read."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import func, select

import commands
from models import (
    Account,
    Adviser,
    AnswerEvidence,
    Assessment,
    Attachment,
    AuditEntry,
    Branch,
    BranchKind,
    Company,
    ImportMapping,
    KeyPost,
    Person,
    Posting,
    PrintSeal,
    Rectification,
    RectificationStatus,
    Result,
    Stage,
    Trash,
    db,
)
from models.clock import today
from models.person import STAGES, age_on
from policy import Refused, system_session
from policy.actions import resource_of
from services.demo.programme import NAMED
from services.reports.programme import START
from tests.conftest import build_app
from tests.matrix import actor_of
from tests.site import PASSWORD, demo_app
from tests.world import scoped_models


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An app with the demo loaded as ``make run`` loads it."""
    return demo_app(tmp_path_factory.mktemp("demo"), with_tokens=False)


def browser(app: Flask, name: str) -> FlaskClient:
    """A browser in which a demo account has signed in."""
    client = app.test_client()
    assert client.post("/sign-in", data={"username": name, "password": PASSWORD}).status_code == 302
    return client


def test_home_shows_the_articles_totals_and_each_opens_its_rows(demo: Flask) -> None:
    client = browser(demo, "city_admin")
    page = client.get("/").get_data(as_text=True)
    figures = re.findall(r'href="(/\w+/\?figure=\w+)"[^>]*>(.*?)</a>', page, re.S)
    totals = [(href, re.search(r"<b[^>]*>\s*(\d+)", inner)) for href, inner in figures]
    totals = [(href, int(found.group(1))) for href, found in totals if found][:5]
    assert [number for _href, number in totals] == [20, 20, 11, 25, 47]
    for href, number in totals:
        assert f"共 {number} 条" in client.get(href).get_data(as_text=True)


@pytest.mark.parametrize(
    "name",
    [
        "city_admin",
        "branch_admin",
        "liaison",
        "adviser",
        "company_clerk",
        "inspector",
        "system_admin",
        "security_admin",
        "auditor",
    ],
)
def test_each_of_the_nine_signs_in_to_a_home_of_its_own(name: str, demo: Flask) -> None:
    page = browser(demo, name).get("/").get_data(as_text=True)
    assert "演示数据" in page and "退出" in page


@pytest.mark.parametrize("name", ["branch_admin", "liaison"])
def test_the_political_branch_sees_its_four_advisers_and_their_four_companies(name: str, demo: Flask) -> None:
    client = browser(demo, name)
    assert "共 4 条" in client.get("/adviser/").get_data(as_text=True)
    assert "共 4 条" in client.get("/company/").get_data(as_text=True)


def test_the_adviser_sees_one_company_and_the_clerk_the_advisers_phone(demo: Flask) -> None:
    assert "共 1 条" in browser(demo, "adviser").get("/company/").get_data(as_text=True)
    assert "0937-6000001" in browser(demo, "company_clerk").get("/posting/").get_data(as_text=True)


@pytest.mark.parametrize("name", ["system_admin", "security_admin", "auditor"])
def test_the_three_duties_open_no_business_record(name: str, demo: Flask) -> None:
    client = browser(demo, name)
    for resource in ("company", "person", "visit", "assessment"):
        assert client.get(f"/{resource}/").status_code == 403


def test_loading_twice_changes_nothing(demo: Flask) -> None:
    with demo.app_context():
        with system_session("demo", readonly=True) as session:
            before = session.scalar(select(func.count(AuditEntry.id)))
        assert commands.fill_demo(None) == {}
        with system_session("demo", readonly=True) as session:
            assert session.scalar(select(func.count(AuditEntry.id))) == before


@pytest.mark.slow
def test_the_demo_is_refused_beside_other_data(tmp_path: Path) -> None:
    app = build_app(f"sqlite:///{tmp_path / 'other.db'}", tmp_path)
    with app.app_context():
        upgrade()
        with system_session("demo") as session:
            session.add(Branch(name="别的党委", kind=BranchKind.COMMITTEE))
            session.commit()
        with pytest.raises(Refused):
            commands.fill_demo(None)
        db.engine.dispose()


def test_every_row_of_the_demo_has_its_audit_entry(demo: Flask) -> None:
    with demo.app_context(), system_session("demo", readonly=True) as session:
        for model in [*scoped_models(), Account]:
            rows = session.scalar(select(func.count(model.id)))
            entries = session.scalar(
                select(func.count(AuditEntry.id)).where(
                    AuditEntry.resource == resource_of(model), AuditEntry.action == "create"
                )
            )
            assert entries == rows, model.__name__
            assert (
                rows
                or model in (AnswerEvidence, Attachment, ImportMapping, PrintSeal, Trash)
                or resource_of(model) == "work_log"
            ), model.__name__


def test_nothing_unfavourable_is_said_of_a_named_company(demo: Flask) -> None:
    client = browser(demo, "city_admin")
    for figure in (
        "/rectification/?figure=open_rectifications",
        "/company/?figure=not_visited",
        "/company/?figure=reports_missing",
        "/problem/?figure=open_problems",
    ):
        # The rows alone: a filter above them offers every company.
        rows = client.get(figure).get_data(as_text=True).split("<tbody>")[1].split("</tbody>")[0]
        assert "示例企业" in rows, figure
        assert [name for name in NAMED if name in rows] == [], figure


def test_names_are_fictional_and_marked(demo: Flask) -> None:
    with demo.app_context(), system_session("demo", readonly=True) as session:
        assert session.scalar(select(func.count(Adviser.id)).where(Adviser.name.like("示例·%"))) == 20
        assert session.scalar(select(func.count(Posting.id)).where(Posting.ended_on.is_(None))) == 20
        assert session.scalar(select(func.count(Company.id)).where(Company.credit_code.is_not(None))) == 0


def test_the_branch_administrator_reaches_the_four_companies_and_no_other(demo: Flask) -> None:
    with demo.app_context():
        actor = actor_of("branch_admin")
        session = db.session.session_factory(actor=actor, readonly=True)
        names = set(session.scalars(select(Company.short_name)))
        session.close()
    assert names == {"远东实业", "东方百盛", "示例企业15", "示例企业16"}


def test_three_venues_passed_in_full_and_what_failed_is_being_mended(demo: Flask) -> None:
    with demo.app_context(), system_session("demo", readonly=True) as session:
        found = session.execute(
            select(Company.short_name, Assessment.self_score, Assessment.review_score, Assessment.result)
            .join(Assessment.company).where(Assessment.result == Result.PASSED).order_by(Company.id)
        ).all()  # fmt: skip
        assert found == [(name, 10_000, 10_000, Result.PASSED) for name in ("远东实业", "东方百盛", "华通市场")]
        reviewed = select(Company.short_name, Assessment.result).join(Assessment.company)
        results = dict(session.execute(reviewed.where(Assessment.result.is_not(None))).all())
        assert results["示例企业15"] is Result.FAILED and results["示例企业16"] is Result.NEARLY
        mending = session.scalars(select(Rectification)).all()
        assert all(row.assessment is not None and row.assessed_name.startswith("示例") for row in mending)
        still_open = [row for row in mending if row.status is RectificationStatus.OPEN]
        assert len(still_open) == 7 and sum(row.due_on < today() for row in still_open) == 2


def test_example_branches_are_assessed_and_only_they_are_late(demo: Flask) -> None:
    client = browser(demo, "city_admin")
    for figure, number in (("overdue", 3), ("to_review", 1), ("to_sign", 3), ("to_fill_in", 4)):
        page = client.get(f"/assessment/?figure=assessments_{figure}").get_data(as_text=True)
        assert f"共 {number} 条" in page, figure
    with demo.app_context(), system_session("demo", readonly=True) as session:
        late = session.scalars(select(Assessment).where(Assessment.due_on < today())).all()
        assert late and all(row.assessed_name.startswith("示例离退休干部") for row in late)
        failing = session.scalars(select(Assessment).where(Assessment.review_score < 10_000)).all()
        assert failing and all(row.assessed_name.startswith("示例") for row in failing)


def test_lives_are_plausible_and_earlier_events_are_there_too(demo: Flask) -> None:
    with demo.app_context(), system_session("demo", readonly=True) as session:
        people = session.scalars(select(Person)).all()
        for person in people:
            steps = sorted(person.steps, key=lambda step: STAGES.index(step.stage))
            days = [step.entered_on for step in steps]
            assert days == sorted(days) and days[-1].first_day <= today(), person.name
            assert age_on(person.born_on, days[0].first_day) >= 18, person.name
        assert {person.stage for person in people} >= {Stage.ACTIVIST, Stage.CANDIDATE, Stage.PROBATIONARY, Stage.FULL}
        assert len({person.name for person in people}) == len(people)
        ages = [age_on(adviser.person.born_on, today()) for adviser in session.scalars(select(Adviser))]
        assert min(ages) >= 60 and max(ages) <= 75
        assert session.scalar(select(func.count(KeyPost.id)).where(KeyPost.since < START)) == 6
