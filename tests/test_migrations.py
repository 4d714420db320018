"""Migrations go both ways, leave the tables as the models say, and carry what was recorded along."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Connection, create_engine, text

from models import db
from tests.conftest import build_app

NOW = "'2026-01-02 00:00:00+00:00'"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An app on a database without any table, once on each kind."""
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_url")
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("DROP DATABASE IF EXISTS migrations"))
            connection.execute(text("CREATE DATABASE migrations"))
        engine.dispose()
        url = server.replace("/postgres?", "/migrations?")
    app = build_app(url, tmp_path)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def insert(connection: Connection, table: str, **values: object) -> None:
    """One row as an earlier release wrote it."""
    columns = {"version": 1} | values
    names = ", ".join([*columns, "created_at", "updated_at"])
    connection.execute(
        text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in columns)}, {NOW}, {NOW})"),
        columns,
    )


@pytest.mark.slow
def test_all_migrations_go_down_and_up_again_and_then_fit_the_models(empty: Flask) -> None:
    upgrade()
    downgrade(revision="base")
    upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [one for one in compare_metadata(context, db.metadata) if "uq_branch_one_root" not in str(one)]
        assert differences == []


@pytest.mark.slow
def test_the_area_of_a_companys_venue_becomes_a_venue_and_comes_back(empty: Flask) -> None:
    upgrade(revision="0004")
    with db.engine.begin() as connection:
        insert(connection, "branch", id=1, name="市党委", kind="committee", pinyin="", initials="")
        for key, area in ((1, 120), (2, None), (9, 5)):
            insert(connection, "company", id=key, branch_id=1, short_name=f"企业{key}", status="open", venue_area=area,
                   pinyin="", initials="")  # fmt: skip
        insert(connection, "person", id=1, branch_id=1, company_id=1, name="示例·人", pinyin="", initials="")
        connection.execute(text("DELETE FROM company WHERE id = 9"))
    upgrade()
    with db.engine.begin() as connection:
        assert connection.execute(text("SELECT company_id, area FROM venue")).all() == [(1, 120)]
        assert connection.scalar(text("SELECT company_id FROM person")) == 1
    downgrade(revision="0004")
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT id, venue_area FROM company ORDER BY id")).all() == [(1, 120), (2, None)]


@pytest.mark.slow
def test_keys_of_a_table_that_was_made_anew_are_not_used_again(empty: Flask) -> None:
    upgrade(revision="0004")
    with db.engine.begin() as connection:
        insert(connection, "branch", name="市党委", kind="committee", pinyin="", initials="")
        for name in ("甲", "乙"):
            insert(connection, "company", branch_id=1, short_name=name, status="open", pinyin="", initials="")
        connection.execute(text("DELETE FROM company WHERE id = 2"))
    upgrade()
    with db.engine.begin() as connection:
        insert(connection, "company", branch_id=1, short_name="丙", status="open", pinyin="", initials="")
        assert connection.scalar(text("SELECT max(id) FROM company")) == 3


@pytest.mark.slow
def test_a_session_gets_its_accounts_branch_and_a_remembered_phone_ends_on_the_way_back(empty: Flask) -> None:
    upgrade(revision="0006")
    with db.engine.begin() as connection:
        insert(connection, "branch", id=1, name="市党委", kind="committee", pinyin="", initials="")
        insert(connection, "account", id=5, username="li", name="示例·李", branch_id=1, active=True,
               must_change_password=False, is_demo=False)  # fmt: skip
        insert(connection, "sign_in", id=7, account_id=5, key_hash="x", expires_at="2099-01-01 00:00:00+00:00")
    upgrade()
    with db.engine.begin() as connection:
        assert connection.execute(text("SELECT branch_id, device, ended_at FROM sign_in")).all() == [(1, None, None)]
        insert(connection, "sign_in", id=8, account_id=5, branch_id=1, key_hash="y", device="安卓手机，微信",
               last_used_on="2026-01-02", expires_at="2099-01-01 00:00:00+00:00")  # fmt: skip
    downgrade(revision="0006")
    with db.engine.connect() as connection:
        running = connection.execute(text("SELECT id FROM sign_in WHERE ended_at IS NULL")).all()
        assert running == [(7,)]
