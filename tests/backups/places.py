"""Installations that are backed up and restored: a database with its folder of files."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import create_engine, inspect, make_url, text

from models import Rectification, db
from policy import system_session
from services import attachments, backups
from tests.conftest import build_app
from tests.world import World

PDF = b"%PDF-1.7 a page of a report"


class Place:
    """An installation: a database with its folder of files."""

    def __init__(self, url: str, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.url, self.folder, self.files = url, folder, folder / "files"
        self.app = build_app(url, folder)

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


def empty_database(server: str, name: str) -> str:
    """An empty database whose owner has no more rights than an office has; its address."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = 'owner'")) is None:
            connection.execute(text("CREATE ROLE owner LOGIN"))
        if connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}) is None:
            connection.execute(text(f"CREATE DATABASE {name} OWNER owner"))
        left = text("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = :name")
        connection.execute(left, {"name": name})
    engine.dispose()
    url = make_url(server).set(database=name, username="owner")
    owned = create_engine(url)
    with owned.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    owned.dispose()
    return url.render_as_string(hide_password=False)


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
