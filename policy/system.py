"""Named system actors with the least rights, for work that no person does."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Engine

from models.database import GuardedSession, db
from policy.actions import OF_ONES_OWN, all_permissions
from policy.actor import EVERYWHERE, Actor, Holding, make_actor

_SIGN_IN = {
    "account:read", "account:update", "grant:read", "role:read", "role_permission:read", "branch:read",
    "adviser:read", "posting:read", "person:read", "sign_in:read", "sign_in:create", "sign_in:update",
    "sign_in_card:read", "sign_in_card:update", "sign_in_lock:read", "sign_in_lock:create", "sign_in_lock:update", "sign_in_lock:delete",
}  # fmt: skip

_RIGHTS = ("account", "grant", "role", "role_permission", "branch", "adviser", "posting")
"""What says who may do what."""


@cache
def system_actor(name: str) -> Actor:
    """The system actor of that name; raises KeyError when there is none."""
    permissions, shown = {
        "sign_in": (_SIGN_IN, "登录程序"),
        "command_line": (_SIGN_IN | {"account:create", "grant:create", "grant:delete"}, "命令行"),
        "holders": ({f"{read}:read" for read in _RIGHTS}, "权限查询程序"),
        "explain": ({p for p in all_permissions() if p.endswith(":read")}, "权限解释程序"),
        "audit_seal": ({"audit_entry:read", "audit_seal:read", "audit_seal:create"}, "封存程序"),
        "backup": ({"audit_entry:read", "audit_seal:read"}, "备份程序"),
        "tidy": ({f"{own}:{action}" for own in OF_ONES_OWN for action in ("read", "delete")}, "清理程序"),
        "jobs": (_SIGN_IN | {"job:read", "job:update"}, "后台任务程序"),
        "demo": (all_permissions(), "演示数据程序"),
        "migration": (all_permissions(), "升级程序"),
    }[name]
    return make_actor(shown, [Holding(shown, frozenset(permissions), EVERYWHERE, "系统内置")])


@contextmanager
def system_session(name: str, readonly: bool = False, engine: Engine | None = None) -> Iterator[GuardedSession]:
    """A session of its own for a system actor; it is rolled back unless the block commits.

    ``engine`` leads to another database than the app's, such as one that is being restored.
    """
    session = db.session.session_factory(actor=system_actor(name), readonly=readonly, engine=engine)
    try:
        yield session
    finally:
        session.close()
