"""Who imports: the product, Django's admin with django-import-export row by row and in bulk, and the bare driver.

Each is made in a process of its own on a database of its own, and handed one sheet after another.
"""

import io
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

import psycopg
from sqlalchemy import event, make_url, select

from benchmarks.browser import Browser
from benchmarks.cases import ROLES, Facts
from benchmarks.importing.sheet import HEADS, INDUSTRIES, wrong_book
from benchmarks.peers import StatementCount
from benchmarks.peers.product import make_product
from benchmarks.workers import Failed
from models import Account, AuditEntry, CompanyStatus, ImportBatch, db
from models.clock import today
from policy import acting_as, system_session
from policy.actor import load_actor
from services import imports

CITY = ROLES["city"].username
DJANGO_APP = "benchmarks.django_import"


@dataclass(frozen=True)
class Step:
    """A preview or its doing.

    Attributes:
        page: bytes of the page that shows the preview; 0 where there is none.
    """

    seconds: float
    statements: int
    page: int = 0


class Importer(Protocol):
    """One way to import a sheet."""

    def __init__(self, facts: Facts) -> None: ...

    def preview(self, book: bytes) -> Step:
        """Take a sheet in and show what it would do."""

    def apply(self) -> Step:
        """Do what was shown last."""

    def entries(self) -> int:
        """The entries of the log about companies so far."""


class Product:
    """The product: its own services in the name of a signed-in account, and its page of the preview."""

    def __init__(self, facts: Facts) -> None:
        from admin.imports import screen_of, target_of

        self.statements = StatementCount()
        self.app = make_product(facts.address, facts.data_key)
        with self.app.test_request_context():
            event.listen(
                db.engine, "before_cursor_execute", lambda _c, _cursor, text, *_rest: self.statements.note(text)
            )
            self.target = target_of(screen_of("company"))
            with system_session("sign_in", readonly=True) as session:
                account = session.scalar(select(Account).where(Account.username == CITY))
                self.actor = load_actor(session, account, today())
        self.browser = Browser(self.app)
        self.browser.sign_in("/sign-in", username=CITY, password=facts.password)
        self.key = 0

    def _do(self, work: Callable[[Any], None]) -> Step:
        self.statements.taken()
        with self.app.app_context(), acting_as(self.actor):
            started = perf_counter()
            with db.session.session_factory(actor=self.actor) as session:
                work(session)
                session.commit()
            return Step(perf_counter() - started, self.statements.taken())

    def preview(self, book: bytes) -> Step:
        def check(session: Any) -> None:
            batch = imports.open_batch(session, "company", "companies.xlsx", book)
            session.commit()
            imports.check_batch(session, self.target, batch)
            self.key = batch.id

        done = self._do(check)
        page = self.browser.get(f"/imports/{self.key}/")
        if page.status != 200:
            raise Failed(f"the preview's page answers with {page.status}")
        return Step(done.seconds + page.seconds, done.statements + self.statements.taken(), page.size)

    def apply(self) -> Step:
        return self._do(lambda session: imports.apply_batch(session, self.target, session.get(ImportBatch, self.key)))

    def largest_page(self, count: int) -> int:
        """Bytes of the page of a preview in which each row is wrong."""
        return self.preview(wrong_book(count)).page

    def entries(self) -> int:
        with self.app.app_context(), system_session("explain", readonly=True) as session:
            found = session.scalars(select(AuditEntry.id).where(AuditEntry.resource == "company"))
            return len(found.all())


