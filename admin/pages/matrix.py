"""The checklist seen as a whole: who meets what, which items most fail, what was mended, and one company over the years."""

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from flask import abort, request, url_for
from flask_admin import BaseView, expose
from markupsafe import Markup, escape
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from admin.pages.common import KEY_DIGITS
from models import Answer, Assessment, AssessmentRound, Branch, Company, db
from models.hundredths import trimmed
from policy import the_actor
from services.checklists.answers import REVIEW, SELF
from services.reports import checklist_items, checklists, mending
from services.reports.checklist_history import history
from services.reports.checklist_items import Tally
from services.reports.checklists import Choices, GroupMark, Line, Matrix, Reading, Reckoner, Scope
from services.reports.mending import After
from services.reports.programme import posted_now
from services.tables.columns import OUT_OF_SIGHT

COMPANIES = 60
MARKS = {
    Answer.MET: ("g", "✓", "达到"),
    Answer.PARTLY: ("y", "△", "部分达到"),
    Answer.NOT_MET: ("r", "✕", "未达到"),
    Answer.NOT_APPLICABLE: ("n", "－", "不适用"),
    None: ("n", "·", "未填写"),
}
UNASSESSED = ("n", "·", "未考核")
"""On the home page, where companies stand that were never assessed."""
SIDES = {REVIEW: "考评", SELF: "自评"}
ITEMS, GROUPS = "items", "groups"
VIEWS = {ITEMS: "按项目", GROUPS: "按分组"}
NOTHING, SHORT = "none", "short"
HEAD_LENGTH, LABEL_LENGTH = 14, 80


class MatrixPage(BaseView):
    """/matrix/: assessments of one round, or the latest against one version, as far as the actor sees them."""

    def __init__(self) -> None:
        super().__init__(name="考核总览", category="标准化", endpoint="matrix", url="/matrix")

    def is_accessible(self) -> bool:
        return the_actor().may("assessment:read")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("checklists", "考核总览"), ("areas", "标准化")]

    @expose("/")
    def index(self) -> str:
        """Companies by items, or by groups of items."""
        asked = _Asked()
        if asked.scope is None:
            return self._render("matrix.html", asked)
        reckoner = Reckoner(checklists.items_of_versions(db.session(), [asked.scope.version_id]))
        only, chosen = asked.only(reckoner)
        found = checklists.matrix(db.session(), asked.scope, asked.side, asked.page, only, reckoner)
        columns, cells = _by_groups(found) if asked.view == GROUPS else _by_items(found)
        return self._render(
            "matrix.html", asked, columns=columns, chosen=chosen, more=found.more, legend=MARKS.values(),
            rows=[_row(line, cells(line)) for line in found.lines],
        )  # fmt: skip

    @expose("/items/")
    def items_view(self) -> str:
        """Item by item, how many meet it how far."""
        asked = _Asked()
        found = checklist_items.tallies(db.session(), asked.scope, asked.side) if asked.scope else []
        groups = [
            (group.name, [(one.item, _parts(one)) for one in part])
            for group, part in groupby(found, key=lambda one: one.item.group)
        ]
        return self._render("matrix_items.html", asked, groups=groups, total=found[0].total if found else 0)

    @expose("/mended/")
    def mended_view(self) -> str:
        """Before and after: what reviews found not met, and what became of it."""
        if not the_actor().may("rectification:read"):
            abort(403)
        asked = _Asked()
        asked.side = REVIEW  # it is what the review found that has to be mended
        items, found = [], []
        if asked.scope is not None:
            items = checklists.items_of_versions(db.session(), [asked.scope.version_id])
            found = mending.before_and_after(db.session(), asked.scope, Reckoner(items))
        shown = found[asked.page * checklists.PAGE : (asked.page + 1) * checklists.PAGE]
        by_item = mending.by_item(found)
        return self._render(
            "matrix_mended.html", asked, items=[(item, by_item[item.id]) for item in items if item.id in by_item],
            mendings=shown, number=len(found), more=len(found) > (asked.page + 1) * checklists.PAGE, afters=list(After),
        )  # fmt: skip

    @expose("/of/")
    def of_view(self) -> str:
        """One company, or one branch that is itself assessed, over the years."""
        whose = _whose()
        company = isinstance(whose, Company)
        found = history(db.session(), whose.id if company else None, whose.branch_id if company else whose.id)
        return self.render(
            "admin/pages/matrix_of.html", whose=whose, name=whose.short_name if company else whose.name,
            url=url_for("company.details_view" if company else "branch.details_view", id=whose.id),
            history=found, marks=MARKS, shown=_shown_mark, may_mend=the_actor().may("rectification:read"),
        )  # fmt: skip

    def _render(self, template: str, asked: "_Asked", **told: Any) -> str:
        pages = [("考核总览", ".index"), ("未达到的项", ".items_view")]
        pages += [("整改前后", ".mended_view")] if the_actor().may("rectification:read") else []
        return self.render(
            f"admin/pages/{template}", asked=asked, sides=SIDES, views=VIEWS, OUT_OF_SIGHT=OUT_OF_SIGHT, url_of=url_of,
            tabs=[
                {"title": title, "url": asked.url(endpoint), "active": endpoint == f".{_here()}", "badge": None}
                for title, endpoint in pages
            ],
            **told,
        )  # fmt: skip


