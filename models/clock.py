"""The one clock of the product: instants are UTC, business days are days in Shanghai."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

CITY_TIME = ZoneInfo("Asia/Shanghai")
_frozen: ContextVar[datetime | None] = ContextVar("frozen_instant", default=None)


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _frozen.get() or datetime.now(UTC)


def today() -> date:
    """The present business day, as the city's calendar has it."""
    return now().astimezone(CITY_TIME).date()


def local(instant: datetime) -> datetime:
    """The instant as the city's clocks show it."""
    return instant.astimezone(CITY_TIME)


def spoken(instant: datetime) -> str:
    """The instant as people say it: 11月24日 15:02."""
    there = local(instant)
    return f"{there.month}月{there.day}日 {there:%H:%M}"


@contextmanager
def frozen_at(instant: datetime) -> Iterator[None]:
    """Replace the present instant within a block; for tests and for demo data that has to stay put."""
    token = _frozen.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
