"""A small world for tests: two sides that must not see each other, one row of every kind on each, nine accounts.

Every text carries a canary that names its kind, its side and its column, and every row a key that no other row has,
so that a leak shows in any byte that is sent and says where it came from.
"""

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, Enum, Integer, String, inspect, select

from models import (
    Account,
    Attachment,
    AttachmentKind,
    AuditEntry,
    Base,
    Branch,
    BranchKind,
    ChecklistGroup,
    ChecklistItem,
    ChecklistTemplate,
    ChecklistVersion,
    Code,
    Company,
    DevelopmentStep,
    Draft,
    ExportFile,
    Grant,
    Holiday,
    ImportBatch,
    ImportStatus,
    Job,
    JobStatus,
    KeyPost,
    MonthlyReport,
    Person,
    Rectification,
    RectificationStatus,
    ReportStatus,
    Role,
    RolePermission,
    SavedView,
    Setting,
    SignIn,
    SignInCard,
    Trash,
)
from models.base import BranchScoped
from models.column_types import EncryptedText, PartialDate, PartialDateType
from models.personal import CHECKS
from policy import system_session
from policy.actions import resource_of
from services import accounts, reference_data, trash
from services.export_files import Contents

PASSWORD = "correct-horse-9"
ROLES = (
    "city_admin", "branch_admin", "liaison", "adviser", "company_clerk", "inspector",
    "system_admin", "security_admin", "auditor",
)  # fmt: skip
PLACES = {"company_clerk": "desk甲", "branch_admin": "home甲", "liaison": "home甲", "adviser": "home甲"}
"""The branch of each role's account; the others belong to the whole city."""

SIDES = ("甲", "乙")
SHARED = "公"
"""The label of rows that belong to no side: code tables, checklists, roles."""

FIRST_KEY = 700_001
ID_NUMBERS = {"甲": "620200194910010019", "乙": "620200195003070020"}
PHONES = {"甲": "13800005678", "乙": "13900004321"}
NEVER = datetime(2099, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """The keys of what was made: rows by resource and label, where a label is a side, or a side and a word more."""

    branches: dict[str, int] = field(default_factory=dict)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)


def canary(resource: str, side: str) -> str:
    """The beginning of every text of this kind on this side."""
    return f"秘{resource}{side}"


def session_key(username: str) -> str:
    """The key of the session in which an account is signed in already."""
    return f"session-of-{username}"


def scoped_models() -> list[type]:
    """Every model that a branch owns, found by itself; always in the same order, so that keys are the same in each process."""
    found = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, BranchScoped)]
    return sorted(found, key=lambda model: model.__tablename__)


def make_world() -> World:
    """Fill an empty, migrated database."""
    world = World()
    keys = count(FIRST_KEY)
    with system_session("demo") as session:
        reference_data.load_reference_data(session)
        session.flush()
        root = _branch(session, "全市", None, BranchKind.COMMITTEE)
        world.branches["root"] = root.id
        for side in SIDES:
            _make_side(session, world, side, root, keys)
        _make_shared_rows(session, world, keys)
        _make_accounts(session, world)
        mine = session.get(Account, world.accounts["branch_admin"])
        world.rows["saved_view", f"{SIDES[0]}己"] = _save_view(
            session, mine, f"{SIDES[0]}己", False, {"desc": "1"}, keys
        )
        _have_jobs_done(session, world, mine, f"{SIDES[0]}己", keys)
        _import_sheets(session, world, mine, f"{SIDES[0]}己", keys)
        session.commit()
    return world


