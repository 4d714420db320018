"""Bytes become a table with mapped heads: sheets, the table in them, and the field of each column.

Pure functions: no database, no one's rights. What a cell means is for later steps; here it only has to be found.
"""

from services.tables.reading.files import Cell, Sheet, read_sheets
from services.tables.reading.heads import find_table
from services.tables.reading.mapping import Mapped, map_heads
from services.tables.reading.table import Head, Line, Table
from services.tables.reading.values import cut_by_excel
from services.tables.reading.words import head_key

__all__ = [
    "Cell",
    "Head",
    "Line",
    "Mapped",
    "Sheet",
    "Table",
    "cut_by_excel",
    "find_table",
    "head_key",
    "map_heads",
    "read_sheets",
]
