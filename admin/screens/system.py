"""系统: accounts, code tables, settings, holidays, the trash."""

from typing import Any

from flask import current_app, flash, redirect, url_for

from admin.screen import Screen
from admin.steps import Step
from models import Account, Code, Holiday, Setting, Trash, db
from services import accounts, attachments, trash


def reset_and_tell(session: Any, account: Account) -> str:
    """Give the account a new password, and the sentence that says it: shown once, to be changed at the next sign-in."""
    password = accounts.reset_password(session, account)
    return f"{account.name} 的新密码是 {password}，只显示这一次；下次登录后要改。"


class AccountScreen(Screen):
    model, area, order = Account, "系统", "username"
    columns = ["username", "name", "branch.name", "active"]
    search = ["username", "name"]
    filters = ["active", "branch"]
    form_groups = {"账号": ["username", "name", "branch", "person", "active"]}
    steps = [Step("reset", "重置密码", reset_and_tell, "reset")]

    def next_steps(self, row: Any) -> list[dict[str, Any]]:
        phones = {"label": "登录卡和手机", "url": url_for("access.index", id=row.id), "method": "get", "primary": False}
        return [*super().next_steps(row), phones]


class CodeScreen(Screen):
    model, area, order = Code, "系统", "code_table"
    columns = ["code_table", "code", "text", "position"]
    search = ["code", "text"]
    filters = ["code_table"]
    form_groups = {"代码": ["code_table", "code", "text", "position"]}


class SettingScreen(Screen):
    model, area, order, can_add = Setting, "系统", "meaning", False
    columns = ["meaning", "value", "updated_at"]
    search = ["meaning"]
    form_groups = {"设置": ["value"]}


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
    filters = ["resource", "branch"]
    delete_note = "从回收站删除后不能再找回，其中附件的文件也一起删除。"
    empty_note = "回收站是空的。删除的记录先放在这里，可以放回原处。"
    steps = [Step("restore", "放回原处", trash.restore, "read", done="已放回原处。", primary=True)]

    def _delete(self, rows: list[Any]) -> Any:
        for row in rows:
            attachments.forget(db.session, row, current_app.config["SETTINGS"].files_dir)
        db.session.commit()
        flash(f"已彻底删除 {len(rows)} 条。", "success")
        return redirect(self.get_url(".index_view"))


SCREENS = [AccountScreen, CodeScreen, SettingScreen, HolidayScreen, TrashScreen]
