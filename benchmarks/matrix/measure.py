"""The run: the product's pages, the bare driver's queries alone, and these with a bare template, in turns on one database."""

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import psycopg
from flask_migrate import upgrade
from jinja2 import DictLoader, Environment
from sqlalchemy import event, make_url, select

from benchmarks.browser import Browser
from benchmarks.cases import ROLES
from benchmarks.databases import Databases
from benchmarks.matrix.rows import fill_round
from benchmarks.measure import PASSWORD
from benchmarks.peers import StatementCount
from benchmarks.peers.product import make_product
from benchmarks.profiling import profile_once
from benchmarks.workers import Failed
from commands import fill_scale
from models import Branch, BranchKind, db
from policy import system_session
from services.tables.scale import LEAST

COMPANIES, ITEMS = 200, 60
PASSES, REQUESTS = 3, 20
QUERY, TEMPLATE, PRODUCT = "query", "template", "product"
CASES = {"items": "companies by items", "groups": "companies by groups", "tallies": "item by item"}
ADDRESSES = {
    "items": "/matrix/?round={}",
    "groups": "/matrix/?round={}&view=groups",
    "tallies": "/matrix/items/?round={}",
}
Say = Callable[[str], None]

OF_ITEMS = (
    "SELECT i.id, i.code, i.text, g.name FROM checklist_item i JOIN checklist_group g ON g.id = i.group_id "
    "WHERE g.checklist_version_id = ? ORDER BY g.position, g.id, i.position, i.id"
)
OF_COMPANIES = (
    "SELECT a.id, c.id, c.short_name FROM assessment a JOIN company c ON c.id = a.company_id WHERE a.round_id = ? "
    "ORDER BY c.pinyin, a.id LIMIT 201"
)
ANSWER = "w.review_answer, w.review_step_id, w.review_number"
OF_ANSWERS = f"SELECT w.assessment_id, w.item_id, {ANSWER} FROM assessment_answer w WHERE w.assessment_id IN ({{}})"
COUNTED = (
    f"SELECT w.item_id, {ANSWER}, count(*) FROM assessment_answer w JOIN assessment a ON a.id = w.assessment_id "
    f"WHERE a.round_id = ? GROUP BY w.item_id, {ANSWER}"
)
SIGNS = {"met": "✓", "partly": "△", "not_met": "✕", "not_applicable": "－", None: "·"}
PAGES = {
    "items": """<!doctype html><html lang="zh-CN"><title>考核总览</title><table><thead><tr><th>单位</th>{% for item in items %}<th>{{ item[1] }} {{ item[2] }}</th>{% endfor %}</tr></thead>
{% for key, company, name in companies %}<tr><th><a href="/matrix/of/?company={{ company }}">{{ name }}</a></th>{% set answers = marks[key] %}{% for item in items %}<td><a href="/assess/?id={{ key }}#item-{{ item[0] }}">{{ answers.get(item[0], "·") }}</a></td>{% endfor %}</tr>
{% endfor %}</table></html>""",
    "tallies": """<!doctype html><html lang="zh-CN"><title>未达到的项</title><ul>{% for item in items %}<li>{{ item[1] }} {{ item[2] }}
{% for sign, count in counts[item[0]].items() %}<a href="/matrix/?item={{ item[0] }}">{{ sign }} {{ count }}</a>{% endfor %}</li>{% endfor %}</ul></html>""",
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """What one peer needed for one page: times in milliseconds, the page in bytes."""

    peer: str
    case: str
    p50: float
    p95: float
    queries: int
    size: int


@dataclass(frozen=True)
class Run:
    """One database's figures, and on what they were taken.

    Attributes:
        shares: milliseconds of the page of companies by items, by who spends them.
        load: of the machine, before and after.
    """

    kind: str
    companies: int
    items: int
    machine: str
    passes: int
    requests: int
    load: tuple[float, float]
    cells: list[Cell]
    shares: dict[str, float]


class Bare:
    """The driver and statements by hand: no sign-in, no walls, marks by their words alone."""

    def __init__(self, address: str, round_id: int, version_id: int) -> None:
        self.round_id, self.version_id = round_id, version_id
        url = make_url(address)
        self.on_sqlite = url.get_backend_name() == "sqlite"
        if self.on_sqlite:
            self.connection: Any = sqlite3.connect(str(url.database), isolation_level=None)
        else:
            self.connection = psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
            self.connection.autocommit = True
        pages = Environment(loader=DictLoader(PAGES), autoescape=True)
        self.pages = {name: pages.get_template(name) for name in PAGES}

    def fetch(self, case: str) -> dict[str, Any]:
        """The rows of a page."""
        found = {"items": self._run(OF_ITEMS, (self.version_id,))}
        if case == "tallies":
            return found | {"counted": self._run(COUNTED, (self.round_id,))}
        found["companies"] = self._run(OF_COMPANIES, (self.round_id,))
        keys = [row[0] for row in found["companies"]]
        return found | {"answers": self._run(OF_ANSWERS.format(", ".join("?" * len(keys))), tuple(keys))}

    def page(self, case: str) -> str:
        """The rows, and what a template makes of them; groups are added up by nobody here."""
        found = self.fetch(case)
        if case == "tallies":
            counts: dict[int, dict[str, int]] = {}
            for item, word, step, number, count in found["counted"]:
                sign = _sign(word, step, number)
                of_item = counts.setdefault(item, {})
                of_item[sign] = of_item.get(sign, 0) + count
            return self.pages["tallies"].render(items=found["items"], counts=counts)
        marks: dict[int, dict[int, str]] = {row[0]: {} for row in found["companies"]}
        for key, item, word, step, number in found["answers"]:
            marks[key][item] = _sign(word, step, number)
        return self.pages["items"].render(items=found["items"], companies=found["companies"], marks=marks)

    def _run(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        rows: list[Any] = self.connection.execute(
            statement if self.on_sqlite else statement.replace("?", "%s"), values
        ).fetchall()
        return rows


def _sign(word: str | None, step: int | None, number: int | None) -> str:
    return SIGNS[word] if step is None and number is None else "△"


class Office:
    """The product, with the city's administrator signed in."""

    def __init__(self, address: str, data_key: str, round_id: int) -> None:
        self.round_id, self.statements = round_id, StatementCount()
        self.app = make_product(address, data_key)
        with self.app.app_context():
            event.listen(db.engine, "before_cursor_execute", lambda *call: self.statements.note(call[2]))
        self.browser = Browser(self.app)
        self.browser.sign_in("/sign-in", username=ROLES["city"].username, password=PASSWORD)

    def ask(self, case: str) -> Any:
        """A page's answer; raises Failed when it isn't the page."""
        self.statements.taken()
        answer = self.browser.get(ADDRESSES[case].format(self.round_id))
        if answer.status != 200:
            raise Failed(f"{case}: status {answer.status}")
        answer.queries = self.statements.taken()
        return answer


def build(databases: Databases, data_key: str, companies: int, items: int) -> tuple[str, int, int]:
    """A database with a round that everybody has answered: its address, the round's key and the version's."""
    address = databases.new("seen")
    app = make_product(address, data_key)
    with app.app_context():
        upgrade()
        fill_scale(LEAST, PASSWORD)
        with system_session("demo") as session:
            branches = session.scalars(
                select(Branch.id).where(Branch.kind == BranchKind.BRANCH).order_by(Branch.id).limit(20)
            )
            found = fill_round(session, list(branches), companies, items)
            session.commit()
        db.engine.dispose()
    databases.settle(address)
    return address, *found


def measure(
    databases: Databases, data_key: str, machine: str, companies: int = COMPANIES, items: int = ITEMS,
    passes: int = PASSES, requests: int = REQUESTS, say: Say = print,
) -> Run:  # fmt: skip
    """The figures of one database; the peers take turns, pass after pass."""
    before = os.getloadavg()[0]
    address, round_id, version_id = build(databases, data_key, companies, items)
    bare, office = Bare(address, round_id, version_id), Office(address, data_key, round_id)
    cells = []
    for case in CASES:
        check(office.ask(case).body, case, bare, companies, items)
        asked: dict[str, Callable[[], Any]] = {
            QUERY: lambda case=case: bare.fetch(case),  # type: ignore[misc]
            TEMPLATE: lambda case=case: bare.page(case),  # type: ignore[misc]
            PRODUCT: lambda case=case: office.ask(case),  # type: ignore[misc]
        }
        found = _take_turns(asked, passes, requests)
        cells += [_cell(peer, case, times, bare, office) for peer, times in found.items()]
        say(
            f"{databases.kind} | {CASES[case]}: " + ", ".join(f"{one.peer} {one.p50:.1f}" for one in cells[-3:]) + " ms"
        )
    shares = profile_once(lambda: [office.ask("items") for _number in range(requests)])
    bare.connection.close()
    with office.app.app_context():
        db.engine.dispose()
    return Run(
        databases.kind, companies, items, machine, passes, requests, (before, os.getloadavg()[0]), cells,
        {name: spent / requests for name, spent in shares.items()},
    )  # fmt: skip


def _take_turns(asked: dict[str, Callable[[], Any]], passes: int, requests: int) -> dict[str, list[list[float]]]:
    """Seconds by peer and pass; each pass begins with another peer."""
    times: dict[str, list[list[float]]] = {peer: [] for peer in asked}
    for number in range(passes):
        for peer in [*list(asked)[number % 3 :], *list(asked)[: number % 3]]:
            of_pass = []
            for _request in range(requests):
                started = perf_counter()
                asked[peer]()
                of_pass.append(perf_counter() - started)
            times[peer].append(of_pass)
    return times


def _cell(peer: str, case: str, times: list[list[float]], bare: Bare, office: Office) -> Cell:
    every = sorted(1000 * one for of_pass in times for one in of_pass)
    p50 = 1000 * median(median(of_pass) for of_pass in times)
    answer = office.ask(case) if peer == PRODUCT else None
    queries = answer.queries if answer else 2 if case == "tallies" else 3
    size = answer.size if answer else len(bare.page(case).encode()) if peer == TEMPLATE else 0
    return Cell(peer, case, p50, every[int(0.95 * (len(every) - 1))], queries, size)


def check(page: str, case: str, bare: Bare, companies: int, items: int) -> None:
    """Raise Failed unless the product's page shows as many companies and marks as there are."""
    wanted = {"items": companies * items, "groups": companies * -(-items // 10)}.get(case)
    shown = page.count("#item-")
    if wanted is not None and shown != wanted:
        raise Failed(f"{CASES[case]}: {shown} marks of {wanted}")
    if case == "tallies" and page.count('class="tally-name"') != items:
        raise Failed("item by item: some items are missing")
    if wanted is not None and page.count('<th scope="row">') != len(bare.fetch(case)["companies"]):
        raise Failed(f"{CASES[case]}: some companies are missing")
