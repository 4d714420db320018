"""The same documents as Excel workbooks: typed cells, and never a formula or a link."""

import io
from collections.abc import Sequence
from itertools import groupby
from typing import Any
from unicodedata import east_asian_width

import xlsxwriter

from services.tables.importing.books import OPTIONS

_A4 = 9
_LINE_HEIGHT, _TALLEST = 15, 409
"""In points, as Excel counts; no row is taller."""
_CHECKLIST = {
    "序号": ("number", 6), "项目": ("group", 12), "考核内容": ("text", 34), "分值": ("points", 9), "考评办法": ("how", 28),
    "自评": ("own", 10), "自评分": ("own_points", 9), "考评": ("reviewed", 10), "考评分": ("review_points", 9),
    "不一致的原因、说明": ("remarks", 28),
}  # fmt: skip
_SUMMARY = {
    "序号": ("number", 6), "被考核单位": ("assessed", 28), "党组织": ("organisation", 26), "考核日期": ("assessed_on", 12),
    "进展": ("status", 10), "自评分": ("own_score", 10), "考评分": ("review_score", 10), "一票否决": ("veto", 10),
    "考评结果": ("result", 11), "备注": ("remark", 24),
}  # fmt: skip
_NUMBERS = {"number", "points", "own_points", "review_points", "own_score", "review_score"}
"""What is a number wherever it can be read as one."""
_LONG = {"group", "text", "how", "remarks", "assessed", "organisation", "remark"}


def make_book(data: dict[str, Any], demo: bool) -> bytes:
    """A checklist or a summary as .xlsx. Raises KeyError on a form that has no workbook.

    Args:
        data: what ``collect`` gives.
        demo: whether the page is marked as an example.
    """
    columns, facts, foot = {"checklist": _about_checklist, "summary": _about_summary}[data["form"]](data)
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, OPTIONS)
    sheet = _Sheet(book, [width for _name, width in columns.values()])
    sheet.across(data["title"], "title")
    for line in facts:
        sheet.across(line)
    first = sheet.line
    sheet.cells(list(columns), "head")
    for line in data["lines"]:
        sheet.row([(name, line[name]) for name, _width in columns.values()])
    if "项目" in columns:
        sheet.join_alike(first + 1, list(columns).index("项目"), [line["group"] for line in data["lines"]])
    for cells in foot:
        sheet.row(cells) if isinstance(cells, list) else sheet.across(cells)
    sheet.set_up(first, demo)
    book.close()
    return file.getvalue()


def _about_checklist(data: dict[str, Any]) -> tuple[dict[str, tuple[str, int]], list[str], list[Any]]:
    facts = [
        _joined(("被考核单位", data["assessed"]), ("党组织", data["organisation"]), ("考核日期", data["assessed_on"])),
        _joined(("考核批次", data["round"]), ("截止日期", data["due_on"]), ("进展", data["status"])),
    ]
    if data["corrected"]:
        facts.append("更正：批次结束以后作过更正。")
    sums = {"group": "合计", "remarks": data["totals_note"]}
    sums |= {name: data[name] for name in ("points", "own_points", "review_points")}
    total = [(name, sums.get(name, "")) for name, _width in _CHECKLIST.values()]
    scores = _joined(
        ("自评得分（百分制）", data["own_score"]), ("考评得分（百分制）", data["review_score"]), ("一票否决", data["veto"]),
        ("考评结果", data["result"]),
    )  # fmt: skip
    foot: list[Any] = [total, scores]
    foot += [
        _joined((label, data[name]))
        for label, name in (("备注", "note"), ("系统内签字确认", "signed"), ("指定的考评人", "reviewer"))
        if data.get(name)
    ]
    return (
        _CHECKLIST,
        facts,
        [
            *foot,
            "",
            "被考核单位（盖章）：　　　　　　　考评人（签字）：　　　　　　　党组织（盖章）：　　　　　　　日期：　　　年　　月　　日",
        ],
    )


