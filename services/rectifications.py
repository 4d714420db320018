"""Rectifications (整改): mended by the company, checked again, closed (销号)."""

from datetime import date

from sqlalchemy.orm import Session

from models import Rectification, RectificationStatus
from models.clock import today
from policy.errors import Refused
from services.rights import require


def mark_done(session: Session, rectification: Rectification, evidence: str, day: date | None = None) -> None:
    """The company says what it did; the row then waits to be checked."""
    if rectification.status is RectificationStatus.CLOSED:
        raise Refused("这项整改已经销号，不能再改。", "status")
    if not evidence.strip():
        raise Refused("请写明做了什么，再报整改完成。", "evidence")
    day = day or today()
    if day > today():
        raise Refused("整改完成日期不能在今天之后。", "done_on")
    rectification.evidence = evidence.strip()
    rectification.status = RectificationStatus.DONE
    rectification.done_on = day


def close(session: Session, rectification: Rectification, day: date | None = None) -> None:
    """The office checked it again and strikes it off."""
    require(session, "rectification:close", rectification)
    if rectification.status is not RectificationStatus.DONE:
        raise Refused("企业报了整改完成，才能复查销号。", "status")
    day = day or today()
    if day > today() or (rectification.done_on and day < rectification.done_on):
        raise Refused("销号日期不能早于整改完成日期，也不能在今天之后。", "closed_on")
    rectification.status = RectificationStatus.CLOSED
    rectification.closed_on = day


def reopen(session: Session, rectification: Rectification) -> None:
    """What was reported as done isn't: back to the company."""
    require(session, "rectification:close", rectification)
    if rectification.status is not RectificationStatus.DONE:
        raise Refused("只有等待复查的整改可以退回。", "status")
    rectification.status, rectification.done_on = RectificationStatus.OPEN, None
