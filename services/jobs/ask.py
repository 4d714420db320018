"""Asking for a job, looking how it stands, ending it before its time."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from models import Job, JobStatus
from models.clock import now
from models.job import ENDED
from policy.errors import Refused
from services.export_files import remove_files_of
from services.jobs.kinds import KINDS
from services.jobs.queue import JobQueue

KEPT = timedelta(days=7)
MOST_UNFINISHED = 10
"""So many jobs of one account may wait or run."""
MOST_SHOWN = 100
TITLE_LENGTH = 120
CANCELLED_WORDS = "您取消了这个任务，没有保存任何内容。"


def ask_for(session: Session, kind: str, title: str, about: dict[str, Any]) -> Job:
    """Add a job of the session's actor, in the identity that he acts in now.

    The worker is to be woken once this is committed. Raises Refused when too many are unfinished already.
    """
    if kind not in KINDS:
        raise KeyError(f"unknown kind of job {kind!r}")
    actor = session.info["actor"]
    if actor.account_id is None:
        raise Refused("只有登录的人能让任务在后台进行。")
    unfinished = select(Job.id).where(Job.account_id == actor.account_id, Job.status.not_in(ENDED))
    if len(session.scalars(unfinished.limit(MOST_UNFINISHED)).all()) >= MOST_UNFINISHED:
        raise Refused(f"您已经有 {MOST_UNFINISHED} 个后台任务没有完成，请等它们完成，或先取消不用的。")
    job = Job(
        account_id=actor.account_id, identity=actor.identity.key if actor.identity else "", kind=kind,
        title=title[:TITLE_LENGTH], about=json.dumps(about, ensure_ascii=False),
    )  # fmt: skip
    session.add(job)
    session.flush()
    return job


def jobs_of(session: Session) -> list[Job]:
    """The actor's own jobs, newest first."""
    own = select(Job).where(Job.account_id == session.info["actor"].account_id)
    return list(session.scalars(own.order_by(Job.id.desc()).limit(MOST_SHOWN)))


def job_of(session: Session, key: int) -> Job | None:
    """One of the actor's own jobs; None when it isn't."""
    return session.scalar(select(Job).where(Job.id == key, Job.account_id == session.info["actor"].account_id))


def cancel(session: Session, queue: JobQueue, job: Job) -> None:
    """End a job of one's own and commit: at once while it waits, and at its next step once it runs."""
    job_id, status = job.id, job.status
    if status is JobStatus.WAITING:
        job.status, job.finished_at, job.message = JobStatus.CANCELLED, now(), CANCELLED_WORDS
        try:
            session.commit()
        except StaleDataError:  # the worker began it at this moment
            session.rollback()
            queue.ask_to_cancel(job_id)
    elif status is JobStatus.RUNNING:
        queue.ask_to_cancel(job_id)


def about_of(job: Job) -> dict[str, Any]:
    """What a job is about; nothing where that isn't told by names."""
    about = json.loads(job.about)
    return about if isinstance(about, dict) else {}


def result_of(job: Job) -> dict[str, Any]:
    """What came of a job; nothing while it isn't done."""
    return json.loads(job.result) if job.result else {}


def remove_old_jobs(session: Session, folder: Path) -> list[int]:
    """Remove the jobs that ended long enough ago, and the files they made, which lie in ``folder``; the jobs' keys."""
    gone = Job.finished_at <= now() - KEPT
    never_begun = (Job.status == JobStatus.WAITING) & (Job.created_at <= now() - KEPT)
    old = session.scalars(select(Job).where(or_(gone, never_begun))).all()
    remove_files_of(session, [job.id for job in old], folder)
    for job in old:
        session.delete(job)
    session.flush()
    return [job.id for job in old]
