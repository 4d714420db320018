"""What a backup asks of a kind of database; sqlite.py and postgres.py answer it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine

from services.backups.archive import Archive, Digest

VERSION_TABLE = "alembic_version"


@dataclass(frozen=True)
class Moment:
    """The state of a database at one moment, spooled to files.

    Attributes:
        connection: sees the database as it was at that moment.
        members: the file of each member of the archive.
        tables: rows and hash of each table.
        sequences: the last number that each sequence gave out, where numbers come from sequences.
    """

    connection: Connection
    members: dict[str, Path]
    tables: dict[str, Digest]
    sequences: dict[str, int] = field(default_factory=dict)


class Scratch(Protocol):
    """A database that is put together beside the one whose place it will take."""

    engine: Engine

    def digests(self) -> dict[str, Digest]:
        """Rows and hash of each table, as the manifest has them."""

    def swap_in(self) -> None:
        """Take the place of the database in one step; raises Refused when that can't be, and nothing has happened."""


class Kind(Protocol):
    """A kind of database."""

    name: str

    def moment(self, engine: Engine, folder: Path) -> AbstractContextManager[Moment]:
        """The state of now, its files in ``folder``; people go on writing meanwhile."""

    def check(self, archive: Archive, folder: Path) -> None:
        """Look deeper into an archive whose members are whole, working in ``folder``; raises Refused."""

    def holds_data(self, engine: Engine) -> bool:
        """Whether there is a single row in the place of restoring."""

    def require_alone(self, engine: Engine) -> None:
        """Raise Refused when somebody else is connected to the database."""

    def room(self, engine: Engine) -> Path | None:
        """The folder on whose disk the database lies; None when that isn't known."""

    def scratch(self, engine: Engine, archive: Archive) -> AbstractContextManager[Scratch]:
        """A place beside the database, filled from the archive at its own migration; gone afterwards."""
