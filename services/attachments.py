"""Attachments (附件): files in one folder under random names; the names they came with stand only in the database.

What a file contains decides what it is, never its name. Of a photo only the pixels are kept: it is drawn anew, so
that the place, the camera and whatever else it carried are gone. A file lives and dies with its row: it is removed
when the row's transaction isn't committed, and when the row's entry in the trash is deleted for good. A file that a
killed server left without a row is in nobody's reach, and in no backup.
"""

import hashlib
import os
import re
import secrets
import threading
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, ImageOps
from sqlalchemy import event
from sqlalchemy.orm import Session

from models import Attachment, AttachmentKind, GuardedSession, Rectification, Trash
from policy.actions import models_by_resource, resource_of
from policy.errors import Refused
from services.rectifications import why_locked
from services.trash import kept_rows

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 8192 * 6144
"""What phones take at most; with transparency, as a PNG, it needs half a gigabyte of memory for two seconds."""
LONGEST_SIDE = 4096
"""Of a kept photo, in pixels: enough to read a page of A4."""
SMALL_SIDE = 240
"""Of the small picture for lists, in pixels."""
NAME_LENGTH = 200
QUALITY = 85
EVIDENCE_SIDE = 2000
"""Of a photo that only has to show something, in pixels."""
EVIDENCE_BYTES = 500_000
POORER = (QUALITY, 75, 65, 55, 45)
"""The qualities that are tried, one after the other, until a photo is small enough."""

_UNKNOWN = (
    "这种文件不能上传。可以上传照片（JPEG、PNG、WebP）、PDF、Excel（.xlsx）和 Word（.docx）；"
    "旧格式 .doc、.xls 请先另存为新格式，HEIC 照片请先存成 JPEG。"
)
_TOO_MANY_PIXELS = "图片的像素太多。请用手机的普通模式拍照，或把图片缩小后再上传。"
STORED_NAME = re.compile(r"[0-9a-f]{32}")
"""A row that names anything else names no file of ours."""
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_WRITTEN, _LEAVING = "attachment_files_written", "attachment_files_leaving"
# One photo at a time: several large ones together would take the machine's memory.
_drawing = threading.Lock()


class FileMissing(Exception):
    """The row is there, its file isn't: lost, or not brought back with a backup of the database."""


@dataclass(frozen=True)
class Kind:
    """A kind of file that is taken."""

    content_type: str
    endings: tuple[str, ...]
    begins: bytes
    """A regular expression for its first bytes."""
    picture: str | None = None
    """Pillow's name of the format, of pictures."""
    main_part: bytes | None = None
    """What the list of contents of an office file says of its main part."""


_OFFICE = "application/vnd.openxmlformats-officedocument."
KINDS = [
    Kind("image/jpeg", ("jpg", "jpeg"), rb"\xff\xd8\xff", picture="JPEG"),
    Kind("image/png", ("png",), rb"\x89PNG\r\n\x1a\n", picture="PNG"),
    Kind("image/webp", ("webp",), rb"(?s:RIFF.{4}WEBP)", picture="WEBP"),
    Kind("application/pdf", ("pdf",), rb"%PDF-"),
    Kind(f"{_OFFICE}spreadsheetml.sheet", ("xlsx",), rb"PK\x03\x04", main_part=b"spreadsheetml.sheet.main+xml"),
    Kind(
        f"{_OFFICE}wordprocessingml.document",
        ("docx",),
        rb"PK\x03\x04",
        main_part=b"wordprocessingml.document.main+xml",
    ),
]
PICTURE_TYPES = frozenset(kind.content_type for kind in KINDS if kind.picture)


@dataclass(frozen=True)
class Examined:
    """A file that may be kept, as it will be kept."""

    file_name: str
    content_type: str
    content: bytes
    small: bytes | None = None
    """A small picture of it, where it is one."""

    @property
    def sha256(self) -> str:
        """The hash of what will be kept."""
        return hashlib.sha256(self.content).hexdigest()


def examine(file_name: str, stream: BinaryIO) -> Examined:
    """Look into a file and make it fit to be kept; raises Refused with the reason.

    It needs no database and may take seconds: do it before the transaction that stores the file.
    """
    content = _content_of(stream)
    kind = _kind_of(content)
    small = None
    if kind.picture is not None:
        with _drawing:
            content, small = _redraw(content, kind.picture)
    return Examined(_readable_name(file_name, kind), kind.content_type, content, small)


