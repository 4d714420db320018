"""Rectifications (整改): mended by the company, checked again, closed (销号)."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from models import Rectification, RectificationStatus
from models.clock import today
from policy.errors import Refused
from services.rights import require


def mark_done(
    session: Session, rectification: Rectification, evidence: str | None, done_on: date | None = None
) -> None:
    """The company says what it did; the row then waits to be checked."""
    if reason := why_locked(rectification):
        raise Refused(reason)
    if not (evidence or "").strip():
        raise Refused("请写明做了什么，再报整改完成。", "evidence")
    done_on = done_on or today()
    if done_on > today():
        raise Refused("整改完成日期不能在今天之后。", "done_on")
    rectification.evidence = str(evidence).strip()
    rectification.status = RectificationStatus.DONE
    rectification.done_on = done_on


def close(session: Session, rectification: Rectification, closed_on: date | None = None) -> None:
    """The office checked it again and strikes it off."""
    require(session, "rectification:close", rectification)
    if not is_done(rectification):
        raise Refused("企业报了整改完成，才能复查销号。", "status")
    closed_on = closed_on or today()
    if closed_on > today() or (rectification.done_on and closed_on < rectification.done_on):
        raise Refused("销号日期不能早于整改完成日期，也不能在今天之后。", "closed_on")
    rectification.status = RectificationStatus.CLOSED
    rectification.closed_on = closed_on


def reopen(session: Session, rectification: Rectification, return_reason: str | None = None) -> None:
    """What was reported as done isn't: back to the company, with what is still missing."""
    require(session, "rectification:close", rectification)
    if not is_done(rectification):
        raise Refused("只有等待复查的整改可以退回。", "status")
    if not (return_reason or "").strip():
        raise Refused("请写明还差什么，企业才知道怎么改。", "return_reason")
    rectification.return_reason = str(return_reason).strip()
    rectification.status, rectification.done_on = RectificationStatus.OPEN, None


def why_locked(rectification: Rectification) -> str | None:
    """A closed rectification stays as it was closed."""
    return "这项整改已经销号，不能再改。" if rectification.status is RectificationStatus.CLOSED else None


def days_overdue(rectification: Any) -> int:
    """By how many days what is still to be mended is past its day; 0 while it isn't. Takes a row of a list too."""
    return max((today() - rectification.due_on).days, 0) if is_open(rectification) else 0


def is_open(rectification: Rectification) -> bool:
    """It still has to be mended."""
    return rectification.status is RectificationStatus.OPEN


def is_done(rectification: Rectification) -> bool:
    """It was mended and waits to be checked again."""
    return rectification.status is RectificationStatus.DONE
