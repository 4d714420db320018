"""A file becomes a version of a checklist: its rows are put together, and what is wrong is named with its place."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from models import BranchKind, Scoring
from services.checklists.outline import MOST_ITEMS, GroupOutline, ItemOutline, Outline, faults_of
from services.checklists.workbook.form import AUDIENCES, FOR_ALL, PERCENTS, TEMPLATE, VERSION
from services.checklists.workbook.office import read_office_sheet
from services.checklists.workbook.rows import Found, Row, read_own_form, rows_in_words, written
from services.checklists.workbook.words import Ruling, ruling_in
from services.tables.reading import Cell, Sheet, read_sheets

_USUAL_POINTS = 1000
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_OF_ITEM = (
    "code", "text", "steps", "off_each", "off_at_most", "counts", "can_be_left_out", "how_checked", "evidence",
    "origins",
)  # fmt: skip


@dataclass(frozen=True)
class SheetFault:
    """What is wrong in a file, and where.

    Attributes:
        row: as Excel counts; None where no row of the file is to blame.
        column: the head of the column, or what the line of the sheet 说明 is called; empty where there is none.
        group: the place of the group in the outline, counted from 0; None where it is about the version.
        item: the place of the item in its group; None where it is about the group.
    """

    sheet: str
    row: int | None
    column: str
    message: str
    group: int | None = None
    item: int | None = None


@dataclass(frozen=True)
class Read:
    """What a file says.

    Attributes:
        template_name: what the checklist is called, by the file, its title or its name.
        outline: as far as it could be read; to be saved only where there are no faults.
        guesses: what was assumed, in Chinese, to be confirmed by a person.
    """

    template_name: str
    outline: Outline
    faults: list[SheetFault]
    guesses: list[str]


def read_book(contents: bytes, file_name: str, name: str = "") -> Read:
    """Our own form, or an office's own assessment sheet (.xlsx, .xls, .csv …), as a version.

    What ``make_book`` wrote comes back the same, but for groups without items, blanks around texts, and the names of
    steps that count, which are made from number and unit.

    Args:
        file_name: as it was uploaded; some of it may become a name.
        name: of the version, where the file doesn't say.

    Raises:
        Refused: the file can't be read, or holds no assessment; the reason is in Chinese.
    """
    sheets = read_sheets(contents, file_name)
    about = _About.among(sheets)
    items = [sheet for sheet in sheets if about is None or sheet.name != about.sheet]
    found = read_own_form(items) or read_office_sheet(items)
    guesses = [*found.guesses]
    _tell_scoring(found, guesses)
    _tell_points(found, guesses)
    _make_codes(found, guesses)
    _check_sums(found, guesses)
    if about is None:
        about = _About("", {}, {})
        guesses.append("达标线按 90%、基本达标线按 75%、加分上限按 10%。")
    stem = PurePosixPath(file_name.replace("\\", "/")).stem
    version = about.said.get(VERSION) or name or _name_by_year(found.title, stem, guesses)
    outline, places = _put_together(version, found.rows, about)
    return Read(
        about.said.get(TEMPLATE) or found.title or stem,
        outline,
        [*about.faults, *_faults_in(found, outline, places, about)],
        guesses,
    )


# What is about the whole version


class _About:
    """The sheet 说明: what it says line by line, and what is wrong there."""

    def __init__(self, sheet: str, said: dict[str, str], rows: dict[str, int]) -> None:
        self.sheet, self.said, self._rows = sheet, said, rows
        self.faults: list[SheetFault] = []
        self.percents: dict[str, int] = {}
        for name, label in PERCENTS.items():
            if said.get(label):
                self._read_percent(name, label)
        self.audiences = tuple(self._read_audiences())

    @staticmethod
    def among(sheets: Sequence[Sheet]) -> "_About | None":
        """The sheet that has our own labels down its first column."""
        for sheet in sheets:
            pairs = {written(row[0]).strip(":： "): (number, row) for number, row in enumerate(sheet.rows, 1) if row}
            if {VERSION, *PERCENTS.values()} <= pairs.keys():
                mine = {
                    label: pairs[label]
                    for label in (TEMPLATE, VERSION, *PERCENTS.values(), AUDIENCES)
                    if label in pairs
                }
                return _About(
                    sheet.name,
                    {label: _said(row[1]) if len(row) > 1 else "" for label, (_number, row) in mine.items()},
                    {label: number for label, (number, _row) in mine.items()},
                )
        return None

    def fault(self, label: str, message: str) -> SheetFault:
        """What is wrong with one of its lines."""
        return SheetFault(self.sheet, self._rows.get(label), label, message)

    def _read_percent(self, name: str, label: str) -> None:
        found = re.fullmatch(r"(\d{1,3})(?:\.0+)?\s*[%％]?", self.said[label])
        if found:
            self.percents[name] = int(found[1])
        else:
            self.faults.append(self.fault(label, "请填写 0 到 100 的整数，如 90%。"))

    def _read_audiences(self) -> Iterator[BranchKind]:
        kinds = {kind.label: kind for kind in BranchKind}
        for label in re.split(r"[、，,；;\s]+", self.said.get(AUDIENCES, "")):
            if label in kinds:
                yield kinds[label]
            elif label not in ("", FOR_ALL):
                self.faults.append(
                    self.fault(AUDIENCES, f"没有“{label[:20]}”这一类。可以写：{'、'.join(kinds)}，或{FOR_ALL}。")
                )


def _said(cell: Cell) -> str:
    """The text of a cell; of 0.9, which is what Excel makes of 90%, the percents."""
    if isinstance(cell, float) and 0 < cell < 1:
        return f"{round(cell * 100, 2):g}%"
    return written(cell)


def _name_by_year(title: str, stem: str, guesses: list[str]) -> str:
    found = _YEAR.search(title) or _YEAR.search(stem)
    name = f"{found[1]} 版" if found else "新版本"
    guesses.append(f"文件里没有版本名称，暂定为“{name}”。")
    return name


# What the rows don't say themselves


def _tell_scoring(found: Found, guesses: list[str]) -> None:
    """Tell from the words how items are scored that don't say."""
    told: dict[str, list[int]] = {}
    doubts: dict[str, list[int]] = {}
    for row in found.rows:
        if row.scoring is not None:
            continue
        ruling = ruling_in(f"{row.group} {row.text}", row.words, row.points)
        row.scoring, row.steps = ruling.scoring, ruling.steps
        row.off_each, row.off_at_most = row.off_each or ruling.off_each, row.off_at_most or ruling.off_at_most
        row.counts = row.counts or ruling.counts
        if ruling.points is not None:
            row.points = ruling.points
        told.setdefault(_in_words(ruling), []).append(row.number)
        if ruling.unsure:
            doubts.setdefault(ruling.unsure, []).append(row.number)
    why = "“得分办法”空着的" if "scoring" in found.heads else "没有“得分办法”一列"
    if told:
        each = "；".join(f"{rows_in_words(numbers)}按“{words}”" for words, numbers in told.items())
        guesses.append(f"{why}，从文字判断：{each}。")
    guesses += [f"{rows_in_words(numbers)}{doubt}，请核对得分办法。" for doubt, numbers in doubts.items()]


