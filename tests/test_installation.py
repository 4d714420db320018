"""An empty database becomes an installation for real work; an older one gets what a release brings, once."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2.exceptions import VerifyMismatchError
from flask import Flask
from sqlalchemy import select, text

from models import Account, AuditEntry, ChecklistTemplate, Code, RolePermission, Setting, db
from policy import system_session
from services import accounts, reference_data
from tests.conftest import build_app
from tests.world import World


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Flask]:
    """An app on a database without tables."""
    app = build_app(f"sqlite:///{tmp_path / 'empty.db'}", tmp_path)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.mark.slow
def test_setup_makes_the_three_administrators_who_must_change_their_first_password(empty: Flask) -> None:
    told = empty.test_cli_runner().invoke(args=["setup", "某市非公经济组织党委"]).output
    passwords = dict(re.findall(r"^  (\w+) +(\S+)$", told, re.M))
    assert set(passwords) == {"system_admin", "security_admin", "auditor"}
    for name, password in passwords.items():
        client = empty.test_client()
        assert client.post("/sign-in", data={"username": name, "password": password}).status_code == 302
        assert client.get("/").location == "/password"
    again = empty.test_cli_runner().invoke(args=["setup", "又一个"])
    assert again.exit_code == 1 and "已有数据" in again.output


@pytest.mark.slow
def test_migrating_a_database_that_was_never_set_up_brings_it_no_reference_data(empty: Flask) -> None:
    assert empty.test_cli_runner().invoke(args=["migrate"]).exit_code == 0
    with empty.app_context(), system_session("demo", readonly=True) as session:
        for model in (ChecklistTemplate, Code, Setting):
            assert session.scalar(select(model).limit(1)) is None


@pytest.mark.slow
def test_migrating_lets_sqlite_learn_how_its_indexes_spread_the_rows(empty: Flask) -> None:
    empty.test_cli_runner().invoke(args=["setup", "某市非公经济组织党委"])
    assert empty.test_cli_runner().invoke(args=["migrate"]).exit_code == 0
    with empty.app_context(), db.engine.connect() as connection:
        known = set(connection.scalars(text("SELECT tbl FROM sqlite_stat1")))
    assert {"account", "branch", "role_permission"} <= known


@pytest.mark.slow
def test_after_setup_an_account_is_made_granted_and_works_without_the_command_line(empty: Flask) -> None:
    told = empty.test_cli_runner().invoke(args=["setup", "某市非公经济组织党委"]).output
    passwords = dict(re.findall(r"^  (\w+) +(\S+)$", told, re.M))
    browsers = {}
    for name, password in passwords.items():
        browsers[name] = empty.test_client()
        browsers[name].post("/sign-in", data={"username": name, "password": password})
        new = {
            "password": password,
            "new_password": f"Long-enough-{name[::-1]}",
            "repeated": f"Long-enough-{name[::-1]}",
        }
        assert browsers[name].post("/password", data=new).status_code == 302
    form = {"username": "zhang", "name": "张三", "branch": "1", "active": "y"}
    assert browsers["system_admin"].post("/account/new/", data=form).status_code == 302
    with empty.app_context(), system_session("demo", readonly=True) as session:
        account = session.scalar(select(Account.id).where(Account.username == "zhang"))
    reset = browsers["system_admin"].post(f"/account/step/reset/?id={account}", data={"version_seen": "1"})
    page = browsers["system_admin"].get(reset.location).get_data(as_text=True)
    password = re.search(r"新密码是 (\S+)，", page)[1]
    assert (
        browsers["security_admin"]
        .post("/grant/new/", data={"account": account, "role": "1", "branch": "1"})
        .status_code
        == 302
    )
    client = empty.test_client()
    assert client.post("/sign-in", data={"username": "zhang", "password": password}).status_code == 302


def test_an_older_installation_gets_new_code_tables_and_permissions_once(app: Flask, world: World) -> None:
    with app.app_context(), system_session("demo") as session:
        for model, condition in (
            (Code, Code.code_table == "room_kind"),
            (Code, Code.code == "routine"),
            (RolePermission, RolePermission.permission.startswith("venue:")),
            (Setting, Setting.key == "reference_data"),
        ):
            for row in session.scalars(select(model).where(condition)):
                session.delete(row)
        session.commit()
        assert reference_data.add_what_is_new(session) is True
        session.commit()
        assert session.scalar(select(Code.text).where(Code.code_table == "room_kind", Code.code == "party")) == "党建室"
        routine = select(Code.text).where(Code.code_table == "visit_purpose", Code.code == "routine")
        assert session.scalars(routine).one() == "日常走访"
        held = select(RolePermission.permission).where(RolePermission.permission.startswith("venue:"))
        assert "venue:read" in set(session.scalars(held))
        assert session.scalars(select(AuditEntry).where(AuditEntry.record_title == "阵地·查看")).first() is not None
        for row in session.scalars(select(RolePermission).where(RolePermission.permission.startswith("venue:"))):
            session.delete(row)
        session.commit()
        assert reference_data.add_what_is_new(session) is False
        assert set(session.scalars(held)) == set()


def test_an_unknown_name_is_checked_against_a_hash_that_costs_as_much_as_a_real_one() -> None:
    assert not accounts._hasher.check_needs_rehash(accounts._NOBODY), "not the costs of the hashes that are made today"
    assert len(accounts._NOBODY) == len(accounts.hash_password("whatever-it-is"))
    with pytest.raises(VerifyMismatchError):
        accounts._hasher.verify(accounts._NOBODY, "whatever-it-is")
