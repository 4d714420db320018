"""The test world on SQLite and on PostgreSQL: made once for a test process, as new again before each test."""

import gc
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, create_engine, make_url, text

from models import Base, db
from tests.world import World, make_world

# A test server holds nothing that must outlive a power cut.
CARELESS = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


@dataclass
class Office:
    """An app with the test world.

    Attributes:
        renew: makes the database what it was, tables and triggers too.
        undo: takes back what was written to the rows of these tables; quicker.
    """

    app: Flask
    world: World
    renew: Callable[[], None]
    undo: Callable[[Iterable[str]], None]


def sqlite_office(folder: Path, build_app: Callable[..., Flask], make_tables: Callable[[], Any] = upgrade) -> Office:
    """The test world in a SQLite file, copied from a template kept beside it."""
    template, used = folder / "template.db", folder / "world.db"
    app = build_app(f"sqlite:///{used}", folder)
    world = _fill(app, make_tables)
    _copy(used, template)

    def renew() -> None:
        with app.app_context():
            db.engine.dispose()
        for suffix in ("", "-wal", "-shm"):  # whoever still holds the old file keeps it, and disturbs nobody
            used.with_name(used.name + suffix).unlink(missing_ok=True)
        shutil.copy(template, used)

    return Office(app, world, renew, lambda _tables: _copy(template, used))


def kept_as_it_is(office: Office, folder: Path) -> Office:
    """The same office on SQLite, in which taking back brings what stands in the database now."""
    used, kept = Path(make_url(office.app.config["SQLALCHEMY_DATABASE_URI"]).database or ""), folder / "kept.db"
    _copy(used, kept)
    return replace(office, undo=lambda _tables: _copy(kept, used))


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing, progress=_refuse_to_wait)


def _refuse_to_wait(status: int, _remaining: int, _total: int) -> None:
    if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise RuntimeError("somebody still holds the database: perhaps an answer that was not read to its end")


def postgres_office(server: str, folder: Path, build_app: Callable[..., Flask]) -> Office:
    """The test world in a database of a PostgreSQL server, copied from a template database."""
    maintenance = create_engine(server, isolation_level="AUTOCOMMIT")
    for setting in CARELESS:
        _run(maintenance, f"ALTER SYSTEM SET {setting}")
    _run(maintenance, "SELECT pg_reload_conf()", "CREATE DATABASE office")
    url = make_url(server).set(database="office").render_as_string(hide_password=False)
    app = build_app(url, folder)
    world = _fill(app, upgrade)
    rows = create_engine(url)
    _run(rows, *_keep_rows())
    rows.dispose()
    _run(maintenance, "ALTER DATABASE office RENAME TO template_office")

    def renew() -> None:
        with app.app_context():
            db.engine.dispose()
        rows.dispose()
        _run(
            maintenance,
            "DROP DATABASE IF EXISTS office WITH (FORCE)",
            "CREATE DATABASE office TEMPLATE template_office",
        )

    return Office(app, world, renew, lambda tables: _run(rows, *_put_rows_back(tables)))


def _fill(app: Flask, make_tables: Callable[[], Any]) -> World:
    with app.app_context():
        make_tables()
        world = make_world()
        db.session.remove()
        db.engine.dispose()
    gc.freeze()  # what was made now stays till the end, and needn't be looked through again and again
    return world


def _run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def _keep_rows() -> list[str]:
    """Copy every row, and how far every sequence had come, into a schema of their own."""
    tables = [f"CREATE TABLE kept.{table} AS TABLE public.{table}" for table in Base.metadata.tables]
    sequences = "CREATE TABLE kept.sequences AS SELECT sequencename, last_value FROM pg_sequences"
    return ["CREATE SCHEMA kept", *tables, sequences]


def _put_rows_back(tables: Iterable[str]) -> list[str]:
    """Replace every row of these tables by the kept one; triggers and foreign keys look away meanwhile."""
    statements = ["SET LOCAL session_replication_role = replica"]
    for table in tables:
        statements += [f"DELETE FROM public.{table}", f"INSERT INTO public.{table} SELECT * FROM kept.{table}"]
    sequences = (
        "SELECT setval(('public.' || sequencename)::regclass, coalesce(last_value, 1), last_value IS NOT NULL) "
        "FROM kept.sequences"
    )
    return [*statements, sequences]
