"""Saving one answer of an assessment at a time: what the queue of a phone posts to /assess/answer/."""

from typing import Any

from flask import jsonify, redirect, request, url_for
from flask_admin import BaseView, expose
from sqlalchemy import select

from admin.pages.assessment_lines import TWICE, given_by_choice
from admin.pages.common import one_row, readable, save
from models import Assessment, AssessmentAnswer, ChecklistItem, db
from models.hundredths import parse_hundredths, trimmed
from policy import NotAllowed, Refused, the_actor
from services.checklists import assess
from services.checklists.answers import REVIEW, SELF, Given, given_by, in_words, state_of
from services.checklists.autosave import AnswerChanged, Said, answer_one, said_by

PERCENT = 100


class AnsweringPage(BaseView):
    """What can't be saved is answered by 422 with the reason, what somebody else changed by 409 with both answers."""

    def __init__(self) -> None:
        super().__init__(name="逐项保存", category="标准化", endpoint="answering", url="/assess/answer")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return the_actor().may("assessment:read")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("checklists", "在手机上填")]

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Save one answer; of two who write at once each waits for the other, and neither loses anything."""
        if request.method == "GET":
            found = one_row(select(Assessment), Assessment, request.args.get("id", ""))
            return redirect(url_for("assess.index", id=found.id))
        require_own_account()
        # The scores are of all answers: whoever saves one holds the assessment until that is done.
        locked = select(Assessment).with_for_update(of=Assessment)
        assessment = one_row(locked, Assessment, request.values.get("id", ""))
        before = assessment.version
        items = {item.id: item for item in assess.items_of(db.session, assessment.checklist_version_id)}
        try:
            item, side = asked_item(items), _asked_side()
            said, seen = posted_said(item), posted_said(item, "seen-")
            behalf = readable(request.form.get("on_behalf_of", "")) or None
            row = answer_one(db.session, assessment, item.id, side, said, seen, behalf)
            save()
        except Refused as refused:
            db.session.rollback()
            return jsonify(message=refused.message), 422
        except AnswerChanged as changed:
            told = {"message": "这一项刚才有人改过。", "stored": _as_fields(item, side, changed.row)}
            db.session.rollback()
            return jsonify(told), 409
        return jsonify(_outcome(assessment, before, items, side, row))


def require_own_account() -> None:
    """Raise NotAllowed where what is sent was written by somebody else than whoever is signed in now."""
    written_by = request.form.get("account")
    if written_by is not None and written_by != str(the_actor().account_id):
        raise NotAllowed("这是另一个账号填的，不能用现在的账号保存。")


def asked_item(items: dict[int, ChecklistItem]) -> ChecklistItem:
    """The item that is posted, of those of the version."""
    key = request.form.get("item", "")
    item = items.get(int(key)) if key.isascii() and key.isdigit() else None
    if item is None:
        raise Refused("这一项不在检查表里，请刷新后再填。")
    return item


def _asked_side() -> str:
    side = request.form.get("side", "")
    if side not in (SELF, REVIEW):
        raise Refused("不知道填的是自评还是考评，请刷新页面再填。")
    return side


def posted_said(item: ChecklistItem, prefix: str = "") -> Said:
    """What the posted fields say of an item; with a prefix, what stood there when the writer saw it."""
    choice, number, text = (readable(request.form.get(f"{prefix}{name}", "")) for name in ("answer", "number", "text"))
    if number and choice:
        raise Refused(TWICE)
    return Said(_number_given(number) if number else _choice_given(item, choice), text)


def _number_given(number: str) -> Given:
    try:
        return Given(number=parse_hundredths(number))
    except ValueError as reason:
        raise Refused(str(reason)) from None


def _choice_given(item: ChecklistItem, choice: str) -> Given:
    try:
        return given_by_choice(item, choice)
    except ValueError:
        raise Refused("没有这个选项，请刷新页面再选。") from None


def fields_of(said: Said) -> dict[str, str]:
    """What one side says as the fields of the form: a choice, a number, a text."""
    given = said.given
    choice = given.answer.value if given.answer else f"step-{given.step_id}" if given.step_id is not None else ""
    return {"answer": choice, "number": "" if given.number is None else trimmed(given.number), "text": said.text}


def stored_fields(row: AssessmentAnswer | None, side: str) -> dict[str, str]:
    """What is saved of one side of an item as the fields of the form; empty ones where nothing is."""
    return fields_of(said_by(side, row) if row is not None else Said(Given(), ""))


def _as_fields(item: ChecklistItem, side: str, row: AssessmentAnswer) -> dict[str, str]:
    said = said_by(side, row)
    by = (row.review_by if side == REVIEW else row.self_by) or ""
    return {**fields_of(said), "words": in_words(item, said.given) or "未填写", "by": by}


def _outcome(
    assessment: Assessment, before: int, items: dict[int, ChecklistItem], side: str, row: AssessmentAnswer
) -> dict[str, Any]:
    """What a page needs to show the answer as saved, and the others' where it has missed some."""
    given, item = given_by(side, row), items[row.item_id]
    state = state_of(item, given)
    told: dict[str, Any] = {
        "ok": True,
        "state": state.value if state else "",
        "words": in_words(item, given) or "未填写",
        "self_score": _percent(assessment.self_score),
        "review_score": _percent(assessment.review_score),
        "version": assessment.version,
    }
    if request.form.get("version_seen") != str(before):
        told["answers"] = {one.item_id: fields_of(said_by(side, one)) for one in assessment.answers}
    return told


def _percent(hundredths: int | None) -> str:
    return "—" if hundredths is None else f"{hundredths // PERCENT}.{hundredths % PERCENT:02d}"
