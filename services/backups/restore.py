"""Restoring a backup: everything is looked at and put together beside what is there, and takes its place at the end.

The step that decides is one: the database's file is renamed, or PostgreSQL commits. Before it the old state stands
whole, however the restoring ends; the files that were laid beside the old ones by then belong to no row of it.
"""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from policy.audit import record_event
from policy.errors import Refused
from policy.system import system_session
from services.attachments import STORED_NAME
from services.audit_seals import Fault, check_seals
from services.backups import migrations
from services.backups.archive import Archive, Manifest, opened
from services.backups.kinds import Kind
from services.backups.sqlite import sync_folder
from services.backups.take import kind_of

SPARE_BYTES = 64 * 1024 * 1024
"""Left on a disk at least."""


@dataclass(frozen=True)
class Restored:
    """What was restored, and what the audit log's seals say of it."""

    manifest: Manifest
    seal_faults: list[Fault]


def restore(
    engine: Engine, files: Path, path: Path, replace: bool = False, say: Callable[[str], None] = lambda _step: None
) -> Restored:
    """Put a backup in the place of the database and its attachments. Nobody may be connected meanwhile.

    Args:
        files: the folder of the attachments.
        replace: whether what is there may go; without it, only an empty place is filled.
        say: is told each step once it is done.

    Raises:
        Refused: for whatever reason, and then everything is as it was.
    """
    with opened(path) as archive:
        manifest = archive.manifest
        kind = kind_of(engine.dialect.name)
        _require_fit(kind, manifest, engine, replace)
        _require_room(kind, manifest, engine, files)
        archive.check()
        engine.dispose()
        kind.require_alone(engine)
        say("checked")
        with kind.scratch(engine, archive) as scratch:
            say("put together")
            if scratch.digests() != manifest.tables:
                raise Refused("恢复出来的数据与备份的清单不符，没有动任何数据。请换一份备份。")
            say("compared")
            if manifest.revision != migrations.newest():
                migrations.migrate(scratch.engine, migrations.newest())
            faults = _seal_faults(scratch.engine)
            _log(scratch.engine, path, manifest, replace)
            laid = _lay_files(archive, files)
            say("files laid")
            try:
                kind.require_alone(engine)
                scratch.swap_in()
            except Refused:
                _remove(laid)
                raise
            say("in place")
    if replace:
        _clear_files(manifest, files)
    return Restored(manifest, faults)


def _require_fit(kind: Kind, manifest: Manifest, engine: Engine, replace: bool) -> None:
    if manifest.database != kind.name:
        raise Refused(f"备份来自 {manifest.database}，现在的数据库是 {kind.name}；只能恢复到同一种数据库。")
    migrations.require_known(manifest.revision)
    if not replace and kind.holds_data(engine):
        raise Refused("数据库里已有数据，没有动它。确认要用备份替换，请先给现在的数据做一次备份，再加上 --replace。")


def _require_room(kind: Kind, manifest: Manifest, engine: Engine, files: Path) -> None:
    """Raise Refused unless the disks can hold what the backup holds, beside what is there."""
    attachments = sum(file.count for file in manifest.files.values())
    database = sum(member.count for member in manifest.members.values()) - attachments
    wanted: dict[Path, int] = {}
    for folder, size in ((kind.room(engine), database), (files, attachments)):
        if folder is not None:
            present = next(one for one in (folder, *folder.absolute().parents) if one.exists())
            wanted[present] = wanted.get(present, 0) + size
    together = sum(wanted.values())
    for folder in wanted:
        # Both may lie on one disk: each must have room for all.
        if shutil.disk_usage(folder).free < together + SPARE_BYTES:
            raise Refused(
                f"磁盘空间不够：{folder} 所在的磁盘至少要有 {(together + SPARE_BYTES) // 2**20} MB。没有动任何数据。"
            )


def _seal_faults(engine: Engine) -> list[Fault]:
    with system_session("backup", readonly=True, engine=engine) as session:
        return check_seals(session)


def _log(engine: Engine, path: Path, manifest: Manifest, replaced: bool) -> None:
    """The restored log ends with the entry that it was restored."""
    with system_session("backup", engine=engine) as session:
        record_event(session, "restore", path.name, taken_at=manifest.taken_at, replaced="是" if replaced else "否")
        session.commit()


def _lay_files(archive: Archive, files: Path) -> list[Path]:
    """Put the attachments into their folder; those that weren't there. Names are random and contents never change."""
    files.mkdir(mode=0o700, parents=True, exist_ok=True)
    laid = []
    for name in archive.manifest.files:
        path, draft = files / name, files / f"{name}.part"
        laid += [] if path.exists() else [path]
        archive.unpack(f"files/{name}", draft)
        draft.replace(path)
    sync_folder(files)
    return laid


def _clear_files(manifest: Manifest, files: Path) -> None:
    """Remove the files of what was replaced."""
    kept = manifest.files
    _remove(path for path in files.iterdir() if STORED_NAME.fullmatch(path.stem) and path.name not in kept)


def _remove(paths: Iterable[Path]) -> None:
    for path in list(paths):
        path.unlink()
