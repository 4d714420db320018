"""Which of some accounts hold a permission in which branches: what ``load_actor`` finds, for many accounts at once.

Who asks sees the accounts and not what others were granted. So the rights are looked up by a system actor, and the
answer holds nothing but keys that were asked about, of accounts that whoever asks sees.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from models import Account, Adviser, Branch, Grant, Posting, Role, RolePermission
from policy.actions import known
from policy.actor import ADVISER_ROLE
from policy.system import system_session


def holders(
    session: Session, accounts: Collection[int], permission: str, branches: Collection[int], day: date
) -> dict[int, frozenset[int]]:
    """For each of these branches the keys of those accounts, active and in the session's sight, that hold a permission.

    It holds on a business day by a grant, by the role that follows the advisers whom a branch sent, or by a posting of
    one's own. The statements are as many for one account as for hundreds. Raises KeyError on an unknown permission.
    """
    known(permission)
    visible = select(Account.id).where(Account.id.in_(sorted(set(accounts))), Account.active)
    asked = set(session.scalars(visible)) if accounts else set()
    if not asked or not branches:
        return {branch: frozenset() for branch in branches}
    with system_session("holders", readonly=True) as looking:
        return _Rights(looking, asked, permission, day).by_branch(branches)


class _Rights:
    """What some accounts hold of one permission, as the system actor reads it.

    Attributes:
        granted: who holds it by a grant, by the branch that the grant is at; the topmost's holds everywhere.
        following: who gets it at companies to which that branch, or one below it, sent an adviser.
    """

    def __init__(self, session: Session, asked: set[int], permission: str, day: date) -> None:
        self.granted: dict[int, set[int]] = defaultdict(set)
        self.following: dict[int, set[int]] = defaultdict(set)
        self.above = dict(session.execute(select(Branch.id, Branch.parent_id)).all())
        followed = aliased(Role)
        direct = _has(Role.id, permission).label("direct")
        follows = _has(followed.id, permission).label("follows")
        grants = (
            select(Grant.account_id, Grant.branch_id, direct, follows)
            .join(Grant.role)
            .outerjoin(followed, followed.id == Role.follows_as_id)
            .where(
                Grant.account_id.in_(sorted(asked)),
                or_(direct, follows),
                or_(Grant.valid_from.is_(None), Grant.valid_from <= day),
                or_(Grant.valid_until.is_(None), Grant.valid_until >= day),
            )
        )
        for account, place, is_direct, is_followed in session.execute(grants):
            if is_direct:
                self.granted[place].add(account)
            if is_followed and self.above.get(place) is not None:
                self.following[place].add(account)
        by_posting = select(Role.id).where(Role.code == ADVISER_ROLE, _has(Role.id, permission))
        self._read_postings(session, asked, day, session.scalar(by_posting) is not None)

    def _read_postings(self, session: Session, asked: set[int], day: date, advisers_hold: bool) -> None:
        """Who was sent where: by the company's branch, the branches that sent, and the accounts of the advisers."""
        self.senders: dict[int, set[int]] = defaultdict(set)
        self.posted: dict[int, set[int]] = defaultdict(set)
        people = select(Account.person_id, Account.id).where(Account.id.in_(sorted(asked)))
        account_of = {person: account for person, account in session.execute(people) if person is not None}
        postings = (
            select(Posting.branch_id, Adviser.branch_id, Adviser.person_id)
            .join(Adviser, Posting.adviser_id == Adviser.id)
            .where(Posting.started_on <= day, or_(Posting.ended_on.is_(None), Posting.ended_on > day))
        )
        for place, sender, person in session.execute(postings):
            self.senders[place].add(sender)
            if advisers_hold and person in account_of:
                self.posted[place].add(account_of[person])

    def by_branch(self, branches: Collection[int]) -> dict[int, frozenset[int]]:
        """Who holds it in each of these branches."""
        return {branch: frozenset(self._in(branch)) for branch in branches}

    def _in(self, branch: int) -> set[int]:
        found = set(self.posted.get(branch, ()))
        for place in self._upwards(branch):
            found |= self.granted.get(place, set())
        for sender in self.senders.get(branch, ()):
            for place in self._upwards(sender):
                found |= self.following.get(place, set())
        return found

    def _upwards(self, branch: int | None) -> Iterator[int]:
        """A branch and all above it."""
        while branch is not None:
            yield branch
            branch = self.above.get(branch)


def _has(role: Any, permission: str) -> ColumnElement[bool]:
    """A role contains a permission."""
    found = select(RolePermission.id).where(RolePermission.role_id == role, RolePermission.permission == permission)
    return found.exists()
