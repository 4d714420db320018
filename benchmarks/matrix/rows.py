"""A round to look at: so many companies held against so many items of every kind, fictional, the same each time."""

import random
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from models import (
    Answer,
    Assessment,
    AssessmentAnswer,
    AssessmentRound,
    AssessmentStatus,
    ChecklistItem,
    ChecklistVersion,
    Company,
    CompanyStatus,
    Rectification,
    RectificationStatus,
    RoundStatus,
    Scoring,
)
from models.clock import today
from models.pinyin import initials, pinyin
from services.checklists.answers import Given, falls_short, takes_number, words_for
from services.checklists.outline import GroupOutline, ItemOutline, Outline, StepOutline
from services.checklists.versions import new_template, publish
from services.reports.checklists import items_of_versions
from services.tables.scale import SEED, TRADES, WORDS, WRITTEN

IN_GROUP = 10
GRADES = (StepOutline("好", 10_000), StepOutline("较好", 8_000), StepOutline("一般", 5_000), StepOutline("差", 0))
TIMES = (StepOutline("0 次起", 0, 0), StepOutline("6 次起", 6_000, 600), StepOutline("12 次起", 10_000, 1_200))
THINGS = ["会议记录完整", "学习资料齐全", "宣传栏按月更换", "党员名册准确", "制度上墙", "活动场所开放", "台账及时更新", "谈心谈话有记录", "党费按时交纳", "意见及时答复"]  # fmt: skip
KINDS: list[dict[str, Any]] = [
    {"scoring": Scoring.PASS_FAIL}, {"scoring": Scoring.GRADED}, {"scoring": Scoring.GRADED, "steps": GRADES},
    {"scoring": Scoring.NUMBER, "steps": TIMES, "counts": "次"}, {"scoring": Scoring.DEDUCTION, "off_each": 200},
    {"scoring": Scoring.GRADED}, {"scoring": Scoring.PASS_FAIL}, {"scoring": Scoring.GRADED, "steps": GRADES},
    {"scoring": Scoring.BONUS}, {"scoring": Scoring.VETO, "points": 0},
]  # fmt: skip
"""The items of a group, in turn."""


def fill_round(
    session: Session, branches: list[int], companies: int = 200, items: int = 60, name: str = "示例年度考核"
) -> tuple[int, int]:
    """Write a round with everybody's answers on both sides and what has to be mended; its key and its version's.

    Args:
        branches: own the companies in turn; the round belongs to the first.
        name: of the round, and the beginning of the version's.
    """
    version = new_template(session, "示例规范化考核", _outline(items, f"{name} 版"))
    publish(session, version)
    session.flush()
    asked = AssessmentRound(
        branch_id=branches[0], name=name, checklist_version=version, due_on=today() + timedelta(days=30)
    )
    session.add(asked)
    session.flush()
    chance = random.Random(SEED)
    made = _companies(session, branches, companies, chance)
    assessments = _assessments(session, asked, version, made)
    _answers(session, items_of_versions(session, [version.id]), assessments, chance)
    return asked.id, version.id


def _outline(items: int, name: str) -> Outline:
    groups = []
    for start in range(0, items, IN_GROUP):
        numbers = range(start, min(start + IN_GROUP, items))
        part = tuple(
            ItemOutline(f"{n // IN_GROUP + 1}.{n % IN_GROUP + 1}", f"{THINGS[n % IN_GROUP]}，随时可以检查", **KINDS[n % IN_GROUP])
            for n in numbers
        )  # fmt: skip
        groups.append(GroupOutline(f"示例分组{start // IN_GROUP + 1}", part))
    return Outline(name, tuple(groups))


def _companies(session: Session, branches: list[int], count: int, chance: random.Random) -> list[tuple[int, int]]:
    """New companies: key and branch of each."""
    rows = []
    for number in range(count):
        name = f"示例{chance.choice(WORDS)}{chance.choice(list(TRADES))}{number + 1}号"
        rows.append(WRITTEN | {
            "short_name": name, "branch_id": branches[number % len(branches)], "status": CompanyStatus.OPEN,
            "pinyin": pinyin(name), "initials": initials(name), "industry": "other",
        })  # fmt: skip
    session.connection().execute(insert(Company.__table__), rows)
    names = [row["short_name"] for row in rows]
    found = session.execute(
        select(Company.id, Company.branch_id).where(Company.short_name.in_(names), Company.branch_id.in_(branches))
    )
    return [(key, branch) for key, branch in found]


def _assessments(
    session: Session, asked: AssessmentRound, version: ChecklistVersion, companies: list[tuple[int, int]]
) -> list[tuple[int, int, int]]:
    """An assessment of each company: key, branch and company of each."""
    rows = [
        WRITTEN | {
            "branch_id": branch, "company_id": company, "checklist_version_id": version.id, "assessed_on": date(2026, 3, 1),
            "status": AssessmentStatus.REVIEWED, "round_id": asked.id, "round_name": asked.name, "due_on": asked.due_on,
            "round_status": RoundStatus.OPEN, "self_score": 9_000, "review_score": 8_500,
        }
        for company, branch in companies
    ]  # fmt: skip
    session.connection().execute(insert(Assessment.__table__), rows)
    mine = select(Assessment.id, Assessment.branch_id, Assessment.company_id).where(Assessment.round_id == asked.id)
    return [(key, branch, company or 0) for key, branch, company in session.execute(mine)]


def _answers(
    session: Session, items: list[ChecklistItem], assessments: list[tuple[int, int, int]], chance: random.Random
) -> None:
    """Both sides' answers, here and there none; a rectification for what falls short, every other one closed."""
    rows, mending = [], []
    for key, branch, company in assessments:
        for item in items:
            own, reviewed = _given(item, chance), _given(item, chance)
            rows.append(
                WRITTEN | {"branch_id": branch, "assessment_id": key, "item_id": item.id, **_of("self", own), **_of("review", reviewed)}
            )  # fmt: skip
            if falls_short(item, reviewed):
                closed = len(mending) % 2 == 0
                mending.append(WRITTEN | {
                    "branch_id": branch, "company_id": company, "assessment_id": key, "item_id": item.id, "what": item.text,
                    "responsible": "示例负责人", "due_on": date(2026, 4, 1), "closed_on": date(2026, 3, 20) if closed else None,
                    "status": RectificationStatus.CLOSED if closed else RectificationStatus.OPEN,
                })  # fmt: skip
    session.connection().execute(insert(AssessmentAnswer.__table__), rows)
    if mending:
        session.connection().execute(insert(Rectification.__table__), mending)


def _of(side: str, given: Given) -> dict[str, Any]:
    return {f"{side}_answer": given.answer, f"{side}_step_id": given.step_id, f"{side}_number": given.number}


def _given(item: ChecklistItem, chance: random.Random) -> Given:
    """Something that the item takes: mostly good, one in twenty nothing."""
    luck = chance.random()
    if luck < 0.05:
        return Given()
    if takes_number(item):
        unit = 100 if item.scoring is not Scoring.NUMBER else 300
        return Given(number=unit * chance.randrange(6))
    if item.steps:
        return Given(step_id=item.steps[0 if luck < 0.7 else chance.randrange(len(item.steps))].id)
    return Given(Answer.MET if luck < 0.75 else chance.choice(words_for(item)))
