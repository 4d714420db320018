"""Workbooks: .xlsx and .xlsm, .xls, and what WPS writes under .et."""

import io
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from services.tables.apart.archive import Errors, look_through
from services.tables.apart.limits import BROKEN, CELLS, SHEETS, TOO_LARGE, Unreadable, check_extent

PASSWORD = "文件有密码。请先在 Excel 或 WPS 里去掉密码，保存后再交上来。"


def read_packed(data: bytes) -> list[dict[str, Any]]:
    """The sheets of a workbook that is a zip of XML."""
    return _read(data, look_through(data))


def read_old(data: bytes) -> list[dict[str, Any]]:
    """The sheets of a workbook of the older, binary kind."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Unreadable(PASSWORD)
    if "WordDocument".encode("utf-16-le") in data:
        raise Unreadable("这是 Word 文档，不是表格。请把其中的表格复制到 Excel，存成 .xlsx，再交上来。")
    if not any(name.encode("utf-16-le") in data for name in ("Workbook", "Book", "WORKBOOK", "BOOK")):
        raise Unreadable("这不是 Excel 表格。请交 .xlsx、.xls 或 .csv 文件。")
    return _read(data, {})


def _read(data: bytes, errors: dict[str, Errors]) -> list[dict[str, Any]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        tables = [one for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        # Lists behind drop-downs stand on hidden sheets; people don't know of them.
        wanted = [one for one in tables if one.visible == SheetVisibleEnum.Visible] or tables
        if len(wanted) > SHEETS:
            raise Unreadable(f"文件有 {len(wanted)} 张工作表，最多能读 {SHEETS} 张。请删去不用的，再交上来。")
        left, sheets = CELLS, []
        for one in wanted:
            sheet = book.get_sheet_by_name(one.name)
            rows, columns = _extent(sheet)
            check_extent(rows, columns)
            left -= rows * columns
            if left < 0:
                raise Unreadable(f"表格太大，不能读。{TOO_LARGE}")
            sheets.append(_sheet(sheet, errors.get(one.name, {})))
    except PasswordError:
        raise Unreadable(PASSWORD) from None
    except CalamineError:
        raise Unreadable(BROKEN) from None
    return sheets


def _extent(sheet: Any) -> tuple[int, int]:
    return (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)


def _sheet(sheet: Any, errors: Errors) -> dict[str, Any]:
    rows = sheet.to_python(skip_empty_area=False) if sheet.end else []
    for (row, column), text in errors.items():
        if row < len(rows) and column < len(rows[row]) and rows[row][column] == "":
            rows[row][column] = text
    merged = [(*first, *last) for first, last in sheet.merged_cell_ranges or ()]
    return {"name": sheet.name, "rows": rows, "merged": merged}
