"""The numbers of the home page's charts; each mark counts rows that a list shows, and nobody is compared with anybody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import and_
from sqlalchemy.orm import Session

from models import Stage, Visit
from models.clock import today
from policy.actor import Actor
from services.reports.programme import FIGURES, Figure, count

MONTHS = 12
BY_STAGE = {
    Stage.APPLICANT: "applied", Stage.ACTIVIST: "activists", Stage.CANDIDATE: "candidates", Stage.PROBATIONARY: "admitted",
    Stage.FULL: "full_members",
}  # fmt: skip
BY_AGE = {
    "不到 30 天": "open_under_30", "30—59 天": "open_30_to_59", "60—89 天": "open_60_to_89", "90 天及以上": "open_from_90",
}  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """One bar or point: its name, how many rows it counts, and the list of them."""

    label: str
    count: int
    url: str


@dataclass(frozen=True)
class Chart:
    """A row of marks.

    Attributes:
        kind: bars, or a line for what goes on in time.
        head: what the marks' names are: 阶段, 月份.
        unit: what is counted: 名, 次.
    """

    title: str
    kind: Literal["bar", "line"]
    head: str
    unit: str
    marks: tuple[Mark, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was counted."""
        return not any(mark.count for mark in self.marks)


def home_charts(session: Session, actor: Actor) -> list[Chart]:
    """The charts whose rows the actor may read, counted in his sight by one query."""
    outlines = [
        ("2019 年 5 月以来进入各阶段的人数", "bar", "阶段", [(stage.label, FIGURES[key]) for stage, key in BY_STAGE.items()]),
        ("近 12 个月的走访", "line", "月份", [(_month_word(month), _visits_in(month)) for month in _last_months()]),
        ("未完成的整改已有多久", "bar", "时间", [(label, FIGURES[key]) for label, key in BY_AGE.items()]),
    ]  # fmt: skip
    outlines = [outline for outline in outlines if actor.may(f"{outline[3][0][1].resource}:read")]
    numbers = iter(count(session, [figure for *_words, parts in outlines for _label, figure in parts]))
    return [
        Chart(title, kind, head, parts[0][1].unit, tuple(Mark(label, next(numbers), one.url) for label, one in parts))
        for title, kind, head, parts in outlines
    ]


def _last_months() -> Iterable[date]:
    """The first days of the last months, the present one last."""
    months = [today().replace(day=1)]
    while len(months) < MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return reversed(months)


def _month_word(month: date) -> str:
    return f"{month.year}年{month.month}月" if month.month == 1 else f"{month.month}月"


def _visits_in(month: date) -> Figure:
    """The visits of one month."""
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return Figure(
        f"visits_{month}", f"{month.year} 年 {month.month} 月的走访", "次", "visit",
        lambda: and_(Visit.visited_on >= month, Visit.visited_on <= last),
        listed_by=f"flt0_visited_on_from={month}&flt0_visited_on_until={last}",
    )  # fmt: skip
