"""Our own form of a checklist: a row per item on the one sheet, what is about the whole version on the other."""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import east_asian_width

import xlsxwriter
from xlsxwriter.utility import xl_range

from models import Scoring
from services.checklists.outline import MOST_ITEMS, ItemOutline, Outline, steps_in_words
from services.tables.importing.books import OPTIONS

ITEMS_SHEET, ABOUT_SHEET = "清单", "说明"
TEMPLATE, VERSION, AUDIENCES = "清单名称", "版本名称", "适用对象"
PERCENTS = {"passed_percent": "达标线", "nearly_percent": "基本达标线", "bonus_percent": "加分上限"}
FOR_ALL = "全部"
"""What is written where a version is for all kinds of Party organisation."""
YES, NO = "是", "否"
JOINING = "、"
_A4 = 9
_SAFE_CODE = re.compile(r'[^、，,；;\s"]+')
_LINE_HEIGHT, _TALLEST = 16, 409
"""In points, as Excel counts; no row is taller."""
_SAID_WIDTH = 100
_EMPTY_ROWS = 50
"""So many rows beneath the items are ready to be filled in."""


@dataclass(frozen=True)
class Column:
    """A column of the form.

    Attributes:
        width: in characters.
        note: how to fill it in.
        number: whether its cells are numbers.
    """

    label: str
    width: int
    note: str
    number: bool = False


COLUMNS = {
    "group": Column("分组", 13, "同一组的写同样的名称；空着，就与上一行同组。"),
    "code": Column("编码", 7, "如 1.1，不能重复。空着由系统编。"),
    "text": Column("考核内容", 34, "必填，最多 500 个字。"),
    "points": Column(
        "分值", 7, "这一项的满分，如 10 或 2.5。加分项写最多加几分，一票否决项写 0。", number=True
    ),
    "scoring": Column("得分办法", 10, "从下拉表里选。各种办法怎么算，见“说明”。"),
    "steps": Column(
        "得分档", 17,
        "分档得分的可写：好=100%；较好=80%；差=0%（空着就是达到、部分达到、未达到）。"
        "按数量得分的要写从多少起得几成：0=0%；6=60%；12=100%。其他办法空着。",
    ),
    "off_each": Column("每次扣", 7, "按次扣分的必填：一次扣几分，如 0.5。", number=True),
    "off_at_most": Column("最多扣", 7, "按次扣分的可填。空着就是扣完为止。", number=True),
    "counts": Column("数量单位", 6, "数的是什么，如：次、人、%。"),
    "can_be_left_out": Column("可以不适用", 7, "是：可以答“不适用”，分值摊到其他各项。否：一定要答。"),
    "how_checked": Column("检查方法", 28, "怎么查、怎么评，最多 500 个字。"),
    "evidence": Column("佐证材料", 18, "要看哪些材料，最多 200 个字。"),
    "origins": Column("沿用", 8, "这一项来自上一版的哪一项，写编码；由几项合并的，用顿号隔开：1.1、1.2。"),
}  # fmt: skip
HEADS = tuple(column.label for column in COLUMNS.values())

_HOW_TO = (
    ("怎么填", "一行一项，写在“清单”表里。不要改表头；行可以增加、删除、调换。改好后整个文件交上来，核对无误才保存。"),
    (Scoring.PASS_FAIL.label, "达到得满分，未达到得 0 分。"),
    (Scoring.GRADED.label, "从几个档次里选一档，按比例得分。例：分值 10，得分档“好=100%；较好=80%；差=0%”，"
     "选“较好”得 8 分。得分档空着，就分达到（满分）、部分达到（一半）、未达到（0 分）。"),
    (Scoring.NUMBER.label, "填一个数，看到了哪一档。例：分值 10，得分档“0=0%；6=60%；12=100%”，数量单位“次”，"
     "开展 8 次得 6 分，12 次以上得 10 分。"),
    (Scoring.DEDUCTION.label, "先给满分，发生一次扣一次。例：分值 10，每次扣 0.5，最多扣 5，发生 3 次得 8.5 分。"
     "“最多扣”空着，扣到 0 分为止。"),
    (Scoring.BONUS.label, "在总分之外加分。分值写这一项最多加几分；全部加分项合起来，不超过“加分上限”。"),
    (Scoring.VETO.label, "不计分，分值写 0。这一项没有达到，整个结果就是不达标。"),
    ("怎么定结果", "得分占总分的比例，不低于“达标线”的为达标，不低于“基本达标线”的为基本达标，其余为不达标。"),
)  # fmt: skip


def make_book(template_name: str, outline: Outline) -> bytes:
    """A version as .xlsx, to be printed, or changed and read again; groups without items don't stand in it.

    Args:
        template_name: what the checklist is called.
    """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, OPTIONS)
    _write_items(book, template_name, outline)
    _write_about(book, template_name, outline)
    book.close()
    return file.getvalue()


