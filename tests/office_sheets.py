"""Assessment sheets as offices have them: made for tests, and what is read of them."""

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from models.hundredths import trimmed
from services.checklists.outline import ItemOutline
from services.checklists.workbook import Read, read_book

Rows = Sequence[Sequence[Any]]
NO: Any = None


def office_sheet(rows: Rows, *merged: tuple[int, int, int, int], name: str = "考核表.xlsx") -> Read:
    """An office's sheet, read. ``merged``: first row, first column, last row, last column, counted from 0."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    sheet = book.add_worksheet("考核")
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            if value is not None:
                sheet.write(number, place, value)
    for first_row, first, last_row, last in merged:
        sheet.merge_range(first_row, first, last_row, last, rows[first_row][first])
    book.close()
    return read_book(file.getvalue(), name)


def items_in(read: Read) -> dict[str, list[tuple[str, str, str]]]:
    """Text, points and scoring of each item by group."""
    return {
        group.name: [(item.text, trimmed(item.points), item.scoring.label) for item in group.items]
        for group in read.outline.groups
    }


def said_of(read: Read, text: str) -> ItemOutline:
    """The item with this text."""
    return next(item for item in read.outline.items() if item.text == text)


def places_of(read: Read) -> list[tuple[str, int | None, str]]:
    """Where the faults are."""
    return [(fault.sheet, fault.row, fault.column) for fault in read.faults]
