"""Flask-Admin as it comes: a plain ModelView over the same tables, with none of the product's code and no sign-in."""

import re
from typing import Any

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from benchmarks.browser import Answer, Browser
from benchmarks.cases import NOWHERE_FOUND, PAGE, Case, Facts, Sight
from benchmarks.peers import StatementCount, Take

STATUS = [("draft", "填写中"), ("submitted", "已自评"), ("reviewed", "已考评")]
RESULT = [("passed", "达标"), ("nearly", "基本达标"), ("failed", "不达标")]


def make_app(facts: Facts) -> Flask:
    """An application with a view for each role, named after it."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="benchmark" * 5, SQLALCHEMY_DATABASE_URI=facts.address)
    db = SQLAlchemy()

    class Company(db.Model):  # type: ignore[name-defined]
        id: Mapped[int] = mapped_column(primary_key=True)
        short_name: Mapped[str]
        initials: Mapped[str]

        def __str__(self) -> str:
            return self.short_name

    class ChecklistVersion(db.Model):  # type: ignore[name-defined]
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

        def __str__(self) -> str:
            return self.name

    class Assessment(db.Model):  # type: ignore[name-defined]
        id: Mapped[int] = mapped_column(primary_key=True)
        branch_id: Mapped[int]
        company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
        checklist_version_id: Mapped[int] = mapped_column(ForeignKey("checklist_version.id"))
        assessed_on: Mapped[Any] = mapped_column(db.Date)
        status: Mapped[str]
        self_score: Mapped[int | None]
        review_score: Mapped[int | None]
        result: Mapped[str | None]
        note: Mapped[str | None]
        company: Mapped[Company] = relationship()
        checklist_version: Mapped[ChecklistVersion] = relationship()

    class AssessmentView(ModelView):
        column_list = ("assessed_on", "company", "checklist_version", "status", "self_score", "review_score", "result")
        column_export_list = (*column_list, "id")
        column_choices = {"status": STATUS, "result": RESULT}
        column_searchable_list = ("company.short_name", "company.initials", "note")
        column_filters = ("status", "result", "checklist_version_id", "assessed_on")
        column_default_sort = [("assessed_on", True), ("id", True)]
        named_filter_urls = True
        page_size = PAGE

        def __init__(self, role: str, sight: Sight) -> None:
            self.branches = sight.branches
            super().__init__(Assessment, db, endpoint=role, url=f"/{role}")

        def get_query(self) -> Any:
            return self._within(super().get_query())

        def get_count_query(self) -> Any:
            return self._within(super().get_count_query())

        def _within(self, query: Any) -> Any:
            return query.filter(Assessment.branch_id.in_(self.branches)) if self.branches else query

    db.init_app(app)
    Babel(app, default_locale="zh_CN")
    admin = Admin(app)
    for role, sight in facts.sights.items():
        admin.add_view(AssessmentView(role, sight))
    return app


class PlainFlaskAdmin:
    """A browser at that application."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.statements = facts, StatementCount()
        app = make_app(facts)
        with app.app_context():
            event.listen(app.extensions["sqlalchemy"].engine, "before_cursor_execute", self._note)
        self.browser = Browser(app)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.statements.note(statement)

    def ask(self, case: Case, role: str, turn: int, take: Take) -> Answer:
        sight = self.facts.sights[role]
        narrowed = {
            "first": "",
            "far": f"?page={sight.far // PAGE}",
            "filter": f"?flt0_status_equals=draft&flt1_checklist_version_id_equals={self.facts.version_id}",
            "sort": "?sort=4",
            "name": f"?search={sight.name}",
            "initials": f"?search={sight.initials}",
            "nothing": f"?search={NOWHERE_FOUND}",
        }[case.key]
        self.statements.taken()
        answer = self.browser.get(f"/{role}/{narrowed}")
        answer.queries = self.statements.taken()
        return answer

    def rows_on(self, page: str) -> list[int]:
        return [int(key) for key in re.findall(r'name="rowid"[^>]* value="(\d+)"', page)]
