"""Django's admin, through its own sign-in, with tokens in its forms."""

import re
from typing import Any

from benchmarks.browser import Answer, Browser, filled_form
from benchmarks.cases import NOWHERE_FOUND, PAGE, ROLES, Case, Facts, Sight, new_note
from benchmarks.django_peer import project
from benchmarks.peers import StatementCount, Take

LIST = "/admin/django_peer/assessment/"
FORMATS = ["csv", "xlsx"]


class DjangoAdmin:
    """A browser for each role at one application."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.statements = facts, StatementCount()
        app = project.start(facts.address)
        from django.db import connection

        connection.execute_wrappers.append(self._note)
        self.browsers = {role: Browser(app) for role in facts.sights}
        for role, browser in self.browsers.items():
            browser.sign_in("/admin/login/", username=ROLES[role].username, password=facts.password)

    def _note(self, execute: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        self.statements.note(statement)
        return execute(statement, values, many, context)

    def ask(self, case: Case, role: str, turn: int, take: Take) -> Answer:
        browser, sight = self.browsers[role], self.facts.sights[role]
        if case.kind == "save":
            address = f"{LIST}{sight.keys[turn % len(sight.keys)]}/change/"
            fields = filled_form(browser.get(address).body) | {"note": new_note(), "_save": "保存"}
            self.statements.taken()
            answer = browser.post(address, fields)
        elif case.kind == "export":
            kind, _, part = case.key.partition("_")
            address = LIST + "export/"
            narrowed = f"?checklist_version__id__exact={self.facts.version_id}" if part == "tenth" else ""
            fields = filled_form(browser.get(address).body) | {"format": str(FORMATS.index(kind))}
            self.statements.taken()
            answer = browser.fetch(address + narrowed, take, fields)
        else:
            self.statements.taken()
            answer = browser.get(self.page_address(case.key, sight, turn))
        answer.queries = self.statements.taken()
        return answer

    def page_address(self, key: str, sight: Sight, turn: int) -> str:
        """The address of a page of the list or of a form."""
        narrowed = {
            "first": "",
            "far": f"?p={sight.far // PAGE + 1}",
            "filter": f"?status__exact=draft&checklist_version__id__exact={self.facts.version_id}",
            "sort": "?o=5",
            "name": f"?q={sight.name}",
            "initials": f"?q={sight.initials}",
            "nothing": f"?q={NOWHERE_FOUND}",
            "edit": f"{sight.keys[turn % len(sight.keys)]}/change/",
        }
        return LIST + narrowed[key]

    def rows_on(self, page: str) -> list[int]:
        return [int(key) for key in re.findall(r'name="_selected_action" value="(\d+)"', page)]
