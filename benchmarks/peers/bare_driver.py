"""The limit: the database's driver, statements written by hand over ideal indexes, and a bare template."""

import csv
import io
import json
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import psycopg
import xlsxwriter
from jinja2 import DictLoader, Environment
from sqlalchemy import create_engine, make_url, text

from benchmarks.browser import Answer
from benchmarks.cases import NOWHERE_FOUND, PAGE, Case, Facts, Sight, new_note
from benchmarks.peers import Take

INDEXES = {
    "assessment": [
        "assessed_on, id", "self_score, id", "checklist_version_id, assessed_on, id", "company_id, assessed_on, id",
        "checklist_version_id, status, assessed_on, id",
        "branch_id, assessed_on, id", "branch_id, self_score, id", "branch_id, checklist_version_id, status, assessed_on, id",
    ],
    "company": ["branch_id, short_name, initials, pinyin, id"],
}  # fmt: skip
LABELS = {
    "draft": "填写中", "submitted": "已自评", "reviewed": "已考评", "passed": "达标", "nearly": "基本达标", "failed": "不达标",
    None: "—",
}  # fmt: skip
HEADS = ["考核日期", "企业", "清单版本", "进展", "自评分", "考评分", "考评结果"]
FILE_HEADS = [*HEADS, "编号"]
COLUMNS = "a.id, a.assessed_on, c.short_name, v.name, a.status, a.self_score, a.review_score, a.result"
RELATED = "JOIN company c ON c.id = a.company_id JOIN checklist_version v ON v.id = a.checklist_version_id"
PAGES = {
    "list": """<!doctype html><html lang="zh-CN"><title>考核</title><table><thead><tr>{% for head in heads %}<th>{{ head }}</th>{% endfor %}</tr></thead>
{% for id, day, company, version, status, own, reviewed, result in rows %}<tr><td><input type="checkbox" name="rowid" value="{{ id }}"></td>
<td><a href="/assessment/details/?id={{ id }}">{{ day }}</a></td><td>{{ company }}</td><td>{{ version }}</td><td>{{ labels[status] }}</td><td>{{ own }}</td>
<td>{{ reviewed }}</td><td>{{ labels[result] }}</td><td><a href="/assessment/edit/?id={{ id }}">编辑</a></td></tr>
{% endfor %}</table></html>""",
    "edit": """<!doctype html><html lang="zh-CN"><title>考核</title><form method="post"><select name="company"><option value="{{ row[1] }}">{{ row[2] }}</option></select>
<select name="version">{% for id, name in versions %}<option value="{{ id }}"{% if id == row[3] %} selected{% endif %}>{{ name }}</option>{% endfor %}</select>
<input name="day" value="{{ row[4] }}"><textarea name="note">{{ row[5] or "" }}</textarea><button>保存</button></form></html>""",
}  # fmt: skip
ROWS_AT_ONCE = 1_000


def make_ideal_indexes(address: str) -> None:
    """Give a database the indexes that each statement here wants."""
    engine = create_engine(address)
    with engine.begin() as connection:
        for table, indexes in INDEXES.items():
            for number, columns in enumerate(indexes):
                connection.execute(text(f"CREATE INDEX ideal_{table}_{number} ON {table} ({columns})"))
    engine.dispose()