def _in_words(ruling: Ruling) -> str:
    if ruling.scoring is Scoring.GRADED:
        return f"{Scoring.GRADED.label}（{'档次取自评分标准' if ruling.steps else '达到、部分达到、未达到'}）"
    return "一票否决（不计分）" if ruling.scoring is Scoring.VETO else ruling.scoring.label


def _tell_points(found: Found, guesses: list[str]) -> None:
    """Where no item says what it is worth, all are worth alike; where only some don't, they have to, but for vetoes."""
    counted = [row for row in found.rows if row.scoring not in (Scoring.VETO, Scoring.BONUS)]
    silent = [row for row in counted if row.points is None and "points" not in dict(row.faults)]
    if not silent:
        return
    if len(silent) < len(counted):
        for row in silent:
            row.faults.append(("points", "请填写分值。"))
        return
    for row in silent:
        row.points = _USUAL_POINTS
    guesses.append("没有分值，每项按 10 分。")


def _make_codes(found: Found, guesses: list[str]) -> None:
    """Number the items without a code within their groups: 1.1, 1.2 …"""
    taken = {row.code for row in found.rows}
    groups = list(dict.fromkeys(row.group for row in found.rows))
    counts = dict.fromkeys(groups, 0)
    made = []
    for row in found.rows:
        counts[row.group] += 1
        if row.code:
            continue
        number = counts[row.group]
        while (code := f"{groups.index(row.group) + 1}.{number}") in taken:
            number += 1
        row.code = code
        taken.add(code)
        made.append(row.number)
    if made:
        which = "各项" if len(made) == len(found.rows) else rows_in_words(made)
        guesses.append(f"{which}没有编码，按分组编成 1.1、1.2 这样的编码。")


