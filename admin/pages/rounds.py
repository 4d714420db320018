"""Rounds of assessments: begun over many companies or branches at once, watched, added to, ended."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import BaseView, expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from admin.fields import LONG_LIST
from admin.pages.common import one_row, save
from admin.pages.round_form import TICKS, Chooser, RoundForm, offer_candidates, posted_chooser
from models import AssessmentRound, AssessmentStatus, ChecklistVersion, db
from policy import Changed, NotAllowed, Refused, the_actor
from services.checklists import rounds
from services.checklists.round_rows import AT_ONCE, rows_of

MOST_PAGES = 1_000


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
            may_edit=rounds.is_open(asked) and the_actor().permits("assessment_round:update", asked.branch_id),
        )

    @expose("/new/", methods=("GET", "POST"))
    def new_view(self) -> Any:
        """Ask for all that a round needs; posted, it is begun, or refused with everything kept."""
        _require_beginning()
        chooser = posted_chooser() if request.method == "POST" else Chooser()
        asked = RoundForm(self, request.form if request.method == "POST" else None)
        if request.method == "GET":
            return self._new(asked, chooser)
        verb = request.form.get("do", "")
        if verb in ("version", "reckon", *TICKS):
            return self._again(asked, chooser, verb)
        if not asked.valid():
            chooser.error = "" if chooser.companies or chooser.branches else rounds.NOBODY_CHOSEN
            return self._new(asked, chooser), 422
        try:
            made = asked.new_round()
            number = len(rounds.open_round(db.session(), made, chooser.companies, chooser.branches))
        except Refused as refused:
            db.session.rollback()
            if refused.field == "assessed":
                chooser.error = refused.message
            else:
                asked.add_error(refused.field, refused.message)
            return self._new(asked, chooser), 422
        save()
        flash(f"批次已开始，发给 {number} 家，{made.due_on} 截止。", "success")
        return redirect(self.get_url(".index", id=made.id))

    def _again(self, asked: RoundForm, chooser: Chooser, verb: str) -> Any:
        """The form again with what a button asks for: another checklist's companies, a day reckoned, all ticked."""
        if verb == "reckon" and not asked.reckon():
            return self._new(asked, chooser), 422
        return self._new(asked, chooser, verb)

    def _new(self, asked: RoundForm, chooser: Chooser, verb: str = "") -> str:
        offer_candidates(chooser, asked.version)
        if verb in TICKS:
            chooser.tick(verb)
        return self.render(
            "admin/pages/round_new.html",
            form=asked.form,
            chooser=chooser,
            long_list=LONG_LIST,
            errors=_errors(asked.form, chooser),
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
        chooser = posted_chooser() if request.method == "POST" else Chooser()
        verb = request.form.get("do", "")
        if request.method == "GET" or verb in TICKS:
            return self._add(asked, chooser, verb)
        try:
            number = len(rounds.add_to_round(db.session(), asked, chooser.companies, chooser.branches))
        except Refused as refused:
            db.session.rollback()
            chooser.error = refused.message
            return self._add(_asked(), chooser), 422
        save()
        flash(f"已加 {number} 家。", "success")
        return redirect(self.get_url(".index", id=asked.id))

    def _add(self, asked: AssessmentRound, chooser: Chooser, verb: str = "") -> str:
        offer_candidates(chooser, asked.checklist_version, rounds.assessed_in(db.session(), asked))
        if verb in TICKS:
            chooser.tick(verb)
        return self.render(
            "admin/pages/round_add.html", round=asked, chooser=chooser, long_list=LONG_LIST, errors=_errors([], chooser)
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


def _errors(form: Any, chooser: Chooser) -> list[tuple[Any, str]]:
    """All that is wrong, for the list on top."""
    found = [(one, message) for one in form for message in one.errors]
    return [*found, (chooser, chooser.error)] if chooser.error else found