def examine_evidence(stream: BinaryIO) -> Examined:
    """Look into a photo that shows something, and make it a small JPEG without a name; raises Refused with the reason.

    Like ``examine`` it takes its time outside of any transaction. The same picture gives the same bytes again.
    """
    content = _content_of(stream)
    kind = _kind_of(content)
    if kind.picture is None:
        raise Refused("这不是照片。佐证只收照片（JPEG、PNG、WebP）；别的材料请在考核的“附件”里上传。")
    with _drawing, _reading():
        picture = _on_white(_pixels_of(content, kind.picture, EVIDENCE_SIDE))
        return Examined("", "image/jpeg", _small_enough(picture), _encoded(_small_of(picture), "JPEG"))


def owner_models() -> dict[str, type]:
    """The kinds of record that may have attachments, by resource name."""
    return {resource: models_by_resource()[resource] for resource in Attachment.owners()}


def owner_of(attachment: Attachment) -> tuple[str, int]:
    """The resource name and the key of the record that an attachment belongs to."""
    keys = {resource: getattr(attachment, f"{resource}_id") for resource in Attachment.owners()}
    return next((resource, key) for resource, key in keys.items() if key is not None)


def why_no_more(owner: Any) -> str | None:
    """Why a record takes no more files; None while it does."""
    return why_locked(owner) if isinstance(owner, Rectification) else None


def store_attachment(
    session: Session,
    owner: Any,
    file: Examined,
    folder: Path,
    kind: AttachmentKind = AttachmentKind.FILE,
    upload_key: str | None = None,
) -> Attachment:
    """Add the row and its file; both are there after the commit, or neither. Raises Refused once it is closed.

    Raises IntegrityError, with no file written, where another row has the ``upload_key``.
    """
    if reason := why_no_more(owner):
        raise Refused(reason)
    attachment = Attachment(
        **{resource_of(type(owner)): owner},
        file_name=file.file_name,
        stored_name=secrets.token_hex(16),
        content_type=file.content_type,
        size=len(file.content),
        sha256=file.sha256,
        kind=kind,
        upload_key=upload_key,
    )
    session.add(attachment)
    session.flush()
    # Before the commit: a row without a file would be worse than a file without a row.
    _write_files(session, attachment.stored_name, file, folder)
    return attachment


def _write_files(session: Session, stored_name: str, file: Examined, folder: Path) -> None:
    """Write a file and its small picture, each under its name only once it is whole."""
    whole, small = _paths(folder, stored_name)
    contents = {whole: file.content} | ({small: file.small} if file.small else {})
    drafts = {path: path.with_name(f"{path.name}.part") for path in contents}
    keep_files_with(session, [*contents, *drafts.values()])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, content in contents.items():
        _write(drafts[path], content)
    for path, draft in drafts.items():
        draft.replace(path)


def open_attachment(attachment: Attachment, folder: Path, small: bool = False) -> Path:
    """Where the file lies, or its small picture; raises FileMissing."""
    if not STORED_NAME.fullmatch(attachment.stored_name):
        raise FileMissing(attachment.stored_name)
    whole, small_picture = _paths(folder, attachment.stored_name)
    path = small_picture if small else whole
    if not path.is_file():
        raise FileMissing(attachment.stored_name)
    return path


def forget(session: Session, entry: Trash, folder: Path) -> None:
    """Delete an entry of the trash for good; the files in it go when that is committed."""
    for kept in kept_rows(entry):
        if kept["resource"] == resource_of(Attachment) and STORED_NAME.fullmatch(kept["values"]["stored_name"]):
            forget_files_with(session, _paths(folder, kept["values"]["stored_name"]))
    session.delete(entry)
    session.flush()


def keep_files_with(session: Session, paths: Iterable[Path]) -> None:
    """Let these new files stay only when the session's transaction is committed."""
    session.info.setdefault(_WRITTEN, []).extend(paths)


def forget_files_with(session: Session, paths: Iterable[Path]) -> None:
    """Remove these files once the session's transaction is committed."""
    session.info.setdefault(_LEAVING, []).extend(paths)


def size_in_words(size: int) -> str:
    """A number of bytes as people say it."""
    if size < 1024:
        return f"{size} 字节"
    return f"{size / 1024:.0f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"


def _paths(folder: Path, stored_name: str) -> tuple[Path, Path]:
    """Where a file lies, and where its small picture does."""
    return folder / stored_name, folder / f"{stored_name}.small"


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


# What a file is


def _content_of(stream: BinaryIO) -> bytes:
    """All of a file; raises Refused when it is empty or too large."""
    content = stream.read(MAX_BYTES + 1)
    if not content:
        raise Refused("这个文件是空的，请重新选择。")
    if len(content) > MAX_BYTES:
        raise Refused(f"文件超过 {MAX_BYTES // 1024 // 1024} MB，请压缩后再上传。")
    return content


