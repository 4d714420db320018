"""Members who never transferred their registration (口袋党员): found, contacted, transferred, closed."""

from datetime import date

from sqlalchemy.orm import Session

from models import RegistrationStatus, UnregisteredMember
from models.clock import today
from policy.errors import Refused


def _checked(day: date | None, earliest: date | None, field: str) -> date:
    """The day of a step, today when none is given; not before the step it follows, not in the future."""
    day = day or today()
    if day > today() or (earliest and day < earliest):
        raise Refused("日期不能早于上一步，也不能在今天之后。", field)
    return day


def is_found(row: UnregisteredMember) -> bool:
    """Nobody has talked to the member yet."""
    return row.status is RegistrationStatus.FOUND


def is_contacted(row: UnregisteredMember) -> bool:
    """The member was talked to, the registration isn't transferred."""
    return row.status is RegistrationStatus.CONTACTED


def is_open(row: UnregisteredMember) -> bool:
    """The matter isn't closed."""
    return row.status is not RegistrationStatus.CLOSED


def contact(session: Session, row: UnregisteredMember, contacted_on: date | None = None) -> None:
    """Somebody talked to the member."""
    if not is_found(row):
        raise Refused("已经联系过了。", "contacted_on")
    row.contacted_on = _checked(contacted_on, row.found_on, "contacted_on")
    row.status = RegistrationStatus.CONTACTED


def transfer(session: Session, row: UnregisteredMember, transferred_on: date | None, result: str | None) -> None:
    """The registration came to a branch; ``result`` says to which."""
    if not is_contacted(row):
        raise Refused("联系以后才能登记转接。", "transferred_on")
    row.transferred_on = _checked(transferred_on, row.contacted_on, "transferred_on")
    row.status, row.result = RegistrationStatus.TRANSFERRED, result


def close(session: Session, row: UnregisteredMember, closed_on: date | None, result: str | None) -> None:
    """Nothing is left to do; ``result`` says how it ended, which may be without a transfer."""
    if not is_open(row):
        raise Refused("已经办结。", "closed_on")
    earliest = row.transferred_on or row.contacted_on or row.found_on
    row.closed_on = _checked(closed_on, earliest, "closed_on")
    row.status, row.result = RegistrationStatus.CLOSED, result