def _check_sums(found: Found, guesses: list[str]) -> None:
    """Say where the points don't come to what the sheet says."""
    for name, points in found.group_points.items():
        rows = [row for row in found.rows if row.group == name and row.scoring is not Scoring.BONUS]
        if rows and _sum(rows) != points:
            guesses.append(f"分组“{name}”写的是 {points / 100:g} 分，各项加起来是 {_sum(rows) / 100:g} 分，请核对。")
    before = 0
    for total in sorted(found.totals, key=lambda one: one.number):
        above = [row for row in found.rows if row.number < total.number]
        near = [row for row in above if row.number > before]
        before = total.number
        if not near:
            near = above
        base = [[row for row in rows if row.scoring is not Scoring.BONUS] for rows in (above, near)]
        if total.points not in map(_sum, (above, near, *base)):
            guesses.append(
                f"第 {total.number} 行的合计是 {total.points / 100:g} 分，各项加起来是 {_sum(base[0]) / 100:g} 分，请核对。"
            )


def _sum(rows: Sequence[Row]) -> int:
    return sum(row.points or 0 for row in rows)


# The outline, and what is wrong with it


def _put_together(name: str, rows: Sequence[Row], about: _About) -> tuple[Outline, dict[tuple[int, int], Row]]:
    """The outline, and the row of each of its items by the places of group and item."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    outline = Outline(
        name,
        tuple(GroupOutline(group, tuple(map(_item_of, held))) for group, held in groups.items()),
        audiences=about.audiences,
        **about.percents,
    )
    places = {(group, item): row for group, held in enumerate(groups.values()) for item, row in enumerate(held)}
    return outline, places


def _item_of(row: Row) -> ItemOutline:
    facts = {name: getattr(row, name) for name in _OF_ITEM}
    return ItemOutline(points=row.points or 0, scoring=row.scoring or Scoring.GRADED, **facts)


def _faults_in(
    found: Found, outline: Outline, places: dict[tuple[int, int], Row], about: _About
) -> Iterator[SheetFault]:
    """What is wrong, row by row; then what is wrong with the version."""
    noted = {(row.number, name) for row in found.rows for name in dict(row.faults)}
    ours = [(row, name, why, group, item) for (group, item), row in places.items() for name, why in row.faults]
    others = []
    for fault in faults_of(outline):
        if fault.group is None:
            others.append(_version_fault(fault.name, fault.message, found, about))
        elif fault.item is None:
            ours.append((places[fault.group, 0], "group", fault.message, fault.group, None))
        elif (row := places[fault.group, fault.item]) and (row.number, fault.name) not in noted:
            ours.append((row, fault.name, fault.message, fault.group, fault.item))
    for row, name, why, group, item in sorted(ours, key=lambda one: one[0].number):
        yield SheetFault(found.sheet, row.number, _head(found, name), why, group, item)
    yield from others


def _head(found: Found, name: str) -> str:
    """What the sheet calls the column of a field; of what several columns make up, the one that says most."""
    also = {"text": ("point", "text", "upper"), "how_checked": ("rule", "how_checked")}
    return next((found.heads[one] for one in also.get(name, (name,)) if one in found.heads), "")


def _version_fault(name: str, message: str, found: Found, about: _About) -> SheetFault:
    if not name:
        row = found.rows[MOST_ITEMS].number if len(found.rows) > MOST_ITEMS else None
        return SheetFault(found.sheet, row, "", message)
    return about.fault(PERCENTS.get(name, VERSION), message)
