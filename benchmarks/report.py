"""docs/benchmarks.md and results.json: the table, ratios, aims, and where the product's time goes."""

import json
import os
import platform
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.cases import BIG_EXPORTS, CASES, ROLES
from benchmarks.measure import Cell
from benchmarks.peers import NAMES
from services.tables.scale import BRANCHES, COMPANIES

FOLDER = Path(__file__).parent
WEIGHTS = FOLDER / "weights.json"
"""What a list weighs in a browser, by benchmarks.weight."""
IMPORTED = FOLDER / "import.json"
"""What importing a sheet takes, by benchmarks.importing."""
SEEN = FOLDER / "matrix.json"
"""What the overview of a round takes, by benchmarks.matrix."""
LIBRARIES = ("Flask", "Flask-Admin", "SQLAlchemy", "Django", "django-import-export", "psycopg", "XlsxWriter")
TITLES = {case.key: case.title for case in [*CASES, *BIG_EXPORTS]}
KINDS = ["SQLite", "PostgreSQL"]
MEGABYTE = 1024 * 1024
HEAD = """# How fast it is

Written by `make bench`; the numbers behind it are in `benchmarks/results.json`. {rows} assessments of {companies} companies in {branches}
branches, made by `flask demo --scale {count}`; some branches are skewed.

Each peer works on the same database in a process of its own, called through WSGI without a network, with somebody signed in; pages of
50 rows with the same columns. They take turns, {passes} passes, up to {requests} requests each, fewer where {seconds} s are over; the median of the passes'
medians is shown. Before its time counts, each page is compared with the others: the rows must be the same, but for the order of equals.

- **bare driver** is the limit: statements by hand over ideal indexes (in a copy of the database), a bare template, no sign-in, no walls, no count.
- **Django** is its admin with compiled templates kept, `list_select_related`, no second count, a kept connection, and django-import-export for files.
- **plain Flask-Admin** is a `ModelView` with none of the product's code and no sign-in.

Django and Flask-Admin count all rows on each page; the product counts to 10,000 and then says "more than". A search by the bare driver
looks at the companies' names alone, as a full-text index over the notes would let the others do.

Times are in milliseconds. KB is the page, q the statements that read or write rows.

"""


WEIGHT_HEAD = """## What a list weighs in a browser

By `make weight`: Chromium opens the list of 50 rows for the whole city, with an empty cache (cold) and again (warm), each peer served by the same
plain server on this machine, in turns; medians. KB are 1,000 bytes over the wire, headers included. The peers send their pages uncompressed, as they
come; "all gzipped" is what they would weigh behind a proxy that compresses. Times are until the browser's load event, without a network's delay.

"""


IMPORT_HEAD = """## Importing a sheet

By `make bench-import`: an XLSX file of {rows} companies with 11 columns ({file} KB) is previewed and applied, each time in a process and a copy of the
database of its own; the peers take turns, {passes} passes, medians in seconds.

- **product**: the sheet is taken in, read in a process apart, checked and its preview kept; then it is read and checked again and done in one
  transaction, through the write guard, with one audit entry a row that holds the values. The preview's page is part of the preview's time.
- **django-import-export**: its admin's form with a `ModelResource` of the same columns, `skip_unchanged`, and the defaults otherwise: the preview is a dry
  run shown as one page of all rows; confirmed, it is done again, with a log entry a row, which holds no values. The second line is the same with
  `use_bulk`. It checks no branch, matches no head that isn't its own, and can't take anything back. Of the later sheets it isn't asked.
- **bare driver** is the limit: calamine reads the file, and one statement inserts or updates all rows; no preview, no checks, no log.

The statements are those that read or write rows; one that is sent with many rows' values counts once.

"""
MATRIX_HEAD = """## The overview of a round

By `make bench-matrix`: a round in which {companies} companies were held against {items} items of every kind, {answers} answers, seen by the whole city. The peers take
turns in one process, {passes} passes of {requests} requests, the median of the passes' medians; times are in milliseconds.

- **bare query** is the driver with statements by hand: items, companies and answers are fetched, and nothing is done with them.
- **bare template** puts them into a plain table with a link at each mark, by a compiled template; it adds up no groups, reckons no grades and no
  numbers, and looks at nobody's rights.
- **product** is the whole page: sign-in, walls, points by the rules of scoring, the menu and the frame. It is not compressed here.

"""
PEERS_OF_MATRIX = {"query": "bare query", "template": "bare template", "product": "product"}
PAGES_OF_MATRIX = {"items": "companies by items", "groups": "companies by groups", "tallies": "item by item"}
IMPORTERS = {
    "product": "product", "django": "django-import-export", "django_bulk": "the same, `use_bulk`", "bare": "bare driver",
}  # fmt: skip
SHEETS = {"new": "all rows new", "unchanged": "the same again", "changed": "each row changed"}


