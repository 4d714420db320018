"""The arithmetic of scores and of working days; scores also against a scorer that goes about it another way."""

import random
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from services.checklists import scoring
from services.checklists.calendar import add_working_days
from services.checklists.scoring import Mark, Outcome, Step, band, earned, outcome_by_revision_1

WORDS = ["met", "partly", "not_met", "not_applicable"]


def item(points: int = 1000, answer: str | None = None, kind: str = "graded", **more: object) -> Mark:
    return Mark(kind, points, answer, **more)  # type: ignore[arg-type]


def score(*marks: Mark, bonus_at_most: int = 10_000) -> int | None:
    return outcome_by_revision_1(marks, bonus_at_most).score


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
    assert score(*(item(1000, answer) for answer in answers)) == expected


def test_partly_earns_nothing_where_an_item_is_all_or_nothing() -> None:
    assert earned(item(1000, "partly", "pass_fail")) == 0
    assert earned(item(1000, "met", "pass_fail")) == 1000
    assert earned(item(500, "partly")) * 2 == 500


def test_rounded_half_up_once() -> None:
    assert score(item(100, "met"), item(200, "not_met")) == 3333
    assert score(item(200, "met"), item(100, "not_met")) == 6667
    # 1/32 is 312.5 hundredths of a percent; rounding to even would give 312.
    assert score(item(100, "met"), item(3100, "not_met")) == 313


def test_a_grade_earns_its_share() -> None:
    assert earned(item(1500, share=6000)) == 900


@pytest.mark.parametrize(("number", "expected"), [(0, 0), (99, 0), (100, 300), (299, 300), (300, 1000), (90_000, 1000)])
def test_a_number_earns_the_share_of_the_highest_step_that_it_reaches(number: int, expected: int) -> None:
    steps = (Step(10_000, 300), Step(3_000, 100))
    assert earned(item(1000, kind="number", number=number, steps=steps)) == expected


def test_steps_may_go_down_where_fewer_is_better() -> None:
    steps = (Step(10_000, 0), Step(5_000, 100), Step(0, 300))
    assert [earned(item(1000, kind="number", number=n * 100, steps=steps)) for n in range(5)] == [
        1000, 500, 500, 0, 0,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("times", "at_most", "left"), [(0, None, 1000), (3, None, 400), (6, None, 0), (3, 500, 500), (99, 500, 500)]
)
def test_points_are_taken_off_each_time_up_to_a_limit(times: int, at_most: int | None, left: int) -> None:
    assert earned(item(1000, kind="deduction", number=times * 100, off_each=200, off_at_most=at_most)) == left


def test_a_bonus_comes_on_top_and_all_together_have_a_limit() -> None:
    full, bonus = item(10_000, "met"), item(500, kind="bonus", number=300)
    assert score(full, bonus) == 10_300
    assert score(full, replace(bonus, number=900)) == 10_500
    assert score(full, bonus, bonus, bonus, bonus_at_most=500) == 10_500
    assert score(full, replace(bonus, number=None)) == 10_000
    assert score(bonus) is None


def test_a_veto_spoils_the_result_and_not_the_score() -> None:
    veto = item(0, "not_met", "veto")
    assert outcome_by_revision_1([item(1000, "met"), veto]) == Outcome(10_000, vetoed=True)
    assert outcome_by_revision_1([item(1000, "met"), replace(veto, answer="not_applicable")]) == Outcome(10_000)
    assert band(Outcome(10_000, vetoed=True), 90, 75) == "failed"


def test_no_points_in_play_gives_no_score() -> None:
    assert score(item(0, "met")) is None
    assert band(Outcome(None), 90, 75) is None


def test_unknown_words_are_an_error() -> None:
    with pytest.raises(KeyError):
        score(item(1000, "maybe"))
    with pytest.raises(KeyError):
        score(item(1000, "met", "by feel"))


@pytest.mark.parametrize(
    ("hundredths", "expected"),
    [(11_000, "passed"), (10_000, "passed"), (9_000, "passed"), (8_999, "nearly"), (7_500, "nearly"), (7_499, "failed"), (0, "failed")],
)  # fmt: skip
def test_band(hundredths: int, expected: str) -> None:
    assert band(Outcome(hundredths), 90, 75) == expected


# Any checklist at all


def slow_score(marks: list[Mark], bonus_at_most: int) -> tuple[int | None, bool]:
    """The same by decimals of a hundred digits and many ifs: written from domain.md, not from scoring.py."""
    with localcontext() as context:
        context.prec = 100
        weight = gained = on_top = everything = Decimal(0)
        answered, vetoed = False, False
        for mark in marks:
            worth, nothing = Decimal(mark.points), mark.answer is None and mark.share is None and mark.number is None
            if mark.kind == "veto":
                vetoed |= mark.answer == "not_met"
                continue
            if mark.kind == "bonus":
                if mark.answer == "met":
                    on_top += worth
                elif mark.number is not None:
                    on_top += mark.number if mark.number < mark.points else worth
                continue
            everything += worth
            if mark.answer == "not_applicable":
                continue
            weight += worth
            if nothing:
                continue
            answered = True
            if mark.answer == "met":
                gained += worth
            elif mark.answer == "partly":
                gained += worth / 2 if mark.kind == "graded" else 0
            elif mark.share is not None:
                gained += worth * mark.share / 10_000
            elif mark.number is not None and mark.kind == "number":
                share = 0
                for step in sorted(mark.steps, key=lambda one: one.starts_at or 0):
                    if mark.number >= (step.starts_at or 0):
                        share = step.share
                gained += worth * share / 10_000
            elif mark.number is not None and mark.kind == "deduction":
                off = Decimal(mark.off_each) * mark.number / 100
                for limit in (mark.off_at_most, mark.points):
                    off = limit if limit is not None and off > limit else off
                gained += worth - off
        if not weight or not answered:
            return None, vetoed
        extra = on_top * 10_000 / everything
        total = gained * 10_000 / weight + (extra if extra < bonus_at_most else bonus_at_most)
        return int(total.quantize(Decimal(1), rounding=ROUND_HALF_UP)), vetoed


