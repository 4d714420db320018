"""The actor: who acts, and in which branches each permission holds."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from models import Account, Adviser, Branch, Grant, Posting, Role, RolePermission
from models.database import current_actor
from policy.actions import known
from policy.errors import NoActor

ADVISER_ROLE = "adviser"
OWN_POSTINGS = "postings"
ENDED = "已经结束的授权"


class Everywhere:
    """All branches, now and later: the reach of a grant at the tree's root."""

    def __contains__(self, _branch: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return "EVERYWHERE"


EVERYWHERE = Everywhere()
NOWHERE: frozenset[int] = frozenset()
_Home, _Place = aliased(Branch, name="home"), aliased(Branch, name="place")
# Put together here, in one thread: an alias makes its columns when they are first named, and a server's first requests
# come at the same time; the statement of one then named columns of another's.
_ACCOUNT_WITH_GRANTS = (
    select(
        Account.id, Account.name, Account.branch_id, Account.person_id, _Home.name.label("branch_name"),
        Grant.id.label("grant_id"), Grant.branch_id.label("place_id"), _Place.name.label("place_name"), _Place.parent_id.label("above"),
        Grant.role_id, Role.follows_as_id, Grant.valid_from, Grant.valid_until,
    )
    .select_from(Account)
    .outerjoin(_Home, _Home.id == Account.branch_id)
    .outerjoin(Account.grants)
    .outerjoin(Grant.role)
    .outerjoin(_Place, _Place.id == Grant.branch_id)
    .order_by(Grant.id)
)  # fmt: skip
Reach = frozenset[int] | Everywhere


@dataclass(frozen=True)
class Holding:
    """A role that the actor holds in some branches, and why: by a grant at a place, or by what ``reason`` says."""

    role_name: str
    permissions: frozenset[str]
    branches: Reach
    reason: str = ""
    place_id: int | None = None
    place_name: str = ""
    key: str = ""
    """What it comes from, a grant or one's own postings; holdings that come from one thing have one key."""


@dataclass(frozen=True)
class Identity:
    """What somebody with several roles or places may act as alone: all that comes from one grant, or from his postings."""

    key: str
    title: str
    place_name: str = ""


@dataclass(frozen=True)
class Actor:
    """Somebody or something that acts. Made once for a request and never changed.

    Attributes:
        identity: what he acts as alone; None when all his roles hold together.
    """

    name: str
    account_id: int | None = None
    branch_id: int | None = None
    branch_name: str = ""
    holdings: tuple[Holding, ...] = ()
    reaches: Mapping[str, Reach] = field(default_factory=dict)
    identity: Identity | None = None

    def reach(self, permission: str) -> Reach:
        """The branches in which the actor has this permission; raises KeyError on an unknown one."""
        return self.reaches.get(known(permission), NOWHERE)

    def may(self, permission: str) -> bool:
        """Whether the actor has this permission in any branch."""
        return bool(self.reach(permission))

    def permits(self, permission: str, branch_id: int | None) -> bool:
        """Whether the actor has this permission in that branch; None asks for the whole city."""
        reach = self.reach(permission)
        return reach is EVERYWHERE or (branch_id is not None and branch_id in reach)

    def only_where(self, permission: str, also: str) -> "Actor":
        """The same actor, with one permission held only in the branches in which he holds another one as well."""
        return replace(self, reaches={**self.reaches, permission: _both(self.reach(permission), self.reach(also))})

    @property
    def role_names(self) -> list[str]:
        """The names of the roles held, each once, in the order of the grants."""
        return list(dict.fromkeys(holding.role_name for holding in self.holdings))

    @property
    def place_name(self) -> str:
        """Where he acts: at the place of his identity, or in his own branch."""
        return (self.identity.place_name if self.identity else "") or self.branch_name

    @property
    def identities(self) -> list[Identity]:
        """What he may act as alone, in the order of the grants."""
        first = {holding.key: holding for holding in reversed(self.holdings)}
        return [
            Identity(
                key, f"{first[key].role_name} · {first[key].place_name or first[key].reason}", first[key].place_name
            )
            for key in dict.fromkeys(holding.key for holding in self.holdings)
        ]

    def acting_only_as(self, key: str) -> "Actor":
        """The same person with nothing but what comes from one grant, or from his postings.

        Never more than he has: when that grant has ended meanwhile, nothing is left until he chooses again.
        """
        chosen = next((one for one in self.identities if one.key == key), Identity(key, ENDED))
        held = [holding for holding in self.holdings if holding.key == key]
        person = {"account_id": self.account_id, "branch_id": self.branch_id, "branch_name": self.branch_name}
        return make_actor(self.name, held, identity=chosen, **person)


def _both(one: Reach, other: Reach) -> Reach:
    """The branches in both reaches."""
    if isinstance(one, Everywhere):
        return other
    return one if isinstance(other, Everywhere) else one & other


def make_actor(name: str, holdings: Iterable[Holding], **more: Any) -> Actor:
    """An actor whose reach for each permission is the union of the holdings that contain it."""
    holdings = tuple(holdings)
    reaches: dict[str, Any] = defaultdict(set)
    for holding in holdings:
        for permission in holding.permissions:
            if holding.branches is EVERYWHERE or reaches[permission] is EVERYWHERE:
                reaches[permission] = EVERYWHERE
            else:
                reaches[permission] |= holding.branches
    fixed = {key: reach if reach is EVERYWHERE else frozenset(reach) for key, reach in reaches.items()}
    return Actor(name=name, holdings=holdings, reaches=fixed, **more)


def load_actor(session: Session, account: Any, day: date) -> Actor:
    """The actor of an account on a business day: its grants, and the roles that active postings bring.

    ``account``: an Account, or a row with its ``id``. ``session`` must see accounts, grants, roles, branches, advisers
    and postings (the sign-in system actor does).

    Nothing is kept from one request to the next: a grant that was changed holds at once, in every process.
    """
    rows = session.execute(_ACCOUNT_WITH_GRANTS.where(Account.id == account.id)).all()
    home = rows[0]
    grants = [row for row in rows if row.place_id is not None and _holds_on(row, day)]
    roles = _roles(session, {key for row in grants for key in (row.role_id, row.follows_as_id)}, home.person_id)
    below = _branches_below(session, {row.place_id for row in grants if row.above is not None})
    leading = {key for row in grants if row.follows_as_id and row.above is not None for key in below[row.place_id]}
    posted = _posted(session, day, leading, home.person_id)
    holdings = []
    for row in grants:
        reach: Reach = EVERYWHERE if row.above is None else below[row.place_id]
        key = f"grant-{row.grant_id}"
        holdings.append(Holding(*roles[row.role_id], reach, place_id=row.place_id, place_name=row.place_name, key=key))
        if row.follows_as_id and reach is not EVERYWHERE:
            sent = frozenset(company for adviser, _person, company in posted if adviser in reach)
            if sent:
                holdings.append(Holding(*roles[row.follows_as_id], sent, "本支部派出的指导员正在派驻", key=key))
    if home.person_id is not None and ADVISER_ROLE in roles:
        visited = frozenset(company for _adviser, person, company in posted if person == home.person_id)
        if visited:
            holdings.append(Holding(*roles[ADVISER_ROLE], visited, "本人正在派驻", key=OWN_POSTINGS))
    return make_actor(
        home.name, holdings, account_id=home.id, branch_id=home.branch_id, branch_name=home.branch_name or ""
    )


def _holds_on(grant: Any, day: date) -> bool:
    return not (grant.valid_from and grant.valid_from > day) and not (grant.valid_until and grant.valid_until < day)


def _roles(session: Session, keys: set[int], person_id: int | None) -> dict[int | str, tuple[str, frozenset[str]]]:
    """Name and permissions of these roles by key; of the advisers' role by its code, where a person may have it."""
    wanted = Role.id.in_(sorted(keys - {None}))
    rows = session.execute(
        select(Role.id, Role.code, Role.name, func.aggregate_strings(RolePermission.permission, " "))
        .outerjoin(Role.permissions)
        .where(wanted if person_id is None else or_(wanted, Role.code == ADVISER_ROLE))
        .group_by(Role.id, Role.code, Role.name)
    )
    found: dict[int | str, tuple[str, frozenset[str]]] = {}
    for key, code, name, permissions in rows:
        found[key] = found[code] = (name, _permission_set(permissions or ""))
    return found


@lru_cache(maxsize=256)
def _permission_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _posted(session: Session, day: date, branches: set[int], person_id: int | None) -> list[tuple[int, int, int]]:
    """The advisers of these branches, and this person as adviser, who are posted on a day.

    Each as the adviser's branch, the adviser's person and the company's branch.
    """
    of_adviser = [Adviser.branch_id.in_(sorted(branches))] if branches else []
    of_adviser += [Adviser.person_id == person_id] if person_id is not None else []
    if not of_adviser:
        return []
    active = or_(Posting.ended_on.is_(None), Posting.ended_on > day)
    found = session.execute(
        select(Adviser.branch_id, Adviser.person_id, Posting.branch_id)
        .join(Adviser, Posting.adviser_id == Adviser.id)
        .where(or_(*of_adviser), Posting.started_on <= day, active)
    )
    return [tuple(row) for row in found]


def _branches_below(session: Session, tops: set[int]) -> dict[int, frozenset[int]]:
    """For each of these branches the keys of itself and of all below it: one statement for each level of the tree."""
    children: dict[int, list[int]] = defaultdict(list)
    level, known_ones = tops, set(tops)
    while level:
        rows = session.execute(select(Branch.id, Branch.parent_id).where(Branch.parent_id.in_(sorted(level)))).all()
        for branch, parent in rows:
            children[parent].append(branch)
        level = {branch for branch, _parent in rows} - known_ones
        known_ones |= level

    def gather(branch: int) -> frozenset[int]:
        return frozenset({branch}.union(*(gather(child) for child in children[branch])))

    return {top: gather(top) for top in tops}


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    """Let sessions made within the block belong to this actor."""
    token = current_actor.set(actor)
    try:
        yield actor
    finally:
        current_actor.reset(token)


def the_actor() -> Actor:
    """Whoever acts now; raises NoActor when nobody does."""
    actor = current_actor.get()
    if actor is None:
        raise NoActor("nobody acts here: use acting_as() or system_session()")
    return actor
