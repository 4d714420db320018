"""Suggestions and research reports: adopted or not."""

from datetime import date

from sqlalchemy.orm import Session

from models import Suggestion
from models.clock import today
from policy.errors import Refused


def is_waiting(suggestion: Suggestion) -> bool:
    """It wasn't adopted so far."""
    return suggestion.adopted_on is None


def adopt(session: Session, suggestion: Suggestion, adopted_on: date, adopted_text: str) -> None:
    """Somebody took it up: when, and what came of it."""
    if not is_waiting(suggestion):
        raise Refused("已经登记过采纳。", "adopted_on")
    if adopted_on > today() or adopted_on < suggestion.made_on.first_day:
        raise Refused("采纳日期不能早于提出时间，也不能在今天之后。", "adopted_on")
    suggestion.adopted_on, suggestion.adopted_text = adopted_on, adopted_text
