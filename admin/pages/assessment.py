"""The form of one assessment: a checklist, with the company's answers or the reviewer's, and what is decided about it."""

from collections.abc import Callable
from itertools import groupby
from typing import Any

from flask import flash, redirect, request
from flask_admin import BaseView, expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.datastructures import MultiDict

from admin import drafts
from admin.pages.answering import stored_fields
from admin.pages.assessment_lines import (
    READ,
    Line,
    differences,
    field_names,
    note_field,
    saved_lines,
    typed_lines,
)
from admin.pages.common import one_row, readable, save
from admin.pages.evidence import shown_evidence
from models import Assessment, AssessmentStatus, ChecklistVersion, Draft, Scoring, db
from models.hundredths import trimmed
from policy import Changed, NotAllowed, Refused, the_actor
from services.checklists import assess, reviewers, signing
from services.checklists.answers import (
    REVIEW,
    SELF,
    answer_field,
    in_words,
    points_of,
    state_of,
    takes_number,
    words_for,
)
from services.drafts import Place, discard_draft, find_draft, typed_fields

ON_BEHALF = "on_behalf_of"


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
        return [("assessments", "填检查表")]

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        assessment = _asked()
        side = _side(assessment)
        if request.method == "GET":
            return self._open(assessment, side)
        _require_writing(assessment, side)
        if request.form.get("version_seen") != str(assessment.version):
            return self._changed(assessment, side), 409
        return self._save(assessment, side)

    @expose("/draft/", methods=("POST",))
    def draft_view(self) -> Any:
        """Keep what is chosen and typed so far."""
        assessment = _asked()
        side = _side(assessment)
        _require_writing(assessment, side)
        names = {"version_seen", "side", ON_BEHALF}
        for item in assess.items_of(db.session, assessment.checklist_version_id):
            names |= field_names(item.id)
        return drafts.keep_posted(_place(assessment, side), names.__contains__)

    @expose("/draft/discard/", methods=("POST",))
    def discard_draft_view(self) -> Any:
        """Forget what was chosen and typed and not saved."""
        assessment = _asked()
        side = _side(assessment)
        discard_draft(db.session, _place(assessment, side))
        save()
        return redirect(self.get_url(".index", id=assessment.id, side=side))

    @expose("/sign/", methods=("POST",))
    def sign_view(self) -> Any:
        """Sign a reviewed assessment off."""
        return self._decide(signing.sign_off, "已签字确认。")

    @expose("/return/", methods=("POST",))
    def return_view(self) -> Any:
        """Give the self-assessment back, with the reason."""
        return self._decide(
            signing.return_for_correction, "已退回，企业能看到退回的原因。", readable(request.form.get("reason", ""))
        )

    @expose("/reopen/", methods=("POST",))
    def reopen_view(self) -> Any:
        """Open a reviewed or signed assessment again, with the reason."""
        return self._decide(signing.reopen, "已重新打开，可以修改考评。", readable(request.form.get("reason", "")))

    def _decide(self, act: Callable[..., None], done: str, *reason: str) -> Any:
        """Take a decision and commit; refused, the reason that was typed stays."""
        assessment = _asked()
        if request.form.get("version_seen") != str(assessment.version):
            raise Changed
        try:
            act(db.session, assessment, *reason)
        except Refused as refused:
            db.session.rollback()
            assessment = _asked()
            side = _side(assessment)
            refusal = {"kind": request.endpoint, "message": refused.message, "reason": "".join(reason)}
            # Said at the form of the decision, or on top of a page that doesn't offer it.
            decision = request.endpoint.rpartition(".")[2].removesuffix("_view") if request.endpoint else ""
            error = None if _decisions(assessment).get(decision) else refused.message
            return self._page(assessment, side, saved_lines(assessment, side), error, refusal=refusal), 422
        save()
        flash(done, "success")
        return redirect(self.get_url(".index", id=assessment.id))

    def _open(self, assessment: Assessment, side: str) -> str:
        """The form as it is saved, or filled in with the draft; while there is one, the question what to do with it."""
        draft = find_draft(db.session, _place(assessment, side)) if side != READ else None
        if draft is None:
            return self._page(assessment, side, saved_lines(assessment, side))
        typed = MultiDict(typed_fields(draft))
        lines = typed_lines(assessment, side, typed)
        if drafts.GO_ON in request.args:
            seen, behalf = typed.get("version_seen"), typed.get(ON_BEHALF)
            return self._page(assessment, side, lines, draft=draft, version_seen=seen, on_behalf_of=behalf)
        return self.render(
            "admin/pages/assess_draft.html",
            assessment=assessment,
            draft=draft,
            rows=[row for line in lines for row in differences(line, side)],
            changed_since=typed.get("version_seen") != str(assessment.version),
            go_on_url=drafts.go_on_url(),
            discard_url=self.get_url(".discard_draft_view", id=assessment.id, side=side),
        )

    def _changed(self, assessment: Assessment, side: str) -> str:
        """What was typed, with a word at each item that is saved otherwise, to be looked through and saved again."""
        lines = typed_lines(assessment, side, request.form)
        for line in lines:
            for row in differences(line, side):
                line.error = f"现在保存的是：{row['theirs']}。"
        message = "您填写期间，有人保存过这份检查表，还没有保存您的内容。请核对标出的各项，再保存。"
        return self._page(assessment, side, lines, message, on_behalf_of=_behalf_typed())

    def _save(self, assessment: Assessment, side: str) -> Any:
        """Save what was chosen, and hand it in when asked; refused, everything typed stays."""
        lines = typed_lines(assessment, side, request.form)
        finish = request.form.get("do") == "finish"
        if any(line.error for line in lines):
            error = "还没有保存。请改好标出的各项，再保存。"
            return self._page(assessment, side, lines, error, on_behalf_of=_behalf_typed()), 422
        try:
            assess.open_assessment(db.session, assessment)
            assess.answer(
                db.session,
                assessment,
                {line.item.id: line.chosen for line in lines},
                {line.item.id: line.reason for line in lines},
                {line.item.id: line.note for line in lines},
                reviewed=side == REVIEW,
                on_behalf_of=_behalf_typed(),
            )
            if finish:
                self._finish(assessment, side)
        except Refused as refused:
            return self._refused(assessment, side, lines, refused, finish), 422
        discard_draft(db.session, _place(assessment, side))
        save()
        flash(("考评已完成。" if side == REVIEW else "自评已提交。") if finish else "已保存。", "success")
        return redirect(self.get_url(".index", id=assessment.id, **({} if finish else {"side": side})))

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
        saved = {line.item.id: line.saved for line in saved_lines(assessment, side)}
        for line in lines:
            name = assess.reason_field(line.item.id)
            line.saved = saved.get(line.item.id)
            if line.item.id in missing:
                line.error = "与自评不一致，请写明原因。"
            elif refused.field in (name, answer_field(line.item.id), note_field(line.item.id)):
                line.error = refused.message
            elif side == SELF and finish and not line.chosen and line.item.scoring is not Scoring.BONUS:
                line.error = "这一项还没有填写。"
        return self._page(assessment, side, lines, refused.message, on_behalf_of=_behalf_typed())

    def _page(
        self, assessment: Assessment, side: str, lines: list[Line], error: str | None = None, draft: Draft | None = None,
        version_seen: str | None = None, on_behalf_of: str | None = None, refusal: dict[str, str] | None = None,
    ) -> str:  # fmt: skip
        groups = [(group.name, list(part)) for group, part in groupby(lines, key=lambda line: line.item.group)]
        asks_behalf = side == SELF and _acts_for_others(assessment)
        return self.render(
            "admin/pages/assess.html",
            assessment=assessment,
            side=side,
            sides=_sides(assessment),
            groups=groups,
            disagreements=[line for line in lines if line.differs],
            words_for=words_for,
            takes_number=takes_number,
            in_words=in_words,
            points_of=points_of,
            state_of=state_of,
            trimmed=trimmed,
            error=error,
            draft=draft,
            version_seen=version_seen or assessment.version,
            asks_behalf=asks_behalf,
            on_behalf_of=_usual_behalf(assessment) if on_behalf_of is None and asks_behalf else on_behalf_of,
            evidence=shown_evidence(assessment),
            stored_fields=stored_fields,
            not_handed_in=side == REVIEW and assessment.status is AssessmentStatus.DRAFT,
            decisions=_decisions(assessment),
            anothers=_why_anothers(assessment),
            refusal=refusal,
        )


