"""A small run of the benchmark of the overview: each peer shows the same marks. No time is judged."""

import json
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.databases import SqliteFolder
from benchmarks.matrix.__main__ import keep
from benchmarks.matrix.measure import CASES, Bare, build, check, measure
from benchmarks.workers import Failed
from tests.conftest import DATA_KEY

COMPANIES, ITEMS = 6, 20


@pytest.mark.drill
def test_a_run_fills_the_document_and_stands_in_the_place_of_the_one_before(tmp_path: Path) -> None:
    said: list[str] = []
    run = measure(
        SqliteFolder(tmp_path), DATA_KEY, "a machine", COMPANIES, ITEMS, passes=1, requests=1, say=said.append
    )
    assert [(cell.case, cell.peer) for cell in run.cells] == [
        (case, peer) for case in CASES for peer in report.PEERS_OF_MATRIX
    ]
    assert len(said) == len(CASES) and {cell.queries for cell in run.cells if cell.peer == "product"} <= {*range(5, 12)}
    results = tmp_path / "matrix.json"
    keep(run, results)
    keep(run, results)
    kept = json.loads(results.read_text(encoding="utf-8"))
    assert [(one["kind"], one["companies"]) for one in kept] == [("SQLite", COMPANIES)]
    written = report.matrix_words(kept)
    for shown in ("### SQLite", "| companies by items |", "| item by item |", "| sqlalchemy |"):
        assert shown in written
    assert report.matrix_words([]) == ""


@pytest.mark.drill
def test_a_page_that_shows_too_few_marks_ends_the_run(tmp_path: Path) -> None:
    bare = Bare(*build(SqliteFolder(tmp_path), DATA_KEY, COMPANIES, ITEMS))
    assert bare.page("items").count("#item-") == COMPANIES * ITEMS
    for case in CASES:
        with pytest.raises(Failed):
            check("<table></table>", case, bare, COMPANIES, ITEMS)
