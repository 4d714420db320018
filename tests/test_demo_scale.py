"""The database to measure on: as many rows as asked for, the same at each load, in an empty database only."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from itertools import count
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import distinct, func, inspect, select, text
from sqlalchemy.exc import IntegrityError

import commands
from benchmarks.databases import PostgresServer, SqliteFolder
from models import (
    Account,
    Assessment,
    AuditEntry,
    Branch,
    BranchKind,
    ChecklistVersion,
    Company,
    Result,
    VersionStatus,
    db,
)
from policy import NotAllowed, Refused, acting_as, system_session
from policy.actor import make_actor
from services.tables import scale
from tests.conftest import build_app

pytestmark = pytest.mark.slow

ASKED, PASSWORD = 2_000, "bench-password-1"
OF_BRANCH = Assessment.branch_id == Branch.id
NewDatabase = Callable[[], AbstractContextManager[Flask]]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NewDatabase:
    """Makes apps on empty, migrated databases of one kind."""
    folder, numbers = tmp_path_factory.mktemp("scale"), count()
    databases: Any = SqliteFolder(folder)
    if request.param == "postgres":
        databases = PostgresServer(request.getfixturevalue("postgres_url"))

    @contextmanager
    def make() -> Iterator[Flask]:
        app = build_app(databases.new(f"scale_{folder.name}_{next(numbers)}".lower().replace("-", "_")), folder)
        with app.app_context():
            upgrade()
            yield app
            db.session.remove()
            db.engine.dispose()

    return make


@pytest.fixture(scope="module")
def loaded(new_database: NewDatabase) -> Iterator[Flask]:
    """An app on a database into which the rows were loaded."""
    with new_database() as app:
        assert commands.fill_scale(ASKED, PASSWORD) == dict.fromkeys(scale.SIGN_INS, PASSWORD)
        yield app


@pytest.fixture(scope="module")
def loaded_by_command(new_database: NewDatabase) -> Iterator[tuple[Flask, str]]:
    """The same by ``flask demo --scale``, with what that printed."""
    with new_database() as app:
        done = app.test_cli_runner().invoke(args=["demo", "--scale", str(ASKED)])
        assert done.exit_code == 0
        yield app, done.output


@pytest.fixture
def session(loaded: Flask) -> Iterator[Any]:
    """A session in which everything is permitted, on the loaded rows; what it writes is rolled back."""
    with system_session("demo") as opened, acting_as(opened.info["actor"]):
        yield opened


def every_row(session: Any) -> list[Any]:
    """All that was written past the guards, in order."""
    kinds: list[Any] = [Branch, Company, Assessment]
    columns = [[getattr(kind, key) for key in inspect(kind).columns.keys()] for kind in kinds]  # noqa: SIM118
    return [session.execute(select(*found).order_by(found[0])).all() for found in columns]


def numbered(numbers: range) -> list[str]:
    """The names of the branches with these numbers."""
    return [f"示例第{number}党支部" for number in numbers]


def test_as_many_rows_are_there_as_were_asked_for(session: Any) -> None:
    assert session.scalar(select(func.count(Assessment.id))) == ASKED
    assert session.scalar(select(func.count(Company.id))) == ASKED // 5
    assert session.scalar(select(func.count(Branch.id)).where(Branch.kind == BranchKind.BRANCH)) == 200
    for one in (Assessment.branch_id, Company.branch_id):
        assert session.scalar(select(func.count(distinct(one)))) == 200
    versions = session.execute(
        select(ChecklistVersion.status, func.count(Assessment.id))
        .join(Assessment, Assessment.checklist_version_id == ChecklistVersion.id)
        .group_by(ChecklistVersion.id)
    ).all()
    assert [rows for _status, rows in versions] == [ASKED // 5] * 5
    assert all(status is VersionStatus.PUBLISHED for status, _rows in versions)


def test_two_loads_are_equal(loaded_by_command: tuple[Flask, str], session: Any) -> None:
    first = every_row(session)
    with loaded_by_command[0].app_context(), system_session("demo", readonly=True) as second:
        assert every_row(second) == first


def test_some_branches_hold_rows_of_one_month_which_is_the_oldest(session: Any) -> None:
    months = select(func.min(Assessment.assessed_on), func.max(Assessment.assessed_on)).join(Branch, OF_BRANCH)
    skewed = session.execute(months.where(Branch.name.in_(numbered(scale.ONE_MONTH)))).one()
    other = session.execute(months.where(Branch.name.in_(numbered(range(11, 201))))).one()
    assert date(2021, 1, 1) <= skewed[0] < skewed[1] <= date(2021, 1, 31)
    assert other[0] < date(2021, 3, 1) and other[1] > date(2025, 11, 1)


def test_some_branches_hold_rows_of_one_score(session: Any) -> None:
    scores = Assessment.self_score, Assessment.review_score, Assessment.result
    outcomes = select(*scores).distinct().join(Branch, OF_BRANCH)
    skewed = session.execute(outcomes.where(Branch.name.in_(numbered(scale.ONE_SCORE)))).all()
    other = session.execute(outcomes.where(Branch.name.in_(numbered(range(11, 201))))).all()
    assert skewed == [(10_000, 10_000, Result.PASSED)]
    assert len(other) > 30 and {result for *_scores, result in other} == {*Result, None}


def test_names_are_marked_as_examples_and_found_by_initials(session: Any) -> None:
    for name in (Company.short_name, Branch.name):
        assert session.scalar(select(func.count()).where(~name.startswith("示例"))) == 0
    company = session.scalars(select(Company).where(Company.short_name.contains("瑞丰商贸"))).first()
    assert re.fullmatch(r"slrfsm\d+", company.initials) and "ruifengshangmao" in company.pinyin


def test_each_row_stands_in_its_companys_branch_and_the_database_refuses_another(session: Any) -> None:
    strayed = select(func.count(Assessment.id)).join(Company, Assessment.company_id == Company.id)
    assert session.scalar(strayed.where(Assessment.branch_id != Company.branch_id)) == 0
    row = session.scalars(select(Assessment).limit(1)).one()
    elsewhere = session.scalar(select(Branch.id).where(Branch.id > row.branch_id).limit(1))
    with pytest.raises(IntegrityError):
        move = "UPDATE assessment SET branch_id = :branch WHERE id = :id"
        session.connection().execute(text(move), {"branch": elsewhere, "id": row.id})


def test_a_new_row_gets_a_key_of_its_own(session: Any) -> None:
    seen = session.scalars(select(Assessment).order_by(Assessment.id.desc()).limit(1)).one()
    added = Assessment(
        company_id=seen.company_id, branch_id=seen.branch_id, checklist_version_id=seen.checklist_version_id,
        assessed_on=date(2026, 2, 1),
    )  # fmt: skip
    session.add(added)
    session.flush()
    assert added.id == ASKED + 1


def test_the_database_has_statistics_of_the_rows(session: Any) -> None:
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    told = "SELECT stat FROM sqlite_stat1 WHERE tbl = 'assessment' AND stat IS NOT NULL LIMIT 1"
    counted = "SELECT reltuples::int FROM pg_class WHERE relname = 'assessment'"
    known = session.connection().execute(text(told if on_sqlite else counted)).scalar()
    assert int(str(known).split()[0]) == ASKED


def test_the_load_is_one_entry_of_the_audit_log(session: Any) -> None:
    resources = ("branch", "company", "assessment")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.resource.in_(resources))).one()
    assert (entry.action, entry.actor_name) == ("import", "演示数据程序")
    assert entry.changes == {"reason": "载入测试数据：考核 2000 条，企业 400 家，党支部 200 个。"}


@pytest.mark.parametrize(
    ("name", "rows"),
    [("bench_admin", ASKED), ("bench_branch", 10), ("bench_month", 10), ("bench_score", 10), ("bench_committee", 50)],
)
def test_each_account_signs_in_and_sees_its_branches(name: str, rows: int, loaded: Flask) -> None:
    browser = loaded.test_client()
    assert browser.post("/sign-in", data={"username": name, "password": PASSWORD}).status_code == 302
    page = browser.get("/assessment/").get_data(as_text=True)
    assert f"共 {rows} 条" in page and page.count("/assessment/edit/?id=") == min(rows, 50)


def test_the_command_prints_the_sign_ins(loaded_by_command: tuple[Flask, str]) -> None:
    app, printed = loaded_by_command
    found = dict(re.findall(r"^  (bench_\w+) +(\S+)$", printed, re.M))
    assert found.keys() == scale.SIGN_INS.keys()
    signing_in = {"username": "bench_admin", "password": found["bench_admin"]}
    assert app.test_client().post("/sign-in", data=signing_in).status_code == 302


def test_the_command_is_refused_where_the_rows_are_already(loaded_by_command: tuple[Flask, str]) -> None:
    app, _printed = loaded_by_command
    again = app.test_cli_runner().invoke(args=["demo", "--scale", str(ASKED)])
    assert again.exit_code == 1 and "数据库里已有数据" in again.output
    assert app.test_cli_runner().invoke(args=["demo"]).exit_code == 1


def test_it_is_refused_beside_other_data_and_leaves_that_as_it_was(new_database: NewDatabase) -> None:
    with new_database():
        commands.fill_demo(PASSWORD)
        with pytest.raises(Refused, match="另建一个"):
            commands.fill_scale(ASKED, PASSWORD)
        with system_session("demo", readonly=True) as session:
            assert session.scalar(select(func.count(Company.id))) == 20
            assert session.scalar(select(func.count(Account.id)).where(Account.username.startswith("bench"))) == 0


@pytest.mark.parametrize("asked", [0, 999, 5_000_001])
def test_a_count_out_of_bounds_is_refused(asked: int, session: Any) -> None:
    with pytest.raises(Refused, match="1000"):
        scale.load_scale(session, asked, lambda _name: PASSWORD)


def test_whoever_cant_import_everywhere_cant_load(loaded: Flask) -> None:
    session = db.session.session_factory(actor=make_actor("无权的人", []))
    with pytest.raises(NotAllowed):
        scale.load_scale(session, ASKED, lambda _name: PASSWORD)
    session.close()
