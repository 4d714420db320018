"""非公企业: companies, the problems solved for them, their monthly reports."""

from typing import Any

from admin.pages.matrix import history_links
from admin.screen import Screen
from admin.steps import Step
from models import Company, Coverage, MassOrganisation, MonthlyReport, Problem
from services import monthly_reports
from services.reports.programme import figures_of


class CompanyScreen(Screen):
    model, area, order = Company, "非公企业", "short_name"
    columns = ["short_name", "branch.name", "active_posting.adviser_name", "industry", "status", "employees"]
    search = ["short_name", "registered_name", "credit_code"]
    filters = ["industry", "status", "branch", "employees"]
    form_groups = {
        "企业": ["short_name", "registered_name", "credit_code", "industry", "status", "employees", "address"],
        "联系人": ["contact_name", "contact_phone"],
        "党建": ["branch", "organised_on", "note"],
    }
    figures = figures_of("company")

    def next_steps(self, row: Any) -> list[dict[str, Any]]:
        return super().next_steps(row) + history_links(row.id, row.branch_id)


class ProblemScreen(Screen):
    model, area, order = Problem, "非公企业", "-found_on"
    columns = ["subject", "company.short_name", "found_on", "status", "closed_on"]
    search = ["subject", "action", "company.short_name"]
    filters = ["status", "company", "found_on"]
    form_groups = {"难题": ["company", "found_on", "subject"], "办理": ["action", "status", "closed_on"]}
    figures = figures_of("problem")


class MonthlyReportScreen(Screen):
    model, area, order = MonthlyReport, "非公企业", "-month"
    columns = ["month", "company.short_name", "status", "return_reason", "updated_at"]
    search = ["month", "company.short_name", "content"]
    filters = ["status", "company", "month"]
    form_groups = {"月报": ["company", "month", "content"]}
    figures = figures_of("monthly_report")
    locked = staticmethod(monthly_reports.why_locked)
    steps = [
        Step("submit", "提交", monthly_reports.submit, "submit", when=monthly_reports.is_open, primary=True),
        Step("return", "退回", monthly_reports.return_report, "accept", ("return_reason",), ("return_reason",),
             when=monthly_reports.is_handed_in),
        Step("accept", "接收", monthly_reports.accept, "accept", when=monthly_reports.is_handed_in, primary=True),
    ]  # fmt: skip


class CoverageScreen(Screen):
    model, area, order = Coverage, "非公企业", "-covered_on"
    columns = ["kind", "company.short_name", "way", "covered_on", "branch.name"]
    search = ["company.short_name", "note"]
    filters = ["kind", "way", "company", "branch"]
    form_groups = {"两个覆盖": ["company", "kind", "way", "covered_on", "note"]}


class MassOrganisationScreen(Screen):
    model, area, order = MassOrganisation, "非公企业", "-founded_on"
    columns = ["kind", "company.short_name", "founded_on", "leader", "members"]
    search = ["company.short_name", "leader"]
    filters = ["kind", "company", "founded_on"]
    form_groups = {"工青妇组织": ["company", "kind", "founded_on", "leader", "members"]}
    figures = figures_of("mass_organisation")


SCREENS: list[Any] = [
    CompanyScreen, ProblemScreen, MonthlyReportScreen, CoverageScreen, MassOrganisationScreen,
]  # fmt: skip