def _write_items(book: Any, template_name: str, outline: Outline) -> None:
    sheet = book.add_worksheet(ITEMS_SHEET)
    head = book.add_format(
        {"bold": True, "bg_color": "#EEF2F6", "border": 1, "text_wrap": True, "align": "center", "valign": "vcenter"}
    )
    text = book.add_format({"num_format": "@", "border": 1, "text_wrap": True, "valign": "top"})
    number = book.add_format({"border": 1, "valign": "top", "align": "center"})
    formats = [number if column.number else text for column in COLUMNS.values()]
    for place, column in enumerate(COLUMNS.values()):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, column.label, head)
        sheet.write_comment(
            0, place, column.note, {"author": "系统", "x_scale": 1.6, "y_scale": 1 + len(column.note) // 60}
        )
    rows = [_cells(group.name, item) for group in outline.groups for item in group.items]
    widths = [column.width for column in COLUMNS.values()]
    sheet.set_row(0, 2 * _LINE_HEIGHT + 3)
    for line, cells in enumerate(rows, 1):
        sheet.set_row(line, _height(cells, widths))
        for place, (value, form) in enumerate(zip(cells, formats, strict=True)):
            _write(sheet, line, place, value, form)
    last = len(rows) + _EMPTY_ROWS
    for line in range(len(rows) + 1, last + 1):
        for place, form in enumerate(formats):
            sheet.write_blank(line, place, None, form)
    _offer_choices(sheet, max(last, MOST_ITEMS))
    sheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, last, len(COLUMNS) - 1)})
    sheet.freeze_panes(1, 0)
    _set_up_print(sheet, f"{template_name}（{outline.name}）")
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, max(len(rows), 1), len(COLUMNS) - 1)


def _cells(group: str, item: ItemOutline) -> list[str | float | None]:
    """A row of the form, in the order of its columns."""
    return [
        group,
        item.code,
        item.text,
        item.points / 100,
        item.scoring.label,
        steps_in_words(item.steps),
        None if item.off_each is None else item.off_each / 100,
        None if item.off_at_most is None else item.off_at_most / 100,
        item.counts,
        YES if item.can_be_left_out else NO,
        item.how_checked,
        item.evidence,
        origins_in_words(item.origins),
    ]


def origins_in_words(codes: Iterable[str]) -> str:
    """Codes as one text; one that holds a sign by which codes are told apart stands between quotation marks."""
    return JOINING.join(
        code if _SAFE_CODE.fullmatch(code) else '"{}"'.format(code.replace('"', '""')) for code in codes
    )


def _write(sheet: Any, row: int, column: int, value: str | float | None, form: Any) -> None:
    if isinstance(value, str) and value:
        sheet.write_string(row, column, value, form)
    elif isinstance(value, float):
        sheet.write_number(row, column, value, form)
    else:
        sheet.write_blank(row, column, None, form)


def _height(cells: Sequence[str | float | None], widths: Sequence[int]) -> int:
    """The height in which all of a row can be read: not every program finds it by itself before it prints."""
    most = max(_lines_in(cell, width) for cell, width in zip(cells, widths, strict=True) if isinstance(cell, str))
    return min(_LINE_HEIGHT * most + 3, _TALLEST)


def _lines_in(text: str, width: int) -> int:
    """How many lines a text takes in a column; a Chinese character is as wide as two others."""
    lengths = [sum(2 if east_asian_width(sign) in "WFA" else 1 for sign in line) for line in text.split("\n")]
    return sum(max(1, -(-length // (width - 1))) for length in lengths)


def _offer_choices(sheet: Any, last: int) -> None:
    places = {name: place for place, name in enumerate(COLUMNS)}
    for name, choices in (("scoring", [one.label for one in Scoring]), ("can_be_left_out", [YES, NO])):
        sheet.data_validation(1, places[name], last, places[name], {
            "validate": "list", "source": choices, "error_title": "不在列表里", "error_message": "请从下拉表里选。",
        })  # fmt: skip


def _set_up_print(sheet: Any, title: str) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.6)
    # A header takes & for a command, what follows its size for more of the size, and 255 characters.
    sheet.set_header("&C&14 " + title[:120].replace("&", "&&"))
    sheet.set_footer("&C第 &P 页，共 &N 页")


def _write_about(book: Any, template_name: str, outline: Outline) -> None:
    sheet = book.add_worksheet(ABOUT_SHEET)
    bold = book.add_format({"bold": True, "bg_color": "#EEF2F6", "border": 1, "valign": "top"})
    text = book.add_format({"num_format": "@", "border": 1, "text_wrap": True, "valign": "top"})
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, _SAID_WIDTH)
    facts = [
        (TEMPLATE, template_name),
        (VERSION, outline.name),
        *((label, f"{getattr(outline, name)}%") for name, label in PERCENTS.items()),
        (AUDIENCES, JOINING.join(kind.label for kind in outline.audiences) or FOR_ALL),
    ]
    _write_pairs(sheet, 0, facts, bold, text)
    _write_pairs(sheet, len(facts) + 1, _HOW_TO, bold, plain)
    sheet.ignore_errors({"number_stored_as_text": f"B1:B{len(facts)}"})
    _set_up_print(sheet, ABOUT_SHEET)


def _write_pairs(sheet: Any, first: int, pairs: Sequence[tuple[str, str]], label: Any, value: Any) -> None:
    for row, (name, said) in enumerate(pairs, first):
        sheet.set_row(row, _height([said], [_SAID_WIDTH]))
        sheet.write_string(row, 0, name, label)
        sheet.write_string(row, 1, said, value)
