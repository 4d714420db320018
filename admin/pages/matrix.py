"""The checklist by company: a row for each company, a column for each item, a mark in each cell."""

from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from models import Answer, Assessment, AssessmentAnswer, ChecklistItem, ChecklistVersion, Company, VersionStatus
from services.checklists.answers import NOTHING, REVIEW, SELF, Given, in_words, state_of
from services.checklists.assess import items_of
from services.reports.programme import posted_now

COMPANIES = 60
MARKS = {
    Answer.MET: ("g", "✓", "达到"),
    Answer.PARTLY: ("y", "△", "部分达到"),
    Answer.NOT_MET: ("r", "✕", "未达到"),
    Answer.NOT_APPLICABLE: ("n", "－", "不适用"),
    None: ("n", "·", "未考核"),
}


def checklist_matrix(session: Session) -> dict[str, Any] | None:
    """The checklist in use by company, from each company's latest assessment; None without a published one."""
    companies = session.scalars(
        select(Company).where(posted_now()).order_by(Company.pinyin, Company.id).limit(COMPANIES + 1)
    ).all()
    version = _version_in_use(session, [company.id for company in companies])
    if version is None:
        return None
    items = items_of(session, version.id)
    latest = _latest(session, version.id, [company.id for company in companies])
    answers = _answers(session, list(latest.values()))
    return {
        "title": f"{version.template.name} · {version.name}",
        "groups": [(group.name, len(list(part))) for group, part in groupby(items, key=lambda item: item.group)],
        "items": [item.text for item in items],
        "rows": [
            {
                "company": company,
                "assessment_id": latest.get(company.id),
                "cells": [_cell(item, answers.get((latest.get(company.id), item.id), NOTHING)) for item in items],
            }
            for company in companies[:COMPANIES]
        ],
        "more": len(companies) > COMPANIES,
    }


def _version_in_use(session: Session, companies: list[int]) -> ChecklistVersion | None:
    """The published version that one of the companies was last assessed against, else the newest.

    There are several checklists: the newest one may be for others than these companies.
    """
    published = (
        select(ChecklistVersion)
        .where(ChecklistVersion.status == VersionStatus.PUBLISHED)
        .options(joinedload(ChecklistVersion.template))
        .limit(1)
    )
    used = (
        published.join(Assessment, Assessment.checklist_version_id == ChecklistVersion.id)
        .where(Assessment.company_id.in_(companies), _begun())
        .order_by(Assessment.assessed_on.desc(), Assessment.id.desc())
    )
    return session.scalar(used) or session.scalar(published.order_by(ChecklistVersion.id.desc()))


def _begun() -> ColumnElement[bool]:
    """Not an empty one of a round: a round that has just begun doesn't hide what was found before."""
    answered = or_(Assessment.self_score.is_not(None), Assessment.review_score.is_not(None))
    return or_(Assessment.round_id.is_(None), answered)


def _cell(item: ChecklistItem, given: Given) -> dict[str, str]:
    css, sign, word = MARKS[state_of(item, given)]
    return {"css": css, "sign": sign, "word": f"{item.text}：{in_words(item, given) or word}"}


def _latest(session: Session, version_id: int, companies: list[int]) -> dict[int, int]:
    """The key of each company's latest assessment against the version."""
    ranked = (
        select(
            Assessment.id,
            func.row_number()
            .over(partition_by=Assessment.company_id, order_by=(Assessment.assessed_on.desc(), Assessment.id.desc()))
            .label("place"),
        )
        .where(Assessment.checklist_version_id == version_id, Assessment.company_id.in_(companies), _begun())
        .subquery()
    )
    rows = select(Assessment.company_id, Assessment.id).join(ranked, ranked.c.id == Assessment.id)
    return dict(session.execute(rows.where(ranked.c.place == 1)).all())


def _answers(session: Session, assessments: list[int]) -> dict[tuple[int, int], Given]:
    """The reviewer's answers, or the company's own where there is no review yet."""
    sides = [
        [getattr(AssessmentAnswer, f"{side}_{name}") for name in ("answer", "step_id", "number")]
        for side in (REVIEW, SELF)
    ]
    rows = select(AssessmentAnswer.assessment_id, AssessmentAnswer.item_id, *sides[0], *sides[1])
    found = session.execute(rows.where(AssessmentAnswer.assessment_id.in_(assessments)))
    return {(row[0], row[1]): Given(*row[2:5]) or Given(*row[5:8]) for row in found}
