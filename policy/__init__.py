"""Who may do what, where. Importing this package puts the guards on every session."""

from policy import read_guard, write_guard
from policy.actor import EVERYWHERE, Actor, acting_as, the_actor
from policy.errors import Changed, NoActor, NotAllowed, OutOfSight, Refused
from policy.system import system_session

__all__ = [
    "EVERYWHERE", "Actor", "Changed", "NoActor", "NotAllowed", "OutOfSight", "Refused", "acting_as", "read_guard",
    "system_session", "the_actor", "write_guard",
]  # fmt: skip
