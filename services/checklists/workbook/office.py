"""An office's own assessment sheet as rows: its groups, its items, the points wherever they are written."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice, pairwise

from policy.errors import Refused
from services.checklists.outline import LONGEST
from services.checklists.workbook.form import COLUMNS
from services.checklists.workbook.rows import (
    Found,
    Row,
    Total,
    number_reader,
    read,
    read_own_columns,
    refuse_long,
    total_in,
    written,
)
from services.tables.importing.fields import Field
from services.tables.importing.values import Unfit, is_empty, text_of
from services.tables.reading import Cell, Line, Sheet, Table, find_table, map_heads
from services.tables.reading.words import plain

_ALSO = {
    "group": "项目 考核项目 考评项目 检查项目 评价项目 创建项目 建设项目 一级指标 一级项目 类别 考核类别 指标类别 大项 分类 板块 模块",
    "upper": "二级指标 二级项目 子项目 分项 小项 考核分项",
    "text": "考评内容 检查内容 评价内容 测评内容 考察内容 评分内容 创建内容 建设内容 指标内容 考核指标 评价指标 考核事项 考核内容及要求 "
    "考核内容和要求 考核内容与要求 考核内容及标准 考核项目及内容 内容及要求 内容和要求 主要内容 重点任务 工作任务 内容 指标 事项 任务",
    "point": "考核要点 三级指标 三级项目 考核要求 具体要求 标准要求 规范要求 工作要求 基本要求 目标要求 考核目标 工作目标 考核点 观测点 "
    "评价要点 检查要点 考评要点 具体内容 具体指标 要点 要求",
    "points": "标准分 标准分值 考核分值 单项分值 满分 满分值 分数 基本分 基准分 应得分 赋分 配分 权重 最高分",
    "standard": "考核标准 考评标准 检查标准 工作标准 创建标准 建设标准 达标标准 标准",
    "rule": "评分标准 评分细则 评分办法 评分方法 评分说明 评分依据 考评办法 考核办法 考评细则 考核细则 计分办法 计分方法 计分标准 计分规则 "
    "扣分标准 加分标准 加扣分标准 得分标准 赋分标准 打分标准 评定标准 评价标准 评价办法 考核评分标准 考核评分办法 评分标准及办法 "
    "评分标准和办法 考核标准及评分办法 考核办法及评分标准 考评标准及办法 评分标准及扣分办法",
    "how_checked": "检查方式 检查办法 考核方式 考核方法 考评方式 考评方法 评价方式 验收方式",
    "evidence": "佐证资料 印证材料 印证资料 支撑材料 证明材料 备查资料 备查材料 查阅资料 查看资料 所需材料 资料清单 台账资料 资料",
    "code": "编号 指标编号 项目编号",
    "counts": "计量单位", "scoring": "", "steps": "", "off_each": "", "off_at_most": "", "can_be_left_out": "", "origins": "",
    "self_score": "自评得分 自评 自查得分 自评情况",
    "review_score": "考评得分 考核得分 考核分 得分 实得分 评分 检查得分 核定分 复评得分 评定分 最终得分 上级评分 考核评分",
    "note": "备注说明 说明",
}  # fmt: skip
_LABELS = {
    "upper": "二级指标", "point": "考核要点", "standard": "考核标准", "rule": "评分标准", "self_score": "自评分",
    "review_score": "考评分", "note": "备注",
}  # fmt: skip
# By their kind alone these are told from the others; names that are nearly theirs mean something else.
_EXACT = ("points", "scoring", "self_score", "review_score")
FIELDS = tuple(
    Field(
        name, _LABELS[name] if name in _LABELS else COLUMNS[name].label, tuple(also.split()),
        "score" if name in _EXACT else "text",
    )
    for name, also in _ALSO.items()
)  # fmt: skip
_IGNORED = ("self_score", "review_score", "note")
_WORDING = ("upper", "text", "point")
_NO_GROUP = "考核内容"
_CHINESE_NUMBER = re.compile(r"[（(]?[一二三四五六七八九十]{1,3}[）)]?[、.．\s]?")
_NUMBER = r"(\d+(?:\.\d{1,2})?)"
_IN_BRACKETS = re.compile(rf"\s*[（(]\s*(?:满分|标准分|总分|共|计|最多|最高|不超过)?\s*{_NUMBER}\s*分\s*[）)]")
_AT_END = re.compile(rf"(?<=[^\d\W])\s*{_NUMBER}\s*分$")
_POINTS = re.compile(rf"(?:满分|标准分|总分|共|计|最高|最多|不超过|加|\+|<=|≤|0[-~—–至到])*{_NUMBER}(?:分|%)?")
_SPACE = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")
_LISTED = 8
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
                self._begin_group(self._text_in(number))
            elif (total := total_in(self._rows[number - 1])) is not None and not self._own(line, "rule"):
                self._note_total(number, total)
            elif self._is_title(line, titles_have_numbers and numbered[number], number == last):
                self._begin_group(self._text_in(number), line)
            elif rows and self._goes_on(line):
                self._append(rows[-1], line)
            else:
                rows.append(self._row(line))
        if not rows:
            raise Refused(f"工作表“{self._found.sheet}”里没有找到考核内容。请确认选对了文件。")
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
            elif one.field and one.field not in _IGNORED:
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
        if not any(name in places for name in _WORDING):
            if "rule" in places and ("group" not in places or self._runs_down("group")):
                places["point"] = places["rule"]
                self._found.heads["point"] = self._found.heads["rule"]
            elif "group" in places:
                self._rename("group", "text")
            else:
                raise Refused(
                    f"工作表“{self._found.sheet}”里没有“考核内容”这一列。请确认选对了文件，或在表头写上“考核内容”。"
                )
        worded = [name for name in _WORDING if name in places]
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
            worded = any(self._raw(number, self._places[name]) is not None for name in _WORDING if name in self._places)
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
        if chinese and sum(self._own(line, name) for name in ("group", *_WORDING)) == 1:
            return True
        said = [cell for cell in self._rows[line.number - 1] if cell is not None]
        alone = len(said) == 1 and isinstance(said[0], str) and len(said[0]) <= LONGEST["group"]
        return alone and "points" in self._places and total_in(said) is None

    def _begin_group(self, text: str, line: Line | None = None) -> None:
        self._group, points = _of_group(text)
        self._above = {}
        if points is None and line is not None and self._own(line, "points"):
            points = _points_or_none(self._cell(line, "points"))
        if points is not None:
            self._found.group_points[self._group] = points

    def _goes_on(self, line: Line) -> bool:
        """Whether a row only says more about how the item above is scored."""
        says = any(self._own(line, name) for name in ("rule", "how_checked", "evidence"))
        worded = [name for name in _WORDING if name in self._places]
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
        cells |= {name: None for name, cell in cells.items() if name not in _WORDING and is_empty(cell)}
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
        name, points = _of_group(written(cell))
        if name and name != self._group:
            self._above = {}
        self._group = name or self._group
        if points is not None:
            self._found.group_points[self._group] = points

    def _wording(self, line: Line, cells: Mapping[str, Cell]) -> tuple[list[str], tuple[int, tuple[str, int]] | None]:
        """What an item says, from the wider to the narrower; the points that stand in it, with the field and its row."""
        texts: list[str] = []
        found = None
        in_column = _points_or_none(cells.get("points"))
        says_more = self._own(line, "rule") and not self._own(line, "group") and not self._merged
        for name in _WORDING:
            if name not in self._places:
                continue
            began, cell = self._began(line, name), cells[name]
            if cell is None and says_more and not any(texts):
                # Merging was lost on the way, as in a CSV: another rule for what stands above.
                began, cell = self._above.get(name, (began, None))
            self._above[name] = began, cell
            text, points = _without_points(written(cell))
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
        points = _points_or_none(cell) or total
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
        left = [
            number for number, why in self._table.left_out if why in ("表尾", "例行") and number not in read_after_all
        ]
        if left:
            self._found.guesses.append(f"没有读入{rows_in_words(left)}（表尾、说明或示例）。")
        if self._table.other_sheets:
            names = "、".join(f"“{name}”" for name in self._table.other_sheets)
            self._found.guesses.append(f"只读了工作表“{self._found.sheet}”；{names}也像考核表，没有读入。")
        if len({row.group for row in self._found.rows}) == 1 and self._found.rows[0].group == _NO_GROUP:
            self._found.guesses.append(f"没有分组，全部放在“{_NO_GROUP}”一组。")
        joined = [self._found.heads[name] for name in _WORDING if name in self._places]
        if len(joined) > 1:
            self._found.guesses.append(f"考核内容由这几列合成：{'、'.join(joined)}。")

    def _title(self) -> str:
        """What stands above the table, alone in its row and longest."""
        above: list[str] = []
        first = min([line.number for line in self._lines] + [number for number, _why in self._table.left_out])
        for row in self._rows[: first - 1]:
            said = [cell for cell in row if cell is not None]
            if len(said) == 1 and isinstance(said[0], str) and not re.search("[:：]", said[0]):
                above.append(_SPACE.sub("", said[0]))
        return max(above, key=len, default="")


def read_points(cell: Cell) -> int | None:
    """Points as offices write them: 10, 10分, （10分）, 满分10分, 0—10分; raises Unfit."""
    if isinstance(cell, str) and not is_empty(cell):
        text = re.sub(r"[\s()]", "", unicodedata.normalize("NFKC", cell))
        found = _POINTS.fullmatch(text)
        if not found:
            raise Unfit(f"“{cell[:20]}”看不明白。请只写一个数字，最多两位小数，如 2.5。")
        cell = found[1]
    return number_reader("points")(cell)


def _points_or_none(cell: Cell) -> int | None:
    try:
        return read_points(cell)
    except Unfit:
        return None


def _without_points(text: str) -> tuple[str, int | None]:
    """A text without （10分）, and those points; a text that names several keeps them."""
    found = _IN_BRACKETS.findall(text)
    if len(found) == 1:
        return _IN_BRACKETS.sub("", text).strip(), round(float(found[0]) * 100)
    return text, None


def _of_group(text: str) -> tuple[str, int | None]:
    """What a group is called, and what its items are said to come to."""
    name, points = _without_points(text)
    if points is None and (found := _AT_END.search(name)):
        name, points = name[: found.start()], round(float(found[1]) * 100)
    return _SPACE.sub("", name), points


def _lines(texts: Sequence[str]) -> str:
    return "\n".join(dict.fromkeys(filter(None, texts)))


def rows_in_words(numbers: Sequence[int]) -> str:
    """第 3、4、5 行, and no more of them than anybody reads."""
    few = "、".join(map(str, numbers[:_LISTED]))
    return f"第 {few} {'等 ' + str(len(numbers)) + ' ' if len(numbers) > _LISTED else ''}行"