@contextmanager
def _reading() -> Iterator[None]:
    """Refuse a file on which its reader fails: fed with foreign bytes it may raise anything, and all means the same."""
    try:
        yield
    except Refused:
        raise
    except Image.DecompressionBombError:
        raise Refused(_TOO_MANY_PIXELS) from None
    except Exception as error:
        raise Refused("文件打不开，可能已经损坏。请在自己的设备上打开检查，再重新上传。") from error


def _kind_of(content: bytes) -> Kind:
    """What a file is by what it contains; raises Refused when that isn't taken."""
    parts = b""
    if content.startswith(b"PK"):
        with _reading(), zipfile.ZipFile(BytesIO(content)) as book:
            if "[Content_Types].xml" in book.namelist():
                with book.open("[Content_Types].xml") as part:
                    parts = part.read(MAX_BYTES)
    for kind in KINDS:
        if re.match(kind.begins, content) and (kind.main_part is None or kind.main_part in parts):
            return kind
    raise Refused(_UNKNOWN)


def _readable_name(given: str, kind: Kind) -> str:
    """The name without folders and invisible characters, ending in what the file really is."""
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    name = "".join(char for char in name if unicodedata.category(char) not in _INVISIBLE).strip(" .")
    stem, _, ending = name.rpartition(".")
    if not stem or ending.lower() not in kind.endings:
        stem, ending = name or "未命名", kind.endings[0]
    return f"{stem[: NAME_LENGTH - len(ending) - 1]}.{ending}"


# Photos


def _redraw(content: bytes, picture_format: str) -> tuple[bytes, bytes]:
    """The picture upright and with nothing but its pixels, and a small one for lists."""
    with _reading():
        picture = _pixels_of(content, picture_format)
        return _encoded(picture, picture_format), _encoded(_small_of(picture), picture_format)


def _small_of(picture: Image.Image) -> Image.Image:
    small = picture.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE))
    return small


def _on_white(picture: Image.Image) -> Image.Image:
    """The picture without transparency, which a JPEG doesn't know."""
    if picture.mode == "RGB":
        return picture
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def _small_enough(picture: Image.Image) -> bytes:
    """A JPEG of at most EVIDENCE_BYTES: a poorer one first, then one of fewer pixels."""
    for quality in POORER:
        content = _encoded(picture, "JPEG", quality)
        if len(content) <= EVIDENCE_BYTES:
            return content
    smaller = picture.copy()
    smaller.thumbnail((max(picture.size) * 3 // 4, max(picture.size) * 3 // 4))
    return _small_enough(smaller)


def _pixels_of(content: bytes, picture_format: str, longest_side: int = LONGEST_SIDE) -> Image.Image:
    with Image.open(BytesIO(content), formats=[picture_format]) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise Refused(_TOO_MANY_PIXELS)
        # A JPEG's decoder shrinks a large photo as it reads; other formats pass this by.
        shrink = longest_side / max(opened.size)
        opened.draft(None, (ceil(opened.width * shrink), ceil(opened.height * shrink)))
        mode = "RGBA" if opened.has_transparency_data else "RGB"
        picture = opened if opened.mode == mode else opened.convert(mode)
        picture.thumbnail((longest_side, longest_side))
        upright = ImageOps.exif_transpose(picture)
    # A new image: what Pillow carries along beside the pixels would be written out again.
    bare = Image.new(upright.mode, upright.size)
    bare.paste(upright)
    return bare


def _encoded(picture: Image.Image, picture_format: str, quality: int = QUALITY) -> bytes:
    out = BytesIO()
    picture.save(out, picture_format, quality=quality)
    return out.getvalue()


# A file lives as long as its row


def _keep_files(session: Any) -> None:
    """What was written stays; what was to go, goes (listener of ``after_commit``)."""
    session.info.pop(_WRITTEN, None)
    _unlink(session.info.pop(_LEAVING, ()))


def _drop_files(session: Any, transaction: Any) -> None:
    """Without a commit nothing that was written stays (listener of ``after_transaction_end``)."""
    if transaction.parent is None:
        session.info.pop(_LEAVING, None)
        written = session.info.pop(_WRITTEN, ())
        # No answer to the commit: the row may be there, and a file without a row harms less than a row without a file.
        if not session.commit_sent:
            _unlink(written)


def _unlink(paths: Any) -> None:
    for path in paths:
        # The database has decided already; a file that can't be removed is out of everybody's reach.
        with suppress(OSError):
            path.unlink(missing_ok=True)


event.listen(GuardedSession, "after_commit", _keep_files)
event.listen(GuardedSession, "after_transaction_end", _drop_files)
