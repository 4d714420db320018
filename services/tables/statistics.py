"""What the database knows of how its indexes spread the rows, and by which it chooses among them."""

from sqlalchemy import text
from sqlalchemy.orm import Session


def gather_statistics(session: Session) -> None:
    """Let the database count anew; it takes two or three seconds for a million rows.

    Without it SQLite takes the index of a whole year's rows for as good as that of one branch's. PostgreSQL also does
    it by itself, some time after many rows have changed.
    """
    session.connection().execute(text("ANALYZE"))
