"""A peer in a process of its own: nothing that one loads or leaves behind weighs on another."""

import gc
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.browser import Answer
from benchmarks.cases import Case, Facts
from benchmarks.peers import Peer, make_peer
from benchmarks.profiling import profile

SPAWN = get_context("spawn")
STATUS_FILE, RESET_FILE = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Failed(RuntimeError):
    """A peer didn't answer as it should."""


@dataclass(frozen=True)
class Seen:
    """One request looked at closely: the rows on its page, or the lines of its file."""

    answer: Answer
    rows: list[int]
    lines: int
    growth: int | None
    """Bytes by which the process's memory grew at its peak; None where the system doesn't tell."""


class Worker:
    """The process of one peer, as a context: it ends with the block."""

    def __init__(self, name: str, facts: Facts) -> None:
        self.name = name
        self._here, there = SPAWN.Pipe()
        self._process = SPAWN.Process(target=_serve, args=(there, name, facts), daemon=True)
        self._process.start()
        there.close()
        self._receive()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_error: object) -> None:
        self._here.close()
        self._process.join()

    def look(self, case: Case, role: str) -> Seen:
        """Make one request and look at what came."""
        seen: Seen = self._do("look", case, role)
        return seen

    def time(self, case: Case, role: str, most: int, seconds: float) -> list[float]:
        """Seconds of each of ``most`` requests, fewer when they would take longer than ``seconds``, but at least 2."""
        times: list[float] = self._do("time", case, role, most, seconds)
        return times

    def profile(self, case: Case, role: str, requests: int) -> dict[str, float]:
        """Milliseconds of a request by who spends them, under a profiler that slows it down."""
        shares: dict[str, float] = self._do("profile", case, role, requests)
        return shares

    def _do(self, *what: Any) -> Any:
        self._here.send(what)
        return self._receive()

    def _receive(self) -> Any:
        try:
            result = self._here.recv()
        except EOFError:
            raise Failed(f"{self.name}: its process ended") from None
        if isinstance(result, Failed):
            raise result
        return result


def run_alone(work: Callable[..., None], *arguments: Any) -> None:
    """Do something in a process of its own, which then ends; raises Failed when it fails."""
    process = SPAWN.Process(target=work, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise Failed(f"{work.__module__}.{work.__name__} ended with {process.exitcode}")


def _serve(there: Connection, name: str, facts: Facts) -> None:
    """Make the peer, say so, and do what is asked until the other end closes; an error is sent back."""
    logging.disable(logging.WARNING)
    with suppress(EOFError, BrokenPipeError):
        try:
            peer = make_peer(name, facts)
            there.send(None)
            while True:
                what, *rest = there.recv()
                gc.collect()
                there.send(DOES[what](peer, *rest))
        except (EOFError, BrokenPipeError):
            raise
        except Exception as error:
            there.send(Failed(f"{name}: {type(error).__name__}: {error}"))


def look_at(peer: Peer, case: Case, role: str) -> Seen:
    """Make one request of a peer in this process; raises Failed when it answers with another status than it should."""
    lines = [0]

    def count(piece: bytes) -> None:
        lines[0] += piece.count(b"\n")

    before = _reset_peak()
    answer = _good(peer.ask(case, role, 0, count), case, role)
    growth = None if before is None else max(0, _memory("VmHWM") - before)
    rows, answer.body = peer.rows_on(answer.body), ""
    return Seen(answer, rows, lines[0], growth)


def _time(peer: Peer, case: Case, role: str, most: int, seconds: float) -> list[float]:
    times: list[float] = []
    end = perf_counter() + seconds
    while len(times) < most and (perf_counter() < end or len(times) < 2):
        answer = peer.ask(case, role, len(times), lambda _piece: None)
        times.append(_good(answer, case, role).seconds)
    return times


def _profile(peer: Peer, case: Case, role: str, requests: int) -> dict[str, float]:
    return profile(lambda turn: _good(peer.ask(case, role, turn, lambda _piece: None), case, role), requests)


def _good(answer: Answer, case: Case, role: str) -> Answer:
    if answer.status != (302 if case.kind == "save" else 200):
        raise Failed(f"{case.title}, {role}: status {answer.status}")
    return answer


def _reset_peak() -> int | None:
    """Let the peak begin anew; the memory now, None where the system has no such file."""
    if not RESET_FILE.exists():
        return None
    RESET_FILE.write_text("5")
    return _memory("VmRSS")


def _memory(name: str) -> int:
    line = next(line for line in STATUS_FILE.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


DOES = {"look": look_at, "time": _time, "profile": _profile}
