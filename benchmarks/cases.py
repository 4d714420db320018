"""What is asked, in whose name, and the rows that the questions are about."""

from dataclasses import dataclass, field
from time import time_ns

PAGE = 50
EDITED = 20
"""How many rows are edited in turn."""
NOWHERE_FOUND = "查无此名"


@dataclass(frozen=True)
class Role:
    """Somebody who signs in, with the product's account of ``flask demo --scale``."""

    key: str
    title: str
    username: str


ROLES = {
    role.key: role
    for role in (
        Role("city", "whole city", "bench_admin"),
        Role("branch", "one branch", "bench_branch"),
        Role("month", "a branch, all of one month", "bench_month"),
        Role("score", "a branch, all of one score", "bench_score"),
        Role("committee", "five branches, all of one month", "bench_committee"),
    )
}


@dataclass(frozen=True)
class Case:
    """One kind of request.

    Attributes:
        kind: ``list``, ``edit``, ``save`` or ``export``.
        roles: who asks.
    """

    key: str
    title: str
    kind: str
    roles: tuple[str, ...]


EVERYONE, PLAIN = tuple(ROLES), ("city", "branch")
CASES = [
    Case("first", "list, first page", "list", EVERYONE),
    Case("far", "list, page in the middle of all rows", "list", ("city", "branch", "month", "committee")),
    Case("filter", "list, two filters", "list", EVERYONE),
    Case("sort", "list, by score", "list", EVERYONE),
    Case("name", "search by a part of a name", "list", (*PLAIN, "month")),
    Case("initials", "search by pinyin initials", "list", PLAIN),
    Case("nothing", "search that finds nothing", "list", PLAIN),
    Case("edit", "edit form", "edit", PLAIN),
    Case("save", "save", "save", PLAIN),
    Case("csv", "CSV of all rows in sight", "export", ("branch", "month")),
    Case("xlsx", "XLSX of all rows in sight", "export", ("branch", "month")),
]
BIG_EXPORTS = [
    Case("csv_tenth", "CSV of a tenth of the rows", "export", ("city",)),
    Case("xlsx_tenth", "XLSX of a tenth of the rows", "export", ("city",)),
    Case("csv_all", "CSV of all rows", "export", ("city",)),
]
"""Each in a process of its own, whose memory is watched."""


@dataclass(frozen=True)
class Sight:
    """What a role sees, and the rows and words that it is asked about.

    Attributes:
        branches: keys of its branches; empty when it sees all.
        far: how many rows come before the far page.
        before_far: the day and the key of the last of those, None when there is no far page.
        keys: rows to edit.
    """

    branches: tuple[int, ...]
    rows: int
    far: int
    before_far: tuple[str, int] | None
    name: str
    initials: str
    keys: tuple[int, ...]


@dataclass(frozen=True)
class Facts:
    """What every peer is told.

    Attributes:
        address: the database, by SQLAlchemy's address.
        bare_address: a copy with the ideal indexes, for the bare driver alone.
        version_id: a checklist version, by which lists are filtered and a tenth of the rows exported.
    """

    address: str
    bare_address: str
    password: str = field(repr=False)
    data_key: str = field(repr=False)
    version_id: int = 0
    sights: dict[str, Sight] = field(default_factory=dict)


def new_note() -> str:
    """A note that no row has yet, so that saving it changes the row."""
    return f"复核 {time_ns()}"


def applies(case: Case, sight: Sight) -> bool:
    """Whether a role can be asked this: few rows have no page far down."""
    return case.key != "far" or sight.before_far is not None
