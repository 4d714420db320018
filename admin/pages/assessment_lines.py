"""What the form of an assessment shows and takes, item by item: what is saved, what was typed, what is wrong with it."""

from dataclasses import dataclass

from flask import abort
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from admin.pages.common import readable
from models import Answer, Assessment, AssessmentAnswer, ChecklistItem, db
from models.hundredths import parse_hundredths, trimmed
from services.checklists import assess
from services.checklists.answers import NOTHING, REVIEW, SELF, Given, answer_field, given_by, in_words

TWICE = "填了数量，又选了“不适用”，请只留一个。"
READ = "read"
"""The side of whoever may write neither answers."""


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

    @property
    def differs(self) -> bool:
        """Whether both answered, and not alike."""
        return self.saved is not None and assess.differs(self.saved)

    def saved_by(self, side: str) -> Given:
        """What is saved of one side."""
        return self.reviewed if side == REVIEW else self.own


def saved_lines(assessment: Assessment, side: str) -> list[Line]:
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


def typed_lines(assessment: Assessment, side: str, form: MultiDict[str, str]) -> list[Line]:
    """A line for each item, with what was chosen and typed into a form, and what is wrong with a number."""
    lines = saved_lines(assessment, side)
    for line in lines:
        line.typed = readable(form.get(number_field(line.item.id), "")).strip()
        line.reason = readable(form.get(assess.reason_field(line.item.id), ""))
        line.note = readable(form.get(note_field(line.item.id), ""))
        line.chosen = _chosen(line.item, form.get(answer_field(line.item.id), ""))
        if line.typed and line.chosen:
            line.error = TWICE
        elif line.typed:
            try:
                line.chosen = Given(number=parse_hundredths(line.typed))
            except ValueError as reason:
                line.error = str(reason)
    return lines


def differences(line: Line, side: str) -> list[dict[str, str]]:
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


def field_names(item_id: int) -> set[str]:
    """The names of the form fields of an item."""
    return {answer_field(item_id), number_field(item_id), note_field(item_id), assess.reason_field(item_id)}


def number_field(item_id: int) -> str:
    """The name of the form field that holds an item's number."""
    return f"number-{item_id}"


def note_field(item_id: int) -> str:
    """The name of the form field that holds the company's note on an item."""
    return f"note-{item_id}"


def given_by_choice(item: ChecklistItem, value: str) -> Given:
    """What a choice of the form stands for: one of the four words, or one of the item's grades; raises ValueError."""
    steps = {f"step-{step.id}": step.id for step in item.steps}
    if value in steps:
        return Given(step_id=steps[value])
    return Given(Answer(value)) if value else NOTHING


def _chosen(item: ChecklistItem, value: str) -> Given:
    try:
        return given_by_choice(item, value)
    except ValueError:
        abort(400)
