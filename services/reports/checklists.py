"""One checklist across those who are held against it: who meets what, in a round or by the latest assessments.

Of the answers, which are thousands, only columns are read; what one amounts to is reckoned once for each item and each
thing given. Lists stand in order of pinyin: nobody is ranked.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, func, or_, select, type_coerce
from sqlalchemy.orm import Session, joinedload

from models import (
    Answer,
    Assessment,
    AssessmentAnswer,
    Branch,
    ChecklistGroup,
    ChecklistItem,
    ChecklistTemplate,
    ChecklistVersion,
    Company,
    Scoring,
    VersionStatus,
)
from services.checklists import scoring
from services.checklists.answers import NOTHING, REVIEW, SELF, Given, falls_short, in_words, mark_of, state_of

PAGE = 200
"""How many companies or branches stand on one page."""
Raw = tuple[str | None, int | None, int | None]
"""What a row holds of one side: a word, the key of a grade, a number in hundredths."""
BLANK: Raw = (None, None, None)
WITHIN, BETWEEN = ",", ";"
"""What stands within an answer that is written as text, and between two of them."""


@dataclass(frozen=True)
class Scope:
    """The assessments that are looked at: those of a round, or of each company or branch its latest against a version."""

    version_id: int
    title: str
    round_id: int | None = None

    def holds(self) -> ColumnElement[bool]:
        """The condition on ``Assessment``."""
        if self.round_id is not None:
            return Assessment.round_id == self.round_id
        return Assessment.id.in_(latest_against(self.version_id))


def latest_against(version_id: int, *conditions: ColumnElement[bool]) -> Any:
    """Of each company, or branch without one, the key of its latest assessment against a version, as a subselect."""
    newest_first = (Assessment.assessed_on.desc(), Assessment.id.desc())
    ranked = (
        select(
            Assessment.id,
            func.row_number()
            .over(partition_by=(Assessment.branch_id, Assessment.company_id), order_by=newest_first)
            .label("place"),
        )
        .where(Assessment.checklist_version_id == version_id, *conditions)
        .subquery()
    )
    return select(ranked.c.id).where(ranked.c.place == 1)


@dataclass(frozen=True)
class Choices:
    """What can be looked at: the rounds of which the actor sees assessments, the newest first; the versions in use.

    Attributes:
        latest: the version of the latest assessment in sight.
        begun: the rounds in which something is answered.
    """

    rounds: tuple[Scope, ...]
    versions: tuple[Scope, ...]
    latest: int | None
    begun: frozenset[int]

    def find(self, round_id: int | None, version_id: int | None) -> Scope | None:
        """The round or the version with this key; None when there is none in sight."""
        if round_id is not None:
            return next((one for one in self.rounds if one.round_id == round_id), None)
        return next((one for one in self.versions if one.version_id == version_id), None)

    def usual(self) -> Scope | None:
        """What is shown to somebody who chose nothing."""
        answered = (one for one in self.rounds if one.round_id in self.begun)
        return (
            next(answered, None)
            or next(iter(self.rounds), None)
            or self.find(None, self.latest)
            or next(iter(self.versions), None)
        )


def choices(session: Session) -> Choices:
    """Rounds and versions that can be looked at, by two statements."""
    latest = select(Assessment.checklist_version_id).order_by(Assessment.assessed_on.desc(), Assessment.id.desc())
    known = session.execute(
        select(ChecklistVersion.id, ChecklistVersion.name, ChecklistTemplate.name, latest.limit(1).scalar_subquery())
        .join(ChecklistTemplate, ChecklistTemplate.id == ChecklistVersion.template_id)
        .where(ChecklistVersion.status != VersionStatus.DRAFT)
        .order_by(ChecklistVersion.published_on.desc(), ChecklistVersion.id.desc())
    ).all()
    answered = func.count(Assessment.self_score) + func.count(Assessment.review_score)
    rounds = session.execute(
        select(Assessment.round_id, Assessment.round_name, Assessment.checklist_version_id, answered)
        .where(Assessment.round_id.is_not(None))
        .group_by(
            Assessment.round_id, Assessment.round_name, Assessment.due_on, Assessment.checklist_version_id
        )
        .order_by(Assessment.due_on.desc(), Assessment.round_id.desc())
    ).all()  # fmt: skip
    return Choices(
        tuple(Scope(version, name or "", key) for key, name, version, _answered in rounds),
        tuple(Scope(key, heading(template, name)) for key, name, template, _latest in known),
        known[0][3] if known else None,
        frozenset(key for key, _name, _version, number in rounds if number),
    )


def any_assessment(session: Session, condition: ColumnElement[bool]) -> bool:
    """Whether an assessment that meets a condition is in sight."""
    return session.scalar(select(Assessment.id).where(condition).limit(1)) is not None


def of_branch_itself(branch_id: int) -> ColumnElement[bool]:
    """The condition on ``Assessment`` that the branch itself is assessed, no company of it."""
    return and_(Assessment.branch_id == branch_id, Assessment.company_id.is_(None))


def heading(template: str, version: str) -> str:
    """Checklist and version by name, no name twice."""
    return version if template in version else f"{template}（{version}）"


# What an answer amounts to


class Reading:
    """One thing given for one item, and what it amounts to, reckoned when it is asked for.

    Attributes:
        state: how far the item is met; None where nothing was given.
    """

    def __init__(self, item: ChecklistItem, given: Given) -> None:
        self.item, self.given = item, given
        self.state: Answer | None = state_of(item, given)

    @cached_property
    def words(self) -> str:
        """What was given, as people read it; empty for nothing."""
        return in_words(self.item, self.given)

    @cached_property
    def earned(self) -> int | Fraction:
        """Hundredths of a point; whole ones as a plain number, with which thousands are added up in no time."""
        found = scoring.earned(self._mark)
        return found.numerator if found.denominator == 1 else found

    @cached_property
    def possible(self) -> int:
        """The hundredths of a point in play: 0 of a bonus, of a veto and of what doesn't apply."""
        return self._mark.points if self._mark.in_play else 0

    @cached_property
    def short(self) -> bool:
        """Whether it has to be mended."""
        return falls_short(self.item, self.given)

    @cached_property
    def _mark(self) -> scoring.Mark:
        return mark_of(self.item, self.given)


