"""Points where offices write them: in cells of their own, within texts, behind the names of groups."""

import re
import unicodedata

from models.hundredths import parse_hundredths
from services.checklists.workbook.rows import number_reader
from services.tables.importing.values import Unfit, is_empty
from services.tables.reading import Cell

_NUMBER = r"(\d{1,7}(?:\.\d{1,2})?)"
_IN_BRACKETS = re.compile(rf"\s*[（(]\s*(?:满分|标准分|总分|共|计|最多|最高|不超过)?\s*{_NUMBER}\s*分\s*[）)]")
_AT_END = re.compile(rf"(?<=[^\d\W])\s*{_NUMBER}\s*分$")
_POINTS = re.compile(rf"(?:满分|标准分|总分|共|计|最高|最多|不超过|加|\+|<=|≤|0[-~—–至到])*{_NUMBER}(?:分|%)?")
_SPACE = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")


def read_points(cell: Cell) -> int | None:
    """Points as offices write them: 10, 10分, （10分）, 满分10分, 0—10分; raises Unfit."""
    if isinstance(cell, str) and not is_empty(cell):
        text = re.sub(r"[\s()]", "", unicodedata.normalize("NFKC", cell))
        found = _POINTS.fullmatch(text)
        if not found:
            raise Unfit(f"“{cell[:20]}”看不明白。请只写一个数字，最多两位小数，如 2.5。")
        cell = found[1]
    return number_reader("points")(cell)


def points_or_none(cell: Cell) -> int | None:
    """The same; None also where it can't be read."""
    try:
        return read_points(cell)
    except Unfit:
        return None


def without_points(text: str) -> tuple[str, int | None]:
    """A text without （10分）, and those points; a text that names several keeps them."""
    found = _IN_BRACKETS.findall(text)
    if len(found) == 1:
        return _IN_BRACKETS.sub("", text).strip(), parse_hundredths(found[0])
    return text, None


def name_of_group(text: str) -> tuple[str, int | None]:
    """What a group is called, and what its items are said to come to."""
    name, points = without_points(text)
    if points is None and (found := _AT_END.search(name)):
        name, points = name[: found.start()], parse_hundredths(found[1])
    return close_up(name), points


def close_up(text: str) -> str:
    """A text without the blanks and line breaks that only spread its Chinese characters."""
    return _SPACE.sub("", text)
