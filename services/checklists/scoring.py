"""The arithmetic of a score. Standard library only: no database, no clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import floor

WHOLE = 10_000
"""A full score, in hundredths of a percent."""

_SHARES = {"met": Fraction(1), "partly": Fraction(1, 2), "not_met": Fraction(0)}
NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class Mark:
    """One item: what it is worth, what was answered (None: nothing yet), and whether half is given for "partly"."""

    points: int
    answer: str | None
    graded: bool = True


def earned(mark: Mark) -> Fraction:
    """The points earned; an item without an answer earns none. Raises KeyError on an answer that there isn't."""
    if mark.answer is None or mark.answer == NOT_APPLICABLE:
        return Fraction(0)
    share = _SHARES[mark.answer]
    return mark.points * (share if mark.graded or share == 1 else Fraction(0))


def score(marks: Iterable[Mark]) -> int | None:
    """The points earned of those in play, in hundredths of a percent, rounded half up once.

    What doesn't apply is out of play; what isn't answered is in play and earns nothing. None when nothing is answered
    or no points are in play.
    """
    marks = list(marks)
    in_play = [mark for mark in marks if mark.answer != NOT_APPLICABLE]
    possible = sum(mark.points for mark in in_play)
    if possible == 0 or all(mark.answer is None for mark in in_play):
        return None
    exact = WHOLE * sum((earned(mark) for mark in in_play), Fraction(0)) / possible
    return floor(exact + Fraction(1, 2))


def band(score_hundredths: int, passed_percent: int, nearly_percent: int) -> str:
    """``passed``, ``nearly`` or ``failed``; a score on the limit is in the better band."""
    if score_hundredths >= passed_percent * 100:
        return "passed"
    return "nearly" if score_hundredths >= nearly_percent * 100 else "failed"