def _here() -> str:
    return (request.endpoint or "").rpartition(".")[2]


class _Asked:
    """What the address asks for; 404 for a round or a version that isn't there or of which nothing is in sight."""

    def __init__(self) -> None:
        kind, _dash, key = request.args.get("of", "").partition("-")
        round_id = _key("round") or (_number(key) if kind == "round" else None)
        version_id = _key("version") or (_number(key) if kind == "version" else None)
        self.choices: Choices = checklists.choices(db.session())
        self.scope: Scope | None = self.choices.usual()
        if round_id or version_id:
            self.scope = self.choices.find(round_id, version_id) or abort(404)
        self.side = _one_of(SIDES, "side")
        self.view = _one_of(VIEWS, "view")
        self.page = _number(request.args.get("page") or "0")
        self.item = _key("item")
        self.state = request.args.get("state", "")

    def url(self, endpoint: str, **other: Any) -> str:
        """The address of the same round or version and side, on another page or otherwise."""
        return url_for(endpoint, **{**self.kept(), **other})

    def kept(self) -> dict[str, Any]:
        """What goes along from page to page."""
        found: dict[str, Any] = {}
        if self.scope is not None:
            found = {"round": self.scope.round_id} if self.scope.round_id else {"version": self.scope.version_id}
        return found | ({"side": self.side} if self.side != REVIEW else {})

    def here(self, **other: Any) -> str:
        """The address of this page, otherwise."""
        asked = {"view": self.view, "item": self.item, "state": self.state if self.item else None}
        return self.url(f".{_here()}", **{**asked, **other})

    def only(self, reckoner: Reckoner) -> tuple[ColumnElement[bool] | None, dict[str, str] | None]:
        """The condition of whoever meets one item so far, and how the page says so; 404 for an item of another version."""
        if self.item is None or self.scope is None:
            return None, None
        if self.item not in reckoner.places or self.state not in _STATE_WORDS:
            abort(404)
        session, item = db.session(), reckoner.items[reckoner.places[self.item]]
        condition = _condition(session, self.scope, reckoner, self.item, self.state, self.side)
        return condition, {"item": item.text, "state": _STATE_WORDS[self.state]}


_STATE_WORDS = {
    **{state.value if state else NOTHING: word for state, (_css, _sign, word) in MARKS.items()},
    SHORT: "考评时未达到",
    **{after.value: after.label for after in After},
}


def _condition(
    session: Session, scope: Scope, reckoner: Reckoner, item_id: int, state: str, side: str
) -> ColumnElement[bool]:
    """Who meets an item so far, has to mend it, or has mended it."""
    if state == SHORT:
        return checklist_items.falling_short(session, scope, reckoner, item_id)
    if state in list(After):
        return mending.mended_so(session, scope, reckoner, item_id, After(state))
    wanted = None if state == NOTHING else Answer(state)
    return checklist_items.with_state(session, scope, reckoner, item_id, wanted, side)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= KEY_DIGITS else abort(404)


