"""Versions of checklists: written as a whole, published for ever, cloned for the new year, compared."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models import (
    BranchKind,
    ChecklistGroup,
    ChecklistItem,
    ChecklistItemOrigin,
    ChecklistStep,
    ChecklistVersion,
    Scoring,
    VersionStatus,
    db,
)
from policy import Refused, acting_as, system_session
from services.checklists import versions
from services.checklists.difference import Fate, compare, counted
from services.checklists.outline import (
    Fault,
    GroupOutline,
    ItemOutline,
    Outline,
    StepOutline,
    faults_of,
    parse_steps,
    steps_in_words,
)
from services.checklists.versions import clone, new_template, outline_of, publish, retire, save_outline
from tests.world import World

GRADES = (StepOutline("好", 10_000), StepOutline("较好", 8_000), StepOutline("差", 0))
WHOLE = Outline(
    "2026 版",
    (
        GroupOutline(
            "组织生活",
            (
                ItemOutline("1.1", "按期开展主题党日", 2_000, Scoring.NUMBER, counts="次",
                            steps=parse_steps("0=0%；6=60%；12=100%", Scoring.NUMBER, "次")),
                ItemOutline("1.2", "党课质量", 1_050, Scoring.GRADED, GRADES, how_checked="听课", evidence="教案"),
                ItemOutline("1.3", "台账缺漏", 1_000, Scoring.DEDUCTION, off_each=50, off_at_most=500),
            ),
        ),
        GroupOutline(
            "作用发挥",
            (
                ItemOutline("2.1", "市级以上表彰", 500, Scoring.BONUS),
                ItemOutline("2.2", "出现违纪问题", 0, Scoring.VETO, can_be_left_out=False),
                ItemOutline("2.3", "党员亮身份", 1_000, Scoring.PASS_FAIL),
            ),
        ),
    ),
    passed_percent=85, nearly_percent=60, bonus_percent=5, audiences=(BranchKind.BRANCH, BranchKind.JOINT_BRANCH),
)  # fmt: skip


@pytest.fixture
def session(office: tuple[Flask, World]) -> Iterator[Session]:
    """A session that may do anything, on each database."""
    with system_session("demo") as session, acting_as(session.info["actor"]):
        yield session


def drafted(session: Session, outline: Outline = WHOLE) -> ChecklistVersion:
    made = new_template(session, "支部标准化", outline)
    session.commit()
    return made


def published(session: Session) -> ChecklistVersion:
    made = drafted(session)
    publish(session, made)
    session.commit()
    return made


def changed_item(outline: Outline, of: str, **facts: Any) -> Outline:
    return replace(
        outline,
        groups=tuple(
            replace(group, items=tuple(replace(item, **facts) if item.code == of else item for item in group.items))
            for group in outline.groups
        ),
    )


def test_a_version_is_what_was_written(session: Session) -> None:
    version = drafted(session)
    session.expire_all()
    assert outline_of(session, version) == WHOLE


def test_a_draft_is_rewritten_as_a_whole_and_its_rows_stay_the_same(session: Session) -> None:
    version = drafted(session)
    before = outline_of(session, version)
    life, role = before.groups
    one, two, three = life.items
    # Two codes change places, an item moves to the other group, one goes, one comes, the groups are turned round.
    swapped = replace(
        before,
        groups=(
            replace(role, name="组织生活", items=(replace(role.items[2], code="1.2"), role.items[0])),
            replace(life, name="作用发挥", items=(replace(two, code="1.1", steps=GRADES[:2]), replace(one, code="2.3"),
                                                  ItemOutline("9", "新的一项"))),
        ),
    )  # fmt: skip
    save_outline(session, version, swapped)
    session.commit()
    session.expire_all()
    after = outline_of(session, version)
    assert after == swapped
    assert [item.key for item in after.items()][:4] == [role.items[2].key, role.items[0].key, two.key, one.key]
    assert session.get(ChecklistItem, three.key) is None
    assert session.scalars(select(ChecklistStep.name).where(ChecklistStep.item_id == two.key)).all() == ["好", "较好"]
    save_outline(session, version, replace(after, groups=after.groups[1:]))
    session.commit()
    assert session.scalars(
        select(ChecklistGroup.name).where(ChecklistGroup.checklist_version_id == version.id)
    ).all() == ["作用发挥"]


def test_saving_again_what_is_there_writes_nothing(session: Session) -> None:
    version = drafted(session)
    outline = outline_of(session, version)
    session.commit()
    written: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("SELECT", "BEGIN", "SAVEPOINT")):
            written.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        save_outline(session, version, outline)
        session.commit()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert written == []


def test_rows_of_another_version_are_refused(session: Session) -> None:
    version = drafted(session)
    strange = session.scalar(select(ChecklistItem.id).where(ChecklistItem.code == "x1"))
    with pytest.raises(Refused, match="刷新"):
        save_outline(session, version, changed_item(outline_of(session, version), "1.1", key=strange))


@pytest.mark.parametrize(
    ("facts", "name", "word"),
    [
        ({"code": ""}, "code", "请填写编码"),
        ({"code": "1.2"}, "code", "用了两次"),
        ({"text": ""}, "text", "请填写内容"),
        ({"text": "长" * 501}, "text", "最多 500 个字"),
        ({"points": -1}, "points", "分值要在"),
        ({"steps": ()}, "steps", "请填写得分档"),
        ({"steps": GRADES}, "steps", "从多少起"),
        ({"scoring": Scoring.PASS_FAIL}, "steps", "请清空"),
        ({"scoring": Scoring.VETO, "steps": ()}, "points", "请写 0"),
        ({"scoring": Scoring.DEDUCTION, "steps": ()}, "off_each", "每次扣几分"),
        ({"scoring": Scoring.BONUS, "steps": (), "points": 0}, "points", "最多加几分"),
        ({"off_at_most": 0}, "off_at_most", "大于 0"),
        ({"scoring": Scoring.GRADED, "steps": (StepOutline("好", 10_001),)}, "steps", "0% 到 100%"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(facts: dict[str, Any], name: str, word: str) -> None:
    found = faults_of(changed_item(WHOLE, "1.1", **facts))
    assert (found[0].group, found[0].item, found[0].name) == (0, 0, name)
    assert word in found[0].message


def test_what_is_wrong_with_the_version_is_named_too() -> None:
    assert faults_of(WHOLE) == []
    assert faults_of(replace(WHOLE, nearly_percent=90))[0].name == "nearly_percent"
    twice = replace(WHOLE, groups=(*WHOLE.groups, GroupOutline("组织生活")))
    assert faults_of(twice)[0] == Fault("分组“组织生活”有两个，请改名或合在一起。", "name", 0)


def test_steps_are_read_as_they_are_written() -> None:
    assert steps_in_words(GRADES) == "好=100%；较好=80%；差=0%"
    assert parse_steps(steps_in_words(GRADES), Scoring.GRADED) == GRADES
    for text in ("0=0%；6=60%；12=100%", "0：0；6：60；12：100", "≥0=0；6以上=60%;12起=100"):
        assert steps_in_words(parse_steps(text, Scoring.NUMBER)) == "0=0%；6=60%；12=100%"
    for text, word in (("好", "看不明白"), ("多=100%", "不是数字")):
        with pytest.raises(ValueError, match=word):
            parse_steps(text, Scoring.NUMBER)


def test_a_published_version_is_refused_by_every_road(session: Session) -> None:
    version = published(session)
    assert version.status is VersionStatus.PUBLISHED and version.published_on is not None
    with pytest.raises(Refused, match="已经发布"):
        save_outline(session, version, WHOLE)
    item = session.scalar(select(ChecklistItem.id).where(ChecklistItem.text == "按期开展主题党日"))
    group = session.scalar(select(ChecklistItem.group_id).where(ChecklistItem.id == item))
    key = version.id
    session.commit()
    for statement in (
        f"UPDATE checklist_version SET passed_percent = 1 WHERE id = {key}",
        f"UPDATE checklist_version SET status = 'draft' WHERE id = {key}",
        f"DELETE FROM checklist_version WHERE id = {key}",
        f"UPDATE checklist_group SET name = 'x' WHERE id = {group}",
        f"UPDATE checklist_item SET points = 1 WHERE id = {item}",
        f"DELETE FROM checklist_item WHERE id = {item}",
        f"UPDATE checklist_step SET share = 1 WHERE item_id = {item}",
        f"DELETE FROM checklist_step WHERE item_id = {item}",
        f"DELETE FROM checklist_audience WHERE checklist_version_id = {key}",
        "INSERT INTO checklist_step (item_id, name, share, position, version, created_at, updated_at) "
        f"VALUES ({item}, 'x', 1, 1, 1, '2026-01-01', '2026-01-01')",
    ):
        with pytest.raises(DBAPIError, match="never changes"), db.engine.begin() as connection:
            connection.exec_driver_sql(statement)


def test_what_is_retired_stays_as_it_is_and_takes_no_new_assessment(session: Session) -> None:
    version = published(session)
    retire(session, version)
    key = version.id
    session.commit()
    for statement in (f"UPDATE checklist_version SET status = 'published' WHERE id = {key}",
                      f"UPDATE checklist_version SET bonus_percent = 1 WHERE id = {key}"):  # fmt: skip
        with pytest.raises(DBAPIError, match="never changes"), db.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    with pytest.raises(Refused, match="只有已发布"):
        retire(session, version)


def test_what_can_not_be_scored_is_not_published(session: Session) -> None:
    empty = drafted(session, Outline("空的"))
    with pytest.raises(Refused, match="还没有检查项"):
        publish(session, empty)
    save_outline(session, empty, Outline("空的", (GroupOutline("组", (ItemOutline("1", "否决", 0, Scoring.VETO),)),)))
    with pytest.raises(Refused, match="分值都是 0"):
        publish(session, empty)


def test_a_new_year_begins_with_the_old_one_and_its_difference_can_be_read(session: Session) -> None:
    version = published(session)
    made = clone(session, version, "2027 版")
    session.commit()
    outline = outline_of(session, made)
    assert counted(compare(WHOLE, outline)) == dict.fromkeys(Fate, 0) | {Fate.KEPT: 6}
    life, role = outline.groups
    newer = replace(
        outline,
        groups=(
            replace(life, items=(replace(life.items[0], points=3_000, text="按月开展主题党日"), life.items[1])),
            replace(role, items=(
                replace(role.items[2], text="亮身份，台账齐全", origins=("1.3", "2.3")), role.items[1], ItemOutline("2.9", "新的"),
            )),
        ),
    )  # fmt: skip
    save_outline(session, made, newer)
    session.commit()
    session.expire_all()
    changes = compare(outline_of(session, version), outline_of(session, made))
    assert [(one.fate, one.after.code if one.after else one.before[0].code) for one in changes] == [
        (Fate.CHANGED, "1.1"), (Fate.KEPT, "1.2"), (Fate.MERGED, "2.3"), (Fate.KEPT, "2.2"), (Fate.ADDED, "2.9"),
        (Fate.ABOLISHED, "2.1"),
    ]  # fmt: skip
    assert [(one.label, one.before, one.after) for one in changes[0].words] == [
        ("内容", "按期开展主题党日", "按月开展主题党日"), ("满分", "20", "30"),
    ]  # fmt: skip
    assert outline_of(session, version) == WHOLE
    with pytest.raises(Refused, match="换一个名称"):
        clone(session, version, "2027 版")
    with pytest.raises(Refused, match="草稿可以直接修改"):
        clone(session, made, "2028 版")


def test_a_version_is_read_in_as_many_statements_however_many_items_it_has(session: Session) -> None:
    few = drafted(session)
    many = new_template(session, "很长的清单", replace(WHOLE, groups=tuple(
        GroupOutline(f"组{n}", tuple(ItemOutline(f"{n}.{m}", "项", steps=GRADES) for m in range(20))) for n in range(5)
    )))  # fmt: skip
    session.commit()

    def statements(version: ChecklistVersion) -> int:
        key, count = version.id, []
        session.expire_all()
        found = session.get(ChecklistVersion, key)
        event.listen(db.engine, "before_cursor_execute", lambda *_all: count.append(1))
        assert found is not None
        outline_of(session, found)
        return len(count)

    assert statements(few) == statements(many) <= 8
    assert session.scalar(select(ChecklistItemOrigin.id)) is None
    assert versions.is_draft(many)
