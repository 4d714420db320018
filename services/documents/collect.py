"""What a printed document says, as plain data: nothing but texts and numbers, in the form that people read.

A seal stands over exactly these data. So nothing of the moment is among them: no time, nobody who prints, no address.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from itertools import groupby
from math import floor
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import (
    Answer,
    Assessment,
    AssessmentAnswer,
    AssessmentRound,
    AssessmentStatus,
    Branch,
    ChecklistItem,
    ChecklistVersion,
    Company,
    Rectification,
    RectificationStatus,
    Result,
    Scoring,
)
from models.hundredths import trimmed
from models.pinyin import pinyin
from services.checklists import scoring
from services.checklists.answers import NOTHING, REVIEW, SELF, given_by, in_words, mark_of
from services.checklists.assess import items_of

ROWS_TOGETHER = 5
"""Of a group, under one mention of its name: the next page begins with it, or soon comes to it."""
DASH = "—"
Printable = Assessment | AssessmentRound | Rectification


def data_of(session: Session, record: Printable) -> dict[str, Any]:
    """What the document of a record says; ``form`` names the form."""
    if isinstance(record, Assessment):
        return checklist_data(session, record)
    return summary_data(session, record) if isinstance(record, AssessmentRound) else notice_data(record)


def checklist_data(session: Session, assessment: Assessment) -> dict[str, Any]:
    """The filled checklist (考核表) of a company, or of a branch that is assessed itself."""
    items = items_of(session, assessment.checklist_version_id)
    answers = select(AssessmentAnswer).where(AssessmentAnswer.assessment_id == assessment.id)
    rows = {row.item_id: row for row in session.scalars(answers)}
    return {
        "form": "checklist",
        "title": f"{heading_of(assessment.checklist_version)}考核表",
        "assessed": full_name(assessment),
        "organisation": assessment.branch.name,
        "assessed_on": day_in_words(assessment.assessed_on),
        "round": assessment.round_name,
        "due_on": day_in_words(assessment.due_on),
        "status": assessment.status.label,
        "corrected": assessment.corrected,
        "lines": _lines(items, rows),
        **_totals(items, rows),
        "own_score": score_in_words(assessment.self_score),
        "review_score": score_in_words(assessment.review_score),
        "veto": "有，结果为不达标" if assessment.vetoed else "无",
        "result": assessment.result.label if assessment.result else None,
        "note": assessment.note,
        "signed": _signed(assessment),
        # A seal stands over these data: where nobody is named they stay what they were.
        **({"reviewer": assessment.reviewer_name} if assessment.reviewer_name else {}),
    }


def _lines(items: Sequence[ChecklistItem], rows: dict[int, AssessmentAnswer]) -> list[dict[str, Any]]:
    """A line for each item; ``rows`` says over how many lines its group's name stands, 0 where it stands above.

    A group that ``goes_on`` was begun before.
    """
    lines: list[dict[str, Any]] = []
    for group, members in groupby(items, key=lambda item: item.group):
        of_group = list(members)
        for place, item in enumerate(of_group):
            begins = place % ROWS_TOGETHER == 0
            lines.append(
                {
                    "number": len(lines) + 1,
                    "group": group.name,
                    "goes_on": place > 0,
                    "rows": min(ROWS_TOGETHER, len(of_group) - place) if begins else 0,
                    "text": item.text,
                    "points": _worth(item),
                    "how": item.how_checked,
                    **_found(item, rows.get(item.id)),
                }
            )
    return lines


def _worth(item: ChecklistItem) -> str:
    if item.scoring is Scoring.VETO:
        return "一票否决"
    return f"最多加 {trimmed(item.points)}" if item.scoring is Scoring.BONUS else trimmed(item.points)


def _found(item: ChecklistItem, row: AssessmentAnswer | None) -> dict[str, Any]:
    """What both sides gave for an item, what it earned, and what they say of it; nothing where it waits for an answer."""
    own, reviewed = (given_by(side, row) if row else NOTHING for side in (SELF, REVIEW))
    remarks = [("代填", _behalf(row)), ("说明", row.note), ("不一致的原因", row.reason)] if row else []
    return {
        "own": in_words(item, own),
        "own_points": _points(item, own),
        "reviewed": in_words(item, reviewed),
        "review_points": _points(item, reviewed),
        "remarks": [f"{label}：{text}" for label, text in remarks if text],
    }


def _behalf(row: AssessmentAnswer) -> str | None:
    """Who answered for the assessed, where it wasn't they themselves."""
    return f"{row.self_by or ''}代{row.self_for}填写" if row.self_for else None


def _points(item: ChecklistItem, given: Any) -> str:
    if not given:
        return ""
    if given.answer is Answer.NOT_APPLICABLE or item.scoring is Scoring.VETO:
        return DASH
    return points_in_words(scoring.earned(mark_of(item, given)))


