"""Long lists by keyset: a page begins after a row, not after so many rows, and so costs the same wherever it begins.

Rows without a value in the sort column come last, in both directions and on every database. A list is therefore read
in two stretches, the rows with a value and then those without; each is one range of an index (branch, column, key).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    Date,
    Enum,
    Integer,
    ScalarSelect,
    Select,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Session

from models.base import BranchScoped
from models.column_types import PartialDate, PartialDateType, UtcDateTime
from policy.actions import resource_of
from policy.actor import EVERYWHERE

COUNT_CAP = 10_000
FEW = 2_000
"""Up to so many rows that meet conditions are found first and put in order afterwards."""

SPREAD = 50
"""Up to so many branches are read each by itself on PostgreSQL."""

MAX_INTEGER = 2_147_483_647
MAX_TEXT = 500


@dataclass(frozen=True)
class Cursor:
    """A place in a list: the sort value and the key of a row."""

    value: Any
    key: int

    def __str__(self) -> str:
        if self.value is None:
            return str(self.key)
        value = int(self.value) if isinstance(self.value, bool) else self.value
        return f"{self.key}~{value.isoformat() if isinstance(value, datetime) else value}"


@dataclass(frozen=True)
class Order:
    """An order of a model's rows: by a column, then by the key."""

    column: Any
    key: Any
    descending: bool = False

    @property
    def by_key(self) -> bool:
        """Whether the column is the key itself."""
        return self.column.key == self.key.key

    def cursor(self, text: str) -> Cursor | None:
        """The place that an address names; None when it names none."""
        key, has_value, value = text.partition("~")
        fits = not self.by_key if has_value else self.by_key or self._nullable
        if not fits:
            return None
        try:
            return Cursor(_read_value(self.column.type, value) if has_value else None, _read_integer(key))
        except (ValueError, OverflowError):
            return None

    @property
    def _nullable(self) -> bool:
        return bool(self.column.property.columns[0].nullable)

    def stretches(self, start: Cursor | None = None, backwards: bool = False) -> list["Stretch"]:
        """The statements that read on from ``start`` (from the list's end when there is none), in reading order."""
        down = self.descending != backwards
        beyond = [self._beyond(start, down)] if start else []
        if self.by_key:
            return [Stretch(self, down, False, beyond)]
        at_value, at_blank = start is not None and start.value is not None, start is not None and start.value is None
        values, blanks = [self.column.is_not(None)] if self._nullable else [], [self.column.is_(None)]
        found = [
            Stretch(self, down, True, beyond if at_value else values),
            Stretch(self, down, False, blanks + beyond if at_blank else blanks),
        ][: 2 if self._nullable else 1]
        if backwards:
            return found[:1] if at_value else found[::-1]
        return found[1:] if at_blank else found

    def _beyond(self, start: Cursor, down: bool) -> Any:
        if start.value is None:
            return self.key < start.key if down else self.key > start.key
        here = tuple_(self.column, self.key)
        there = tuple_(literal(start.value, self.column.type), literal(start.key, Integer))
        return here < there if down else here > there


@dataclass(frozen=True)
class Stretch:
    """Some rows of an order that one range of an index holds."""

    order: Order
    down: bool
    by_column: bool
    conditions: list[Any]

    def ordering(self, column: Any, key: Any) -> list[Any]:
        """The order of the stretch, on the order's own columns or on a subquery's."""
        by = [column, key] if self.by_column else [key]
        return [one.desc() if self.down else one.asc() for one in by]