class Reckoner:
    """The items of a version, and what each thing given for one of them amounts to, reckoned once."""

    def __init__(self, items: Sequence[ChecklistItem]) -> None:
        self.items = items
        self.places = {item.id: place for place, item in enumerate(items)}
        self._known: dict[tuple[Any, ...], Reading] = {}
        self._written: dict[str, tuple[int, Reading]] = {}
        self._blank: list[Reading] = []

    def read(self, item_id: int, raw: Raw) -> Reading:
        """What one thing given for an item amounts to."""
        key = (item_id, *raw)
        found = self._known.get(key)
        if found is None:
            answer, step_id, number = raw
            given = Given(Answer(answer) if answer else None, step_id, number) if raw != BLANK else NOTHING
            found = self._known[key] = Reading(self.items[self.places[item_id]], given)
        return found

    def read_written(self, written: str) -> list[Reading]:
        """What the answers of one assessment amount to, item by item, from the text that ``written_answers`` makes of them."""
        readings, known = self.nothing(), self._written
        for one in written.split(BETWEEN):
            place, reading = known.get(one) or self._learn(one)
            readings[place] = reading
        return readings

    def _learn(self, one: str) -> tuple[int, Reading]:
        item_id, word, step_id, number = one.split(WITHIN)
        raw = (word or None, int(step_id) if step_id else None, int(number) if number else None)
        found = self._written[one] = self.places[int(item_id)], self.read(int(item_id), raw)
        return found

    def nothing(self) -> list[Reading]:
        """What stands for each item before anything is given."""
        if len(self._blank) < len(self.items):
            self._blank = [self.read(item.id, BLANK) for item in self.items]
        return self._blank.copy()