def _totals(items: Sequence[ChecklistItem], rows: dict[int, AssessmentAnswer]) -> dict[str, str]:
    """The points there are, those earned by both sides, and what is to be known of them."""
    by_id = {item.id: item for item in items}
    whole = sum(item.points for item in items if item.scoring not in (Scoring.BONUS, Scoring.VETO))
    sums = {}
    for side in (SELF, REVIEW):
        marks = [mark_of(by_id[key], given_by(side, row)) for key, row in rows.items() if key in by_id]
        earned = sum((scoring.earned(mark) for mark in marks), Fraction(0))
        sums[side] = points_in_words(earned) if any(mark.given for mark in marks) else ""
    bonus = any(item.scoring is Scoring.BONUS for item in items)
    return {
        "points": trimmed(whole),
        "own_points": sums[SELF],
        "review_points": sums[REVIEW],
        "totals_note": ("加分不在分值合计里。" if bonus else "") + "不适用的不计分。",
    }


def _signed(assessment: Assessment) -> str | None:
    if assessment.signed_on is None:
        return None
    return f"{day_in_words(assessment.signed_on)}　{assessment.signed_by or ''}".rstrip("　")


def summary_data(session: Session, assessment_round: AssessmentRound) -> dict[str, Any]:
    """How everybody in a round was assessed (考核批次汇总表), of those in sight, in the order of their names."""
    found = session.scalars(
        select(Assessment)
        .where(Assessment.round_id == assessment_round.id)
        .options(joinedload(Assessment.company), joinedload(Assessment.branch))
    )
    rows = sorted(found, key=lambda row: (pinyin(full_name(row)), row.id))
    return {
        "form": "summary",
        "title": f"{assessment_round.name}汇总表",
        "checklist": heading_of(assessment_round.checklist_version),
        "organisation": assessment_round.branch.name,
        "due_on": day_in_words(assessment_round.due_on),
        "status": assessment_round.status.label,
        "lines": [_summary_line(number, row) for number, row in enumerate(rows, 1)],
        "counts": _counts(rows),
        "note": assessment_round.note,
    }


def _summary_line(number: int, row: Assessment) -> dict[str, Any]:
    return {
        "number": number,
        "assessed": full_name(row),
        "organisation": row.branch.name,
        "assessed_on": row.assessed_on.isoformat(),
        "status": row.status.label,
        "own_score": score_in_words(row.self_score),
        "review_score": score_in_words(row.review_score),
        "veto": "有" if row.vetoed else DASH,
        "result": row.result.label if row.result else DASH,
        "remark": "；".join([*(["更正"] if row.corrected else []), *([row.note] if row.note else [])]),
    }


def _counts(rows: Sequence[Assessment]) -> str:
    """How many came to which result, in a sentence."""
    results = [f"{result.label} {sum(row.result is result for row in rows)} 家" for result in Result]
    open_ones = sum(row.result is None for row in rows)
    signed = sum(row.status is AssessmentStatus.SIGNED for row in rows)
    return f"共 {len(rows)} 家：{'，'.join(results)}，还没有考评结果 {open_ones} 家；已签字确认 {signed} 家。"


def notice_data(rectification: Rectification) -> dict[str, Any]:
    """The order to mend something (整改通知书), with what became of it so far."""
    assessment, item = rectification.assessment, rectification.item
    facts = [("党组织", rectification.branch.name), ("整改事项", rectification.what)]
    if item is not None:
        facts.append(("考核内容", item.text))
    facts += [
        ("责任人", rectification.responsible),
        ("整改期限", day_in_words(rectification.due_on)),
        ("进展", rectification.status.label),
    ]
    if rectification.return_reason and rectification.status is RectificationStatus.OPEN:
        facts.append(("还差什么", rectification.return_reason))
    found = "经检查"
    if assessment is not None:
        found = f"{day_in_words(assessment.assessed_on)}，对照“{heading_of(assessment.checklist_version)}”考核"
    return {
        "form": "notice",
        "title": "整改通知书",
        "assessed": full_name(rectification),
        "opening": f"{found}，发现你单位有下面的问题，需要整改：",
        "facts": facts,
        "evidence": _mended(rectification),
        "checked": f"{day_in_words(rectification.closed_on)}复查，已销号。" if rectification.closed_on else None,
    }


def _mended(rectification: Rectification) -> str | None:
    done = f"（{day_in_words(rectification.done_on)}完成）" if rectification.done_on else ""
    return f"{rectification.evidence}{done}" if rectification.evidence else None


# Words


def heading_of(version: ChecklistVersion) -> str:
    """Checklist and version by name, no name twice."""
    of, name = version.template.name, version.name
    return name if of in name else f"{of}（{name}）"


def full_name(record: Assessment | Rectification) -> str:
    """Who was assessed or has something to mend: the company by its registered name, or the branch itself."""
    company: Company | None = record.company
    branch: Branch = record.branch
    return (company.registered_name or company.short_name) if company else branch.name


def day_in_words(day: date | None) -> str | None:
    """A day as offices write it, such as 2026年3月2日."""
    return f"{day.year}年{day.month}月{day.day}日" if day else None


def score_in_words(score: int | None) -> str:
    """A score of hundredths of a percent with its two places; a dash where there is none."""
    return DASH if score is None else f"{score // 100}.{score % 100:02d}"


def points_in_words(earned: Fraction) -> str:
    """Hundredths of a point, rounded half up to two places, as people write them."""
    return trimmed(floor(earned + Fraction(1, 2)))
