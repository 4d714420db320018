"""Rounds of assessments: begun over many companies or branches at once, watched, added to, ended."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import BaseView, expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from admin.fields import LONG_LIST
from admin.pages.common import one_row, save
from admin.pages.reviewer_choice import ReviewerChoice, offer_reviewers, posted_choice
from admin.pages.round_form import TICKS, Chooser, RoundForm, offer_candidates, posted_chooser, posted_keys
from models import Assessment, AssessmentRound, AssessmentStatus, ChecklistVersion, db
from policy import Changed, NotAllowed, Refused, the_actor
from services.checklists import reviewers, rounds
from services.checklists.reviewers import How
from services.checklists.round_rows import AT_ONCE, rows_of

MOST_PAGES = 1_000
SHOWN = 20
"""So many names stand on the page where reviewers are named; of the others their number."""


class RoundPage(BaseView):
    """/round/?id=…: how far a round is; /round/new/ begins one."""

    def __init__(self) -> None:
        super().__init__(name="考核批次", category="标准化", endpoint="round", url="/round")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return the_actor().may("assessment_round:read")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("checklists", "考核批次")]

    @expose("/")
    def index(self) -> Any:
        """How far the round is, and its assessments in sight, page by page."""
        asked = _asked()
        status, page = _asked_status(), _asked_page()
        progress = rounds.progress_of(db.session(), [asked])[asked.id]
        number = progress.counts.get(status, 0) if status else progress.total
        may_edit = rounds.is_open(asked) and the_actor().permits("assessment_round:update", asked.branch_id)
        return self.render(
            "admin/pages/round.html",
            round=asked,
            progress=progress,
            statuses=list(AssessmentStatus),
            status=status,
            rows=rows_of(db.session(), asked, status, page * AT_ONCE),
            page=page,
            pages=-(-number // AT_ONCE),
            first=page * AT_ONCE + 1,
            days_overdue=rounds.days_overdue(asked) if progress.left else 0,
            links=round_links(asked),
            may_edit=may_edit,
            names_reviewers=may_edit and progress.left > 0,
        )

    @expose("/new/", methods=("GET", "POST"))
    def new_view(self) -> Any:
        """Ask for all that a round needs; posted, it is begun, or refused with everything kept."""
        _require_beginning()
        chooser, choice = _posted() if request.method == "POST" else (Chooser(), ReviewerChoice())
        asked = RoundForm(self, request.form if request.method == "POST" else None)
        if request.method == "GET":
            return self._new(asked, chooser, choice)
        verb = request.form.get("do", "")
        if verb in ("version", "reckon", *TICKS):
            return self._again(asked, chooser, choice, verb)
        if not asked.valid():
            chooser.error = "" if chooser.companies or chooser.branches else rounds.NOBODY_CHOSEN
            return self._new(asked, chooser, choice), 422
        try:
            made = asked.new_round()
            begun = rounds.open_round(db.session(), made, chooser.companies, chooser.branches, choice.wish)
        except Refused as refused:
            db.session.rollback()
            if not _blame(refused, chooser, choice):
                asked.add_error(refused.field, refused.message)
            return self._new(asked, chooser, choice), 422
        unnamed = _without_adviser(begun, choice)
        save()
        flash(f"批次已开始，发给 {len(begun)} 家，{made.due_on} 截止。", "success")
        _tell(unnamed)
        return redirect(self.get_url(".index", id=made.id))

    def _again(self, asked: RoundForm, chooser: Chooser, choice: ReviewerChoice, verb: str) -> Any:
        """The form again with what a button asks for: another checklist's companies, a day reckoned, all ticked."""
        if verb == "reckon" and not asked.reckon():
            return self._new(asked, chooser, choice), 422
        return self._new(asked, chooser, choice, verb)

    def _new(self, asked: RoundForm, chooser: Chooser, choice: ReviewerChoice, verb: str = "") -> str:
        offer_candidates(chooser, asked.version)
        offer_reviewers(choice)
        if verb in TICKS:
            chooser.tick(verb)
        return self.render(
            "admin/pages/round_new.html",
            form=asked.form,
            chooser=chooser,
            choice=choice,
            long_list=LONG_LIST,
            errors=_errors(asked.form, chooser, choice),
            proposed=asked.proposed,
            reckoned=asked.reckoned_in_words(),
            has_version=asked.version is not None,
        )

    @expose("/add/", methods=("GET", "POST"))
    def add_view(self) -> Any:
        """Choose who else is assessed in a round that runs."""
        asked = _asked()
        _require("update", asked)
        if reason := rounds.why_none_added(asked):
            flash(reason, "error")
            return redirect(self.get_url(".index", id=asked.id))
        chooser, choice = _posted() if request.method == "POST" else (Chooser(), ReviewerChoice())
        verb = request.form.get("do", "")
        if request.method == "GET" or verb in TICKS:
            return self._add(asked, chooser, choice, verb)
        try:
            added = rounds.add_to_round(db.session(), asked, chooser.companies, chooser.branches, choice.wish)
        except Refused as refused:
            db.session.rollback()
            if not _blame(refused, chooser, choice):
                chooser.error = refused.message
            return self._add(_asked(), chooser, choice), 422
        unnamed = _without_adviser(added, choice)
        save()
        flash(f"已加 {len(added)} 家。", "success")
        _tell(unnamed)
        return redirect(self.get_url(".index", id=asked.id))

    def _add(self, asked: AssessmentRound, chooser: Chooser, choice: ReviewerChoice, verb: str = "") -> str:
        offer_reviewers(choice)
        offer_candidates(chooser, asked.checklist_version, rounds.assessed_in(db.session(), asked))
        if verb in TICKS:
            chooser.tick(verb)
        return self.render(
            "admin/pages/round_add.html", round=asked, chooser=chooser, choice=choice, long_list=LONG_LIST,
            errors=_errors([], chooser, choice),
        )  # fmt: skip

    @expose("/reviewers/", methods=("GET", "POST"))
    def reviewers_view(self) -> Any:
        """Say who reviews the assessments that were ticked, or all that aren't reviewed yet."""
        asked = _asked()
        _require("update", asked)
        if not rounds.is_open(asked):
            flash("这个批次已经结束，不能再改考评人。", "error")
            return redirect(self.get_url(".index", id=asked.id))
        keys = posted_keys(request.values.getlist("assessment"))
        assessments = reviewers.in_round(db.session(), asked, keys)
        choice = posted_choice() if request.method == "POST" else ReviewerChoice()
        if request.method == "GET":
            return self._reviewers(asked, keys, assessments, choice)
        try:
            unnamed = reviewers.name_reviewers(db.session(), asked, assessments, choice.wish)
        except Refused as refused:
            db.session.rollback()
            choice.error, asked = refused.message, _asked()
            return self._reviewers(asked, keys, reviewers.in_round(db.session(), asked, keys), choice), 422
        key, number = asked.id, len(assessments) - len(unnamed)
        told = reviewers.without_adviser(unnamed)
        save()
        flash(
            f"已改 {number} 份的考评人。" if choice.how is not How.ANYBODY else f"{number} 份不再指定考评人。",
            "success",
        )
        _tell(told)
        return redirect(self.get_url(".index", id=key))

    def _reviewers(
        self, asked: AssessmentRound, keys: list[int], assessments: list[Assessment], choice: ReviewerChoice
    ) -> str:
        offer_reviewers(choice, {one.branch_id for one in assessments})
        return self.render(
            "admin/pages/round_reviewers.html", round=asked, keys=keys, assessments=assessments, choice=choice,
            shown=SHOWN, errors=_errors([], Chooser(), choice),
        )  # fmt: skip

    @expose("/close/", methods=("GET", "POST"))
    def close_view(self) -> Any:
        """Ask whether the round is over, saying what is unfinished; posted, it is ended."""
        asked = _asked()
        _require("close", asked)
        if request.method == "GET":
            progress = rounds.progress_of(db.session(), [asked])[asked.id]
            return self.render("admin/pages/round_close.html", round=asked, progress=progress)
        if request.form.get("version_seen") != str(asked.version):
            raise Changed
        key = asked.id
        try:
            said = rounds.close_round(db.session(), asked)
        except Refused as refused:
            db.session.rollback()
            flash(refused.message, "error")
            return redirect(self.get_url(".index", id=key))
        save()
        flash(said, "success")
        return redirect(self.get_url(".index", id=key))


