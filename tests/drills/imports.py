"""The worker is killed while it imports: all of a sheet is there or nothing, and the queue goes on."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, select

import commands
from admin.imports import screen_of, target_of
from app import create_app
from models import Account, AuditEntry, Branch, Company, ImportBatch, ImportStatus, Job, db
from models.clock import today
from models.job import ENDED
from policy import acting_as, system_session
from policy.actor import load_actor
from services import imports, jobs
from tests.drills.kills import Report
from tests.drills.server import PASSWORD, ROOT, Server
from tests.sheets_made import workbook

ROWS = 300
LONGEST = 1.5
"""Seconds: an import of so many rows is over by then, and so some kills come after it."""
PATIENCE = 0.02


class Worker:
    """``flask worker`` as a process that is killed and started again."""

    def __init__(self, server: Server) -> None:
        self._environment = {**os.environ, **server.environment}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless it runs."""
        if self._process is None:
            command = [sys.executable, "-m", "flask", "--app", "app", "worker"]
            self._process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stderr=subprocess.DEVNULL)

    def end(self, number: int) -> None:
        """End it by a signal."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None


def kill_while_importing(server: Server, kills: int, seed: int) -> Report:
    """Kill the worker at random moments of so many imports, and of taking back every third; look after each."""
    random, found, applied_before = Random(seed), [], 0
    app, worker = create_app(server.settings()), Worker(server)
    with app.app_context():
        upgrade()
        commands.fill_demo(PASSWORD)
        try:
            for number in range(kills):
                work = "undo_import" if number % 3 == 2 else "apply_import"
                batch = _hand_in(app, number if work == "apply_import" else number - 1)
                job = _ask(app, work, batch)
                worker.start()
                _until_begun(job)
                threading.Event().wait(random.uniform(0, LONGEST))
                worker.end(signal.SIGKILL)
                applied_before += _status(batch) is not ImportStatus.CHECKED
                found += _faults(batch, f"kill {number}")
                worker.start()
                _until_ended(job)
                found += _faults(batch, f"after kill {number}")
                wanted = ImportStatus.UNDONE if work == "undo_import" else ImportStatus.APPLIED
                if _status(batch) is not wanted:
                    found.append(f"kill {number}: the work was not done in the end: {_message(job)}")
        finally:
            worker.end(signal.SIGTERM)
            db.engine.dispose()
    return Report(f"{kills} kills, seed {seed}: {kills} imports of {ROWS} rows, {applied_before} had been saved", found)


@contextmanager
def _session(app: Flask) -> Iterator[tuple[Any, Any]]:
    with system_session("sign_in", readonly=True) as session:
        account = session.scalar(select(Account).where(Account.username == "city_admin"))
        actor = load_actor(session, account, today())
    with acting_as(actor), db.session.session_factory(actor=actor) as session:
        yield session, target_of(screen_of("company"))


def _hand_in(app: Flask, number: int) -> int:
    """The import of this number, handed in and checked; the one that is there already, if it is."""
    with _session(app) as (session, target):
        name = f"{number}.xlsx"
        known = session.scalar(select(ImportBatch.id).where(ImportBatch.file_name == name))
        if known is not None:
            return known
        branch = session.scalar(select(Branch.name).where(Branch.name.contains("联合")).limit(1))
        rows = [[f"示例批{number}之{row}", branch, row % 90] for row in range(ROWS)]
        book = workbook(["企业简称", "所属党组织", "职工人数"], *rows)
        batch = imports.open_batch(session, "company", name, book)
        session.commit()
        imports.check_batch(session, target, batch)
        session.commit()
        return batch.id


def _ask(app: Flask, kind: str, batch: int) -> int:
    with _session(app) as (session, _target):
        job = jobs.ask_for(session, kind, "演练", {"batch": batch, "resource": "company", "back": "/"})
        key = job.id
        session.commit()
    app.extensions["jobs"].enqueue(key)
    return key


def _job(key: int) -> Job:
    with system_session("demo", readonly=True) as session:
        return session.get(Job, key)


def _message(key: int) -> str:
    return _job(key).message


def _until_begun(key: int) -> None:
    pause = threading.Event()
    while _job(key).started_at is None:
        pause.wait(PATIENCE)


def _until_ended(key: int) -> None:
    pause = threading.Event()
    while _job(key).status not in ENDED:
        pause.wait(PATIENCE)


def _status(batch: int) -> ImportStatus:
    with system_session("demo", readonly=True) as session:
        return session.get(ImportBatch, batch).status


def _faults(key: int, moment: str) -> list[str]:
    """What doesn't fit together: rows, the log's entries and what the import says of itself, in one glance."""
    with system_session("demo", readonly=True) as session:
        batch = session.get(ImportBatch, key)
        number = batch.file_name.removesuffix(".xlsx")
        named = f"示例批{number}之%"
        rows = session.scalar(select(func.count(Company.id)).where(Company.short_name.like(named)))
        of = AuditEntry.resource == "company", AuditEntry.record_title.like(named)
        written = session.scalar(select(func.count(AuditEntry.id)).where(*of, AuditEntry.action == "create"))
        removed = session.scalar(select(func.count(AuditEntry.id)).where(*of, AuditEntry.action == "delete"))
    expected = {
        ImportStatus.CHECKED: (0, 0, 0),
        ImportStatus.APPLIED: (ROWS, ROWS, 0),
        ImportStatus.UNDONE: (0, ROWS, ROWS),
    }[batch.status]
    if (rows, written, removed) == expected:
        return []
    return [f"{moment}: {batch.status.value} with {rows} rows, {written} entries of creating and {removed} of deleting"]
