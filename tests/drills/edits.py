"""Clients who edit, add and delete through the product's pages, and note what they were told."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.client import HTTPException
from itertools import count
from random import Random
from typing import Self

from tests.drills.browser import Answer, Browser, form_with, forms_of, shows_both
from tests.drills.server import PASSWORD

CLIENTS = 8
COMPANIES = range(1, 7)
"""Fewer than clients: some edits must meet."""
NEVER_SHOWN = ("database is locked", "Traceback", "Internal Server Error", "sqlite3.", "psycopg.")
_FIRST_DAY = date(1901, 1, 1)


@dataclass
class Journal:
    """What the clients were told. Each edit carries a token of its own in the record's note.

    ``unsure``: the connection broke, or the page said that it may have been saved. ``wrong``: what nobody may see.
    """

    saved: dict[str, int] = field(default_factory=dict)
    """Token of an edit -> key of the company."""
    unsure: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    filled: set[int] = field(default_factory=set)
    """Assessments whose checklist was saved, with its ten answers."""
    deleted: set[int] = field(default_factory=set)
    maybe_deleted: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)
    """How many answers had which status; 0 stands for connections that broke."""


class Meter:
    """Counts what the clients do, so that somebody else can wait for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._counts = {"sent": 0, "answered": 0}
        self._over = False

    def note(self, what: str) -> None:
        """A form was ``sent``, or a save was ``answered`` with success."""
        with self._changed:
            self._counts[what] += 1
            self._changed.notify_all()

    def count(self, what: str) -> int:
        """How often that happened."""
        with self._changed:
            return self._counts[what]

    def wait_for_more(self, what: str, more: int) -> None:
        """Until it has happened so many times more, or never will."""
        with self._changed:
            goal = self._counts[what] + more
            self._changed.wait_for(lambda: self._counts[what] >= goal or self._over)

    def end(self) -> None:
        """Nobody needs to wait any longer."""
        with self._changed:
            self._over = True
            self._changed.notify_all()


class Unreachable(Exception):
    """No answer, or one that asks for patience."""


