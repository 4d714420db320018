"""Text with separators: .csv and .txt, in the encodings that Excel, WPS and the offices' systems write."""

import codecs
import csv
import io
import re
from typing import Any

from services.tables.apart.limits import CELLS, SAVE_AS, Unreadable, check_extent

NOT_TEXT = "这不是 Excel 表格，也不是 CSV 文本。请交 .xlsx、.xls 或 .csv 文件。"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
# Excel is told by ="0937" to leave a number alone.
_AS_TEXT = re.compile(r'="([^"]*)"')
_CELL_CHARACTERS = 40_000


def decode(data: bytes) -> str:
    """The text of a file; raises Unreadable where it is none."""
    for encoding in _encodings(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # DOS ended its files with a sign of its own.
        if not _CONTROLS.search(text.rstrip("\x1a\x00")):
            return text.rstrip("\x1a\x00").removeprefix("\ufeff")
    raise Unreadable(NOT_TEXT)


def is_web_page(text: str) -> bool:
    """Whether a text is HTML."""
    start = text[:2000].lstrip().lower()
    return start.startswith(("<!doctype html", "<html", "<table", "<meta", "<head", "<style", "<div", "<body"))


def _encodings(data: bytes) -> list[str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return [encoding]
    start = data[:4000]
    for place, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(start) >= 4 and start[place::2].count(0) > len(start) // 20 and start[1 - place :: 2].count(0) == 0:
            return [encoding]
    return ["utf-8", "gb18030"]


def read_written(text: str) -> list[dict[str, Any]]:
    """The one sheet of a text with separators."""
    csv.field_size_limit(_CELL_CHARACTERS)
    rows: list[list[str]] = []
    cells = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)):
            cells += len(row)
            check_extent(len(rows) + 1, len(row))
            if cells > CELLS:
                raise Unreadable(f"表格太大，不能读。{SAVE_AS}")
            rows.append([_AS_TEXT.sub(r"\1", cell) if cell.startswith('="') else cell for cell in row])
    except csv.Error:
        raise Unreadable(f"文本的引号不成对，或一格里的字太多，不能读。{SAVE_AS}") from None
    return [{"name": "", "rows": rows, "merged": []}]


def _delimiter(text: str) -> str:
    """What separates: the sign by which most of the first lines have cells."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in text[:20_000].splitlines()[:40] if line.strip()]
    counts = {sign: sum(min(line.count(sign), 60) for line in lines) for sign in ("\t", ",", ";", "，")}
    lines_with = {sign: sum(sign in line for line in lines) for sign in counts}
    return max(counts, key=lambda sign: (lines_with[sign] if sign != "，" else lines_with[sign] / 2, counts[sign]))
