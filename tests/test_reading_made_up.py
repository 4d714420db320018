"""Sheets and files that nobody would think of: each is read as a table or refused, and nothing else ever happens."""

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from policy.errors import Refused
from services.tables.reading import Sheet, find_table, map_heads, read_sheets
from tests.sheet_fields import fields_of

pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent / "sheets"
FILES = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".xlsx", ".xls", ".csv", ".txt", ".et"))
RESOURCES = ("company", "person", "adviser", "visit", "honour", "problem")
# Nothing of an example is kept on disk, and no example is timed: two cores are shared with much else.
CALM = {"database": None, "deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}

JUNK = some.sampled_from(
    [
        "序号",
        "合计",
        "小计",
        "填表人：示例",
        "注：1",
        "例",
        "〃",
        "无",
        "—",
        "#REF!",
        "（人）",
        "姓名：张示例",
        "附件1",
        "示例" * 400,
        "1",
        "\n",
        "★",
    ]
)
CELLS = some.one_of(
    some.none(), JUNK, some.text(max_size=8), some.integers(-(10**18), 10**18), some.floats(), some.booleans(),
    some.dates(date(1900, 1, 1), date(2100, 1, 1)),
)  # fmt: skip


@some.composite
def sheets(draw: Any) -> tuple[str, Sheet]:
    """A resource, and a sheet of it: titles, heads out of its labels and synonyms with junk between, rows, footers."""
    resource = draw(some.sampled_from(RESOURCES))
    words = [name for field in fields_of(resource) for name in (field.label, *field.also)]
    head = some.one_of(some.sampled_from(words), JUNK, some.text(max_size=6), some.none())
    width = draw(some.integers(0, 8))
    row = some.lists(CELLS, max_size=width)
    rows = draw(some.lists(row, max_size=3))
    rows += draw(some.lists(some.lists(head, min_size=width, max_size=width), min_size=0, max_size=3))
    rows += draw(some.lists(row, max_size=8))
    edge = some.integers(0, 12)
    spans = draw(some.lists(some.tuples(edge, edge, edge, edge), max_size=4))
    merged = [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in spans]
    return resource, Sheet("表", rows, merged)


def is_read_or_refused(resource: str, found: list[Sheet]) -> None:
    fields = fields_of(resource)
    try:
        table = find_table(found, fields)
    except Refused as reason:
        assert reason.message
        return
    mapped = map_heads(table, fields)
    given_to = [one.field for one in mapped if one.field]
    assert len(given_to) == len(set(given_to)), "a field was given to two heads"
    assert [one.head for one in mapped] == table.heads
    assert all(len(line.cells) == len(table.heads) for line in table.lines)
    numbers = [line.number for line in table.lines] + [number for number, _why in table.left_out]
    assert len(numbers) == len(set(numbers)), "a row is data or left out, and not both"
    assert all(1 <= number <= max(len(sheet.rows) for sheet in found) for number in numbers)


def is_a_table_or_refused(data: bytes) -> None:
    try:
        found = read_sheets(data, "示例.xlsx")
    except Refused as reason:
        assert reason.message
        return
    is_read_or_refused("person", found)


@some.composite
def damaged(draw: Any) -> bytes:
    """A real file with bytes changed, taken out or put in; within a workbook, within one of its parts."""
    data = (FOLDER / draw(some.sampled_from(FILES))).read_bytes()
    if data.startswith(b"PK") and draw(some.booleans()):
        return repacked(data, draw)
    return spoilt(data, draw)


def spoilt(data: bytes, draw: Any) -> bytes:
    for _change in range(draw(some.integers(1, 6))):
        place = draw(some.integers(0, len(data)))
        taken_out = draw(some.sampled_from((0, 1, 1, 2, 50, len(data))))
        data = data[:place] + draw(some.binary(max_size=6)) + data[place + taken_out :]
    return data


def repacked(data: bytes, draw: Any) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        changed = draw(some.sampled_from(old.namelist()))
        for name in old.namelist():
            new.writestr(name, spoilt(old.read(name), draw) if name == changed else old.read(name))
    return stream.getvalue()


@given(sheets())
@settings(max_examples=150, **CALM)
def test_a_made_up_sheet_is_read_or_refused(made: tuple[str, Sheet]) -> None:
    is_read_or_refused(made[0], [made[1]])


@given(some.one_of(damaged(), some.binary(max_size=300)))
@settings(max_examples=20, **CALM)
def test_a_damaged_file_is_read_or_refused(data: bytes) -> None:
    is_a_table_or_refused(data)


@pytest.mark.long
@given(sheets())
@settings(max_examples=5000, **CALM)
def test_thousands_of_made_up_sheets_are_read_or_refused(made: tuple[str, Sheet]) -> None:
    is_read_or_refused(made[0], [made[1]])


@pytest.mark.long
@given(some.one_of(damaged(), some.binary(max_size=300)))
@settings(max_examples=2000, **CALM)
def test_thousands_of_damaged_files_are_read_or_refused(data: bytes) -> None:
    is_a_table_or_refused(data)
