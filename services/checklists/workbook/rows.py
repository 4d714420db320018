"""Rows of a sheet on their way to items: what stands in cells of our own form, and what was found wrong with it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models import ChecklistItem, Scoring
from models.hundredths import parse_hundredths
from policy.errors import Refused
from services.checklists.outline import MOST_ITEMS, StepOutline, parse_steps
from services.checklists.workbook.form import COLUMNS, HEADS
from services.tables.importing.values import Reader, Unfit, reader_of, text_of, words_of
from services.tables.reading import Cell, Sheet

_FACTS = ChecklistItem.__table__.columns
_CODE = re.compile(r'"((?:[^"]|"")*)"|([^、，,；;\s"]+)')
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f]")
# More than any column takes is too long all the same.
_LONGEST_KEPT = 2_000
_LONGEST_ORIGINS = 40_000
_LISTED = 8
_LARGEST_TOTAL = 10_000_000
_MOST_ROWS = 10 * MOST_ITEMS
_TOTAL = re.compile(r"(?:合计|小计|总计|共计|总分|总分值|满分)(?:(\d{1,7}(?:\.\d{1,2})?)分?)?")


@dataclass
class Row:
    """One item as a row has it.

    Attributes:
        number: of the row, as Excel counts.
        code: empty where it must be made.
        points: in hundredths; None where the row doesn't say.
        scoring: None where it must be told from the words.
        words: from which it can be told.
        faults: field and message.
    """

    number: int
    group: str = ""
    code: str = ""
    text: str = ""
    points: int | None = None
    scoring: Scoring | None = None
    steps: tuple[StepOutline, ...] = ()
    off_each: int | None = None
    off_at_most: int | None = None
    counts: str | None = None
    can_be_left_out: bool = True
    how_checked: str | None = None
    evidence: str | None = None
    origins: tuple[str, ...] = ()
    words: str = ""
    faults: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Total:
    """A row that says what the items above it come to, in hundredths of a point."""

    number: int
    points: int


@dataclass
class Found:
    """What a sheet says about items.

    Attributes:
        heads: what the sheet calls the columns, by field.
        title: what stands above the table.
        group_points: what a group says that its items come to, in hundredths of a point.
    """

    sheet: str
    heads: dict[str, str]
    rows: list[Row] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)
    group_points: dict[str, int] = field(default_factory=dict)
    guesses: list[str] = field(default_factory=list)
    title: str = ""


def written(cell: Cell, longest: int = _LONGEST_KEPT) -> str:
    """The text of a cell, letter by letter, but for what a database doesn't take."""
    text = cell.replace("\r\n", "\n") if isinstance(cell, str) else text_of(cell)
    return _UNSTORABLE.sub("", text)[:longest]


def refuse_long(sheet: str, count: int) -> None:
    """Raise Refused where a sheet has more rows than any checklist."""
    if count > _MOST_ROWS:
        raise Refused(f"工作表“{sheet}”有 {count} 行，而一个清单最多 {MOST_ITEMS} 项。请确认选对了文件。")


def read_own_form(sheets: Iterable[Sheet]) -> Found | None:
    """The rows of the sheet that has our own heads; None where there is none, or somebody has merged its cells."""
    for sheet in sheets:
        if sheet.rows and [*map(written, sheet.rows[0])] == [*HEADS] and not sheet.merged:
            return _read_rows(sheet)
    return None


def _read_rows(sheet: Sheet) -> Found:
    found = Found(sheet.name, {name: column.label for name, column in COLUMNS.items()})
    refuse_long(sheet.name, len(sheet.rows) - 1)
    group = ""
    for number, row in enumerate(sheet.rows[1:], 2):
        cells = dict(zip(COLUMNS, row, strict=False))
        if all(cell is None for cell in cells.values()):
            continue
        if cells.get("text") is None and (total := total_in(row)) is not None:
            found.totals.append(Total(number, total))
            continue
        group = written(cells.get("group")) or group
        found.rows.append(_read_row(number, group, cells))
    return found


def _read_row(number: int, group: str, cells: Mapping[str, Cell]) -> Row:
    row = Row(number, group, written(cells.get("code")), written(cells.get("text")))
    row.points = read(row, "points", number_reader("points"), cells)
    row.how_checked = written(cells.get("how_checked")) or None
    row.evidence = written(cells.get("evidence")) or None
    row.words = row.how_checked or ""
    read_own_columns(row, cells)
    return row


def read_own_columns(row: Row, cells: Mapping[str, Cell]) -> None:
    """Take over what only our own form has columns for."""
    row.scoring = read(row, "scoring", reader_of(_FACTS.scoring, words_of(_FACTS.scoring, {})), cells)
    if "scoring" in dict(row.faults):
        row.scoring = Scoring.GRADED
    row.off_each = read(row, "off_each", number_reader("off_each"), cells)
    row.off_at_most = read(row, "off_at_most", number_reader("off_at_most"), cells)
    row.counts = written(cells.get("counts")) or None
    can_be_left_out = read(row, "can_be_left_out", reader_of(_FACTS.can_be_left_out, {}), cells)
    row.can_be_left_out = True if can_be_left_out is None else can_be_left_out
    row.origins = tuple(
        quoted.replace('""', '"') or plain
        for quoted, plain in _CODE.findall(written(cells.get("origins"), _LONGEST_ORIGINS))
    )
    if steps := written(cells.get("steps")):
        if row.scoring is None:
            row.scoring = Scoring.GRADED
        row.steps = read(row, "steps", lambda _cell: _read_steps(steps, row), cells) or ()
    elif row.off_each and row.scoring is None:
        row.scoring = Scoring.DEDUCTION


def _read_steps(text: str, row: Row) -> tuple[StepOutline, ...]:
    try:
        return parse_steps(text, row.scoring or Scoring.GRADED, row.counts)
    except ValueError as reason:
        raise Unfit(str(reason)) from None


def read(row: Row, name: str, reader: Reader, cells: Mapping[str, Cell]) -> Any:
    """What a cell says; None where it can't be read, which is noted."""
    try:
        return reader(cells.get(name))
    except Unfit as reason:
        row.faults.append((name, reason.reason))
        return None


def number_reader(name: str) -> Reader:
    """What reads the cells of one of the columns that hold points."""
    return reader_of(_FACTS[name], {})


def total_in(cells: Iterable[Cell]) -> int | None:
    """The sum that a row such as 合计 100 gives, in hundredths; None where it is no such row, 0 where it gives none."""
    said = [cell for cell in cells if cell is not None]
    texts = ["".join(cell.split()).strip("：:") for cell in said if isinstance(cell, str)]
    found = next(
        (match for text in texts[:2] if (match := _TOTAL.fullmatch(text.replace("（", "").replace("）", "")))), None
    )
    if found is None:
        return None
    if found[1]:
        return parse_hundredths(found[1])
    numbers = [cell for cell in said if isinstance(cell, int | float) and not isinstance(cell, bool)]
    return next((round(cell * 100) for cell in numbers if 0 < cell < _LARGEST_TOTAL), 0)


def rows_in_words(numbers: Sequence[int]) -> str:
    """第 3、4、5 行, and no more of them than anybody reads."""
    few = "、".join(map(str, numbers[:_LISTED]))
    return f"第 {few} 等 {len(numbers)} 行" if len(numbers) > _LISTED else f"第 {few} 行"
