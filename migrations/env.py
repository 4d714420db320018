"""Alembic's environment: one connection, one transaction, and on PostgreSQL a limit on waiting for locks."""

from contextlib import nullcontext
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import TypeDecorator, text


def plain_type(kind: str, item: Any, _context: Any) -> Any:
    """Write our own column types as the library's type beneath: a migration must not change with the models."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


database = current_app.extensions["migrate"].db


def migrate(connection: Any) -> None:
    """Run the migrations in the connection's transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    context.configure(
        connection=connection,
        target_metadata=database.metadatas[None],
        render_item=plain_type,
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.dialect.name == "sqlite" and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise RuntimeError(f"a migration left rows that point at nothing: {broken[:5]}")


# Whoever restores a backup gives a connection to the place where it is put together.
given = context.config.attributes.get("connection")
with nullcontext(given) if given is not None else database.engine.connect() as connection:
    if connection.dialect.name == "sqlite":
        # SQLite changes a table by making it anew: meanwhile nothing may point at it. Checked before the commit.
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
    with connection.begin():
        migrate(connection)
    if connection.dialect.name == "sqlite":
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")