def may_begin_rounds() -> bool:
    """Whether the actor may begin a round anywhere."""
    return the_actor().may("assessment_round:create") and the_actor().may("assessment:create")


def round_links(asked: AssessmentRound) -> list[dict[str, Any]]:
    """What can be done with a running round on pages of its own, as buttons."""
    may, links = the_actor().permits, []
    if may("assessment_round:update", asked.branch_id) and rounds.why_none_added(asked) is None:
        links.append(("加企业或党组织…", "round.add_view"))
    if may("assessment_round:close", asked.branch_id):
        links.append(("结束批次…", "round.close_view"))
    return [
        {"label": label, "url": url_for(endpoint, id=asked.id), "method": "get", "primary": False}
        for label, endpoint in links
        if rounds.is_open(asked)
    ]


def _asked() -> AssessmentRound:
    """The round that the address names, with what the pages show of it."""
    version = joinedload(AssessmentRound.checklist_version)
    options = version.joinedload(ChecklistVersion.template), joinedload(AssessmentRound.branch)
    found: AssessmentRound = one_row(
        select(AssessmentRound).options(*options), AssessmentRound, request.values.get("id", "")
    )
    return found


def _asked_status() -> AssessmentStatus | None:
    value = request.args.get("status", "")
    if value and value not in list(AssessmentStatus):
        abort(404)
    return AssessmentStatus(value) if value else None


def _asked_page() -> int:
    """The page of the list, from 0; whatever makes no sense is the first."""
    return min(max(request.args.get("page", 1, type=int) - 1, 0), MOST_PAGES)


def _require_beginning() -> None:
    if not may_begin_rounds():
        raise NotAllowed("您没有开始考核批次的权限。")


def _require(action: str, asked: AssessmentRound) -> None:
    if not the_actor().permits(f"assessment_round:{action}", asked.branch_id):
        raise NotAllowed("您没有做这件事的权限。")


def _errors(form: Any, chooser: Chooser, choice: ReviewerChoice) -> list[tuple[Any, str]]:
    """All that is wrong, for the list on top."""
    found = [(one, message) for one in form for message in one.errors]
    return [*found, *((part, part.error) for part in (chooser, choice) if part.error)]


def _posted() -> tuple[Chooser, ReviewerChoice]:
    """Who is chosen to be assessed, and to review."""
    return posted_chooser(), posted_choice()


def _blame(refused: Refused, chooser: Chooser, choice: ReviewerChoice) -> bool:
    """Put a refusal at the part that it is about; whether it is about one of them."""
    part = {"assessed": chooser, reviewers.FIELD: choice}.get(refused.field or "")
    if part is not None:
        part.error = refused.message
    return part is not None


def _without_adviser(made: list[Assessment], choice: ReviewerChoice) -> str:
    """What is said of the new ones that have no reviewer although their posted advisers were to be it."""
    if choice.how is not How.POSTED:
        return ""
    return reviewers.without_adviser([one for one in made if one.reviewer_id is None])


def _tell(warning: str) -> None:
    if warning:
        flash(warning, "warning")
