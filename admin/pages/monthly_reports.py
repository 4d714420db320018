"""月报办理: a month's reports, what to do with each, and whom to remind."""

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import BaseView, expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from admin.addresses import public_url
from admin.pages.common import one_row, readable, save
from models import MonthlyReport, ReportStatus, db
from policy import Refused, the_actor
from services import monthly_reports
from services.reports.programme import this_month

LISTED = 500
ORDER = [ReportStatus.SUBMITTED, ReportStatus.RETURNED, ReportStatus.DRAFT, ReportStatus.ACCEPTED]


class ReportDesk(BaseView):
    """The desk where reports are handed in, returned and accepted."""

    def __init__(self) -> None:
        super().__init__(name="月报办理", category="本月", endpoint="report_desk", url="/report-desk")

    def is_accessible(self) -> bool:
        return the_actor().may("monthly_report:read")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("branch", "接收月报")]

    @expose("/")
    def index(self) -> Any:
        return self._page(request.args.get("month") or this_month())

    @expose("/submit/", methods=("POST",))
    def submit_view(self) -> Any:
        return self._do(monthly_reports.submit, "月报已提交。")

    @expose("/return/", methods=("POST",))
    def return_view(self) -> Any:
        """Give a report back. What was typed stays on the page when it is refused."""
        report = self._report()
        reason = readable(request.form.get("reason", ""))
        try:
            monthly_reports.return_report(db.session, report, reason)
        except Refused as refused:
            month, key = report.month, report.id
            db.session.rollback()
            return self._page(month, {"id": key, "reason": reason, "message": refused.message}), 422
        save()
        flash("已退回，企业能看到退回的原因。", "success")
        return self._back(report)

    @expose("/accept/", methods=("POST",))
    def accept_view(self) -> Any:
        return self._do(monthly_reports.accept, "已接收。")

    def _do(self, step: Callable[..., None], done: str) -> Any:
        report = self._report()
        try:
            step(db.session, report)
        except Refused as refused:
            db.session.rollback()
            flash(refused.message, "error")
        else:
            save()
            flash(done, "success")
        return self._back(report)

    def _report(self) -> MonthlyReport:
        return one_row(select(MonthlyReport), MonthlyReport, request.form.get("id", ""))

    def _back(self, report: MonthlyReport) -> Any:
        if request.form.get("from") == "home":
            return redirect("/")
        return redirect(self.get_url(".index", month=report.month))

    def _page(self, month: str, refused: dict[str, Any] | None = None) -> str:
        if not monthly_reports.is_month(month):
            abort(404)
        missing = monthly_reports.missing_companies(db.session, month) if the_actor().may("company:read") else []
        return self.render(
            "admin/pages/report_desk.html",
            month=month,
            month_title=monthly_reports.month_in_words(month),
            earlier=_shift(month, -1),
            later=_shift(month, 1) if month < this_month() else None,
            groups=_groups(month),
            missing=missing,
            reminder=monthly_reports.reminder_text(missing, month, public_url()),
            permits=the_actor().permits,
            refused=refused or {},
        )


def _groups(month: str) -> list[tuple[ReportStatus, list[MonthlyReport]]]:
    """The month's reports by status, what waits for the office first."""
    reports = db.session.scalars(
        select(MonthlyReport)
        .where(MonthlyReport.month == month)
        .options(joinedload(MonthlyReport.company))
        .order_by(MonthlyReport.id)
        .limit(LISTED)
    ).all()
    groups = [(status, [report for report in reports if report.status is status]) for status in ORDER]
    return [(status, rows) for status, rows in groups if rows]


def _shift(month: str, by: int) -> str | None:
    """The month before or after; None where reports don't reach."""
    year, number = (int(part) for part in month.split("-"))
    year, zero_based = divmod(year * 12 + number - 1 + by, 12)
    shifted = f"{year:04d}-{zero_based + 1:02d}"
    return shifted if monthly_reports.is_month(shifted) else None
