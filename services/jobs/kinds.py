"""What kinds of job there are. Whoever can do one says so when the program starts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from services.jobs.work import Work

About = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """How a kind of job is done.

    Attributes:
        handler: does it, and gives what came of it; all of its writing is one transaction, for it may be begun anew.
        needs: the permissions that it takes, for what it is about; the job ends when one of them shrinks meanwhile.
    """

    handler: Callable[["Work"], dict[str, Any]]
    needs: Callable[[About], Iterable[str]]


KINDS: dict[str, Kind] = {}


def register_kind(
    code: str, handler: Callable[["Work"], dict[str, Any]], needs: Iterable[str] | Callable[[About], Iterable[str]] = ()
) -> None:
    """Say how a kind of job is done; raises ValueError when that was said otherwise before."""
    asked = needs if callable(needs) else lambda _about, fixed=frozenset(needs): fixed
    if code in KINDS and KINDS[code].handler is not handler:
        raise ValueError(f"there are two kinds of job called {code!r}")
    KINDS[code] = Kind(handler, asked)


def kind_of(code: str) -> Kind | None:
    """How jobs of this kind are done; None of one that this release doesn't know."""
    return KINDS.get(code)
