"""A small run of the benchmark of imports: the product and the bare driver import the same sheet. No time is judged."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import report
from benchmarks.databases import SqliteFolder
from benchmarks.importing.__main__ import keep
from benchmarks.importing.measure import ORDER, Imported, Run, build, check, import_sheets
from benchmarks.importing.peers import IMPORTERS
from benchmarks.importing.sheet import HEADS, INDUSTRIES, book, companies
from tests.conftest import DATA_KEY
from tests.sheets_made import rows_of

ROWS = 300


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What a pass over few rows found, of the importers that need no library of their own, in this process."""
    databases, cells = SqliteFolder(tmp_path_factory.mktemp("import")), []
    facts = build(databases, DATA_KEY)
    for name in ("product", "bare"):
        copy = replace(facts, address=databases.copy(facts.address, name))
        found = import_sheets(IMPORTERS[name](copy), ROWS, [*ORDER], weigh=True)
        cells += [Imported(databases.kind, name, **one) for one in found]
        check(copy.address, cells[-len(found) :], name, ROWS)
    return Run(databases.kind, ROWS, "a machine", 1, 20_000, 1.0, (0.5, 0.5), cells, {"sqlalchemy": 3.0, "Python": 1.0})


def cell(run: Run, peer: str, sheet: str) -> Any:
    return next(one for one in run.cells if (one.peer, one.sheet) == (peer, sheet))


def test_the_sheet_holds_rows_that_are_all_different_and_all_right() -> None:
    heads, *rows = rows_of(book(companies(ROWS)))
    assert heads == HEADS and len({row[0] for row in rows}) == ROWS
    assert {row[HEADS.index("行业")] for row in rows} == set(INDUSTRIES.values())
    changed = companies(ROWS, 1)
    assert all(one != other for one, other in zip(companies(ROWS), changed, strict=True))


@pytest.mark.drill
def test_the_product_writes_an_entry_for_each_row_that_it_changes(run: Run) -> None:
    assert [cell(run, "product", sheet).entries for sheet in report.SHEETS] == [ROWS, 0, ROWS]


@pytest.mark.drill
def test_new_rows_take_few_statements_and_pages_stay_small(run: Run) -> None:
    new = cell(run, "product", "new")
    assert new.preview_statements + new.apply_statements <= 60
    assert 0 < new.page <= 500_000 and new.page < new.largest_page <= 500_000


@pytest.mark.drill
def test_a_run_fills_the_document_and_stands_in_the_place_of_the_one_before(run: Run, tmp_path: Path) -> None:
    results = tmp_path / "import.json"
    keep(run, results)
    keep(run, results)
    kept = json.loads(results.read_text(encoding="utf-8"))
    assert [(one["kind"], one["rows"]) for one in kept] == [("SQLite", ROWS)]
    written = report.import_words(kept)
    for shown in (
        "### SQLite",
        "| product | all rows new |",
        "| bare driver | each row changed |",
        "| sqlalchemy |",
        "not measured",
    ):
        assert shown in written
    assert report.import_words([]) == ""
