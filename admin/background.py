"""Starting work in the background from a page, and the queue that the app, the pages and the worker share."""

import contextvars
from typing import Any

from flask import Flask, current_app

from models import Job, db
from services import jobs
from services.jobs import JobQueue
from settings import Settings

EXTENSION = "jobs"


def connect_jobs(app: Flask, settings: Settings) -> None:
    """Give the app its queue. With JOBS_IMMEDIATE in its configuration jobs are done in place, at once."""

    def run(job_id: int) -> None:
        with app.app_context():
            jobs.run_job(app.extensions[EXTENSION], job_id)

    def run_apart(job_id: int) -> None:
        # Who acts in the caller's request, and from where, is as it was afterwards.
        contextvars.copy_context().run(run, job_id)

    app.extensions[EXTENSION] = JobQueue(
        settings.jobs_file, settings.secret_key, run_apart, lambda: bool(app.config.get("JOBS_IMMEDIATE"))
    )


def job_queue() -> JobQueue:
    """The queue of this app."""
    return current_app.extensions[EXTENSION]


def start(kind: str, title: str, about: dict[str, Any]) -> Job:
    """Commit the request's session with a job of the actor in it, and wake the worker; the job as it stands then.

    Raises Refused when too many of the actor's jobs are unfinished.

    Args:
        kind: as it was registered (``services.jobs.register_kind``).
        title: what it does, in Chinese, as its own account reads it.
        about: what the handler needs to know, as JSON holds it.
    """
    job = jobs.ask_for(db.session, kind, title, about)
    key = job.id
    db.session.commit()
    # Nothing is read in between: a transaction of this request would keep a job that is done in place waiting.
    job_queue().enqueue(key)
    # As it stands now, and cut off: looking at it opens no transaction, which on SQLite would keep all writers waiting.
    db.session.refresh(job)
    db.session.expunge(job)
    db.session.rollback()
    return job
