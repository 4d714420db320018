"""Filters of lists, one kind for each kind of column. Choices are asked for at each request, never kept."""

from collections.abc import Callable
from datetime import datetime, time
from operator import attrgetter
from typing import Any

from flask import g
from flask_admin.contrib.sqla.filters import BaseSQLAFilter
from sqlalchemy import Boolean, Date, Enum, Integer, false, inspect, select

from admin.cells import WORDS, code_labels
from models import db
from models.clock import CITY_TIME
from models.column_types import PartialDate, PartialDateType, UtcDateTime

MAX_TEXT = 100
MAX_SEVERAL = 1_000
NOT_THERE = "无此记录"


class ScreenFilter(BaseSQLAFilter):
    """A filter known by its key in the address.

    Attributes:
        free_text: whether its value is what somebody typed, which may hold a name.
        longest: so many characters a value may have.
    """

    free_text = False
    longest = MAX_TEXT

    def __init__(self, column: Any, name: str, key: str, part: str = "") -> None:
        super().__init__(column, name)
        self.key, self.part = key, part

    def operation(self) -> str:
        return self.part

    def validate(self, value: str) -> bool:
        return "\x00" not in value and len(value) <= self.longest

    def in_words(self, value: str) -> str:
        """What is asked, as people read it."""
        return value

    def shared(self, value: str) -> str | None:
        """What of a value others may be handed: nothing that the reader doesn't see himself; None for nothing."""
        return None if self.free_text else value


class ContainsFilter(ScreenFilter):
    """Text that contains what is asked."""

    free_text = True

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:
        return query.filter(self.column.contains(value, autoescape=True))


class ChoiceFilter(ScreenFilter):
    """One or several of a list, separated by commas in the address."""

    longest = MAX_SEVERAL

    @property
    def single(self) -> bool:
        """Whether only one makes sense: of yes and no, both is no condition."""
        return isinstance(self.column.type, Boolean)

    def choices(self) -> list[tuple[str, str]]:
        info, kind = self.column.info, self.column.type
        if "code" in info:
            return [(code, text) for (table, code), text in code_labels().items() if table == info["code"]]
        if "words" in info:
            return sorted(WORDS[info["words"]]().items(), key=lambda pair: pair[1])
        if isinstance(kind, Boolean):
            return [("1", "是"), ("0", "否")]
        return [(member.value, member.label) for member in kind.enum_class]

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:
        known = dict(self.choices())
        wanted: list[Any] = [part for part in value.split(",") if part in known]
        if isinstance(self.column.type, Boolean):
            wanted = [part == "1" for part in wanted]
        return query.filter(self.column.in_(wanted)) if wanted else query.filter(false())

    def in_words(self, value: str) -> str:
        labels = dict(self.choices())
        return "、".join(dict.fromkeys(labels.get(part, "无此项") for part in value.split(",")))

    def shared(self, value: str) -> str:
        known = dict(self.choices())
        return ",".join(part for part in value.split(",") if part in known) or "-"


class BoundFilter(ScreenFilter):
    """From or until a date or a number."""

    @property
    def of_numbers(self) -> bool:
        """Whether it bounds numbers; else it bounds days."""
        return isinstance(self.column.type, Integer)

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:
        try:
            bound = self._read(value)
        except (ValueError, OverflowError):
            return query.filter(false())
        return query.filter(self.column >= bound if self.part == "from" else self.column <= bound)

    def in_words(self, value: str) -> str:
        bound = f"{'从' if self.part == 'from' else '到'} {value}"
        return bound if self._makes_sense(value) else f"{bound}（不是{'整数' if self.of_numbers else '日期'}）"

    def shared(self, value: str) -> str | None:
        return value if self._makes_sense(value) else None

    def _makes_sense(self, value: str) -> bool:
        try:
            self._read(value)
        except (ValueError, OverflowError):
            return False
        return True

    def _read(self, value: str) -> Any:
        if self.of_numbers:
            number = int(value)
            if abs(number) > 2_147_483_647:
                raise ValueError("out of range")
            return number
        written = PartialDate.parse(value)
        if isinstance(self.column.type, PartialDateType):
            # "until 2019-05" takes the whole month: as text "2019-05-31" sorts before "2019-05~".
            return PartialDate(written.iso + "~") if self.part == "until" else written
        day = written.last_day if self.part == "until" else written.first_day
        if isinstance(self.column.type, UtcDateTime):
            return datetime.combine(day, time.max if self.part == "until" else time.min, CITY_TIME)
        return day


class RelationFilter(ScreenFilter):
    """Rows that point at one of some records, which must themselves be in sight.

    Attributes:
        titled: what a record is called among those to choose from; its screen says so.
    """

    longest = MAX_SEVERAL
    titled: Callable[[Any], str] = staticmethod(attrgetter("title"))

    def __init__(self, column: Any, name: str, key: str, target: type) -> None:
        super().__init__(column, name, key)
        self.target: Any = target

    def chosen(self, value: str) -> dict[int, Any]:
        """The records that a value names, as far as they are in sight, by their keys; asked for once in a request."""
        known = g.setdefault("records_of_filters", {})
        if (self.target, value) not in known:
            keys = [int(part) for part in value.split(",") if part.isascii() and part.isdigit() and len(part) < 16]
            rows = db.session.scalars(self._named(keys)) if keys else []
            known[self.target, value] = {row.id: row for row in rows}
        return known[self.target, value]

    def _named(self, keys: list[int]) -> Any:
        return select(self.target).where(self.target.id.in_(keys)).order_by(self.target.id)

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:
        keys = sorted(self.chosen(value))
        if len(keys) == 1:
            return query.filter(self.column == keys[0])
        return query.filter(self.column.in_(keys)) if keys else query.filter(false())

    def in_words(self, value: str) -> str:
        found = self.chosen(value)
        titles = [self.titled(row) for row in found.values()]
        return "、".join(titles if len(found) == len(_parts(value)) else [*titles, NOT_THERE])

    def shared(self, value: str) -> str:
        found = self.chosen(value)
        # Key 0 is no record's: it stands for those that are gone or out of the reader's sight, be they one or many.
        return ",".join(map(str, [*found, *([] if len(found) == len(_parts(value)) else [0])]))


def _parts(value: str) -> set[str]:
    return set(value.split(","))


def make_filters(model: type, name: str, label: str) -> list[ScreenFilter]:
    """The filters of one declared name."""
    relations = inspect(model).relationships
    if name in relations:
        return [RelationFilter(getattr(model, f"{name}_id"), label, name, relations[name].mapper.class_)]
    column = getattr(model, name)
    kind = column.type
    if isinstance(kind, Enum | Boolean) or column.info.keys() & {"code", "words"}:
        return [ChoiceFilter(column, label, name)]
    if isinstance(kind, Date | Integer | PartialDateType | UtcDateTime):
        return [BoundFilter(column, label, f"{name}_{part}", part) for part in ("from", "until")]
    return [ContainsFilter(column, label, name)]
