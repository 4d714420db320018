"""The rows beneath the heads: which are data, and which are totals, footers, repeated heads and examples."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from services.tables.reading.files import Cell, Sheet
from services.tables.reading.names import Names
from services.tables.reading.table import Head, Line, Table
from services.tables.reading.words import NUMBER_HEADS, plain

_TOTAL = re.compile(r"(合计|小计|总计|共计|累计|本页小计|本页合计|以上合计|本页共|总数)(\d+)?(人|户|家|名|条|个|次)?")
_COUNTED = re.compile(r"(共|合计|总计|共计)\d+(人|户|家|名|条|个|次|项|件)(次)?")
_FOOTER = re.compile(
    r"\s*(填\s*报\s*人|填\s*表\s*人|填\s*报\s*单\s*位|填\s*表\s*单\s*位|填\s*报\s*日\s*期|填\s*表\s*日\s*期|制\s*表|审\s*核|审\s*批|复\s*核|统\s*计|经\s*办|"
    r"单\s*位\s*负\s*责\s*人|负\s*责\s*人\s*签|领\s*导\s*签|主\s*要\s*负\s*责\s*人|联\s*系\s*电\s*话\s*[:：]|联\s*系\s*人\s*[:：]|填\s*表\s*说\s*明|"
    r"(注|备\s*注|说\s*明|附\s*注|注\s*意)\s*[:：1-9一二三①（(]|[※*★]\s*\S|以\s*下\s*空\s*白|报\s*送\s*时\s*间|截\s*至|"
    r"\S{0,10}\s*(签\s*字|签\s*名|签\s*章|盖\s*章)[）)]?\s*[:：])"
)
_EXAMPLE_WORDS = frozenset(("例", "示例", "样例", "例行", "范例", "例如", "填写示例"))
_UNIT = re.compile(r"[（(][^（）()]{1,12}[）)]|人|元|万元|亿元|%|％|㎡|平方米|份|次|年|月|日|个|分|岁|小时|—|-")
_DITTO = frozenset(("〃", "″", '"', "''", "”", "同上", "同 上"))
_GROUP = re.compile(r"[（(]?[一二三四五六七八九十]{1,3}[）)]?[、.．\s]\S{1,30}")
_FILL_AT_MOST = 2_000_000

Row = Sequence[Cell]


def read_body(sheet: Sheet, top: int, bottom: int, heads: Mapping[int, Head], names: Names) -> Table:
    """The table beneath the heads that stand in the rows ``top`` to ``bottom``, counted from 0."""
    body = _Body(sheet, top, bottom, heads)
    kept, left_out = body.sort_rows()
    columns = sorted(
        set(heads) | {place for row in kept for place, cell in enumerate(body.rows[row]) if cell is not None}
    )
    all_heads = [heads.get(place, Head(place, "", ())) for place in columns]
    filled = _fill_merged(sheet, bottom + 1)
    lines: list[Line] = []
    for row in kept:
        cells = [_at(body.rows[row], place) for place in columns]
        cells = [filled.get((row, place)) if cell is None else cell for cell, place in zip(cells, columns, strict=True)]
        if lines:
            above = lines[-1].cells
            cells = [
                above[place] if isinstance(cell, str) and cell in _DITTO else cell for place, cell in enumerate(cells)
            ]
        lines.append(Line(row + 1, cells))
    if not sheet.merged:
        _fill_leading(lines, all_heads, names)
    return Table(sheet.name, all_heads, lines, left_out)


class _Body:
    """The rows of a sheet, and what is needed to tell one kind of row from another."""

    def __init__(self, sheet: Sheet, top: int, bottom: int, heads: Mapping[int, Head]) -> None:
        self.rows = sheet.rows
        self._bottom, self._heads = bottom, heads
        self._above = {plain(str(cell)) for row in sheet.rows[:top] for cell in row if cell is not None} - {""}
        self._numbers = {place for place, head in heads.items() if plain(head.words[-1]) in NUMBER_HEADS}
        self._first = min(heads, default=0)
        self._words = {place: {*map(plain, head.words), plain(head.text)} for place, head in heads.items()}
        self._many = max(2, -(-len(heads) // 3))
        self._wide = {
            first_row
            for first_row, first, last_row, last in sheet.merged
            if first_row == last_row and (last - first + 1) * 2 > len(heads) > 2
        }

    def sort_rows(self) -> tuple[list[int], list[tuple[int, str]]]:
        """The rows that are data, counted from 0; and those that aren't, counted from 1, with the reason."""
        kept: list[int] = []
        left_out: list[tuple[int, str]] = []
        ended = False
        for place in range(self._bottom + 1, len(self.rows)):
            row = self.rows[place]
            cells = [(column, cell) for column, cell in enumerate(row) if cell is not None]
            if not cells:
                continue
            reason = self._reason(place, cells, ended)
            if reason == "表尾":
                ended = True
            elif reason == "" or reason == "重复的表头":
                ended = False
            if reason:
                left_out.append((place + 1, reason))
            else:
                kept.append(place)
        self._drop_last_words(kept, left_out)
        return kept, left_out

    def _reason(self, place: int, cells: list[tuple[int, Cell]], ended: bool) -> str:
        """Why a row isn't data; empty where it is."""
        texts = [(column, plain(str(cell))) for column, cell in cells]
        few = len(cells) < self._many or len(self._heads) <= 2
        if self._repeats_heads(texts):
            return "重复的表头"
        if all(text in self._above for _column, text in texts):
            return "重复的标题"
        if place <= self._bottom + 2 and self._is_under_heads(cells):
            return "单位或栏号"
        if self._is_example(cells):
            return "例行"
        if self._is_total(texts):
            return "合计"
        if place in self._wide and len(cells) == 1:
            return "表尾" if _FOOTER.match(str(cells[0][1])) or ended else "分组的标题"
        if _is_footer(cells, len(self._heads)) or (ended and few):
            return "表尾"
        if len(cells) == 1 and len(self._heads) > 2 and _GROUP.fullmatch(str(cells[0][1])):
            return "分组的标题"
        if all(column in self._numbers for column, _cell in cells):
            return "只有序号"
        return ""

    def _repeats_heads(self, texts: list[tuple[int, str]]) -> bool:
        same = sum(text in self._words.get(column, ()) for column, text in texts if text)
        return same * 5 >= len(texts) * 3 and same >= min(2, len(self._heads))

    def _is_under_heads(self, cells: list[tuple[int, Cell]]) -> bool:
        """A row of units, or of the columns' numbers, right under the heads."""
        texts = [str(cell) for _column, cell in cells]
        if all(_UNIT.fullmatch(text) for text in texts):
            return True
        letters = [text for text in texts if text not in ("甲", "乙", "丙", "丁", "序")]
        if len(texts) < 3 or not letters or not all(text.isdecimal() and len(text) < 4 for text in letters):
            return False
        numbers = list(map(int, letters))
        return numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] <= 2

    def _is_example(self, cells: list[tuple[int, Cell]]) -> bool:
        column, cell = cells[0]
        text = plain(str(cell))
        if column in self._numbers:
            return text.startswith(("例", "示例", "样例"))
        return column == self._first and text in _EXAMPLE_WORDS and not self._numbers

    def _is_total(self, texts: list[tuple[int, str]]) -> bool:
        return any(_TOTAL.fullmatch(text) or _COUNTED.fullmatch(text) for _column, text in texts[:2])

    def _drop_last_words(self, kept: list[int], left_out: list[tuple[int, str]]) -> None:
        """A sentence alone in its row, after the last full row, is a footer whatever it says."""
        if len(self._heads) < 3:
            return
        while kept:
            cells = [cell for cell in self.rows[kept[-1]] if cell is not None]
            sentence = len(cells) == 1 and isinstance(cells[0], str)
            if not (sentence and (len(cells[0]) > 15 or re.search(r"[:：。；;]", cells[0]))):
                return
            left_out.append((kept.pop() + 1, "表尾"))
            left_out.sort()


