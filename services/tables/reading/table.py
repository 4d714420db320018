"""What is found in a sheet: heads, and lines beneath them."""

from dataclasses import dataclass

from services.tables.reading.files import Cell

JOINT = " · "


@dataclass(frozen=True)
class Head:
    """The head of one column.

    Attributes:
        place: the column of the sheet, counted from 0.
        text: what people see; the parts of a head of two or three rows are joined with " · ". Empty where a column has
            values and no head.
        words: the parts, from the upper to the lower.
    """

    place: int
    text: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """One row of data: its number in the sheet, counted from 1 as Excel does, and a cell for each head."""

    number: int
    cells: list[Cell]


@dataclass(frozen=True)
class Table:
    """The table of a sheet.

    Attributes:
        sheet: the sheet's name.
        heads: its columns; those with neither head nor value are left out.
        lines: its rows of data.
        left_out: rows that aren't data, and why, in Chinese. Blank rows aren't listed.
        other_sheets: names of sheets that have such a table as well, and weren't read.
    """

    sheet: str
    heads: list[Head]
    lines: list[Line]
    left_out: list[tuple[int, str]]
    other_sheets: tuple[str, ...] = ()
