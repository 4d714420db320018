"""The permissions that a step of work needs beyond writing the row; the guards at the session know only the latter."""

from typing import Any

from sqlalchemy.orm import Session

from policy.errors import NotAllowed


def require(session: Session, permission: str, row: Any) -> None:
    """Raise NotAllowed unless the session's actor has this permission in the row's branch."""
    if not session.info["actor"].permits(permission, row.branch_id):
        raise NotAllowed("您没有做这件事的权限。")
