"""列入整改: what a reviewed assessment found not met is had mended, all at once, at one tap."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import BaseView, expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from admin.pages.common import one_row, readable, save
from models import Assessment, AssessmentStatus, db
from models.column_types import PartialDate
from policy import Changed, Refused, the_actor
from services.checklists import assess

REVIEWED = (AssessmentStatus.REVIEWED, AssessmentStatus.SIGNED)


class MendingPage(BaseView):
    """/assess/mend/?id=…: what failed; posted, from here or from the page of an assessment, it is had mended."""

    def __init__(self) -> None:
        super().__init__(name="列入整改", category="标准化", endpoint="mending", url="/assess/mend")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return the_actor().may("rectification:create")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("checklists", "整改")]

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """What isn't being mended yet; posted, it is mended by one person until one day."""
        statement = select(Assessment).options(joinedload(Assessment.company))
        assessment = one_row(statement, Assessment, request.values.get("id", ""))
        if request.method == "GET":
            return self.render("admin/pages/mending.html", model=assessment, mending=mending_offer(assessment))
        if request.form.get("version_seen") != str(assessment.version):
            raise Changed
        typed = {name: readable(request.form.get(name, "")) for name in ("responsible", "due_on")}
        key = assessment.id
        try:
            if assessment.status not in REVIEWED:
                raise Refused("完成考评以后，才能列入整改。")
            raised = assess.raise_rectifications(db.session(), assessment, typed["responsible"], _day(typed["due_on"]))
        except Refused as refused:
            db.session.rollback()
            return self._refused(one_row(statement, Assessment, str(key)), typed, refused), 422
        save()
        flash(f"已列入整改 {len(raised)} 项。" if raised else "未达到的都已经列入整改了。", "success")
        return redirect(url_for("assessment.details_view", id=key))

    def _refused(self, assessment: Assessment, typed: dict[str, str], refused: Refused) -> str:
        mending = mending_offer(assessment)
        if mending is not None:
            mending |= typed | {"error": refused}
        return self.render("admin/pages/mending.html", model=assessment, mending=mending, refused=refused)


def mending_offer(assessment: Assessment) -> dict[str, Any] | None:
    """What a page of an assessment offers to have mended, with who and until when; None where there is nothing."""
    if assessment.status not in REVIEWED or not the_actor().permits("rectification:create", assessment.branch_id):
        return None
    items = assess.to_be_mended(db.session(), assessment)
    if not items:
        return None
    return {
        "assessment": assessment,
        "items": items,
        "responsible": assess.mended_by(assessment),
        "due_on": assess.mended_until(db.session()).isoformat(),
        "error": None,
    }


def _day(text: str) -> Any:
    """The day as people write it; raises Refused."""
    try:
        written = PartialDate.parse(text) if text else None
    except ValueError:
        written = None
    if written is None or written.precision != "day":
        raise Refused("日期不对。请写成 2026-11-24 这样的年月日。", "due_on")
    return written.first_day
