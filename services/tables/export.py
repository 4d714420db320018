"""Rows as CSV or XLSX, streamed: nothing is held but the few rows in hand."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any

import xlsxwriter

FORMULA_MARKS = frozenset("=+-@＝＋－＠\t\r\n")
"""Spreadsheets take what begins with these for a formula; in Chinese ones the wide signs too."""
BYTE_ORDER_MARK = "\ufeff"
ROWS_AT_ONCE = 1_000
CHUNK_BYTES = 65_536
SHEET_ROWS = 1_000_000
"""A sheet holds 1,048,576 rows; what is more goes on in another one."""


def csv_stream(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """CSV with a byte order mark, by which Excel knows that it is UTF-8. The heads come at once."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(BYTE_ORDER_MARK)
    writer.writerow(heads)
    yield _taken(buffer)
    rows = iter(rows)
    while some := list(islice(rows, ROWS_AT_ONCE)):
        # Text that a spreadsheet would take for a formula gets an apostrophe in front. Every value of a file passes here.
        writer.writerows([[_escaped(one) if type(one) is str else one for one in row] for row in some])
        yield _taken(buffer)


def _escaped(text: str) -> str:
    return "'" + text if text[:1] in FORMULA_MARKS or text.lstrip()[:1] in FORMULA_MARKS else text


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def xlsx_stream(
    title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], sheet_rows: int = SHEET_ROWS
) -> Iterator[bytes]:
    """XLSX with typed cells: days are days, numbers are numbers, the rest is text and never a formula or a link."""
    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, options)
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = _add_sheet(book, title[:31], heads, bold)
        for number, row in enumerate(rows):
            before, line = divmod(number, sheet_rows)
            if before and line == 0:
                sheet = _add_sheet(book, f"{title[:26]} {before + 1}", heads, bold)
            _write_row(sheet, line + 1, row, day)
        book.close()
        file.seek(0)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _add_sheet(book: Any, name: str, heads: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet(name)
    for column, head in enumerate(heads):
        sheet.write_string(0, column, head, bold)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(heads) - 1, 16)
    return sheet


def _write_row(sheet: Any, line: int, row: Sequence[Any], day: Any) -> None:
    for column, value in enumerate(row):
        if isinstance(value, str):
            sheet.write_string(line, column, value)
        elif isinstance(value, date):
            sheet.write_datetime(line, column, value, day)
        elif value is not None:
            sheet.write_number(line, column, value)
