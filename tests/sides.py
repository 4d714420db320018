"""What a request of the matrix is, and whose rows it asks about: one's own, foreign ones, or ones that don't exist."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from admin.screen import Screen
from policy.actions import resource_of
from tests.world import SHARED, World, canary

NO_SUCH_KEY = 200_000
"""What is added to a foreign row's key to get one that no row has."""
OWN, FOREIGN, MISSING = "甲", "乙", "丁"
KEY_FIELDS = ("id", "kept", "double", "companies", "branches")
"""The names under which pages that aren't screens are posted a row's key."""
NOBODYS = {"id_number": "620200196001010037", "phone": "13700000000"}
"""Numbers that no row carries."""
SHEET = "sheet"
"""A field of this name is posted as a file."""
ANY_FORM = {
    "version_seen": "1", "reason": "核对档案", "do": "finish", "month": "2026-01", "confirmed": "yes",
    "item": "1", "items": "1", "side": "self", "answer": "not_applicable", "seen-answer": "met", "reviewing": "posted",
}  # fmt: skip
"""What is posted to a page whose form isn't a screen's."""


@dataclass(frozen=True)
class Attempt:
    """One request.

    Attributes:
        kind: what kind of request it is to its route, such as a search or a filter.
        asks: the key or the word by which it asks about a side's row.
        of: the resource whose key that is; empty for a word.
        by_key: whether it asks for that one row, so that it must not be found when it is out of sight.
        twin: the same about a row that doesn't exist; only where it asks about a foreign row.
    """

    endpoint: str
    method: str
    path: str
    kind: str
    query: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] = ()
    asks: str = ""
    of: str = ""
    by_key: bool = False
    twin: "Attempt | None" = None

    @property
    def address(self) -> str:
        """Path and query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def __str__(self) -> str:
        return f"{self.method} {self.address} {dict(self.form) or ''} [{self.kind}]"


@dataclass
class Side:
    """The rows that requests ask about: one's own, foreign ones, or ones that don't exist."""

    name: str
    world: World
    forms: dict[tuple[str, int], dict[str, str]] = field(repr=False)
    """What a browser would post to leave a row as it is."""
    numbers: dict[tuple[str, int], dict[str, str]] = field(repr=False)
    """A row's masked numbers by the rule that masks them."""

    @property
    def own(self) -> bool:
        """Whether it is the side that is tried for itself, with what belongs to no side."""
        return self.name == OWN

    def keys(self, resource: str) -> list[int]:
        """The keys of its rows."""
        labels = [OWN, SHARED] if self.own else [FOREIGN]
        keys = [key for (of, label), key in self.world.rows.items() if of == resource and label[0] in labels]
        return [key + NO_SUCH_KEY for key in keys] if self.name == MISSING else keys

    def word(self, resource: str) -> str:
        """A word that is found in its rows only."""
        return canary(resource, self.name)

    def form(self, resource: str, key: int) -> dict[str, str]:
        """The form of one of its rows."""
        if self.name != MISSING:
            return self.forms[resource, key]
        known = self.forms[resource, key - NO_SUCH_KEY]
        foreign = [one for (_resource, label), one in self.world.rows.items() if label[0] == FOREIGN]
        keys = {str(one): str(one + NO_SUCH_KEY) for one in foreign}
        return {name: keys.get(value, value).replace(FOREIGN, MISSING) for name, value in known.items()}

    def number(self, resource: str, key: int, mask: str) -> str:
        """A masked number of one of its rows; empty where the row has none."""
        if self.name != MISSING:
            return self.numbers[resource, key].get(mask, "")
        return NOBODYS[mask] if mask in self.numbers[resource, key - NO_SUCH_KEY] else ""


def about_any_key(
    rule: Any, method: str, resource: str, key: int, names: tuple[str, ...] = ("id",)
) -> Attempt:  # fmt: skip
    """A request that gives a key in every way in which a route may take one.

    Args:
        names: under which the address holds it.
    """
    path = rule.rule
    for name in rule.arguments:
        path = path.replace(f"<int:{name}>", str(key)).replace(f"<{name}>", str(key))
    form = {**dict.fromkeys(KEY_FIELDS, str(key)), **ANY_FORM} if method == "POST" else {}
    return Attempt(
        rule.endpoint, method, path, resource, tuple((name, str(key)) for name in names), tuple(form.items()), str(key),
        resource, True,
    )  # fmt: skip


def lookups_of(screen: Screen) -> dict[str, str]:
    """The fields of a screen's form that point at other records, with those records' resource."""
    return {
        name: resource_of(screen.relations[name].mapper.class_)
        for name in screen.form_names
        if name in screen.relations
    }


def rows_to_point_at(screen: Screen, side: Side) -> Iterator[tuple[str, str, str]]:
    """Each look-up field with its resource and the key of a row on the side."""
    for name, target in lookups_of(screen).items():
        yield from ((name, target, str(key)) for key in side.keys(target)[:1])
