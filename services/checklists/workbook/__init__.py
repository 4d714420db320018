"""A version of a checklist as an Excel workbook, and back; and an office's own assessment sheet as a version.

Pure functions: no database, no one's rights. What was read is an outline; whether it is saved is for others.
"""

from services.checklists.workbook.form import make_book
from services.checklists.workbook.read import Read, SheetFault, read_book

__all__ = ["Read", "SheetFault", "make_book", "read_book"]
