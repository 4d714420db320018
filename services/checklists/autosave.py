"""Saving one answer at a time, as it is given on a phone: only whoever changed the same answer meanwhile is in the way."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from models import Assessment, AssessmentAnswer
from policy.errors import Refused
from services.checklists import assess
from services.checklists.answers import REVIEW, Given, given_by
from services.checklists.reviewers import require_reviewer
from services.rights import require


@dataclass(frozen=True)
class Said:
    """What one side says of an item: its answer, and its note or the reviewer's reason."""

    given: Given
    text: str


class AnswerChanged(Exception):
    """Somebody else changed the same answer meanwhile; ``row`` says what it is now."""

    def __init__(self, row: AssessmentAnswer) -> None:
        super().__init__()
        self.row = row


def said_by(side: str, row: AssessmentAnswer) -> Said:
    """What is saved of one side."""
    return Said(given_by(side, row), (row.reason if side == REVIEW else row.note) or "")


def answer_one(
    session: Session,
    assessment: Assessment,
    item_id: int,
    side: str,
    said: Said,
    seen: Said,
    on_behalf_of: str | None = None,
) -> AssessmentAnswer:
    """Save what one side says of one item, and the scores.

    Answer and text are looked at apart: what is as it was ``seen`` isn't written, so that it overwrites nobody. What is
    saved already, by this same request sent before, is saved. Raises AnswerChanged where a third thing stands there.
    """
    if side == REVIEW:
        require_reviewer(session, assessment)
    else:
        require(session, "assessment:self_assess", assessment)
    if reason := assess.why_fixed(assessment, reviewed=side == REVIEW):
        raise Refused(reason)
    rows = {row.item_id: row for row in assess.open_assessment(session, assessment)}
    row = rows.get(item_id)
    if row is None:
        raise Refused("这一项不在检查表里，请刷新后再填。")
    stored = said_by(side, row)
    answered, written = said.given != seen.given, said.text.strip() != seen.text.strip()
    if (answered and stored.given not in (seen.given, said.given)) or (
        written and stored.text.strip() not in (seen.text.strip(), said.text.strip())
    ):
        raise AnswerChanged(row)
    texts = {item_id: said.text} if written else {}
    assess.answer(
        session,
        assessment,
        {item_id: said.given} if answered else {},
        texts if side == REVIEW else None,
        None if side == REVIEW else texts,
        reviewed=side == REVIEW,
        on_behalf_of=on_behalf_of,
    )
    return row