class BareDriver:
    """One connection, no sign-in, no application."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        url = make_url(facts.bare_address)
        self.on_sqlite = url.get_backend_name() == "sqlite"
        if self.on_sqlite:
            self.connection: Any = sqlite3.connect(str(url.database), isolation_level=None)
            self.connection.execute("PRAGMA synchronous=FULL")
        else:
            self.connection = psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
            self.connection.autocommit = True
        pages = Environment(loader=DictLoader(PAGES), autoescape=True)
        self.pages = {name: pages.get_template(name) for name in PAGES}

    def ask(self, case: Case, role: str, turn: int, take: Take) -> Answer:
        started, sight = perf_counter(), self.facts.sights[role]
        if case.kind == "export":
            return self._export(case.key, sight, take, started)
        key = sight.keys[turn % len(sight.keys)]
        if case.kind == "list":
            searched = case.key in ("name", "initials", "nothing")
            asked = (self._search(case.key, sight), ()) if searched else self._list(case.key, sight)
            page = self.pages["list"].render(rows=self._run(*asked).fetchall(), heads=HEADS, labels=LABELS)
            queries = 2 if searched else 1
        elif case.kind == "edit":
            page, queries = self._form(key), 2
        else:
            self._save(key)
            page, queries = "", 2
        body = page.encode()
        seconds = perf_counter() - started
        return Answer(302 if case.kind == "save" else 200, seconds, seconds, len(body), queries, page)

    def rows_on(self, page: str) -> list[int]:
        return [int(key) for key in re.findall(r'name="rowid" value="(\d+)"', page)]

    def _run(self, statement: str, values: tuple[Any, ...] = ()) -> Any:
        return self.connection.execute(statement if self.on_sqlite else statement.replace("?", "%s"), values)

    def _list(self, key: str, sight: Sight) -> tuple[str, tuple[Any, ...]]:
        """The statement for a page of the list: of each branch its first rows by an index, then the first of them."""
        order, start = ("self_score, id", "") if key == "sort" else ("assessed_on DESC, id DESC", "")
        values: tuple[Any, ...] = ()
        if key == "far" and sight.before_far:
            start, values = "(assessed_on, id) < (?, ?)", sight.before_far
        elif key == "filter":
            start, values = "checklist_version_id = ? AND status = 'draft'", (self.facts.version_id,)
        sorted_by = order.split(",")[0].removesuffix(" DESC")
        picks = [
            f"SELECT * FROM (SELECT id, {sorted_by} FROM assessment {_where(start, branch)} ORDER BY {order} LIMIT {PAGE}) x"
            for branch in sight.branches or (None,)
        ]
        return _page(" UNION ALL ".join(picks), order), values * len(picks)

    def _search(self, key: str, sight: Sight) -> str:
        """The statement for a search: companies first, by going through their names; then the newest of their rows."""
        wanted = {"name": sight.name, "initials": sight.initials, "nothing": NOWHERE_FOUND}[key]
        columns = ["initials", "pinyin"] if key == "initials" else ["short_name"]
        found = "(" + " OR ".join(f"{column} LIKE ?" for column in columns) + ")"
        within = f" AND branch_id IN ({', '.join(map(str, sight.branches))})" if sight.branches else ""
        values = (f"%{wanted}%",) * len(columns)
        companies = [str(row[0]) for row in self._run(f"SELECT id FROM company WHERE {found}{within}", values)]
        among, order = f"company_id IN ({', '.join(companies or ['0'])})", "assessed_on DESC, id DESC"
        return _page(f"SELECT id, assessed_on FROM assessment WHERE {among}", order)

    def _form(self, key: int) -> str:
        row = self._run(
            "SELECT a.id, a.company_id, c.short_name, a.checklist_version_id, a.assessed_on, a.note "
            "FROM assessment a JOIN company c ON c.id = a.company_id WHERE a.id = ?", (key,)
        ).fetchone()  # fmt: skip
        return self.pages["edit"].render(
            row=row, versions=self._run("SELECT id, name FROM checklist_version").fetchall()
        )

    def _save(self, key: int) -> None:
        """The change and its entry in the audit log, in one transaction."""
        at, note = datetime.now(UTC), new_note()
        self._run("BEGIN IMMEDIATE" if self.on_sqlite else "BEGIN")
        self._run(
            "UPDATE assessment SET note = ?, version = version + 1, updated_at = ? WHERE id = ?",
            (note, at.isoformat(" "), key),
        )
        self._run(
            "INSERT INTO audit_entry (at, actor_name, channel, action, resource, record_id, record_title, changes) "
            "VALUES (?, '示例', '网页', 'update', 'assessment', ?, '考核', ?)",
            (at.isoformat(" "), key, json.dumps({"note": [None, note]})),
        )
        self._run("COMMIT")

    def _export(self, key: str, sight: Sight, take: Take, started: float) -> Answer:
        kind, _, part = key.partition("_")
        chosen = f"a.checklist_version_id = {self.facts.version_id}" if part == "tenth" else ""
        chosen = f"a.branch_id = {sight.branches[0]}" if sight.branches else chosen
        newest_first = f"{_where(chosen, None)} ORDER BY a.assessed_on DESC, a.id DESC"
        rows = self._stream(f"SELECT {COLUMNS} FROM assessment a {RELATED} {newest_first}")
        size, first = 0, 0.0
        for chunk in _csv(rows) if kind == "csv" else _xlsx(rows):
            first = first or perf_counter() - started
            size += len(chunk)
            take(chunk)
        return Answer(200, perf_counter() - started, first, size, 1)

    def _stream(self, statement: str) -> Iterator[Any]:
        if self.on_sqlite:
            yield from self.connection.execute(statement)
            return
        with self.connection.transaction(), self.connection.cursor("export") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            yield from cursor.execute(statement)


def _where(condition: str, branch: int | None) -> str:
    conditions = [part for part in (f"branch_id = {branch}" if branch else "", condition) if part]
    return "WHERE " + " AND ".join(conditions) if conditions else ""


def _page(picked: str, order: str) -> str:
    """The rows that were picked by key and sort column, the first of them, with what the list shows."""
    first = f"SELECT id FROM ({picked}) y ORDER BY {order} LIMIT {PAGE}"
    again = ", ".join(f"a.{column.strip()}" for column in order.split(","))
    return f"SELECT {COLUMNS} FROM ({first}) z JOIN assessment a ON a.id = z.id {RELATED} ORDER BY {again}"


def _cells(row: Any) -> list[Any]:
    key, day, company, version, status, own, reviewed, result = row
    shown = [number / 100 if number is not None else None for number in (own, reviewed)]
    return [day, company, version, LABELS[status], *shown, LABELS[result] if result else None, key]


def _csv(rows: Iterator[Any]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(FILE_HEADS)
    for number, row in enumerate(rows, start=1):
        writer.writerow(_cells(row))
        if number % ROWS_AT_ONCE == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _xlsx(rows: Iterator[Any]) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, options)
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, FILE_HEADS)
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, _cells(row))
        book.close()
        file.seek(0)
        while chunk := file.read(65_536):
            yield chunk
