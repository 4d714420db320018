"""A database of any size to measure the product on: fictional, the same at every load, some branches skewed.

Its rows go past the guards in statements of many rows, so the actor must hold the permission in the whole city, and
one entry of the audit log stands for the load. Assessments come without answers: their scores are written as they are.
"""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.orm import Session

from models import (
    Account,
    Assessment,
    AssessmentStatus,
    Branch,
    BranchKind,
    ChecklistTemplate,
    ChecklistVersion,
    Company,
    CompanyStatus,
    Grant,
    Result,
    Role,
    VersionStatus,
)
from models.column_types import PartialDate
from models.pinyin import initials, pinyin
from policy.actor import EVERYWHERE
from policy.audit import record_act
from policy.errors import NotAllowed, Refused
from services import accounts
from services.checklists.scoring import Outcome, band
from services.tables.statistics import gather_statistics

SEED = 620200
BRANCHES, COMPANIES, VERSIONS = 200, 20_000, 10
LEAST, MOST = 1_000, 5_000_000
"""How many assessments can be asked for: fewer leave branches empty, more don't fit into a skewed branch's month."""
ONE_MONTH = range(1, 6)
"""Numbers of the branches whose assessments are all of FIRST_DAY's month, and so last where the newest come first."""
ONE_SCORE = range(6, 11)
"""Numbers of the branches whose assessments all have full scores."""
SIGN_INS = {
    "bench_admin": ("city_admin", "示例市委"),
    "bench_branch": ("branch_admin", "示例第100党支部"),
    "bench_month": ("branch_admin", "示例第3党支部"),
    "bench_score": ("branch_admin", "示例第8党支部"),
    "bench_committee": ("branch_admin", "示例工委"),
}
"""User name -> role and place; the committee stands above the branches of one month."""

FIRST_DAY, DAYS, MONTH_DAYS = date(2021, 1, 1), 1826, 28
STRIDE = 677
"""Has no factor in common with DAYS: a company's days don't come again before all are used."""
WRITTEN = {"version": 1, "created_at": datetime(2026, 1, 1, tzinfo=UTC), "updated_at": datetime(2026, 1, 1, tzinfo=UTC)}
WORDS = ["瑞丰", "恒泰", "佳禾", "鼎新", "润泽", "博远", "天合", "正通", "锦程", "安顺", "众诚", "福临", "嘉和", "星辰", "广源",
         "利民", "泰和", "雅居", "康健", "昌盛"]  # fmt: skip
TRADES = {"商贸": "trade", "建筑": "building", "物流": "transport", "物业": "property", "药业": "medicine", "环保": "environment",
          "劳务": "labour", "市场": "market", "餐饮": "catering", "科技": "other"}  # fmt: skip
STEP = 500
SCORES = range(0, 10_001, STEP)
ROWS_AT_ONCE = 20_000


def refuse_any_data(session: Session) -> None:
    """Raise Refused when the database holds more than reference data; every record and account needs a branch."""
    if session.scalar(select(Branch.id).limit(1)) is not None:
        raise Refused("数据库里已有数据。测试用的大量数据只能载入空数据库，请另建一个。")


