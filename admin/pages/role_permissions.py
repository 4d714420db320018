"""角色的权限: what a role may do, as boxes to tick."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import BaseView, expose
from sqlalchemy import select

from admin.menu import AREAS
from admin.pages.common import one_row, save
from models import Role, db
from policy import Changed, NotAllowed, the_actor
from policy.actions import OF_ONES_OWN, actions_on, resource_words
from services.roles import set_permissions


class RolePermissionsPage(BaseView):
    """/role-permissions/?id=…: a group of boxes for each kind of record."""

    def __init__(self) -> None:
        super().__init__(name="角色的权限", category="安全与审计", endpoint="role_permissions", url="/role-permissions")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return the_actor().may("role_permission:read")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("auditor", "安全管理员：授权")]

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        role = one_row(select(Role), Role, request.values.get("id", ""))
        if request.method == "GET":
            return self._page(role)
        if not the_actor().may("role_permission:update"):
            raise NotAllowed("您没有做这件事的权限。")
        if request.form.get("version_seen") != str(role.version):
            raise Changed
        changed = set_permissions(db.session(), role, request.form.getlist("permission"))
        save()
        flash(f"已保存，改动了 {changed} 项权限。" if changed else "没有改动。", "success")
        return redirect(url_for("role_permissions.index", id=role.id))

    def _page(self, role: Role) -> str:
        held = {row.permission for row in role.permissions}
        words = resource_words()
        in_menu = [view.resource for area in AREAS for view in self.admin._views
                   if view.category == area and hasattr(view, "resource")]  # fmt: skip
        groups = [
            (words[resource], [(f"{resource}:{action}", label, f"{resource}:{action}" in held)
                    for action, label in actions_on(resource).items()])
            for resource in dict.fromkeys([*in_menu, *words])
            if resource not in OF_ONES_OWN
        ]  # fmt: skip
        may_change = the_actor().may("role_permission:update")
        return self.render("admin/pages/role_permissions.html", role=role, groups=groups, may_change=may_change)
