"""The file of a backup: a plain tar. Its last two members say what is in it, and seal that with the installation's key.

A file is believed only when its seal fits: then the list of contents is what this installation wrote, and each member
is held against it. Nothing of a broken, cut off or foreign file is looked into, and nothing is ever unpacked under a
name that the file chooses.
"""

import hashlib
import hmac
import json
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from models.encryption import key_fingerprint, sealed
from policy.errors import Refused

PRODUCT, FORMAT = "party-building-advisers", 1
MANIFEST, SEAL = "manifest.json", "manifest.seal"
CHUNK = 1024 * 1024
_MOST_MANIFEST_BYTES = 256 * CHUNK
_NAME = re.compile(r"database\.sqlite|tables/[a-z][a-z0-9_]*\.copy|files/[0-9a-f]{32}(\.small)?")
_FOREIGN = "这不是本系统的备份文件，或者文件已经损坏、没有传完。没有动任何数据，请换一份备份。"


@dataclass(frozen=True)
class Digest:
    """By what a member or a table's contents are known again: their bytes or rows, and their hash."""

    count: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        version: the product's.
        taken_at: the instant whose state it holds, ISO 8601 in UTC.
        database: ``sqlite`` or ``postgresql``.
        revision: the migration that the database stood at.
        newest_entry: the highest number in the audit log, 0 when it is empty.
        tables: rows and hash of each table.
        sequences: on PostgreSQL the last number that each sequence gave out.
        members: bytes and hash of each member.
        lacking: attachments whose file was missing or damaged already when the backup was taken.
        key: the fingerprint of the key without which the personal numbers in it can't be read.
    """

    version: str
    taken_at: str
    database: str
    revision: str
    newest_entry: int
    tables: dict[str, Digest]
    sequences: dict[str, int]
    members: dict[str, Digest]
    lacking: list[str]
    product: str = PRODUCT
    format: int = FORMAT
    key: str = field(default_factory=key_fingerprint)

    @property
    def files(self) -> dict[str, Digest]:
        """The attachments' files by their names."""
        return {name.removeprefix("files/"): one for name, one in self.members.items() if name.startswith("files/")}

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.count for table in self.tables.values())


class Writer:
    """Writes the members one after another, and the manifest last. The file is its owner's alone (mode 600)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.GNU_FORMAT)  # noqa: SIM115
        self.members: dict[str, Digest] = {}

    def add(self, name: str, source: BinaryIO) -> Digest:
        """Add what an open file holds; its bytes and their hash."""
        hashing = _Hashing(source)
        size = os.fstat(source.fileno()).st_size
        self._add(name, size, hashing)
        self.members[name] = Digest(size, hashing.sha256.hexdigest())
        return self.members[name]

    def finish(self, manifest: Manifest) -> None:
        """Add the manifest and its seal; the file is whole and on the disk when this returns."""
        content = json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode()
        for name, part in ((MANIFEST, content), (SEAL, sealed(content).encode())):
            self._add(name, len(part), BytesIO(part))
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let the file go, finished or not."""
        self._file.close()

    def _add(self, name: str, size: int, source: Any) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, source)


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, source: BinaryIO) -> None:
        self._source, self.sha256 = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._source.read(size)
        self.sha256.update(data)
        return data


class Archive:
    """A backup's file that was opened, whose manifest can be believed."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        found = _members(tar)
        content, seal = (_read(tar, found.pop(name, None)) for name in (MANIFEST, SEAL))
        self.manifest = _believed(content, seal.decode("ascii", "replace"))
        self._found = found
        if {name: one.size for name, one in found.items()} != {
            name: one.count for name, one in self.manifest.members.items()
        }:
            raise Refused(_FOREIGN)

    def check(self) -> None:
        """Hold every member against the manifest; raises Refused at the first that differs."""
        for name in self._found:
            self.read(name, lambda _data: None)

    def unpack(self, name: str, path: Path) -> None:
        """Write a member to a new file, mode 600, on the disk when this returns; raises Refused when it differs."""
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            self.read(name, file.write)
            file.flush()
            os.fsync(file.fileno())

    def read(self, name: str, take: Callable[[bytes], Any]) -> None:
        """Hand a member to ``take``, piece by piece; raises Refused at its end when it isn't what the manifest says."""
        source, digest = self._tar.extractfile(self._found[name]), hashlib.sha256()
        assert source is not None
        with suppress(tarfile.ReadError):  # cut off: the hash will tell
            while data := source.read(CHUNK):
                digest.update(data)
                take(data)
        if digest.hexdigest() != self.manifest.members[name].sha256:
            raise Refused(f"备份文件已经损坏（{name}）。没有动任何数据，请换一份备份。")


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """A backup's file, for reading; raises Refused unless its seal fits."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise Refused(f"打不开备份文件 {path}：{error.strerror}。") from None
    with file:
        yield _archive(file)


def _archive(file: BinaryIO) -> Archive:
    try:
        tar = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115 - whoever opened the file closes it
        archive = Archive(tar)
        _require_end(file, tar.offset)
        return archive
    except Refused:
        raise
    except Exception as error:
        # Fed with foreign bytes the library may raise anything, and all of it means the same.
        raise Refused(_FOREIGN) from error


def _require_end(file: BinaryIO, end: int) -> None:
    """Raise Refused unless nothing but the blank end of a tar follows, and all of that."""
    least = 2 * tarfile.BLOCKSIZE
    blank = least + -(end + least) % tarfile.RECORDSIZE
    file.seek(end)
    if file.read(blank + 1) != bytes(blank):
        raise Refused(_FOREIGN)


def _members(tar: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    """The members by name; raises Refused when there is anything but plain files under the names of a backup."""
    found: dict[str, tarfile.TarInfo] = {}
    for member in tar:
        plain = member.type == tarfile.REGTYPE and member.sparse is None
        named = _NAME.fullmatch(member.name) or member.name in (MANIFEST, SEAL)
        if not plain or not named or member.name in found:
            raise Refused(_FOREIGN)
        found[member.name] = member
    return found


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> bytes:
    source = None if member is None or member.size > _MOST_MANIFEST_BYTES else tar.extractfile(member)
    if source is None:
        raise Refused(_FOREIGN)
    return source.read()


def _believed(content: bytes, seal: str) -> Manifest:
    """The manifest, once it is known to be of this installation and as it was written; raises Refused."""
    try:
        values = json.loads(content)
        product, form, key = values["product"], values["format"], values["key"]
    except (ValueError, TypeError, KeyError):
        raise Refused(_FOREIGN) from None
    if product != PRODUCT:
        raise Refused(_FOREIGN)
    if form != FORMAT:
        raise Refused(f"备份文件的格式（{form}）本程序不认识。请升级程序后再试。")
    if key != key_fingerprint():
        raise Refused(
            "备份是用另一把 DATA_KEY 做的，现在的密钥读不了其中的证件号码。请先设好当时的 DATA_KEY，再试一次。"
        )
    if not hmac.compare_digest(sealed(content), seal):
        raise Refused(_FOREIGN)
    for name in ("tables", "members"):
        values[name] = {of: Digest(**digest) for of, digest in values[name].items()}
    return Manifest(**values)
