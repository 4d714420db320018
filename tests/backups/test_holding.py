"""A backup holds everything of one moment and nothing of the keys."""

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import upgrade
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.ddl import sort_tables_and_constraints

from models import Base, Problem, Trash, db
from models.encryption import new_key, use_key
from policy import Refused
from services import attachments, backups
from tests.backups.places import PDF, NewPlace, Place, add_file
from tests.conftest import DATA_KEY
from tests.world import World, make_row

pytestmark = pytest.mark.slow


def test_it_restores_to_the_same_rows_and_files(office: tuple[Place, World], empty: Place, backup: Path) -> None:
    place, _world = office
    restored = empty.restore(backup)
    before, after = place.rows(), empty.rows()
    *log, last = after.pop("audit_entry")
    assert [list(map(str, row)) for row in log] == [list(map(str, row)) for row in before.pop("audit_entry")]
    assert (last.action, last.resource, last.record_title) == ("restore", "database", "office.tar")
    assert after == before
    kept = {path.name: path.read_bytes() for path in empty.kept_files()}
    assert kept == {path.name: path.read_bytes() for path in place.kept_files()}
    assert len(kept) == 4, "a picture with its small one, a document, and one that is in the trash"
    assert restored.seal_faults == [] and empty.left_behind() == []


def test_it_is_its_owners_alone_and_holds_no_key(office: tuple[Place, World], backup: Path) -> None:
    content = backup.read_bytes()
    assert backup.stat().st_mode & 0o777 == 0o600
    for key in (DATA_KEY, office[0].app.config["SECRET_KEY"]):
        assert key.encode() not in content


def test_what_it_says_of_itself_is_checked_without_restoring(office: tuple[Place, World], backup: Path) -> None:
    with office[0].app.app_context():
        manifest = backups.check(backup)
    rows = office[0].rows()
    assert {name: table.count for name, table in manifest.tables.items()} == {
        name: len(found) for name, found in rows.items() if name != "alembic_version"
    }
    assert manifest.newest_entry == rows["audit_entry"][-1].id
    assert len(manifest.lacking) == 2, "the test world's own attachments never had files"


def test_no_number_is_given_out_again_after_a_restore(
    mine: tuple[Place, World], new_place: NewPlace, tmp_path: Path
) -> None:
    (place, world), empty = mine, new_place("empty")
    with place.app.app_context(), place.session() as session:
        gone = make_row(session, Problem, "甲", None, None, owners(session, world))
        session.commit()
        number = gone.id
        session.delete(gone)
        session.commit()
        db.engine.dispose()
    empty.restore(place.back_up(tmp_path / "later.tar"))
    with empty.app.app_context(), empty.session() as session:
        added = make_row(session, Problem, "甲", None, None, owners(session, world))
        session.commit()
        assert added.id > number
        db.engine.dispose()


def owners(session: Any, world: World) -> dict[type, Any]:
    from models import Company

    return {Company: session.get(Company, world.rows["company", "甲"])}


def test_the_restored_log_still_refuses_to_be_changed(mine: tuple[Place, World]) -> None:
    place, _world = mine
    for statement in ("UPDATE audit_entry SET actor_name = 'x'", "DELETE FROM audit_seal"):
        with place.app.app_context(), pytest.raises(DBAPIError, match="append-only"), db.engine.begin() as connection:
            connection.execute(text(statement))


def test_a_backup_of_an_older_version_is_brought_up_to_date(new_place: NewPlace, tmp_path: Path) -> None:
    old, fresh = new_place("mine"), new_place("empty")
    with old.app.app_context():
        upgrade(revision="0001")
        with db.engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO setting (key, value, meaning, version, created_at, updated_at) "
                    "VALUES ('age', 'old', 'x', 1, '2026-01-02 03:04:05', '2026-01-02 03:04:05')"
                )
            )
        db.engine.dispose()
    fresh.restore(old.back_up(tmp_path / "old.tar"))
    rows = fresh.rows()
    with fresh.app.app_context():
        upgrade()
        db.engine.dispose()
    assert [row.value for row in rows["setting"]] == ["old"]
    assert fresh.rows().keys() == rows.keys()


def test_tables_can_be_filled_in_an_order_that_their_keys_allow() -> None:
    _table, circular = list(sort_tables_and_constraints(Base.metadata.tables.values()))[-1]
    assert not circular, "restoring on PostgreSQL fills each table after those that it points at"


def test_a_file_that_is_lost_or_changed_is_named_and_everything_else_is_there(
    mine: tuple[Place, World], new_place: NewPlace, tmp_path: Path
) -> None:
    (place, world), empty = mine, new_place("empty")
    with place.app.app_context():
        lost, changed = (add_file(place, world, f"{name}.pdf", PDF) for name in ("lost", "changed"))
        db.engine.dispose()
    (place.files / lost).unlink()
    (place.files / changed).write_bytes(b"%PDF- something else")
    path = place.back_up(tmp_path / "lacking.tar")
    with place.app.app_context():
        manifest = backups.check(path)
    assert set(manifest.lacking) >= {lost, changed} and lost not in manifest.files
    empty.restore(path)
    assert (empty.files / changed).read_bytes() == b"%PDF- something else"


def test_a_file_deleted_for_good_meanwhile_is_not_missed(mine: tuple[Place, World], tmp_path: Path) -> None:
    place, world = mine
    with place.app.app_context():
        slow = add_file(place, world, "slow.pdf", PDF)
        db.engine.dispose()
    # Whoever opens it waits until somebody opens it for writing: that holds the backup up after its moment.
    (place.files / slow).unlink()
    os.mkfifo(place.files / slow)
    made: list[Path] = []
    backing_up = threading.Thread(target=lambda: made.append(place.back_up(tmp_path / "meanwhile.tar")))
    backing_up.start()
    while not any(draft.stat().st_size for draft in tmp_path.glob(".backup-*/backup")):
        assert backing_up.is_alive()
    with place.app.app_context(), place.session() as session:
        gone = session.scalars(select(Trash).where(Trash.resource == "attachment").order_by(Trash.id.desc())).first()
        attachments.forget(session, gone, place.files)
        session.commit()
        db.engine.dispose()
    # The first moment knew of the file that is gone; a second one, which doesn't, waits at the same place.
    while backing_up.is_alive():
        with suppress(OSError):  # nobody waits there at present
            os.close(os.open(place.files / slow, os.O_WRONLY | os.O_NONBLOCK))
    with place.app.app_context():
        manifest = backups.check(made[0])
    assert manifest.tables["trash"].count == len(place.rows()["trash"])
    assert set(manifest.files) == {path.name for path in place.files.iterdir()}


def test_a_database_of_another_key_is_not_backed_up_under_this_one(office: tuple[Place, World], tmp_path: Path) -> None:
    use_key(new_key())
    try:
        with pytest.raises(Refused, match="DATA_KEY"):
            office[0].back_up(tmp_path / "wrong.tar")
    finally:
        use_key(DATA_KEY)


def test_nothing_is_left_of_a_backup_that_can_not_be_logged(office: tuple[Place, World], tmp_path: Path) -> None:
    place, target = office[0], tmp_path / "backups"
    target.mkdir()
    with place.app.app_context(), pytest.raises(RuntimeError), backups.new_backup(db.engine, place.files, target):
        raise RuntimeError("the log can't be written")
    assert list(target.iterdir()) == []


def test_a_file_that_is_there_is_not_overwritten(office: tuple[Place, World], backup: Path) -> None:
    before = backup.read_bytes()
    with pytest.raises(Refused, match="已经有这个文件"):
        office[0].back_up(backup)
    assert backup.read_bytes() == before
