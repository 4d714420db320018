"""The run: each importer gets a copy of one database in turn, and the sheets that tell what it takes."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import create_engine, text

from benchmarks.cases import Facts
from benchmarks.databases import Databases
from benchmarks.importing.peers import CITY, DJANGO_APP, IMPORTERS
from benchmarks.importing.sheet import book, companies
from benchmarks.measure import PASSWORD
from benchmarks.peers.product import make_product
from benchmarks.profiling import profile_once
from benchmarks.workers import Failed, run_alone
from commands import fill_scale
from models import db
from services.tables.scale import LEAST

ROWS, PASSES = 20_000, 3
NEW, UNCHANGED, CHANGED = "new", "unchanged", "changed"
ORDER = {NEW: "all rows new", UNCHANGED: "the same sheet again", CHANGED: "each row with another number of employees"}
"""One after the other in one database."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Imported:
    """What one importer needed for one sheet.

    Attributes:
        page: bytes of the preview's first page.
        largest_page: bytes of the page of wrong rows; measured once, of the product alone.
    """

    database: str
    peer: str
    sheet: str
    preview_seconds: float
    apply_seconds: float
    preview_statements: int
    apply_statements: int
    entries: int
    page: int
    largest_page: int = 0


@dataclass(frozen=True)
class Run:
    """One database's figures, and on what they were taken.

    Attributes:
        file: bytes of the sheet.
        shares: milliseconds of the product's preview and apply by who spends them.
        load: of the machine, before and after.
    """

    kind: str
    rows: int
    machine: str
    passes: int
    file: int
    minutes: float
    load: tuple[float, float]
    cells: list[Imported]
    shares: dict[str, float]


def importers_here() -> list[str]:
    """The importers whose libraries are installed."""
    return [name for name in IMPORTERS if not name.startswith("django") or find_spec("import_export")]


def measure(
    databases: Databases, rows: int, passes: int, data_key: str, folder: Path, machine: str, say: Say = print
) -> Run:  # fmt: skip
    """The figures of one database: medians of the passes, in which the importers take turns."""
    started, before = perf_counter(), os.getloadavg()[0]
    facts = build(databases, data_key)
    names, found = importers_here(), dict[tuple[str, str], list[Imported]]()
    for number in range(passes):
        start = number % len(names)
        for name in [*names[start:], *names[:start]]:
            for cell in _pass(databases, facts, name, rows, f"{name}_{number}", folder, number == 0):
                found.setdefault((name, cell.sheet), []).append(cell)
                say(
                    f"{databases.kind} | {name} | {ORDER[cell.sheet]}: {cell.preview_seconds:.2f} + {cell.apply_seconds:.2f} s"
                )
    copy = replace(facts, address=databases.copy(facts.address, "profiled"))
    shares = _alone(_profile, folder, copy, rows)
    return Run(
        databases.kind, rows, machine, passes, len(book(companies(rows))), (perf_counter() - started) / 60,
        (before, os.getloadavg()[0]), [_median(cells) for cells in found.values()], shares,
    )  # fmt: skip


def build(databases: Databases, data_key: str) -> Facts:
    """A database with branches, few companies and who signs in; Django's tables beside them."""
    address = databases.new("measured")
    with make_product(address, data_key).app_context():
        upgrade()
        fill_scale(LEAST, PASSWORD)
        db.engine.dispose()
    if "django" in importers_here():
        run_alone(_prepare_django, address)
    databases.settle(address)
    return Facts(address, "", PASSWORD, data_key)


def _prepare_django(address: str) -> None:
    from benchmarks.django_peer.project import prepare

    prepare(address, PASSWORD, {CITY: []}, DJANGO_APP)


def _pass(
    databases: Databases, facts: Facts, name: str, rows: int, place: str, folder: Path, first: bool
) -> list[Imported]:
    """One importer in a process and a database of its own; raises Failed where rows or entries are missing."""
    copy = replace(facts, address=databases.copy(facts.address, place))
    cells = [Imported(databases.kind, name, **one) for one in _alone(_import, folder, copy, name, rows, first)]
    check(copy.address, cells, name, rows)
    return cells


def _alone(work: Callable[..., None], folder: Path, *arguments: Any) -> Any:
    """What some work in a process of its own found."""
    answer = folder / "answer.json"
    run_alone(work, answer, *arguments)
    return json.loads(answer.read_text(encoding="utf-8"))


def _import(answer: Path, facts: Facts, name: str, rows: int, first: bool) -> None:
    import logging

    logging.disable(logging.WARNING)
    # Django's times of the later sheets are of the same order; leaving them out saves an hour.
    asked = [NEW] if name.startswith("django") else [*ORDER]
    answer.write_text(json.dumps(import_sheets(IMPORTERS[name](facts), rows, asked, first)), encoding="utf-8")


def import_sheets(importer: Any, rows: int, asked: list[str], weigh: bool) -> list[dict[str, Any]]:
    """Preview and apply the sheets one after the other; what each took, and the largest page if it is asked for."""
    sheets = {NEW: book(companies(rows)), UNCHANGED: book(companies(rows)), CHANGED: book(companies(rows, 1))}
    found = []
    for sheet in asked:
        before = importer.entries()
        preview, apply = importer.preview(sheets[sheet]), importer.apply()
        found.append({
            "sheet": sheet, "preview_seconds": preview.seconds, "apply_seconds": apply.seconds,
            "preview_statements": preview.statements, "apply_statements": apply.statements,
            "entries": importer.entries() - before, "page": preview.page,
        })  # fmt: skip
    if weigh and hasattr(importer, "largest_page"):
        found[0]["largest_page"] = importer.largest_page(rows)
    return found


def check(address: str, cells: list[Imported], name: str, rows: int) -> None:
    """Raise Failed unless all rows were written, with an entry for each in the log."""
    engine = create_engine(address)
    with engine.connect() as connection:
        written = connection.execute(
            text("SELECT count(*) FROM company WHERE note IS NOT NULL OR address IS NOT NULL")
        ).scalar_one()
    engine.dispose()
    if written != rows:
        raise Failed(f"{name} wrote {written} rows of {rows}")
    for cell in cells:
        wanted = 0 if name == "bare" or cell.sheet == UNCHANGED else rows
        if cell.entries != wanted:
            raise Failed(f"{name}: {cell.entries} entries of {wanted} for {ORDER[cell.sheet]}")


def _median(cells: list[Imported]) -> Imported:
    """The cell of the medians; its pages and statements are the same in each pass."""
    return replace(
        cells[0],
        preview_seconds=median(cell.preview_seconds for cell in cells),
        apply_seconds=median(cell.apply_seconds for cell in cells),
        largest_page=max(cell.largest_page for cell in cells),
    )


def _profile(answer: Path, facts: Facts, rows: int) -> None:
    product = IMPORTERS["product"](facts)
    sheet = book(companies(rows))

    def both() -> None:
        product.preview(sheet)
        product.apply()

    answer.write_text(json.dumps(profile_once(both)), encoding="utf-8")
