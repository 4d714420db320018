"""The run: databases are made, peers take turns, and each cell of the table is filled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import chain
from statistics import median
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import create_engine, text

from benchmarks.cases import BIG_EXPORTS, CASES, ROLES, Case, Facts, applies
from benchmarks.databases import Databases
from benchmarks.peers import NAMES, PEERS, takes_part
from benchmarks.peers.bare_driver import make_ideal_indexes
from benchmarks.peers.product import make_product
from benchmarks.sights import look
from benchmarks.workers import Failed, Seen, Worker, run_alone
from commands import fill_scale
from models import db

PASSWORD = "measured-rows-1"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Pace:
    """How long to measure: so many passes, in each so many requests, fewer when they take longer than the seconds."""

    passes: int = 3
    requests: int = 20
    seconds: float = 0.8
    profiled: int = 50


QUICK, QUICK_ROWS = Pace(requests=5, profiled=10), 100_000
"""For fewer rows than these a run is a trial, done in minutes."""


@dataclass(frozen=True)
class Cell:
    """What one peer needed for one case: times in milliseconds, sizes in bytes."""

    database: str
    case: str
    role: str
    peer: str
    p50: float
    p95: float
    requests: int
    queries: int
    size: int
    first_byte: float
    growth: int | None


def peers_here() -> list[str]:
    """The peers whose libraries are installed."""
    return [name for name in PEERS if name != "django" or find_spec("django")]


def build(databases: Databases, count: int, data_key: str) -> Facts:
    """A database with so many assessments, Django's tables beside them, and a copy with the ideal indexes."""
    address = databases.new("measured")
    with make_product(address, data_key).app_context():
        upgrade()
        fill_scale(count, PASSWORD)
        db.engine.dispose()
    databases.settle(address)
    bare_address = databases.copy(address, "bare")
    make_ideal_indexes(bare_address)
    databases.settle(bare_address)
    version_id, sights = look(address)
    if "django" in peers_here():
        members = {ROLES[role].username: list(sight.branches) for role, sight in sights.items()}
        run_alone(_prepare_django, address, members)
    return Facts(address, bare_address, PASSWORD, data_key, version_id, sights)


def _prepare_django(address: str, members: dict[str, list[int]]) -> None:
    from benchmarks.django_peer.project import prepare

    prepare(address, PASSWORD, members)


def measure(
    databases: Databases,
    facts: Facts,
    pace: Pace,
    say: Say,
    cases: Sequence[Case] = CASES,
    files: Sequence[Case] = BIG_EXPORTS,
) -> tuple[list[Cell], dict[str, float]]:
    """The cells of one database, and where the product's time goes on the first page of the list."""
    cells = []
    workers = [Worker(name, facts) for name in peers_here()]
    try:
        for case in cases:
            for role in case.roles:
                if applies(case, facts.sights[role]):
                    cells += _take_turns(databases.kind, workers, case, role, facts, pace)
                    say(_line(cells, databases.kind, case, role))
        product = next(worker for worker in workers if worker.name == "product")
        shares = product.profile(CASES[0], "city", pace.profiled)
    finally:
        for worker in workers:
            worker.__exit__()
    for case in files:
        for role in case.roles:
            cells += _export(databases.kind, case, role, facts, pace)
            say(_line(cells, databases.kind, case, role))
    return cells, shares


def _take_turns(kind: str, workers: Sequence[Worker], case: Case, role: str, facts: Facts, pace: Pace) -> list[Cell]:
    """Each peer in turn, pass after pass, each pass beginning with another one."""
    taking_part = [worker for worker in workers if takes_part(worker.name, case)]
    seen = {worker.name: worker.look(case, role) for worker in taking_part}
    compare(case, role, facts, seen)
    times: dict[str, list[list[float]]] = {name: [] for name in seen}
    for number in range(pace.passes):
        start = number % len(taking_part)
        for worker in [*taking_part[start:], *taking_part[:start]]:
            times[worker.name].append(worker.time(case, role, pace.requests, pace.seconds))
    return [_cell(kind, case, role, name, seen[name], times[name]) for name in seen]


def _export(kind: str, case: Case, role: str, facts: Facts, pace: Pace) -> list[Cell]:
    """Each time in a new process, so that its memory tells of this file alone; all rows only once."""
    files: dict[str, list[Seen]] = {name: [] for name in peers_here() if takes_part(name, case)}
    for _number in range(1 if case.key == "csv_all" else pace.passes):
        for name, done in files.items():
            with Worker(name, facts) as worker:
                worker.look(CASES[0], role)
                done.append(worker.look(case, role))
    compare(case, role, facts, {name: done[0] for name, done in files.items()})
    return [_file_cell(kind, case, role, name, done) for name, done in files.items()]


def _file_cell(kind: str, case: Case, role: str, peer: str, done: list[Seen]) -> Cell:
    cell = _cell(kind, case, role, peer, done[0], [[one.answer.seconds] for one in done])
    grown = [one.growth for one in done if one.growth is not None]
    first = 1000 * median(one.answer.first_byte for one in done)
    return replace(cell, first_byte=first, growth=max(grown, default=None))


def _cell(kind: str, case: Case, role: str, peer: str, seen: Seen, times: list[list[float]]) -> Cell:
    every = sorted(chain(*times))
    return Cell(
        kind, case.key, role, peer, 1000 * median(median(one) for one in times), 1000 * every[int(0.95 * (len(every) - 1))],
        len(every), seen.answer.queries, seen.answer.size, 1000 * seen.answer.first_byte, None,
    )  # fmt: skip


def compare(case: Case, role: str, facts: Facts, seen: dict[str, Seen]) -> None:
    """Raise Failed unless every list sorts as the bare driver's does, and every CSV has as many lines as its."""
    value = _sort_values(case, facts, {key for one in seen.values() for key in one.rows})
    shown = {name: ([value[key] for key in one.rows], one.lines) for name, one in seen.items()}
    for name, one in shown.items():
        if case.kind in ("list", "export") and not case.key.startswith("xlsx") and one != shown["bare"]:
            raise Failed(f"{case.title}, {role}: {NAMES[name]} shows other rows than the bare driver")


def _sort_values(case: Case, facts: Facts, keys: set[int]) -> dict[int, Any]:
    """What a list sorts these rows by; rows of one day or one score may stand in any order."""
    if not keys:
        return {}
    engine, column = create_engine(facts.address), "self_score" if case.key == "sort" else "assessed_on"
    with engine.connect() as connection:
        among = ", ".join(map(str, sorted(keys)))
        rows = connection.execute(text(f"SELECT id, {column} FROM assessment WHERE id IN ({among})")).all()
    engine.dispose()
    return {row[0]: row[1] for row in rows}


def _line(cells: list[Cell], kind: str, case: Case, role: str) -> str:
    """What is said of a case while the run goes on."""
    here = [cell for cell in cells if (cell.database, cell.case, cell.role) == (kind, case.key, role)]
    times = ", ".join(f"{NAMES[cell.peer]} {cell.p50:.2f}" for cell in here)
    return f"{kind} | {case.title} | {ROLES[role].title}: {times} ms"