def _make_side(session: Any, world: World, side: str, root: Branch, keys: Iterator[int]) -> None:
    """A branch that sends its adviser, the company's branch, and a row of every kind in one of them."""
    home = _branch(session, canary("branch", side) + "派出支部", root, BranchKind.BRANCH, next(keys))
    desk = _branch(session, canary("branch", side) + "企业支部", root, BranchKind.BRANCH, next(keys))
    world.branches |= {f"home{side}": home.id, f"desk{side}": desk.id}
    world.rows |= {("branch", side): desk.id, ("branch", f"{side}派"): home.id}
    made: dict[type, Any] = {}
    for model in scoped_models():
        if resource_of(model) not in ("branch", "trash"):
            make_row(session, model, side, home, desk, made, keys)
    made[Attachment].kind = AttachmentKind.PHOTO  # it proves the assessment's item
    for model, row in made.items():
        world.rows[resource_of(model), side] = row.id
    company = made[Company]
    _make_more(session, world, side, desk, company, keys)
    _throw_away(session, world, side, home, keys)
    account = Account(
        id=next(keys), username=canary("account", side), name=canary("account", side) + "name", branch=home
    )
    liaison = session.scalar(select(Role).where(Role.code == "liaison"))
    grant = Grant(id=next(keys), account=account, role=liaison, branch=home, valid_from=date(2026, 1, 2))
    phone = SignIn(
        id=next(keys), account=account, key_hash=accounts.hash_key(canary("sign_in", side)), expires_at=NEVER,
        device=canary("sign_in", side) + "device", last_used_on=date(2026, 1, 2),
    )  # fmt: skip
    card = SignInCard(
        id=next(keys), account=account, key_hash=accounts.hash_key(canary("sign_in_card", side)), expires_at=NEVER,
        made_by=canary("sign_in_card", side) + "made_by", remembered_days=90,
    )  # fmt: skip
    session.add_all([account, grant, phone, card])
    session.flush()
    for label, shared in (("", False), ("享", True)):
        asks = {"search": canary("saved_view", side) + "words", "flt0_company": str(company.id), "cols": "subject"}
        world.rows["saved_view", f"{side}{label}"] = _save_view(session, account, f"{side}{label}", shared, asks, keys)
    world.rows |= {("sign_in", side): phone.id, ("sign_in_card", side): card.id}
    _have_jobs_done(session, world, account, side, keys)
    _import_sheets(session, world, account, side, keys)
    for label in SIDES:  # somebody else's unsaved words about this side's company, and about the other's
        if company_key := world.rows.get(("company", label)):
            written = json.dumps([["note", canary("draft", f"{side}{label}")]], ensure_ascii=False)
            session.add(Draft(account_id=account.id, resource="company", form="edit", record_id=company_key,
                              contents=written))  # fmt: skip
    session.flush()
    entry = session.scalar(
        select(AuditEntry.id).where(AuditEntry.resource == "company", AuditEntry.record_id == company.id).limit(1)
    )
    world.rows |= {("account", side): account.id, ("grant", side): grant.id, ("audit_entry", side): entry}


def _save_view(
    session: Any, account: Account, label: str, shared: bool, asks: dict[str, str], keys: Iterator[int]
) -> int:
    """A view of the list of problems; its link carries its own key, so that whoever is handed that finds it."""
    key = next(keys)
    session.add(
        SavedView(
            id=key, account_id=account.id, branch_id=account.branch_id, resource="problem", shared=shared, asks=asks,
            name=canary("saved_view", label) + "name", key=str(key),
        )
    )  # fmt: skip
    session.flush()
    return key


def _have_jobs_done(session: Any, world: World, account: Account, label: str, keys: Iterator[int]) -> None:
    """What an account let run in the background: a job that is done, with its file, and one that waits."""
    told = json.dumps({"url": "/company/"})
    for more, status in (("", JobStatus.DONE), ("等", JobStatus.WAITING)):
        done = status is JobStatus.DONE
        job = Job(
            id=next(keys), account_id=account.id, kind="export", title=canary("job", label + more) + "title",
            about=json.dumps([canary("job", label + more) + "about"], ensure_ascii=False), status=status,
            message=canary("job", label + more) + "message", result=told if done else None,
            finished_at=NEVER if done else None,
        )  # fmt: skip
        session.add(job)
        session.flush()
        world.rows["job", label + more] = job.id
        if done:
            file = ExportFile(
                id=next(keys), account_id=account.id, job_id=job.id, resource="company", size=1, row_count=1,
                file_name=canary("export_file", label) + "file_name", stored_name=f"{job.id:032x}", row_keys=Contents().packed(),
                reaches={},
            )  # fmt: skip
            session.add(file)
            session.flush()
            world.rows["export_file", label] = file.id


