"""The arithmetic of scores and of working days."""

from datetime import date

import pytest

from services.checklists.calendar import add_working_days
from services.checklists.scoring import Mark, band, earned, score


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["met", "met"], 10_000),
        (["met", "partly"], 7_500),
        (["met", "not_met"], 5_000),
        (["not_met"], 0),
        (["met", "not_applicable"], 10_000),
        (["met", None], 5_000),
        ([None, None], None),
        ([None, "not_applicable"], None),
        (["not_applicable"], None),
        ([], None),
    ],
)
def test_score_of_equal_items(answers: list[str | None], expected: int | None) -> None:
    assert score(Mark(10, answer) for answer in answers) == expected


def test_partly_earns_nothing_where_an_item_is_all_or_nothing() -> None:
    assert earned(Mark(10, "partly", graded=False)) == 0
    assert earned(Mark(10, "met", graded=False)) == 10
    assert earned(Mark(5, "partly")) * 2 == 5


def test_rounded_half_up_once() -> None:
    assert score([Mark(1, "met"), Mark(2, "not_met")]) == 3333
    assert score([Mark(2, "met"), Mark(1, "not_met")]) == 6667
    # 1/32 is 312.5 hundredths of a percent; rounding to even would give 312.
    assert score([Mark(1, "met"), Mark(31, "not_met")]) == 313


def test_no_points_in_play_gives_no_score() -> None:
    assert score([Mark(0, "met")]) is None


def test_unknown_answer_is_an_error() -> None:
    with pytest.raises(KeyError):
        score([Mark(10, "maybe")])


@pytest.mark.parametrize(
    ("hundredths", "expected"),
    [(10_000, "passed"), (9_000, "passed"), (8_999, "nearly"), (7_500, "nearly"), (7_499, "failed"), (0, "failed")],
)
def test_band(hundredths: int, expected: str) -> None:
    assert band(hundredths, 90, 75) == expected


def test_working_days_skip_weekends_and_holidays_and_count_worked_weekends() -> None:
    friday = date(2026, 11, 20)
    assert add_working_days(friday, 0, {}) == friday
    assert add_working_days(friday, 1, {}) == date(2026, 11, 23)
    assert add_working_days(friday, 15, {}) == date(2026, 12, 11)
    assert add_working_days(friday, 1, {date(2026, 11, 23): False}) == date(2026, 11, 24)
    assert add_working_days(friday, 1, {date(2026, 11, 21): True}) == date(2026, 11, 21)
