"""What a job's handler works with: what it is about, sessions of the person, and how far it is."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, select

from models import Account, Job, JobStatus
from models.clock import now, today
from models.database import GuardedSession, db
from policy import system_session
from policy.actions import label_of
from policy.actor import EVERYWHERE, Actor, load_actor
from services.jobs.queue import JobQueue, Progress

TOLD_SECONDS = 0.3
"""How often at most it is told how far a job is, and looked whether it shall end."""
RIGHTS_SECONDS = 1.0
"""How often at most the rights are looked at while a job runs."""


class Cancelled(Exception):
    """The person asked for the job's end."""


class HandedBack(Exception):
    """The worker is told to stop; another one will begin the job anew."""


class NoLongerAllowed(Exception):
    """What the job needs isn't the person's to do any more; the message is in Chinese."""


def actor_of_account(account_id: int, identity: str) -> Actor:
    """The person as he may act now; raises NoLongerAllowed when his account was closed."""
    with system_session("jobs", readonly=True) as session:
        account = session.scalar(select(Account).where(Account.id == account_id, Account.active))
        if account is None:
            raise NoLongerAllowed("您的账号已停用，这个任务已停止。")
        whole = load_actor(session, account, today())
    return whole.acting_only_as(identity) if identity else whole


class Work:
    """One job while it is done.

    Attributes:
        job_id: the job's key.
        about: what it is about, as it was asked for.
        actor: the person as he might act when it began. What the job needs has not shrunk since, or it has ended.
    """

    def __init__(self, queue: JobQueue, job: Job, about: dict[str, Any], needs: Callable[[Any], Iterable[str]]) -> None:
        self.job_id, self.about = job.id, about
        self._queue, self._account_id, self._identity = queue, job.account_id, job.identity
        self.commit_sent = False
        """Whether anything may have been saved already: the job isn't begun anew then."""
        self._told = self._looked = 0.0
        self.actor = actor_of_account(self._account_id, self._identity)
        self.needs = frozenset(needs(about))
        for permission in self.needs:
            if not self.actor.may(permission):
                raise NoLongerAllowed(f"您现在没有“{label_of(permission)}”的权限，这个任务没有进行。")

    @contextmanager
    def session(self, readonly: bool = False) -> Iterator[GuardedSession]:
        """A session of the person; it is rolled back unless the block commits. Its rights are looked at first."""
        self.check_rights()
        session = db.session.session_factory(actor=self.actor, readonly=readonly)
        if not readonly:
            event.listen(session, "before_commit", self._note_commit)
        try:
            yield session
        finally:
            session.close()

    def _note_commit(self, session: GuardedSession) -> None:
        # The end of a savepoint comes by here as well: nothing is saved by it.
        self.commit_sent = self.commit_sent or not session.in_nested_transaction()

    def progress(self, done: int, total: int | None = None, words: str = "") -> None:
        """Tell how far it is; call it often, and outside of nothing that must not be broken off.

        Raises:
            Cancelled: the person wants it to end.
            HandedBack: the worker must stop.
            NoLongerAllowed: what it needs isn't the person's to do any more.
        """
        moment = time.monotonic()
        if moment - self._told >= TOLD_SECONDS or (total is not None and done >= total):
            self._told = moment
            self._queue.note_progress(self.job_id, Progress(done, total, words))
            self.check_wish()
        if moment - self._looked >= RIGHTS_SECONDS:
            self.check_rights()

    def check_wish(self) -> None:
        """Raise Cancelled when the person wants the job to end, HandedBack when the worker must."""
        if self._queue.stopping.is_set():
            raise HandedBack
        if self._queue.is_cancel_asked(self.job_id):
            raise Cancelled

    def check_rights(self) -> None:
        """Raise NoLongerAllowed when what the job needs has shrunk since it began; call it just before a commit."""
        self._looked = time.monotonic()
        present = actor_of_account(self._account_id, self._identity)
        for permission in self.needs:
            had, has = self.actor.reach(permission), present.reach(permission)
            if has is not EVERYWHERE and (had is EVERYWHERE or not had <= has):
                raise NoLongerAllowed("您的权限已经改变，这个任务已停止，没有保存任何内容。请重新办理。")

    def finish_in(self, session: GuardedSession, result: dict[str, Any], message: str = "") -> None:
        """Note the outcome within the session's own transaction, so that what was written can't be written twice.

        For a handler that writes: call it just before the commit, and give the same result back.
        """
        self.check_wish()
        self.check_rights()
        store_end(session, self.job_id, JobStatus.DONE, message, result)


def store_end(session: Any, job_id: int, status: JobStatus, message: str, result: dict[str, Any] | None = None) -> bool:
    """Note what came of a running job; False when it isn't running any more."""
    job = session.get(Job, job_id)
    if job is None or job.status is not JobStatus.RUNNING:
        return False
    job.status, job.finished_at, job.message = status, now(), message[:500]
    job.result = json.dumps(result, ensure_ascii=False) if result is not None else None
    session.flush()
    return True
