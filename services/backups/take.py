"""Taking a backup while people work, and checking one."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import DBAPIError

from models import Attachment, AuditEntry, Trash
from models.clock import local, now
from policy.actions import resource_of
from policy.errors import Refused
from services.attachments import STORED_NAME
from services.backups import postgres, sqlite
from services.backups.archive import Manifest, Writer, opened
from services.backups.kinds import VERSION_TABLE, Kind
from services.trash import kept_rows
from settings import VERSION

KINDS: dict[str, Kind] = {kind.name: kind for kind in (sqlite, postgres)}
ATTEMPTS = 3


class _Purged(Exception):
    """A file went between the moment and its turn: somebody deleted it for good. The next moment doesn't know it."""


@dataclass(frozen=True)
class Taken:
    """A backup that was made."""

    path: Path
    manifest: Manifest

    @property
    def details(self) -> dict[str, Any]:
        """What the audit log tells of it."""
        return {
            "taken_at": self.manifest.taken_at,
            "bytes": sum(member.count for member in self.manifest.members.values()),
            "files": len(self.manifest.files),
            "lacking": len(self.manifest.lacking),
        }


@contextmanager
def new_backup(engine: Engine, files: Path, target: Path) -> Iterator[Taken]:
    """A backup, whole and checked against the disk, that gets its name when the block ends without an error.

    Everything that was saved before this was called is in it. The block is the place to log it.

    Args:
        files: the folder of the attachments.
        target: the file to make, or the folder in which to make one named after the instant.

    Raises:
        Refused: there is such a file already, or the database can't be backed up.
    """
    path = target / f"backup-{local(now()):%Y%m%d-%H%M%S}.tar" if target.is_dir() else target
    if path.exists():
        raise Refused(f"已经有这个文件：{path}。请换一个名字。")
    if not path.parent.is_dir():
        raise Refused(f"没有这个文件夹：{path.parent}。")
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=path.parent) as folder:
        draft = Path(folder) / "backup"
        yield Taken(path, _take(engine, files, draft))
        draft.replace(path)
        sqlite.sync_folder(path.parent)


def check(path: Path) -> Manifest:
    """What a backup says of itself, once all of it was looked at; raises Refused when anything is wrong."""
    with opened(path) as archive, tempfile.TemporaryDirectory() as folder:
        archive.check()
        kind_of(archive.manifest.database).check(archive, Path(folder))
        return archive.manifest


def kind_of(database: str) -> Kind:
    """The kind of a database; raises Refused for one that can't be backed up."""
    if database not in KINDS:
        raise Refused(f"不支持的数据库：{database}。")
    return KINDS[database]


def _take(engine: Engine, files: Path, path: Path) -> Manifest:
    for _attempt in range(ATTEMPTS):
        writer = Writer(path)
        try:
            return _write(engine, files, writer)
        except _Purged:
            path.unlink()
        finally:
            writer.close()
    raise Refused("备份期间一直有人在彻底删除附件，没有做成。请稍后再试。")


def _write(engine: Engine, files: Path, writer: Writer) -> Manifest:
    """One backup: first the moment, then the files, which are written before their rows and removed after them."""
    taken_at = now()
    kind = kind_of(engine.dialect.name)
    with tempfile.TemporaryDirectory(dir=writer.path.parent) as folder:
        with kind.moment(engine, Path(folder)) as moment:
            seen = moment.connection
            revision, wanted = _revision(seen), _files_of(seen)
            newest_entry = seen.scalar(select(func.max(AuditEntry.id))) or 0
        for name, path in moment.members.items():
            with path.open("rb") as source:
                writer.add(name, source)
    lacking = [name for name, sha256 in wanted.items() if not _add_file(writer, files / name, sha256)]
    if lacking:
        _require_still_there(engine, lacking)
    manifest = Manifest(
        version=VERSION,
        taken_at=taken_at.isoformat(),
        database=kind.name,
        revision=revision,
        newest_entry=newest_entry,
        tables=moment.tables,
        sequences=moment.sequences,
        members=writer.members,
        lacking=lacking,
    )
    writer.finish(manifest)
    return manifest


def _files_of(connection: Connection) -> dict[str, str]:
    """The files that belong to the rows, those in the trash too: stored name and hash."""
    found = {
        row.stored_name: row.sha256 for row in connection.execute(select(Attachment.stored_name, Attachment.sha256))
    }
    try:
        entries = connection.execute(select(Trash.contents)).all()
    except InvalidTag:
        raise Refused("现在的 DATA_KEY 不是这个数据库的密钥，读不了回收站。请先设好 DATA_KEY，再备份。") from None
    for entry in entries:
        for kept in kept_rows(entry):
            if kept["resource"] == resource_of(Attachment):
                found[kept["values"]["stored_name"]] = kept["values"]["sha256"]
    return found


def _add_file(writer: Writer, path: Path, sha256: str) -> bool:
    """Add a file, and its small picture where it has one; False when it isn't there or isn't what its row says."""
    small = path.with_name(f"{path.name}.small")
    if not STORED_NAME.fullmatch(path.name):
        return False
    try:
        with path.open("rb") as source:
            whole = writer.add(f"files/{path.name}", source)
    except FileNotFoundError:
        return False
    with suppress(FileNotFoundError), small.open("rb") as source:
        writer.add(f"files/{small.name}", source)
    return whole.sha256 == sha256


def _require_still_there(engine: Engine, names: list[str]) -> None:
    """Raise _Purged when a row has gone in the meantime: its file went with it, and isn't a file that is lost."""
    with engine.execution_options(readonly=True).connect() as connection:
        if not set(names) <= set(_files_of(connection)):
            raise _Purged


def _revision(connection: Connection) -> str:
    """The migration that the database stands at; raises Refused when it stands at none."""
    try:
        revision = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    except DBAPIError:
        revision = None
    if revision is None:
        raise Refused("数据库里还没有建表，没有可以备份的内容。")
    return revision