def _key(name: str) -> int | None:
    text = request.args.get(name)
    return _number(text) if text else None


def _one_of(words: Iterable[str], name: str) -> str:
    """One of some words, the first of them where the address says nothing or something else."""
    words = list(words)
    asked = request.args.get(name)
    return asked if asked in words else words[0]


def _whose() -> Company | Branch:
    """The company or the branch that the address names; 404 alike for hidden and missing ones."""
    for model, name in ((Company, "company"), (Branch, "branch")):
        key = _key(name)
        row = db.session.scalar(select(model).where(model.id == key)) if key else None
        if row is not None:
            return row  # type: ignore[return-value]
    abort(404)


def _parts(tally: Tally) -> list[dict[str, Any]]:
    """The parts of an item's bar: how long each is, where it begins, what it says and how its rows are asked for."""
    found, begins = [], 0
    for state, (css, sign, word) in MARKS.items():
        if count := tally.states.get(state):
            key = state.value if state else NOTHING
            found.append({"css": css, "sign": sign, "word": word, "count": count, "begins": begins, "key": key})
            begins += count
    return found


# Rows as HTML: thousands of marks, so what doesn't differ from row to row is put together once


def _row(line: Line, cells: Markup) -> dict[str, Any]:
    counts = line.counted()
    worth_saying = [(state, counts[state]) for state in (Answer.NOT_MET, Answer.PARTLY, None) if counts[state]]
    return {
        "name": line.name or OUT_OF_SIGHT,
        "url": url_of(line.company_id, line.branch_id) if line.name else None,
        "assessment_id": line.assessment_id,
        "counts": [(*MARKS[state][1:], count) for state, count in worth_saying],
        "cells": cells,
    }


def url_of(company_id: int | None, branch_id: int) -> str:
    """The page of a company, or of a branch that is itself assessed, over the years."""
    return f"/matrix/of/?company={company_id}" if company_id else f"/matrix/of/?branch={branch_id}"


def history_links(company_id: int | None, branch_id: int) -> list[dict[str, Any]]:
    """The button to that page, for whoever sees assessments; of a branch only when it is itself assessed."""
    if not the_actor().may("assessment:read"):
        return []
    if company_id is None and not checklists.any_assessment(db.session(), checklists.of_branch_itself(branch_id)):
        return []
    return [{"label": "历年考核", "url": url_of(company_id, branch_id), "method": "get", "primary": False}]


def overview_links(assessment_round: AssessmentRound) -> list[dict[str, Any]]:
    """The button to the overview of a round, for whoever sees assessments of it."""
    of_round = Assessment.round_id == assessment_round.id
    if not the_actor().may("assessment:read") or not checklists.any_assessment(db.session(), of_round):
        return []
    url = url_for("matrix.index", round=assessment_round.id)
    return [{"label": "考核总览", "url": url, "method": "get", "primary": True}]


def _by_items(found: Matrix) -> tuple[list[dict[str, Any]], Callable[[Line], Markup]]:
    """The heads of the groups with their items, and what writes a line's marks."""
    groups = [
        {"name": group.name, "heads": [_head(item.code, item.text) for item in part]}
        for group, part in groupby(found.reckoner.items, key=lambda item: item.group)
    ]
    known: dict[Reading, tuple[str, str]] = {}

    def cells(line: Line) -> Markup:
        key, pieces = str(line.assessment_id), []
        for reading in line.readings:
            if reading not in known:
                known[reading] = _around_key(*_item_words(reading), reading.item.id)
            before, after = known[reading]
            pieces += (before, key, after)
        return Markup("".join(pieces))

    return groups, cells


def _head(code: str, text: str) -> dict[str, str]:
    whole = f"{code} {text}"
    return {"whole": whole, "short": whole if len(whole) <= HEAD_LENGTH else f"{whole[: HEAD_LENGTH - 1]}…"}