def _asked(key: str | None = None) -> Assessment:
    """The assessment that the address names, with what the page shows of it."""
    version = joinedload(Assessment.checklist_version).joinedload(ChecklistVersion.template)
    statement = select(Assessment).options(
        joinedload(Assessment.company), joinedload(Assessment.branch), version, selectinload(Assessment.moves)
    )
    return one_row(statement, Assessment, request.values.get("id", "") if key is None else key)


def _sides(assessment: Assessment) -> list[str]:
    """The sides whose answers the actor may write now, the reviewer's first."""
    actor = the_actor()
    writes = {
        REVIEW: reviewers.reviews(actor, assessment),
        SELF: actor.permits("assessment:self_assess", assessment.branch_id),
    }
    return [side for side in writes if writes[side] and assess.why_fixed(assessment, side == REVIEW) is None]


def _why_anothers(assessment: Assessment) -> str | None:
    """What whoever could review is told while somebody else is named to do it."""
    actor = the_actor()
    if not actor.permits("assessment:review", assessment.branch_id) or assess.why_fixed(assessment, reviewed=True):
        return None
    return reviewers.why_anothers(actor, assessment)


def _side(assessment: Assessment) -> str:
    """The side that is asked for, or the one that is usually the actor's; whoever may write none reads."""
    sides = _sides(assessment)
    asked = request.values.get("side") or _usual_side(assessment, sides)
    return asked if asked in sides else READ


