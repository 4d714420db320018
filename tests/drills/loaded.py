"""Servers that have the demo before their first start: it is loaded once for a process, and copied with its keys."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

from tests.drills.server import Server


def server_with_demo(folder: Path) -> Server:
    """A server on SQLite that isn't started yet, with the demo in its folder."""
    server = Server(folder)
    loaded, _folder = _loaded()
    # The queue isn't copied: that its lock lies there tells that a worker runs.
    shutil.copytree(loaded.folder, folder, ignore=shutil.ignore_patterns("jobs.*"), dirs_exist_ok=True)
    server.use_keys_of(loaded)
    return server


@cache
def _loaded() -> tuple[Server, tempfile.TemporaryDirectory[str]]:
    folder = tempfile.TemporaryDirectory(prefix="loaded")
    server = Server(Path(folder.name))
    server.start()
    server.stop()
    return server, folder