def items_of_versions(session: Session, versions: Iterable[int]) -> list[ChecklistItem]:
    """The items of versions in their order, each with its group and its steps, by one statement."""
    statement = (
        select(ChecklistItem)
        .join(ChecklistGroup, ChecklistGroup.id == ChecklistItem.group_id)
        .where(ChecklistGroup.checklist_version_id.in_(list(versions)))
        .options(joinedload(ChecklistItem.group), joinedload(ChecklistItem.steps))
        .order_by(ChecklistGroup.position, ChecklistGroup.id, ChecklistItem.position, ChecklistItem.id)
    )
    return list(session.scalars(statement).unique())


def given_columns(side: str) -> list[Any]:
    """The columns of what one side gave; the word comes as it is stored: an enum for each of thousands takes long."""
    word, step, number = (getattr(AssessmentAnswer, f"{side}_{name}") for name in ("answer", "step_id", "number"))
    return [type_coerce(word, String), step, number]


# The matrix


@dataclass(frozen=True)
class Line:
    """A company, or a branch that is itself assessed, with what it got for each item.

    Attributes:
        company_id: None where it is the branch itself that is assessed.
        name: None where its record is out of the actor's sight.
    """

    assessment_id: int
    company_id: int | None
    branch_id: int
    name: str | None
    readings: list[Reading]

    def counted(self) -> Counter[Answer | None]:
        """How many items are met how far."""
        return Counter(reading.state for reading in self.readings)


@dataclass(frozen=True)
class Matrix:
    """Lines by items.

    Attributes:
        page: counted from 0.
        more: whether there are further pages.
    """

    reckoner: Reckoner
    lines: list[Line]
    page: int = 0
    more: bool = False


def matrix(
    session: Session, scope: Scope, side: str = REVIEW, page: int = 0, only: ColumnElement[bool] | None = None,
    reckoner: Reckoner | None = None,
) -> Matrix:  # fmt: skip
    """Whoever was assessed, in order of pinyin, with one side's answers: by three statements, however many there are.

    Args:
        only: a condition on ``Assessment`` besides.
    """
    reckoner = reckoner or Reckoner(items_of_versions(session, [scope.version_id]))
    statement = named().where(scope.holds()).limit(PAGE + 1).offset(page * PAGE)
    rows = session.execute(statement if only is None else statement.where(only)).all()
    marks = marks_of(session, reckoner, [row[0] for row in rows[:PAGE]], side)
    lines = [Line(*row, readings=marks[row[0]]) for row in rows[:PAGE]]
    return Matrix(reckoner, lines, page, len(rows) > PAGE)


def named() -> Any:
    """A statement for the keys and names of whoever was assessed, in order of pinyin."""
    name = func.coalesce(Company.short_name, _of_branch_alone(Branch.name))
    return (
        select(Assessment.id, Assessment.company_id, Assessment.branch_id, name)
        .outerjoin(Company, Company.id == Assessment.company_id)
        .outerjoin(Branch, Branch.id == Assessment.branch_id)
        .order_by(func.coalesce(Company.pinyin, _of_branch_alone(Branch.pinyin)), Assessment.id)
    )


def _of_branch_alone(column: Any) -> Any:
    """A column of the branch where it is itself assessed, NULL where a company of it is."""
    return case((Assessment.company_id.is_(None), column))


def marks_of(
    session: Session, reckoner: Reckoner, assessments: Sequence[int], side: str | None
) -> dict[int, list[Reading]]:
    """What each of the assessments got for each item, by one statement.

    Args:
        side: whose answers; None for the reviewer's, and the assessed's own where there is no review yet.
    """
    written = select(AssessmentAnswer.assessment_id, written_answers(side)).group_by(AssessmentAnswer.assessment_id)
    rows = session.execute(written.where(AssessmentAnswer.assessment_id.in_(list(assessments))))
    found = {key: reckoner.read_written(text) for key, text in rows if text}
    return {key: found.get(key) or reckoner.nothing() for key in assessments}


