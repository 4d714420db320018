"""Advisers: their terms."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Adviser, AdviserStatus, Appointment
from models.clock import today
from policy.errors import Refused
from services.rights import require


def renew_appointments(session: Session, advisers: Iterable[Adviser], until: date) -> int:
    """Give each adviser a new term that follows the last one and ends on ``until``; returns how many were given.

    Whoever's term already reaches that day, or has no end, keeps it.
    """
    advisers = list(advisers)
    if until <= today():
        raise Refused("聘期结束日期应在今天之后。", "ends_on")
    for adviser in advisers:
        require(session, "adviser:renew", adviser)
        if adviser.status is not AdviserStatus.SERVING:
            raise Refused(f"{adviser.name}已解聘，不能续聘；请先把聘任状态改为在聘。", "status")
    terms = _terms(session, advisers)
    given = 0
    for adviser in advisers:
        last = terms[adviser.id][-1] if terms[adviser.id] else None
        if last is not None and (last.ends_on is None or last.ends_on >= until):
            continue
        if last is not None and last.starts_on >= today():
            last.ends_on = until
        else:
            starts_on = max(today(), last.ends_on + timedelta(days=1)) if last and last.ends_on else today()
            session.add(Appointment(adviser=adviser, starts_on=starts_on, ends_on=until))
        given += 1
    return given


def _terms(session: Session, advisers: list[Adviser]) -> dict[int, list[Appointment]]:
    """The terms of each adviser in order, by one query."""
    found: dict[int, list[Appointment]] = defaultdict(list)
    wanted = [adviser.id for adviser in advisers]
    rows = select(Appointment).where(Appointment.adviser_id.in_(wanted)).order_by(Appointment.starts_on)
    for term in session.scalars(rows):
        found[term.adviser_id].append(term)
    return found
