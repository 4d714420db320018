"""A small world for tests: two sides that must not see each other, one row of every kind on each, nine accounts.

Every text carries a canary that names its kind and its branch, so that a leak shows in any byte that is sent.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, Enum, Integer, String, inspect, select

from models import Account, Base, Branch, BranchKind, Grant, Role
from models.base import BranchScoped
from models.column_types import EncryptedText, PartialDate, PartialDateType
from models.personal import CHECKS
from policy import system_session
from policy.actions import resource_of
from services import accounts, reference_data

PASSWORD = "correct-horse-9"
ROLES = (
    "city_admin", "branch_admin", "liaison", "adviser", "company_clerk", "inspector",
    "system_admin", "security_admin", "auditor",
)  # fmt: skip
SIDES = ("甲", "乙")
ID_NUMBERS = {"甲": "620200194910010016", "乙": "620200195003070021"}
PHONES = {"甲": "13800005678", "乙": "13900004321"}


@dataclass
class World:
    """The keys of what was made."""

    branches: dict[str, int] = field(default_factory=dict)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)


def canary(resource: str, side: str) -> str:
    """The text that only rows of this kind on this side carry."""
    return f"秘{resource}{side}"


def scoped_models() -> list[type]:
    """Every model that a branch owns, found by itself."""
    return [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, BranchScoped)]


def make_world() -> World:
    """Fill an empty, migrated database."""
    world = World()
    with system_session("demo") as session:
        reference_data.load_reference_data(session)
        session.flush()
        root = _branch(session, "全市", None, BranchKind.COMMITTEE)
        for side in SIDES:
            home = _branch(session, canary("branch", side) + "派出支部", root, BranchKind.BRANCH)
            desk = _branch(session, canary("branch", side) + "企业支部", root, BranchKind.BRANCH)
            world.branches |= {f"home{side}": home.id, f"desk{side}": desk.id}
            made: dict[type, Any] = {}
            for model in scoped_models():
                if model is not Branch:
                    make_row(session, model, side, home, desk, made)
            world.branches["root"] = root.id
            session.flush()
            for model, row in made.items():
                world.rows[resource_of(model), side] = row.id
            world.rows["branch", side] = desk.id
        person = world.rows["person", "甲"]
        places = {"company_clerk": "desk甲", "branch_admin": "home甲", "liaison": "home甲", "adviser": "home甲"}
        hashed = accounts.hash_password(PASSWORD)
        for role in ROLES:
            account = Account(
                username=role, name=f"用户{role}", branch_id=world.branches[places.get(role, "root")],
                password_hash=hashed, must_change_password=False, person_id=person if role == "adviser" else None,
            )  # fmt: skip
            session.add(account)
            session.flush()
            world.accounts[role] = account.id
            if role != "adviser":
                found = session.scalar(select(Role).where(Role.code == role))
                session.add(Grant(account=account, role=found, duty=found.duty, branch_id=account.branch_id))
        session.commit()
    return world


def _branch(session: Any, name: str, parent: Any, kind: BranchKind) -> Branch:
    branch = Branch(name=name, parent=parent, kind=kind, note=None)
    session.add(branch)
    session.flush()
    return branch


def make_row(session: Any, model: type, side: str, home: Any, desk: Any, made: dict[type, Any]) -> Any:
    """One row of a model on a side, with the rows it needs; every text column carries the side's canary."""
    if model in made:
        return made[model]
    row = model()
    made[model] = row
    for relation in inspect(model).relationships:
        key = inspect(model).columns.get(f"{relation.key}_id")
        if relation.direction.name != "MANYTOONE" or relation.viewonly or key is None:
            continue
        target = relation.mapper.class_
        if target is Branch:
            setattr(row, relation.key, desk if model.__name__ == "Company" or relation.key != "branch" else home)
        elif issubclass(target, BranchScoped):
            if not key.nullable or relation.key == next(iter(model.owners()), None):
                setattr(row, relation.key, make_row(session, target, side, home, desk, made))
        elif not key.nullable:
            setattr(row, relation.key, session.scalar(select(target).limit(1)))
    for column in inspect(model).columns:
        if getattr(row, column.key, None) is None and not column.foreign_keys and not column.info.get("computed"):
            value = value_for(column, model, side)
            if value is not None:
                setattr(row, column.key, value)
    if model.__name__ == "Trash":
        row.branch_id = home.id
    session.add(row)
    session.flush()
    return row


def value_for(column: Any, model: type, side: str) -> Any:
    """A value of the column's kind, marked with the canary where it is text."""
    resource, kind, info = resource_of(model), column.type, column.info
    if column.key in ("id", "version", "created_at", "updated_at", "pinyin", "initials", "id_number_hash"):
        return None
    if info.get("mask") == "id_number":
        return ID_NUMBERS.get(side)
    if info.get("mask") == "phone":
        return PHONES.get(side, "13700000000")
    if column.key == "year":
        return 2026
    if column.key == "month":
        return "2026-01"
    if info.get("check") in CHECKS or column.key in ("ended_on", "end_reason", "closed_on", "until", "done_on"):
        return date(2026, 1, 2) if model.__name__ == "WorkLog" else None
    if column.key in ("resource",):
        return "person"
    if column.key == "contents":
        return "[]"
    if isinstance(kind, PartialDateType):
        return PartialDate("2020-05")
    if isinstance(kind, Enum):
        return next(iter(kind.enum_class))
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Date):
        return date(2026, 1, 2)
    if isinstance(kind, DateTime):
        return None
    if isinstance(kind, Integer):
        return 1
    if isinstance(kind, String | EncryptedText) and "code" not in info:
        return (canary(resource, side) + column.key)[: getattr(kind, "length", None) or 60]
    return "其他" if "code" in info and not column.nullable else None
