"""Who can be assessed in a round: the companies and branches that a chooser offers, and those that were chosen."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import Branch, BranchKind, Company, CompanyStatus
from policy.errors import OutOfSight
from policy.protected import within
from services.checklists.rounds import Assessed, in_parts
from services.tables.columns import OUT_OF_SIGHT

NOBODY = Assessed()


@dataclass(frozen=True)
class Candidate:
    """A company or a branch that may be chosen.

    Attributes:
        spelt: the pinyin and the initials of its name, by which it is found too.
    """

    key: int
    name: str
    spelt: str


@dataclass(frozen=True)
class Group:
    """Candidates under the name of their branch, or of the branch above them."""

    name: str
    candidates: list[Candidate] = field(default_factory=list)


@dataclass(frozen=True)
class Candidates:
    """All that may be chosen: companies by their branch, branches by the one above."""

    companies: list[Group]
    branches: list[Group]


def candidates_for(session: Session, kinds: Collection[BranchKind], but: Assessed = NOBODY) -> Candidates:
    """The companies and branches of these kinds of Party organisation that the actor may assess, by their pinyin.

    Companies that were struck off the register are left out, and whoever is in a round already (``but``).
    """
    reach = session.info["actor"].reach("assessment:create")
    companies = session.execute(
        select(Company.id, Company.short_name, Company.pinyin, Company.initials, Branch.id, Branch.name)
        .join(Branch, Branch.id == Company.branch_id)
        .where(Branch.kind.in_(kinds), within(Company.branch_id, reach), Company.status != CompanyStatus.CLOSED)
        .order_by(Branch.pinyin, Branch.id, Company.pinyin, Company.id)
    )
    # A company without a branch has a place in the tree that is none.
    branches = session.execute(
        select(Branch.id, Branch.name, Branch.pinyin, Branch.initials, Branch.parent_id)
        .where(Branch.kind.in_(set(kinds) - {BranchKind.UNORGANISED}), within(Branch.id, reach))
        .order_by(Branch.pinyin, Branch.id)
    ).all()
    above = _names(session, {row.parent_id for row in branches if row.parent_id is not None})
    groups = _grouped(
        (_place(row.parent_id, above), row.parent_id, _candidate(row)) for row in branches if row.id not in but.branches
    )
    return Candidates(
        _grouped((row[5], row[4], _candidate(row)) for row in companies if row[0] not in but.companies),
        sorted(groups, key=lambda group: group.name not in above.values()),
    )


def _names(session: Session, keys: Collection[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for some in in_parts(sorted(keys)):
        found |= dict(session.execute(select(Branch.id, Branch.name).where(Branch.id.in_(some))).all())  # type: ignore[arg-type]
    return found


def _place(above_id: int | None, above: dict[int, str]) -> str:
    """What branches under this one are listed under."""
    return "最上级" if above_id is None else above.get(above_id, OUT_OF_SIGHT)


def _candidate(row: Any) -> Candidate:
    return Candidate(row[0], row[1], f"{row[2]} {row[3]}")


def _grouped(rows: Any) -> list[Group]:
    """The candidates by their groups, both in the order in which they come."""
    groups: dict[Any, Group] = {}
    for name, key, candidate in rows:
        groups.setdefault(key, Group(name)).candidates.append(candidate)
    return list(groups.values())


def chosen(session: Session, companies: Collection[int], branches: Collection[int]) -> tuple[list[Any], list[Any]]:
    """The companies and branches of these keys; raises OutOfSight unless all of them are there and in sight."""
    found = _rows(session, Company, companies, joinedload(Company.branch)), _rows(session, Branch, branches)
    if len(found[0]) != len(set(companies)) or len(found[1]) != len(set(branches)):
        raise OutOfSight
    return found


def _rows(session: Session, model: Any, keys: Collection[int], *options: Any) -> list[Any]:
    rows: list[Any] = []
    for some in in_parts(sorted(set(keys))):
        rows += session.scalars(select(model).where(model.id.in_(some)).options(*options))
    return rows
