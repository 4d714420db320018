"""Doing a job: as the person who asked for it, once, and with its outcome noted."""

import json
import logging
import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError

from models import Job, JobStatus
from models.clock import now
from models.database import set_request_only_reads, trouble_of
from policy import acting_as, system_session
from policy.audit import Origin, current_origin
from policy.errors import Changed, NotAllowed, OutOfSight, Refused
from services.jobs.ask import CANCELLED_WORDS
from services.jobs.kinds import kind_of
from services.jobs.queue import JobQueue
from services.jobs.work import Cancelled, HandedBack, NoLongerAllowed, Work, store_end

CHANNEL = "后台任务"
MOST_STARTS = 2
"""A job that was broken off, by a killed server or a lost machine, is begun once more."""
PAUSES = (0.5, 2.0, 5.0)
"""How long to wait after a passing trouble of the database before each new try."""
FAILED_WORDS = "程序出了错，没有完成，也没有保存任何内容。请稍后再试；还是不行，请告诉系统管理员任务的编号。"
TROUBLE_WORDS = "数据库一直很忙，没有完成，也没有保存任何内容。请稍后再试。"
UNSURE_WORDS = "中途出了错，不能确定是否已经保存。请先查看有关的记录，再决定是否重做。"
BROKEN_OFF_WORDS = "服务器两次中断了这个任务，没有完成。请稍后再试；还是不行，请告诉系统管理员。"

_logger = logging.getLogger(__name__)
_Outcome = tuple[JobStatus, str, dict[str, Any] | None]


def run_job(queue: JobQueue, job_id: int) -> None:
    """Do a job that waits, and note what came of it; does nothing with one that doesn't wait (any more).

    It needs an app context, and leaves who acts and from where set: run it in a context of its own.
    """
    set_request_only_reads(False)
    current_origin.set(Origin(CHANNEL))
    with queue.holding(job_id):
        job = _with_patience(queue, lambda: _claim(job_id))
        if job is None:
            return
        try:
            status, message, result = _outcome(queue, job)
        except HandedBack:
            _with_patience(queue, lambda: _put_back(job_id))
            return
        _with_patience(queue, lambda: _end(job_id, status, message, result))
        queue.forget(job_id)


def recover(queue: JobQueue) -> None:
    """Bring back the jobs that nobody does: those left by a worker that died, and those the queue doesn't know.

    For the one worker there is, when it starts and now and then.
    """
    left = []
    with system_session("jobs") as session:
        for job in session.scalars(select(Job).where(Job.status == JobStatus.RUNNING)):
            if job.id in queue.in_hand:
                continue
            left.append(job.id)
            if job.starts < MOST_STARTS:
                job.status, job.started_at = JobStatus.WAITING, None
            else:
                job.status, job.finished_at, job.message = JobStatus.FAILED, now(), BROKEN_OFF_WORDS
        session.commit()
        waiting = session.scalars(select(Job.id).where(Job.status == JobStatus.WAITING).order_by(Job.id)).all()
    for job_id in left:
        _logger.warning("job %s was left behind by a worker that died", job_id)
    known = queue.waiting() | queue.in_hand
    for job_id in waiting:
        if job_id not in known:
            queue.enqueue(job_id)


def _claim(job_id: int) -> Job | None:
    """Begin a job, unless somebody else did or it was called off; the row, cut off from its session."""
    with system_session("jobs") as session:
        job = session.get(Job, job_id)
        if job is None or job.status is not JobStatus.WAITING:
            return None
        job.status, job.started_at, job.starts = JobStatus.RUNNING, now(), job.starts + 1
        try:
            session.commit()
        except StaleDataError:
            return None
        session.refresh(job)
        session.expunge(job)
        return job


def _outcome(queue: JobQueue, job: Job) -> _Outcome:
    """Have the job done; raises HandedBack when the worker must stop before that."""
    kind = kind_of(job.kind)
    if kind is None:
        return JobStatus.FAILED, "这个版本的程序不会做这种任务。请重新办理。", None
    for pause in (*PAUSES, None):
        work = None
        try:
            work = Work(queue, job, json.loads(job.about), kind.needs)
            work.check_wish()
            with acting_as(work.actor):
                result = kind.handler(work)
            return JobStatus.DONE, str(result.pop("message", "")), result
        except Cancelled:
            return JobStatus.CANCELLED, CANCELLED_WORDS, None
        except NoLongerAllowed as reason:
            return JobStatus.FAILED, str(reason), None
        except Refused as reason:
            return JobStatus.FAILED, reason.message, None
        except (NotAllowed, OutOfSight):
            return JobStatus.FAILED, "您没有做这件事的权限，或有的记录已经不归您看。没有保存任何内容。", None
        except (Changed, StaleDataError):
            return JobStatus.FAILED, "有的记录刚刚被别人修改，没有保存任何内容。请重新办理。", None
        except HandedBack:
            raise
        except SQLAlchemyError as error:
            if trouble_of(error) is None:
                return _failed(job, work)
            if work is not None and work.commit_sent:
                _logger.exception("job %s may have been saved", job.id)
                return JobStatus.FAILED, UNSURE_WORDS, None
            _logger.warning("job %s: the database is in trouble", job.id, exc_info=True)
            if pause is None:
                break
            queue.stopping.wait(pause)
        except Exception:
            return _failed(job, work)
    return JobStatus.FAILED, TROUBLE_WORDS, None


def _failed(job: Job, work: Work | None) -> _Outcome:
    _logger.exception("job %s (%s) failed", job.id, job.kind)
    return JobStatus.FAILED, UNSURE_WORDS if work is not None and work.commit_sent else FAILED_WORDS, None


def _end(job_id: int, status: JobStatus, message: str, result: dict[str, Any] | None) -> None:
    with system_session("jobs") as session:
        if store_end(session, job_id, status, message, result):
            session.commit()


def _put_back(job_id: int) -> None:
    """Let another worker begin the job anew; this start doesn't count."""
    with system_session("jobs") as session:
        job = session.get(Job, job_id)
        if job is not None and job.status is JobStatus.RUNNING:
            job.status, job.started_at, job.starts = JobStatus.WAITING, None, job.starts - 1
            session.commit()


def _with_patience(queue: JobQueue, step: Any) -> Any:
    """Do a small step at the database, again after a passing trouble; raises the last one."""
    for pause in (*PAUSES, None):
        try:
            return step()
        except SQLAlchemyError as error:
            if trouble_of(error) is None or pause is None:
                raise
            time.sleep(pause)
    return None