def written_answers(side: str | None) -> Any:
    """All that was given in an assessment as one text: a row of it for each answer takes four times as long to fetch."""
    sides = [side] if side else [REVIEW, SELF]
    given = [(or_(*(column.is_not(None) for column in given_columns(one))), _written(one)) for one in sides]
    return func.aggregate_strings(case(*given), BETWEEN)


def _written(side: str) -> Any:
    """One answer as a text: the item's key, the word, the key of the grade, the number."""
    word, step, number = given_columns(side)
    text = cast(AssessmentAnswer.item_id, String)
    for value in (word, cast(step, String), cast(number, String)):
        text = text + WITHIN + func.coalesce(value, "")
    return text


@dataclass(frozen=True)
class GroupMark:
    """What a line got in one group of items, in hundredths of a point; rounded half up.

    Attributes:
        bonus: what bonuses bring on top.
    """

    state: Answer | None
    earned: int
    possible: int
    bonus: int


def mark_group(readings: Iterable[Reading]) -> GroupMark:
    """The points of a group: all of them is met, none not met; an unmet veto is not met whatever the points."""
    earned: int | Fraction = 0
    bonus: int | Fraction = 0
    possible, given, applies, vetoed = 0, False, False, False
    for one in readings:
        possible += one.possible
        if one.state is None:
            continue
        given, applies = True, applies or one.state is not Answer.NOT_APPLICABLE
        if one.possible:
            earned += one.earned
        elif one.item.scoring is Scoring.BONUS:
            bonus += one.earned
        elif one.short:
            vetoed = True
    state = _state_of_group(earned, possible, applies, vetoed) if given else None
    return GroupMark(state, _rounded(earned), possible, _rounded(bonus))


def _state_of_group(earned: int | Fraction, possible: int, applies: bool, vetoed: bool) -> Answer:
    if vetoed:
        return Answer.NOT_MET
    if possible:
        return Answer.MET if earned == possible else Answer.PARTLY if earned else Answer.NOT_MET
    return Answer.MET if applies else Answer.NOT_APPLICABLE


def _rounded(value: int | Fraction) -> int:
    return value if isinstance(value, int) else int(value + Fraction(1, 2))


# The home page's


def version_in_use(session: Session, companies: Sequence[int]) -> Scope | None:
    """The published version that one of the companies was last assessed against, else the newest.

    There are several checklists: the newest one may be for others than these companies.
    """
    published = (
        select(ChecklistVersion.id, ChecklistTemplate.name, ChecklistVersion.name)
        .join(ChecklistTemplate, ChecklistTemplate.id == ChecklistVersion.template_id)
        .where(ChecklistVersion.status == VersionStatus.PUBLISHED)
        .limit(1)
    )
    used = (
        published.join(Assessment, Assessment.checklist_version_id == ChecklistVersion.id)
        .where(Assessment.company_id.in_(companies), begun())
        .order_by(Assessment.assessed_on.desc(), Assessment.id.desc())
    )
    row = session.execute(used).first() or session.execute(published.order_by(ChecklistVersion.id.desc())).first()
    return Scope(row[0], f"{row[1]} · {row[2]}") if row else None


def latest_of(session: Session, version_id: int, companies: Sequence[int]) -> dict[int, int]:
    """The key of each company's latest assessment against a version."""
    rows = select(Assessment.company_id, Assessment.id).where(
        Assessment.id.in_(latest_against(version_id, Assessment.company_id.in_(companies), begun()))
    )
    return {company_id: key for company_id, key in session.execute(rows) if company_id is not None}


def begun() -> ColumnElement[bool]:
    """Not an empty one of a round: a round that has just begun doesn't hide what was found before."""
    answered = or_(Assessment.self_score.is_not(None), Assessment.review_score.is_not(None))
    return or_(Assessment.round_id.is_(None), answered)