def _import_sheets(session: Any, world: World, account: Account, label: str, keys: Iterator[int]) -> None:
    """A sheet that an account handed in, with its preview, and one that it imported."""
    told = canary("import_batch", label)
    rows = [{"line": 2, "outcome": "wrong", "key": None, "title": f"{told}title", "values": {}, "faults": []}]
    preview = {"sight": {}, "sheet": f"{told}sheet", "heads": [], "left_out": [], "rows": rows}
    for more, status in (("", ImportStatus.CHECKED), ("完", ImportStatus.APPLIED)):
        batch = ImportBatch(
            id=next(keys), account_id=account.id, resource="company", file_name=f"{told}{more}file_name", status=status,
            contents=f"企业简称\n{told}cell\n".encode(), preview=json.dumps(preview, ensure_ascii=False).encode(),
            done=b"[]", applied_at=NEVER if more else None,
        )  # fmt: skip
        session.add(batch)
        session.flush()
        world.rows["import_batch", f"{label}{more}"] = batch.id


def _make_more(session: Any, world: World, side: str, desk: Branch, company: Company, keys: Iterator[int]) -> None:
    """The company's own people, and what waits for the office: a report handed in, a rectification done."""
    made: dict[type, Any] = {Company: company}
    for model in (Person, DevelopmentStep, KeyPost):
        row = make_row(session, model, f"{side}企", desk, desk, made, keys)
        world.rows[resource_of(model), f"{side}企"] = row.id
    made[Person].company = company
    report = MonthlyReport(
        id=next(keys), company=company, month="2026-02", content=canary("monthly_report", f"{side}交") + "content",
        status=ReportStatus.SUBMITTED,
    )  # fmt: skip
    mended = Rectification(
        id=next(keys), company=company, what=canary("rectification", f"{side}交") + "what", responsible="某人",
        due_on=date(2026, 1, 2), evidence="已完成", status=RectificationStatus.DONE, done_on=date(2026, 1, 2),
    )  # fmt: skip
    session.add_all([report, mended])
    session.flush()
    world.rows |= {("monthly_report", f"{side}交"): report.id, ("rectification", f"{side}交"): mended.id}


def _throw_away(session: Any, world: World, side: str, home: Branch, keys: Iterator[int]) -> None:
    """Somebody who is in the trash."""
    person = make_row(session, Person, f"{side}废", home, home, {}, keys)
    trash.move_to_trash(session, person)
    thrown = session.scalars(select(Trash).where(Trash.record_id == person.id)).one()
    thrown.id = next(keys)
    session.flush()
    world.rows["trash", side] = thrown.id


def _make_shared_rows(session: Any, world: World, keys: Iterator[int]) -> None:
    """Rows that belong to no side and may be changed: a checklist in draft, a code, a holiday, a role."""
    template = ChecklistTemplate(id=next(keys), name="另一清单")
    version = ChecklistVersion(id=next(keys), template=template, name="草稿")
    group = ChecklistGroup(id=next(keys), checklist_version=version, name="分组")
    item = ChecklistItem(id=next(keys), group=group, code="x1", text="检查项")
    role = Role(id=next(keys), code="spare", name="备用角色")
    permission = RolePermission(id=next(keys), role=role, permission="company:read")
    made: list[Any] = [template, version, group, item, role, permission]
    session.add_all(made)
    session.flush()
    made += [session.scalar(select(model).limit(1)) for model in (Code, Holiday, Setting)]
    world.rows |= {(resource_of(type(row)), SHARED): row.id for row in made}


