"""What the pages share: the row that an address names, and saving."""

from typing import Any

from flask import abort
from sqlalchemy import Select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from models import db
from policy import Changed

KEY_DIGITS = 15


def one_row(statement: Select[Any], model: Any, key: str) -> Any:
    """The row with this key, or 404: alike for hidden, missing and malformed."""
    row = None
    if key.isascii() and key.isdigit() and len(key) <= KEY_DIGITS:
        row = db.session.scalar(statement.where(model.id == int(key)))
    return row if row is not None else abort(404)


def save() -> None:
    """Commit; whoever comes second learns that somebody was faster."""
    try:
        db.session.commit()
    except (StaleDataError, IntegrityError):
        db.session.rollback()
        raise Changed from None


def readable(text: str) -> str:
    """The text without characters that no database stores, such as NUL."""
    return "".join(char for char in text if ord(char) >= 32 or char in "\r\n\t").strip()
