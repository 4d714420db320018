"""The actor: who acts, and in which branches each permission holds."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, func, or_, select
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
_Home, _Place, _Followed = aliased(Branch, name="home"), aliased(Branch, name="place"), aliased(Role, name="followed")
_Below, _Deeper = aliased(Branch, name="below"), aliased(Branch, name="deeper")


def _permissions_of(role_id: Any) -> Any:
    """The permissions of a role as one text."""
    permissions = func.aggregate_strings(RolePermission.permission, " ")
    return select(permissions).where(RolePermission.role_id == role_id).scalar_subquery()


# Put together here, once and in one thread: every request asks these, and an alias makes its columns when they are first
# named; a server's first requests come at the same time, and the statement of one then named columns of another's.
ACCOUNTS_WITH_GRANTS = (
    select(
        Account.id, Account.name, Account.branch_id, Account.person_id, _Home.name.label("branch_name"),
        Grant.id.label("grant_id"), Grant.branch_id.label("place_id"), _Place.name.label("place_name"), _Place.parent_id.label("above"),
        Grant.valid_from, Grant.valid_until,
        Role.name.label("role_name"), _permissions_of(Role.id).label("permissions"),
        _Followed.name.label("followed_name"), _permissions_of(_Followed.id).label("followed_permissions"),
    )
    .select_from(Account)
    .outerjoin(_Home, _Home.id == Account.branch_id)
    .outerjoin(Account.grants)
    .outerjoin(Grant.role)
    .outerjoin(_Followed, _Followed.id == Role.follows_as_id)
    .outerjoin(_Place, _Place.id == Grant.branch_id)
    .order_by(Grant.id)
)  # fmt: skip
"""What ``make_actor_of`` needs to know of accounts, a row for each grant."""
_ACCOUNT_WITH_GRANTS = ACCOUNTS_WITH_GRANTS.where(Account.id == bindparam("account"))
_ADVISER_ROLE = select(Role.name, _permissions_of(Role.id)).where(Role.code == ADVISER_ROLE)
_TWO_LEVELS_BELOW = (
    select(_Below.parent_id, _Below.id, _Deeper.id)
    .outerjoin(_Deeper, _Deeper.parent_id == _Below.id)
    .where(_Below.parent_id.in_(bindparam("tops", expanding=True)))
)
_POSTED = (
    select(Adviser.branch_id, Adviser.person_id, Posting.branch_id)
    .join(Adviser, Posting.adviser_id == Adviser.id)
    .where(
        or_(Adviser.branch_id.in_(bindparam("branches", expanding=True)), Adviser.person_id == bindparam("person")),
        Posting.started_on <= bindparam("day"),
        or_(Posting.ended_on.is_(None), Posting.ended_on > bindparam("day")),
    )
)
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


def _union(reaches: tuple[Reach, ...]) -> Reach:
    """The branches in any of the reaches."""
    some = [reach for reach in reaches if isinstance(reach, frozenset)]
    return frozenset().union(*some) if len(some) == len(reaches) else EVERYWHERE


def make_actor(name: str, holdings: Iterable[Holding], **more: Any) -> Actor:
    """An actor whose reach for each permission is the union of the holdings that contain it."""
    holdings = tuple(holdings)
    holders: dict[str, tuple[Reach, ...]] = {}
    for holding in holdings:
        for permission in holding.permissions:
            holders[permission] = (*holders.get(permission, ()), holding.branches)
    # Hundreds of permissions are held by a handful of combinations.
    united = {reaches: _union(reaches) for reaches in set(holders.values())}
    fixed = {permission: united[reaches] for permission, reaches in holders.items()}
    return Actor(name=name, holdings=holdings, reaches=fixed, **more)


def load_actor(session: Session, account: Any, day: date) -> Actor:
    """The actor of an account on a business day: its grants, and the roles that active postings bring.

    ``account``: an Account, or a row with its ``id``. ``session`` must see accounts, grants, roles, branches, advisers
    and postings (the sign-in system actor does).

    Nothing is kept from one request to the next: a grant that was changed holds at once, in every process.
    """
    return make_actor_of(session, session.execute(_ACCOUNT_WITH_GRANTS, {"account": account.id}).all(), day)


def make_actor_of(session: Session, rows: Sequence[Any], day: date) -> Actor:
    """The actor of an account whose rows of ``ACCOUNTS_WITH_GRANTS`` were read; as ``load_actor``."""
    home = rows[0]
    grants = [row for row in rows if row.place_id is not None and _holds_on(row, day)]
    below = _branches_below(session, {row.place_id for row in grants if row.above is not None})
    leading = {key for row in grants if row.followed_name and row.above is not None for key in below[row.place_id]}
    posted = _posted(session, day, leading, home.person_id)
    holdings = []
    for row in grants:
        reach: Reach = EVERYWHERE if row.above is None else below[row.place_id]
        key = f"grant-{row.grant_id}"
        permissions = _permission_set(row.permissions)
        holdings.append(
            Holding(row.role_name, permissions, reach, place_id=row.place_id, place_name=row.place_name, key=key)
        )
        if row.followed_name and isinstance(reach, frozenset):
            sent = frozenset(company for adviser, _person, company in posted if adviser in reach)
            if sent:
                followed = _permission_set(row.followed_permissions)
                holdings.append(Holding(row.followed_name, followed, sent, "本支部派出的指导员正在派驻", key=key))
    visited = frozenset(company for _adviser, person, company in posted if person == home.person_id)
    if visited:
        for name, permissions in session.execute(_ADVISER_ROLE):
            holdings.append(Holding(name, _permission_set(permissions), visited, "本人正在派驻", key=OWN_POSTINGS))
    return make_actor(
        home.name, holdings, account_id=home.id, branch_id=home.branch_id, branch_name=home.branch_name or ""
    )


def _holds_on(grant: Any, day: date) -> bool:
    return not (grant.valid_from and grant.valid_from > day) and not (grant.valid_until and grant.valid_until < day)


@lru_cache(maxsize=256)
def _permission_set(text: str | None) -> frozenset[str]:
    return frozenset((text or "").split())


def _posted(session: Session, day: date, branches: set[int], person_id: int | None) -> list[tuple[int, int, int]]:
    """The advisers of these branches, and this person as adviser, who are posted on a day.

    Each as the adviser's branch, the adviser's person and the company's branch.
    """
    if not branches and person_id is None:
        return []
    wanted = {"branches": sorted(branches), "person": person_id, "day": day}
    return [tuple(row) for row in session.execute(_POSTED, wanted)]


def _branches_below(session: Session, tops: set[int]) -> dict[int, frozenset[int]]:
    """For each of these branches the keys of itself and of all below it: one statement for two levels of the tree."""
    children: dict[int, set[int]] = defaultdict(set)
    level, seen = tops, set(tops)
    while level:
        deepest = set()
        for parent, branch, deeper in session.execute(_TWO_LEVELS_BELOW, {"tops": sorted(level)}):
            children[parent].add(branch)
            if deeper is not None:
                children[branch].add(deeper)
                deepest.add(deeper)
        seen |= children.keys()
        level = deepest - seen
        seen |= level

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