@dataclass(frozen=True)
class Part:
    """What was measured on one database, and on what.

    Attributes:
        load: of the machine, before and after.
        shares: milliseconds of a request by who spends them.
    """

    kind: str
    count: int
    machine: str
    passes: int
    requests: int
    seconds: float
    minutes: float
    load: tuple[float, float]
    cells: list[Cell]
    shares: dict[str, float]


def read(results: Path) -> list[Part]:
    """The parts of earlier runs."""
    found = json.loads(results.read_text(encoding="utf-8")) if results.exists() else []
    return [Part(**one | {"cells": [Cell(**cell) for cell in one["cells"]]}) for one in found]


def kept(results: Path, new: Part) -> list[Part]:
    """The parts of earlier runs with as many rows, this one in its place."""
    parts = {part.kind: part for part in read(results) if part.count == new.count} | {new.kind: new}
    return sorted(parts.values(), key=lambda part: KINDS.index(part.kind))


def write(parts: list[Part], document: Path, results: Path) -> None:
    """Write the document for people and the raw numbers, a line for each cell."""
    document.write_text(words(parts), encoding="utf-8")
    results.write_text("[" + ",\n".join(_numbers(part) for part in parts) + "]\n", encoding="utf-8")


def _numbers(part: Part) -> str:
    told = json.dumps(rounded(asdict(replace(part, cells=[]))), ensure_ascii=False)
    lines = ",\n".join(json.dumps(rounded(asdict(cell)), ensure_ascii=False) for cell in part.cells)
    return told.replace('"cells": []', f'"cells": [\n{lines}\n]')


def rounded(values: dict[str, Any]) -> dict[str, Any]:
    """The values with three digits behind the point."""
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in values.items()}


