"""What is asked on the command line: measure the overview of a round and write docs/benchmarks.md; a trial prints the table."""

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks import report
from benchmarks.command import DOCUMENT, MADE, RESULTS
from benchmarks.matrix.measure import COMPANIES, ITEMS, REQUESTS, Run, measure
from models.encryption import new_key


def main() -> None:
    """Read what is asked and do it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matrix", description=main.__doc__)
    parser.add_argument("companies", nargs="?", type=int, default=COMPANIES, help="in the round (default: %(default)s)")
    parser.add_argument("--on", action="append", dest="databases", choices=MADE, help="only on this database")
    asked = parser.parse_args()
    runs = []
    for name in asked.databases or list(MADE):
        with tempfile.TemporaryDirectory(prefix="matrix") as folder, MADE[name](Path(folder)) as databases:
            machine = report.machine(databases.version())
            runs.append(measure(databases, new_key(), machine, asked.companies, ITEMS, requests=REQUESTS))
        if asked.companies >= COMPANIES:
            keep(runs[-1], report.SEEN)
            report.write(report.read(RESULTS), DOCUMENT, RESULTS)
    if asked.companies < COMPANIES:
        print(report.matrix_words([asdict(run) for run in runs]))


def keep(run: Run, results: Path) -> None:
    """Put a run into the file of results in the place of the one before on the same database."""
    found = json.loads(results.read_text(encoding="utf-8")) if results.exists() else []
    kept = {one["kind"]: one for one in found} | {run.kind: asdict(run)}
    runs = sorted(kept.values(), key=lambda one: report.KINDS.index(one["kind"]))
    results.write_text("[" + ",\n".join(map(_lines, runs)) + "]\n", encoding="utf-8")


def _lines(run: dict[str, object]) -> str:
    """A run as JSON, a line for each cell."""
    cells = ",\n".join(json.dumps(report.rounded(cell), ensure_ascii=False) for cell in run["cells"])  # type: ignore[attr-defined]
    shares = report.rounded(run["shares"])  # type: ignore[arg-type]
    told = json.dumps(report.rounded({**run, "cells": [], "shares": shares}), ensure_ascii=False)
    return told.replace('"cells": []', f'"cells": [\n{cells}\n]')


if __name__ == "__main__":
    main()