class Django:
    """The admin's import: the form with the file, the preview of each row, the confirmation with its log."""

    resource = "0"

    def __init__(self, facts: Facts) -> None:
        from benchmarks.django_peer import project

        self.statements = StatementCount()
        project.start(facts.address, DJANGO_APP)
        from django.contrib.auth.models import User
        from django.db import connection
        from django.test import Client

        connection.execute_wrappers.append(self._note)
        self.client = Client()
        self.client.force_login(User.objects.get(username=CITY))
        self.address = "/admin/django_import/importedcompany/"
        self.confirm: dict[str, str] = {}

    def _note(self, execute: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        self.statements.note(statement)
        return execute(statement, values, many, context)

    def _post(self, address: str, fields: dict[str, Any]) -> tuple[Any, Step]:
        self.statements.taken()
        started = perf_counter()
        answer = self.client.post(self.address + address, fields)
        return answer, Step(perf_counter() - started, self.statements.taken(), len(answer.content))

    def preview(self, book: bytes) -> Step:
        from django.core.files.uploadedfile import SimpleUploadedFile

        file = SimpleUploadedFile("companies.xlsx", book)
        answer, step = self._post("import/", {"import_file": file, "format": "0", "resource": self.resource})
        self.confirm = hidden_fields(answer.content.decode())
        if "import_file_name" not in self.confirm:
            raise Failed("django-import-export doesn't offer to confirm")
        return step

    def apply(self) -> Step:
        answer, step = self._post("process_import/", self.confirm)
        if answer.status_code != 302:
            raise Failed(f"django-import-export answers with {answer.status_code}")
        return Step(step.seconds, step.statements)

    def entries(self) -> int:
        from django.contrib.admin.models import LogEntry

        return LogEntry.objects.count()


class DjangoInBulk(Django):
    """The same with ``use_bulk``: rows are written a thousand at a time."""

    resource = "1"


def hidden_fields(page: str) -> dict[str, str]:
    """What the confirmation sends; the preview's table of many megabytes isn't parsed for it."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


COLUMNS = ["short_name", "branch_id", "registered_name", "industry", "status", "employees", "address", "contact_name",
           "contact_phone", "organised_on", "note"]  # fmt: skip
"""In the order of the sheet's heads."""
FILLED = {
    "pinyin": "''",
    "initials": "''",
    "version": "1",
    "created_at": "'2026-01-01 00:00:00'",
    "updated_at": "'2026-01-01 00:00:00'",
}
UPSERT = f"""INSERT INTO company ({", ".join([*COLUMNS, *FILLED])}) SELECT {{values}} FROM {{rows}}
ON CONFLICT (branch_id, short_name) DO UPDATE SET {", ".join(f"{one} = excluded.{one}" for one in COLUMNS)}"""


class BareDriver:
    """The limit: the sheet read by calamine, and one statement of the driver; no preview, no walls, no log."""

    def __init__(self, facts: Facts) -> None:
        self.url, self.rows = make_url(facts.address), list[list[Any]]()

    def preview(self, book: bytes) -> Step:
        from python_calamine import CalamineWorkbook

        started = perf_counter()
        heads, *rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
        if heads != HEADS:
            raise Failed("the sheet has other heads")
        self.rows = rows
        return Step(perf_counter() - started, 0)

    def apply(self) -> Step:
        started = perf_counter()
        if self.url.get_backend_name() == "sqlite":
            self._into_sqlite()
        else:
            self._into_postgres()
        return Step(perf_counter() - started, 2)

    def _read(self, branches: dict[str, int]) -> list[list[Any]]:
        trades = {word: code for code, word in INDUSTRIES.items()}
        statuses = {one.label: one.value for one in CompanyStatus}
        return [
            [
                row[0],
                branches[row[1]],
                row[2],
                trades[row[3]],
                statuses[row[4]],
                int(row[5]),
                *row[6:10],
                row[10] or None,
            ]
            for row in self.rows
        ]

    def _into_sqlite(self) -> None:
        import json

        with closing(sqlite3.connect(self.url.database or "")) as connection, connection:
            connection.execute("PRAGMA synchronous=FULL")
            rows = self._read(dict(connection.execute("SELECT name, id FROM branch").fetchall()))
            values = [f"value ->> {place}" for place in range(len(COLUMNS))]
            # A SELECT before ON CONFLICT needs a WHERE, lest it be read as a join.
            statement = UPSERT.format(values=", ".join([*values, *FILLED.values()]), rows="json_each(?) WHERE true")
            connection.execute(statement, [json.dumps(rows)])

    def _into_postgres(self) -> None:
        address = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address) as connection:
            rows = self._read(dict(connection.execute("SELECT name, id FROM branch").fetchall()))
            kinds = ["int" if name in ("branch_id", "employees") else "text" for name in COLUMNS]
            sent = f"unnest({', '.join(f'%s::{kind}[]' for kind in kinds)}) AS sent ({', '.join(COLUMNS)})"
            filled = [f"{value}::timestamptz" if name.endswith("_at") else value for name, value in FILLED.items()]
            statement = UPSERT.format(values=", ".join([*COLUMNS, *filled]), rows=sent)
            connection.execute(statement, [list(column) for column in zip(*rows, strict=True)])

    def entries(self) -> int:
        return 0


IMPORTERS: dict[str, Callable[[Facts], Importer]] = {
    "product": Product, "django": Django, "django_bulk": DjangoInBulk, "bare": BareDriver,
}  # fmt: skip
