"""Rows as CSV or XLSX, streamed: nothing is held but the row in hand."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import xlsxwriter

FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")
BYTE_ORDER_MARK = "\ufeff"
CHUNK_BYTES = 65_536


def harmless(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    if isinstance(value, str) and value.startswith(FORMULA_MARKS):
        return "'" + value
    return value


def csv_stream(heads: list[str], rows: Iterable[list[Any]]) -> Iterator[str]:
    """CSV with a byte order mark, by which Excel knows that it is UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(BYTE_ORDER_MARK)
    writer.writerow(heads)
    for row in rows:
        writer.writerow(["" if value is None else harmless(value) for value in row])
        yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def xlsx_stream(title: str, heads: list[str], rows: Iterable[list[Any]]) -> Iterator[bytes]:
    """XLSX with typed cells: days are days, numbers are numbers, the rest is text and never a formula or a link."""
    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, options)
        sheet = book.add_worksheet(title[:31])
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        for column, head in enumerate(heads):
            sheet.write_string(0, column, head, bold)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(heads) - 1, 16)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(number, column, value, day)
                elif isinstance(value, int | float) and not isinstance(value, bool):
                    sheet.write_number(number, column, value)
                elif value is not None:
                    sheet.write_string(number, column, str(value))
        book.close()
        file.seek(0)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
