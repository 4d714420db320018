"""重复的人: records in different branches that may be one person; for whoever may merge them."""

from typing import Any

from flask import flash, redirect, request
from flask_admin import BaseView, expose
from sqlalchemy import select

from admin import cells
from admin.pages.common import one_row, save
from models import Person, db
from policy import Refused, the_actor
from services import people

COLUMNS = ("branch.name", "sex", "born_on", "id_number", "phone", "stage")


class DoublesPage(BaseView):
    """The groups of possible doubles, each record with a button that keeps it."""

    def __init__(self) -> None:
        super().__init__(name="重复的人", category="党员队伍", endpoint="doubles", url="/doubles")

    def is_accessible(self) -> bool:
        return the_actor().may("person:merge")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("city-office", "重复的人")]

    @expose("/")
    def index(self) -> Any:
        return self.render(
            "admin/pages/doubles.html",
            groups=people.possible_doubles(db.session()),
            columns=[(name, cells.label_of(Person, name)) for name in COLUMNS],
            shown=cells.shown,
        )

    @expose("/merge/", methods=("POST",))
    def merge_view(self) -> Any:
        """Keep one record and put the other into the trash."""
        kept, double = (one_row(select(Person), Person, request.form.get(name, "")) for name in ("kept", "double"))
        try:
            people.merge_people(db.session(), kept, double)
        except Refused as refused:
            db.session.rollback()
            flash(refused.message, "error")
        else:
            save()
            flash("已合并；另一条记录在回收站里。", "success")
        return redirect(self.get_url(".index"))
