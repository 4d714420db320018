"""Keys for many new rows at once: with its key known before, a row needn't be asked for after it was written."""

from typing import Any

from sqlalchemy import func, select, text


def reserve_keys(session: Any, model: Any, count: int) -> list[int]:
    """So many keys that no row has, or ever had, in the session's transaction.

    On SQLite the transaction holds the only lock for writing; the table's counter follows the rows that are written.
    """
    connection = session.connection()
    table = model.__table__
    if connection.dialect.name == "sqlite":
        last = connection.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
        return list(range((last or 0) + 1, (last or 0) + 1 + count))
    sequence = func.pg_get_serial_sequence(table.name, "id")
    numbers = func.generate_series(1, count).table_valued("number")
    return list(connection.scalars(select(func.nextval(sequence)).select_from(numbers)))
