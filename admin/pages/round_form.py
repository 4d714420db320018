"""The form by which a round of assessments is begun, and the chooser of who is assessed, with and without scripts."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import abort, request
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from wtforms.validators import Optional

from admin import record_pages
from admin.fields import NumberField
from admin.forms import Offer, make_form
from models import AssessmentRound, Branch, ChecklistVersion, db
from models.clock import today
from policy import Refused, the_actor
from policy.protected import within
from services.checklists import rounds
from services.checklists.calendar import years_without_holidays
from services.checklists.candidates import NOBODY, Candidates, candidates_for, chosen

NAMES = ["checklist_version", "name", "due_on", "branch", "note"]
PROPOSED = "proposed"
"""What the name was proposed to be: left as it was, it follows another checklist."""
KEY_DIGITS = 15
WEEKDAYS = "一二三四五六日"


@dataclass
class Chooser:
    """Who may be chosen, who is chosen, and what is wrong with that.

    Attributes:
        companies, branches: the rows that are chosen.
        candidates: all that may be chosen.
    """

    companies: list[Any] = field(default_factory=list)
    branches: list[Any] = field(default_factory=list)
    candidates: Candidates = field(default_factory=lambda: Candidates([], []))
    error: str = ""

    @property
    def id(self) -> str:
        """Where the list of errors leads."""
        return "assessed"

    @property
    def label(self) -> Any:
        """What the list of errors calls it."""
        return {"text": "考核对象"}

    @property
    def picked(self) -> dict[str, set[int]]:
        """The keys that are ticked, of companies and of branches."""
        keys = {"companies": {one.id for one in self.companies}, "branches": {one.id for one in self.branches}}
        return {part: keys[part] & self.keys_of(part) for part in keys}

    def keys_of(self, part: str) -> set[int]:
        """The keys of all that may be chosen of a part."""
        return {one.key for group in getattr(self.candidates, part) for one in group.candidates}

    def tick(self, verb: str) -> None:
        """Tick all of a part, or none: ``all-companies``, ``none-branches``."""
        how, _dash, part = verb.partition("-")
        keys = self.keys_of(part) if how == "all" else set()
        of = {"companies": (keys, []), "branches": ([], keys)}[part]
        setattr(self, part, chosen(db.session(), *of)[0 if part == "companies" else 1])


TICKS = ("all-companies", "none-companies", "all-branches", "none-branches")


def posted_chooser() -> Chooser:
    """Who was chosen; 404 unless all of them are in sight."""
    companies, branches = (posted_keys(request.form.getlist(name)) for name in ("companies", "branches"))
    return Chooser(*chosen(db.session(), companies, branches))


def posted_keys(found: list[str]) -> list[int]:
    """The keys among what was sent; 404 where one can't be a key, as for one that isn't there."""
    if not all(one.isascii() and one.isdigit() and len(one) <= KEY_DIGITS for one in found):
        abort(404)
    return [int(one) for one in found]


def offer_candidates(chooser: Chooser, version: ChecklistVersion | None, but: rounds.Assessed = NOBODY) -> None:
    """Fill in who may be chosen for a version."""
    chooser.candidates = candidates_for(db.session(), rounds.kinds_of(version), but)


class RoundForm:
    """What is asked of a new round: a form of the record's own columns and a number of working days."""

    def __init__(self, page: Any, typed: MultiDict[str, str] | None) -> None:
        self.form = _form_class(page)(typed)
        self.reckoned: date | None = None
        if typed is None:
            self._propose()
        self.version: ChecklistVersion | None = self.form.checklist_version.data
        self.proposed = rounds.proposed_name(self.version) if self.version is not None else ""
        if typed is None or (typed.get("name", "").strip() == typed.get(PROPOSED, "") and self.proposed):
            self._set("name", self.proposed)

    def _propose(self) -> None:
        """The version that the address names or the newest one, and the branch that the actor's rounds belong to."""
        offered = list(db.session.scalars(self.form.checklist_version.choices_from().order_by(ChecklistVersion.id)))
        wanted = [one for one in offered if str(one.id) == request.args.get("version")]
        self.form.checklist_version.data = (wanted or offered[-1:] or [None])[0]
        self.form.branch.data = home_of_rounds()
        self.form.due_on.data = None  # it must be thought about: today would be none

    def _set(self, name: str, value: Any) -> None:
        self.form[name].data, self.form[name].raw_data = value, [str(value)]

    def reckon(self) -> bool:
        """Put the day that so many working days make into the form; whether it could be reckoned."""
        if self.form.working_days.data is None and not self.form.working_days.errors:
            self.add_error("working_days", "请先填从今天起几个工作日。")
        elif (refused := self._reckon()) is not None:
            self.add_error(refused.field, refused.message)
        if self.reckoned is None:
            return False
        self._set("due_on", self.reckoned)
        self.form.due_on.errors = []
        return True

    def _reckon(self) -> Refused | None:
        """Reckon the day; why that is refused, if it is."""
        if self.form.working_days.data is None:
            return None
        try:
            self.reckoned = rounds.due_after(db.session(), self.form.working_days.data)
        except Refused as refused:
            return refused
        return None

    def valid(self) -> bool:
        """Whether it can be saved; the day is reckoned where only working days were given."""
        form, wrong = self.form, self._reckon()
        if self.reckoned is not None and not (form.due_on.raw_data or [""])[0].strip():
            self._set("due_on", self.reckoned)
        elif self.reckoned is not None and form.due_on.data not in (None, self.reckoned):
            wrong = Refused("这一天和填的工作日数不一样，请改成一样，或删掉一个。", "due_on")
        fits = bool(form.validate())
        if wrong is not None:
            self.add_error(wrong.field, wrong.message)
        return fits and wrong is None

    def add_error(self, name: str | None, message: str) -> None:
        """Put an error at its field."""
        record_pages.add_error(self.form, name, message)

    def reckoned_in_words(self) -> str:
        """The day that the working days make, with its weekday, and which years' holidays aren't known."""
        days, due_on = self.form.working_days.data, self.reckoned
        if due_on is None:
            return ""
        text = f"从今天起 {days} 个工作日，是 {due_on}（星期{WEEKDAYS[due_on.weekday()]}）。"
        years = years_without_holidays(db.session(), today(), due_on)
        note = "、".join(f"{year} 年" for year in years)
        return f"{text}{note}的节假日还没有登记，按周一到周五算。" if years else text

    def new_round(self) -> AssessmentRound:
        """The round that was asked for, not yet saved."""
        made = AssessmentRound()
        for name in NAMES:
            self.form[name].populate_obj(made, name)
        return made


def _form_class(page: Any) -> type:
    """The form's class: the look-ups are those of the screens."""
    screens = {view.resource: view for view in page.admin._views if hasattr(view, "resource")}
    of = {"branch": screens["assessment_round"], "checklist_version": screens["assessment"]}

    def offer_of(name: str) -> Offer:
        offer: Offer = of[name].offer_of(name)
        return offer

    made = make_form(AssessmentRound, NAMES, lambda name: of[name].lookup_url(name), offer_of=offer_of)
    days = NumberField("或者从今天起几个工作日", [Optional()], description="节假日不算。填了这个，截止日期可以空着。")
    return type("RoundForm", (made,), {"working_days": days})


def home_of_rounds() -> Branch | None:
    """The branch that a round belongs to unless another is chosen: the actor's own, or the topmost where he may begin one."""
    actor = the_actor()
    reach = actor.reach("assessment_round:create")
    places = select(Branch).where(within(Branch.id, reach))
    own = db.session.scalar(places.where(Branch.id == actor.branch_id))
    return own or db.session.scalar(places.order_by(Branch.parent_id.is_not(None), Branch.id).limit(1))
