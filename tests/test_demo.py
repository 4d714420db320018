"""The demo counts up to the article, through the pages that people read."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import func, select

import commands
from models import Account, Adviser, Attachment, AuditEntry, Branch, BranchKind, Company, Posting, Trash, db
from policy import Refused, system_session
from policy.actions import resource_of
from tests.conftest import build_app
from tests.matrix import actor_of
from tests.world import scoped_models

PASSWORD = "demo-password-1"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An app with the demo loaded as ``make run`` loads it."""
    folder = tmp_path_factory.mktemp("demo")
    app = build_app(f"sqlite:///{folder / 'demo.db'}", folder)
    with app.app_context():
        upgrade()
        assert len(commands.fill_demo(PASSWORD)) == 9
    return app


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
            assert rows or model in (Attachment, Trash) or resource_of(model) == "work_log", model.__name__


def test_nothing_unfavourable_is_said_of_a_named_company(demo: Flask) -> None:
    client = browser(demo, "city_admin")
    for figure in (
        "/rectification/?figure=open_rectifications",
        "/company/?figure=not_visited",
        "/company/?figure=reports_missing",
    ):
        page = client.get(figure).get_data(as_text=True).split("<tbody>")[1]
        assert "示例企业" in page and "远东实业" not in page and "康安物业" not in page, figure


def test_names_are_fictional_and_marked(demo: Flask) -> None:
    with demo.app_context(), system_session("demo", readonly=True) as session:
        assert session.scalar(select(func.count(Adviser.id)).where(Adviser.name.like("示例·%"))) == 20
        assert session.scalar(select(func.count(Posting.id)).where(Posting.ended_on.is_(None))) == 20
        assert session.scalar(select(func.count(Company.id)).where(Company.credit_code.is_not(None))) == 0
        assert actor_of("auditor").may("audit_entry:read")
