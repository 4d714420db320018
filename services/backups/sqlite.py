"""Backups of SQLite: the online backup copies the file as it is at one moment; restoring puts another file in its place."""

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine, NullPool, create_engine

from models.database import SQLITE_BUSY_SECONDS, engine_options
from policy.errors import Refused
from services.backups.archive import Archive, Digest
from services.backups.kinds import VERSION_TABLE, Moment

name = "sqlite"
MEMBER = "database.sqlite"
_SCRATCH = ".restore-"


@contextmanager
def moment(engine: Engine, folder: Path) -> Iterator[Moment]:
    """The state of now, as a copy in ``folder``; people go on writing meanwhile."""
    copy = folder / "database"
    if not _path(engine).exists():
        raise Refused(f"没有数据库文件：{_path(engine)}。")
    source = closing(sqlite3.connect(_path(engine), timeout=SQLITE_BUSY_SECONDS))
    with source as original, closing(sqlite3.connect(copy)) as target:
        original.backup(target)  # all pages in one step: one moment
    _require_whole(copy)
    with _engine(copy).connect() as connection:
        yield Moment(connection, {MEMBER: copy}, _digests(copy))
    _settle(copy)


def check(archive: Archive, folder: Path) -> None:
    """Open the database of a file and compare it, table by table, with the manifest; raises Refused."""
    copy = folder / "database"
    archive.unpack(MEMBER, copy)
    _require_whole(copy)
    if _digests(copy) != archive.manifest.tables:
        raise Refused("备份中的数据与它自己的清单不符，不能使用。请换一份备份。")


def holds_data(engine: Engine) -> bool:
    """Whether there is a single row; a file that can't be read counts as data."""
    path = _path(engine)
    if not path.exists() or path.stat().st_size == 0:
        return False
    try:
        with closing(sqlite3.connect(path, timeout=SQLITE_BUSY_SECONDS)) as connection:
            return any(
                connection.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone() for table in _tables(connection)
            )
    except sqlite3.DatabaseError:
        return True


def room(engine: Engine) -> Path:
    """The folder of the database's file."""
    return _path(engine).parent


@contextmanager
def scratch(engine: Engine, archive: Archive) -> Iterator["Scratch"]:
    """A file beside the database, filled from the archive; gone afterwards."""
    path = _path(engine)
    for left_behind in path.parent.glob(f"{_SCRATCH}*"):
        shutil.rmtree(left_behind)
    folder = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=path.parent))
    try:
        copy = folder / "database"
        archive.unpack(MEMBER, copy)
        _require_whole(copy)
        yield Scratch(copy, path)
    finally:
        shutil.rmtree(folder)


def require_alone(engine: Engine) -> None:
    """Raise Refused when somebody else has the database open."""
    if _path(engine).exists():
        try:
            _settle(_path(engine))  # needs to be alone
        except sqlite3.OperationalError:
            raise Refused("还有程序连着数据库。请先停止服务器，再恢复。没有动任何数据。") from None
        except sqlite3.DatabaseError:
            return  # broken beyond reading: nobody works with it


class Scratch:
    """The file that will take the database's place."""

    def __init__(self, path: Path, place: Path) -> None:
        self._path, self._place = path, place
        self.engine = _engine(path)

    def digests(self) -> dict[str, Digest]:
        """Rows and hash of each table."""
        return _digests(self._path)

    def swap_in(self) -> None:
        """Rename it over the database's file."""
        _settle(self._path)
        if self._place.exists():
            shutil.copymode(self._place, self._path)
        # All that was written ahead is in the file, unless that is lost or broken. Nothing may be left over: SQLite
        # would take it for part of the successor.
        for ahead in ("-wal", "-shm"):
            self._place.with_name(f"{self._place.name}{ahead}").unlink(missing_ok=True)
        self._path.replace(self._place)
        sync_folder(self._place.parent)


def _path(engine: Engine) -> Path:
    if not engine.url.database or engine.url.database == ":memory:":
        raise Refused("数据库不在文件里，不能备份或恢复。")
    return Path(engine.url.database)


def _engine(path: Path) -> Engine:
    url = f"sqlite:///{path}"
    return create_engine(url, poolclass=NullPool, **engine_options(url))


def _settle(path: Path) -> None:
    """Bring what was written ahead into the file itself, which is then all there is; nobody else may have it open."""
    with closing(sqlite3.connect(path, timeout=0)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _require_whole(path: Path) -> None:
    """Raise Refused when the database's own structure or keys are broken."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
            found += [f"{row[0]} {row[1]}" for row in connection.execute("PRAGMA foreign_key_check").fetchmany(5)]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    if found:
        raise Refused(f"数据库本身已经损坏：{'；'.join(found)}")


def _tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
    )
    return sorted(row[0] for row in found if row[0] != VERSION_TABLE)


def _digests(path: Path) -> dict[str, Digest]:
    """Rows and hash of each table."""
    digests = {}
    with closing(sqlite3.connect(path)) as connection:
        for table in _tables(connection):
            rows, digest = 0, hashlib.sha256()
            for row in connection.execute(f'SELECT * FROM "{table}" ORDER BY rowid'):
                rows += 1
                digest.update(repr(row).encode())
            digests[table] = Digest(rows, digest.hexdigest())
    return digests


def sync_folder(folder: Path) -> None:
    """Have the new name on the disk too; Windows neither can nor needs to."""
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
