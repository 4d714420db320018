"""One company, or one branch, over the years: its assessments by date, and each item through the versions it has gone."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, selectinload

from models import (
    Assessment,
    AssessmentStatus,
    ChecklistItem,
    ChecklistItemOrigin,
    ChecklistTemplate,
    ChecklistVersion,
    Rectification,
    RectificationStatus,
    Result,
    VersionStatus,
)
from services.checklists.answers import REVIEW
from services.checklists.difference import Fate, compare
from services.checklists.outline import GroupOutline, ItemOutline, Outline, StepOutline
from services.reports.checklists import Reading, Reckoner, heading, items_of_versions, marks_of, of_branch_itself


@dataclass(frozen=True)
class Past:
    """One assessment.

    Attributes:
        failed: how many items the review found not met.
        unmended, mended: rectifications that came from it and are in the actor's sight.
    """

    id: int
    assessed_on: date
    version_id: int
    template_id: int
    template_name: str
    version_name: str
    round_id: int | None
    round_name: str | None
    status: AssessmentStatus
    self_score: int | None
    review_score: int | None
    result: Result | None
    failed: int = 0
    unmended: int = 0
    mended: int = 0

    @property
    def title(self) -> str:
        """Checklist and version by name."""
        return heading(self.template_name, self.version_name)


@dataclass(frozen=True)
class Strand:
    """An item through the versions: as the newest of them words it, with what it was found to be each time.

    Attributes:
        marks: for each assessment of the checklist, in their order; several where items were merged later, none where the item
            wasn't there.
        fates: what became of the item in each assessment's version, beside the one before; None where it wasn't there or
            came from nowhere.
        gone: whether the newest version that was assessed has it no more.
    """

    item: ChecklistItem
    marks: list[list[Reading]]
    fates: list[Fate | None]
    gone: bool


@dataclass(frozen=True)
class Course:
    """A checklist that was assessed at least once: its assessments, the oldest first, and its items."""

    name: str
    assessments: list[Past]
    strands: list[Strand] = field(default_factory=list)


@dataclass(frozen=True)
class History:
    """All assessments, the newest first, and the same by checklist."""

    assessments: list[Past]
    courses: list[Course]


def history(session: Session, company_id: int | None, branch_id: int) -> History:
    """What is known of a company, or without one of a branch that is itself assessed: statements don't grow with the years."""
    whose = Assessment.company_id == company_id if company_id else of_branch_itself(branch_id)
    rows = _assessments(session, whose)
    versions = _versions(session, {row.template_id for row in rows})
    items = items_of_versions(session, [version.id for version in versions])
    reckoner = Reckoner(items)
    marks = marks_of(session, reckoner, [row.id for row in rows], REVIEW)
    rectifications = _rectifications(session, [row.id for row in rows])
    past = [_told(row, marks[row.id], rectifications) for row in rows]
    oldest_first = sorted(past, key=lambda one: (one.template_id, one.assessed_on, one.id))
    lineage = _Lineage(versions, items, _origins(session, items))
    courses = []
    for _template, part in groupby(oldest_first, key=lambda one: one.template_id):
        assessments = list(part)
        courses.append(
            Course(assessments[-1].template_name, assessments, list(_strands(assessments, lineage, marks, reckoner)))
        )
    return History(past, sorted(courses, key=lambda course: course.assessments[-1].assessed_on, reverse=True))


def _assessments(session: Session, whose: ColumnElement[bool]) -> list[Past]:
    statement = (
        select(
            Assessment.id, Assessment.assessed_on, ChecklistVersion.id, ChecklistTemplate.id, ChecklistTemplate.name,
            ChecklistVersion.name, Assessment.round_id, Assessment.round_name, Assessment.status, Assessment.self_score, Assessment.review_score,
            Assessment.result,
        )
        .join(ChecklistVersion, ChecklistVersion.id == Assessment.checklist_version_id)
        .join(ChecklistTemplate, ChecklistTemplate.id == ChecklistVersion.template_id)
        .where(whose)
        .order_by(Assessment.assessed_on.desc(), Assessment.id.desc())
    )  # fmt: skip
    return [Past(*row) for row in session.execute(statement)]


def _told(row: Past, readings: Sequence[Reading], rectifications: dict[int, Counter[bool]]) -> Past:
    counts = rectifications.get(row.id, Counter())
    return replace(row, failed=sum(reading.short for reading in readings), unmended=counts[False], mended=counts[True])


def _rectifications(session: Session, assessments: list[int]) -> dict[int, Counter[bool]]:
    """How many rectifications came from each assessment: those that are closed under True, the others under False."""
    statement = (
        select(Rectification.assessment_id, Rectification.status, func.count())
        .where(Rectification.assessment_id.in_(assessments))
        .group_by(Rectification.assessment_id, Rectification.status)
    )
    found: dict[int, Counter[bool]] = {}
    for key, status, count in session.execute(statement):
        if key is not None:
            found.setdefault(key, Counter())[status is RectificationStatus.CLOSED] += count
    return found


