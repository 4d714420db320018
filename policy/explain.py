"""Why somebody can or can't see or change a record, in Chinese."""

from dataclasses import dataclass
from typing import Any

from models.base import BranchScoped, Reference
from policy.actions import actions_on, label_of, resource_of
from policy.actor import Actor, Holding


@dataclass(frozen=True)
class Decision:
    """One answer with its reasons."""

    permission: str
    label: str
    allowed: bool
    reasons: tuple[str, ...]


def explain(actor: Actor, record: Any, reader: Actor | None = None) -> list[Decision]:
    """For each action on the record: allowed or not, and why.

    ``reader`` is who reads the explanation, when it isn't the actor: he is told no name of a branch out of his sight.
    """
    resource = resource_of(type(record))
    actions = [action for action in actions_on(resource) if action != "import"]
    return [decide(actor, f"{resource}:{action}", record, reader) for action in actions]


def decide(actor: Actor, permission: str, record: Any, reader: Actor | None = None) -> Decision:
    """May the actor do this to the record, and by which role."""
    branch = _branch_of(record)
    word = label_of(permission)
    if isinstance(record, Reference) and permission.endswith(":read"):
        return Decision(permission, word, True, ("这是公共资料，登录的人都能看。",))
    reasons = tuple(
        f"角色“{holding.role_name}”有此权限：{_reason(holding, reader)}"
        for holding in actor.holdings
        if permission in holding.permissions and branch in holding.branches
    )
    if reasons:
        return Decision(permission, word, True, reasons)
    elsewhere = [h.role_name for h in actor.holdings if permission in h.permissions]
    if elsewhere:
        return Decision(permission, word, False, (f"角色“{elsewhere[0]}”有此权限，但管不到这条记录所属的党组织。",))
    return Decision(permission, word, False, ("所持的角色都没有这项权限。",))


def _reason(holding: Holding, reader: Actor | None) -> str:
    if holding.place_id is None:
        return holding.reason
    if reader is None or reader.permits("branch:read", holding.place_id):
        return f"在“{holding.place_name}”及其下级被授予"
    return "在别的党组织被授予"


def _branch_of(record: Any) -> int | None:
    if isinstance(record, BranchScoped):
        return getattr(record, type(record).scope_column().key)
    return getattr(record, "branch_id", None)
