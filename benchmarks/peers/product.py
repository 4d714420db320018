"""The product as it is, through its own sign-in, with tokens in its forms."""

import re
import tempfile
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from sqlalchemy import event

from app import create_app
from benchmarks.browser import Answer, Browser, filled_form
from benchmarks.cases import NOWHERE_FOUND, PAGE, ROLES, Case, Facts, Sight, new_note
from benchmarks.peers import StatementCount, Take
from models import db
from settings import Settings

LIST = "/assessment/"
NEXT = re.compile(r'href="([^"]*)" rel="next"')


def make_product(address: str, data_key: str) -> Any:
    """The product's application on this database; a sign-in lasts as long as measuring takes."""
    folder = Path(tempfile.gettempdir())
    app = create_app(
        Settings(
            database_url=address,
            secret_key="benchmark" * 5,
            data_key=data_key,
            files_dir=folder,
            idle_end=timedelta(days=1),
        )
    )
    return app


class Product:
    """A browser for each role at one application."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.statements = facts, StatementCount()
        app = make_product(facts.address, facts.data_key)
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", self._note)
        self.browsers = {role: Browser(app) for role in facts.sights}
        for role, browser in self.browsers.items():
            browser.sign_in("/sign-in", username=ROLES[role].username, password=facts.password)
        self.far = {
            role: far_address(browser.get(LIST).body, facts.sights[role]) for role, browser in self.browsers.items()
        }

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.statements.note(statement)

    def ask(self, case: Case, role: str, turn: int, take: Take) -> Answer:
        browser, sight = self.browsers[role], self.facts.sights[role]
        if case.kind == "save":
            address = f"{LIST}edit/?id={sight.keys[turn % len(sight.keys)]}"
            fields = filled_form(browser.get(address).body) | {"note": new_note()}
            self.statements.taken()
            answer = browser.post(address, fields)
        elif case.kind == "export":
            address = self.export_address(case.key)
            self.statements.taken()
            answer = browser.fetch(address, take)
        else:
            address = self.page_address(case.key, role, turn)
            self.statements.taken()
            answer = browser.get(address)
        answer.queries = self.statements.taken()
        return answer

    def page_address(self, key: str, role: str, turn: int) -> str:
        """The address of a page of the list or of a form."""
        sight = self.facts.sights[role]
        if key == "far":
            return self.far[role]
        narrowed = {
            "first": "",
            "filter": f"?flt0_status=draft&flt0_checklist_version={self.facts.version_id}",
            "sort": "?sort=5",
            "name": f"?search={sight.name}",
            "initials": f"?search={sight.initials}",
            "nothing": f"?search={NOWHERE_FOUND}",
            "edit": f"edit/?id={sight.keys[turn % len(sight.keys)]}",
        }
        return LIST + narrowed[key]

    def export_address(self, key: str) -> str:
        """The address of a file."""
        kind, _, part = key.partition("_")
        narrowed = f"?flt0_checklist_version={self.facts.version_id}" if part == "tenth" else ""
        return f"{LIST}export/{kind}/{narrowed}"

    def rows_on(self, page: str) -> list[int]:
        return [int(key) for key in re.findall(r'name="rowid" value="(\d+)"', page)]


def far_address(first_page: str, sight: Sight) -> str:
    """The page that begins after ``sight.far`` rows, written as the first page's pager writes the next one.

    A pager that leads on by the last row (``after``: its key and the value that it sorts by) is asked for the row
    before the far page; one that leads on by number is asked for the page's number.
    """
    found = NEXT.search(first_page)
    offered = parse_qs(urlsplit(unescape(found[1])).query) if found else {}
    place: dict[str, Any] = {"page": sight.far // PAGE}
    if "after" in offered and sight.before_far:
        day, key = sight.before_far
        place["after"] = f"{key}~{day}"
    return f"{LIST}?{urlencode(place)}"
