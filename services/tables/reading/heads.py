"""Finding the table in sheets as offices make them: below titles, under heads of one to three rows, on any sheet."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from policy.errors import Refused
from services.tables.importing.fields import Field
from services.tables.reading.body import read_body
from services.tables.reading.files import Cell, Sheet
from services.tables.reading.mapping import assign, map_heads
from services.tables.reading.names import LIKE_SYNONYM, Names
from services.tables.reading.table import JOINT, Head, Table
from services.tables.reading.words import NUMBER_HEADS, plain

_ROWS_TRIED = 40
_DEEPEST = 3
_LONGEST_HEAD = 60
_LONGEST_TRIED = 400
_LINES_TRIED = 200
_ENOUGH = 1.4
_LEAST = 0.8
_DATA = re.compile(r"\d{7,}|(19|20)\d\d[-./年]\d{1,2}([-./月]\d{1,2}日?)?|[\d.,%]+")
# What stands above heads and isn't their upper row: who reports, and when.
_NOT_UPPER = re.compile(r"[:：\d]|.{13}")
_NAMED_WHEN_REFUSED = 6

Row = Sequence[Cell]


@dataclass(frozen=True)
class _Block:
    """Rows of a sheet taken as its heads."""

    sheet: Sheet
    top: int
    bottom: int
    words: dict[int, tuple[str, ...]]
    score: float


def find_table(sheets: list[Sheet], fields: Sequence[Field], remembered: Mapping[str, str] | None = None) -> Table:
    """The table that holds the most of what a form asks for.

    Args:
        sheets: of one file.
        fields: the form's fields.
        remembered: heads that a branch's mapping knows (``head_key``): they count as known here too.

    Raises:
        Refused: no row of heads was found; says what was looked for.
    """
    names = Names(fields, remembered)
    best = [block for sheet in sheets if (block := _best_block(sheet, names)) is not None]
    good = [block for block in best if block.score >= _ENOUGH or _narrow(block)]
    if good:
        return _table_of(good, names)
    for sheet in sheets:
        if (table := _by_values(sheet, fields, names)) is not None:
            return table
    # One known head is little, but a person who sees the columns can say what the others are.
    tables = [table for block in best if block.score >= _LEAST and (table := _read(block, names)).lines]
    if tables:
        return tables[0]
    labels = "、".join(field.label for field in fields if field.kind != "key")
    looked_for = labels if len(fields) <= _NAMED_WHEN_REFUSED else "、".join(labels.split("、")[:_NAMED_WHEN_REFUSED])
    more = "等" if len(fields) > _NAMED_WHEN_REFUSED else ""
    raise Refused(
        f"没有找到表头。要找的是写着“{looked_for}”{more}的一行，至少要有其中两列。"
        "请确认选对了文件，或下载模板，把内容粘贴进去。"
    )


def _table_of(good: list[_Block], names: Names) -> Table:
    tables = [_read(block, names) for block in good]
    place = max(
        range(len(good)),
        key=lambda one: (bool(tables[one].lines), round(good[one].score, 1), len(tables[one].lines), -one),
    )
    found = tables[place]
    others = tuple(
        table.sheet
        for one, table in enumerate(tables)
        if one != place and table.lines and good[one].score >= good[place].score / 2
    )
    return Table(found.sheet, found.heads, found.lines, found.left_out, others)


def _narrow(block: _Block) -> bool:
    """Whether the sheet has one or two columns only, of which one is known."""
    return block.score >= _LEAST and len(block.words) <= 2


def _best_block(sheet: Sheet, names: Names) -> _Block | None:
    best = None
    for block in _blocks(sheet, names):
        if best is None or block.score > best.score + 1e-9:
            best = block
    return best


def _blocks(sheet: Sheet, names: Names) -> Iterator[_Block]:
    filled = [place for place, row in enumerate(sheet.rows) if any(cell is not None for cell in row)]
    for top in filled[:_ROWS_TRIED]:
        for bottom in range(top, min(top + _DEEPEST, len(sheet.rows))):
            rows = sheet.rows[top : bottom + 1]
            if not _may_be_heads(rows):
                break
            words = _words(sheet, top, bottom)
            if words is not None and (score := _score(sheet, top, bottom, words, names)) > 0:
                yield _Block(sheet, top, bottom, words, score)


def _may_be_heads(rows: Sequence[Row]) -> bool:
    """Whether the upper rows have several different texts, and the last has any: a title stands alone in its row."""
    for place, row in enumerate(rows):
        texts = {str(cell) for cell in row if cell is not None}
        if not texts or any(len(text) > _LONGEST_TRIED for text in texts):
            return False
        if place < len(rows) - 1 and len(texts) < 2:
            return False
    return True


def _words(sheet: Sheet, top: int, bottom: int) -> dict[int, tuple[str, ...]] | None:
    """The parts of each column's head; None where a merged cell shows that the heads reach further up or down."""
    height = bottom - top + 1
    width = max(len(row) for row in sheet.rows[top : bottom + 1])
    grid = [[_head_text(row[place]) if place < len(row) else "" for place in range(width)] for row in
            sheet.rows[top : bottom + 1]]  # fmt: skip
    known_merges = False
    for first_row, first, last_row, last in sheet.merged:
        if last_row < top or first_row > bottom or first >= width:
            continue
        if first_row < top or last_row > bottom:
            return None
        known_merges = True
        text = grid[first_row - top][first]
        for row in range(first_row - top, last_row - top + 1):
            # In the lowest row nothing stands beneath, so that a wide head is one column's head.
            for place in range(first, min(last, width - 1) + 1 if last_row < bottom else first + 1):
                grid[row][place] = text
    if height > 1 and not known_merges:
        if _stands_alone(grid, width):
            return None
        _fill_upper(grid, width)
    words = {}
    for place in range(width):
        parts: list[str] = []
        for row in grid:
            if row[place] and (not parts or parts[-1] != row[place]):
                parts.append(row[place])
        if parts:
            words[place] = tuple(parts)
    return words


