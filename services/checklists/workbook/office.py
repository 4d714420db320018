"""An office's own assessment sheet as rows: its groups, its items, the points wherever they are written."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice, pairwise

from policy.errors import Refused
from services.checklists.outline import LONGEST
from services.checklists.workbook.heads import FIELDS, IGNORED, WORDING
from services.checklists.workbook.points import close_up, name_of_group, points_or_none, read_points, without_points
from services.checklists.workbook.rows import (
    Found,
    Row,
    Total,
    read,
    read_own_columns,
    refuse_long,
    rows_in_words,
    total_in,
    written,
)
from services.tables.importing.values import is_empty, text_of
from services.tables.reading import Cell, Line, Sheet, Table, find_table, map_heads
from services.tables.reading.words import plain

_NO_GROUP = "考核内容"
_CHINESE_NUMBER = re.compile(r"[（(]?[一二三四五六七八九十]{1,3}[）)]?[、.．\s]?")
_MERGED_AT_MOST = 100_000


def read_office_sheet(sheets: Sequence[Sheet]) -> Found:
    """The items of the sheet that looks most like an assessment; raises Refused where none does."""
    sheets = _named_apart(sheets)
    table = find_table(sheets, FIELDS)
    if not table.lines:
        raise Refused(f"工作表“{table.sheet}”里只有表头，没有内容。请填好再上传。")
    refuse_long(table.sheet, len(table.lines) + len(table.left_out))
    return _Office(next(sheet for sheet in sheets if sheet.name == table.sheet), table).found()


def _named_apart(sheets: Sequence[Sheet]) -> list[Sheet]:
    """The sheets under different names: the tables of a web page all have the file's."""
    names = [sheet.name for sheet in sheets]
    if len(set(names)) == len(names):
        return [*sheets]
    return [Sheet(f"{sheet.name} {number}", sheet.rows, sheet.merged) for number, sheet in enumerate(sheets, 1)]