def _is_footer(cells: list[tuple[int, Cell]], width: int) -> bool:
    """Who filled in and checked, notes: such words open a row that has little besides."""
    first = cells[0][1]
    if not isinstance(first, str) or not _FOOTER.match(first):
        return False
    labelled = sum(
        isinstance(cell, str) and bool(_FOOTER.match(cell) or re.search(r"[:：]", cell)) for _c, cell in cells
    )
    return len(cells) == 1 or len(cells) * 2 <= width or labelled >= 2 or labelled * 2 >= len(cells)


def _fill_merged(sheet: Sheet, start: int) -> dict[tuple[int, int], Cell]:
    """What merged cells of the body say in the rows below their first."""
    filled: dict[tuple[int, int], Cell] = {}
    for first_row, column, last_row, _last in sheet.merged:
        if first_row < start or last_row <= first_row or first_row >= len(sheet.rows):
            continue
        value = _at(sheet.rows[first_row], column)
        last_row = min(last_row, len(sheet.rows) - 1)
        if value is None or len(filled) + last_row - first_row > _FILL_AT_MOST:
            continue
        for row in range(first_row + 1, last_row + 1):
            filled[row, column] = value
    return filled


def _fill_leading(lines: list[Line], heads: Sequence[Head], names: Names) -> None:
    """Where merging was lost on the way (a CSV): a first column of branches or companies, blank after each first row.

    A column that repeats a name from one row to the next doesn't leave it out elsewhere: there, blank means blank.
    """
    leading = next((place for place, head in enumerate(heads) if _is_leading(head)), None)
    if leading is None or not lines or lines[0].cells[leading] is None:
        return
    meanings = names.meanings(heads[leading].words)
    column = [line.cells[leading] for line in lines]
    repeats = any(one is not None and one == other for one, other in pairwise(column))
    if not meanings or meanings[0].field.kind != "related" or repeats or column.count(None) * 3 < len(column):
        return
    value: Cell = None
    for line in lines:
        value = line.cells[leading] = value if line.cells[leading] is None else line.cells[leading]


def _is_leading(head: Head) -> bool:
    return bool(head.words) and plain(head.words[-1]) not in NUMBER_HEADS


def _at(row: Row, place: int) -> Cell:
    return row[place] if place < len(row) else None
