"""Installations that are backed up and restored: a database with its folder of files."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import create_engine, inspect, make_url, text

from models import Rectification, db
from policy import system_session
from services import attachments, backups
from tests.conftest import build_app
from tests.databases import CARELESS
from tests.world import World

PDF = b"%PDF-1.7 a page of a report"


class Place:
    """An installation: a database with its folder of files. ``server``: of PostgreSQL, if that is beneath it."""

    def __init__(self, url: str, folder: Path, server: str | None) -> None:
        self.url, self.folder, self.files, self._server = url, folder, folder / "files", server
        self.app = build_app(url, folder)

    def clear(self) -> None:
        """Leave nothing of it, as before it was first set up."""
        self._empty_folder()
        if self._server is not None:
            make_database(self._server, self.url)
            owned = create_engine(self.url)
            with owned.begin() as connection:
                connection.execute(text("DROP SCHEMA public CASCADE"))
                connection.execute(text("CREATE SCHEMA public"))
            owned.dispose()

    def take_over(self, other: "Place") -> None:
        """Become a copy of another installation that nobody uses now; quicker than restoring its backup."""
        self._empty_folder()
        shutil.copytree(other.folder, self.folder, dirs_exist_ok=True)
        if self._server is not None:
            make_database(self._server, self.url, template=other.url)

    def _empty_folder(self) -> None:
        with self.app.app_context():
            db.engine.dispose()
        shutil.rmtree(self.folder)
        self.folder.mkdir()

    def restore(self, path: Path, **options: Any) -> Any:
        with self.app.app_context():
            return backups.restore(db.engine, self.files, path, **options)

    def back_up(self, target: Path) -> Path:
        with self.app.app_context(), backups.new_backup(db.engine, self.files, target) as taken:
            pass
        return taken.path

    def rows(self) -> dict[str, Any]:
        """Every row of every table."""
        with self.app.app_context():
            with db.engine.connect() as connection:
                tables = sorted(inspect(connection).get_table_names())
                found = {
                    table: connection.execute(text(f'SELECT * FROM "{table}" ORDER BY 1')).all() for table in tables
                }
            db.engine.dispose()
        return found

    def state(self) -> Any:
        """All that a restore may touch: rows, files, and what else lies about."""
        files = {str(path.relative_to(self.folder)): path.read_bytes() for path in self.kept_files()}
        return self.rows(), files, self.left_behind()

    def kept_files(self) -> list[Path]:
        return sorted(path for path in self.files.rglob("*") if path.is_file())

    def left_behind(self) -> list[str]:
        """What a restore that didn't end may leave beside the database."""
        found = [path.name for path in self.folder.glob(".restore-*")]
        if self.url.startswith("postgresql"):
            engine = create_engine(self.url)
            with engine.connect() as connection:
                found += connection.scalars(text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'restoring%'"))
            engine.dispose()
        return found

    def session(self) -> Any:
        return system_session("demo")


NewPlace = Callable[[str], Place]


def url_of(server: str, name: str) -> str:
    """The address of a database, for an owner who has no more rights than an office has."""
    return make_url(server).set(database=name, username="owner").render_as_string(hide_password=False)


def make_database(server: str, url: str, template: str = "") -> None:
    """Make a database in the place of the one of this address; like the template's, when one is given."""
    name = make_url(url).database
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = 'owner'")) is None:
            connection.execute(text("CREATE ROLE owner LOGIN"))
            for setting in CARELESS:
                connection.execute(text(f"ALTER SYSTEM SET {setting}"))
            connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        like = f" TEMPLATE {make_url(template).database}" if template else ""
        connection.execute(text(f"CREATE DATABASE {name} OWNER owner{like}"))
    engine.dispose()


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(out, "JPEG")
    return out.getvalue()


def add_file(place: Place, world: World, name: str, content: bytes) -> str:
    """Attach a file to the rectification of side 甲; its stored name."""
    with place.session() as session:
        owner = session.get(Rectification, world.rows["rectification", "甲"])
        examined = attachments.examine(name, io.BytesIO(content))
        stored = attachments.store_attachment(session, owner, examined, place.files).stored_name
        session.commit()
    return stored


def add_later(place: Place, world: World) -> str:
    with place.app.app_context():
        name = add_file(place, world, "later.pdf", PDF + b" added later")
        db.engine.dispose()
    return name
