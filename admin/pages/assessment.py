"""The form of one assessment: a checklist, with the company's answers or the reviewer's."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import BaseView, expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import MultiDict

from admin import drafts
from admin.pages.answering import stored_fields
from admin.pages.common import one_row, readable, save
from admin.pages.evidence import shown_evidence
from models import (
    Answer,
    Assessment,
    AssessmentAnswer,
    AssessmentStatus,
    ChecklistItem,
    ChecklistVersion,
    Draft,
    Scoring,
    db,
)
from models.hundredths import parse_hundredths, trimmed
from policy import NotAllowed, Refused, the_actor
from services.checklists import assess
from services.checklists.answers import (
    NOTHING,
    REVIEW,
    SELF,
    Given,
    answer_field,
    given_by,
    in_words,
    points_of,
    state_of,
    takes_number,
    words_for,
)
from services.drafts import Place, discard_draft, find_draft, typed_fields

READ = "read"


@dataclass
class Line:
    """One item on the form: what is saved, or what was typed, and what is wrong with it."""

    item: ChecklistItem
    saved: AssessmentAnswer | None
    chosen: Given
    reason: str
    note: str
    typed: str = ""
    """A number as it was typed."""
    error: str | None = None

    @property
    def own(self) -> Given:
        """What the company gave."""
        return given_by(SELF, self.saved) if self.saved else NOTHING

    @property
    def reviewed(self) -> Given:
        """What the reviewer gave."""
        return given_by(REVIEW, self.saved) if self.saved else NOTHING

    def saved_by(self, side: str) -> Given:
        """What is saved of one side."""
        return self.reviewed if side == REVIEW else self.own


class AssessmentPage(BaseView):
    """/assess/?id=…: filled in by the company, then by the reviewer; read by whoever sees the assessment."""

    def __init__(self) -> None:
        super().__init__(name="考核检查表", category="标准化", endpoint="assess", url="/assess")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return the_actor().may("assessment:read")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("areas", "标准化")]

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        assessment = _asked()
        side = _side(assessment)
        if request.method == "GET":
            return self._open(assessment, side)
        _require_writing(side)
        if request.form.get("version_seen") != str(assessment.version):
            return self._changed(assessment, side), 409
        return self._save(assessment, side)

    @expose("/draft/", methods=("POST",))
    def draft_view(self) -> Any:
        """Keep what is chosen and typed so far."""
        assessment = _asked()
        side = _side(assessment)
        _require_writing(side)
        names = {"version_seen"}
        for item in assess.items_of(db.session, assessment.checklist_version_id):
            names |= {answer_field(item.id), number_field(item.id), note_field(item.id), assess.reason_field(item.id)}
        return drafts.keep_posted(_place(assessment, side), names.__contains__)

    @expose("/draft/discard/", methods=("POST",))
    def discard_draft_view(self) -> Any:
        """Forget what was chosen and typed and not saved."""
        assessment = _asked()
        discard_draft(db.session, _place(assessment, _side(assessment)))
        save()
        return redirect(self.get_url(".index", id=assessment.id))

    def _open(self, assessment: Assessment, side: str) -> str:
        """The form as it is saved, or filled in with the draft; while there is one, the question what to do with it."""
        draft = find_draft(db.session, _place(assessment, side)) if side != READ else None
        if draft is None:
            return self._page(assessment, side, _lines(assessment, side))
        typed = MultiDict(typed_fields(draft))
        lines = _typed(assessment, side, typed)
        if drafts.GO_ON in request.args:
            return self._page(assessment, side, lines, draft=draft, version_seen=typed.get("version_seen"))
        return self.render(
            "admin/pages/assess_draft.html",
            assessment=assessment,
            draft=draft,
            rows=[row for line in lines for row in _differences(line, side)],
            changed_since=typed.get("version_seen") != str(assessment.version),
            go_on_url=drafts.go_on_url(),
            discard_url=self.get_url(".discard_draft_view", id=assessment.id),
        )

    def _changed(self, assessment: Assessment, side: str) -> str:
        """What was typed, with a word at each item that is saved otherwise, to be looked through and saved again."""
        lines = _typed(assessment, side, request.form)
        for line in lines:
            for row in _differences(line, side):
                line.error = f"现在保存的是：{row['theirs']}。"
        message = "您填写期间，有人保存过这份检查表，还没有保存您的内容。请核对标出的各项，再保存。"
        return self._page(assessment, side, lines, message)

    def _save(self, assessment: Assessment, side: str) -> Any:
        """Save what was chosen, and hand it in when asked; refused, everything typed stays."""
        lines = _typed(assessment, side, request.form)
        finish = request.form.get("do") == "finish"
        if any(line.error for line in lines):
            return self._page(assessment, side, lines, "还没有保存。请改好标出的各项，再保存。"), 422
        try:
            assess.open_assessment(db.session, assessment)
            assess.answer(
                db.session,
                assessment,
                {line.item.id: line.chosen for line in lines},
                {line.item.id: line.reason for line in lines},
                {line.item.id: line.note for line in lines},
                reviewed=side == REVIEW,
            )
            if finish:
                self._finish(assessment, side)
        except Refused as refused:
            return self._refused(assessment, side, lines, refused, finish), 422
        discard_draft(db.session, _place(assessment, side))
        save()
        flash(("考评已完成。" if side == REVIEW else "自评已提交。") if finish else "已保存。", "success")
        return redirect(self.get_url(".index", id=assessment.id))

    def _finish(self, assessment: Assessment, side: str) -> None:
        if side == SELF:
            assess.submit(db.session, assessment)
            return
        raised = assess.review(db.session, assessment)
        if raised:
            flash(f"有 {len(raised)} 项未达到，已列入整改。", "success")

    def _refused(self, assessment: Assessment, side: str, lines: list[Line], refused: Refused, finish: bool) -> str:
        missing = {row.item_id for row in assess.without_reason(assessment)} if side == REVIEW and finish else set()
        key = assessment.id
        db.session.rollback()
        assessment = _asked(str(key))
        saved = {line.item.id: line.saved for line in _lines(assessment, side)}
        for line in lines:
            name = assess.reason_field(line.item.id)
            line.saved = saved.get(line.item.id)
            if line.item.id in missing:
                line.error = "与自评不一致，请写明原因。"
            elif refused.field in (name, answer_field(line.item.id), note_field(line.item.id)):
                line.error = refused.message
            elif side == SELF and finish and not line.chosen and line.item.scoring is not Scoring.BONUS:
                line.error = "这一项还没有填写。"
        return self._page(assessment, side, lines, refused.message)

    def _page(
        self, assessment: Assessment, side: str, lines: list[Line], error: str | None = None, draft: Draft | None = None,
        version_seen: str | None = None,
    ) -> str:  # fmt: skip
        groups = [(group.name, list(part)) for group, part in groupby(lines, key=lambda line: line.item.group)]
        return self.render(
            "admin/pages/assess.html",
            assessment=assessment,
            side=side,
            groups=groups,
            words_for=words_for,
            takes_number=takes_number,
            in_words=in_words,
            points_of=points_of,
            state_of=state_of,
            trimmed=trimmed,
            error=error,
            draft=draft,
            version_seen=version_seen or assessment.version,
            differs=assess.differs,
            evidence=shown_evidence(assessment),
            stored_fields=stored_fields,
            not_handed_in=side == REVIEW and assessment.status is AssessmentStatus.DRAFT,
        )


def _asked(key: str | None = None) -> Assessment:
    """The assessment that the address names, with what the page shows of it."""
    version = joinedload(Assessment.checklist_version).joinedload(ChecklistVersion.template)
    statement = select(Assessment).options(joinedload(Assessment.company), version)
    return one_row(statement, Assessment, request.values.get("id", "") if key is None else key)


def _side(assessment: Assessment) -> str:
    """Which answers the actor may write now."""
    permits = the_actor().permits
    if assessment.status is AssessmentStatus.REVIEWED:
        return READ
    if permits("assessment:review", assessment.branch_id):
        return REVIEW
    if permits("assessment:self_assess", assessment.branch_id) and assessment.status is AssessmentStatus.DRAFT:
        return SELF
    return READ


def _lines(assessment: Assessment, side: str) -> list[Line]:
    """A line for each item of the version, with what is saved."""
    rows = db.session.scalars(select(AssessmentAnswer).where(AssessmentAnswer.assessment_id == assessment.id))
    saved = {row.item_id: row for row in rows}
    lines = []
    for item in assess.items_of(db.session, assessment.checklist_version_id):
        row = saved.get(item.id)
        chosen = given_by(side, row) if row and side != READ else NOTHING
        typed = "" if chosen.number is None else trimmed(chosen.number)
        lines.append(Line(item, row, chosen, (row.reason or "") if row else "", (row.note or "") if row else "", typed))
    return lines


def _place(assessment: Assessment, side: str) -> Place:
    """Where the draft of one side's answers is kept."""
    return Place("assessment", f"answers/{side}", assessment.id)


