"""Who is measured. Each peer is made in a process of its own and asked one request after another."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

from benchmarks.browser import Answer
from benchmarks.cases import Case, Facts

Take = Callable[[bytes], Any]


class Peer(Protocol):
    """One way to do the same work."""

    def __init__(self, facts: Facts) -> None: ...

    def ask(self, case: Case, role: str, turn: int, take: Take) -> Answer:
        """Make one request; ``turn`` counts them, ``take`` gets the pieces of a file."""

    def rows_on(self, page: str) -> list[int]:
        """The keys of the rows that a list page shows, in order."""


PEERS = {
    "bare": "benchmarks.peers.bare_driver.BareDriver",
    "product": "benchmarks.peers.product.Product",
    "django": "benchmarks.peers.django_admin.DjangoAdmin",
    "flask_admin": "benchmarks.peers.plain_flask_admin.PlainFlaskAdmin",
}
NAMES = {"bare": "bare driver", "product": "product", "django": "Django", "flask_admin": "plain Flask-Admin"}
LISTS_ONLY = {"flask_admin"}


def make_peer(name: str, facts: Facts) -> Peer:
    """The peer of that name, signed in for every role; imports its libraries, which nobody else needs."""
    module, _, kind = PEERS[name].rpartition(".")
    made: Peer = getattr(import_module(module), kind)(facts)
    return made


def takes_part(name: str, case: Case) -> bool:
    """Whether this peer is asked this case."""
    return name not in LISTS_ONLY or case.kind == "list"


class StatementCount:
    """Counts the statements that read or write rows; transactions and settings don't."""

    ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")

    def __init__(self) -> None:
        self.count = 0

    def note(self, statement: str) -> None:
        """Count a statement if it is one of them."""
        self.count += statement.lstrip().upper().startswith(self.ROWS)

    def taken(self) -> int:
        """The count so far, which begins anew."""
        count, self.count = self.count, 0
        return count
