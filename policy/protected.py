"""The rules of the models that are Protected: accounts, grants, roles, sign-ins, cards, views, the audit log,
and what is an account's own: drafts, jobs and the files they made.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, bindparam, false, or_, true

from models import (
    Account,
    AuditEntry,
    AuditSeal,
    Draft,
    Duty,
    ExportFile,
    Grant,
    ImportBatch,
    Job,
    Role,
    RolePermission,
    SavedView,
    SignIn,
    SignInCard,
)
from models.base import BranchScoped, Reference
from policy.actions import models_by_resource, resource_of
from policy.actor import EVERYWHERE, Actor, Reach
from policy.errors import NotAllowed, Refused

OWN: tuple[Any, ...] = (Draft, Job, ExportFile, ImportBatch)
"""The models whose rows are their account's own: no role reaches another's."""
NO_ACCOUNT = 0
"""Stands for the account's key where a system actor looks."""


@dataclass(frozen=True)
class Branches:
    """Some branches by name: a statement holds the name, and gets the branches as a parameter when it is run."""

    name: str
    single: bool


def within(column: Any, reach: Reach | Branches) -> ColumnElement[bool]:
    """The condition that a branch column lies within a reach."""
    if reach is EVERYWHERE:
        return true()
    if isinstance(reach, Branches):
        named = bindparam(reach.name, type_=Integer, expanding=not reach.single)
        return column == named if reach.single else column.in_(named)
    return column.in_(sorted(reach)) if reach else false()


def visible_to(
    model: type, reach_of: Callable[[str], Reach | Branches], account: Any, home: Any
) -> ColumnElement[bool]:
    """Which rows of a Protected model somebody sees.

    By the reach of his permissions, the key of his account and that of the branch which the account belongs to.
    """
    reach = reach_of(f"{resource_of(model)}:read")
    if model is Account:
        return or_(within(Account.branch_id, reach), Account.id == account)
    if model is Grant:
        return or_(within(Grant.branch_id, reach), Grant.account_id == account)
    if model is SavedView:
        shared = and_(SavedView.shared, SavedView.branch_id == home)
        return or_(within(SavedView.branch_id, reach), SavedView.account_id == account, shared)
    if model in (SignIn, SignInCard):
        return or_(within(model.branch_id, reach), model.account_id == account)
    if model is AuditEntry:
        return _audit_entries_visible_to(reach_of)
    if model in OWN:
        # Beside its owner only a system actor sees it, which has no account (key 0).
        return or_(model.account_id == account, and_(account == NO_ACCOUNT, true() if reach else false()))
    return true() if reach else false()


def _audit_entries_visible_to(reach_of: Callable[[str], Reach | Branches]) -> ColumnElement[bool]:
    """Auditors see the entries of their branches; whoever sees a record sees its history.

    An entry that moved a record between branches needs both in sight, or the move would tell of the other branch.
    """
    audited = reach_of("audit_entry:read")
    if audited is EVERYWHERE:
        return true()
    resources: dict[Reach | Branches, list[str]] = defaultdict(list)
    for resource, model in models_by_resource().items():
        if issubclass(model, Reference):
            resources[EVERYWHERE].append(resource)
        elif issubclass(model, BranchScoped) and (reach := reach_of(f"{resource}:read")):
            resources[reach].append(resource)
    sight = [and_(AuditEntry.resource.in_(named), _both_branches_within(reach)) for reach, named in resources.items()]
    if audited:
        sight.append(_both_branches_within(audited))
    return or_(*sight) if sight else false()


def _both_branches_within(reach: Reach | Branches) -> ColumnElement[bool]:
    if reach is EVERYWHERE:
        return true()
    before, after = AuditEntry.branch_before, AuditEntry.branch_after
    return and_(
        or_(before.is_(None), within(before, reach)),
        or_(after.is_(None), within(after, reach)),
        or_(before.is_not(None), after.is_not(None)),
    )


