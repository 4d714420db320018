"""A backup is taken while eight clients work, and restored beside: it must hold exactly its moment."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from models import AuditEntry, db
from policy import system_session
from tests.drills.edits import Crew
from tests.drills.kills import Report, app_of
from tests.drills.server import Server
from tests.drills.verify import faults

BEFORE, AFTER = 20, 10
"""How many saves are answered before the backup begins, and after it has ended."""


def back_up_under_load(server: Server, other: Server, folder: Path, seed: int) -> Report:
    """Back ``server`` up into ``folder`` while people work on it, and restore into ``other``, which is empty."""
    server.start()
    with Crew(server.port, seed) as crew:
        crew.meter.wait_for_more("answered", BEFORE)
        with crew.writing:
            before = deepcopy(crew.journal)
        taken = server.run("backup", str(folder))
        crew.meter.wait_for_more("answered", AFTER)
    server.stop()
    (path,) = folder.iterdir()
    other.use_keys_of(server)
    restored = other.run("restore", str(path))
    wrong = [done.stdout + done.stderr for done in (taken, restored) if done.returncode]
    if wrong:
        return Report("the backup could not be made or restored", wrong)
    after = crew.journal
    # Whatever was under way when it began may be in it or not, but then whole.
    told = replace(before, unsure=set(after.saved) - set(before.saved), maybe_deleted=after.maybe_deleted)
    whole, part = log_of(app_of(server)), log_of(app_of(other))
    found = faults(app_of(server), after) + faults(app_of(other), told) + not_a_beginning(part, whole)
    summary = f"{len(before.saved)} edits saved before, {len(after.saved) - len(before.saved)} during and after"
    return Report(f"{summary}; the backup holds {len(part)} of {len(whole)} entries of the log", found)


def log_of(app: Flask) -> dict[int, Any]:
    """The log's entries by number, without those that tell of backups."""
    columns = [
        AuditEntry.id,
        AuditEntry.at,
        AuditEntry.resource,
        AuditEntry.record_id,
        AuditEntry.action,
        AuditEntry.changes,
    ]
    with app.app_context():
        with system_session("demo", readonly=True) as session:
            wanted = select(*columns).where(AuditEntry.resource != "database").order_by(AuditEntry.id)
            found = {row.id: tuple(row) for row in session.execute(wanted)}
        db.engine.dispose()
    return found


def not_a_beginning(part: dict[int, Any], whole: dict[int, Any]) -> list[str]:
    """Where a restored log isn't the beginning of the log that went on: for each record, nothing is left out."""
    found = [f"entry {key} differs from what it was" for key, entry in part.items() if whole.get(key) != entry]
    ended: set[tuple[str, int]] = set()
    for key, (_id, _at, resource, record, _action, _changes) in whole.items():
        if key not in part:
            ended.add((resource, record))
        elif (resource, record) in ended:
            found.append(f"entry {key} is there, but an earlier one of {resource} {record} isn't")
    return found
