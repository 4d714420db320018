"""The product's server as a process of its own, to be stopped, killed and started again."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from models.encryption import new_key
from settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "drill-password-7"
LISTENING = "Listening at"
BOOTING = re.compile(r"Booting worker with pid: (\d+)")


def free_port() -> int:
    """A port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def children_of(pid: int) -> set[int]:
    """The processes that a process has forked and that are there now."""
    try:
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    except FileNotFoundError:
        return set()


class Server:
    """``python app.py`` in a folder of its own. The demo is loaded at the first start."""

    def __init__(self, folder: Path, database_url: str | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.database_url = database_url or f"sqlite:///{folder / 'office.db'}"
        self.environment = {
            "INSTANCE_DIR": str(folder),
            "DATABASE_URL": self.database_url,
            "DATA_KEY": new_key(),
            "SECRET_KEY": "d" * 40,
            "DEMO_PASSWORD": PASSWORD,
            "PORT": str(self.port),
        }
        self.output: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def settings(self) -> Settings:
        """The settings that the server runs with."""
        return Settings(
            database_url=self.database_url,
            secret_key=self.environment["SECRET_KEY"],
            data_key=self.environment["DATA_KEY"],
            files_dir=self.folder / "files",
        )

    def use_keys_of(self, other: "Server") -> None:
        """Run with another installation's keys, as one does that takes its place."""
        for name in ("DATA_KEY", "SECRET_KEY"):
            self.environment[name] = other.environment[name]

    def start(self) -> None:
        """Start it and wait until it takes connections; raises RuntimeError with its output when it ends instead."""
        self._process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        listening = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(self._process, listening), daemon=True)
        self._reader.start()
        listening.wait()
        if self._process.poll() is not None:
            raise RuntimeError("the server did not start:\n" + "\n".join(self.output[-40:]))

    def _read(self, process: "subprocess.Popen[str]", listening: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.output.append(line.rstrip())
            if LISTENING in line:
                listening.set()
        process.wait()
        listening.set()

    @property
    def running(self) -> bool:
        """Whether it was started and hasn't ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process that watches over the workers."""
        assert self._process is not None
        return self._process.pid

    def workers(self) -> set[int]:
        """The processes that answer requests now."""
        told = {int(found[1]) for line in self.output if (found := BOOTING.search(line))}
        return told & children_of(self.pid)

    def job_worker(self) -> int | None:
        """The process that does the jobs now, none while there isn't one: the child of a child that answers no requests."""
        between = children_of(self.pid) - self.workers()
        return next((pid for keeper in between for pid in children_of(keeper)), None)

    def signal(self, number: int, whole_group: bool = False) -> None:
        """Send a signal to the watching process, or to the workers as well, as a terminal's Ctrl-C does."""
        if not self.running:  # its number may be somebody else's by now
            raise RuntimeError("the server ended by itself:\n" + "\n".join(self.output[-40:]))
        (os.killpg if whole_group else os.kill)(self.pid, number)

    def wait(self) -> int:
        """Wait until it has ended; its exit status."""
        assert self._process is not None and self._reader is not None
        status = self._process.wait()
        self._reader.join()
        return status

    def kill(self) -> None:
        """Take it away, with all its workers, in the middle of whatever they do."""
        self.signal(signal.SIGKILL, whole_group=True)
        self.wait()

    def stop(self) -> int:
        """Ask it to end, and wait; its exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """``flask --app app …`` with the server's settings."""
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *command],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
        )
