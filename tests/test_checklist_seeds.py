"""The checklists that installations begin with: fit to publish, honest about who has to confirm them, and added once."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.pages.matrix import checklist_matrix
from models import (
    BranchKind,
    ChecklistTemplate,
    ChecklistVersion,
    RolePermission,
    Scoring,
    Setting,
    VersionStatus,
)
from policy import acting_as, system_session
from services import reference_data
from services.checklists.outline import Outline, faults_of, steps_in_words
from services.checklists.scoring import WHOLE
from services.checklists.seeds import SEEDS, VENUE, VENUE_STANDARD, Seed
from services.checklists.versions import new_template, outline_of, publish, save_outline
from tests.world import World

BY_NAME = {seed.name: seed for seed in SEEDS}
GROUPS = {
    "两栏四有四上墙": ["两栏", "四有", "四上墙"],
    "六有": ["有场所", "有设施", "有标志", "有党旗", "有书报", "有制度"],
    "双强六好": ["党建强", "发展强", "生产经营好", "企业文化好", "劳动关系好", "党组织班子好", "党员队伍好", "社会评价好"],
    "三亮": ["亮身份", "亮职责", "亮承诺"],
    "六好离退休干部党支部": ["组织设置好", "班子建设好", "党员队伍好", "学习活动好", "作用发挥好", "制度坚持好"],
    "党支部标准化建设考评": ["组织设置", "班子建设", "党员管理", "组织生活", "阵地建设", "作用发挥"],
}  # fmt: skip
"""The six named standards and what each is known to be made of."""
each = pytest.mark.parametrize("seed", SEEDS, ids=[seed.name for seed in SEEDS])


@pytest.fixture
def session(office: tuple[Flask, World]) -> Iterator[Session]:
    """A session that may do anything, on each database."""
    with system_session("demo") as session, acting_as(session.info["actor"]):
        yield session


def versions_of(session: Session, name: str) -> list[ChecklistVersion]:
    named = select(ChecklistVersion).join(ChecklistVersion.template).where(ChecklistTemplate.name == name)
    return list(session.scalars(named.order_by(ChecklistVersion.id)))


def throw_away(session: Session, *names: str) -> None:
    """What an office does with a draft that it doesn't want."""
    for name in names:
        (version,) = versions_of(session, name)
        save_outline(session, version, Outline("空的"))
        session.delete(version)
        session.flush()
        session.delete(version.template)
    session.commit()


def is_at(session: Session, version: int | None) -> None:
    """Let the installation be one of that version of the reference data; None: from before they were numbered."""
    noted = session.scalars(select(Setting).where(Setting.key == "reference_data")).one()
    if version is None:
        session.delete(noted)
    else:
        noted.value = str(version)
    session.commit()


def test_they_are_the_six_named_standards() -> None:
    assert list(BY_NAME) == list(GROUPS)


@each
def test_it_has_the_groups_that_its_name_promises_and_adds_up_to_a_hundred_points(seed: Seed) -> None:
    assert faults_of(seed.outline) == []
    scored = [
        group.name
        for group in seed.outline.groups
        if any(item.scoring not in (Scoring.BONUS, Scoring.VETO) for item in group.items)
    ]
    assert scored == GROUPS[seed.name]
    assert seed.outline.points == WHOLE


@each
def test_what_is_known_from_nowhere_says_that_the_office_has_to_confirm_it(seed: Seed) -> None:
    assert "参考示例，使用前请按市委组织部门的正式标准核对修改。" in seed.note
    assert seed.published or "待确认" in seed.outline.name


@each
def test_what_is_on_a_draft_says_how_it_is_checked(seed: Seed) -> None:
    assert seed.published or all(item.how_checked for item in seed.outline.items())


@each
def test_nothing_excuses_from_a_veto(seed: Seed) -> None:
    assert not any(item.can_be_left_out for item in seed.outline.items() if item.scoring is Scoring.VETO)


@each
def test_the_steps_of_numbers_begin_low_and_end_at_the_full_points(seed: Seed) -> None:
    for item in seed.outline.items():
        if item.scoring is Scoring.NUMBER:
            starts = [step.starts_at for step in item.steps]
            assert starts == sorted(starts) and item.steps[-1].share == WHOLE, steps_in_words(item.steps)


