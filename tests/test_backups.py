"""A backup holds everything of one moment and nothing of the keys; a broken one is refused before anything is touched."""

import io
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import upgrade
from PIL import Image
from sqlalchemy import create_engine, inspect, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.ddl import sort_tables_and_constraints

from models import Attachment, Base, Problem, Rectification, Trash, db
from models.encryption import new_key, use_key
from policy import Refused, system_session
from services import attachments, backups
from services.audit_seals import seal_entries
from services.backups.archive import MANIFEST, SEAL, Manifest, Writer, opened
from services.trash import move_to_trash
from tests.conftest import DATA_KEY, build_app
from tests.drills.server import ROOT
from tests.world import World, make_row, make_world

PDF = b"%PDF-1.7 a page of a report"


class Place:
    """An installation: a database with its folder of files."""

    def __init__(self, url: str, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.url, self.folder, self.files = url, folder, folder / "files"
        self.app = build_app(url, folder)

    def restore(self, path: Path, **options: Any) -> Any:
        with self.app.app_context():
            return backups.restore(db.engine, self.files, path, **options)

    def back_up(self, target: Path) -> Path:
        with self.app.app_context(), backups.new_backup(db.engine, self.files, target) as taken:
            pass
        return taken.path

    def rows(self) -> dict[str, Any]:
        """Every row of every table."""
        with self.app.app_context():
            with db.engine.connect() as connection:
                tables = sorted(inspect(connection).get_table_names())
                found = {
                    table: connection.execute(text(f'SELECT * FROM "{table}" ORDER BY 1')).all() for table in tables
                }
            db.engine.dispose()
        return found

    def state(self) -> Any:
        """All that a restore may touch: rows, files, and what else lies about."""
        files = {str(path.relative_to(self.folder)): path.read_bytes() for path in self.kept_files()}
        return self.rows(), files, self.left_behind()

    def kept_files(self) -> list[Path]:
        return sorted(path for path in self.files.rglob("*") if path.is_file())

    def left_behind(self) -> list[str]:
        """What a restore that didn't end may leave beside the database."""
        found = [path.name for path in self.folder.glob(".restore-*")]
        if self.url.startswith("postgresql"):
            engine = create_engine(self.url)
            with engine.connect() as connection:
                found += connection.scalars(text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'restoring%'"))
            engine.dispose()
        return found

    def session(self) -> Any:
        return system_session("demo")


NewPlace = Callable[[str], Place]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewPlace]:
    """Makes empty installations, on each database. One of the same name takes the former one's place."""
    server = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    made: dict[str, Place] = {}

    def make(name: str) -> Place:
        folder = tmp_path_factory.mktemp(name)
        url = f"sqlite:///{folder / 'office.db'}" if server is None else empty_database(server, f"backup_{name}")
        made[name] = Place(url, folder)
        return made[name]

    yield make
    for place in made.values():
        with place.app.app_context():
            db.engine.dispose()


def empty_database(server: str, name: str) -> str:
    """An empty database whose owner has no more rights than an office has; its address."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = 'owner'")) is None:
            connection.execute(text("CREATE ROLE owner LOGIN"))
        if connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}) is None:
            connection.execute(text(f"CREATE DATABASE {name} OWNER owner"))
        left = text("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = :name")
        connection.execute(left, {"name": name})
    engine.dispose()
    url = make_url(server).set(database=name, username="owner")
    owned = create_engine(url)
    with owned.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    owned.dispose()
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def office(new_place: NewPlace) -> tuple[Place, World]:
    """An installation with the test world, a picture, a PDF, and another PDF in the trash; its log is sealed. To be read."""
    place = new_place("office")
    with place.app.app_context():
        upgrade()
        world = make_world()
        add_file(place, world, "photo.jpg", picture())
        add_file(place, world, "report.pdf", PDF)
        add_file(place, world, "deleted.pdf", PDF + b" that was deleted")
        with place.session() as session:
            newest = session.scalars(select(Attachment).order_by(Attachment.id.desc())).first()
            move_to_trash(session, newest)
            session.commit()
        with system_session("audit_seal") as session:
            seal_entries(session)
            session.commit()
        db.engine.dispose()
    return place, world


@pytest.fixture(scope="module")
def backup(office: tuple[Place, World], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the office. To be read."""
    return office[0].back_up(tmp_path_factory.mktemp("backup") / "office.tar")


@pytest.fixture
def empty(new_place: NewPlace) -> Place:
    """An installation without a single table."""
    return new_place("empty")


@pytest.fixture
def mine(office: tuple[Place, World], new_place: NewPlace, backup: Path) -> tuple[Place, World]:
    """An office like that one, to be changed."""
    place = new_place("mine")
    place.restore(backup)
    return place, office[1]


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(out, "JPEG")
    return out.getvalue()


def add_file(place: Place, world: World, name: str, content: bytes) -> str:
    """Attach a file to the rectification of side 甲; its stored name."""
    with place.session() as session:
        owner = session.get(Rectification, world.rows["rectification", "甲"])
        examined = attachments.examine(name, io.BytesIO(content))
        stored = attachments.store_attachment(session, owner, examined, place.files).stored_name
        session.commit()
    return stored


# What is in it


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


# What is refused


@pytest.fixture(scope="module")
def in_use(office: tuple[Place, World], new_place: NewPlace, backup: Path) -> Place:
    """An installation in use, with a file that isn't in the backup."""
    place = new_place("in_use")
    place.restore(backup)
    add_later(place, office[1])
    return place


def add_later(place: Place, world: World) -> str:
    with place.app.app_context():
        name = add_file(place, world, "later.pdf", PDF + b" added later")
        db.engine.dispose()
    return name


@pytest.fixture
def target(in_use: Place) -> Iterator[Place]:
    """What a restore may replace; nothing of it may have changed at the end of the test."""
    before = in_use.state()
    yield in_use
    assert in_use.state() == before


def refuses(place: Place, path: Path, words: str = "备份文件") -> None:
    """Both checking and restoring say no."""
    with place.app.app_context(), pytest.raises(Refused, match=words):
        backups.check(path)
    with pytest.raises(Refused, match=words):
        place.restore(path, replace=True)


def test_a_flipped_bit_in_any_member(target: Place, backup: Path, tmp_path: Path) -> None:
    content = backup.read_bytes()
    with tarfile.open(backup) as tar:
        members = [(member.name, member.offset_data, member.size) for member in tar]
    assert {MANIFEST, SEAL} < {name for name, *_ in members}
    for name, begin, size in members:
        spot = begin + size // 2
        broken = tmp_path / "broken.tar"
        broken.write_bytes(content[:spot] + bytes([content[spot] ^ 1]) + content[spot + 1 :] if size else content)
        if size:
            refuses(target, broken)
        else:
            assert name.startswith("tables/"), "only a table may be empty"


def test_a_flipped_bit_in_the_head_of_any_member(target: Place, backup: Path, tmp_path: Path) -> None:
    content = backup.read_bytes()
    with tarfile.open(backup) as tar:
        heads = [member.offset for member in tar]
    broken = tmp_path / "broken.tar"
    for head in heads:
        broken.write_bytes(content[:head] + bytes([content[head] ^ 1]) + content[head + 1 :])
        refuses(target, broken)


@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.9, 0.99])
def test_a_file_that_was_cut_off(share: float, target: Place, backup: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tar"
    cut.write_bytes(backup.read_bytes()[: int(backup.stat().st_size * share)])
    refuses(target, cut)


def test_a_file_that_was_cut_off_in_its_blank_end_or_has_something_behind_it(
    target: Place, backup: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "changed.tar"
    for content in (backup.read_bytes()[:-1], backup.read_bytes() + b"more"):
        changed.write_bytes(content)
        refuses(target, changed)


def test_a_file_that_was_cut_off_just_before_its_seal(target: Place, backup: Path, tmp_path: Path) -> None:
    with tarfile.open(backup) as tar:
        end = tar.getmember(SEAL).offset
    cut = tmp_path / "cut.tar"
    cut.write_bytes(backup.read_bytes()[:end])
    refuses(target, cut)


def test_a_file_that_is_no_tar_at_all(target: Place, tmp_path: Path) -> None:
    other = tmp_path / "other.tar"
    other.write_bytes(b"PK\x03\x04 something else" * 100)
    refuses(target, other)
    refuses(target, tmp_path / "absent.tar", "打不开")


def test_another_key(target: Place, backup: Path) -> None:
    use_key(new_key())
    try:
        refuses(target, backup, "另一把 DATA_KEY")
    finally:
        use_key(DATA_KEY)


LIES: dict[str, tuple[str, Callable[[Manifest], Manifest]]] = {
    "an unknown migration": ("本程序不认识", lambda one: replace(one, revision="9999")),
    "a format of the future": ("格式", lambda one: replace(one, format=2)),
    "another product": ("不是本系统", lambda one: replace(one, product="another")),
    "the other kind of database": (
        "同一种数据库|不支持",
        lambda one: replace(one, database="mysql" if one.database == "sqlite" else "sqlite"),
    ),
    "rows that aren't in it": (
        "清单不符",
        lambda one: replace(one, tables={**one.tables, "branch": replace(one.tables["branch"], count=1)}),
    ),
    "a member that isn't in it": (
        "不是本系统",
        lambda one: replace(one, members={**one.members, "files/" + "0" * 32: one.members[next(iter(one.members))]}),
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_file_of_our_own_making_that_tells_of(lie: str, target: Place, backup: Path, tmp_path: Path) -> None:
    words, change = LIES[lie]
    with target.app.app_context(), opened(backup) as archive:
        forged = rewritten(archive, change, tmp_path / "forged.tar")
    with pytest.raises(Refused, match=words):
        target.restore(forged, replace=True)


def rewritten(archive: Any, change: Callable[[Manifest], Manifest], path: Path) -> Path:
    """The same members under a changed manifest, sealed as if it were true."""
    writer = Writer(path)
    for name in archive.manifest.members:
        part = path.with_name("part")
        archive.unpack(name, part)
        with part.open("rb") as source:
            writer.add(name, source)
    writer.finish(change(archive.manifest))
    writer.close()
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


HOSTILE = {
    "climbs out of its folder": entry("../evil"),
    "climbs out from within": entry("files/../../evil"),
    "stands at the root": entry("/evil"),
    "is a symbolic link": entry("files/" + "a" * 32, tarfile.SYMTYPE, "/etc/passwd"),
    "is a hard link": entry("files/" + "a" * 32, tarfile.LNKTYPE, MANIFEST),
    "is a folder": entry("files/" + "a" * 32, tarfile.DIRTYPE),
    "is a device": entry("files/" + "a" * 32, tarfile.CHRTYPE),
    "isn't in the manifest": entry("files/" + "a" * 32),
    "comes twice": entry(MANIFEST),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_with_a_member_that(what: str, target: Place, backup: Path, tmp_path: Path) -> None:
    hostile = shutil.copy(backup, tmp_path / "hostile.tar")
    with tarfile.open(hostile, "a") as tar:
        tar.addfile(HOSTILE[what])
    refuses(target, hostile, "不是本系统")
    assert not list(tmp_path.rglob("evil"))


def test_data_in_its_place_unless_it_may_be_replaced(target: Place, backup: Path) -> None:
    with pytest.raises(Refused, match="--replace"):
        target.restore(backup)


def test_a_place_that_somebody_works_in(target: Place, backup: Path) -> None:
    other = create_engine(target.url)
    with other.connect() as connection:
        connection.execute(text("SELECT 1 FROM branch"))
        with pytest.raises(Refused, match="停止服务器"):
            target.restore(backup, replace=True)
    other.dispose()


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


def test_a_disk_without_room(target: Place, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: shutil._ntuple_diskusage(100, 90, 10))
    with pytest.raises(Refused, match="磁盘空间不够"):
        target.restore(backup, replace=True)


# Replacing, and being interrupted


def test_what_is_replaced_is_gone_with_its_files(
    office: tuple[Place, World], mine: tuple[Place, World], backup: Path
) -> None:
    place, world = mine
    later = add_later(place, world)
    place.restore(backup, replace=True)
    assert not (place.files / later).exists()
    assert len(place.rows()["attachment"]) == len(office[0].rows()["attachment"])
    assert {path.name for path in place.kept_files()} == {path.name for path in office[0].kept_files()}


on_sqlite = pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)


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


# The command line


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
