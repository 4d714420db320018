"""Checklists and sheets that nobody would think of: our own form holds each checklist, no sheet breaks the reading."""

import sys
from typing import Any

import pytest

from models import BranchKind, Scoring
from policy import Refused
from services.checklists.outline import GroupOutline, ItemOutline, Outline, StepOutline, faults_of, number_name
from services.checklists.workbook import make_book, read_book
from services.tables.apart.sheets import sheets_of
from services.tables.reading import Sheet
from services.tables.reading.files import as_sheets

pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

CALM = {"database": None, "deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
READING = sys.modules["services.checklists.workbook.read"]
ODD = some.sampled_from(
    ["=1+1", "@x", "+a", "合计", "分组", "编码", "〃", "同上", "无", "—", "注：1", "例", "一票否决", "加分", "“（30分）”", "1.10", "_x0041_",
     '"', "、", "a,b", "每缺一次扣1分", "达标线", "<!DOCTYPE", "0"]
)  # fmt: skip
SIGNS = some.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp"))


def texts(longest: int, lines: bool = False, without: str = "") -> Any:
    """Texts without blanks around, which a cell doesn't keep."""
    signs = some.one_of(SIGNS, some.just("\n")) if lines else SIGNS
    made = some.one_of(ODD, some.text(signs, min_size=1, max_size=min(longest, 30)))
    kept = made.map(lambda text: "".join(one for one in text if one not in without))
    return kept.map(lambda text: text.strip().strip("\u200b\u200c\u200d\u2060\ufeff").strip()[:longest].strip()).filter(
        lambda text: bool(text) and text == text.strip("\u200b\u200c\u200d\u2060\ufeff")
    )


HUNDREDTHS = some.integers(0, 1_000_000)
MORE_THAN_NONE = some.integers(1, 999_999)


@some.composite
def items(draw: Any, code: str) -> ItemOutline:
    scoring = draw(some.sampled_from(Scoring))
    counts = draw(some.none() | texts(10))
    steps: tuple[StepOutline, ...] = ()
    shares = some.integers(0, 10_000)
    if scoring is Scoring.NUMBER:
        starts = draw(some.lists(some.integers(0, 99_999), min_size=1, max_size=12, unique=True))
        steps = tuple(StepOutline(number_name(start, counts), draw(shares), start) for start in starts)
    elif scoring is Scoring.GRADED:
        names = draw(some.lists(texts(40, without="；;"), max_size=12, unique=True))
        steps = tuple(StepOutline(name, draw(shares)) for name in names)
    points = 0 if scoring is Scoring.VETO else draw(MORE_THAN_NONE if scoring is Scoring.BONUS else HUNDREDTHS)
    return ItemOutline(
        code, draw(texts(500, lines=True)), points, scoring, steps,
        off_each=draw(MORE_THAN_NONE if scoring is Scoring.DEDUCTION else some.none() | MORE_THAN_NONE),
        off_at_most=draw(some.none() | MORE_THAN_NONE), counts=counts, can_be_left_out=draw(some.booleans()),
        how_checked=draw(some.none() | texts(500, lines=True)), evidence=draw(some.none() | texts(200, lines=True)),
        origins=tuple(draw(some.lists(some.text(SIGNS, max_size=20) | ODD, max_size=3))),
    )  # fmt: skip


@some.composite
def outlines(draw: Any) -> Outline:
    codes = iter(draw(some.lists(texts(20), min_size=8, max_size=8, unique=True)))
    names = draw(some.lists(texts(40), min_size=1, max_size=3, unique=True))
    groups = tuple(
        GroupOutline(name, tuple(draw(items(next(codes))) for _item in range(draw(some.integers(1, 2)))))
        for name in names
    )
    passed = draw(some.integers(0, 100))
    return Outline(
        draw(texts(60)), groups, passed, draw(some.integers(0, passed)), draw(some.integers(0, 100)),
        tuple(draw(some.lists(some.sampled_from(BranchKind), max_size=3, unique=True))),
    )  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _in_this_process() -> Any:
    """Files are parsed here: a process for each of them would take most of the time."""
    patch = pytest.MonkeyPatch()
    patch.setattr(READING, "read_sheets", lambda contents, name: as_sheets(sheets_of(contents), name))
    yield
    patch.undo()


def comes_back_the_same(outline: Outline) -> None:
    assert faults_of(outline) == []
    read = read_book(make_book("示例", outline), "a.xlsx")
    assert read.outline == outline
    assert (read.faults, read.guesses) == ([], [])


@pytest.mark.slow
@given(outlines())
@settings(max_examples=100, **CALM)
def test_a_made_up_checklist_comes_back_the_same(outline: Outline) -> None:
    comes_back_the_same(outline)


@pytest.mark.long
@given(outlines())
@settings(max_examples=1_000, **CALM)
def test_a_thousand_made_up_checklists_come_back_the_same(outline: Outline) -> None:
    comes_back_the_same(outline)


HEADS = [
    "项目",
    "一级指标",
    "二级指标",
    "序号",
    "编码",
    "考核内容",
    "考核要点",
    "考核标准",
    "分值",
    "评分标准",
    "检查方法",
    "得分办法",
    "得分档",
    "自评分",
    "备注",
]
WRITTEN = ["一、组织（30分）", "一", "（10分）", "10分", "0-5分", "小计", "总分100分", "好10分，差0分", "分档得分", "好=100%"]  # fmt: skip
CELLS = some.one_of(
    some.none(), ODD, some.integers(-5, 100), some.floats(allow_nan=False, allow_infinity=False), some.booleans(),
    some.text(max_size=8), some.sampled_from([*WRITTEN, "长" * 501]),
)  # fmt: skip


@some.composite
def sheets(draw: Any) -> Sheet:
    """Heads of assessments over rows of anything, with merged cells anywhere."""
    heads = draw(some.lists(some.sampled_from(HEADS), min_size=2, max_size=8, unique=True))
    rows = draw(some.lists(some.lists(CELLS, max_size=len(heads)), max_size=8))
    edge = some.integers(0, 9)
    spans = draw(some.lists(some.tuples(edge, edge, edge, edge), max_size=4))
    merged = [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in spans]
    return Sheet("表", [*draw(some.sampled_from([[], [["考核表"]]])), heads, *rows], merged)


def is_read_or_refused(sheet: Sheet) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(READING, "read_sheets", lambda _contents, _name: [sheet])
        try:
            read = read_book(b"x", "a.xlsx")
        except Refused as reason:
            assert reason.message
            return
    places = {(group, item) for group, one in enumerate(read.outline.groups) for item in range(len(one.items))}
    for fault in read.faults:
        assert fault.message
        assert fault.row is None or 1 <= fault.row <= len(sheet.rows)
        assert fault.item is None or (fault.group, fault.item) in places
    assert bool(read.faults) >= bool(faults_of(read.outline)), "what can't be saved is a fault"
    numbers = [item.points for item in read.outline.items()]
    assert all(isinstance(number, int) for number in numbers)


@pytest.mark.slow
@given(sheets())
@settings(max_examples=150, **CALM)
def test_a_made_up_sheet_is_read_or_refused(sheet: Sheet) -> None:
    is_read_or_refused(sheet)


@pytest.mark.long
@given(sheets())
@settings(max_examples=3_000, **CALM)
def test_thousands_of_made_up_sheets_are_read_or_refused(sheet: Sheet) -> None:
    is_read_or_refused(sheet)
