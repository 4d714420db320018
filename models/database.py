"""The database session: it is made for one actor and never changes hands."""

import sqlite3
from contextvars import ContextVar
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import Engine, MetaData, event
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


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class GuardedSession(Session):
    """A session that belongs to one actor from its making to its end.

    ``info["actor"]`` is read by the guards of policy/. ``info["readonly"]`` (set for GET) opens transactions
    that cannot write. A ``get`` answered from the identity map is not filtered, which is why the actor is fixed.
    """

    def __init__(self, db: SQLAlchemy, actor: Any = None, readonly: bool = False, **options: Any) -> None:
        super().__init__(db, **options)
        self.info["actor"] = actor if actor is not None else current_actor.get()
        self.info["readonly"] = readonly or _request_only_reads.get()

    def outlive_request(self) -> None:
        """Keep the engine at hand, so that a stream goes on after the app context is gone."""
        self.get_bind()

    def get_bind(self, *args: Any, **kwargs: Any) -> Any:
        # One engine object for the session's whole life: the session keeps one connection for each.
        if "engine" not in self.info:
            engine = super().get_bind(*args, **kwargs)
            readonly = {"readonly": True, "postgresql_readonly": True}
            self.info["engine"] = engine.execution_options(**readonly) if self.info["readonly"] else engine
        return self.info["engine"]

    def _refuse_bulk(self, *_args: Any, **_kwargs: Any) -> None:
        raise TypeError("bulk methods pass by the guards: add the objects instead")

    bulk_save_objects = bulk_insert_mappings = bulk_update_mappings = _refuse_bulk


_request_only_reads: ContextVar[bool] = ContextVar("request_only_reads", default=False)


def set_request_only_reads(only_reads: bool) -> None:
    """Tell sessions made from now on in this context whether they may write."""
    _request_only_reads.set(only_reads)


db = SQLAlchemy(model_class=Base, session_options={"class_": GuardedSession, "autoflush": False})


def engine_options(url: str) -> dict[str, Any]:
    """Options of the engine for this database URL.

    SQLite: the driver's own transaction handling is off, so that BEGIN is ours (see ``_begin``).
    PostgreSQL: a statement, a lock and an idle transaction each have an end.
    """
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": SQLITE_BUSY_SECONDS, "isolation_level": None}}
    return {"pool_pre_ping": True, "connect_args": {"options": POSTGRES_OPTIONS}}


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
