"""Drafts: what somebody typed into a form is kept until it is saved, thrown away or too old."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Draft
from models.clock import now
from policy.errors import Refused

KEPT = timedelta(days=30)
MAX_CONTENT = 256 * 1024
"""Of one draft, in characters."""
NEW = "new"

Fields = list[tuple[str, str]]


class Place(NamedTuple):
    """The form that a draft belongs to: ``new``, ``edit`` or a step of one kind of record, and the record's key."""

    resource: str
    form: str
    record_id: int = 0


def find_draft(session: Session, place: Place) -> Draft | None:
    """What the session's account typed there and hasn't saved; None when there is nothing, or nothing recent."""
    found = _kept(session, place)
    return found if found is not None and found.updated_at > now() - KEPT else None


def typed_fields(draft: Draft) -> Fields:
    """The names and values that were in the form."""
    return [(name, value) for name, value in json.loads(draft.contents)]


def keep_draft(session: Session, place: Place, fields: Iterable[tuple[str, str]]) -> Draft:
    """Keep what is in a form in the place of what was kept of it before; raises Refused when it is too much."""
    contents = json.dumps(list(fields), ensure_ascii=False)
    if len(contents) > MAX_CONTENT:
        raise Refused("填写的内容太长，没有存成草稿。请尽快保存。")
    draft = _kept(session, place)
    if draft is None:
        draft = Draft(account_id=session.info["actor"].account_id, **place._asdict())
        session.add(draft)
    draft.contents, draft.updated_at = contents, now()
    session.flush()
    return draft


def discard_draft(session: Session, place: Place) -> None:
    """Forget what was kept of a form."""
    draft = _kept(session, place)
    if draft is not None:
        session.delete(draft)


def remove_old_drafts(session: Session) -> int:
    """Remove the drafts that were kept long enough; how many there were."""
    old = session.scalars(select(Draft).where(Draft.updated_at <= now() - KEPT)).all()
    for draft in old:
        session.delete(draft)
    session.flush()
    return len(old)


def _kept(session: Session, place: Place) -> Draft | None:
    account = session.info["actor"].account_id
    mine = select(Draft).where(Draft.account_id == account)
    return session.scalar(mine.filter_by(**place._asdict()))
