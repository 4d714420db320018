"""指导员: advisers, their appointments, postings, visits and work logs."""

from typing import Any

from flask import flash
from flask_admin.actions import action

from admin.screen import Screen
from admin.steps import Step
from models import Adviser, Appointment, Posting, Visit, WorkLog, db
from models.clock import today
from services.advisers import renew_appointments
from services.postings import end_posting, is_active
from services.reports.programme import figures_of

TERM_YEARS = 2


class AdviserScreen(Screen):
    model, area, order = Adviser, "指导员", "name"
    columns = ["name", "branch.name", "former_post", "trained_on", "status", "updated_at"]
    search = ["name", "person.name", "former_post"]
    filters = ["status", "branch", "trained_on"]
    form_groups = {
        "指导员": ["person", "work_phone", "former_post", "status"],
        "培训": ["trained_on", "training", "note"],
    }
    figures = figures_of("adviser")

    @action("renew", "续聘两年", "所选指导员的聘期将延长两年，确定吗？")
    def action_renew(self, ids: list[str]) -> Any:
        rows = self.get_many(ids)
        for row in rows:
            self.require("renew", row)
        until = today().replace(year=today().year + TERM_YEARS, day=min(today().day, 28))
        renew_appointments(db.session, rows, until)
        db.session.commit()
        flash(f"已续聘 {len(rows)} 人，聘期到 {until}。", "success")


class AppointmentScreen(Screen):
    model, area, order = Appointment, "指导员", "-starts_on"
    columns = ["starts_on", "ends_on", "adviser.name", "document"]
    search = ["adviser.name", "document"]
    filters = ["adviser", "ends_on"]
    form_groups = {"聘任": ["adviser", "starts_on", "ends_on", "document"]}


class PostingScreen(Screen):
    model, area, order = Posting, "指导员", "-started_on"
    columns = ["company_name", "adviser_name", "adviser_phone", "started_on", "ended_on", "end_reason"]
    search = ["company_name", "adviser_name", "company.short_name", "adviser.person.name"]
    filters = ["company", "started_on", "ended_on", "end_reason"]
    form_groups = {"派驻": ["company", "adviser", "started_on", "handover"]}
    figures = figures_of("posting")
    steps = [
        Step("end", "结束派驻", end_posting, "end", ("ended_on", "end_reason", "handover"), ("ended_on", "end_reason"),
             when=is_active, done="派驻已经结束，走访记录已存入派出支部的工作日志。"),
    ]  # fmt: skip


class VisitScreen(Screen):
    model, area, order = Visit, "指导员", "-visited_on"
    columns = ["visited_on", "posting.company_name", "posting.adviser_name", "purpose", "findings"]
    search = ["posting.company_name", "posting.adviser_name", "findings", "posting.company.short_name"]
    filters = ["visited_on", "purpose", "posting"]
    form_groups = {"走访": ["posting", "visited_on", "purpose", "findings", "late_reason"]}


class WorkLogScreen(Screen):
    model, area, order = WorkLog, "指导员", "-ended_on"
    columns = ["company_name", "adviser.name", "started_on", "ended_on"]
    search = ["company_name", "adviser.name"]
    filters = ["adviser", "ended_on"]


SCREENS = [AdviserScreen, AppointmentScreen, PostingScreen, VisitScreen, WorkLogScreen]