def _item_words(reading: Reading) -> tuple[Answer | None, str, str, str]:
    """Of a mark its state, what it adds to its sign, what it says, and what it is about."""
    word = MARKS[reading.state][2]
    given = reading.words if reading.words in ("", word) else f"（{reading.words}）"
    return reading.state, "", word if given in ("", word) else word + given, f"{reading.item.code} {reading.item.text}"


def _by_groups(found: Matrix) -> tuple[list[dict[str, Any]], Callable[[Line], Markup]]:
    """The groups as heads, and what writes a line's marks."""
    places = [
        (group, [found.reckoner.places[item.id] for item in part])
        for group, part in groupby(found.reckoner.items, key=lambda item: item.group)
    ]

    def cells(line: Line) -> Markup:
        pieces = []
        for group, some in places:
            mark = checklists.mark_group(line.readings[place] for place in some)
            before, after = _around_key(mark.state, *_group_words(mark), group.name, found.reckoner.items[some[0]].id)
            pieces += (before, str(line.assessment_id), after)
        return Markup("".join(pieces))

    return [{"name": "", "heads": [{"whole": group.name, "short": group.name} for group, _some in places]}], cells


def _group_words(mark: GroupMark) -> tuple[str, str]:
    """The points of a group, short and in words."""
    if mark.state is None:
        return "", MARKS[None][2]
    more = f"，另加 {trimmed(mark.bonus)} 分" if mark.bonus else ""
    plus = f"+{trimmed(mark.bonus)}" if mark.bonus else ""
    if not mark.possible:
        return plus, MARKS[mark.state][2] + more
    earned, possible = trimmed(mark.earned), trimmed(mark.possible)
    if mark.state is Answer.NOT_MET and mark.earned:
        more += "，一票否决的项没有达到"
    return f"{earned}/{possible}{plus}", f"{MARKS[mark.state][2]}：得 {earned} 分，满分 {possible} 分{more}"


def _around_key(state: Answer | None, short: str, words: str, about: str, item_id: int) -> tuple[str, str]:
    """The HTML of a mark before the assessment's key and after it."""
    css, sign, _word = MARKS[state]
    # On a phone what is met isn't listed, and what is not must say what it is about.
    label = f' data-of="{escape(about[:LABEL_LENGTH])}：{escape(words)}"' if css in ("r", "y") else ""
    shown = f"{sign} {escape(short)}" if short else sign
    return (
        f'<td class="{css}"><a title="{escape(words)}"{label} href="/assess/?id=',
        f'#item-{item_id}">{shown}</a></td>',
    )


def _shown_mark(reading: Reading) -> dict[str, str]:
    css, sign, _word = MARKS[reading.state]
    return {"css": css, "sign": sign, "words": _item_words(reading)[2]}


# The card on the home page


def checklist_matrix(session: Session) -> dict[str, Any] | None:
    """The checklist in use by company, from each company's latest assessment; None without a published one."""
    companies = session.execute(
        select(Company.id, Company.short_name)
        .where(posted_now())
        .order_by(Company.pinyin, Company.id)
        .limit(COMPANIES + 1)
    ).all()
    keys = [company_id for company_id, _name in companies]
    version = checklists.version_in_use(session, keys)
    if version is None:
        return None
    reckoner = Reckoner(checklists.items_of_versions(session, [version.version_id]))
    latest = checklists.latest_of(session, version.version_id, keys)
    marks = checklists.marks_of(session, reckoner, list(latest.values()), side=None)
    blank = reckoner.nothing()
    return {
        "title": version.title,
        "version_id": version.version_id,
        "groups": [
            (group.name, len(list(part))) for group, part in groupby(reckoner.items, key=lambda item: item.group)
        ],
        "items": [item.text for item in reckoner.items],
        "rows": [
            {
                "name": name,
                "assessment_id": latest.get(company_id),
                "cells": [_cell(reading) for reading in marks.get(latest.get(company_id, 0), blank)],
            }
            for company_id, name in companies[:COMPANIES]
        ],
        "more": len(companies) > COMPANIES,
    }


def _cell(reading: Reading) -> dict[str, str]:
    css, sign, word = MARKS[reading.state] if reading.state else UNASSESSED
    return {"css": css, "sign": sign, "word": f"{reading.item.text}：{reading.words or word}"}
