"""The worker: a process of its own that does one job after the other; and what keeps it running beside the server."""

import logging
import os
import select
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NoReturn

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

# A Ctrl-C reaches this process too, perhaps while it is still loading; its server ends it.
_COMMAND_LINE = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); from flask.cli import main; main()"

_logger = logging.getLogger(__name__)


def serve(queue: JobQueue, parent: int | None = None) -> None:
    """Do jobs until told to stop (SIGTERM, SIGINT). Needs an app context.

    Args:
        parent: stop when this file descriptor comes to its end, as it does when the process that holds its other end is
            gone; SIGINT is that process's then.
    """
    _listen_to_signals(queue.stopping, parent)
    if parent is not None:
        threading.Thread(target=_stop_with, args=(parent, queue.stopping), daemon=True).start()
    with _alone(queue) as alone:
        if not alone:
            return
        recovered = _recover(queue)
        consumer = queue.huey.create_consumer(
            workers=1, periodic=False, initial_delay=POLL_SECONDS, max_delay=MOST_POLL_SECONDS,
            shutdown_timeout=GRACE_SECONDS,
        )  # fmt: skip
        consumer.start()
        _listen_to_signals(queue.stopping, parent)  # the consumer put its own in their place
        while not queue.stopping.wait(BEAT_SECONDS if recovered else IN_TROUBLE_SECONDS):
            recovered = _recover(queue)
            consumer.check_worker_health()
        consumer.stop(graceful=True)
    queue.close()


def keep_running(work: Callable[[int], None]) -> None:
    """Keep a worker running as long as this process lives: started now, and again whenever it ends.

    ``work`` is given the descriptor for ``serve``. The process must have one thread only, and no connection: a worker is
    a fork of it, with the program loaded, which takes seconds, and its memory shared. A process between the two forks
    the workers, as nothing else runs in it.
    """
    end, held = os.pipe()
    sys.stdout.flush()
    if os.fork() == 0:
        os.close(held)
        _keep(work, end)
    os.close(end)  # the other end stays open until this process, and whatever it forks to answer requests, has ended


def _keep(work: Callable[[int], None], parent: int) -> NoReturn:
    """Fork one worker after the other until the parent has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches this process too; its server ends it
    pause = 1.0
    while True:
        began = time.monotonic()
        worker = os.fork()
        if worker == 0:
            _work_and_exit(work, parent)
        os.waitpid(worker, 0)
        pause = 1.0 if time.monotonic() - began > SOON_SECONDS else min(pause * 2, LONGEST_PAUSE)
        if select.select([parent], [], [], pause)[0]:
            os._exit(0)


def _work_and_exit(work: Callable[[int], None], parent: int) -> NoReturn:
    """Work, and end without what the process that this one was forked from would do at its end."""
    status = 1
    try:
        work(parent)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def keep_spawning(arguments: list[str], folder: Path) -> None:
    """Keep a worker running where a process can't be forked; it reads the parent's end from its standard input.

    ``arguments``: of Flask's command line, which is run in ``folder``.
    """
    command = [sys.executable, "-c", _COMMAND_LINE, *arguments]

    def keep() -> None:
        pause = 1.0
        while True:
            began = time.monotonic()
            with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE) as worker:
                worker.wait()
            pause = 1.0 if time.monotonic() - began > SOON_SECONDS else min(pause * 2, LONGEST_PAUSE)
            time.sleep(pause)

    threading.Thread(target=keep, name="keeps the worker", daemon=True).start()


def _listen_to_signals(stopping: threading.Event, parent: int | None) -> None:
    def stop(*_told: object) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop if parent is None else signal.SIG_IGN)


def _stop_with(parent: int, stopping: threading.Event) -> None:
    while os.read(parent, 1):
        pass
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
