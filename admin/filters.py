"""Filters of lists, one kind for each kind of column. Choices are asked for at each request, never kept."""

from datetime import datetime, time
from typing import Any

from flask_admin.contrib.sqla.filters import BaseSQLAFilter
from sqlalchemy import Boolean, Date, Enum, Integer, false, inspect

from admin.cells import WORDS, code_labels
from models import db
from models.clock import CITY_TIME
from models.column_types import PartialDate, PartialDateType, UtcDateTime

MAX_TEXT = 100


class ScreenFilter(BaseSQLAFilter):
    """A filter known by its key in the address."""

    kind = "text"

    def __init__(self, column: Any, name: str, key: str, part: str = "") -> None:
        super().__init__(column, name)
        self.key, self.part = key, part

    def operation(self) -> str:
        return self.part

    def validate(self, value: str) -> bool:
        return "\x00" not in value and len(value) <= MAX_TEXT


class ContainsFilter(ScreenFilter):
    """Text that contains what is asked."""

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:
        return query.filter(self.column.contains(value, autoescape=True))


class ChoiceFilter(ScreenFilter):
    """One or several of a list, separated by commas in the address."""

    kind = "choice"

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
        wanted: list[Any] = [part for part in value.split(",") if part in dict(self.choices())]
        if isinstance(self.column.type, Boolean):
            wanted = [part == "1" for part in wanted]
        return query.filter(self.column.in_(wanted)) if wanted else query.filter(false())


class BoundFilter(ScreenFilter):
    """From or until a date or a number."""

    kind = "range"

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:
        try:
            bound = self._read(value)
        except (ValueError, OverflowError):
            return query.filter(false())
        return query.filter(self.column >= bound if self.part == "from" else self.column <= bound)

    def _read(self, value: str) -> Any:
        if isinstance(self.column.type, Integer):
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
    """Rows that point at one record, which must itself be in sight."""

    kind = "lookup"

    def __init__(self, column: Any, name: str, key: str, target: type) -> None:
        super().__init__(column, name, key)
        self.target = target

    def chosen(self, value: str) -> Any:
        """The record chosen, or None when there is none in sight."""
        if not (value.isascii() and value.isdigit() and len(value) < 16):
            return None
        return db.session.get(self.target, int(value))

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:
        found = self.chosen(value)
        return query.filter(self.column == found.id) if found is not None else query.filter(false())


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
