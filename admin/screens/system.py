"""系统: accounts, code tables, settings, holidays, the trash."""

from typing import Any

from flask import current_app, flash, redirect
from flask_admin import expose

from admin.screen import Screen
from models import Account, Code, Holiday, Setting, Trash, db
from services import accounts, attachments, trash


class AccountScreen(Screen):
    model, area, order = Account, "系统", "username"
    columns = ["username", "name", "branch.name", "active"]
    search = ["username", "name"]
    filters = ["active", "branch"]
    form_groups = {"账号": ["username", "name", "branch", "person", "active"]}

    def next_steps(self, row: Any) -> list[dict[str, Any]]:
        url = self.get_url(".reset_view", id=row.id)
        return [{"label": "重置密码", "url": url, "method": "post", "primary": False}] if self.may("reset", row) else []

    @expose("/reset/", methods=("POST",))
    def reset_view(self) -> Any:
        """Give the account a new password, shown once, that must be changed at the next sign-in."""
        row = self.get_one(self._asked_id())
        self.require("reset", row)
        password = accounts.new_password()
        accounts.set_password(db.session, row, password, must_change=True)
        db.session.commit()
        flash(f"{row.name} 的新密码是 {password}，只显示这一次；下次登录后要改。", "success")
        return redirect(self.get_url(".details_view", id=row.id))


class CodeScreen(Screen):
    model, area, order = Code, "系统", "code_table"
    columns = ["code_table", "code", "text", "position"]
    search = ["code_table", "code", "text"]
    filters = ["code_table"]
    form_groups = {"代码": ["code_table", "code", "text", "position"]}


class SettingScreen(Screen):
    model, area, order = Setting, "系统", "key"
    columns = ["meaning", "key", "value"]
    search = ["meaning", "key"]
    form_groups = {"设置": ["meaning", "key", "value"]}


class HolidayScreen(Screen):
    model, area, order = Holiday, "系统", "-day"
    columns = ["day", "name", "works"]
    search = ["name"]
    filters = ["day", "works"]
    form_groups = {"节假日": ["day", "name", "works"]}


class TrashScreen(Screen):
    model, area, order = Trash, "系统", "-id"
    columns = ["record_title", "resource", "branch.name", "deleted_by", "created_at"]
    search = ["record_title"]
    filters = ["branch"]
    delete_note = "从回收站删除后不能再找回，其中附件的文件也一起删除。"

    def next_steps(self, row: Any) -> list[dict[str, Any]]:
        return [
            {"label": "放回原处", "url": self.get_url(".restore_view", id=row.id), "method": "post", "primary": True}
        ]

    @expose("/restore/", methods=("POST",))
    def restore_view(self) -> Any:
        """Put a deleted record back."""
        restored = trash.restore(db.session, self.get_one(self._asked_id()))
        db.session.commit()
        flash(f"已放回：{restored.title}", "success")
        return redirect(self.get_url(".index_view"))

    def _delete(self, rows: list[Any]) -> Any:
        for row in rows:
            attachments.forget(db.session, row, current_app.config["SETTINGS"].files_dir)
        db.session.commit()
        flash(f"已彻底删除 {len(rows)} 条。", "success")
        return redirect(self.get_url(".index_view"))


SCREENS = [AccountScreen, CodeScreen, SettingScreen, HolidayScreen, TrashScreen]