def machine(database: str) -> str:
    """The machine and the versions in words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**3
    found = [f"{name} {version(name)}" for name in LIBRARIES if _installed(name)]
    return ", ".join(
        [f"{os.cpu_count()} cores", f"{memory} GB", database, f"Python {platform.python_version()}", *found]
    )


def _installed(name: str) -> bool:
    try:
        version(name)
    except ModuleNotFoundError:
        return False
    return True


def words(parts: list[Part]) -> str:
    """The document."""
    table, first = Table([cell for part in parts for cell in part.cells]), parts[0]
    head = HEAD.format(
        rows=f"{first.count:,}", count=first.count, companies=f"{min(COMPANIES, first.count // 5):,}", branches=BRANCHES,
        passes=first.passes, requests=first.requests, seconds=first.seconds,
    )  # fmt: skip
    shares = {part.kind: part.shares for part in parts}
    notes = FOLDER / "notes.md"
    return "".join([
        head,
        *(f"## {part.kind}\n\n{_machine(part)}\n\n{table.pages(part.kind)}\n{table.files(part.kind)}\n" for part in parts),
        f"## The aims\n\n{table.aims()}\n",
        weight_words(),
        import_words(json.loads(IMPORTED.read_text(encoding="utf-8")) if IMPORTED.exists() else []),
        matrix_words(json.loads(SEEN.read_text(encoding="utf-8")) if SEEN.exists() else []),
        f"## Where the product's time goes\n\n{_profile(shares)}",
        *([f"\n{notes.read_text(encoding='utf-8')}"] if notes.exists() else []),
    ])  # fmt: skip


def _machine(part: Part) -> str:
    before, after = part.load
    return f"{part.machine}. {part.minutes:.0f} minutes; load of the machine before {before:.1f}, after {after:.1f}."


def weight_words() -> str:
    """The weight of a list page in a browser."""
    if not WEIGHTS.exists():
        return ""
    found = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    product = next(one for one in found if one["peer"] == "product")
    heads = ["peer", "cold KB", "warm KB", "cold KB, all gzipped", "warm KB, all gzipped", "requests", "cold ms", "warm ms",
             "product's part of the warm time"]  # fmt: skip
    rows = [
        [
            NAMES[one["peer"]],
            *(f"{one[name] / 1000:.1f}" for name in ("cold", "warm", "cold_gzipped", "warm_gzipped")),
            str(one["requests"]), _time(one["cold_ms"]), _time(one["warm_ms"]),
            "" if one is product else _ratio(product["warm_ms"] / one["warm_ms"]),
        ]
        for one in found
    ]  # fmt: skip
    return WEIGHT_HEAD + _markdown(heads, rows) + "\n"


def import_words(runs: list[dict[str, Any]]) -> str:
    """What importing a sheet takes, of each database; the runs as benchmarks.importing keeps them."""
    if not runs:
        return ""
    first = runs[0]
    head = IMPORT_HEAD.format(rows=f"{first['rows']:,}", file=f"{first['file'] / 1000:.0f}", passes=first["passes"])
    shares = {run["kind"]: run["shares"] for run in runs}
    aims = [line for run in runs for line in _import_aims(run)]
    return "".join([
        head,
        *(f"### {run['kind']}\n\n{_import_machine(run)}\n\n{_import_table(run)}\n" for run in runs),
        _markdown(["database", "aim", "at most", "measured", ""], aims),
        "\nWhere the product's time goes when all rows are new, preview and apply together: "
        "the profiler's shares, the reading apart left out.\n\n",
        _share_table(shares),
        f"\n{(FOLDER / 'importing' / 'notes.md').read_text(encoding='utf-8')}\n",
    ])  # fmt: skip


def matrix_words(runs: list[dict[str, Any]]) -> str:
    """What the overview of a round takes, of each database; the runs as benchmarks.matrix keeps them."""
    if not runs:
        return ""
    first = runs[0]
    head = MATRIX_HEAD.format(
        companies=first["companies"], items=first["items"], answers=f"{first['companies'] * first['items']:,}",
        passes=first["passes"], requests=first["requests"],
    )  # fmt: skip
    return "".join([
        head,
        *(f"### {run['kind']}\n\n{_matrix_machine(run)}\n\n{_matrix_table(run)}\n" for run in runs),
        "Where the product's time goes on the page of companies by items, by the profiler's shares.\n\n",
        _share_table({run["kind"]: run["shares"] for run in runs}),
        f"\n{(FOLDER / 'matrix' / 'notes.md').read_text(encoding='utf-8')}\n",
    ])  # fmt: skip


def _matrix_machine(run: dict[str, Any]) -> str:
    before, after = run["load"]
    return f"{run['machine']}. Load of the machine before {before:.1f}, after {after:.1f}."


def _matrix_table(run: dict[str, Any]) -> str:
    heads = [
        "page",
        *PEERS_OF_MATRIX.values(),
        "of the query",
        "of the template",
        "p95",
        "q",
        "bare q",
        "KB",
        "template KB",
    ]
    cells = {(cell["case"], cell["peer"]): cell for cell in run["cells"]}
    lines = []
    for case, title in PAGES_OF_MATRIX.items():
        query, template, product = (cells[case, peer] for peer in PEERS_OF_MATRIX)
        lines.append([
            title, *(_time(cell["p50"]) for cell in (query, template, product)),
            *(_ratio(product["p50"] / cell["p50"]) for cell in (query, template)),
            _time(product["p95"]), str(product["queries"]), str(query["queries"]),
            *(f"{cell['size'] / 1024:.0f}" for cell in (product, template)),
        ])  # fmt: skip
    return _markdown(heads, lines)


def _import_machine(run: dict[str, Any]) -> str:
    before, after = run["load"]
    return (
        f"{run['machine']}. {run['minutes']:.0f} minutes; load of the machine before {before:.1f}, after {after:.1f}."
    )


def _together(cell: dict[str, Any]) -> float:
    seconds: float = cell["preview_seconds"] + cell["apply_seconds"]
    return seconds


def _import_table(run: dict[str, Any]) -> str:
    heads = ["who", "sheet", "preview s", "apply s", "together s", "product's part of it", "q of the preview", "q of the apply",
             "log entries", "page KB"]  # fmt: skip
    product = {cell["sheet"]: _together(cell) for cell in run["cells"] if cell["peer"] == "product"}
    lines = [
        [
            IMPORTERS[cell["peer"]], SHEETS[cell["sheet"]], f"{cell['preview_seconds']:.2f}", f"{cell['apply_seconds']:.2f}",
            f"{_together(cell):.2f}",
            "" if cell["peer"] == "product" else _ratio(product[cell["sheet"]] / _together(cell)),
            f"{cell['preview_statements']:,}", f"{cell['apply_statements']:,}", f"{cell['entries']:,}",
            f"{cell['page'] / 1000:,.0f}" if cell["page"] else "",
        ]
        for cell in run["cells"]
    ]  # fmt: skip
    return _markdown(heads, lines)


def _import_aims(run: dict[str, Any]) -> list[list[str]]:
    """Each aim of imports with what was measured."""
    cells = {(cell["peer"], cell["sheet"]): cell for cell in run["cells"]}
    product, kind = {sheet: cells["product", sheet] for sheet in SHEETS}, run["kind"]
    aims = []
    for peer in ("django", "django_bulk"):
        other = cells.get((peer, "new"))
        measured = (_together(product["new"]) / _together(other), "") if other else None
        aims.append(_aim(kind, f"of the time of {IMPORTERS[peer]}", 0.05, measured))
    for sheet, cell in product.items():
        statements = cell["preview_statements"] + cell["apply_statements"]
        aims.append([
            kind, f"statements, {SHEETS[sheet]}", "200", f"{statements:,}", "met" if statements <= 200 else "**falls short**",
        ])  # fmt: skip
    page = max(max(cell["page"], cell["largest_page"]) for cell in product.values())
    return [
        *aims,
        _aim(kind, "largest page of a preview, six wrong cells in each of its rows, KB", 500, (page / 1000, "")),
    ]


def _profile(shares: dict[str, dict[str, float]]) -> str:
    """The shares of the first page of the list; the profiler slows small functions down, so no times are given."""
    return "The list's first page for the whole city, by the profiler's shares.\n\n" + _share_table(shares)


def _share_table(shares: dict[str, dict[str, float]]) -> str:
    kinds = list(shares)
    names = dict.fromkeys(name for kind in kinds for name in shares[kind])
    rows = [[name, *(_percent(shares[kind], name) for kind in kinds)] for name in names]
    shown = [row for row in rows if any(cell not in ("", "0 %") for cell in row[1:])]
    return _markdown(["who", *kinds], shown)


def _percent(spent: dict[str, float], name: str) -> str:
    return f"{100 * spent.get(name, 0) / sum(spent.values()):.0f} %"


class Table:
    """The cells by database, case, role and peer."""

    def __init__(self, cells: list[Cell]) -> None:
        self.cells = {(cell.database, cell.case, cell.role, cell.peer): cell for cell in cells}
        self.kinds = list(dict.fromkeys(cell.database for cell in cells))

    def rows(self, kind: str) -> list[tuple[str, str]]:
        """The cases and roles measured on a database, in order."""
        return list(dict.fromkeys((case, role) for database, case, role, _peer in self.cells if database == kind))

    def ratio(self, kind: str, case: str, role: str, *peers: str) -> float | None:
        """The product's time over the best of these peers' times; None where one wasn't measured."""
        product = self.cells.get((kind, case, role, "product"))
        others = [cell.p50 for peer in peers if (cell := self.cells.get((kind, case, role, peer)))]
        return product.p50 / min(others) if product and others else None

    def pages(self, kind: str) -> str:
        """The table of lists, forms and small files."""
        heads = ["case", "who", *NAMES.values(), "of Django", "of bare", "p95", "q", "Django q", "KB", "Django KB"]
        lines = []
        for case, role in self.rows(kind):
            if case in {big.key for big in BIG_EXPORTS}:
                continue
            found = {peer: self.cells.get((kind, case, role, peer)) for peer in NAMES}
            product, django = found["product"], found["django"]
            lines.append([
                TITLES[case], ROLES[role].title, *(_shown(cell, lambda one: _time(one.p50)) for cell in found.values()),
                _ratio(self.ratio(kind, case, role, "django")), _ratio(self.ratio(kind, case, role, "bare")),
                _shown(product, lambda one: _time(one.p95)),
                *(_shown(cell, lambda one: str(one.queries)) for cell in (product, django)),
                *(_shown(cell, lambda one: f"{one.size / 1024:.0f}") for cell in (product, django)),
            ])  # fmt: skip
        return _markdown(heads, lines)

    def files(self, kind: str) -> str:
        """The table of large files."""
        heads = ["file", "who", "s", "product's part of it", "first byte s", "memory grows MB", "MB"]
        lines = []
        for case in BIG_EXPORTS:
            for peer in NAMES:
                cell = self.cells.get((kind, case.key, "city", peer))
                if cell is not None:
                    part = "" if peer == "product" else _ratio(self.ratio(kind, case.key, "city", peer))
                    grown = "—" if cell.growth is None else f"{cell.growth / MEGABYTE:.0f}"
                    lines.append([
                        case.title, NAMES[peer], f"{cell.p50 / 1000:.2f}", part, f"{cell.first_byte / 1000:.3f}", grown,
                        f"{cell.size / MEGABYTE:.1f}",
                    ])  # fmt: skip
        return _markdown(heads, lines)

    def aims(self) -> str:
        """Each aim with what was measured, and where it was worst."""
        lists = [case for case in CASES if case.kind == "list"]
        of_city = [(case.key, "city") for case in lists if case.key != "far"]
        of_branch = [(case.key, role) for case in lists for role in case.roles if role != "city"]
        lines = []
        for kind in self.kinds:
            ratios = [
                ("a list, of Django's time", 0.3, self._worst(kind, of_city, "django")),
                ("page far down, of Django's time", 0.01, self._worst(kind, [("far", "city")], "django")),
                ("a branch's list, of the better peer's", 0.3, self._worst(kind, of_branch, "django", "flask_admin")),
                ("CSV, of Django's time", 0.2, self._worst(kind, [("csv_tenth", "city")], "django")),
                ("XLSX, of Django's time", 0.35, self._worst(kind, [("xlsx_tenth", "city")], "django")),
                ("XLSX, of XlsxWriter alone", 1.2, self._worst(kind, [("xlsx_tenth", "city")], "bare")),
            ]
            lines += [_aim(kind, *one) for one in ratios]
            whole = self.cells.get((kind, "csv_all", "city", "product"))
            if whole is not None:
                lines.append(_aim(kind, "first byte of the whole CSV, s", 0.1, (whole.first_byte / 1000, "")))
                if whole.growth is not None:
                    lines.append(_aim(kind, "memory for the whole CSV, MB", 40, (whole.growth / MEGABYTE, "")))
        return _markdown(["database", "aim", "at most", "measured", ""], lines)

    def _worst(self, kind: str, places: Iterable[tuple[str, str]], *peers: str) -> tuple[float, str] | None:
        """The largest ratio and where it was."""
        found = [
            (ratio, f"{TITLES[case]}, {ROLES[role].title}")
            for case, role in places
            if (ratio := self.ratio(kind, case, role, *peers)) is not None
        ]
        return max(found, default=None)


def _aim(kind: str, aim: str, most: float, measured: tuple[float, str] | None) -> list[str]:
    if measured is None:
        return [kind, aim, f"{most:g}", "not measured", ""]
    number, where = measured
    measured_words = f"{number:.3g} ({where})" if where else f"{number:.3g}"
    return [kind, aim, f"{most:g}", measured_words, "met" if number <= most else "**falls short**"]


def _shown(cell: Cell | None, words: Callable[[Cell], str]) -> str:
    return "" if cell is None else words(cell)


def _time(milliseconds: float) -> str:
    digits = 2 if milliseconds < 1 else 1 if milliseconds < 100 else 0
    return f"{milliseconds:.{digits}f}"


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2g}" if ratio < 10 else f"{ratio:.0f}"


def _markdown(heads: list[str], lines: list[list[str]]) -> str:
    rows = [heads, ["---"] * len(heads), *lines]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)
