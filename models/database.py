"""The database session: it is made for one actor and never changes hands."""

import sqlite3
from contextvars import ContextVar
from enum import Enum, auto
from typing import Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import Engine, MetaData, event
from sqlalchemy.dialects import registry
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase

# Whoever acts at this moment: an Actor of policy/actor.py. Models only carry it to the session.
current_actor: ContextVar[Any] = ContextVar("current_actor", default=None)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

SQLITE_BUSY_SECONDS = 15
POSTGRES_OPTIONS = "-c statement_timeout=30000 -c lock_timeout=15000 -c idle_in_transaction_session_timeout=60000"
# A server that has vanished from the network says nothing: seconds to wait for it, and how soon to ask whether it lives.
POSTGRES_NETWORK = {"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)

    __logged__: ClassVar[bool] = True
    """Whether writing such a row makes an entry in the audit log."""


class GuardedSession(Session):
    """A session that belongs to one actor from its making to its end.

    ``info["actor"]`` is read by the guards of policy/. ``info["readonly"]`` (set for GET) opens transactions
    that cannot write. A ``get`` answered from the identity map is not filtered, which is why the actor is fixed.
    """

    def __init__(
        self, db: SQLAlchemy, actor: Any = None, readonly: bool = False, engine: Engine | None = None, **options: Any
    ) -> None:
        super().__init__(db, **options)
        self.info["actor"] = actor if actor is not None else current_actor.get()
        self.info["readonly"] = readonly or _request_only_reads.get()
        self._other_engine = engine
        self.commit_sent = False
        """The database was told to commit. When it never answered, nobody knows whether it did."""

    def commit(self) -> None:
        self.flush()
        self.commit_sent = True
        super().commit()

    def outlive_request(self) -> None:
        """Keep the engine at hand, so that a stream goes on after the app context is gone."""
        self.get_bind()

    def get_bind(self, *args: Any, **kwargs: Any) -> Any:
        # One engine object for the session's whole life: the session keeps one connection for each.
        if "engine" not in self.info:
            engine = self._other_engine or super().get_bind(*args, **kwargs)
            readonly = {"readonly": True, "postgresql_readonly": True}
            self.info["engine"] = engine.execution_options(**readonly) if self.info["readonly"] else engine
        return self.info["engine"]

    def _refuse_bulk(self, *_args: Any, **_kwargs: Any) -> None:
        raise TypeError("bulk methods pass by the guards: add the objects instead")

    bulk_save_objects = bulk_insert_mappings = bulk_update_mappings = _refuse_bulk


@event.listens_for(GuardedSession, "after_begin")
def _nothing_sent_yet(session: Any, _transaction: Any, _connection: Any) -> None:
    session.commit_sent = False


_request_only_reads: ContextVar[bool] = ContextVar("request_only_reads", default=False)


def set_request_only_reads(only_reads: bool) -> None:
    """Tell sessions made from now on in this context whether they may write."""
    _request_only_reads.set(only_reads)


registry.register("postgresql.psycopg", "models.postgres", "KeepingDialect")
db = SQLAlchemy(model_class=Base, session_options={"class_": GuardedSession, "autoflush": False})


def engine_options(url: str) -> dict[str, Any]:
    """Options of the engine for this database URL.

    SQLite: the driver's own transaction handling is off, so that BEGIN is ours (see ``_begin``).
    PostgreSQL: a statement, a lock and an idle transaction each have an end, and a lost connection is made anew.
    Values stay out of error messages, which go to the log.
    """
    if url.startswith("sqlite"):
        arguments: dict[str, Any] = {"timeout": SQLITE_BUSY_SECONDS, "isolation_level": None}
        return {"hide_parameters": True, "connect_args": arguments}
    arguments = {"options": POSTGRES_OPTIONS, **POSTGRES_NETWORK}
    return {"hide_parameters": True, "pool_pre_ping": True, "connect_args": arguments}


class Trouble(Enum):
    """What a database may say that is nobody's mistake and passes by itself."""

    BUSY = auto()
    """Somebody else was writing, or it took too long: nothing was saved."""
    AWAY = auto()
    """It stopped, or the connection broke: when that happened at the commit, it may have been saved all the same."""


_SQLITE_TROUBLE = {
    sqlite3.SQLITE_BUSY: Trouble.BUSY, sqlite3.SQLITE_LOCKED: Trouble.BUSY, sqlite3.SQLITE_FULL: Trouble.AWAY,
    sqlite3.SQLITE_IOERR: Trouble.AWAY, sqlite3.SQLITE_CANTOPEN: Trouble.AWAY,
}  # fmt: skip
# By SQLSTATE, whole or its class. Serialization and deadlock; lock, statement and idle time-outs; no more connections.
_POSTGRES_BUSY = ("40", "55P03", "57014", "25P03", "53300")
# Connection exceptions; shut down, crashed, starting; disk or memory full; a standby that doesn't take writes.
_POSTGRES_AWAY = ("08", "57P", "53", "25006")


def trouble_of(error: BaseException) -> Trouble | None:
    """The passing trouble that an error of SQLAlchemy stands for; None when it is a mistake of the program's."""
    if isinstance(error, PoolTimeout):
        return Trouble.BUSY
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        # The low byte is the code; what stands above it tells it more closely.
        return _SQLITE_TROUBLE.get(getattr(error.orig, "sqlite_errorcode", 0) & 0xFF)
    state = getattr(error.orig, "sqlstate", None) or ""
    if state.startswith(_POSTGRES_BUSY):
        return Trouble.BUSY
    without_answer = not state and type(error.orig).__name__ == "OperationalError"
    return Trouble.AWAY if error.connection_invalidated or without_answer or state.startswith(_POSTGRES_AWAY) else None


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin(connection: Any) -> None:
    # A writer takes its lock at once: a plain BEGIN that turns into a write later fails with "database is locked".
    if connection.dialect.name == "sqlite":
        readonly = connection.get_execution_options().get("readonly")
        connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")
