"""Sheets for tests: rows as a workbook, and what stands in a workbook."""

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from services.tables.reading import read_sheets


def workbook(*rows: Sequence[Any], name: str = "表") -> bytes:
    """The rows as an XLSX file."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(name)
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            if value is not None:
                sheet.write(number, place, value)
    book.close()
    return file.getvalue()


def rows_of(book: bytes) -> list[list[Any]]:
    """What stands in the first sheet of a workbook."""
    return read_sheets(book, "a.xlsx")[0].rows


def notes_in(book: bytes) -> str:
    """The comments at a workbook's cells, as the file holds them."""
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        return "".join(parts.read(name).decode() for name in parts.namelist() if "comments" in name)
