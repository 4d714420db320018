"""The actor: who acts, and in which branches each permission holds."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from models import Account, Adviser, Branch, Grant, Posting, Role
from models.database import current_actor
from policy.actions import known
from policy.errors import NoActor

ADVISER_ROLE = "adviser"


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


@dataclass(frozen=True)
class Actor:
    """Somebody or something that acts. Made once for a request and never changed."""

    name: str
    account_id: int | None = None
    branch_id: int | None = None
    branch_name: str = ""
    holdings: tuple[Holding, ...] = ()
    reaches: Mapping[str, Reach] = field(default_factory=dict)

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


def load_actor(session: Session, account: Account, day: date) -> Actor:
    """The actor of an account on a business day: its grants, and the roles that active postings bring.

    ``session`` must see accounts, grants, roles, branches, advisers and postings (the sign-in system actor does).
    """
    below = _branches_below(session)
    root = next(
        (branch for branch, parent in session.execute(select(Branch.id, Branch.parent_id)) if parent is None), None
    )
    grants = session.scalars(
        select(Grant)
        .where(Grant.account_id == account.id)
        .options(
            selectinload(Grant.role).selectinload(Role.permissions),
            selectinload(Grant.role).selectinload(Role.follows_as).selectinload(Role.permissions),
        )
        .order_by(Grant.id)
    ).all()
    names = dict(session.execute(select(Branch.id, Branch.name)).all())
    holdings = []
    for grant in grants:
        if (grant.valid_from and grant.valid_from > day) or (grant.valid_until and grant.valid_until < day):
            continue
        reach: Reach = EVERYWHERE if grant.branch_id == root else below[grant.branch_id]
        place = {"place_id": grant.branch_id, "place_name": names[grant.branch_id]}
        holdings.append(_holding(grant.role, reach, **place))
        if grant.role.follows_as and reach is not EVERYWHERE:
            sent = _posted_branches(session, day, Adviser.branch_id.in_(sorted(reach)))
            if sent:
                holdings.append(_holding(grant.role.follows_as, sent, "本支部派出的指导员正在派驻"))
    if account.person_id is not None:
        posted = _posted_branches(session, day, Adviser.person_id == account.person_id)
        role = session.scalar(select(Role).where(Role.code == ADVISER_ROLE).options(selectinload(Role.permissions)))
        if posted and role:
            holdings.append(_holding(role, posted, "本人正在派驻"))
    return make_actor(
        account.name,
        holdings,
        account_id=account.id,
        branch_id=account.branch_id,
        branch_name=names.get(account.branch_id, ""),
    )


def _holding(role: Role, branches: Reach, reason: str = "", **place: Any) -> Holding:
    return Holding(role.name, frozenset(row.permission for row in role.permissions), branches, reason, **place)


def _posted_branches(session: Session, day: date, of_adviser: Any) -> frozenset[int]:
    """The company branches where the advisers that meet a condition are posted on a day."""
    active = select(Posting.branch_id).join(Adviser, Posting.adviser_id == Adviser.id).where(
        of_adviser, Posting.started_on <= day, (Posting.ended_on.is_(None)) | (Posting.ended_on > day)
    )  # fmt: skip
    return frozenset(session.scalars(active))


def _branches_below(session: Session) -> dict[int, frozenset[int]]:
    """For each branch the keys of itself and of all below it."""
    children: dict[int | None, list[int]] = defaultdict(list)
    for branch, parent in session.execute(select(Branch.id, Branch.parent_id)):
        children[parent].append(branch)
    below: dict[int, frozenset[int]] = {}

    def gather(branch: int) -> frozenset[int]:
        below[branch] = frozenset({branch}.union(*(gather(child) for child in children[branch])))
        return below[branch]

    for top in children[None]:
        gather(top)
    return below


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
