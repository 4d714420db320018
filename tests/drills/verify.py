"""What must hold in a database after a drill: nothing lost, nothing half there, the log in step with the records."""

from collections import defaultdict
from typing import Any

from flask import Flask
from sqlalchemy import inspect, select, text

from models import Assessment, AssessmentAnswer, AuditEntry, Base, Company, Trash, db
from models.base import Record
from policy import system_session
from policy.actions import resource_of
from services.audit_seals import check_seals, seal_entries
from tests.drills.edits import Journal

ITEMS = 10
"""Of the demo's checklist."""


def faults(app: Flask, journal: Journal) -> list[str]:
    """Everything that doesn't hold, in words; none when all is well."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        found = journal.wrong + _edits(journal, entries) + _notes(session, entries)
        found += _assessments(session, journal) + in_step(session, entries)
    return found + _file_and_seals(app)


def _edits(journal: Journal, entries: Any) -> list[str]:
    """Each edit that was answered with success stands in the log once, each refused one never."""
    logged: dict[str, list[int]] = defaultdict(list)
    for entry in entries:
        if entry.resource == "company" and isinstance(entry.changes.get("note"), list):
            logged[entry.changes["note"][1]].append(entry.record_id)
    found = [
        f"the edit {token} of company {key} was acknowledged and is in the log {logged.get(token)}"
        for token, key in journal.saved.items()
        if logged.get(token) != [key]
    ]
    found += [f"the edit {token} was refused and yet saved" for token in journal.refused if token in logged]
    return found + [f"the edit {token} was saved twice" for token in journal.unsure if len(logged.get(token, ())) > 1]


def _notes(session: Any, entries: Any) -> list[str]:
    """The log tells each company's note without a gap, up to what it is now."""
    now: dict[int, Any] = {}
    found = []
    for entry in entries:
        change = entry.changes.get("note") if entry.resource == "company" else None
        if not isinstance(change, list):
            continue
        if now.get(entry.record_id) != change[0]:
            found.append(f"entry {entry.id} begins with {change[0]}, the one before ended with {now[entry.record_id]}")
        now[entry.record_id] = change[1]
    for company in session.scalars(select(Company)):
        if company.note != now.get(company.id):
            found.append(f"company {company.id} says {company.note}, the log {now.get(company.id)}")
    return found


def _assessments(session: Any, journal: Journal) -> list[str]:
    """An assessment has all its answers and a score, or none of either; a deleted one is whole in the trash.

    Those of the demo's rounds have their empty answers from the beginning, and nobody at work here fills them in.
    """
    answers: dict[int, int] = defaultdict(int)
    for key in session.scalars(select(AssessmentAnswer.assessment_id)):
        answers[key] += 1
    there = {row.id: row for row in session.scalars(select(Assessment))}
    found = [
        f"assessment {key} has {answers[key]} answers and the score {row.review_score}"
        for key, row in there.items()
        if row.round_id is None and (answers[key], row.review_score is not None) not in ((0, False), (ITEMS, True))
    ]
    trash = set(session.scalars(select(Trash.record_id).where(Trash.resource == "assessment")))
    found += [f"assessment {key} was deleted and is there" for key in journal.deleted if key in there]
    found += [f"assessment {key} was deleted and isn't in the trash" for key in journal.deleted - trash]
    lost = journal.filled - journal.maybe_deleted - set(there)
    found += [f"assessment {key} was saved and is gone" for key in lost]
    half = {key for key in trash if key in there} | {key for key in journal.filled - trash if key not in there}
    return found + [f"assessment {key} is half deleted" for key in half]


def in_step(session: Any, entries: Any) -> list[str]:
    """For every record: as many updates in the log as its version says; made once, and gone once it was deleted."""
    acts: dict[tuple[str, int], list[str]] = defaultdict(list)
    for entry in entries:
        acts[entry.resource, entry.record_id].append(entry.action)
    found = []
    for mapper in Base.registry.mappers:
        model = mapper.class_
        if not issubclass(model, Record):
            continue
        resource = resource_of(model)
        versions = dict(session.execute(select(model.id, model.version)).all())
        for key, version in versions.items():
            done = acts.pop((resource, key), [])
            if done.count("create") != 1 or "delete" in done or done.count("update") != version - 1:
                found.append(f"{resource} {key} has version {version}, the log tells {done}")
        for (of, key), done in acts.items():
            if of == resource and "delete" not in done and "create" in done:
                found.append(f"the log tells that {resource} {key} was made, and it isn't there")
    return found


def _file_and_seals(app: Flask) -> list[str]:
    """The database itself is whole, and the log can be sealed and fits."""
    found = []
    with app.app_context():
        with system_session("audit_seal") as session:
            seal_entries(session)
            session.commit()
            found += [fault.what for fault in check_seals(session)]
        with db.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                found += [row[0] for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
                found += [str(row) for row in connection.execute(text("PRAGMA foreign_key_check"))]
        db.engine.dispose()
    return found


def tables(app: Flask) -> dict[str, list[Any]]:
    """Every row of every model, for comparing two databases."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        rows = {}
        for mapper in Base.registry.mappers:
            columns = [getattr(mapper.class_, attribute.key) for attribute in inspect(mapper.class_).column_attrs]
            rows[resource_of(mapper.class_)] = session.execute(select(*columns).order_by(mapper.class_.id)).all()
        db.engine.dispose()
    return rows
