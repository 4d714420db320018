"""One round of assessments: three venues that pass and are signed off, and two examples with things to mend."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    Answer,
    Assessment,
    AssessmentRound,
    AssessmentStatus,
    Branch,
    ChecklistTemplate,
    ChecklistVersion,
    Company,
    MoveKind,
    Rectification,
    RectificationStatus,
)
from models.clock import today
from services.checklists import assess, rounds, signing
from services.checklists.seeds import VENUE_STANDARD
from services.demo.programme import WITH_VENUE

FAILED = {"示例企业15": {0, 3, 6, 8, 9}, "示例企业16": {8}}
PARTLY = {"示例企业15": {1}, "示例企业16": {1, 5}}
LATE = {"示例企业15": {0, 3}}
ON_SITE = "现场查看，内容没有及时更新。"


def assess_venues(session: Session, companies: dict[str, Company], root: Branch) -> None:
    """Three venues built to 两栏四有四上墙; 示例企业15 fails and has open rectifications, 示例企业16 nearly passes."""
    named = select(ChecklistVersion).join(ChecklistVersion.template).where(ChecklistTemplate.name == VENUE_STANDARD)
    assessed = [companies[name] for name in (*WITH_VENUE, "示例企业15", "示例企业16")]
    made = rounds.open_round(
        session,
        AssessmentRound(
            branch=root,
            name=f"{today().year} 年阵地建设考核（示例）",
            checklist_version=session.scalars(named).one(),
            due_on=today() + timedelta(days=10),
        ),
        assessed,
    )
    for company, assessment in zip(assessed, made, strict=True):
        assessment.assessed_on = today() - timedelta(days=40)
        _answer(session, assessment, FAILED.get(company.short_name, ()), PARTLY.get(company.short_name, ()))
        if company.short_name in WITH_VENUE:
            signing.sign_off(session, assessment)
        session.flush()


def _answer(session: Session, assessment: Assessment, failed: Iterable[int], partly: Iterable[int]) -> None:
    """Both scores of one company; an item that is partly met was thought to be met."""
    name, late = assessment.company.short_name, LATE.get(assessment.company.short_name, ())
    rows = sorted(assessment.answers, key=lambda row: row.item_id)
    for place, row in enumerate(rows):
        row.review_answer = Answer.NOT_MET if place in failed else Answer.PARTLY if place in partly else Answer.MET
        row.self_answer = Answer.MET if place in partly else row.review_answer
        row.reason = ON_SITE if place in partly else None
        row.self_by, row.review_by = "示例·企业党务专干", "示例·党建指导员"
    assessment.status = AssessmentStatus.REVIEWED
    assess.recompute(session, assessment)
    for kind in (MoveKind.SUBMITTED, MoveKind.REVIEWED):
        assess.note_move(session, assessment, kind)
    for place in sorted(failed):
        mending = Rectification(
            company=assessment.company,
            assessment=assessment,
            item=rows[place].item,
            what=f"补齐：{rows[place].item.text}",
            responsible="示例·企业负责人",
            due_on=today() + timedelta(days=-10 if place in late else 20),
        )
        if name == "示例企业16":
            mending.status, mending.evidence = RectificationStatus.DONE, "已经制作完成，并挂在活动室墙上。"
            mending.done_on = today() - timedelta(days=5)
        session.add(mending)
