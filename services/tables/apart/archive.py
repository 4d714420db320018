"""The zip around a workbook, looked through before anything else opens it: its sizes, its parts, its XML."""

import io
import re
import zipfile
import zlib

from services.tables.apart.limits import (
    BROKEN,
    ENTRIES,
    SAVE_AS,
    TOO_LARGE,
    UNPACKED_BYTES,
    Unreadable,
    check_extent,
)

_CHUNK = 2**16
_DECLARATIONS = tuple(
    word.encode(encoding) for word in ("<!DOCTYPE", "<!ENTITY") for encoding in ("ascii", "utf-16-le", "utf-16-be")
)
# A cell with something in it. Blank cells that only have a colour close themselves and don't count.
_CELL = re.compile(rb"""<(?:\w+:)?c\s[^<>]*?\br\s*=\s*["']\$?([A-Za-z]{1,4})\$?(\d{1,9})["'][^<>]*?(?<!/)>""")
_ERROR = re.compile(
    rb"""<(?:\w+:)?c\s(?=[^<>]*\bt="e")[^<>]*?\br="([A-Z]{1,3})(\d{1,7})"[^<>]*>"""
    rb"""(?:<(?:\w+:)?f\b[^<>]*(?:/>|>[^<>]*</(?:\w+:)?f>))?<(?:\w+:)?v>([^<]*)</"""
)
_SHEET = re.compile(r"<(?:\w+:)?sheet\s[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")

Errors = dict[tuple[int, int], str]


def look_through(data: bytes) -> dict[str, Errors]:
    """Refuse what is no workbook, or a bomb; give the error values (#REF! …) of each sheet by its name.

    The reader of workbooks leaves error values out, and an empty cell isn't what the person saw.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_entries(archive)
            parts = _unpack(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        raise Unreadable(BROKEN) from None
    return _errors_of(parts)


def _check_entries(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unreadable("文件有密码。请先在 Excel 或 WPS 里去掉密码，保存后再交上来。")
    if len(entries) > ENTRIES or sum(entry.file_size for entry in entries) > UNPACKED_BYTES:
        raise Unreadable(f"文件展开以后太大，不能读。{TOO_LARGE}")
    if len(set(names)) < len(names):
        raise Unreadable(BROKEN)
    lowered = {name.lower() for name in names}
    if any(name.startswith("word/") for name in lowered):
        raise Unreadable("这是 Word 文档，不是表格。请把其中的表格复制到 Excel，存成 .xlsx，再交上来。")
    if any(name.startswith("ppt/") for name in lowered):
        raise Unreadable("这是演示文稿，不是表格。请把内容放进 Excel，存成 .xlsx，再交上来。")
    if "mimetype" in lowered or "xl/workbook.bin" in lowered:
        raise Unreadable(f"这种格式的表格不能直接读。{SAVE_AS}")
    if not any(name.startswith("xl/") for name in lowered):
        raise Unreadable("这是压缩包，不是表格。请先解压，再把里面的表格交上来。")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise Unreadable(f"这种格式的表格不能直接读。{SAVE_AS}")


def _unpack(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The parts that later steps ask for. Every part is unpacked, as what it says of its size may be a lie."""
    left, parts = UNPACKED_BYTES, {}
    for entry in archive.infolist():
        name = entry.filename.lower()
        pieces = []
        with archive.open(entry) as stream:
            while piece := stream.read(_CHUNK):
                left -= len(piece)
                if left < 0:
                    raise Unreadable(f"文件展开以后太大，不能读。{TOO_LARGE}")
                pieces.append(piece)
        part = b"".join(pieces)
        if name.endswith((".xml", ".rels", ".vml")):
            if any(word in part for word in _DECLARATIONS):
                raise Unreadable(f"文件里有表格不该有的内容（XML 声明），不能读。{SAVE_AS}")
            if name.startswith("xl/worksheets/"):
                _check_sheet(part)
                parts[name] = part if b't="e"' in part else b""
            elif name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
                parts[name] = part
    return parts


def _check_sheet(part: bytes) -> None:
    # No XML opens more tags than it closes; the reader would look for each end as far as the file reaches.
    if part.count(b"<") > part.count(b">"):
        raise Unreadable(BROKEN)
    rows = columns = 0
    seen: dict[bytes, int] = {}
    for letters, number in _CELL.findall(part):
        rows = max(rows, int(number))
        if letters not in seen:
            seen[letters] = _column(letters)
    columns = max(seen.values(), default=0)
    check_extent(rows, columns)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _errors_of(parts: dict[str, bytes]) -> dict[str, Errors]:
    """The error values by sheet name; nothing where the workbook's own list of parts can't be followed."""
    book = parts.get("xl/workbook.xml", b"").decode("utf-8", "replace")
    relations = parts.get("xl/_rels/workbook.xml.rels", b"").decode("utf-8", "replace")
    targets = {}
    for tag in _RELATION.findall(relations):
        found = _attributes(tag)
        target = found.get("Target", "").lower()
        targets[found.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    errors = {}
    for tag in _SHEET.findall(book):
        found = _attributes(tag)
        key = next((value for name, value in found.items() if name.endswith(":id")), "")
        part = parts.get(targets.get(key, ""), b"")
        name = _unescape(found.get("name", ""))
        errors[name] = {
            (int(number) - 1, _column(letters) - 1): text.decode("utf-8", "replace")
            for letters, number, text in _ERROR.findall(part)
        }
    return errors


def _unescape(text: str) -> str:
    for sign, written in (("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&apos;"), ("&", "&amp;")):
        text = text.replace(written, sign)
    return text


def _attributes(tag: str) -> dict[str, str]:
    return {name: first or second for name, first, second in _ATTRIBUTE.findall(tag)}