class _Office:
    """One sheet, read from its first row to its last."""

    def __init__(self, sheet: Sheet, table: Table) -> None:
        self._rows, self._table = sheet.rows, table
        self._found = Found(sheet.name, {})
        self._places: dict[str, int] = {}
        self._number_place: int | None = None
        self._group = ""
        self._title_row: int | None = None
        self._left: list[int] = []
        self._above: dict[str, tuple[int, Cell]] = {}
        beneath = (
            ((row + 1, column), first + 1)
            for first, column, last, _last in sheet.merged
            for row in range(first + 1, min(last + 1, len(sheet.rows)))
        )
        self._merged = dict(islice(beneath, _MERGED_AT_MOST))
        self._shared: dict[tuple[str, int], list[Row]] = {}
        self._find_columns()
        self._lines = self._all_lines()
        self._settle_columns()

    def found(self) -> Found:
        """Its items, with what was assumed."""
        numbered = {line.number: self._is_chinese(line) for line in self._lines}
        titles_have_numbers = len(set(numbered.values())) > 1
        last = max(line.number for line in self._lines)
        rows = self._found.rows
        for number, line in self._in_order():
            if line is None:
                self._begin_group(number)
            elif (total := total_in(self._rows[number - 1])) is not None and not self._own(line, "rule"):
                self._note_total(number, total)
            elif self._is_title(line, titles_have_numbers and numbered[number], number == last):
                self._begin_group(number, line)
            elif rows and self._goes_on(line):
                self._append(rows[-1], line)
            else:
                rows.append(self._row(line))
                self._title_row = None
        if not rows:
            raise Refused(f"工作表“{self._found.sheet}”里没有找到考核内容。请确认选对了文件。")
        self._end_group()
        self._share_out()
        self._use_numbers_as_codes()
        self._say_what_was_left()
        self._found.title = self._title()
        return self._found

    # Columns

    def _find_columns(self) -> None:
        unused = []
        for one in map_heads(self._table, FIELDS):
            if one.how == "number":
                self._number_place = one.head.place
            elif one.field and one.field not in IGNORED:
                self._places[one.field] = one.head.place
                self._found.heads[one.field] = one.head.text
            elif one.head.text:
                unused.append(one.head.text)
        if unused:
            self._found.guesses.append(f"没有读入这些列：{'、'.join(unused)}。")
        self._use_fuller_points()

    def _numbers(self) -> list[int]:
        return [line.number for line in self._table.lines]

    def _use_fuller_points(self) -> None:
        """Of two columns called 分值 the one that isn't merged down: the other has the groups' points."""
        if "points" not in self._places:
            return
        name = plain(self._found.heads["points"])
        same = [head.place for head in self._table.heads if plain(head.text) == name]
        filled = {place: sum(self._raw(row, place) is not None for row in self._numbers()) for place in same}
        self._places["points"] = max(same, key=lambda place: filled[place])

    def _settle_columns(self) -> None:
        """What each column is, by which others there are."""
        places = self._places
        if "standard" in places:
            self._rename("standard", "point" if "rule" in places else "rule")
        if not any(name in places for name in WORDING):
            if "rule" in places and ("group" not in places or self._runs_down("group")):
                places["point"] = places["rule"]
                self._found.heads["point"] = self._found.heads["rule"]
            elif "group" in places:
                self._rename("group", "text")
            else:
                raise Refused(
                    f"工作表“{self._found.sheet}”里没有“考核内容”这一列。请确认选对了文件，或在表头写上“考核内容”。"
                )
        worded = [name for name in WORDING if name in places]
        titled = any(why == "分组的标题" for _number, why in self._table.left_out)
        if "group" not in places and not titled and len(worded) > 1 and self._runs_down(worded[0]):
            self._rename(worded[0], "group")

    def _rename(self, name: str, new: str) -> None:
        place, head = self._places.pop(name), self._found.heads.pop(name)
        if new in self._places:
            self._found.guesses.append(f"没有读入这一列：{head}。")
        self._places.setdefault(new, place)
        self._found.heads.setdefault(new, head)

    def _runs_down(self, name: str) -> bool:
        """Whether a column says one thing for several rows."""
        cells = [self._raw(line.number, self._places[name]) for line in self._lines]
        again = any(one is not None and one == other for one, other in pairwise(cells))
        return again or any(cell is None for cell in cells[1:])

    # Rows

    def _all_lines(self) -> list[Line]:
        """The rows of data, and those taken for footers that have points and are items: 审核程序规范 begins like one."""
        lines = [*self._table.lines]
        points = self._places.get("points")
        for number, why in self._table.left_out:
            worded = any(self._raw(number, self._places[name]) is not None for name in WORDING if name in self._places)
            if why == "表尾" and points is not None and worded and isinstance(self._raw(number, points), int | float):
                lines.append(Line(number, [self._raw(number, head.place) for head in self._table.heads]))
        return sorted(lines, key=lambda line: line.number)

    def _in_order(self) -> Iterator[tuple[int, Line | None]]:
        """The lines, and the numbers of the rows of groups' titles between them."""
        lines: dict[int, Line | None] = {line.number: line for line in self._lines}
        for number, why in self._table.left_out:
            if number in lines:
                continue
            if why == "分组的标题":
                lines[number] = None
            elif why == "合计":
                self._note_total(number, total_in(self._rows[number - 1]) or 0)
        yield from sorted(lines.items())

    def _raw(self, number: int, place: int) -> Cell:
        row = self._rows[number - 1]
        return row[place] if place < len(row) else None

    def _own(self, line: Line, name: str) -> bool:
        """Whether a field is written in this very row, and not in a merged cell that began above."""
        return name in self._places and self._raw(line.number, self._places[name]) is not None

    def _cell(self, line: Line, name: str) -> Cell:
        """What a row says for a field, in its own cell or in a merged one."""
        place = self._places.get(name)
        return next(
            (cell for head, cell in zip(self._table.heads, line.cells, strict=True) if head.place == place), None
        )

    def _began(self, line: Line, name: str) -> int:
        """The row in which that stands."""
        return self._merged.get((line.number, self._places[name]), line.number)

    def _text_in(self, number: int) -> str:
        """The longest text of a row: of a title, what it is called."""
        return max((written(cell) for cell in self._rows[number - 1] if isinstance(cell, str)), key=len, default="")

    def _is_chinese(self, line: Line) -> bool:
        """Whether a row is numbered 一、 and not 1."""
        if self._number_place is not None and (number := self._raw(line.number, self._number_place)) is not None:
            return isinstance(number, str) and bool(_CHINESE_NUMBER.fullmatch(number.strip()))
        first = next((cell for cell in self._rows[line.number - 1] if cell is not None), None)
        found = _CHINESE_NUMBER.match(first) if isinstance(first, str) else None
        return found is not None and not found[0][-1:].isalnum()

    def _is_title(self, line: Line, chinese: bool, last: bool) -> bool:
        """Whether a row is the name of a group: 一、组织建设 above 1, 2, 3; or a short text alone in its row."""
        if last or any(self._own(line, name) for name in ("rule", "how_checked", "evidence")):
            return False
        if chinese and sum(self._own(line, name) for name in ("group", *WORDING)) == 1:
            return True
        said = [cell for cell in self._rows[line.number - 1] if cell is not None]
        alone = len(said) == 1 and isinstance(said[0], str) and len(said[0]) <= LONGEST["group"]
        return alone and "points" in self._places and total_in(said) is None

    def _begin_group(self, number: int, line: Line | None = None) -> None:
        self._end_group()
        self._title_row = number
        self._group, points = name_of_group(self._text_in(number))
        self._above = {}
        if points is None and line is not None and self._own(line, "points"):
            points = points_or_none(self._cell(line, "points"))
        if points is not None:
            self._found.group_points[self._group] = points

    def _end_group(self) -> None:
        """Note a title without items beneath: it may have been a sentence that matters."""
        if self._title_row is not None:
            self._left.append(self._title_row)

    def _goes_on(self, line: Line) -> bool:
        """Whether a row only says more about how the item above is scored."""
        says = any(self._own(line, name) for name in ("rule", "how_checked", "evidence"))
        worded = [name for name in WORDING if name in self._places]
        itself = any(self._own(line, name) for name in (*worded, "points", "group", "code", "scoring"))
        return says and not itself

    def _append(self, row: Row, line: Line) -> None:
        rule = written(self._cell(line, "rule")) if self._own(line, "rule") else ""
        how = written(self._cell(line, "how_checked")) if self._own(line, "how_checked") else ""
        evidence = written(self._cell(line, "evidence")) if self._own(line, "evidence") else ""
        row.words = _lines((row.words, rule))
        row.how_checked = _lines((row.how_checked or "", rule, how)) or None
        row.evidence = _lines((row.evidence or "", evidence)) or None

    def _row(self, line: Line) -> Row:
        cells = {name: self._cell(line, name) for name in self._places}
        cells |= {name: None for name, cell in cells.items() if name not in WORDING and is_empty(cell)}
        self._take_group(cells.get("group"))
        row = Row(line.number, self._group or _NO_GROUP)
        texts, in_text = self._wording(line, cells)
        row.text = "：".join(dict.fromkeys(filter(None, texts)))
        row.code = text_of(cells.get("code"))
        row.points = read(row, "points", read_points, cells)
        if row.points is not None:
            self._share(row, row.points, ("points", self._began(line, "points")))
        elif in_text is not None and not row.faults:
            self._share(row, *in_text)
        rule, how = written(cells.get("rule")), written(cells.get("how_checked"))
        row.words = rule or how
        row.how_checked = _lines((rule, how)) or None
        row.evidence = written(cells.get("evidence")) or None
        read_own_columns(row, cells)
        return row

    def _take_group(self, cell: Cell) -> None:
        """A group that isn't named is that of the row above."""
        name, points = name_of_group(written(cell))
        if name and name != self._group:
            self._above = {}
        self._group = name or self._group
        if points is not None:
            self._found.group_points[self._group] = points

    def _wording(self, line: Line, cells: Mapping[str, Cell]) -> tuple[list[str], tuple[int, tuple[str, int]] | None]:
        """What an item says, from the wider to the narrower; the points that stand in it, with their field and row."""
        texts: list[str] = []
        found = None
        in_column = points_or_none(cells.get("points"))
        says_more = self._own(line, "rule") and not self._own(line, "group") and not self._merged
        for name in WORDING:
            if name not in self._places:
                continue
            began, cell = self._began(line, name), cells[name]
            if cell is None and says_more and not any(texts):
                # Merging was lost on the way, as in a CSV: another rule for what stands above.
                began, cell = self._above.get(name, (began, None))
            self._above[name] = began, cell
            text, points = without_points(written(cell))
            if points is not None and name != "upper":
                if in_column is not None and in_column != points:
                    text = written(cell)
                found = points, (name, began)
            texts.append(text)
        return texts, found

    # Points

    def _share(self, row: Row, points: int, written_at: tuple[str, int]) -> None:
        """Note whose points stand in one cell."""
        row.points = points
        self._shared.setdefault(written_at, []).append(row)

    def _share_out(self) -> None:
        """Give each of the rows that stand beside one merged cell its part of the points in it."""
        for rows in self._shared.values():
            if len(rows) > 1 and rows[0].points is not None:
                self._divide(rows, rows[0].points)
        by_group: dict[str, list[Row]] = {}
        for row in self._found.rows:
            by_group.setdefault(row.group, []).append(row)
        for name, points in self._found.group_points.items():
            rows = by_group.get(name, [])
            if rows and all(row.points is None and not row.faults for row in rows):
                self._divide(rows, points)
        self._read_weights()

    def _read_weights(self) -> None:
        """Shares that come to 1 are percents: Excel keeps 30% as 0.3."""
        rows = [row for row in self._found.rows if row.points]
        if len(rows) > 1 and sum(row.points or 0 for row in rows) == 100:
            for row in rows:
                row.points = (row.points or 0) * 100
            self._found.guesses.append("分值加起来是 1，按百分数读成了 100 分。")

    def _divide(self, rows: list[Row], points: int) -> None:
        part, rest = divmod(points, len(rows))
        for place, row in enumerate(rows):
            row.points = part + (place < rest)
        if len(rows) > 1:
            self._found.guesses.append(
                f"{rows_in_words([row.number for row in rows])}合用一个分值（{points / 100:g} 分），平均分到了各行。"
            )

    def _note_total(self, number: int, total: int) -> None:
        place = self._places.get("points")
        cell = self._raw(number, place) if place is not None else None
        points = points_or_none(cell) or total
        if points:
            self._found.totals.append(Total(number, points))

    # What else there is to say

    def _use_numbers_as_codes(self) -> None:
        """Take the running numbers for codes, where each item has its own."""
        if "code" in self._places or self._number_place is None:
            return
        cells = [self._raw(row.number, self._number_place) for row in self._found.rows]
        codes = [text_of(cell).rstrip("、.．") for cell in cells if not isinstance(cell, date)]
        if all(codes) and len(set(codes)) == len(self._found.rows) and max(map(len, codes)) <= LONGEST["code"]:
            for row, code in zip(self._found.rows, codes, strict=True):
                row.code = code

    def _say_what_was_left(self) -> None:
        read_after_all = {line.number for line in self._lines}
        unread = [
            number for number, why in self._table.left_out if why in ("表尾", "例行") and number not in read_after_all
        ]
        if left := sorted([*unread, *self._left]):
            self._found.guesses.append(f"没有读入{rows_in_words(left)}（标题、表尾、说明或示例）。")
        if self._table.other_sheets:
            names = "、".join(f"“{name}”" for name in self._table.other_sheets)
            self._found.guesses.append(f"只读了工作表“{self._found.sheet}”；{names}也像考核表，没有读入。")
        if len({row.group for row in self._found.rows}) == 1 and self._found.rows[0].group == _NO_GROUP:
            self._found.guesses.append(f"没有分组，全部放在“{_NO_GROUP}”一组。")
        joined = [self._found.heads[name] for name in WORDING if name in self._places]
        if len(joined) > 1:
            self._found.guesses.append(f"考核内容由这几列合成：{'、'.join(joined)}。")

    def _title(self) -> str:
        """What stands above the table, alone in its row and longest."""
        above: list[str] = []
        first = min([line.number for line in self._lines] + [number for number, _why in self._table.left_out])
        for row in self._rows[: first - 1]:
            said = [cell for cell in row if cell is not None]
            if len(said) == 1 and isinstance(said[0], str) and not re.search("[:：]", said[0]):
                above.append(close_up(said[0]))
        return max(above, key=len, default="")


def _lines(texts: Sequence[str]) -> str:
    return "\n".join(dict.fromkeys(filter(None, texts)))
