"""What kind of file it is, and its sheets as JSON can hold them."""

import math
from datetime import date, datetime, time, timedelta
from typing import Any

from services.tables.apart import limits, written
from services.tables.apart.limits import SAVE_AS, Unreadable

_BLANK = " \t\r\n\u00a0\u3000\u200b\u200c\u200d\u2060\ufeff"
# A float beyond this would become an integer of hundreds of digits.
_NEVER_WHOLE = 1e21
_ZIP, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def sheets_of(data: bytes) -> list[dict[str, Any]]:
    """The sheets of a file: name, rows and merged cells; a day in a cell is wrapped, so that it isn't taken for text.

    Raises:
        Unreadable: the file is no sheet, or more than is read.
    """
    return _trimmed(_read(data))


def _read(data: bytes) -> list[dict[str, Any]]:
    """The sheets of a file; what it is, its content tells."""
    if data.startswith((_ZIP, _OLD)):
        # Loaded only where needed: every file starts this anew.
        from services.tables.apart import workbook

        return workbook.read_packed(data) if data.startswith(_ZIP) else workbook.read_old(data)
    text = written.decode(data)
    if written.is_web_page(text):
        from services.tables.apart import web_page

        return web_page.read_web_page(text)
    start = text[:2000].lstrip().lower()
    if start.startswith(("<?xml", "<", "mime-version:", "%pdf", "{\\rtf", "id;p")):
        raise Unreadable(f"这种格式的表格不能直接读。{SAVE_AS}")
    return written.read_written(text)


def _plain(value: Any) -> Any:
    """A cell as JSON has it; a day is wrapped, so that it isn't taken for text."""
    kind = type(value)
    if kind is str:
        return value.strip(_BLANK) or None
    if kind is float:
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < _NEVER_WHOLE else value
    if value is None or kind in (int, bool):
        return value
    return _in_words(value)


def _in_words(value: Any) -> Any:
    match value:
        case datetime():
            return {"at": value.isoformat()}
        case date():
            return {"on": value.isoformat()}
        case time():
            return value.isoformat("minutes")
        case timedelta():
            minutes = round(value.total_seconds() / 60)
            return f"{minutes // 60}:{minutes % 60:02d}"
    return str(value)


def _trimmed(sheets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sheets without the blank ends of their rows and of themselves, cell by cell as JSON has it."""
    left = limits.CHARACTERS
    for sheet in sheets:
        rows = sheet["rows"]
        for place, row in enumerate(rows):
            plain = [_plain(value) for value in row]
            while plain and plain[-1] is None:
                plain.pop()
            left -= sum(len(value) for value in plain if isinstance(value, str))
            if left < 0:
                raise Unreadable(f"表格里的字太多，不能读。{limits.TOO_LARGE}")
            rows[place] = plain
        while rows and not rows[-1]:
            rows.pop()
    return sheets
