"""Backups of PostgreSQL: every table as COPY writes it, all seen in one snapshot, and the sequences.

The tables themselves aren't in it: the migrations make them. So no program of PostgreSQL's is needed, a remote server
does, and a backup can be read by another version of PostgreSQL. Restoring fills a schema beside the one in use and
moves its tables over in one transaction.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from models.database import POSTGRES_NETWORK
from policy.errors import Refused
from services.backups import migrations
from services.backups.archive import Archive, Digest
from services.backups.kinds import VERSION_TABLE, Moment

name = "postgresql"
_SCRATCH = re.compile("restoring_[0-9a-f]{8}")
# A closed connection stays listed for a moment. By this name the program knows its own; for others it looks again.
_OURS = f"backup-{secrets.token_hex(4)}"
_LOOKS = 20
_PATIENT = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=15000"
# As text, a value looks the same whatever the server's own settings are.
_WRITTEN_ALIKE = (
    "-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex -c client_encoding=UTF8"
)


@contextmanager
def moment(engine: Engine, folder: Path) -> Iterator[Moment]:
    """The state of now, a file for each table in ``folder``; people go on writing meanwhile."""
    reading = _engine(engine)
    snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with reading.connect().execution_options(**snapshot) as connection:
        members: dict[str, Path] = {}
        tables: dict[str, Digest] = {}
        for table in _tables(connection):
            path = members[_member(table)] = folder / table
            with path.open("wb") as file:
                tables[table] = _copy_out(connection, table, file.write)
        # Sequences aren't part of a snapshot. Read afterwards, they are ahead of the tables, never behind.
        yield Moment(connection, members, tables, _sequences(connection))


def check(archive: Archive, _folder: Path) -> None:
    """Each member is a table as it was written out: whole members are all there is to look at."""
    manifest = archive.manifest
    if any(manifest.members[_member(table)].sha256 != one.sha256 for table, one in manifest.tables.items()):
        raise Refused("备份中的数据与它自己的清单不符，不能使用。请换一份备份。")


def holds_data(engine: Engine) -> bool:
    """Whether there is a single row."""
    with _engine(engine).connect() as connection:
        return any(connection.scalar(text(f"SELECT 1 FROM {_quoted(table)} LIMIT 1")) for table in _tables(connection))


def room(_engine: Engine) -> None:
    """The server's disk is its own affair."""
    return None


@contextmanager
def scratch(engine: Engine, archive: Archive) -> Iterator["Scratch"]:
    """A schema beside the one in use, migrated and filled from the archive; gone afterwards."""
    schema = f"restoring_{secrets.token_hex(4)}"
    outside = _engine(engine)
    with outside.begin() as connection:
        for left_behind in connection.scalars(text("SELECT nspname FROM pg_namespace")).all():
            if _SCRATCH.fullmatch(left_behind):
                connection.execute(text(f"DROP SCHEMA {_quoted(left_behind)} CASCADE"))
        connection.execute(text(f"CREATE SCHEMA {_quoted(schema)}"))
    made = Scratch(schema, outside)
    try:
        migrations.migrate(made.engine, archive.manifest.revision)
        made.fill(archive)
        yield made
    finally:
        with outside.begin() as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {_quoted(schema)} CASCADE"))


def require_alone(engine: Engine) -> None:
    """Raise Refused when somebody else is connected under the same role."""
    connected = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user "
        "AND backend_type = 'client backend' AND application_name <> :ours"
    )
    with _engine(engine).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _moment in range(_LOOKS):
            others = connection.scalar(connected, {"ours": _OURS})
            if not others:
                return
            connection.execute(text("SELECT pg_sleep(0.1)"))
    raise Refused(f"还有 {others} 个程序连着数据库。请先停止服务器，再恢复。没有动任何数据。")


