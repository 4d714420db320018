"""The worker: a process of its own that does one job after the other; and what keeps it running beside the server."""

import logging
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from models.database import trouble_of
from services.jobs.queue import JobQueue
from services.jobs.run import recover

BEAT_SECONDS = 60
"""How often it looks for jobs that the queue doesn't know."""
IN_TROUBLE_SECONDS = 5
POLL_SECONDS = 0.2
MOST_POLL_SECONDS = 0.5
GRACE_SECONDS = 25
"""Told to stop, it gives a job so long to come to its next step, at which it is handed back."""
SOON_SECONDS = 60
"""A worker that ended sooner isn't started again at once."""
LONGEST_PAUSE = 60

# A terminal's Ctrl-C reaches this process too, perhaps while it is still loading; its server ends it.
_COMMAND_LINE = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); from flask.cli import main; main()"

_logger = logging.getLogger(__name__)


def serve(queue: JobQueue, with_parent: bool = False) -> None:
    """Do jobs until told to stop (SIGTERM, SIGINT). Needs an app context.

    Args:
        with_parent: stop when the standard input ends, as it does when the process that holds its other end is gone;
            SIGINT is that process's then.
    """
    _listen_to_signals(queue.stopping, with_parent)
    if with_parent:
        threading.Thread(target=_stop_with_parent, args=(queue.stopping,), daemon=True).start()
    with _alone(queue) as alone:
        if not alone:
            return
        recovered = _recover(queue)
        consumer = queue.huey.create_consumer(
            workers=1, periodic=False, initial_delay=POLL_SECONDS, max_delay=MOST_POLL_SECONDS,
            shutdown_timeout=GRACE_SECONDS,
        )  # fmt: skip
        consumer.start()
        _listen_to_signals(queue.stopping, with_parent)  # the consumer put its own in their place
        while not queue.stopping.wait(BEAT_SECONDS if recovered else IN_TROUBLE_SECONDS):
            recovered = _recover(queue)
            consumer.check_worker_health()
        consumer.stop(graceful=True)
    queue.close()


def keep_running(arguments: list[str], folder: Path) -> None:
    """Keep a worker running as long as this process lives: started now, and again whenever it ends.

    ``arguments``: of Flask's command line, which is run in ``folder``.
    """
    command = [sys.executable, "-c", _COMMAND_LINE, *arguments]

    def keep() -> None:
        pause = 1.0
        while True:
            began = time.monotonic()
            # It ends by itself once nobody holds the other end of its input, however this process came to its end.
            with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE) as worker:
                worker.wait()
            pause = 1.0 if time.monotonic() - began > SOON_SECONDS else min(pause * 2, LONGEST_PAUSE)
            time.sleep(pause)

    threading.Thread(target=keep, name="keeps the worker", daemon=True).start()


def _listen_to_signals(stopping: threading.Event, with_parent: bool) -> None:
    def stop(*_told: object) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN if with_parent else stop)


def _stop_with_parent(stopping: threading.Event) -> None:
    sys.stdin.buffer.read()
    stopping.set()


@contextmanager
def _alone(queue: JobQueue) -> Iterator[bool]:
    """Be the only worker: wait until another one has ended. False when told to stop before that.

    The lock is SQLite's own on a file: it goes with the process that held it, and works on every system.
    """
    queue.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(sqlite3.connect(queue.file.with_suffix(".lock"), timeout=0, isolation_level=None)) as lock:
        while True:
            try:
                lock.execute("BEGIN EXCLUSIVE")
                break
            except sqlite3.OperationalError:
                if queue.stopping.wait(MOST_POLL_SECONDS):
                    yield False
                    return
        yield True


def _recover(queue: JobQueue) -> bool:
    """Bring back what nobody does; False when the database or the queue can't be asked now."""
    try:
        recover(queue)
    except (SQLAlchemyError, sqlite3.Error) as error:
        if isinstance(error, SQLAlchemyError) and trouble_of(error) is None:
            raise
        _logger.warning("the jobs could not be looked through", exc_info=True)
        return False
    return True
