"""安全与审计: roles, grants and the audit log."""

from typing import Any

from flask import url_for
from flask_admin import expose

from admin.history import entries_shown
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

    def next_steps(self, row: Any) -> list[dict[str, Any]]:
        return [
            {"label": "权限", "url": url_for("role_permissions.index", id=row.id), "method": "get", "primary": True}
        ]


class RolePermissionScreen(Screen):
    model, area, order = RolePermission, "安全与审计", "permission"
    columns = ["permission", "role.name"]
    search = ["role.name"]
    filters = ["role", "permission"]


class AuditEntryScreen(Screen):
    model, area, order = AuditEntry, "安全与审计", "-id"
    columns = ["at", "actor_name", "action", "resource", "record_title", "channel", "address"]
    search = ["actor_name", "record_title"]
    filters = ["action", "resource", "at"]

    @expose("/details/")
    def details_view(self) -> Any:
        row = self.get_one(self._asked_id())
        return self.render("admin/model/history.html", model=row, entries=entries_shown([row]))

    def tabs(self, row: Any) -> list[dict[str, Any]]:
        return []


SCREENS = [GrantScreen, RoleScreen, RolePermissionScreen, AuditEntryScreen]