class Scratch:
    """The schema whose tables will take the place of those in use."""

    def __init__(self, schema: str, outside: Engine) -> None:
        self._schema, self._outside = schema, outside
        self.engine = _engine(outside, f"-c search_path={schema}")

    def fill(self, archive: Archive) -> None:
        """Copy every table in; raises Refused when the tables aren't those of the archive."""
        manifest = archive.manifest
        with self.engine.begin() as connection:
            tables = _in_order(connection)
            if set(tables) != set(manifest.tables):
                raise Refused("备份中的表与它的数据库版本不符，不能恢复。没有动任何数据。")
            # The triggers of the log and of published versions would refuse to take back what was in the backup, and
            # rows that a migration wrote have to give way. Keys and checks stay in force.
            _switch_triggers(connection, tables, "DISABLE")
            connection.execute(text(f"TRUNCATE {_listed(tables)}"))
            for table in tables:
                statement = f"COPY {_quoted(table)} ({_columns(connection, table)}) FROM STDIN"
                with _cursor(connection) as cursor, cursor.copy(statement) as copy:
                    archive.read(_member(table), copy.write)
            for sequence, last in manifest.sequences.items():
                values = {"name": _quoted(sequence), "last": last}
                connection.execute(text("SELECT setval(CAST(:name AS regclass), :last)"), values)
            connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            _switch_triggers(connection, tables, "ENABLE")

    def digests(self) -> dict[str, Digest]:
        """Rows and hash of each table, written out again."""
        with self.engine.connect() as connection:
            return {table: _copy_out(connection, table, lambda _data: None) for table in _tables(connection)}

    def swap_in(self) -> None:
        """Drop the tables in use and move these into their schema, in one transaction."""
        with self._outside.begin() as connection:
            try:
                self._swap(connection)
            except DBAPIError as error:
                raise Refused(
                    f"不能替换原有的表，没有动任何数据：{'；'.join(str(error.orig).splitlines()[:2])}"
                ) from None

    def _swap(self, connection: Connection) -> None:
        place, schema = connection.scalar(text("SELECT current_schema()")), self._schema
        ours = _all_tables(connection, schema)
        there = sorted(set(ours).intersection(_all_tables(connection, place)))
        if there:
            connection.execute(text(f"DROP TABLE {_listed(there, place)}"))
        for function in _functions(connection, schema):
            connection.execute(text(f"DROP FUNCTION IF EXISTS {_quoted(place)}.{function}"))
            connection.execute(text(f"ALTER FUNCTION {_quoted(schema)}.{function} SET SCHEMA {_quoted(place)}"))
        for table in ours:
            connection.execute(text(f"ALTER TABLE {_quoted(schema)}.{_quoted(table)} SET SCHEMA {_quoted(place)}"))
        connection.execute(text(f"DROP SCHEMA {_quoted(schema)}"))


def _engine(engine: Engine, more: str = "") -> Engine:
    """An engine on the same server that takes its time, and keeps no connection that isn't in use."""
    options = {"options": f"{_PATIENT} {_WRITTEN_ALIKE} {more}", "application_name": _OURS, **POSTGRES_NETWORK}
    return create_engine(engine.url, hide_parameters=True, connect_args=options, poolclass=NullPool)


def _all_tables(connection: Connection, schema: str | None) -> list[str]:
    return inspect(connection).get_table_names(schema)


def _tables(connection: Connection) -> list[str]:
    return sorted(table for table in _all_tables(connection, None) if table != VERSION_TABLE)


def _in_order(connection: Connection) -> list[str]:
    """The tables, each after those that its keys point at."""
    found = inspect(connection).get_sorted_table_and_fkc_names()
    return [table for table, _keys in found if table is not None and table != VERSION_TABLE]


def _quoted(name: str) -> str:
    return f'"{name}"'


def _listed(names: list[str], schema: str | None = None) -> str:
    return ", ".join(f"{_quoted(schema)}.{_quoted(name)}" if schema else _quoted(name) for name in names)


def _member(table: str) -> str:
    """Under what name the archive holds a table."""
    return f"tables/{table}.copy"


def _switch_triggers(connection: Connection, tables: list[str], switch: str) -> None:
    for table in tables:
        connection.execute(text(f"ALTER TABLE {_quoted(table)} {switch} TRIGGER USER"))


def _columns(connection: Connection, table: str) -> str:
    found = inspect(connection).get_columns(table)
    return _listed([column["name"] for column in found if "computed" not in column])


def _copy_out(connection: Connection, table: str, take: Callable[[bytes], Any]) -> Digest:
    """Hand a table's rows to ``take`` as COPY writes them, in the order of their keys; how many, and their hash."""
    key = _listed(inspect(connection).get_pk_constraint(table)["constrained_columns"])
    statement = f"COPY (SELECT {_columns(connection, table)} FROM {_quoted(table)} ORDER BY {key}) TO STDOUT"
    rows, digest = 0, hashlib.sha256()
    with _cursor(connection) as cursor, cursor.copy(statement) as copy:
        for data in copy:
            rows += bytes(data).count(b"\n")
            digest.update(data)
            take(data)
    return Digest(rows, digest.hexdigest())


def _cursor(connection: Connection) -> Any:
    return connection.connection.driver_connection.cursor()  # type: ignore[union-attr]


def _sequences(connection: Connection) -> dict[str, int]:
    """The last number of each sequence that has given out any."""
    found = text("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema()")
    return {sequence: last for sequence, last in connection.execute(found) if last is not None}


def _functions(connection: Connection, schema: str) -> list[str]:
    """The functions of a schema, quoted, with what they take."""
    found = text(
        "SELECT quote_ident(proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')' "
        "FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = :schema"
    )
    return list(connection.scalars(found, {"schema": schema}))