def answered_somehow(draw: some.DrawFn) -> Mark:
    kind = draw(some.sampled_from(["pass_fail", "graded", "number", "deduction", "bonus", "veto"]))
    points = 0 if kind == "veto" else draw(some.integers(0, 10_000))
    words = [None, *WORDS] if kind == "graded" else [None, "met", "not_met", "not_applicable"]
    answer = draw(some.sampled_from(words))
    more: dict[str, object] = {}
    if kind == "number":
        starts = draw(some.lists(some.integers(0, 2_000), unique=True, max_size=4))
        more["steps"] = tuple(Step(draw(some.integers(0, 10_000)), start) for start in starts)
    if kind == "deduction":
        more = {"off_each": draw(some.integers(1, 500)), "off_at_most": draw(some.none() | some.integers(1, 9_000))}
    if answer is None and kind == "graded":
        more["share"] = draw(some.none() | some.integers(0, 10_000))
    if answer is None and kind in ("number", "bonus"):
        more["number"] = draw(some.none() | some.integers(0, 3_000))
    if answer is None and kind == "deduction":
        more["number"] = draw(some.none() | some.integers(0, 30).map(lambda times: times * 100))
    return Mark(kind, points, answer, **more)  # type: ignore[arg-type]


checklists = some.lists(some.composite(answered_somehow)(), max_size=60)
limits = some.integers(0, 100).map(lambda percent: percent * 100)


def holds(marks: list[Mark], bonus_at_most: int, seed: int) -> None:
    """What is true of every checklist, however it was filled in."""
    found = outcome_by_revision_1(marks, bonus_at_most)
    assert (found.score, found.vetoed) == slow_score(marks, bonus_at_most)
    shuffled = list(marks)
    random.Random(seed).shuffle(shuffled)
    assert outcome_by_revision_1(shuffled, bonus_at_most) == found
    assert outcome_by_revision_1(iter(marks), bonus_at_most) == found
    for mark in marks:
        assert 0 <= earned(mark) <= mark.points
    if found.score is None:
        return
    assert 0 <= found.score <= 10_000 + bonus_at_most
    out_of_play = [mark for mark in marks if mark.kind in ("bonus", "veto")]
    left = [mark for mark in marks if mark.in_play]
    # What doesn't apply is as if it weren't there: its weight falls to the rest.
    without = outcome_by_revision_1([*left, *(mark for mark in out_of_play if mark.kind == "veto")], 0)
    assert without == outcome_by_revision_1(marks, 0)
    # Points are weights: only their proportions count.
    tripled = [
        replace(
            mark, points=mark.points * 3, off_each=mark.off_each * 3,
            off_at_most=None if mark.off_at_most is None else mark.off_at_most * 3,
            number=mark.number * 3 if mark.kind == "bonus" and mark.number is not None else mark.number,
        )
        for mark in marks
    ]  # fmt: skip
    assert outcome_by_revision_1(tripled, bonus_at_most) == found


@settings(max_examples=200, deadline=None)
@example(marks=[], bonus_at_most=0, seed=0)
@given(marks=checklists, bonus_at_most=limits, seed=some.integers(0, 99))
def test_any_checklist_scores_as_a_slow_scorer_says(marks: list[Mark], bonus_at_most: int, seed: int) -> None:
    holds(marks, bonus_at_most, seed)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None)
@given(marks=checklists, bonus_at_most=limits, seed=some.integers(0, 99))
def test_ten_thousand_checklists_score_as_a_slow_scorer_says(marks: list[Mark], bonus_at_most: int, seed: int) -> None:
    holds(marks, bonus_at_most, seed)


@settings(max_examples=100, deadline=None)
@given(marks=checklists.filter(bool), place=some.integers(0, 59))
def test_a_better_answer_never_lowers_the_score(marks: list[Mark], place: int) -> None:
    place %= len(marks)
    kind = marks[place].kind
    worse, better = (
        outcome_by_revision_1([*marks[:place], replace(marks[place], answer=word, share=None, number=None), *marks[place + 1 :]])
        for word in ("not_met", "met")
    )  # fmt: skip
    assert (worse.score or 0) <= (better.score or 0)
    assert kind != "veto" or (worse.vetoed and better.vetoed <= worse.vetoed)


def test_every_revision_of_the_rules_is_kept() -> None:
    assert set(scoring.REVISIONS) == set(range(1, scoring.NEWEST_REVISION + 1))


# Working days


def test_working_days_skip_weekends_and_holidays_and_count_worked_weekends() -> None:
    friday = date(2026, 11, 20)
    assert add_working_days(friday, 0, {}) == friday
    assert add_working_days(friday, 1, {}) == date(2026, 11, 23)
    assert add_working_days(friday, 15, {}) == date(2026, 12, 11)
    assert add_working_days(friday, 1, {date(2026, 11, 23): False}) == date(2026, 11, 24)
    assert add_working_days(friday, 1, {date(2026, 11, 21): True}) == date(2026, 11, 21)