def check_write(actor: Actor, action: str, row: Any, before: dict[str, Any]) -> None:
    """Refuse a write to a Protected row that breaks its rule.

    Args:
        before: the former values of the columns that changed.
    """
    model = type(row)
    if model is AuditEntry or (model is AuditSeal and action != "create"):
        raise NotAllowed("审计记录和封存不能修改或删除。")
    if model is SavedView and actor.account_id is not None:
        _check_own_view(actor, row, before)
        return
    resource = resource_of(model)
    if model in OWN:
        _check_own(actor, action, row, before)
        return
    branches = {getattr(row, "branch_id", None), before.get("branch_id", getattr(row, "branch_id", None))}
    permitted = all(actor.permits(f"{resource}:{action}", branch) for branch in branches)
    if not permitted and not _is_allowed_besides(actor, action, row, before):
        raise NotAllowed("您没有做这件事的权限。")
    if model is Grant and action != "delete":
        _check_grant(actor, row)
    if model is RolePermission or (model is Role and action != "create"):
        _check_role(actor, row)


def _check_own(actor: Actor, action: str, row: Any, before: dict[str, Any]) -> None:
    """Such a row is its account's own; a system actor with the permission may carry it on or clear it away."""
    accounts = {row.account_id, before.get("account_id")} - {None}
    by_system = actor.account_id is None and actor.permits(f"{resource_of(type(row))}:{action}", None)
    if accounts != {actor.account_id} and not by_system:
        raise NotAllowed("您没有做这件事的权限。")


def _is_allowed_besides(actor: Actor, action: str, row: Any, before: dict[str, Any]) -> bool:
    """Whether a change of few columns is allowed to somebody who may not change the row as a whole."""
    model = type(row)
    if model is SignInCard:
        # Besides the branch's cards: one for oneself, which lets in nobody else.
        makes = actor.permits("sign_in_card:create", row.branch_id) or row.account_id == actor.account_id
        return makes and (action == "create" or set(before) <= {"revoked_at"})
    if action != "update":
        return False
    if model is Account:
        return _is_allowed_reset(actor, row, before)
    forgets = model is SignIn and (row.account_id == actor.account_id or actor.permits("sign_in:forget", row.branch_id))
    return forgets and set(before) <= {"ended_at"}


def _is_allowed_reset(actor: Actor, account: Account, before: dict[str, Any]) -> bool:
    """Whoever may reset access changes the password and nothing else; everybody changes their own password and look."""
    if account.id == actor.account_id:
        return set(before) <= {"password_hash", "must_change_password", "care_size"}
    only_access = set(before) <= {"password_hash", "must_change_password"}
    return only_access and actor.permits("account:reset", account.branch_id)


def _check_own_view(actor: Actor, view: SavedView, before: dict[str, Any]) -> None:
    """Whose view it is may do anything with it but give it away; nobody else may do anything, whatever he holds."""
    if {view.account_id, before.get("account_id", view.account_id)} - {actor.account_id, None}:
        raise NotAllowed("这个视图是别人的，只有本人能修改。")


def _check_grant(actor: Actor, grant: Grant) -> None:
    """Nobody grants more than he holds, unless his duty is to grant; nobody grants to himself."""
    if grant.account_id == actor.account_id:
        raise Refused("不能给自己授权，请由另一位安全管理员办理。", "account")
    if actor.permits("role:give", grant.branch_id):
        return
    missing = [p.permission for p in grant.role.permissions if not actor.permits(p.permission, grant.branch_id)]
    if missing or grant.role.duty is not None:
        raise Refused("不能授予自己没有的权限。", "role")


def _check_role(actor: Actor, row: Any) -> None:
    if not actor.permits("role:give", None):
        raise NotAllowed("只有安全管理员能修改角色。")
    role = row if isinstance(row, Role) else row.role
    if role is not None and role.duty is Duty.SECURITY and isinstance(row, RolePermission):
        holds = {holding.role_name for holding in actor.holdings}
        if role.name in holds:
            raise Refused("不能修改自己所持角色的权限，请由另一位安全管理员办理。")
