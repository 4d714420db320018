"""The queue: wakes the worker, and carries what can't wait for the database.

It is a small SQLite file of its own beside either database. While a job writes, SQLite lets nobody else write: how
far the work is, and the wish to end it, couldn't be told through the same file. Nothing that matters is lost with it.
"""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from huey import Huey, SqliteHuey
from huey.constants import EmptyData
from huey.serializer import SignedSerializer

LOCKED_SECONDS = 5
_logger = logging.getLogger(__name__)


class Progress(NamedTuple):
    """How far a job is: so many of so many (None when nobody knows of how many), and a few words."""

    done: int
    total: int | None
    words: str = ""

    @property
    def percent(self) -> int | None:
        """How much of it is done, from 0 to 100; None when nobody knows."""
        return min(100 * self.done // self.total, 100) if self.total else None


class JobQueue:
    """The queue of one installation; made when it is first used, so that a process may be forked before.

    Args:
        file: where it lies.
        secret: signs what lies in the queue, so that nobody who can write the file can have code run.
        run: what the worker does with a job's key.
        immediate: whether jobs are done in place, at once.
    """

    def __init__(self, file: Path, secret: str, run: Callable[[int], None], immediate: Callable[[], bool]) -> None:
        self.file, self.stopping = file, threading.Event()
        self._secret, self._run, self._immediate = secret, run, immediate
        self._making, self._huey = threading.Lock(), None
        self._task: Any = None
        self.in_hand: set[int] = set()
        """The jobs that this process is doing now."""

    @property
    def huey(self) -> Huey:
        """The library's object."""
        with self._making:
            if self._huey is None:
                self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._huey = SqliteHuey(
                    "jobs", results=False, filename=str(self.file), timeout=LOCKED_SECONDS,
                    serializer=SignedSerializer(self._secret, salt="jobs"),
                )  # fmt: skip
                self._task = self._huey.task(name="run_job")(self._run_job)
            self._huey.immediate = self._immediate()
            return self._huey

    def _run_job(self, job_id: int) -> None:
        self._run(job_id)

    @contextmanager
    def holding(self, job_id: int) -> Iterator[None]:
        """Keep others from taking a job for one that was left behind."""
        self.in_hand.add(job_id)
        try:
            yield
        finally:
            self.in_hand.discard(job_id)

    def enqueue(self, job_id: int) -> None:
        """Wake the worker for a job. When that fails, the worker finds it by itself within a minute."""
        try:
            _huey, task = self.huey, self._task
            task(job_id)
        except (sqlite3.Error, OSError):
            _logger.exception("job %s could not be put into the queue", job_id)

    def waiting(self) -> set[int]:
        """The keys of the jobs in the queue."""
        return {task.args[0] for task in self.huey.pending()}

    def note_progress(self, job_id: int, progress: Progress) -> None:
        """Tell how far a job is; a number that nobody gets to see is no reason to stop."""
        try:
            self.huey.storage.put_data(f"progress-{job_id}", json.dumps(progress).encode())
        except sqlite3.Error:
            _logger.warning("the progress of job %s could not be noted", job_id, exc_info=True)

    def progress_of(self, job_id: int) -> Progress | None:
        """How far a job is; None when that isn't known."""
        found = self._read(f"progress-{job_id}")
        return Progress(*json.loads(found)) if found else None

    def ask_to_cancel(self, job_id: int) -> None:
        """Ask the worker to end a job."""
        self.huey.storage.put_data(f"cancel-{job_id}", b"1")

    def is_cancel_asked(self, job_id: int) -> bool:
        """Whether somebody asked the worker to end a job."""
        return self._read(f"cancel-{job_id}") is not None

    def forget(self, job_id: int) -> None:
        """Drop what is kept of a job that has ended."""
        try:
            for what in ("progress", "cancel"):
                self.huey.get_raw(f"{what}-{job_id}")
        except sqlite3.Error:
            _logger.warning("what the queue keeps of job %s could not be dropped", job_id, exc_info=True)

    def close(self) -> None:
        """Let go of the file."""
        if self._huey is not None:
            self._huey.storage.close()

    def _read(self, key: str) -> bytes | None:
        try:
            found = self.huey.get_raw(key, peek=True)
        except sqlite3.Error:
            _logger.warning("the queue could not be read", exc_info=True)
            return None
        return None if found is EmptyData else bytes(found)
