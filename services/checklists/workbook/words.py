"""How an item earns its points, told from an office's own words. What isn't plain is left to a person."""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from models import Scoring
from models.hundredths import parse_hundredths
from services.checklists.outline import LONGEST, MOST_STEPS, StepOutline
from services.checklists.scoring import WHOLE

# An item may be about the rule itself: 落实一票否决制.
_VETO = re.compile("一票否决(?!制|机制)")
# Nor does 参加分组讨论 bring points.
_MORE = re.compile("(?<![参增])加分")
_MORE_OR_LESS = re.compile("加[、和与]?[减扣]分")
_N = r"\d{1,7}(?:\.\d{1,2})?"
_UNITS = "人次|个百分点|百分点|课时|次|处|项|人|名|个|份|篇|天|户|期|件|条|节|场|%|例|起|家|笔|张"
_OFF = re.compile(rf"扣[^\d,;。扣]{{0,6}}({_N})分")
_OFF_AT_ALL = re.compile(r"扣[^\d,;。扣]{0,6}\d|酌情|视情")
_LIMIT = re.compile(r"最多|最高|至多|不超过|累计|上限|封顶|扣[完满]")
# 累计不超过10分: what is taken off.
_BARE_LIMIT = re.compile(rf"((?:最多|最高|至多|不超过|上限|封顶)[^\d,;。扣得]{{0,6}})(?={_N}分)")
_EACH = re.compile(r"每|[缺少漏][一1]")
_ONE_OF = re.compile(rf"(?<!\d)[一1]({_UNITS})")
_EACH_OF = re.compile(rf"每({_UNITS})")
_SEVERAL_OF = re.compile(rf"(?:[2-9]|\d\d+|[两二三四五六七八九十])(?:{_UNITS})")
_GRADE = re.compile(rf"([^\d():]+?)的?:?\(?(?:得|计|记|为|打|评|给)?(?:({_N})分|(满分)|(不得分|不计分|零分))\)?")
_NO_GRADE = re.compile(r"[每加扣]")
_LEAD = re.compile(r"[^\d:;,。]*:")
_BONUS_LIMIT = re.compile(rf"(?:最多|最高|至多|不超过|上限|封顶)[^\d,;。]{{0,6}}({_N})分")
_BONUS = re.compile(rf"加(?:分)?({_N})分")


@dataclass(frozen=True)
class Ruling:
    """How an item earns its points; see ``ItemOutline``.

    Attributes:
        points: what the words say it is worth, in hundredths; None where they don't.
        unsure: why it couldn't be told better, in Chinese.
    """

    scoring: Scoring = Scoring.GRADED
    points: int | None = None
    steps: tuple[StepOutline, ...] = ()
    off_each: int | None = None
    off_at_most: int | None = None
    counts: str | None = None
    unsure: str = ""


def ruling_in(heading: str, words: str, points: int | None) -> Ruling:
    """What the words of an item and of its group say about its scoring.

    Args:
        heading: the group's name and the item's text.
        words: how it is scored.
        points: what it is worth, in hundredths; None where that isn't known.
    """
    heading, words = _narrow(heading), _narrow(words)
    if _VETO.search(heading) or ("一票否决" in words and not points):
        return Ruling(Scoring.VETO, 0)
    mixed = _MORE_OR_LESS.search(heading)
    if (_MORE.search(heading) and not mixed) or (mixed and "扣" not in words and _BONUS.search(words)):
        return Ruling(Scoring.BONUS, points or _bonus_in(words))
    if "扣" in words:
        return _deduction_in(words)
    if steps := _grades_in(words):
        return _graded(steps, points)
    unsure = "提到一票否决，但又有分值" if "一票否决" in words else ""
    return Ruling(unsure=unsure)


def _narrow(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _bonus_in(words: str) -> int | None:
    limit = _BONUS_LIMIT.findall(words) or _BONUS.findall(words)
    return parse_hundredths(limit[0]) if len(limit) == 1 else None


def _deduction_in(words: str) -> Ruling:
    """One amount for each time, perhaps with a limit; whoever takes off in several ways has to be read by a person."""
    unsure = Ruling(unsure="有几种扣法，或没有写明每次扣几分")
    words = _BARE_LIMIT.sub(r"\1扣", re.sub("[,:](?=扣)", "", words))
    found = [*_OFF.finditer(words)]
    if not found or len(found) < len(_OFF_AT_ALL.findall(words)):
        return unsure
    each: set[int] = set()
    limits: set[int] = set()
    units: set[str | None] = set()
    end = 0
    for one in found:
        before = re.split("[;。]", words[end : one.start()])[-1]
        end = one.end()
        value = parse_hundredths(one[1])
        if _LIMIT.search(before[-8:] + one[0]):
            limits.add(value)
        elif _EACH.search(before) and not _SEVERAL_OF.search(before):
            each.add(value)
            unit = _ONE_OF.search(before) or _EACH_OF.search(before)
            units.add(unit[1] if unit else None)
        else:
            return unsure
    if len(each) != 1 or len(limits) > 1 or 0 in each | limits:
        return unsure
    return Ruling(
        Scoring.DEDUCTION,
        off_each=each.pop(),
        off_at_most=limits.pop() if limits else None,
        counts=units.pop() if len(units) == 1 else None,
        unsure="提到一票否决，但又有分值" if "一票否决" in words else "",
    )


def _grades_in(words: str) -> list[tuple[str, int | None]]:
    """Grades with their points in hundredths, None for all of them; nothing where anything else stands between."""
    words = words.strip("。;,")
    for text in (words, _LEAD.sub("", words, count=1)):
        parts = [part for part in re.split("[,;。、/]", text) if part]
        found = [_GRADE.fullmatch(part) for part in parts]
        if 2 <= len(found) <= MOST_STEPS and all(one and not _NO_GRADE.search(one[1]) for one in found):
            return [(one[1], None if one[3] else parse_hundredths(one[2] or "0")) for one in found if one is not None]
    return []


def _graded(grades: list[tuple[str, int | None]], points: int | None) -> Ruling:
    """Grades from all of the points downwards; all or nothing needs none."""
    whole = points or grades[0][1]
    if not whole:
        return Ruling()
    earned = [whole if one is None else one for _name, one in grades]
    names = [name for name, _one in grades]
    falling = earned[0] == whole and all(more > less for more, less in pairwise(earned))
    if not falling or len(set(names)) < len(names) or max(map(len, names)) > LONGEST["step"]:
        return Ruling(unsure="各档的分数与分值对不上")
    if earned[1:] == [0]:
        return Ruling(Scoring.PASS_FAIL, whole)
    shares = [(2 * WHOLE * one + whole) // (2 * whole) for one in earned]
    return Ruling(
        points=whole, steps=tuple(StepOutline(name, share) for name, share in zip(names, shares, strict=True))
    )
