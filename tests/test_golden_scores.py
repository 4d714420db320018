"""An assessment that was signed off recomputes to the same score for ever: files that never change say to which."""

import json
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Answer, Assessment, AssessmentAnswer, AssessmentStatus, ChecklistVersion, Company, Result, Scoring
from policy import acting_as, system_session
from services.checklists import assess
from services.checklists.answers import Given
from services.checklists.outline import GroupOutline, ItemOutline, Outline, StepOutline
from services.checklists.scoring import HUNDREDTHS, REVISIONS, Mark, Outcome, Step, band
from services.checklists.versions import new_template, publish, retire
from tests.world import World

Golden = dict[str, Any]
FOLDER = Path(__file__).parent / "golden"
FILES = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((FOLDER / "assessments").glob("*.json"))}
SIDES = ("self", "review")
each = pytest.mark.parametrize("golden", FILES.values(), ids=FILES)


@pytest.fixture
def session(office: tuple[Flask, World]) -> Iterator[Session]:
    """A session that may do anything, on each database."""
    with system_session("demo") as session, acting_as(session.info["actor"]):
        yield session


# The files themselves


def test_no_golden_file_was_changed() -> None:
    lines = [line.split("  ", 1) for line in (FOLDER / "SHA256SUMS").read_text("utf-8").splitlines()]
    noted = {name: digest for digest, name in lines}
    found = {f"assessments/{path.name}": sha256(path.read_bytes()).hexdigest() for path in FOLDER.rglob("*.json")}
    assert found == noted, (
        "a golden file never changes: take the edit back, and add a file where there is something new"
    )


def test_every_way_of_scoring_and_every_revision_has_a_file() -> None:
    assert {item["scoring"] for golden in FILES.values() for item in items_of(golden)} == {one.value for one in Scoring}
    assert {golden["version"]["scoring_revision"] for golden in FILES.values()} == REVISIONS.keys()


# By the arithmetic alone


def items_of(golden: Golden) -> list[dict[str, Any]]:
    return [item for group in golden["version"]["groups"] for item in group["items"]]


def mark_of(item: dict[str, Any], answer: str | dict[str, Any] | None) -> Mark:
    """What scoring takes of an item and its answer, straight from the file."""
    steps = item.get("steps", [])
    word, chosen = (None, answer) if isinstance(answer, dict) else (answer, {})
    shares = {step["name"]: step["share"] for step in steps}
    return Mark(
        item["scoring"], item["points"], word, shares[chosen["grade"]] if "grade" in chosen else None, chosen.get("number"),
        tuple(Step(step["share"], step.get("starts_at")) for step in steps), item.get("off_each", 0), item.get("off_at_most"),
    )  # fmt: skip


def outcome_of(golden: Golden, side: str, answers: dict[str, Any]) -> Outcome:
    """What one side's answers come to by the rules that the file names."""
    version = golden["version"]
    marks = [mark_of(item, answers.get(item["code"])) for item in items_of(golden)]
    return REVISIONS[version["scoring_revision"]](marks, version["bonus_percent"] * HUNDREDTHS)


def figures_of(golden: Golden, given: dict[str, dict[str, Any]], reviewed: bool = True) -> dict[str, Any]:
    """What stands on an assessment with these answers; the result once it is reviewed."""
    own, review = (outcome_of(golden, side, given[side]) for side in SIDES)
    limits = golden["version"]["passed_percent"], golden["version"]["nearly_percent"]
    return {
        "self_score": own.score, "review_score": review.score, "vetoed": review.vetoed,
        "result": band(review, *limits) if reviewed else None,
    }  # fmt: skip


@each
def test_it_recomputes_to_the_same_figures(golden: Golden) -> None:
    assert figures_of(golden, golden["answers"]) == golden["expected"]


# Through the database


def version_from(session: Session, golden: Golden) -> ChecklistVersion:
    """The file's version, published under the revision of the rules that it names."""
    facts = golden["version"]
    outline = Outline(
        facts["name"], tuple(GroupOutline(group["name"], tuple(map(item_from, group["items"]))) for group in facts["groups"]),
        facts["passed_percent"], facts["nearly_percent"], facts["bonus_percent"],
    )  # fmt: skip
    version = new_template(session, facts["template"], outline)
    publish(session, version)
    version.scoring_revision = facts["scoring_revision"]
    session.flush()
    return version


def item_from(item: dict[str, Any]) -> ItemOutline:
    steps = tuple(StepOutline(**step) for step in item.get("steps", []))
    return ItemOutline(**item | {"scoring": Scoring(item["scoring"]), "steps": steps})


def given_for(row: AssessmentAnswer, answer: str | dict[str, Any]) -> Given:
    if isinstance(answer, str):
        return Given(Answer(answer))
    if "number" in answer:
        return Given(number=answer["number"])
    return Given(step_id={step.name: step.id for step in row.item.steps}[answer["grade"]])


def stored(session: Session, assessment: Assessment) -> dict[str, Any]:
    """The figures that stand in the database."""
    session.flush()
    session.expire(assessment)
    result = assessment.result.value if assessment.result else None
    scores = {name: getattr(assessment, name) for name in ("self_score", "review_score", "vetoed")}
    return scores | {"result": result}


class Assessing:
    """One assessment on its way; after each step what is stored is what the answers given so far come to."""

    def __init__(self, session: Session, golden: Golden) -> None:
        self._session, self._golden = session, golden
        self._given: dict[str, dict[str, Any]] = {side: {} for side in SIDES}
        company: Any = session.scalars(select(Company).order_by(Company.id).limit(1)).one()
        self.version = version_from(session, golden)
        self.assessment = Assessment(company=company, checklist_version=self.version, assessed_on=date(2026, 6, 30))
        session.add(self.assessment)
        session.flush()
        assess.open_assessment(session, self.assessment)
        self._rows = {row.item.code: row for row in self.assessment.answers}

    def answer(self, side: str) -> None:
        """Give a side's answers, half of them first."""
        entries = list(self._golden["answers"][side].items())
        for part in (entries[: len(entries) // 2], entries):
            rows = self._rows
            answers = {rows[code].item_id: given_for(rows[code], answer) for code, answer in part}
            reasons = dict.fromkeys(answers, "现场核对。") if side == "review" else None
            assess.answer(self._session, self.assessment, answers, reasons, reviewed=side == "review")
            self._given[side].update(part)
            self.check()

    def check(self) -> None:
        """What is stored is what the answers come to, and computing it anew changes nothing."""
        reviewed = self.assessment.status is AssessmentStatus.REVIEWED
        assert stored(self._session, self.assessment) == figures_of(self._golden, self._given, reviewed)
        assess.recompute(self._session, self.assessment)
        assert not self._session.is_modified(self.assessment)


@each
def test_it_comes_to_the_same_figures_in_the_database(golden: Golden, session: Session) -> None:
    assessing = Assessing(session, golden)
    assessment = assessing.assessment
    assessing.check()
    assessing.answer("self")
    assess.submit(session, assessment)
    assessing.check()
    assessing.answer("review")
    assess.review(session, assessment)
    assessing.check()
    session.commit()
    assert stored(session, assessment) == golden["expected"]


def test_a_version_that_is_retired_leaves_the_figures_as_they_are(session: Session) -> None:
    golden = FILES["whole_retired_branch"]
    assessing = Assessing(session, golden)
    assessing.answer("self")
    assess.submit(session, assessing.assessment)
    assessing.answer("review")
    assess.review(session, assessing.assessment)
    retire(session, assessing.version)
    session.commit()
    assessing.check()
    assert assessing.assessment.result is Result(golden["expected"]["result"])