@dataclass(frozen=True)
class Listing:
    """The rows of a model that meet conditions, in an order. What the session's actor doesn't see isn't among them.

    Attributes:
        found: key and sort value of each row in order, where they are few and were looked up (see ``counted``).
    """

    model: Any
    order: Order
    conditions: list[Any] = field(default_factory=list)
    found: dict[int, Any] | None = None

    def rows(
        self, session: Session, columns: Select[Any], start: Cursor | None, backwards: bool, at_most: int
    ) -> list[Any]:
        """The next rows after ``start``, or the last ones before it; the sort value is added to each as its last column."""
        columns = columns.add_columns(self.order.column)
        if self.found is not None and (start is None or self.found.get(start.key, self) == start.value):
            return self._found_rows(session, columns, start, backwards, at_most)
        rows: list[Any] = []
        for stretch in self.order.stretches(start, backwards):
            if len(rows) < at_most:
                rows += session.execute(self._statement(session, columns, stretch, at_most - len(rows))).all()
        return rows[::-1] if backwards else rows

    def rows_and_count(
        self, session: Session, columns: Select[Any], start: Cursor | None, backwards: bool, at_most: int
    ) -> tuple[list[Any], "Count"]:
        """As ``rows``, of a listing without conditions, and how many rows it has in all, counted no further than a cap."""
        rows = self.rows(session, columns.add_columns(_counting(self.order.key)), start, backwards, at_most)
        seen = rows[0][-2] if rows else session.scalar(select(_counting(self.order.key)))
        return rows, Count(seen or 0, COUNT_CAP)

    def _found_rows(
        self, session: Session, columns: Select[Any], start: Cursor | None, backwards: bool, at_most: int
    ) -> list[Any]:
        keys = list(self.found or ())
        if backwards:
            end = keys.index(start.key) if start else len(keys)
            keys = keys[max(end - at_most, 0) : end]
        else:
            begin = keys.index(start.key) + 1 if start else 0
            keys = keys[begin : begin + at_most]
        rows = {row[0]: row for row in session.execute(columns.where(self.order.key.in_(keys)))}
        return [rows[key] for key in keys if key in rows]

    def place(self, row: Any) -> Cursor:
        """The place of a row that ``rows`` gave."""
        return Cursor(None if self.order.by_key else row[-1], row[0])

    def stream(self, session: Session, columns: Select[Any], at_once: int) -> Iterator[list[Any]]:
        """All rows, some at a time."""
        for stretch in self.order.stretches():
            statement = columns.where(*self.conditions, *stretch.conditions)
            ordered = statement.order_by(*stretch.ordering(self.order.column, self.order.key))
            yield from session.execute(ordered, execution_options={"yield_per": at_once}).partitions()

    def size(self, session: Session) -> int:
        """How many rows there are, counted to the end."""
        return session.scalar(select(func.count(self.order.key)).where(*self.conditions)) or 0

    def keys(self, session: Session, at_most: int) -> list[int]:
        """The keys of the rows, in any order, as far as they are no more than so many."""
        return list(session.scalars(select(self.order.key).where(*self.conditions).limit(at_most)))

    def counted(self, session: Session) -> tuple["Listing", "Count | None"]:
        """How many rows there are, counted no further than a cap; and the listing to read them from.

        A database that walks a list in its order to find what is rare walks all of it. So the first rows that meet
        the conditions are looked for in any order; when that is all of them, only their order is left to be found.
        Without conditions nothing is asked, and the count is None: ``rows_and_count`` reads both at once.
        """
        if not self.conditions:
            return self, None
        found = self._look_up(session)
        count = Count(len(found), FEW)
        return replace(self, found=found) if count.exact else self, count

    def _look_up(self, session: Session) -> dict[int, Any]:
        """Key and sort value of the first FEW + 1 rows that turn up, in order."""
        order = self.order
        some = select(order.key) if order.by_key else select(order.key, order.column)
        few = some.where(*self.conditions).limit(FEW + 1).subquery()
        key, column = few.c[order.key.key], few.c[order.column.key]
        by = [key] if order.by_key else [column, key]
        directed = [one.desc() if order.descending else one.asc() for one in by]
        rows = session.execute(select(key, column).order_by(column.is_(None), *directed))
        return dict.fromkeys(rows.scalars()) if order.by_key else dict(rows.all())

    def _statement(self, session: Session, columns: Select[Any], stretch: Stretch, at_most: int) -> Select[Any]:
        order, conditions = self.order, [*self.conditions, *stretch.conditions]
        ordering = stretch.ordering(order.column, order.key)
        branches = self._branches(session)
        postgresql = session.get_bind().dialect.name == "postgresql"
        if not branches or (postgresql and len(branches) > SPREAD):
            return columns.where(*conditions).order_by(*ordering).limit(at_most)
        if postgresql:
            keys = self._branch_by_branch(conditions, branches, stretch, at_most)
        else:
            keys = self._branches_merged(conditions, stretch, at_most)
        return columns.where(order.key.in_(keys.correlate(None))).order_by(*ordering)

    def _branches(self, session: Session) -> list[int]:
        """The several branches that the rows come from; none when they come from one or from all."""
        if not issubclass(self.model, BranchScoped) or self.model.scope_column().key == "id":
            return []
        reach = session.info["actor"].reach(f"{resource_of(self.model)}:read")
        return sorted(reach) if reach is not EVERYWHERE and len(reach) > 1 else []

    def _branch_by_branch(
        self, conditions: list[Any], branches: list[int], stretch: Stretch, at_most: int
    ) -> Select[Any]:
        """The first keys of each branch, and of those the first.

        PostgreSQL would else read on until enough rows of these branches have turned up, which may be at the very end.
        """
        order = self.order
        asked = func.unnest(literal(branches, ARRAY(Integer)))
        branch = asked.table_valued("id", name="asked").render_derived()
        keys = select(order.key) if order.by_key else select(order.key, order.column)
        each = (
            keys.where(self.model.scope_column() == branch.c.id, *conditions)
            .order_by(*stretch.ordering(order.column, order.key))
            .limit(at_most)
            .correlate(branch)
            .lateral("of_each")
        )
        key, column = each.c[order.key.key], each.c[order.column.key]
        merged = select(key).select_from(branch).join(each, true())
        return merged.order_by(*stretch.ordering(column, key)).limit(at_most)

    def _branches_merged(self, conditions: list[Any], stretch: Stretch, at_most: int) -> Select[Any]:
        """The first keys of several branches. SQLite merges their ranges of the index by itself, if it takes that
        index: it does for keys only, with a bound for the column, though it be one that every value meets.
        """
        order = self.order
        if stretch.by_column:
            lowest = "-9223372036854775808" if isinstance(order.column.type, Integer) else "''"
            conditions = [*conditions, order.column >= literal_column(lowest)]
        keys = select(order.key).where(*conditions)
        return keys.order_by(*stretch.ordering(order.column, order.key)).limit(at_most)


