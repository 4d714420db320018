"""Sealing the audit log: a chain of keyed hashes over its entries, and finding what doesn't fit it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import inspect, or_, select
from sqlalchemy.orm import Session

from models import AuditEntry, AuditSeal
from models.encryption import new_seal
from policy.audit import as_json

AT_ONCE = 1000


@dataclass(frozen=True)
class Fault:
    """Something in the log that doesn't fit its seal."""

    seal: str
    what: str


def seal_entries(session: Session) -> AuditSeal | None:
    """Seal every entry that isn't yet; None when there is none. Entries still being written come with the next seal."""
    seals = _seals(session)
    first = seals[-1].last_id + 1 if seals else 1
    late = _present(session, _waiting(seals))
    chain = new_seal(seals[-1].seal if seals else "")
    numbers = _feed(chain, _entries(session, first, None, late))
    fresh = [number for number in numbers if number >= first]
    if not numbers:
        return None
    last = fresh[-1] if fresh else first - 1
    made = AuditSeal(
        number=len(seals) + 1,
        first_id=first,
        last_id=last,
        entries=len(numbers),
        absent=sorted(set(range(first, last + 1)).difference(fresh)),
        late=late,
        seal=chain.hexdigest(),
    )
    session.add(made)
    session.flush()
    return made


def check_seals(session: Session) -> list[Fault]:
    """What doesn't fit: entries changed or removed since they were sealed, and entries under numbers known to be empty."""
    seals, faults, previous = _seals(session), [], ""
    for seal in seals:
        chain = new_seal(previous)
        numbers = _feed(chain, _entries(session, seal.first_id, seal.last_id, seal.late, seal.absent))
        if len(numbers) != seal.entries:
            faults.append(Fault(seal.title, f"封存时有 {seal.entries} 条，现在是 {len(numbers)} 条。"))
        elif chain.hexdigest() != seal.seal:
            faults.append(Fault(seal.title, "内容与封存时不同，有记录或封存码被改过。"))
        previous = seal.seal
    return faults


def slipped_in(session: Session) -> list[int]:
    """Sealed-over numbers that were empty and are used now: written late, or put there past the program.

    The next seal takes them in; until then an auditor looks at each.
    """
    return _present(session, _waiting(_seals(session)))


def _seals(session: Session) -> list[AuditSeal]:
    return list(session.scalars(select(AuditSeal).order_by(AuditSeal.number)))


def _waiting(seals: Iterable[AuditSeal]) -> set[int]:
    """The numbers that no seal has covered with an entry."""
    waiting: set[int] = set()
    for seal in seals:
        waiting = (waiting | set(seal.absent)).difference(seal.late)
    return waiting


def _present(session: Session, numbers: set[int]) -> list[int]:
    """Those of the numbers under which there is an entry now."""
    if not numbers:
        return []
    return sorted(session.scalars(select(AuditEntry.id).where(AuditEntry.id.in_(numbers))))


def _entries(
    session: Session, first: int, last: int | None, late: list[int], absent: Iterable[int] = ()
) -> Iterator[AuditEntry]:
    """The entries of one seal in the order of their numbers, the late ones among them."""
    within = AuditEntry.id >= first
    if last is not None:
        within = within & (AuditEntry.id <= last) & AuditEntry.id.not_in(list(absent))
    wanted = select(AuditEntry).where(or_(within, AuditEntry.id.in_(late))).order_by(AuditEntry.id)
    yield from session.scalars(wanted.execution_options(yield_per=AT_ONCE))


def _feed(chain: Any, entries: Iterable[AuditEntry]) -> list[int]:
    """Put the entries into the hash; their numbers."""
    numbers = []
    for entry in entries:
        chain.update(_written(entry))
        numbers.append(entry.id)
    return numbers


def _written(entry: AuditEntry) -> bytes:
    """Every column of an entry in one line, the same on every database."""
    values = {column.key: as_json(getattr(entry, column.key)) for column in inspect(AuditEntry).columns}
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