def _usual_side(assessment: Assessment, sides: list[str]) -> str:
    """The assessed's own answers where the actor is one of them, else the reviewer's."""
    own = SELF in sides and not _acts_for_others(assessment)
    return SELF if own else next(iter(sides), READ)


def _decisions(assessment: Assessment) -> dict[str, bool]:
    """What the actor can decide now."""
    actor, branch = the_actor(), assessment.branch_id
    permits, reviews = actor.permits, reviewers.reviews(actor, assessment)
    over = assessment.round_status is not None and assessment.round_status.value == "closed"
    bound = assessment.status is AssessmentStatus.SIGNED or over
    return {
        "sign": permits("assessment:sign", branch) and signing.can_be_signed(assessment),
        "return": reviews and signing.can_be_returned(assessment),
        "reopen": (
            permits("assessment:reopen", branch) if bound else reviews or signing.decides_above(actor, assessment)
        )
        and signing.can_be_reopened(assessment),
        "correct": over,
    }


def _acts_for_others(assessment: Assessment) -> bool:
    """Whether the actor comes from elsewhere, and so fills in for the assessed."""
    return the_actor().branch_id != assessment.branch_id


def _usual_behalf(assessment: Assessment) -> str:
    """For whom somebody from elsewhere usually fills in: the company's contact."""
    return (assessment.company.contact_name or "") if assessment.company else ""


def _behalf_typed() -> str:
    return readable(request.form.get(ON_BEHALF, ""))


def _place(assessment: Assessment, side: str) -> Place:
    """Where the draft of one side's answers is kept."""
    return Place("assessment", f"answers/{side}", assessment.id)


def _require_writing(assessment: Assessment, side: str) -> None:
    if side == READ:
        raise NotAllowed(_why_anothers(assessment) or "您不能填写这份检查表，或它已经办结。")