def _stands_alone(grid: list[list[str]], width: int) -> bool:
    """Whether some row has text under nearly all texts of the row above: two rows of data, or of a form, not of a head."""
    for upper, lower in pairwise(grid):
        over = [place for place in range(width) if upper[place]]
        if sum(bool(lower[place]) and lower[place] != upper[place] for place in over) * 5 > len(over) * 4 > 4:
            return True
    return False


def _fill_upper(grid: list[list[str]], width: int) -> None:
    """Without word of merged cells: an upper head reaches right as long as only the row beneath has text."""
    for upper, lower in pairwise(grid):
        reaching = ""
        for place in range(width):
            if upper[place]:
                reaching = upper[place] if lower[place] else ""
            elif lower[place] and reaching:
                upper[place] = reaching
            else:
                reaching = ""


def _head_text(cell: Cell) -> str:
    return "" if cell is None else str(cell).strip()


def _score(sheet: Sheet, top: int, bottom: int, words: dict[int, tuple[str, ...]], names: Names) -> float:
    """How much of the form stands in these heads, less what looks like data among them."""
    places = sorted(words)
    meant = assign([words[place] for place in places], names)
    score = sum(meaning.worth for meaning in meant.values()) / 100
    score += sum(names.is_remembered(JOINT.join(words[place])) for place in places)
    score += 0.2 * any(plain(words[place][-1]) in NUMBER_HEADS for place in places)
    if not score or _looks_like_form(sheet, top, bottom + 1, words, names):
        return 0
    for row in sheet.rows[top : bottom + 1]:
        for cell in row:
            if cell is None:
                continue
            if not isinstance(cell, str) or _DATA.fullmatch(cell):
                score -= 0.6
            elif len(cell) > _LONGEST_HEAD:
                score -= 0.3
    return score - 0.05 * (bottom - top) - _cut_off(sheet, top)


def _cut_off(sheet: Sheet, top: int) -> float:
    """What heads lose whose upper row was left outside: several short texts, spread over the columns, stand above."""
    above = sheet.rows[top - 1] if top else []
    texts = [(place, cell) for place, cell in enumerate(above) if cell is not None]
    if len(texts) < 2 or any(not isinstance(cell, str) or _NOT_UPPER.search(cell) for _place, cell in texts):
        return 0
    wide = any(first_row == last_row == top - 1 and last > first for first_row, first, last_row, last in sheet.merged)
    return 0.8 if wide else 0.5 if len(texts) < len([cell for cell in sheet.rows[top] if cell is not None]) else 0


def _looks_like_form(sheet: Sheet, top: int, below: int, words: dict[int, tuple[str, ...]], names: Names) -> bool:
    """Whether the next row has labels too, as in a form for one person, or in the lower row of a head."""
    if below >= len(sheet.rows):
        # The last row: what stands above tells.
        below = top - 1
        if below < 0:
            return False
    cells = [(place, cell) for place, cell in enumerate(sheet.rows[below]) if isinstance(cell, str)]
    labels = [
        place
        for place, cell in cells
        if plain(cell) not in map(plain, words.get(place, ()))
        and any(meaning.worth > LIKE_SYNONYM for meaning in names.meanings((cell,)))
    ]
    return len(labels) >= 2 and len(labels) * 3 >= len(cells)


def _read(block: _Block, names: Names) -> Table:
    heads = {place: Head(place, JOINT.join(parts), parts) for place, parts in block.words.items()}
    return read_body(block.sheet, block.top, block.bottom, heads, names)


def _by_values(sheet: Sheet, fields: Sequence[Field], names: Names) -> Table | None:
    """A table whose heads say nothing, but whose values do: a row of different short texts over rows of data."""
    filled = [place for place, row in enumerate(sheet.rows) if any(cell is not None for cell in row)]
    for top in filled[:10]:
        texts = [cell for cell in sheet.rows[top] if cell is not None]
        if len(texts) < 2 or len({str(text) for text in texts}) < len(texts):
            continue
        if not all(isinstance(text, str) and len(text) <= 20 and not _DATA.fullmatch(text) for text in texts):
            continue
        words = _words(sheet, top, top)
        if words is None or _looks_like_form(sheet, top, top + 1, words, names):
            continue
        beginning = Sheet(sheet.name, sheet.rows[: top + _LINES_TRIED], sheet.merged)
        table = _read(_Block(beginning, top, top, words, 0), names)
        mapped = map_heads(table, fields) if table.lines else []
        if sum(one.field is not None for one in mapped) >= 2:
            return _read(_Block(sheet, top, top, words, 0), names)
    return None
