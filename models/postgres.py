"""PostgreSQL as SQLAlchemy speaks to it here."""

from typing import Any

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg


class KeepingDialect(PGDialect_psycopg):
    """Ends a transaction that could only read by a COMMIT, for at a ROLLBACK psycopg has the server forget the statements
    that it has prepared: they would be planned anew for each page.
    """

    supports_statement_cache = True

    def do_rollback(self, dbapi_connection: Any) -> None:
        if dbapi_connection.read_only:
            dbapi_connection.commit()
        else:
            dbapi_connection.rollback()