def _require_writing(side: str) -> None:
    if side == READ:
        raise NotAllowed("您不能填写这份检查表，或它已经办结。")


def number_field(item_id: int) -> str:
    """The name of the form field that holds an item's number."""
    return f"number-{item_id}"


def note_field(item_id: int) -> str:
    """The name of the form field that holds the company's note on an item."""
    return f"note-{item_id}"


def _differences(line: Line, side: str) -> list[dict[str, str]]:
    """What was chosen or written for an item otherwise than it is saved."""
    saved, rows = line.saved_by(side), []
    if line.chosen != saved:
        words = [in_words(line.item, given) or "未填写" for given in (saved, line.chosen)]
        rows.append({"label": line.item.text, "theirs": words[0], "mine": words[1]})
    word, mine = ("原因", line.reason) if side == REVIEW else ("说明", line.note)
    theirs = (line.saved.reason if side == REVIEW else line.saved.note) if line.saved else None
    if mine != (theirs or ""):
        rows.append({"label": f"{line.item.text}：{word}", "theirs": theirs or "—", "mine": mine or "—"})
    return rows


def _typed(assessment: Assessment, side: str, form: MultiDict[str, str]) -> list[Line]:
    """A line for each item, with what was chosen and typed into a form, and what is wrong with a number."""
    lines = _lines(assessment, side)
    for line in lines:
        line.typed = readable(form.get(number_field(line.item.id), "")).strip()
        line.reason = readable(form.get(assess.reason_field(line.item.id), ""))
        line.note = readable(form.get(note_field(line.item.id), ""))
        line.chosen = _chosen(line.item, form.get(answer_field(line.item.id), ""))
        if line.typed and line.chosen:
            line.error = "填了数量，又选了“不适用”，请只留一个。"
        elif line.typed:
            try:
                line.chosen = Given(number=parse_hundredths(line.typed))
            except ValueError as reason:
                line.error = str(reason)
    return lines


def _chosen(item: ChecklistItem, value: str) -> Given:
    """What a choice of the form stands for: one of the four words, or one of the item's grades."""
    if not value:
        return NOTHING
    steps = {f"step-{step.id}": step.id for step in item.steps}
    if value in steps:
        return Given(step_id=steps[value])
    if value not in list(Answer):
        abort(400)
    return Given(Answer(value))
