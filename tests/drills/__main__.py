"""All drills, whole: ``python -m tests.drills``. Ends with 1 when anything was lost, half there, or shown to people."""

import argparse
import secrets
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from tests.drills.contention import save_together
from tests.drills.imports import kill_while_importing
from tests.drills.kills import Report, kill_again_and_again
from tests.drills.load import back_up_under_load
from tests.drills.postgres import Postgres
from tests.drills.server import Server


def main() -> int:
    """Run each drill on each database; half of PostgreSQL's kills take the database too."""
    options = read_options()
    print(f"seed {options.seed}", flush=True)
    seed, kills, saves = options.seed, options.kills, options.saves

    def on_sqlite(drill: Callable[[Server, Path, None], Report]) -> Report:
        with tempfile.TemporaryDirectory() as folder:
            return drill(Server(Path(folder)), Path(folder), None)

    def on_postgres(drill: Callable[[Server, Path, Postgres], Report]) -> Report:
        with tempfile.TemporaryDirectory() as folder, Postgres() as postgres:
            return drill(Server(Path(folder), postgres.url), Path(folder), postgres)

    drills: dict[str, Callable[[], Report]] = {
        "SQLite, the server is killed": lambda: on_sqlite(
            lambda server, _folder, _none: kill_again_and_again(server, kills, seed)
        ),
        "PostgreSQL, the server is killed": lambda: on_postgres(
            lambda server, _folder, _postgres: kill_again_and_again(server, kills - kills // 2, seed)
        ),
        "PostgreSQL, the database is killed too": lambda: on_postgres(
            lambda server, _folder, postgres: kill_again_and_again(server, kills // 2, seed, postgres)
        ),
        "SQLite, one record": lambda: on_sqlite(lambda server, _folder, _none: save_together(server, saves)),
        "PostgreSQL, one record": lambda: on_postgres(lambda server, _folder, _postgres: save_together(server, saves)),
        "SQLite, a backup meanwhile": lambda: on_sqlite(lambda server, folder, _none: backup(server, folder, seed)),
        "PostgreSQL, a backup meanwhile": lambda: on_postgres(
            lambda server, folder, postgres: backup(server, folder, seed, postgres.new_database("other"))
        ),
        "SQLite, the worker is killed while it imports": lambda: on_sqlite(
            lambda server, _folder, _none: kill_while_importing(server, options.imports, seed)
        ),
        "PostgreSQL, the worker is killed while it imports": lambda: on_postgres(
            lambda server, _folder, _postgres: kill_while_importing(server, options.imports, seed)
        ),
    }
    chosen = {title: drill for title, drill in drills.items() if options.only in title}
    return max([run(title, drill) for title, drill in chosen.items()], default=1)


def read_options() -> argparse.Namespace:
    """How often, and with which seed."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="on each database")
    parser.add_argument("--saves", type=int, default=800, help="of one record, on each database")
    parser.add_argument("--imports", type=int, default=50, help="that are killed, on each database")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(10**8), help="of the moments; a new one each time"
    )
    parser.add_argument("--only", default="", help="a part of the titles of those to run")
    return parser.parse_args()


def backup(server: Server, folder: Path, seed: int, other_url: str | None = None) -> Report:
    """A backup under load, with a place of its own to restore into."""
    for name in ("other", "backups"):
        (folder / name).mkdir()
    return back_up_under_load(server, Server(folder / "other", other_url), folder / "backups", seed)


def run(title: str, drill: Callable[[], Report]) -> int:
    """Run one and tell of it; 1 when it found a fault."""
    begun = monotonic()
    report = drill()
    print(f"{title}: {report.summary}; {monotonic() - begun:.0f} s; {len(report.faults)} faults", flush=True)
    for fault in report.faults[:20]:
        print(f"    {fault}", flush=True)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
