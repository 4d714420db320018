"""A small run of the benchmark: every peer answers every case with the same rows. No time is judged."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from benchmarks import measure, report
from benchmarks.browser import filled_form
from benchmarks.cases import BIG_EXPORTS, CASES, Facts, applies
from benchmarks.databases import PostgresServer, SqliteFolder
from benchmarks.peers import PEERS, make_peer, takes_part
from benchmarks.peers.product import Product, far_address
from benchmarks.weight import weigh
from benchmarks.workers import Failed, Worker, look_at
from tests.conftest import DATA_KEY

pytestmark = pytest.mark.slow

ROWS = 2_000
ONCE = measure.Pace(passes=1, requests=1, seconds=0.0, profiled=1)
EVERY_CASE = {case.key: case for case in [*CASES, *BIG_EXPORTS]}
INSTALLED = [name for name in PEERS if name != "django"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> SqliteFolder:
    """A place for databases in files."""
    return SqliteFolder(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def in_files(folder: SqliteFolder) -> Facts:
    """A loaded database in a file, with its copy for the bare driver."""
    return measure.build(folder, ROWS, DATA_KEY)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def facts(request: pytest.FixtureRequest) -> Facts:
    """The same, once on each database."""
    if request.param == "postgres":
        return measure.build(PostgresServer(request.getfixturevalue("postgres_url")), ROWS, DATA_KEY)
    found: Facts = request.getfixturevalue("in_files")
    return found


@pytest.fixture(scope="module")
def peers(facts: Facts) -> dict[str, Any]:
    """The peers that need no library of their own, in this process."""
    return {name: make_peer(name, facts) for name in INSTALLED}


@pytest.fixture
def product(peers: dict[str, Any]) -> Any:
    """The product as the benchmark drives it."""
    return peers["product"]


def ask(product: Product, key: str, role: str) -> Any:
    """One request of the product, with its file, if any, as the body."""
    pieces: list[bytes] = []
    answer = product.ask(EVERY_CASE[key], role, 0, pieces.append)
    return replace(answer, body=b"".join(pieces)) if pieces else answer


def column(facts: Facts, statement: str) -> list[Any]:
    """The first column of what a statement finds in the measured database."""
    engine = create_engine(facts.address)
    with engine.connect() as connection:
        found = list(connection.execute(text(statement)).scalars())
    engine.dispose()
    return found


@pytest.mark.parametrize("key", EVERY_CASE)
def test_every_peer_answers_with_the_same_rows(key: str, peers: dict[str, Any], facts: Facts) -> None:
    case = EVERY_CASE[key]
    for role in case.roles:
        if applies(case, facts.sights[role]):
            seen = {name: look_at(peer, case, role) for name, peer in peers.items() if takes_part(name, case)}
            measure.compare(case, role, facts, seen)
            assert all(one.answer.queries for one in seen.values())
            assert all(one.answer.size for one in seen.values()) or key == "save"


@pytest.mark.drill
def test_a_run_fills_the_document_and_shows_no_path_of_the_machine(
    folder: SqliteFolder, in_files: Facts, tmp_path: Path
) -> None:
    said, asked = [], [EVERY_CASE[key] for key in ("first", "save", "csv")]
    cells, shares = measure.measure(folder, in_files, ONCE, said.append, asked, [EVERY_CASE["csv_all"]])
    found = {(cell.case, cell.role) for cell in cells}
    assert found == {(case.key, role) for case in [*asked, EVERY_CASE["csv_all"]] for role in case.roles}
    assert len(said) == len(found)
    part = report.Part("SQLite", ROWS, report.machine(folder.version()), 1, 1, 0.0, 1.0, (0.5, 0.5), cells, shares)
    document, results = tmp_path / "document.md", tmp_path / "results.json"
    report.write(report.kept(results, replace(part, kind="PostgreSQL")), document, results)
    report.write(report.kept(results, part), document, results)
    written, numbers = (one.read_text(encoding="utf-8") for one in (document, results))
    assert [one["kind"] for one in json.loads(numbers)] == ["SQLite", "PostgreSQL"]
    assert "## SQLite" in written and "## PostgreSQL" in written
    assert [one.kind for one in report.kept(results, replace(part, count=2 * ROWS))] == ["SQLite"]
    for shown in ("list, first page", "memory for the whole CSV", "| sqlalchemy |", "not measured"):
        assert shown in written
    assert not re.search(r"/(home|root|tmp|work|usr)/", written + numbers)


def test_a_peer_that_shows_other_rows_ends_the_run(peers: dict[str, Any], facts: Facts) -> None:
    right = look_at(peers["bare"], EVERY_CASE["first"], "city")
    for wrong in (replace(right, rows=right.rows[1:]), replace(right, rows=right.rows[::-1])):
        with pytest.raises(Failed, match="product shows other rows"):
            measure.compare(EVERY_CASE["first"], "city", facts, {"bare": right, "product": wrong})


def test_an_answer_that_isnt_what_was_asked_for_ends_the_run(in_files: Facts) -> None:
    city = replace(in_files.sights["city"], keys=(999_999,))
    with (
        Worker("product", replace(in_files, sights={"city": city})) as worker,
        pytest.raises(Failed, match="status 404"),
    ):
        worker.look(EVERY_CASE["edit"], "city")


def test_the_page_far_down_is_the_middle_of_the_list(product: Product, facts: Facts) -> None:
    days = column(facts, "SELECT assessed_on FROM assessment ORDER BY assessed_on DESC, id DESC LIMIT 50 OFFSET 1000")
    page = ask(product, "far", "city").body
    shown = re.findall(r'/assessment/details/\?id=\d+">(\d{4}-\d\d-\d\d)<', page)
    assert shown == [str(day) for day in days] and len(product.rows_on(page)) == 50


def test_a_list_that_leads_on_by_its_last_row_is_followed_too(facts: Facts) -> None:
    sight = facts.sights["city"]
    day, key = sight.before_far or ("", 0)
    by_row = '<a class="btn" href="/assessment/?page=1&amp;after=7~2025-12-31" rel="next">下一页</a>'
    assert far_address(by_row, sight) == f"/assessment/?page=20&after={key}~{day}"
    assert far_address('<a href="/assessment/?page=1" rel="next">下一页</a>', sight) == "/assessment/?page=20"


def test_filters_and_searches_narrow_the_list_as_meant(product: Product, facts: Facts) -> None:
    drafts = f"FROM assessment WHERE status = 'draft' AND checklist_version_id = {facts.version_id}"
    assert set(product.rows_on(ask(product, "filter", "city").body)) <= set(column(facts, f"SELECT id {drafts}"))
    name = facts.sights["branch"].name
    for key in ("name", "initials"):
        rows = ask(product, key, "branch").body.split("<tbody>")[1].split("</tbody>")[0]
        assert rows.count(name) >= rows.count("<tr>") > 0, key
    assert product.rows_on(ask(product, "nothing", "city").body) == []


def test_a_save_changes_the_row_and_is_logged(product: Product, facts: Facts) -> None:
    key = facts.sights["branch"].keys[0]
    before = column(facts, f"SELECT version FROM assessment WHERE id = {key}")[0]
    assert ask(product, "save", "branch").status == 302
    assert column(facts, f"SELECT version FROM assessment WHERE id = {key}") == [before + 1]
    logged = f"SELECT id FROM audit_entry WHERE resource = 'assessment' AND action = 'update' AND record_id = {key}"
    assert column(facts, f"SELECT note FROM assessment WHERE id = {key}")[0].startswith("复核") and column(
        facts, logged
    )


def test_files_hold_the_rows_asked_for(product: Product, facts: Facts) -> None:
    of_version = column(facts, f"SELECT id FROM assessment WHERE checklist_version_id = {facts.version_id}")
    wanted = {"csv_tenth": len(of_version), "csv_all": ROWS}
    for key, count in wanted.items():
        lines = list(csv.reader(io.StringIO(ask(product, key, "city").body.decode("utf-8-sig"))))
        assert len(lines) == 1 + count and len(lines[0]) == 9, key
    branch = ask(product, "csv", "branch").body.decode("utf-8-sig")
    assert branch.count("\n") == 1 + facts.sights["branch"].rows


@pytest.mark.browser
def test_a_list_is_weighed_in_a_browser_cold_and_warm(in_files: Facts) -> None:
    weights = {one.peer: one for one in weigh(in_files, passes=1)}
    product, plain = weights["product"], weights["flask_admin"]
    assert 0 < product.warm < product.cold < plain.cold
    assert product.cold_gzipped == product.cold and plain.cold_gzipped < plain.cold


def test_forms_are_sent_as_they_stand() -> None:
    page = """<form><input name="token" value="a&amp;b"><input type="checkbox" name="picked" value="1">
    <select name="kind"><option value="1">x</option><option value="2" selected>y</option></select>
    <select name="first"><option value="3">x</option><option value="4">y</option></select>
    <textarea name="note">
甲&lt;乙</textarea></form>"""
    assert filled_form(page) == {"token": "a&b", "kind": "2", "first": "3", "note": "甲<乙"}
