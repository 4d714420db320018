"""Files made of lists: encrypted beside the database, fetched only while all that stands in them may still be seen."""

import json
import os
import secrets
import time
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import ExportFile
from models.base import Reference
from models.encryption import decrypt, decrypt_chunks, encrypt, encrypt_chunks
from policy.actions import models_by_resource, resource_of
from policy.actor import EVERYWHERE, Actor
from services.attachments import STORED_NAME, FileMissing, forget_files_with, keep_files_with

FOLDER = "exports"
KEYS_AT_ONCE = 500
KEPT_SECONDS = 7 * 24 * 3600
GONE = "其中有的记录已经不归您看或已删除，请重新导出。"
RIGHTS_GONE = "您的权限已经改变，不能再下载这个文件。需要的话请重新导出。"


class MayNotFetch(Exception):
    """The file holds something that its account may not see any more; the message is in Chinese."""


@dataclass
class Contents:
    """What stands in a file: the keys of its rows, apart for those whose numbers are whole."""

    masked: "array[int]" = field(default_factory=lambda: array("q"))
    whole: "array[int]" = field(default_factory=lambda: array("q"))

    def packed(self) -> bytes:
        """All of it, small and encrypted. Sorted keys differ by little, and little is written shortly."""
        told = [[after - before for before, after in pairwise([0, *keys])] for keys in self.sorted()]
        return encrypt(zlib.compress(json.dumps(told).encode()).hex())

    def sorted(self) -> list[list[int]]:
        """Both kinds of keys in order."""
        return [sorted(self.masked), sorted(self.whole)]

    @staticmethod
    def unpacked(packed: bytes) -> "Contents":
        """What ``packed`` made small."""
        told = json.loads(zlib.decompress(bytes.fromhex(decrypt(packed))))
        return Contents(*(array("q", accumulate(steps)) for steps in told))


def reaches_of(actor: Actor, resource: str, related: Iterable[type], whole: bool) -> dict[str, Any]:
    """The branches in which the actor holds each permission that a file takes: sorted keys, or None for everywhere."""
    needed = [f"{resource}:{action}" for action in ("read", "export", *(["unmask"] if whole else []))]
    needed += [f"{resource_of(model)}:read" for model in related if not issubclass(model, Reference)]
    reaches = {permission: actor.reach(permission) for permission in needed}
    return {name: None if reach is EVERYWHERE else sorted(reach) for name, reach in reaches.items()}  # type: ignore[arg-type]


def write_file(folder: Path, chunks: Iterable[bytes]) -> tuple[Path, int]:
    """Write a file that nobody knows yet; its place and how many bytes it holds. Nothing is left when that fails."""
    place = folder / FOLDER
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place / f"{secrets.token_hex(16)}.part"
    size = 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for chunk in chunks:
            size += len(chunk)
            yield chunk

    try:
        with draft.open("xb") as file:
            for sealed in encrypt_chunks(counted()):
                file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft, size


def keep_file(session: Session, draft: Path, contents: Contents, **about: Any) -> ExportFile:
    """Give a written file its row and its name; both are there after the commit, or neither.

    ``about``: the other columns of the row.
    """
    whole = draft.with_suffix("")
    keep_files_with(session, [draft, whole])
    row = ExportFile(
        account_id=session.info["actor"].account_id, stored_name=whole.name, row_keys=contents.packed(),
        row_count=len(contents.masked) + len(contents.whole), **about,
    )  # fmt: skip
    session.add(row)
    session.flush()
    draft.replace(whole)
    return row


def check_fetch(actor: Actor, file: ExportFile, open_session: Callable[[Actor], Session]) -> None:
    """Raise MayNotFetch unless the actor may still see all that stands in the file.

    Each row is looked for where he may export today, and where its numbers are whole, where he may see them so.

    Args:
        open_session: makes a session for an actor.
    """
    known = models_by_resource()
    for permission, had in file.reaches.items():
        if permission.partition(":")[0] not in known:
            raise MayNotFetch(RIGHTS_GONE)
        reach = actor.reach(permission)
        if reach is not EVERYWHERE and (had is None or not set(had) <= reach):
            raise MayNotFetch(RIGHTS_GONE)
    contents = Contents.unpacked(file.row_keys)
    read = f"{file.resource}:read"
    exports = actor.only_where(read, f"{file.resource}:export")
    _check_found(open_session(exports), known[file.resource], contents.masked)
    if contents.whole:
        unmasks = exports.only_where(read, f"{file.resource}:unmask")
        _check_found(open_session(unmasks), known[file.resource], contents.whole)


def _check_found(session: Session, model: Any, keys: Sequence[int]) -> None:
    with session:
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = list(keys[start : start + KEYS_AT_ONCE])
            if session.scalar(select(func.count(model.id)).where(model.id.in_(some))) != len(some):
                raise MayNotFetch(GONE)


def read_file(folder: Path, file: ExportFile) -> Iterator[bytes]:
    """What was written; raises FileMissing at once."""
    path = folder / FOLDER / file.stored_name
    if not STORED_NAME.fullmatch(file.stored_name) or not path.is_file():
        raise FileMissing(file.stored_name)
    return decrypt_chunks(path.open("rb"))


def remove_files_of(session: Session, job_ids: list[int], folder: Path) -> None:
    """Remove the files of these jobs; they go from the disk when that is committed."""
    for file in session.scalars(select(ExportFile).where(ExportFile.job_id.in_(job_ids))):
        if STORED_NAME.fullmatch(file.stored_name):
            forget_files_with(session, [folder / FOLDER / file.stored_name])
        session.delete(file)
    session.flush()


def sweep(session: Session, folder: Path) -> None:
    """Remove old files that no row knows: a killed server leaves them, and so does a restored database."""
    place = folder / FOLDER
    if not place.is_dir():
        return
    known = set(session.scalars(select(ExportFile.stored_name)))
    for path in place.iterdir():
        with suppress(OSError):
            if path.name not in known and time.time() - path.stat().st_mtime > KEPT_SECONDS:
                path.unlink()