def test_every_way_of_scoring_has_its_example() -> None:
    assert {item.scoring for seed in SEEDS for item in seed.outline.items()} == set(Scoring)
    assert BY_NAME["六好离退休干部党支部"].outline.audiences == (BranchKind.BRANCH, BranchKind.JOINT_BRANCH)


def test_the_standard_of_venues_is_what_installed_systems_hold() -> None:
    assert (VENUE.name, VENUE.passed_percent, VENUE.nearly_percent, VENUE.bonus_percent) == ("2026 版", 90, 75, 10)
    assert [(item.code, item.text) for item in VENUE.items()] == [
        ("1.1", "党务公开栏"), ("1.2", "宣传栏"), ("2.1", "有场所"), ("2.2", "有设施"), ("2.3", "有标志（党旗）"), ("2.4", "有制度"),
        ("3.1", "组织机构上墙"), ("3.2", "入党誓词上墙"), ("3.3", "党员权利义务上墙"), ("3.4", "工作制度上墙"),
    ]  # fmt: skip
    assert {(item.points, item.scoring, item.steps) for item in VENUE.items()} == {(1_000, Scoring.GRADED, ())}


@each
def test_a_new_installation_has_it_as_it_is_written(seed: Seed, session: Session) -> None:
    (version,) = versions_of(session, seed.name)
    assert outline_of(session, version) == seed.outline
    assert version.template.note == seed.note
    assert version.status is (VersionStatus.PUBLISHED if seed.name == VENUE_STANDARD else VersionStatus.DRAFT)
    if version.status is VersionStatus.DRAFT:
        publish(session, version)
        session.flush()


def test_an_older_installation_gets_the_missing_ones_once(session: Session) -> None:
    for before in (3, None):
        throw_away(session, "六有", "三亮")
        is_at(session, before)
        assert reference_data.add_what_is_new(session) is True
        session.commit()
        for name in ("六有", "三亮"):
            (version,) = versions_of(session, name)
            assert outline_of(session, version) == BY_NAME[name].outline
        assert len(versions_of(session, VENUE_STANDARD)) == 1


def test_what_the_office_threw_away_or_renamed_does_not_come_again(session: Session) -> None:
    throw_away(session, "六有")
    is_at(session, reference_data.VERSION)
    venue = session.scalars(select(ChecklistTemplate).where(ChecklistTemplate.name == VENUE_STANDARD)).one()
    venue.name = "两栏四有四上墙（市里）"
    session.commit()
    assert reference_data.add_what_is_new(session) is False
    is_at(session, 3)
    throw_away(session, "三亮")
    reference_data.add_what_is_new(session)
    session.commit()
    assert [len(versions_of(session, name)) for name in ("三亮", VENUE_STANDARD)] == [1, 0]


def test_a_checklist_of_the_same_name_stays_as_the_office_made_it(session: Session) -> None:
    throw_away(session, "六有")
    new_template(session, "六有", Outline("本市 2026 版"), "我们自己的。")
    session.commit()
    is_at(session, 3)
    reference_data.add_what_is_new(session)
    session.commit()
    (version,) = versions_of(session, "六有")
    assert (version.name, version.template.note) == ("本市 2026 版", "我们自己的。")
    assert list(outline_of(session, version).items()) == []


def test_an_older_installation_may_read_and_write_what_versions_have_gained(session: Session) -> None:
    gained = ("checklist_audience", "checklist_step", "checklist_item_origin")
    for permission in session.scalars(select(RolePermission)):
        if permission.permission.split(":")[0] in gained:
            session.delete(permission)
    session.commit()
    is_at(session, 3)
    reference_data.add_what_is_new(session)
    session.commit()
    held = set(session.scalars(select(RolePermission.permission)))
    assert {f"{kind}:{action}" for kind in gained for action in ("read", "create", "update", "delete")} <= held


def test_loading_the_reference_data_again_adds_nothing(session: Session) -> None:
    throw_away(session, "六有")
    reference_data.load_reference_data(session)
    assert versions_of(session, "六有") == []


def test_home_goes_on_showing_the_checklist_in_use_when_another_one_is_published(session: Session) -> None:
    shown = checklist_matrix(session)
    assert shown is not None and shown["title"] == "两栏四有四上墙 · 2026 版"
    (version,) = versions_of(session, "三亮")
    publish(session, version)
    session.flush()
    assert checklist_matrix(session) == shown
