"""Postings (派驻): how one ends."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Adviser, Code, Posting, Visit, WorkLog
from models.clock import today
from policy.errors import Refused
from services.rights import require

LOG_LENGTH = 20_000


def end_posting(
    session: Session, posting: Posting, ended_on: date, end_reason: str, handover: str | None = None
) -> list[WorkLog]:
    """End a posting and leave its visits with the adviser's home branch, as a work log.

    From then on the adviser and the home branch no longer see the company's records, so the log is a copy.
    """
    require(session, "posting:end", posting)
    _check(session, posting, ended_on, end_reason)
    adviser = session.scalar(select(Adviser).where(Adviser.id == posting.adviser_id))
    if adviser is None:
        raise Refused("看不到这位指导员的记录，不能由您结束派驻。", "adviser")
    posting.ended_on, posting.end_reason = ended_on, end_reason
    posting.handover = (handover or "").strip() or posting.handover
    logs = [
        WorkLog(
            adviser=adviser,
            company_name=posting.company_name,
            started_on=posting.started_on,
            ended_on=ended_on,
            text=text,
        )
        for text in log_texts(session, posting)
    ]
    session.add_all(logs)
    return logs


def is_active(posting: Posting) -> bool:
    """Whether the posting still runs."""
    return posting.ended_on is None


def _check(session: Session, posting: Posting, day: date, reason: str) -> None:
    if not is_active(posting):
        raise Refused("这次派驻已经结束。", "ended_on")
    if day < posting.started_on:
        raise Refused(f"结束日期不能早于派驻开始（{posting.started_on}）。", "ended_on")
    if day > today():
        raise Refused("结束日期不能在今天之后。", "ended_on")
    known = select(Code.id).where(Code.code_table == "posting_end_reason", Code.code == reason)
    if session.scalar(known) is None:
        raise Refused("请选择结束原因。", "end_reason")


def log_texts(session: Session, posting: Posting) -> list[str]:
    """The log's text: the visits in order, then the handover; in several parts when it is long."""
    words = select(Code.code, Code.text).where(Code.code_table == "visit_purpose")
    purposes = dict(session.execute(words).all())
    visits = session.scalars(
        select(Visit).where(Visit.posting_id == posting.id).order_by(Visit.visited_on, Visit.id)
    ).all()
    head = (
        f"{posting.adviser_name}派驻{posting.company_name}，"
        f"{posting.started_on} 至 {posting.ended_on}，走访 {len(visits)} 次。"
    )
    parts = [head]
    parts += [f"{row.visited_on} {purposes.get(row.purpose, row.purpose)}\n{row.findings}" for row in visits]
    if posting.handover:
        parts.append(f"交接情况\n{posting.handover}")
    texts = [""]
    for part in parts:
        longer = f"{texts[-1]}\n\n{part}" if texts[-1] else part
        if len(longer) <= LOG_LENGTH:
            texts[-1] = longer
        else:
            texts.append(part)
    return texts
