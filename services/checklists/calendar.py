"""Working days, with the holidays and the worked weekends that the office enters."""

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Holiday

SATURDAY = 5


def works(day: date, holidays: Mapping[date, bool]) -> bool:
    """Whether the office works: what the table says, else Monday to Friday."""
    return holidays.get(day, day.weekday() < SATURDAY)


def add_working_days(day: date, n: int, holidays: Mapping[date, bool]) -> date:
    """The n-th working day after ``day``; ``holidays`` says of a day whether it is worked."""
    while n > 0:
        day += timedelta(days=1)
        n -= works(day, holidays)
    return day


def holidays_after(session: Session, day: date) -> dict[date, bool]:
    """The table of holidays from a day on. A year without entries counts Monday to Friday."""
    return {row.day: row.works for row in session.scalars(select(Holiday).where(Holiday.day > day))}


def years_without_holidays(session: Session, day: date, until: date) -> list[int]:
    """The years between two days of which the table of holidays holds nothing: their weekdays count as worked."""
    first, last = date(day.year, 1, 1), date(until.year, 12, 31)
    known = {one.year for one in session.scalars(select(Holiday.day).where(Holiday.day.between(first, last)))}
    return [year for year in range(day.year, until.year + 1) if year not in known]