class Client:
    """One person at work: mostly edits notes, sometimes makes an assessment with its answers, sometimes deletes it."""

    def __init__(self, number: int, crew: "Crew") -> None:
        self._number = number
        self._crew = crew
        self._journal = crew.journal
        self._random = Random(f"{crew.seed}-{number}")
        self._browser = Browser(crew.port)
        self._browser.sign_in("city_admin", PASSWORD)
        self._turns = count(1)

    def work(self) -> None:
        """Work until told to go home; whatever else happens is wrong."""
        try:
            while not self._crew.done.is_set():
                self._turn()
        except Exception as error:
            self._crew.tell(wrong=f"client {self._number}: {error!r}")
            raise

    def _turn(self) -> None:
        try:
            act = self._random.choices([self._edit, self._assess, self._delete], [8, 1, 1])[0]
            act(next(self._turns))
        except Unreachable:
            self._crew.up.wait()

    def _edit(self, turn: int) -> None:
        key, token = self._random.choice(COMPANIES), f"{self._crew.seed}-{self._number}-{turn}"
        address = f"/company/edit/?id={key}"
        form = form_with(self._page(address), "version_seen")
        answer = self._send(address, form.filled(note=token))
        wrong = None
        with self._crew.writing:
            if answer is None or (answer.status == 503 and "也可能刚好已经保存" in answer.text):
                self._journal.unsure.add(token)
            elif answer.status == 302 and answer.target == "/company/details/":
                self._journal.saved[token] = key
            elif answer.status == 503 or (answer.status == 409 and shows_both(answer.text, token)):
                self._journal.refused.add(token)
            else:
                wrong = f"an edit was answered with {answer.status}: {answer.text[:300]}"
        if wrong:
            self._crew.tell(wrong=wrong)
        self._after(answer)

    def _assess(self, turn: int) -> None:
        """A new assessment, and all answers of its checklist in one save."""
        form = form_with(self._page("/assessment/new/"), "version_seen")
        day = str(_FIRST_DAY + timedelta(days=self._number * 5000 + turn))
        company = str(self._random.choice(COMPANIES))
        made = self._send("/assessment/new/", form.filled(company=company, checklist_version="1", assessed_on=day))
        self._after(made)
        assert made is not None
        if made.status != 302:
            self._crew.tell(wrong=f"a new assessment was answered with {made.status}: {made.text[:300]}")
            return
        key = int(made.headers["location"].partition("id=")[2])
        address = f"/assess/?id={key}"
        checklist = form_with(self._page(address), "version_seen")
        ticked = [(name, values[0]) for name, values in checklist.choices.items()]
        answer = self._send(address, [*checklist.fields, *ticked, ("do", "save")])
        self._after(answer)
        assert answer is not None
        if answer.status == 302:
            with self._crew.writing:
                self._journal.filled.add(key)
                self._crew.deletable.append(key)
        else:
            self._crew.tell(wrong=f"a checklist was answered with {answer.status}: {answer.text[:300]}")

    def _delete(self, _turn: int) -> None:
        """Delete an assessment with its answers."""
        with self._crew.writing:
            key = self._crew.deletable.pop(0) if self._crew.deletable else None
        if key is None:
            return
        address = f"/assessment/delete/?id={key}"
        form = next(form for form in forms_of(self._page(address)) if form.action == "/assessment/delete/")
        with self._crew.writing:
            self._journal.maybe_deleted.add(key)
        answer = self._send(form.action, form.fields)
        if answer is not None and answer.status == 302:
            with self._crew.writing:
                self._journal.deleted.add(key)
        self._after(answer)

    def _page(self, address: str) -> str:
        """A page that was opened; raises Unreachable when it can't be at present."""
        answer = self._ask(lambda: self._browser.get(address))
        if answer is None or answer.status == 503:
            raise Unreachable
        if answer.status != 200:
            raise AssertionError(f"{address} was answered with {answer.status}: {answer.text[:300]}")
        return answer.text

    def _send(self, address: str, fields: list[tuple[str, str]]) -> Answer | None:
        """The answer to a form; None when the connection broke."""
        self._crew.meter.note("sent")
        answer = self._ask(lambda: self._browser.post(address, fields))
        if answer is not None and answer.status == 302:
            self._crew.meter.note("answered")
        return answer

    def _after(self, answer: Answer | None) -> None:
        if answer is None or answer.status == 503:
            raise Unreachable

    def _ask(self, request: Callable[[], Answer]) -> Answer | None:
        try:
            answer = request()
        except (OSError, HTTPException):
            self._crew.tell(status=0)
            return None
        shown = [words for words in NEVER_SHOWN if words in answer.text]
        bare = answer.status >= 500 and answer.status != 503
        self._crew.tell(status=answer.status)
        if shown or bare:
            self._crew.tell(wrong=f"{answer.status} {shown}: {answer.text[:300]}")
        return answer


class Crew:
    """Eight clients at work on one server."""

    def __init__(self, port: int, seed: int, clients: int = CLIENTS) -> None:
        self.port, self.seed = port, seed
        self.journal, self.meter = Journal(), Meter()
        self.writing = threading.Lock()
        self.deletable: list[int] = []
        self.up, self.done = threading.Event(), threading.Event()
        self.up.set()
        people = [Client(number, self) for number in range(1, clients + 1)]
        self._threads = [threading.Thread(target=person.work, daemon=True) for person in people]

    def tell(self, status: int | None = None, wrong: str | None = None) -> None:
        """Note a status that was seen, or what nobody may see."""
        with self.writing:
            if status is not None:
                self.journal.answers[status] = self.journal.answers.get(status, 0) + 1
            if wrong is not None:
                self.journal.wrong.append(wrong)
                self.meter.end()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.done.set()
        self.up.set()
        for thread in self._threads:
            thread.join()