def _versions(session: Session, templates: Iterable[int]) -> list[ChecklistVersion]:
    """All versions of the checklists but drafts, the oldest first: an item may come through one that wasn't assessed."""
    statement = (
        select(ChecklistVersion)
        .where(ChecklistVersion.template_id.in_(list(templates)), ChecklistVersion.status != VersionStatus.DRAFT)
        .options(selectinload(ChecklistVersion.audiences))
        .order_by(ChecklistVersion.id)
    )
    return list(session.scalars(statement))


def _origins(session: Session, items: Sequence[ChecklistItem]) -> dict[int, list[int]]:
    """Where items come from, by key."""
    keys = [item.id for item in items]
    found: dict[int, list[int]] = {}
    pairs = select(ChecklistItemOrigin.item_id, ChecklistItemOrigin.origin_id)
    for item_id, origin_id in session.execute(pairs.where(ChecklistItemOrigin.item_id.in_(keys))):
        found.setdefault(item_id, []).append(origin_id)
    return found


class _Lineage:
    """Where each item of each version comes from, as ``difference.compare`` finds it: by origin, else by code."""

    def __init__(
        self, versions: Sequence[ChecklistVersion], items: Sequence[ChecklistItem], origins: dict[int, list[int]]
    ) -> None:
        self.items: dict[int, list[ChecklistItem]] = {version.id: [] for version in versions}
        for item in items:
            self.items[item.group.checklist_version_id].append(item)
        codes = {item.id: item.code for item in items}
        outlines = {version.id: _outline(version, self.items[version.id], origins, codes) for version in versions}
        self.parents: dict[int, int] = {}
        self._before: dict[int, tuple[int, ...]] = {}
        self._fates: dict[int, Fate] = {}
        newest: dict[int, int] = {}
        for version in versions:
            by_origin = version.based_on_id in outlines
            parent = version.based_on_id if by_origin else newest.get(version.template_id)
            newest[version.template_id] = version.id
            if parent is not None:
                self._compare(outlines[parent], outlines[version.id], by_origin)
                self.parents[version.id] = parent

    def _compare(self, older: Outline, newer: Outline, by_origin: bool) -> None:
        for change in compare(older, newer, by_origin=by_origin):
            if change.after is not None and change.after.key is not None:
                self._before[change.after.key] = tuple(one.key for one in change.before if one.key is not None)
                self._fates[change.after.key] = change.fate

    def of(self, item: ChecklistItem) -> dict[int, list[int]]:
        """The item in its own version and what it was in those before: keys by version."""
        version, keys = item.group.checklist_version_id, [item.id]
        found = {version: keys}
        while keys and version in self.parents:
            version = self.parents[version]
            keys = [before for key in keys for before in self._before.get(key, ())]
            if keys:
                found[version] = keys
        return found

    def fate(self, keys: Sequence[int]) -> Fate | None:
        """What became of an item in its version; None in the first one."""
        return self._fates.get(keys[0]) if keys else None


def _outline(
    version: ChecklistVersion, items: Sequence[ChecklistItem], origins: dict[int, list[int]], codes: dict[int, str]
) -> Outline:
    """A version as it is compared: items that are loaded already."""
    groups = [
        GroupOutline(group.name, tuple(_item_outline(item, origins, codes) for item in part))
        for group, part in groupby(items, key=lambda item: item.group)
    ]
    return Outline(version.name, tuple(groups))


def _item_outline(item: ChecklistItem, origins: dict[int, list[int]], codes: dict[int, str]) -> ItemOutline:
    facts = {
        name: getattr(item, name)
        for name in ("code", "text", "points", "scoring", "off_each", "off_at_most", "counts", "can_be_left_out",
                     "how_checked", "evidence")
    }  # fmt: skip
    steps = sorted(item.steps, key=lambda step: (step.position, step.id))
    return ItemOutline(
        steps=tuple(StepOutline(step.name, step.share, step.starts_at) for step in steps),
        origins=tuple(codes[key] for key in origins.get(item.id, ()) if key in codes),
        key=item.id,
        **facts,
    )


def _strands(
    assessments: Sequence[Past], lineage: _Lineage, marks: dict[int, list[Reading]], reckoner: Reckoner
) -> Iterator[Strand]:
    """The items of the newest version that was assessed; then those that it has no more, from newer versions to older ones."""
    told: set[int] = set()
    versions = list(dict.fromkeys(one.version_id for one in reversed(assessments)))
    versions.sort(reverse=True)
    for place, version in enumerate(versions):
        for item in lineage.items.get(version, ()):
            if item.id in told:
                continue
            keys = lineage.of(item)
            told.update(key for some in keys.values() for key in some)
            of_each = [keys.get(one.version_id, []) for one in assessments]
            yield Strand(
                item,
                [
                    [marks[one.id][reckoner.places[key]] for key in some]
                    for one, some in zip(assessments, of_each, strict=True)
                ],
                [lineage.fate(some) for some in of_each],
                gone=place > 0,
            )
