"""Replacing what is in a place, being interrupted there, and the command line."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from models import db
from policy import Refused
from services import attachments
from tests.backups.places import NewPlace, Place, add_later
from tests.conftest import DATA_KEY
from tests.drills.server import ROOT
from tests.world import World

pytestmark = pytest.mark.slow

on_sqlite = pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)


def test_what_is_replaced_is_gone_with_its_files(
    office: tuple[Place, World], mine: tuple[Place, World], backup: Path
) -> None:
    place, world = mine
    later = add_later(place, world)
    place.restore(backup, replace=True)
    assert not (place.files / later).exists()
    assert len(place.rows()["attachment"]) == len(office[0].rows()["attachment"])
    assert {path.name for path in place.kept_files()} == {path.name for path in office[0].kept_files()}


@on_sqlite
def test_what_was_written_ahead_to_a_lost_database_does_not_get_into_its_successor(
    office: tuple[Place, World], mine: tuple[Place, World], backup: Path
) -> None:
    place, database = mine[0], mine[0].folder / "office.db"
    ahead = database.with_name("office.db-wal")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("UPDATE company SET note = 'written ahead'")
        connection.commit()
        kept = ahead.read_bytes()
    database.unlink()
    ahead.write_bytes(kept)
    place.restore(backup)
    assert place.rows()["company"] == office[0].rows()["company"]


@on_sqlite
def test_a_database_that_can_not_be_read_any_more_is_replaced(
    office: tuple[Place, World], mine: tuple[Place, World], backup: Path
) -> None:
    place = mine[0]
    (place.folder / "office.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(Refused, match="--replace"):
        place.restore(backup)
    place.restore(backup, replace=True)
    assert place.rows()["company"] == office[0].rows()["company"]


@pytest.mark.drill
@pytest.mark.parametrize("step", ["checked", "put together", "compared", "files laid", "in place"])
def test_a_restore_killed_after_it_said(
    step: str, office: tuple[Place, World], mine: tuple[Place, World], backup: Path
) -> None:
    """`make test` has every step on SQLite and a sample on PostgreSQL (see conftest.py); ``-m long`` has the others."""
    place, world = mine
    later = add_later(place, world)
    before = place.rows()
    kill_after(step, place, backup)
    after = place.rows()
    if step == "in place":
        assert len(after["attachment"]) == len(before["attachment"]) - 1
    else:
        assert after == before and (place.files / later).exists()
    stored = [row.stored_name for row in after["attachment"] if attachments.STORED_NAME.fullmatch(row.stored_name)]
    assert all((place.files / name).exists() for name in stored)
    place.restore(backup, replace=True)
    assert place.left_behind() == [] and len(place.rows()["audit_entry"]) == len(office[0].rows()["audit_entry"]) + 1


def kill_after(step: str, place: Place, backup: Path) -> None:
    """Run ``flask restore --replace`` and kill it once it has said that a step is done."""
    command = [sys.executable, "-m", "flask", "--app", "app", "restore", "--replace", str(backup)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(place), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line.strip())
        if said[-1] == step:
            process.send_signal(signal.SIGKILL)
            break
    process.stdout.close()
    process.wait()
    assert step in said, said


def environment(place: Place) -> dict[str, str]:
    return {
        **os.environ,
        "INSTANCE_DIR": str(place.folder),
        "DATABASE_URL": place.url,
        "DATA_KEY": DATA_KEY,
        "SECRET_KEY": "t" * 40,
    }


def test_the_command_line_takes_checks_and_restores_and_the_auditor_reads_of_it(
    mine: tuple[Place, World], new_place: NewPlace, tmp_path: Path
) -> None:
    (place, _world), empty, folder = mine, new_place("empty"), tmp_path / "backups"
    folder.mkdir()
    runner = place.app.test_cli_runner()
    taken = runner.invoke(args=["backup", str(folder)])
    (path,) = folder.iterdir()
    assert taken.exit_code == 0 and f"backup: {path}" in taken.output
    assert "whole" in runner.invoke(args=["backup", "--check", str(path)]).output
    restored = empty.app.test_cli_runner().invoke(args=["restore", str(path)])
    assert restored.exit_code == 0 and "in place" in restored.output
    again = empty.app.test_cli_runner().invoke(args=["restore", str(path)])
    assert again.exit_code == 1 and "--replace" in again.output
    for app, words in ((place.app, "备份"), (empty.app, "从备份恢复")):
        client = app.test_client()
        client.post("/sign-in", data={"username": "auditor", "password": "correct-horse-9"})
        page = client.get("/audit_entry/").text
        assert path.name in page and words in page and "数据库" in page


def test_a_log_that_was_tampered_with_before_the_backup_is_named_after_the_restore(
    mine: tuple[Place, World], new_place: NewPlace, tmp_path: Path
) -> None:
    place, _world = mine
    with place.app.app_context():
        with db.engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.execute(text("DROP TRIGGER audit_entry_no_update"))
            else:
                connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
            connection.execute(text("UPDATE audit_entry SET actor_name = 'x' WHERE id = 5"))
        db.engine.dispose()
    restored = new_place("empty").restore(place.back_up(tmp_path / "tampered.tar"))
    assert [fault.seal for fault in restored.seal_faults] == ["第 1 次封存"]


@pytest.mark.parametrize("new_place", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_tables_that_somebodys_view_stands_on(mine: tuple[Place, World], backup: Path) -> None:
    place, _world = mine
    with place.app.app_context():
        with db.engine.begin() as connection:
            connection.execute(text("CREATE VIEW theirs AS SELECT name FROM branch"))
        db.engine.dispose()
    before = place.state()
    with pytest.raises(Refused, match="theirs"):
        place.restore(backup, replace=True)
    assert place.state() == before
