"""Workbooks around an import: the template to fill in, and the sheet with its wrong cells marked."""

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter

from services.tables.importing.fields import Field
from services.tables.importing.target import KEY
from services.tables.importing.values import text_of
from services.tables.reading import Table

OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
FILLED_ROWS = 1_000
"""So many rows of the template have drop-downs."""
WIDTHS = {"long_text": 40, "id_number": 22, "credit_code": 22, "number": 10, "yes_no": 8, "key": 8}
USUAL_WIDTH = 16
EXAMPLES = {
    "day": "2026-05-12", "partial_date": "2019.5", "month": "2026-11", "number": 36, "yes_no": "是",
    "phone": "0937-6000000", "id_number": "身份证上的 18 位", "credit_code": "营业执照上的 18 位",
}  # fmt: skip
HOW = {
    "day": "写到哪一天，如 2026-05-12 或 2026年5月12日。", "partial_date": "只知道年、月也可以，如 1949、1949.10、1949-10-01。",
    "month": "年和月，如 2026-11。", "number": "整数。", "yes_no": "是或否。", "related": "写名称；有同名的，写编号。",
    "id_number": "18 位。这一列是文本格式，Excel 不会把它截断。", "key": "修改原有记录时保留；新增的空着。",
    "choice": "从下拉表里选。", "code": "从下拉表里选。",
}  # fmt: skip


def make_template(
    title: str, fields: Sequence[Field], helps: Mapping[str, str], names: Mapping[str, list[str]]
) -> bytes:
    """An empty sheet with heads, notes, drop-downs and an example row that imports leave out.

    Args:
        helps: what forms say under a field.
        names: the titles of the records that a related field may name, where they are few.
    """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, OPTIONS)
    sheet, lists = book.add_worksheet(title[:31]), book.add_worksheet("选项")
    lists.hide()
    head, must = (
        book.add_format({"bold": True, "bg_color": "#EEF2F6"}),
        book.add_format({"bold": True, "bg_color": "#FDE9E7"}),
    )
    text, faint = book.add_format({"num_format": "@"}), book.add_format({"italic": True, "font_color": "#777777"})
    sheet.write_string(0, 0, "序号", head)
    sheet.write_string(1, 0, "例", faint)
    sheet.set_column(0, 0, 6)
    for place, field in enumerate((one for one in fields if one.name != KEY), 1):
        sheet.set_column(place, place, WIDTHS.get(field.kind, USUAL_WIDTH), text if field.kind != "number" else None)
        sheet.write_string(0, place, field.label + ("*" if field.required else ""), must if field.required else head)
        _comment(sheet, 0, place, _note(field, helps.get(field.name, "")))
        choices = ["是", "否"] if field.kind == "yes_no" else [*field.choices] or names.get(field.name, [])
        if choices:
            lists.write_column(0, place, choices)
            column = xlsxwriter.utility.xl_col_to_name(place)
            source = f"=选项!${column}$1:${column}${len(choices)}"
            sheet.data_validation(1, place, FILLED_ROWS, place, {
                "validate": "list", "source": source, "error_type": "warning",
                "error_title": "不在列表里", "error_message": "请从下拉表里选；导入时还会再核对。",
            })  # fmt: skip
        example = choices[0] if choices else EXAMPLES.get(field.kind, f"{field.label}")
        sheet.write(1, place, example, faint)
    sheet.freeze_panes(1, 0)
    book.close()
    return file.getvalue()


def _note(field: Field, help_text: str) -> str:
    must = "必填。" if field.required else ""
    return " ".join(part for part in (must, help_text or HOW.get(field.kind, "")) if part) or "可以空着。"


def _comment(sheet: Any, row: int, column: int, text: str) -> None:
    sheet.write_comment(row, column, text, {"author": "系统", "x_scale": 1.6, "y_scale": 1 + len(text) // 60})


def make_wrong_book(
    table: Table, faults: Mapping[int, Sequence[Mapping[str, Any]]], mended: Mapping[tuple[int, int], str]
) -> bytes:
    """The sheet's lines with the wrong cells in red and the reasons beside them, to be mended and handed in again.

    Args:
        faults: the faults of a preview's row, by line.
        mended: what was put right in the preview already, by line and place.
    """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, OPTIONS)
    sheet = book.add_worksheet("改好再交")
    bold, text = book.add_format({"bold": True, "bg_color": "#EEF2F6"}), book.add_format({"num_format": "@"})
    day, red = (
        book.add_format({"num_format": "yyyy-mm-dd"}),
        book.add_format({"bg_color": "#FFC7CE", "num_format": "@"}),
    )
    for column, head in enumerate(table.heads):
        sheet.write_string(0, column, head.text, bold)
        sheet.set_column(column, column, USUAL_WIDTH, text)
    for row, line in enumerate(table.lines, 1):
        reasons = _reasons_by_place(faults.get(line.number, ()), table)
        for column, (head, cell) in enumerate(zip(table.heads, line.cells, strict=True)):
            value = mended.get((line.number, head.place), cell)
            wrong = reasons.get(head.place)
            _write(sheet, row, column, value, day, red if wrong else text)
            if wrong:
                _comment(sheet, row, column, wrong)
    sheet.freeze_panes(1, 0)
    book.close()
    return file.getvalue()


def _reasons_by_place(faults: Sequence[Mapping[str, Any]], table: Table) -> dict[int, str]:
    """The reasons of a line by the cell that they stand at; of the line as a whole at its first cell."""
    reasons: dict[int, list[str]] = {}
    first = table.heads[0].place
    for fault in faults:
        reasons.setdefault(first if fault["place"] is None else fault["place"], []).append(fault["reason"])
    return {place: "\n".join(texts) for place, texts in reasons.items()}


def _write(sheet: Any, row: int, column: int, value: Any, day: Any, form: Any) -> None:
    if isinstance(value, datetime | date) and form is not None and not isinstance(value, str):
        sheet.write_datetime(row, column, value, day)
    elif isinstance(value, bool) or value is None or isinstance(value, str):
        sheet.write_string(row, column, text_of(value), form) if text_of(value) else sheet.write_blank(
            row, column, None, form
        )
    elif abs(value) >= 10**15:
        sheet.write_string(row, column, text_of(value), form)
    else:
        sheet.write_number(row, column, value, form)
