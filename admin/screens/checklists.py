"""标准化: checklists with their versions, groups and items; assessments, rectifications and their files."""

from collections.abc import Callable
from typing import Any

from flask import url_for
from sqlalchemy import inspect

from admin.assessed import OfCompanyOrBranch
from admin.pages.attachments import url_of
from admin.pages.checklists import checklist_links
from admin.pages.matrix import history_links, overview_links
from admin.pages.prints import print_notices
from admin.pages.rounds import may_begin_rounds, round_links
from admin.screen import Screen
from admin.steps import Step
from models import (
    AnswerEvidence,
    Assessment,
    AssessmentAnswer,
    AssessmentMove,
    AssessmentRound,
    Attachment,
    ChecklistGroup,
    ChecklistItem,
    ChecklistTemplate,
    ChecklistVersion,
    PrintSeal,
    Rectification,
)
from policy import the_actor
from services import attachments, rectifications
from services.attachments import owner_of, size_in_words
from services.checklists import evidence, rounds, signing, versions
from services.reports.programme import figures_of


def _version_titles(screen: Any, shown: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Versions by the titles that they have among choices; a list has few of them, and each is named once."""
    titles: dict[int, Any] = {}

    def cell(row: Any) -> Any:
        key = row.checklist_version_id
        if key not in titles:
            version = row.checklist_version
            titles[key] = screen.choice_title(version) if version else shown(row)
        return titles[key]

    return cell


def _with_days_overdue(shown: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A day with the number of days that have gone since."""

    def cell(row: Any) -> Any:
        late = rectifications.days_overdue(row)
        return f"{shown(row)}（逾期 {late} 天）" if late else shown(row)

    return cell


class AssessmentScreen(OfCompanyOrBranch, Screen):
    model, area, order = Assessment, "标准化", "-assessed_on"
    columns = ["assessed_on", "company.short_name", "checklist_version.name", "round_name", "status", "self_score",
               "review_score", "result"]  # fmt: skip
    reads = ["branch.name", "checklist_version.template.name", "reviewer_name"]
    search = ["company.short_name", "round_name", "note"]
    filters = ["status", "result", "company", "branch", "checklist_version", "round_name", "reviewer_name", "assessed_on",
               "due_on"]  # fmt: skip
    form_groups = {"考核": ["company", "checklist_version", "assessed_on", "note"]}
    offered = {"checklist_version": versions.only_published}
    details_template = "admin/pages/assessment_details.html"
    figures = figures_of("assessment")
    locked, notices = staticmethod(signing.why_locked), staticmethod(print_notices)
    steps = [Step("sign", "签字确认", signing.sign_off, "sign", when=signing.can_be_signed, done="已签字确认。")]

    def cell_under(self, name: str) -> Any:
        shown = super().cell_under(name)
        return _version_titles(self.screen_of(ChecklistVersion), shown) if name == "checklist_version.name" else shown

    def next_steps(self, row: Any) -> list[dict[str, Any]]:
        return [
            {"label": "填写或查看检查表", "url": f"/assess/?id={row.id}", "method": "get", "primary": True},
            *super().next_steps(row),
            *history_links(row.company_id, row.branch_id),
        ]


class AssessmentRoundScreen(Screen):
    model, area, order = AssessmentRound, "标准化", "-due_on"
    columns = ["name", "checklist_version.template.name", "checklist_version.name", "due_on", "status", "branch.name"]
    search = ["name"]
    filters = ["status", "checklist_version", "due_on"]
    form_groups = {"考核批次": ["branch", "name", "due_on", "note"]}
    locked, can_add, notices = staticmethod(rounds.why_locked), False, staticmethod(print_notices)
    new_words = "开始一个批次"

    @property
    def new_url(self) -> str | None:
        return url_for("round.new_view") if may_begin_rounds() else None

    def next_steps(self, row: Any) -> list[dict[str, Any]]:
        progress = {"label": "看进度", "url": url_for("round.index", id=row.id), "method": "get", "primary": True}
        return [progress, *overview_links(row), *round_links(row), *super().next_steps(row)]

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        if inspect(model).attrs.due_on.history.has_changes():
            rounds.check_due(model.due_on)

    def details_layout(self, row: Any) -> list[tuple[str, list[tuple[str, Any]]]]:
        (first, values), *others = super().details_layout(row)
        version = self.screen_of(ChecklistVersion).choice_title(row.checklist_version)
        return [(first, [("清单版本", version), *values]), *others]


class AssessmentMoveScreen(Screen):
    model, area, order = AssessmentMove, "标准化", "-id"
    inner = True
    columns = ["kind", "assessment.assessed_on", "reason", "made_by", "score", "created_at"]
    search = ["reason", "made_by"]
    filters = ["kind"]


class AnswerEvidenceScreen(Screen):
    model, area, order = AnswerEvidence, "标准化", "-id"
    inner = True
    columns = ["answer.item.text", "attachment.file_name", "created_at"]


class PrintSealScreen(Screen):
    model, area, order = PrintSeal, "标准化", "-id"
    columns = ["sealed_by", "assessment.assessed_on", "rectification.what", "assessment_round.name", "created_at"]
    search = ["sealed_by"]
    related_template, related_first = "admin/pages/_seals.html", True


class AssessmentAnswerScreen(Screen):
    model, area, order = AssessmentAnswer, "标准化", "id"
    inner = True
    columns = ["item.text", "assessment.assessed_on", "self_answer", "review_answer", "reason"]
    search = ["item.text", "reason"]
    filters = ["self_answer", "review_answer", "assessment"]


class RectificationScreen(OfCompanyOrBranch, Screen):
    model, area, order = Rectification, "标准化", "due_on"
    columns = ["what", "company.short_name", "responsible", "due_on", "status", "closed_on"]
    reads = ["branch.name"]
    search = ["what", "responsible", "company.short_name"]
    filters = ["status", "company", "branch", "due_on"]
    details_template = "admin/pages/rectification_details.html"
    form_groups = {"整改": ["company", "assessment", "item", "what", "responsible", "due_on", "evidence"]}
    figures = figures_of("rectification")
    locked, notices = staticmethod(rectifications.why_locked), staticmethod(print_notices)
    days_overdue = staticmethod(rectifications.days_overdue)
    steps = [
        Step("done", "报整改完成", rectifications.mark_done, asks=("evidence", "done_on"), needs=("evidence",),
             when=rectifications.is_open, primary=True),
        Step("close", "复查销号", rectifications.close, "close", ("closed_on",), when=rectifications.is_done, primary=True),
        Step("reopen", "退回整改", rectifications.reopen, "close", ("return_reason",), ("return_reason",),
             when=rectifications.is_done),
    ]  # fmt: skip

    def cell_under(self, name: str) -> Any:
        shown = super().cell_under(name)
        return _with_days_overdue(shown) if name == "due_on" else shown

    def next_steps(self, row: Any) -> list[dict[str, Any]]:
        files = {"label": "加照片或文件", "url": "#attachments", "method": "get", "primary": False}
        adds = the_actor().permits("attachment:create", row.branch_id) and attachments.why_no_more(row) is None
        return [*super().next_steps(row), *([files] if adds else [])]


class AttachmentScreen(Screen):
    model, area, order = Attachment, "标准化", "-id"
    columns = ["file_name", "rectification.what", "regulation.name", "size", "created_at"]
    search = ["file_name", "rectification.what", "regulation.name"]
    filters = ["rectification", "regulation"]
    related_template, related_rows = "admin/pages/attachments_card.html", 30
    locked = staticmethod(evidence.why_locked)

    def cell_under(self, name: str) -> Any:
        return (lambda row: size_in_words(row.size)) if name == "size" else super().cell_under(name)

    def next_steps(self, row: Any) -> list[dict[str, Any]]:
        return [
            {"label": "打开文件", "url": self.get_url("file.index", id=row.id), "method": "get", "primary": True},
            {"label": "看所属记录", "url": url_of(*owner_of(row)), "method": "get", "primary": False},
        ]

    def url_after_delete(self, rows: list[Any]) -> str:
        return url_of(*owner_of(rows[0])) if len(rows) == 1 else super().url_after_delete(rows)


class ChecklistTemplateScreen(Screen):
    model, area = ChecklistTemplate, "标准化"
    columns = ["name", "note"]
    search = ["name"]
    form_groups = {"清单": ["name", "note"]}


class ChecklistVersionScreen(Screen):
    model, area, named_with = ChecklistVersion, "标准化", "template"
    columns = ["name", "template.name", "status", "passed_percent", "nearly_percent"]
    search = ["name", "template.name"]
    filters = ["status", "template"]
    form_groups = {"清单版本": ["template", "name", "passed_percent", "nearly_percent", "bonus_percent"]}
    locked = staticmethod(versions.why_locked)
    steps = [
        Step("publish", "发布", versions.publish, when=versions.is_draft, done="已发布，从现在起不能再改。"),
        Step("retire", "停用", versions.retire, when=versions.is_published, done="已停用，不再用于新的考核。"),
    ]

    def next_steps(self, row: Any) -> list[dict[str, Any]]:
        return checklist_links(row, self.may("update", row), self.may("create")) + super().next_steps(row)


class ChecklistGroupScreen(Screen):
    model, area, order = ChecklistGroup, "标准化", "position"
    columns = [
        "name",
        "checklist_version.template.name",
        "checklist_version.name",
        "checklist_version.status",
        "position",
    ]
    search = ["name"]
    filters = ["checklist_version"]
    form_groups = {"分组": ["checklist_version", "name", "position"]}
    locked = staticmethod(lambda group: versions.why_locked(group.checklist_version))


class ChecklistItemScreen(Screen):
    model, area, order = ChecklistItem, "标准化", "position"
    columns = ["text", "code", "group.name", "group.checklist_version.status", "points", "scoring"]
    search = ["text", "code"]
    filters = ["group", "scoring"]
    locked = staticmethod(lambda item: versions.why_locked(item.group.checklist_version))
    form_groups = {
        "检查项": ["group", "code", "text", "how_checked", "evidence", "position"],
        "计分": ["points", "scoring", "off_each", "off_at_most", "counts", "can_be_left_out"],
    }


SCREENS = [
    AssessmentRoundScreen, AssessmentScreen, RectificationScreen, AttachmentScreen, AssessmentAnswerScreen,
    AssessmentMoveScreen, AnswerEvidenceScreen, PrintSealScreen, ChecklistTemplateScreen, ChecklistVersionScreen,
    ChecklistGroupScreen, ChecklistItemScreen,
]  # fmt: skip
