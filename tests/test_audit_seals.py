"""Seals show whether the audit log was changed, removed from or added to afterwards, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from models import AuditEntry, AuditSeal, Company, db
from policy import system_session
from services.audit_seals import check_seals, seal_entries, slipped_in
from tests.world import World


def seal() -> AuditSeal | None:
    """Seal as the timer does."""
    with system_session("audit_seal") as session:
        made = seal_entries(session)
        session.expunge_all()
        session.commit()
        return made


def faults() -> list[Any]:
    """What checking finds."""
    with system_session("audit_seal", readonly=True) as session:
        return [*check_seals(session), *slipped_in(session)]


def tamper(*statements: str) -> None:
    """Change the log as somebody would who has the database in his hands."""
    with db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for name in ("audit_entry_no_update", "audit_entry_no_delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        else:
            connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        for statement in statements:
            connection.execute(text(statement))


def change_a_company(world: World, note: str) -> None:
    with system_session("demo") as session:
        session.get(Company, world.rows["company", "甲"]).note = note
        session.commit()


@pytest.mark.slow
def test_every_entry_is_sealed_once_and_the_chain_fits(office: tuple[Flask, World]) -> None:
    first = seal()
    change_a_company(office[1], "改过")
    second = seal()
    assert first and second and second.first_id == first.last_id + 1
    with system_session("demo", readonly=True) as session:
        sealed = sum(session.scalars(select(AuditSeal.entries)))
        assert sealed == session.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.id <= second.last_id))
    assert faults() == []


TAMPERINGS: dict[str, str] = {
    "an entry was changed": "UPDATE audit_entry SET actor_name = 'x' WHERE id = 5",
    "an entry was removed": "DELETE FROM audit_entry WHERE id = 5",
    "the newest sealed entry was removed": "DELETE FROM audit_entry WHERE id = (SELECT max(last_id) FROM audit_seal)",
}


@pytest.mark.slow
@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_it_shows_when(tampering: str, office: tuple[Flask, World]) -> None:
    seal()
    tamper(TAMPERINGS[tampering])
    assert faults() != []


@pytest.mark.slow
def test_an_entry_put_under_an_empty_number_shows_until_it_is_sealed_as_late(office: tuple[Flask, World]) -> None:
    tamper("DELETE FROM audit_entry WHERE id = 7")
    assert seal().absent == [7]
    assert faults() == []
    with db.engine.begin() as connection:
        columns = ", ".join(column.name for column in AuditEntry.__table__.columns if column.name != "id")
        connection.execute(
            text(f"INSERT INTO audit_entry (id, {columns}) SELECT 7, {columns} FROM audit_entry WHERE id = 8")
        )
    assert faults() == [7]
    assert seal().late == [7]
    assert faults() == []


def test_a_seal_made_without_the_key_does_not_fit(office: tuple[Flask, World]) -> None:
    seal()
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_seal (number, at, first_id, last_id, entries, absent, late, seal) "
                "SELECT 2, at, last_id + 1, last_id + 1, 1, '[]', '[]', seal FROM audit_seal WHERE number = 1"
            )
        )
    assert [fault.seal for fault in faults()] == ["第 2 次封存"]


@pytest.mark.parametrize("statement", ["UPDATE audit_seal SET entries = 1", "DELETE FROM audit_seal"])
def test_the_database_refuses_to_change_a_seal(statement: str, office: tuple[Flask, World]) -> None:
    seal()
    with pytest.raises(Exception, match="append-only"), db.engine.begin() as connection:
        connection.execute(text(statement))


def test_the_auditor_seals_and_checks_and_nobody_else_does(app: Flask, sign_in: Callable[..., Any]) -> None:
    auditor = sign_in("auditor")
    assert auditor.post("/audit-seals/seal/").status_code == 302
    page = auditor.get("/audit-seals/?check=yes").get_data(as_text=True)
    assert "全部封存核对无误" in page and "第 1 次" in page
    for name in ("city_admin", "security_admin", "system_admin", "inspector"):
        assert sign_in(name).post("/audit-seals/seal/").status_code == 403


def test_the_command_line_seals_and_finds_faults(app: Flask) -> None:
    runner = app.test_cli_runner()
    assert "sealed" in runner.invoke(args=["audit", "seal"]).output
    assert "fits its seals" in runner.invoke(args=["audit", "check"]).output
    with app.app_context():
        tamper(TAMPERINGS["an entry was changed"])
    checked = runner.invoke(args=["audit", "check"])
    assert checked.exit_code == 1 and "第 1 次封存" in checked.output