def load_scale(session: Session, count: int, password_for: Callable[[str], str]) -> dict[str, str]:
    """Write ``count`` assessments with their companies, branches and accounts; the passwords made, by user name.

    Needs the reference data. Raises Refused beside other data or on a count out of bounds, NotAllowed for an actor
    who can't import everywhere.
    """
    if not LEAST <= count <= MOST:
        raise Refused(f"考核的数量要在 {LEAST} 和 {MOST} 之间。")
    if any(
        session.info["actor"].reach(f"{kind}:import") is not EVERYWHERE for kind in ("branch", "company", "assessment")
    ):
        raise NotAllowed("只有能在全市导入数据的人才能载入测试数据。")
    refuse_any_data(session)
    versions = _add_versions(session)
    root = _insert_branches(session)
    companies = _insert_companies(session, min(COMPANIES, count // 5))
    _insert_assessments(session, count, companies, versions)
    gather_statistics(session)
    told = f"载入测试数据：考核 {count} 条，企业 {len(companies)} 家，党支部 {BRANCHES} 个。"
    record_act(session, "import", session.get(Branch, root), reason=told)
    return _add_accounts(session, password_for)


def _add_versions(session: Session) -> list[int]:
    """A checklist with a published version for each year; their keys."""
    template = ChecklistTemplate(name="示例清单", note="测试用。")
    versions = [ChecklistVersion(template=template, name=f"示例{year} 版") for year in range(2017, 2017 + VERSIONS)]
    session.add_all(versions)
    session.flush()
    for version in versions:
        version.status = VersionStatus.PUBLISHED
    session.flush()
    return [version.id for version in versions]


def _insert_branches(session: Session) -> int:
    """The root, a committee and the branches, the first ones under the committee; the root's key."""
    root = _insert(session, Branch, [_branch("示例市委", None)])[0]
    committee = _insert(session, Branch, [_branch("示例工委", root)])[-1]
    numbers = range(1, BRANCHES + 1)
    rows = [_branch(f"示例第{number}党支部", committee if number in ONE_MONTH else root) for number in numbers]
    _insert(session, Branch, [row | {"kind": BranchKind.BRANCH} for row in rows])
    return root


def _branch(name: str, parent: int | None) -> dict[str, Any]:
    return _named(name) | {"name": name, "kind": BranchKind.COMMITTEE, "parent_id": parent}


def _insert_companies(session: Session, count: int) -> list[tuple[int, int, int]]:
    """The companies in turn over the branches; of each its key, its branch's key and its branch's number."""
    chance = random.Random(SEED)
    branches = session.scalars(select(Branch.id).where(Branch.kind == BranchKind.BRANCH).order_by(Branch.id)).all()
    rows = []
    for number in range(count):
        trade = chance.choice(list(TRADES))
        name = f"示例{chance.choice(WORDS)}{trade}{number + 1}"
        rows.append(_named(name) | {
            "short_name": name, "branch_id": branches[number % BRANCHES], "industry": TRADES[trade], "status": CompanyStatus.OPEN,
            "employees": chance.randrange(5, 300), "organised_on": PartialDate(str(chance.randrange(2005, 2021))),
        })  # fmt: skip
    keys = _insert(session, Company, rows)
    return [(key, row["branch_id"], n % BRANCHES + 1) for n, (key, row) in enumerate(zip(keys, rows, strict=True))]


def _named(name: str) -> dict[str, Any]:
    """What stands on every row that is found by its name."""
    return {"pinyin": pinyin(name), "initials": initials(name), **WRITTEN}


def _insert(session: Session, model: Any, rows: list[dict[str, Any]]) -> list[int]:
    """Write the rows; the keys of all rows of the model, in the order written."""
    session.connection().execute(insert(model.__table__), rows)
    return list(session.scalars(select(model.id).order_by(model.id)))


def _insert_assessments(
    session: Session, count: int, companies: list[tuple[int, int, int]], versions: list[int]
) -> None:
    connection, rows = session.connection(), _assessments(count, companies, versions)
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        if connection.dialect.name == "postgresql":
            _copy(connection, chunk)
        else:
            connection.execute(insert(Assessment.__table__), chunk)


def _copy(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write assessments by COPY, which takes PostgreSQL half the time of INSERT."""
    driver: Any = connection.connection.driver_connection
    into = f"COPY {Assessment.__tablename__} ({', '.join(rows[0])}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(into) as copy:
        for row in rows:
            copy.write_row(list(row.values()))


def _assessments(count: int, companies: list[tuple[int, int, int]], versions: list[int]) -> Iterator[dict[str, Any]]:
    """Round by round one assessment of each company, the versions in turn."""
    chance = random.Random(SEED)
    starts = [chance.randrange(DAYS) for _company in companies]
    for number in range(count):
        turn, place = divmod(number, len(companies))
        company, branch, branch_number = companies[place]
        day = starts[place] + turn * STRIDE
        if branch_number in ONE_MONTH:
            day = (starts[place] + turn // VERSIONS) % MONTH_DAYS
        yield {
            "branch_id": branch, "company_id": company, "checklist_version_id": versions[turn % VERSIONS],
            "assessed_on": FIRST_DAY + timedelta(days=day % DAYS), **WRITTEN,
            "note": "现场查看，资料齐全。" if number % 10 == 0 else None, **_outcome(chance, branch_number in ONE_SCORE),
        }  # fmt: skip


def _outcome(chance: random.Random, full: bool) -> dict[str, Any]:
    """Progress, scores and result: 1 in 10 is a draft, 2 are handed in, the rest is reviewed."""
    kind = chance.random()
    own = 10_000 if full else max(chance.choice(SCORES), chance.choice(SCORES))
    reviewed = own if full else max(0, own - STEP * chance.randrange(4))
    if not full and kind < 0.3:
        status = AssessmentStatus.DRAFT if kind < 0.1 else AssessmentStatus.SUBMITTED
        return {"status": status, "self_score": own, "review_score": None, "result": None}
    result = Result(band(Outcome(reviewed), 90, 75))
    return {"status": AssessmentStatus.REVIEWED, "self_score": own, "review_score": reviewed, "result": result}


def _add_accounts(session: Session, password_for: Callable[[str], str]) -> dict[str, str]:
    made = {}
    for username, (role_code, place) in SIGN_INS.items():
        made[username] = password_for(username)
        branch = session.scalars(select(Branch).where(Branch.name == place)).one()
        account = Account(
            username=username, name=f"示例·{username}", branch=branch, is_demo=True, must_change_password=False,
            password_hash=accounts.hash_password(made[username]),
        )  # fmt: skip
        role = session.scalars(select(Role).where(Role.code == role_code)).one()
        session.add_all([account, Grant(account=account, role=role, branch=branch)])
    session.flush()
    return made
