"""Rounds of assessments: begun over many at once, added to, ended; who may be in them, and by when they are due."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from models import (
    Answer,
    Assessment,
    AssessmentAnswer,
    AssessmentRound,
    AssessmentStatus,
    Branch,
    BranchKind,
    ChecklistVersion,
    Company,
    CompanyStatus,
    Holiday,
    MoveKind,
    VersionStatus,
    db,
)
from models.clock import frozen_at, now, today
from policy import NotAllowed, Refused, acting_as, system_session
from services.checklists import assess, candidates, rounds, signing
from services.checklists.outline import GroupOutline, ItemOutline, Outline
from services.checklists.versions import new_template, publish, retire
from tests.matrix import actor_of
from tests.world import World

HOW_MANY = 20
ITEMS = tuple(ItemOutline(f"1.{place}", f"第{place}项") for place in range(1, 4))


@pytest.fixture
def session(office: tuple[Flask, World]) -> Iterator[Any]:
    """A session that sees and may do everything."""
    with system_session("demo") as opened, acting_as(opened.info["actor"]):
        yield opened


def make_version(session: Any, name: str = "批次用的清单", audiences: Any = ()) -> ChecklistVersion:
    """A published version with three items."""
    made = new_template(session, name, Outline("2026 版", (GroupOutline("一组", ITEMS),), audiences=audiences))
    publish(session, made)
    session.flush()
    return made


def make_companies(session: Any, world: World, count: int = HOW_MANY, place: str = "desk甲") -> list[Company]:
    made = [Company(short_name=f"示例{place}企业{number}", branch_id=world.branches[place]) for number in range(count)]
    session.add_all(made)
    session.flush()
    return made


def asked_round(session: Any, world: World, version: ChecklistVersion, **more: Any) -> AssessmentRound:
    facts: dict[str, Any] = {"name": "2026 年考核", "due_on": today() + timedelta(days=10), **more}
    place = session.get(Branch, world.branches[facts.pop("place", "root")])
    return AssessmentRound(branch=place, checklist_version=version, **facts)


def begin(session: Any, world: World, companies: Any = (), branches: Any = (), **more: Any) -> list[Assessment]:
    version = more.pop("version", None) or make_version(session)
    return rounds.open_round(session, asked_round(session, world, version, **more), companies, branches)


def the_round(session: Any, name: str = "2026 年考核") -> AssessmentRound:
    found = session.scalar(select(AssessmentRound).where(AssessmentRound.name == name))
    assert found is not None
    return found


def finish(session: Any, assessment: Assessment, failed: int = 0) -> None:
    """Answered, handed in, reviewed and signed off; the first of the items as failed."""
    rows = sorted(assessment.answers, key=lambda row: row.item_id)
    words = [Answer.NOT_MET if place < failed else Answer.MET for place in range(len(rows))]
    given = {row.item_id: word for row, word in zip(rows, words, strict=True)}
    assess.answer(session, assessment, given)
    assess.submit(session, assessment)
    assess.answer(session, assessment, given, reviewed=True)
    assess.review(session, assessment)
    signing.sign_off(session, assessment)
    session.flush()


# Services


def test_a_round_gives_each_of_twenty_companies_an_empty_checklist(session: Any, office: tuple[Flask, World]) -> None:
    made = begin(session, office[1], make_companies(session, office[1]))
    session.commit()
    stored = session.scalars(select(Assessment).where(Assessment.round_name == "2026 年考核")).all()
    assert len(made) == len(stored) == HOW_MANY
    assert {row.status for row in stored} == {AssessmentStatus.DRAFT}
    assert {row.due_on for row in stored} == {today() + timedelta(days=10)}
    empty = select(func.count(AssessmentAnswer.id)).where(
        AssessmentAnswer.assessment_id.in_([row.id for row in stored]), AssessmentAnswer.self_answer.is_(None)
    )
    assert session.scalar(empty) == HOW_MANY * len(ITEMS)
    progress = rounds.progress_of(session, [the_round(session)])[the_round(session).id]
    assert (progress.total, progress.signed, progress.left, progress.percent) == (HOW_MANY, 0, HOW_MANY, 0)


def test_a_version_for_some_kinds_is_refused_for_others(session: Any, office: tuple[Flask, World]) -> None:
    joint = make_version(session, "联合支部的清单", (BranchKind.JOINT_BRANCH,))
    (company,) = make_companies(session, office[1], 1)
    with pytest.raises(Refused, match=r"不适用于“示例desk甲企业0”") as refused:
        begin(session, office[1], [company], version=joint)
    assert refused.value.field == "assessed"
    home = session.get(Branch, office[1].branches["home甲"])
    with pytest.raises(Refused, match="不适用"):
        begin(session, office[1], [], [home], version=joint)
    home.kind = BranchKind.JOINT_BRANCH
    assert len(begin(session, office[1], [], [home], version=joint)) == 1


def test_a_place_without_party_organisation_is_not_assessed_itself(session: Any, office: tuple[Flask, World]) -> None:
    home = session.get(Branch, office[1].branches["home甲"])
    home.kind = BranchKind.UNORGANISED
    with pytest.raises(Refused, match="还没有建立党组织"):
        begin(session, office[1], [], [home])


@pytest.mark.parametrize("status", [VersionStatus.DRAFT, VersionStatus.RETIRED])
def test_only_published_versions_are_taken(status: VersionStatus, session: Any, office: tuple[Flask, World]) -> None:
    version = make_version(session)
    if status is VersionStatus.RETIRED:
        retire(session, version)
    else:
        version = new_template(session, "没发布的", Outline("1", (GroupOutline("一组", ITEMS),)))
    with pytest.raises(Refused, match="已经发布的清单版本"):
        begin(session, office[1], make_companies(session, office[1], 1), version=version)


def test_the_day_is_reckoned_in_working_days_by_the_holidays(session: Any) -> None:
    with frozen_at(now().replace(year=2026, month=9, day=25, hour=4)):  # a Friday
        assert rounds.due_after(session, 3) == date(2026, 9, 30)
        # 1 October is in the table; the second and third too.
        assert rounds.due_after(session, 4) == date(2026, 10, 5)
        session.add(Holiday(day=date(2026, 9, 27), works=True, name="国庆节调休"))
        session.flush()
        assert rounds.due_after(session, 3) == date(2026, 9, 29)
        for wrong in (0, -1, 501):
            with pytest.raises(Refused, match="1 到 500"):
                rounds.due_after(session, wrong)


def test_what_a_round_must_have(session: Any, office: tuple[Flask, World]) -> None:
    version, companies = make_version(session), make_companies(session, office[1], 2)
    with pytest.raises(Refused, match="不能早于今天") as refused:
        begin(session, office[1], companies, version=version, due_on=today() - timedelta(days=1))
    assert refused.value.field == "due_on"
    with pytest.raises(Refused, match="请选择要考核的"):
        begin(session, office[1], [], version=version)
    begin(session, office[1], companies[:1], version=version)
    with pytest.raises(Refused, match="请换一个名称") as refused:
        begin(session, office[1], companies[1:], version=version)
    assert refused.value.field == "name"


def test_nobody_is_assessed_twice(session: Any, office: tuple[Flask, World]) -> None:
    version, companies = make_version(session), make_companies(session, office[1], 3)
    begin(session, office[1], companies[:2], version=version)
    with pytest.raises(Refused, match="今天已经开始了一次同样清单的考核"):
        begin(session, office[1], companies[1:], version=version, name="第二个批次")
    with pytest.raises(Refused, match="已经在这个批次里"):
        rounds.add_to_round(session, the_round(session), companies[1:])
    assert len(rounds.add_to_round(session, the_round(session), companies[2:])) == 1
    assert rounds.assessed_in(session, the_round(session)).companies == {one.id for one in companies}


def test_a_longer_day_holds_for_what_is_signed_too(session: Any, office: tuple[Flask, World]) -> None:
    made = begin(session, office[1], make_companies(session, office[1], 2))
    finish(session, made[0])
    the_round(session).due_on = today() + timedelta(days=30)
    session.commit()
    session.expire_all()
    assert {one.due_on for one in made} == {today() + timedelta(days=30)}


def test_an_ended_round_takes_no_answers_but_a_marked_correction(session: Any, office: tuple[Flask, World]) -> None:
    first, second = begin(session, office[1], make_companies(session, office[1], 2))
    finish(session, first)
    assert rounds.close_round(session, the_round(session)) == "批次已结束，还有 1 份没有签字确认。"
    session.commit()
    session.expire_all()
    with pytest.raises(Refused, match="已经结束"):
        rounds.close_round(session, the_round(session))
    with pytest.raises(Refused, match="不能再加"):
        rounds.add_to_round(session, the_round(session), make_companies(session, office[1], 1, "home甲"))
    item = second.answers[0].item_id
    for reviewed in (False, True):
        with pytest.raises(Refused, match="批次已经结束"):
            assess.answer(session, second, {item: Answer.MET}, reviewed=reviewed)
    with pytest.raises(Refused, match="请写明原因"):
        signing.reopen(session, first, " ")
    signing.reopen(session, first, "漏看了一项")
    assess.answer(
        session, first, {first.answers[0].item_id: Answer.NOT_MET}, {first.answers[0].item_id: "漏看"}, reviewed=True
    )
    assert first.corrected and first.moves[-1].kind is MoveKind.CORRECTED and first.moves[-1].reason == "漏看了一项"


def test_ending_a_round_takes_the_right_to_it(office: tuple[Flask, World]) -> None:
    world = office[1]
    with system_session("demo") as session, acting_as(session.info["actor"]):
        begin(session, world, make_companies(session, world, 1, "home甲"), place="home甲")
        session.commit()
    with acting_as(actor_of("liaison")), pytest.raises(NotAllowed):
        rounds.close_round(db.session(), the_round(db.session()))
    db.session.remove()


def test_candidates_are_whom_the_version_is_for_and_the_actor_may_assess(office: tuple[Flask, World]) -> None:
    world = office[1]
    with system_session("demo") as session, acting_as(session.info["actor"]):
        make_companies(session, world, 2)[0].status = CompanyStatus.CLOSED
        session.get(Branch, world.branches["home甲"]).kind = BranchKind.UNORGANISED
        session.commit()
    with acting_as(actor_of("city_admin")):
        found = candidates.candidates_for(db.session(), set(BranchKind))
    db.session.remove()
    names = [one.name for group in found.companies for one in group.candidates]
    assert "示例desk甲企业1" in names and "示例desk甲企业0" not in names
    branches = {one.key for group in found.branches for one in group.candidates}
    assert world.branches["desk甲"] in branches and world.branches["home甲"] not in branches
