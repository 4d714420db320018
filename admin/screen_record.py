"""The pages of a screen's one record: details, steps, history, look-ups, deleting."""

from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_admin.actions import action

from admin import record_pages
from admin.history import entries_about, entries_shown
from admin.steps import offered_steps, take_step
from models import db
from policy import Refused
from services import trash


class RecordPages:
    """A part of Screen: the addresses of the pages in admin/record_pages.py and admin/steps.py, and deleting."""

    details_layout = record_pages.details_layout
    masked_fields = record_pages.masked_fields
    masked_columns = record_pages.masked_columns
    related = record_pages.related
    tabs = record_pages.tabs

    def next_steps(self, row: Any) -> list[dict[str, Any]]:
        """What can be done next with the row."""
        return offered_steps(self, row)

    @expose("/details/")
    def details_view(self) -> Any:
        row = self.get_one(self._asked_id())
        return self.render(self.details_template, model=row, return_url=self.get_url(".index_view"))

    @expose("/step/<step>/", methods=("GET", "POST"))
    def step_view(self, step: str) -> Any:
        chosen = next((one for one in self.steps if one.key == step), None) or abort(404)
        return take_step(self, chosen, self.get_one(self._asked_id()))

    @expose("/history/")
    def history_view(self) -> Any:
        row = self.get_one(self._asked_id())
        entries = entries_shown(entries_about(self.resource, row.id))
        return self.render("admin/model/history.html", model=row, entries=entries)

    @expose("/explain/")
    def explain_view(self) -> Any:
        return record_pages.explain_page(self, self.get_one(self._asked_id()))

    @expose("/unmask/", methods=("GET", "POST"))
    def unmask_view(self) -> Any:
        row = self.get_one(self._asked_id())
        return record_pages.unmask(self, row, request.args.get("field", ""))

    @expose("/find/", methods=("GET", "POST"))
    def find_view(self) -> Any:
        return record_pages.find_by_number(self)

    @expose("/delete/", methods=("GET", "POST"))
    def delete_view(self) -> Any:
        row = self.get_one(self._asked_id())
        self._require_deletion(row)
        if request.method == "GET":
            return record_pages.ask_before_delete(self, [row], self.get_url(".delete_view"), [("id", row.id)])
        return self._delete([row])

    @action("delete", "删除")
    def action_delete(self, ids: list[str]) -> Any:
        rows = self.get_many(ids)
        for row in rows:
            self._require_deletion(row)
        if request.form.get("confirmed") != "yes":
            hidden = [("action", "delete"), ("confirmed", "yes"), *(("rowid", row.id) for row in rows)]
            return record_pages.ask_before_delete(self, rows, self.url_for_action(), hidden)
        return self._delete(rows)

    def _delete(self, rows: list[Any]) -> Any:
        target, title = self.url_after_delete(rows), ""
        try:
            for row in rows:
                title = self.row_title(row)
                trash.move_to_trash(db.session, row)
            db.session.commit()
        except Refused as reason:
            db.session.rollback()
            flash(reason.message if len(rows) == 1 else f"都没有删除。{title}：{reason.message}", "error")
        else:
            flash(f"已删除 {len(rows)} 条，可以在回收站里找回。", "success")
        return redirect(target)

    def url_after_delete(self, rows: list[Any]) -> str:
        """Where to go once these rows are deleted."""
        return self.list_url()
