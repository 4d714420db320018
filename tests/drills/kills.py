"""The server is killed again and again while eight clients work, and on PostgreSQL the database too."""

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from flask import Flask

from app import create_app
from tests.drills.edits import Crew, Journal
from tests.drills.server import Server
from tests.drills.verify import faults

if TYPE_CHECKING:
    from tests.drills.postgres import Postgres  # needs the libraries of requirements-dev.txt


@dataclass(frozen=True)
class Report:
    """What a drill found."""

    summary: str
    faults: list[str]


def kill_again_and_again(server: Server, kills: int, seed: int, postgres: "Postgres | None" = None) -> Report:
    """Kill at random moments: after so many forms were sent, or so many saves answered. Then look at what is there.

    With ``postgres`` it is killed as well, alone or together with the server; alone, the server must find it again.
    """
    random, done = Random(seed), 0
    server.start()
    with Crew(server.port, seed) as crew:
        while done < kills and not crew.journal.wrong:
            crew.meter.wait_for_more(random.choice(["sent", "answered"]), random.randint(1, 8))
            crew.up.clear()
            _strike(random, server, postgres)
            crew.up.set()
            done += 1
        crew.meter.wait_for_more("answered", 8)
    server.stop()
    found = faults(app_of(server), crew.journal)
    if found:
        found += [f"the server said: {line}" for line in server.output if " ERROR " in line or "Error" in line]
    return Report(f"{done} kills, seed {seed}: {_told(crew.journal)}", found)


def _told(journal: Journal) -> str:
    """What the clients were told, in numbers."""
    saved = f"{len(journal.saved)} edits, {len(journal.filled)} checklists and {len(journal.deleted)} deletions saved"
    answers = ", ".join(f"{status or 'broken'}: {number}" for status, number in sorted(journal.answers.items()))
    return f"{saved}; {len(journal.refused)} refused, {len(journal.unsure)} unsure; answers {answers}"


def _strike(random: Random, server: Server, postgres: "Postgres | None") -> None:
    server_too = postgres is None or random.choice([True, False])
    if server_too:
        server.kill()
    if postgres is not None:
        random.choice([postgres.kill, postgres.stop_at_once])()
        postgres.start()
    if server_too:
        server.start()


def app_of(server: Server) -> Flask:
    """An app on the server's database, to look into it."""
    return create_app(server.settings())