def _about_summary(data: dict[str, Any]) -> tuple[dict[str, tuple[str, int]], list[str], list[Any]]:
    facts = [
        _joined(
            ("清单", data["checklist"]), ("党组织", data["organisation"]), ("截止日期", data["due_on"]), ("状态", data["status"])
        )
    ]  # fmt: skip
    foot: list[Any] = [data["counts"]]
    if data["note"]:
        foot.append(_joined(("说明", data["note"])))
    return (
        _SUMMARY,
        facts,
        [
            *foot,
            "",
            "填报单位（盖章）：　　　　　　　填报人：　　　　　　　审核人：　　　　　　　日期：　　　年　　月　　日",
        ],
    )


def _joined(*facts: tuple[str, str | None]) -> str:
    return "　　　".join(f"{label}：{value or '—'}" for label, value in facts)


class _Sheet:
    """A sheet that is written from the top to the bottom."""

    def __init__(self, book: Any, widths: Sequence[int]) -> None:
        self.sheet, self.widths, self.line = book.add_worksheet(), widths, 0
        boxed = {"border": 1, "text_wrap": True, "valign": "vcenter", "num_format": "@"}
        self.formats = {
            "title": book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"}),
            "line": book.add_format({"text_wrap": True, "valign": "vcenter"}),
            "head": book.add_format({**boxed, "bold": True, "align": "center", "bg_color": "#EEF2F6"}),
            "text": book.add_format(boxed),
            "short": book.add_format({**boxed, "align": "center"}),
            "number": book.add_format({"border": 1, "valign": "vcenter", "align": "center"}),
            "score": book.add_format({"border": 1, "valign": "vcenter", "align": "center", "num_format": "0.00"}),
        }
        for place, width in enumerate(widths):
            self.sheet.set_column(place, place, width)

    def across(self, text: str, look: str = "line") -> None:
        """A line over all columns."""
        last = len(self.widths) - 1
        self.sheet.merge_range(self.line, 0, self.line, last, "", self.formats[look])
        self.sheet.write_string(self.line, 0, text, self.formats[look])
        self._rise([(text, sum(self.widths))], 26 if look == "title" else 20)

    def cells(self, texts: Sequence[str], look: str) -> None:
        """A row of texts that all look alike."""
        for place, text in enumerate(texts):
            self.sheet.write_string(self.line, place, text, self.formats[look])
        self._rise([], 24)

    def row(self, cells: Sequence[tuple[str, Any]]) -> None:
        """A row of the table, each value with the name of what it is."""
        shown = []
        for place, (name, value) in enumerate(cells):
            text = "\n".join(value) if isinstance(value, list) else str(value if value is not None else "")
            number = _number(text) if name in _NUMBERS else None
            if number is None:
                self.sheet.write_string(self.line, place, text, self.formats["text" if name in _LONG else "short"])
            else:
                look = "score" if name.endswith("_score") else "number"
                self.sheet.write_number(self.line, place, number, self.formats[look])
            shown.append((text, self.widths[place]))
        self._rise(shown, 20)

    def join_alike(self, first: int, column: int, texts: Sequence[str]) -> None:
        """Make one cell of those in a column that follow each other and say the same."""
        for text, some in groupby(texts):
            count = len(list(some))
            if count > 1:
                self.sheet.merge_range(first, column, first + count - 1, column, "", self.formats["text"])
                self.sheet.write_string(first, column, text, self.formats["text"])
            first += count

    def _rise(self, texts: Sequence[tuple[str, int]], least: int) -> None:
        """Make the row as high as its longest text needs, and go on to the next one."""
        lines = max((_lines_of(text, width) for text, width in texts), default=1)
        self.sheet.set_row(self.line, min(_TALLEST, max(least, lines * _LINE_HEIGHT + 4)))
        self.line += 1

    def set_up(self, head: int, demo: bool) -> None:
        """How it looks on paper: A4 across, heads on each page, page x of y."""
        sheet = self.sheet
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        sheet.repeat_rows(head)
        sheet.freeze_panes(head + 1, 0)
        sheet.set_footer("&C第 &P 页，共 &N 页")
        if demo:
            sheet.set_header("&R示例：演示数据")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _lines_of(text: str, width: int) -> int:
    """How many lines a text takes in a column; Chinese characters are twice as wide."""
    lengths = (sum(2 if east_asian_width(char) in "WF" else 1 for char in line) for line in text.split("\n"))
    return sum(-(-max(length, 1) // max(width - 1, 1)) for length in lengths)
