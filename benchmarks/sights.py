"""What each role sees in a loaded database, and which rows and words it is asked about."""

import re
from typing import Any

from sqlalchemy import Connection, create_engine, text

from benchmarks.cases import EDITED, PAGE, ROLES, Sight
from models.pinyin import initials
from services.tables.scale import SIGN_INS


def look(address: str) -> tuple[int, dict[str, Sight]]:
    """A version's key and what each role sees, read from a loaded database."""
    engine = create_engine(address)
    with engine.connect() as connection:
        version = connection.execute(text("SELECT max(checklist_version_id) FROM assessment")).scalar_one()
        sights = {role.key: _sight_of(connection, SIGN_INS[role.username][1]) for role in ROLES.values()}
    engine.dispose()
    return version, sights


def _sight_of(connection: Connection, place: str) -> Sight:
    def keys(query: str, **values: Any) -> tuple[int, ...]:
        return tuple(connection.execute(text(query), values).scalars())

    top, parent = connection.execute(text("SELECT id, parent_id FROM branch WHERE name = :name"), {"name": place}).one()
    branches = keys("SELECT id FROM branch WHERE id = :id OR parent_id = :id ORDER BY id", id=top) if parent else ()
    within = f"WHERE branch_id IN ({', '.join(map(str, branches))})" if branches else ""
    rows = connection.execute(text(f"SELECT count(*) FROM assessment {within}")).scalar_one()
    far = rows // 2 // PAGE * PAGE
    newest_first = f"FROM assessment {within} ORDER BY assessed_on DESC, id DESC LIMIT 1 OFFSET {far - 1}"
    before = connection.execute(text(f"SELECT assessed_on, id {newest_first}")).one() if far else None
    name = connection.execute(text(f"SELECT short_name FROM company {within} ORDER BY id LIMIT 1")).scalar_one()
    part = re.sub(r"示例|\d", "", name)
    return Sight(
        branches, rows, far, (str(before[0]), before[1]) if before else None, part, initials(part),
        keys(f"SELECT id FROM assessment {within} ORDER BY id LIMIT {EDITED}"),
    )  # fmt: skip
