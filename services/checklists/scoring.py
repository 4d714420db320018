"""The arithmetic of a score. Standard library only: no database, no clock.

Points, numbers and shares are integers in hundredths; in between everything is a ``Fraction``, so that the order of the
items makes no difference, and the result is rounded half up once.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor

WHOLE = 10_000
"""A full score, or a full share, in hundredths of a percent."""
HUNDREDTHS = 100

PASS_FAIL, GRADED, NUMBER, DEDUCTION, BONUS, VETO = "pass_fail", "graded", "number", "deduction", "bonus", "veto"
MET, PARTLY, NOT_MET, NOT_APPLICABLE = "met", "partly", "not_met", "not_applicable"
_SHARES = {MET: Fraction(1), PARTLY: Fraction(1, 2), NOT_MET: Fraction(0)}


@dataclass(frozen=True)
class Step:
    """A grade that may be chosen, or a number from which on a share of the points is earned.

    Attributes:
        share: of the item's points, in hundredths of a percent.
        starts_at: the least number it is for, in hundredths; None of a grade.
    """

    share: int
    starts_at: int | None = None


@dataclass(frozen=True)
class Mark:
    """One item with what was given for it.

    Attributes:
        kind: how it earns its points: one of the six words above.
        points: what it is worth, in hundredths of a point; of a bonus what it can bring at most.
        answer: one of the four answers; None when there is none, or a grade or number in its place.
        share: of the grade that was chosen, in hundredths of a percent.
        number: in hundredths: what was measured, how often points are taken off, or the points of a bonus.
        steps: of an item that counts a number, in any order.
        off_each: hundredths of a point taken off each time.
        off_at_most: hundredths of a point that can be taken off; None: all of its points.
    """

    kind: str
    points: int
    answer: str | None = None
    share: int | None = None
    number: int | None = None
    steps: tuple[Step, ...] = ()
    off_each: int = 0
    off_at_most: int | None = None

    @property
    def given(self) -> bool:
        """Whether anything was answered."""
        return (self.answer, self.share, self.number) != (None, None, None)

    @property
    def in_play(self) -> bool:
        """Whether its points are part of the whole: not what doesn't apply, nor what comes on top, nor a veto."""
        return self.answer != NOT_APPLICABLE and self.kind not in (BONUS, VETO)


@dataclass(frozen=True)
class Outcome:
    """What a checklist comes to.

    Attributes:
        score: in hundredths of a percent; None when nothing is answered or no points are in play.
        vetoed: whether an item that must be met wasn't.
    """

    score: int | None
    vetoed: bool = False


def earned(mark: Mark) -> Fraction:
    """The hundredths of a point earned; an item without an answer earns none.

    Raises KeyError on a kind or an answer that there isn't.
    """
    if not mark.given or mark.answer == NOT_APPLICABLE:
        return Fraction(0)
    return _EARNED[mark.kind](mark)


def _earned_by_answer(mark: Mark) -> Fraction:
    """All of it or nothing."""
    return Fraction(mark.points) * (_SHARES[mark.answer or NOT_MET] == 1)


def _earned_by_grade(mark: Mark) -> Fraction:
    share = _SHARES[mark.answer] if mark.share is None else Fraction(mark.share, WHOLE)  # type: ignore[index]
    return mark.points * share


def _earned_by_number(mark: Mark) -> Fraction:
    """The share of the highest step that the number reaches; nothing below the lowest one."""
    if mark.number is None:
        return _earned_by_answer(mark)
    reached = [(step.starts_at or 0, step.share) for step in mark.steps if (step.starts_at or 0) <= mark.number]
    return mark.points * Fraction(max(reached)[1], WHOLE) if reached else Fraction(0)


def _left_after_deduction(mark: Mark) -> Fraction:
    """The points but for what is taken off: as often as was counted, and no more than the item's limit."""
    if mark.number is None:
        return _earned_by_answer(mark)
    limit = mark.points if mark.off_at_most is None else min(mark.off_at_most, mark.points)
    return mark.points - min(Fraction(mark.number, HUNDREDTHS) * mark.off_each, Fraction(limit))


def _brought_on_top(mark: Mark) -> Fraction:
    """The points of a bonus, and no more than it can bring."""
    if mark.number is None:
        return _earned_by_answer(mark)
    return Fraction(min(mark.number, mark.points))


_EARNED: dict[str, Callable[[Mark], Fraction]] = {
    PASS_FAIL: _earned_by_answer, GRADED: _earned_by_grade, NUMBER: _earned_by_number, DEDUCTION: _left_after_deduction,
    BONUS: _brought_on_top, VETO: lambda _mark: Fraction(0),
}  # fmt: skip


def outcome_by_revision_1(marks: Iterable[Mark], bonus_at_most: int = WHOLE) -> Outcome:
    """The share of the points in play that was earned, and what bonuses bring on top.

    What doesn't apply is out of play, and its weight falls to the rest: an item counts as the share of its points in
    those still in play. What isn't answered is in play and earns nothing. A bonus counts as the share of its points in
    all the points there are, whether they apply or not, and all bonuses together bring ``bonus_at_most`` hundredths of a
    percent at most. An item with a veto that isn't met spoils the result, not the score.
    """
    marks = list(marks)
    in_play = [mark for mark in marks if mark.in_play]
    possible = sum(mark.points for mark in in_play)
    vetoed = any(mark.kind == VETO and mark.answer == NOT_MET for mark in marks)
    if possible == 0 or not any(mark.given for mark in in_play):
        return Outcome(None, vetoed)
    whole = sum(mark.points for mark in marks if mark.kind not in (BONUS, VETO))
    base = WHOLE * sum(map(earned, in_play), Fraction(0)) / possible
    bonus = WHOLE * sum((earned(mark) for mark in marks if mark.kind == BONUS), Fraction(0)) / whole
    return Outcome(floor(base + min(bonus, Fraction(bonus_at_most)) + Fraction(1, 2)), vetoed)


REVISIONS: Mapping[int, Callable[..., Outcome]] = {1: outcome_by_revision_1}
"""The rules of scoring by number. A version of a checklist names its own; a rule that was ever used never changes."""
NEWEST_REVISION = max(REVISIONS)


def band(outcome: Outcome, passed_percent: int, nearly_percent: int) -> str | None:
    """``passed``, ``nearly`` or ``failed``; a score on the limit is in the better band. None without a score."""
    if outcome.score is None:
        return "failed" if outcome.vetoed else None
    if outcome.vetoed:
        return "failed"
    if outcome.score >= passed_percent * HUNDREDTHS:
        return "passed"
    return "nearly" if outcome.score >= nearly_percent * HUNDREDTHS else "failed"
