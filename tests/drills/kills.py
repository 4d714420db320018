"""The server is killed again and again while eight clients work, and on PostgreSQL the database too."""

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from flask import Flask

from app import create_app
from tests.drills.edits import Crew
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
    random = Random(seed)
    server.start()
    with Crew(server.port, seed) as crew:
        for _kill in range(kills):
            crew.meter.wait_for_more(random.choice(["sent", "answered"]), random.randint(1, 8))
            if crew.journal.wrong:
                break
            crew.up.clear()
            _strike(random, server, postgres)
            crew.up.set()
        crew.meter.wait_for_more("answered", 8)
    server.stop()
    journal = crew.journal
    done = f"{len(journal.saved)} edits, {len(journal.filled)} checklists and {len(journal.deleted)} deletions saved"
    told = f"{len(journal.refused)} refused, {len(journal.unsure)} unsure"
    answers = ", ".join(f"{status or 'broken'}: {number}" for status, number in sorted(journal.answers.items()))
    return Report(f"{kills} kills, seed {seed}: {done}; {told}; answers {answers}", faults(app_of(server), journal))


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
