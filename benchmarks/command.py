"""What is asked on the command line: measure and write docs/benchmarks.md; a trial with few rows prints it instead."""

import argparse
import os
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from time import perf_counter

from benchmarks import measure, report
from benchmarks.cases import CASES
from benchmarks.databases import Databases, SqliteFolder, postgres_server
from benchmarks.workers import Worker
from models.encryption import new_key

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT, RESULTS = ROOT / "docs" / "benchmarks.md", ROOT / "benchmarks" / "results.json"
MADE: dict[str, Callable[[Path], AbstractContextManager[Databases]]] = {
    "sqlite": lambda folder: nullcontext(SqliteFolder(folder)),
    "postgresql": lambda folder: postgres_server(folder / "postgres"),
}


def main() -> None:
    """Read what is asked and do it."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the product beside Django and the bare driver, and write docs/benchmarks.md.",
    )
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000, help="assessments (default: %(default)s)")
    parser.add_argument("--profile", metavar="CASE", help=f"only profile {', '.join(case.key for case in CASES)}")
    parser.add_argument("--role", default="city", help="whose request is profiled (default: %(default)s)")
    parser.add_argument("--on", action="append", dest="databases", choices=MADE, help="only on this database")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        if asked.profile:
            kind = (asked.databases or list(MADE))[0]
            with MADE[kind](Path(folder)) as databases:
                _profile(databases, asked.rows, asked.profile, asked.role)
        else:
            _run(Path(folder), asked.rows, asked.databases or list(MADE))


def _run(folder: Path, count: int, kinds: list[str]) -> None:
    """Measure on these databases, one after the other; what is found is written at once, of a trial only printed."""
    pace = measure.Pace() if count >= measure.QUICK_ROWS else measure.QUICK
    parts = []
    for kind in kinds:
        with MADE[kind](folder) as databases:
            parts.append(_measure(databases, count, pace))
        if pace is not measure.QUICK:
            report.write(report.kept(RESULTS, parts[-1]), DOCUMENT, RESULTS)
    if pace is measure.QUICK:
        print(report.words(parts))


def _measure(databases: Databases, count: int, pace: measure.Pace) -> report.Part:
    started, before = perf_counter(), os.getloadavg()[0]

    def say(what: str) -> None:
        print(f"{(perf_counter() - started) / 60:5.1f} min  {what}", flush=True)

    say(f"{databases.version()}: loading {count:,} rows")
    facts = measure.build(databases, count, new_key())
    cells, shares = measure.measure(databases, facts, pace, say)
    return report.Part(
        databases.kind, count, report.machine(databases.version()), pace.passes, pace.requests, pace.seconds,
        (perf_counter() - started) / 60, (before, os.getloadavg()[0]), cells, shares,
    )  # fmt: skip


def _profile(databases: Databases, count: int, key: str, role: str) -> None:
    case = next(case for case in CASES if case.key == key)
    facts = measure.build(databases, count, new_key())
    with Worker("product", facts) as product:
        spent = product.profile(case, role, measure.Pace().profiled)
    whole = sum(spent.values())
    print(f"{case.title}: {whole:.1f} ms a request under the profiler, which slows it down")
    for name, milliseconds in spent.items():
        print(f"  {milliseconds:8.2f} ms {100 * milliseconds / whole:5.1f} %  {name}")
