"""安全与审计: roles, grants and the audit log."""

from typing import Any

from admin.screen import Screen
from models import AuditEntry, Grant, Role, RolePermission


class GrantScreen(Screen):
    model, area = Grant, "安全与审计"
    columns = ["account.name", "role.name", "branch.name", "valid_from", "valid_until"]
    search = ["account.name", "account.username"]
    filters = ["role", "branch"]
    form_groups = {"授权": ["account", "role", "branch", "valid_from", "valid_until"]}

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        model.duty = model.role.duty


class RoleScreen(Screen):
    model, area = Role, "安全与审计"
    columns = ["name", "code", "duty", "follows_as.name"]
    search = ["name", "code"]
    form_groups = {"角色": ["code", "name", "duty", "follows_as"]}


class RolePermissionScreen(Screen):
    model, area = RolePermission, "安全与审计"
    columns = ["permission", "role.name"]
    search = ["permission"]
    filters = ["role"]
    form_groups = {"权限": ["role", "permission"]}


class AuditEntryScreen(Screen):
    model, area, order = AuditEntry, "安全与审计", "-id"
    columns = ["at", "actor_name", "action", "resource", "record_title", "channel", "address"]
    search = ["actor_name", "record_title", "resource"]
    filters = ["action", "resource"]


SCREENS = [GrantScreen, RoleScreen, RolePermissionScreen, AuditEntryScreen]
