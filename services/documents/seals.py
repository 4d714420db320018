"""Seals of prints (打印封存): what is printed leaves a digest, by which the record tells when it says something else."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Assessment, AssessmentRound, PrintSeal, Rectification
from policy.actions import resource_of
from policy.errors import NotAllowed
from services.documents.collect import Printable, data_of
from services.rights import require

KEY_BYTES = 16
NAME_LENGTH = 40
LATEST = 5
KEY_LENGTH = 32
"""No key is longer."""
# A document shows more than its record: who doesn't see all of that would print, and compare, something else.
_SHOWN: dict[type, tuple[str, ...]] = {
    Assessment: ("assessment", "assessment_answer", "company", "branch"),
    AssessmentRound: ("assessment_round", "assessment", "company", "branch"),
    Rectification: ("rectification", "assessment", "company", "branch"),
}
_PAPERS = {
    Assessment: "这份考核表",
    AssessmentRound: "这份汇总表",
    Rectification: "这份整改通知书",
}


@dataclass(frozen=True)
class Printed:
    """A print that is being made: its key, and the digest of its data."""

    key: str
    digest: str
    data: dict[str, Any]

    @property
    def short(self) -> str:
        """The part of the digest that is printed."""
        return PrintSeal(digest=self.digest).short


@dataclass(frozen=True)
class SealState:
    """How the prints of a record stand to what it says now.

    Attributes:
        paper: what the document is called in a sentence.
        latest: the newest seals first.
        stale: whether the newest print says something else than the record does now.
    """

    paper: str
    latest: list[PrintSeal]
    stale: bool


def digest_of(data: Any) -> str:
    """The hash of what a document says, alike for equal data, whatever the order of their names."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def sees_all(session: Session, record: Printable) -> bool:
    """Whether the actor sees all that the record's document shows."""
    actor = session.info["actor"]
    return all(actor.permits(f"{resource}:read", record.branch_id) for resource in _SHOWN[type(record)])


def may_seal(session: Session, record: Printable) -> bool:
    """Whether the actor may print the record's document."""
    permits = session.info["actor"].permits
    return permits("print_seal:create", record.branch_id) and sees_all(session, record)


def prepare(session: Session, record: Printable) -> Printed:
    """What a print of the record says now, and the key it will be known by. Raises NotAllowed; writes nothing."""
    require(session, "print_seal:create", record)
    if not sees_all(session, record):
        raise NotAllowed("您看不到这份文件的全部内容，不能打印。")
    data = data_of(session, record)
    return Printed(secrets.token_urlsafe(KEY_BYTES), digest_of(data), data)


def add_seal(session: Session, record: Printable, printed: Printed) -> PrintSeal:
    """Note that a record was printed. Raises NotAllowed."""
    require(session, "print_seal:create", record)
    made = PrintSeal(
        **{resource_of(type(record)): record},
        key=printed.key,
        digest=printed.digest,
        sealed_by=session.info["actor"].name[:NAME_LENGTH],
    )
    session.add(made)
    session.flush()
    return made


def seal_state(session: Session, record: Printable) -> SealState:
    """The latest prints of a record, and whether the newest of them says something else than the record does now."""
    of = getattr(PrintSeal, f"{resource_of(type(record))}_id")
    newest = select(PrintSeal).where(of == record.id).order_by(PrintSeal.id.desc())
    latest = list(session.scalars(newest.limit(LATEST)))
    stale = bool(latest) and sees_all(session, record) and latest[0].digest != digest_of(data_of(session, record))
    return SealState(_PAPERS[type(record)], latest, stale)


def find_seal(session: Session, key: str) -> PrintSeal | None:
    """The seal of a key, where the actor sees it and its record."""
    if len(key) > KEY_LENGTH:
        return None
    found = session.scalar(select(PrintSeal).where(PrintSeal.key == key))
    return found if found is not None and record_of(found) is not None else None


def record_of(found: PrintSeal) -> Printable | None:
    """What was printed; None where the actor doesn't see it."""
    return found.assessment or found.rectification or found.assessment_round
