"""Settings that are whole numbers, with what holds when the row is missing or says something else."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Setting


def number_setting(session: Session, key: str, default: int) -> int:
    """The setting of that key as a number from 0 to 9999."""
    value = (session.scalar(select(Setting.value).where(Setting.key == key)) or "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 4 else default