def _make_accounts(session: Any, world: World) -> None:
    """One account of each role, signed in already."""
    hashed = accounts.hash_password(PASSWORD)
    for role in ROLES:
        account = Account(
            username=role, name=f"用户{role}", branch_id=world.branches[PLACES.get(role, "root")],
            password_hash=hashed, must_change_password=False,
            person_id=world.rows["person", "甲"] if role == "adviser" else None,
        )  # fmt: skip
        session.add(account)
        session.flush()
        world.accounts[role] = account.id
        session.add(SignIn(account=account, key_hash=accounts.hash_key(session_key(role)), expires_at=NEVER))
        if role != "adviser":
            found = session.scalar(select(Role).where(Role.code == role))
            session.add(Grant(account=account, role=found, duty=found.duty, branch_id=account.branch_id))


def employ(world: World, username: str, grants: Iterable[tuple[str, str]] = ()) -> None:
    """One more account, signed in already, with roles at branches such as ``home甲``."""
    with system_session("demo") as session:
        account = Account(
            username=username, name=f"用户{username}", branch_id=world.branches["root"], must_change_password=False
        )
        session.add(account)
        for code, place in grants:
            role = session.scalar(select(Role).where(Role.code == code))
            session.add(Grant(account=account, role=role, branch_id=world.branches[place]))
        session.add(SignIn(account=account, key_hash=accounts.hash_key(session_key(username)), expires_at=NEVER))
        session.commit()


def _branch(session: Any, name: str, parent: Any, kind: BranchKind, key: int | None = None) -> Branch:
    branch = Branch(id=key, name=name, parent=parent, kind=kind, note=None)
    session.add(branch)
    session.flush()
    return branch


def make_row(
    session: Any, model: type, side: str, home: Any, desk: Any, made: dict[type, Any], keys: Iterator[int] | None = None
) -> Any:
    """One row of a model on a side, with the rows it needs; every text column carries the side's canary.

    Args:
        made: the side's rows so far, by model; what is missing is added.
        keys: where the row's key comes from; the database gives it when there is none.
    """
    if model in made:
        return made[model]
    row: Any = model()
    made[model] = row
    related: dict[str, Any] = {}
    for relation in inspect(model).relationships:
        key = inspect(model).columns.get(f"{relation.key}_id")
        if relation.direction.name != "MANYTOONE" or relation.viewonly or key is None:
            continue
        target = relation.mapper.class_
        if target is Branch:
            related[relation.key] = desk if model is Company or relation.key != "branch" else home
        elif issubclass(target, BranchScoped):
            if not key.nullable or relation.key == next(iter(model.owners()), None):
                related[relation.key] = make_row(session, target, side, home, desk, made, keys)
        elif not key.nullable:
            related[relation.key] = session.scalar(select(target).order_by(target.id).limit(1))
    for name, other in related.items():
        setattr(row, name, other)
    for column in inspect(model).columns:
        left_out = column.info.get("computed") and (column.nullable or column.default is not None)
        if getattr(row, column.key, None) is None and not column.foreign_keys and not left_out:
            value = value_for(column, model, side)
            if "code" in column.info and not column.nullable:
                value = session.scalar(select(Code.code).where(Code.code_table == column.info["code"]).limit(1))
            if value is not None:
                setattr(row, column.key, value)
    if resource_of(model) == "trash":
        row.branch_id = home.id
    row.id = next(keys) if keys is not None else None
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
        own = PHONES.get(side) if resource == "person" else None
        return own or f"138{zlib.crc32(f'{resource}{column.key}{side}'.encode()) % 10**8:08d}"
    if column.key == "year":
        return 2000 + ord(side[0]) % 90  # another for each side: some things are unique within a branch and a year
    if column.key == "month":
        return "2026-01"
    if info.get("hundredths") and column.nullable:
        return None  # an answer is a word or a number, not both
    if info.get("check") in CHECKS or column.key in ("ended_on", "end_reason", "closed_on", "until", "done_on"):
        return date(2026, 1, 2) if model.__name__ == "WorkLog" else None
    if column.key == "resource":
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
    return None
