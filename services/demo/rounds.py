"""Two more rounds: example branches assessed themselves, and companies that still fill in their checklists.

The versions are copies of shipped drafts and say in their names that they are examples. Nothing unfavourable is said of
those whom the article names: only example branches have something to mend or are late.
"""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    Account,
    Answer,
    Assessment,
    AssessmentRound,
    Branch,
    ChecklistItem,
    ChecklistVersion,
    Company,
    Posting,
    Scoring,
)
from models.clock import today
from services.checklists import assess, reviewers, rounds, signing
from services.checklists.answers import REVIEW, SELF, Given, give
from services.checklists.outline import Outline
from services.checklists.seeds import SIX_GOOD_RETIRED, SIX_HAVES
from services.checklists.versions import new_template, publish

EXAMPLE = "2026 示例版"
ASSESSED = ("远东实业", "示例企业15", "示例企业16")
STAGES = ("signed", "reviewed", "submitted", "draft")
"""How far the first four example branches are."""


def _just_begun() -> str:
    """What the round of companies is called."""
    return f"{today().year} 年阵地“六有”自查（示例）"


def add_rounds(session: Session, branches: dict[str, Branch], companies: dict[str, Company]) -> None:
    """A round of four example branches, past its day, and one of three companies that has just begun."""
    _assess_branches(session, branches)
    standard = _example(session, "六有", replace(SIX_HAVES, name=EXAMPLE))
    rounds.open_round(
        session,
        AssessmentRound(
            branch=branches["root"], name=_just_begun(), checklist_version=standard,
            due_on=today() + timedelta(days=20),
        ),
        [companies[name] for name in ASSESSED],
    )  # fmt: skip


def name_posted_advisers(session: Session, postings: dict[str, Posting]) -> None:
    """Of the round that has just begun, each company's posted adviser reviews, where the adviser has an account."""
    by_person = {account.person_id: account for account in session.scalars(select(Account)) if account.person_id}
    begun = select(Assessment).where(Assessment.round_name == _just_begun(), Assessment.company_id.is_not(None))
    for assessment in session.scalars(begun):
        posting = postings.get(assessment.company.short_name)
        account = by_person.get(posting.adviser.person_id) if posting is not None else None
        if account is not None:
            reviewers.name(assessment, reviewers.Reviewer(account.id, account.name))
    session.flush()


def _example(session: Session, name: str, outline: Outline) -> ChecklistVersion:
    """A published version, beside the draft that the office has to confirm."""
    made = new_template(session, name, outline)
    publish(session, made)
    session.flush()
    return made


def _assess_branches(session: Session, branches: dict[str, Branch]) -> None:
    standard = _example(session, "六好离退休干部党支部", replace(SIX_GOOD_RETIRED, name=EXAMPLE))
    made = AssessmentRound(
        branch=branches["root"], name=f"{today().year} 年六好党支部考核（示例）", checklist_version=standard, due_on=today()
    )  # fmt: skip
    chosen = [branches[f"retired{number}"] for number in range(1, len(STAGES) + 1)]
    for assessment, stage in zip(rounds.open_round(session, made, (), chosen), STAGES, strict=True):
        _bring_to(session, assessment, stage)
    made.due_on = today() - timedelta(days=3)
    session.flush()


def _bring_to(session: Session, assessment: Assessment, stage: str) -> None:
    """Answer one of the assessments as far as its stage says; of the second, one item failed and one was thought better."""
    if stage == "draft":
        return
    items = {item.id: item for item in assess.items_of(session, assessment.checklist_version_id)}
    for place, row in enumerate(sorted(assessment.answers, key=lambda one: one.item_id)):
        item = items[row.item_id]
        best = _best(item)
        give(SELF, row, best)
        row.self_by = "示例·支部书记"
        if stage == "submitted" or item.scoring is Scoring.BONUS:
            continue
        failed = stage == "reviewed" and place in (1, 3)
        give(REVIEW, row, _worst(item) if failed else best)
        row.review_by, row.reason = "示例·考评组", "现场查看，材料还没有补齐。" if failed else None
    session.flush()
    assess.submit(session, assessment)
    if stage in ("reviewed", "signed"):
        assess.review(session, assessment)
    if stage == "signed":
        signing.sign_off(session, assessment)


def _best(item: ChecklistItem) -> Given:
    """What earns all of an item's points; of a bonus, nothing."""
    steps = sorted(item.steps, key=lambda step: step.share)
    scoring = item.scoring
    if scoring in (Scoring.DEDUCTION, Scoring.BONUS):
        return Given(number=0)
    if scoring is Scoring.NUMBER:
        return Given(number=steps[-1].starts_at)
    return Given(step_id=steps[-1].id) if scoring is Scoring.GRADED and steps else Given(Answer.MET)


def _worst(item: ChecklistItem) -> Given:
    """What earns none of an item's points."""
    steps = sorted(item.steps, key=lambda step: step.share)
    scoring = item.scoring
    if scoring is Scoring.NUMBER:
        return Given(number=0)
    if scoring is Scoring.DEDUCTION:
        return Given(number=99_00)
    return Given(step_id=steps[0].id) if scoring is Scoring.GRADED and steps else Given(Answer.NOT_MET)
