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

# Whoever restores a backup gives a connection to the place where it is put together.
given = context.config.attributes.get("connection")

with nullcontext(given) if given is not None else database.engine.connect() as connection, connection.begin():
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
