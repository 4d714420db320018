"""Why somebody can or can't see or change a record, in Chinese."""

from dataclasses import dataclass
from typing import Any

from models.base import BranchScoped, Reference
from policy.actions import ACTIONS, label_of, resource_of
from policy.actor import Actor


@dataclass(frozen=True)
class Decision:
    """One answer with its reasons."""

    permission: str
    label: str
    allowed: bool
    reasons: tuple[str, ...]


def explain(actor: Actor, record: Any) -> list[Decision]:
    """For each action on the record: allowed or not, and why."""
    resource = resource_of(type(record))
    return [decide(actor, f"{resource}:{action}", record) for action in ACTIONS if action != "import"]


def decide(actor: Actor, permission: str, record: Any) -> Decision:
    """May the actor do this to the record, and by which role."""
    branch = _branch_of(record)
    word = label_of(permission)
    if isinstance(record, Reference) and permission.endswith(":read"):
        return Decision(permission, word, True, ("这是公共资料，登录的人都能看。",))
    reasons = tuple(
        f"角色“{holding.role_name}”有此权限：{holding.reason}"
        for holding in actor.holdings
        if permission in holding.permissions and branch in holding.branches
    )
    if reasons:
        return Decision(permission, word, True, reasons)
    elsewhere = [h.role_name for h in actor.holdings if permission in h.permissions]
    if elsewhere:
        return Decision(permission, word, False, (f"角色“{elsewhere[0]}”有此权限，但管不到这条记录所属的党组织。",))
    return Decision(permission, word, False, ("所持的角色都没有这项权限。",))


def _branch_of(record: Any) -> int | None:
    if isinstance(record, BranchScoped):
        return getattr(record, type(record).scope_column().key)
    return getattr(record, "branch_id", None)