@cache
def _counting(key: Any) -> ScalarSelect[int]:
    """The number of a model's rows in sight as a column, counted no further than a cap."""
    return select(func.count()).select_from(select(key).limit(COUNT_CAP + 1).subquery()).scalar_subquery()


@dataclass(frozen=True)
class Count:
    """How many rows there are; nobody looked further than one beyond the cap."""

    seen: int
    cap: int

    @property
    def exact(self) -> bool:
        """Whether that is all of them."""
        return self.seen <= self.cap


def _read_integer(text: str) -> int:
    number = int(text)
    if not text.isascii() or abs(number) > MAX_INTEGER:
        raise ValueError("out of range")
    return number


def _read_value(kind: Any, text: str) -> Any:
    """A value as ``Cursor`` writes it; raises ValueError."""
    if isinstance(kind, Boolean):
        return bool(_read_integer(text))
    if isinstance(kind, Integer):
        return _read_integer(text)
    if isinstance(kind, Date):
        return date.fromisoformat(text)
    if isinstance(kind, UtcDateTime):
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return instant
    if isinstance(kind, PartialDateType):
        return PartialDate.parse(text)
    if isinstance(kind, Enum):
        return kind.enum_class(text) if kind.enum_class else text
    if "\x00" in text or len(text) > MAX_TEXT:
        raise ValueError("no such text")
    return text
