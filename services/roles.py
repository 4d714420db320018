"""Roles: which permissions each holds."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from models import Role, RolePermission
from models.clock import now
from policy.actions import all_permissions
from policy.errors import Refused


def set_permissions(session: Session, role: Role, wanted: Collection[str]) -> int:
    """Let the role hold exactly these permissions; returns how many came or went."""
    if unknown := set(wanted) - all_permissions():
        raise Refused(f"没有这样的权限：{'、'.join(sorted(unknown))[:60]}。请刷新后再选。")
    held = {row.permission: row for row in role.permissions}
    for permission in held.keys() - set(wanted):
        role.permissions.remove(held[permission])
    for permission in sorted(set(wanted) - held.keys()):
        role.permissions.append(RolePermission(permission=permission))
    changed = len(held.keys() ^ set(wanted))
    if changed:
        role.updated_at = now()  # so that two people who change it at once find out
    session.flush()
    return changed
