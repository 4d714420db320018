"""What can be done with a record besides editing it: by a button or a small form, through the same walls."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from models import (
    Assessment,
    AuditEntry,
    ChecklistGroup,
    ChecklistItem,
    ChecklistTemplate,
    ChecklistVersion,
    Posting,
    Rectification,
    RectificationStatus,
    VersionStatus,
    WorkLog,
    db,
)
from models.clock import today
from policy import system_session
from tests.world import World

SignIn = Callable[..., FlaskClient]


def kept(app: Flask, model: Any, key: int) -> Any:
    """The record as it is stored."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        row = session.get(model, key)
        session.expunge(row)
        return row


def take(client: FlaskClient, resource: str, step: str, key: int, version: int = 1, **asked: str) -> Any:
    """Post a step as its button or form does."""
    return client.post(f"/{resource}/step/{step}/?id={key}", data={"version_seen": version, **asked})


def test_a_rectification_is_reported_done_sent_back_and_struck_off(app: Flask, world: World, sign_in: SignIn) -> None:
    key = world.rows["rectification", "甲"]
    clerk, office = sign_in("company_clerk"), sign_in("city_admin")
    assert "报整改完成" in clerk.get(f"/rectification/details/?id={key}").get_data(as_text=True)
    refused = take(clerk, "rectification", "done", key)
    assert refused.status_code == 422 and "请填写整改情况" in refused.get_data(as_text=True)
    assert take(clerk, "rectification", "done", key, evidence="已经装好").status_code == 302
    assert take(clerk, "rectification", "close", key, version=2).status_code == 403
    refused = take(office, "rectification", "reopen", key, version=2)
    assert refused.status_code == 422 and "请填写退回原因" in refused.get_data(as_text=True)
    assert take(office, "rectification", "reopen", key, version=2, return_reason="还缺照片").status_code == 302
    assert take(clerk, "rectification", "done", key, version=3, evidence="重新装好").status_code == 302
    assert take(office, "rectification", "close", key, version=4).status_code == 302
    row = kept(app, Rectification, key)
    assert (row.status, row.closed_on, row.evidence) == (RectificationStatus.CLOSED, today(), "重新装好")
    assert "已经销号" in office.get(f"/rectification/edit/?id={key}").get_data(as_text=True)


def test_a_step_on_what_somebody_changed_meanwhile_is_a_conflict(world: World, sign_in: SignIn) -> None:
    key = world.rows["rectification", "甲"]
    assert take(sign_in("company_clerk"), "rectification", "done", key, version=9, evidence="好").status_code == 409


def test_a_step_out_of_sight_is_not_found_and_an_unknown_one_too(world: World, sign_in: SignIn) -> None:
    clerk = sign_in("company_clerk")
    assert take(clerk, "rectification", "done", world.rows["rectification", "乙"], evidence="好").status_code == 404
    assert take(clerk, "rectification", "destroy", world.rows["rectification", "甲"]).status_code == 404


def test_ending_a_posting_asks_for_the_day_and_the_reason(app: Flask, world: World, sign_in: SignIn) -> None:
    key = world.rows["posting", "甲"]
    office = sign_in("city_admin")
    page = take(office, "posting", "end", key, handover="材料已移交").get_data(as_text=True)
    assert "请填写派驻结束" in page and "请填写结束原因" in page and "材料已移交" in page
    early = take(office, "posting", "end", key, ended_on="2020-01-01", end_reason="term")
    assert "不能早于派驻开始" in early.get_data(as_text=True)
    assert take(office, "posting", "end", key, ended_on=str(today()), end_reason="term").status_code == 302
    assert kept(app, Posting, key).ended_on == today()
    with app.app_context(), system_session("demo", readonly=True) as session:
        assert session.scalars(select(WorkLog).order_by(WorkLog.id.desc())).first().ended_on == today()


def draft_version(app: Flask) -> tuple[int, int, int]:
    """A draft version with one group and one item: their keys."""
    with app.app_context(), system_session("demo") as session:
        version = ChecklistVersion(template=session.scalars(select(ChecklistTemplate)).first(), name="2027 版")
        group = ChecklistGroup(checklist_version=version, name="新分组")
        item = ChecklistItem(group=group, code="1", text="新检查项")
        session.add(item)
        session.commit()
        return version.id, group.id, item.id


def test_a_version_is_published_once_it_has_items_and_then_can_not_be_edited(app: Flask, sign_in: SignIn) -> None:
    version, group, item = draft_version(app)
    office = sign_in("city_admin")
    assert office.get(f"/checklist_item/edit/?id={item}").status_code == 200
    assert take(office, "checklist_version", "publish", version).status_code == 302
    assert kept(app, ChecklistVersion, version).status is VersionStatus.PUBLISHED
    for address in (f"checklist_version/edit/?id={version}", f"checklist_group/edit/?id={group}",
                    f"checklist_item/edit/?id={item}", f"checklist_item/delete/?id={item}"):  # fmt: skip
        refused = office.get(f"/{address}")
        assert refused.status_code == 400 and "已经发布，不能再改" in refused.get_data(as_text=True), address
    added = office.post("/checklist_item/new/", data={"group": group, "code": "2", "text": "后加的", "points": "10",
                                                     "scoring": "graded", "position": "2"})  # fmt: skip
    assert added.status_code == 200 and "已经发布，不能再改" in added.get_data(as_text=True)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE checklist_version SET name = 'x' WHERE status = 'published'",
        "DELETE FROM checklist_version WHERE status = 'published'",
        "UPDATE checklist_group SET name = 'x'",
        "UPDATE checklist_item SET points = 1",
        "DELETE FROM checklist_item",
        "INSERT INTO checklist_item (group_id, code, text, points, scoring, position, version, created_at, updated_at)"
        " SELECT id, 'x', 'x', 1, 'graded', 1, 1, created_at, updated_at FROM checklist_group",
    ],
)
def test_the_database_itself_keeps_a_published_version_as_it_is(statement: str, office: tuple[Flask, World]) -> None:
    with pytest.raises(Exception, match="never changes"), db.engine.begin() as connection:
        connection.execute(text(statement))


def test_an_assessment_stays_with_its_version_for_ever(office: tuple[Flask, World]) -> None:
    app, world = office
    other, _group, _item = draft_version(app)
    with system_session("demo") as session:
        session.get(Assessment, world.rows["assessment", "甲"]).checklist_version_id = other
        with pytest.raises(Exception, match="stays with its"):
            session.flush()


def test_every_step_has_its_audit_entry(app: Flask, world: World, sign_in: SignIn) -> None:
    key = world.rows["rectification", "甲"]
    take(sign_in("company_clerk"), "rectification", "done", key, evidence="已经装好")
    with app.app_context(), system_session("demo", readonly=True) as session:
        newest = session.scalars(
            select(AuditEntry).where(AuditEntry.resource == "rectification").order_by(AuditEntry.id.desc())
        ).first()
        assert newest.changes["status"] == ["open", "done"] and newest.actor_name == "用户company_clerk"
