"""Offices to back up and places to restore to, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_migrate import upgrade
from sqlalchemy import select

from models import Attachment, db
from policy import system_session
from services.audit_seals import seal_entries
from services.trash import move_to_trash
from tests.backups.places import PDF, NewPlace, Place, add_file, add_later, picture, url_of
from tests.world import World, make_world

POSTGRES_SAMPLE = {"files laid", "in place"}
"""A restore takes long on PostgreSQL: killed there before and after the step that decides, elsewhere only on demand."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as long what isn't in the sample; here, as the tests of one database must stay together."""
    for item in items:
        chosen = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        if chosen.get("new_place") == "postgres" and chosen.get("step", "in place") not in POSTGRES_SAMPLE:
            item.add_marker("long")


@pytest.fixture(scope="package", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewPlace]:
    """Makes empty installations, on each database. Asked for once more, one is emptied."""
    server = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    made: dict[str, Place] = {}

    def make(name: str) -> Place:
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            url = f"sqlite:///{folder / 'office.db'}" if server is None else url_of(server, f"backup_{name}")
            made[name] = Place(url, folder, server)
        made[name].clear()
        return made[name]

    yield make
    for place in made.values():
        with place.app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="package")
def office(new_place: NewPlace) -> tuple[Place, World]:
    """An installation with the test world, a picture, a PDF, and another PDF in the trash; its log is sealed. To be read."""
    place = new_place("office")
    with place.app.app_context():
        upgrade()
        world = make_world()
        add_file(place, world, "photo.jpg", picture())
        add_file(place, world, "report.pdf", PDF)
        add_file(place, world, "deleted.pdf", PDF + b" that was deleted")
        with place.session() as session:
            newest = session.scalars(select(Attachment).order_by(Attachment.id.desc())).first()
            move_to_trash(session, newest)
            session.commit()
        with system_session("audit_seal") as session:
            seal_entries(session)
            session.commit()
        db.engine.dispose()
    return place, world


@pytest.fixture(scope="package")
def backup(office: tuple[Place, World], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the office. To be read."""
    return office[0].back_up(tmp_path_factory.mktemp("backup") / "office.tar")


@pytest.fixture
def empty(new_place: NewPlace) -> Place:
    """An installation without a single table."""
    return new_place("empty")


@pytest.fixture(scope="package")
def restored(new_place: NewPlace, backup: Path) -> Place:
    """An installation like the office, restored from its backup. To be copied."""
    place = new_place("restored")
    place.restore(backup)
    return place


@pytest.fixture
def mine(office: tuple[Place, World], new_place: NewPlace, restored: Place) -> tuple[Place, World]:
    """An office like that one, to be changed."""
    place = new_place("mine")
    place.take_over(restored)
    return place, office[1]


@pytest.fixture(scope="package")
def in_use(office: tuple[Place, World], new_place: NewPlace, restored: Place) -> Place:
    """An installation in use, with a file that isn't in the backup."""
    place = new_place("in_use")
    place.take_over(restored)
    add_later(place, office[1])
    return place


@pytest.fixture
def target(in_use: Place) -> Iterator[Place]:
    """What a restore may replace; nothing of it may have changed at the end of the test."""
    before = in_use.state()
    yield in_use
    assert in_use.state() == before
