"""The other registers: what has a course of its own goes step by step; what is sensitive has a permission of its own."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from models import (
    Attachment,
    CampaignStatus,
    CareCampaign,
    CareVisit,
    DevelopmentStep,
    HealthNote,
    Person,
    RegistrationStatus,
    Stage,
    Suggestion,
    UnregisteredMember,
    db,
)
from models.clock import today
from models.column_types import PartialDate
from policy import Refused, system_session
from services import care, suggestions, unregistered_members
from tests.test_steps import kept, take
from tests.world import World, canary

SignIn = Callable[..., FlaskClient]
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def campaign_with_members(session: Any, world: World, count: int = 3) -> CareCampaign:
    """A campaign of the sending branch of side 甲, in which some members are registered."""
    for number in range(count):
        person = Person(name=f"示例·老同志{number}", branch_id=world.branches["home甲"])
        person.steps = [DevelopmentStep(stage=Stage.FULL, entered_on=PartialDate("1975"))]
        session.add(person)
    starts_on = today() - timedelta(days=9)
    campaign = CareCampaign(branch_id=world.branches["home甲"], occasion="july", year=2025, starts_on=starts_on)
    session.add(campaign)
    session.flush()
    return campaign


# Care visits


def test_the_list_holds_every_member_and_is_closed_only_when_all_were_reached(office: tuple[Flask, World]) -> None:
    with system_session("demo") as session:
        campaign = campaign_with_members(session, office[1])
        care.fix_list(session, campaign)
        visits = list(session.scalars(select(CareVisit).where(CareVisit.care_campaign_id == campaign.id)))
        names = {visit.person_name for visit in visits}
        assert names >= {"示例·老同志0", "示例·老同志1", "示例·老同志2"}
        for visit in visits[1:]:
            care.record_visit(session, visit, today(), "示例·书记")
        session.flush()
        with pytest.raises(Refused, match=f"还有 1 人没有慰问到：{visits[0].person_name}"):
            care.close_campaign(session, campaign)
        care.record_visit(session, visits[0], today(), "示例·书记", "送关怀")
        session.flush()
        care.close_campaign(session, campaign)
        assert campaign.status is CampaignStatus.CLOSED


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO care_visit (branch_id, care_campaign_id, person_id, person_name, version, created_at, updated_at)"
        " SELECT branch_id, care_campaign_id, person_id, person_name, 1, created_at, updated_at FROM care_visit"
        " WHERE care_campaign_id IN (SELECT id FROM care_campaign WHERE status = 'fixed')",
        "DELETE FROM care_visit",
    ],
)
def test_nobody_is_put_on_a_fixed_list_or_taken_off_even_in_the_database(
    statement: str, office: tuple[Flask, World]
) -> None:
    with system_session("demo") as session:
        care.fix_list(session, campaign_with_members(session, office[1]))
        session.commit()
    with pytest.raises(Exception, match="the list is fixed"), db.engine.begin() as connection:
        connection.execute(text(statement))


def test_the_name_on_a_list_stays_when_the_person_moves_to_another_branch(office: tuple[Flask, World]) -> None:
    world = office[1]
    with system_session("demo") as session:
        campaign = campaign_with_members(session, world, count=1)
        care.fix_list(session, campaign)
        session.commit()
        person = session.scalar(select(Person).where(Person.name == "示例·老同志0"))
        person.branch_id = world.branches["home乙"]
        session.flush()
        person.name = "示例·改名"
        session.commit()
        visit = session.scalar(select(CareVisit).where(CareVisit.person_id == person.id))
        session.refresh(visit)
        assert (visit.branch_id, visit.person_name) == (world.branches["home甲"], "示例·改名")


@pytest.mark.parametrize("visited_on", [date(1999, 1, 1), date(2999, 1, 1)])
def test_a_care_visit_is_neither_before_the_campaign_nor_in_the_future(
    visited_on: date, app: Flask, world: World
) -> None:
    with app.app_context(), system_session("demo") as session:
        campaign = campaign_with_members(session, world)
        care.fix_list(session, campaign)
        visit = session.scalars(select(CareVisit).where(CareVisit.care_campaign_id == campaign.id)).first()
        with pytest.raises(Refused) as refused:
            care.record_visit(session, visit, visited_on, "示例·书记")
        assert refused.value.field == "visited_on"


def test_the_branch_fixes_the_list_and_records_visits_by_buttons(app: Flask, world: World, sign_in: SignIn) -> None:
    with app.app_context(), system_session("demo") as session:
        key = campaign_with_members(session, world).id
        session.commit()
    branch = sign_in("branch_admin")
    assert take(branch, "care_campaign", "fix", key).status_code == 302
    assert "名单已经确定" in branch.get(f"/care_campaign/edit/?id={key}").get_data(as_text=True)
    with app.app_context(), system_session("demo", readonly=True) as session:
        visit = session.scalars(select(CareVisit.id).where(CareVisit.care_campaign_id == key)).first()
    refused = take(branch, "care_visit", "visit", visit, visited_on=str(today()))
    assert refused.status_code == 422 and "请填写慰问人" in refused.get_data(as_text=True)
    assert take(branch, "care_visit", "visit", visit, visited_on=str(today()), visitor="示例·书记").status_code == 302
    assert branch.get("/care_visit/new/").status_code == 403
    assert branch.post("/care_visit/delete/", data={"id": visit}).status_code == 403
    assert kept(app, CareVisit, visit).visitor == "示例·书记"


# Members who never registered


def test_a_member_without_registration_is_contacted_transferred_and_closed(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    key = world.rows["unregistered_member", "甲"]
    branch = sign_in("branch_admin")
    assert take(branch, "unregistered_member", "transfer", key, result="转入").status_code == 422
    assert take(branch, "unregistered_member", "contact", key).status_code == 302
    assert take(branch, "unregistered_member", "transfer", key, version=2, result="转入本支部").status_code == 302
    assert take(branch, "unregistered_member", "close", key, version=3, result="已办结").status_code == 302
    row = kept(app, UnregisteredMember, key)
    assert (row.status, row.contacted_on, row.closed_on) == (RegistrationStatus.CLOSED, today(), today())


def test_a_step_is_not_dated_before_the_one_it_follows(app: Flask, world: World) -> None:
    with app.app_context(), system_session("demo") as session:
        row = session.get(UnregisteredMember, world.rows["unregistered_member", "甲"])
        with pytest.raises(Refused, match="不能早于上一步"):
            unregistered_members.contact(session, row, row.found_on - timedelta(days=1))


# Suggestions


def test_a_suggestion_is_adopted_once_with_what_came_of_it(app: Flask, world: World) -> None:
    with app.app_context(), system_session("demo") as session:
        row = session.get(Suggestion, world.rows["suggestion", "甲"])
        with pytest.raises(Refused, match="不能早于提出时间"):
            suggestions.adopt(session, row, date(2000, 1, 1), "采纳")
        suggestions.adopt(session, row, today(), "写进了工作方案")
        with pytest.raises(Refused, match="已经登记过采纳"):
            suggestions.adopt(session, row, today(), "再一次")


# Notes on health


def test_notes_on_health_are_encrypted_and_only_their_own_branch_reads_them(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    key = world.rows["health_note", "甲"]
    note = canary("health_note", "甲") + "note"
    with app.app_context(), db.engine.connect() as connection:
        stored = connection.scalar(text(f"SELECT note FROM health_note WHERE id = {key}"))
        assert note.encode() not in bytes(stored)
    assert note in sign_in("branch_admin").get(f"/health_note/details/?id={key}").get_data(as_text=True)
    for name in ("city_admin", "inspector", "adviser", "company_clerk", "auditor"):
        assert sign_in(name).get(f"/health_note/details/?id={key}").status_code in (403, 404), name
    for name in ("branch_admin", "liaison"):
        assert sign_in(name).get("/health_note/export/csv/").status_code == 403
    with app.app_context(), system_session("demo") as session:
        session.get(HealthNote, key).note = "换了药"
        session.commit()
    history = sign_in("branch_admin").get(f"/health_note/history/?id={key}").get_data(as_text=True)
    assert "已修改" in history and "换了药" not in history


# Scans of regulations


def test_a_scan_is_filed_with_its_regulation(app: Flask, world: World, sign_in: SignIn) -> None:
    own, foreign = (world.rows["regulation", side] for side in ("甲", "乙"))
    branch = sign_in("branch_admin")

    def upload(key: int) -> int:
        data = {"files": (io.BytesIO(PDF), "制度.pdf")}
        address = f"/file/upload/?owner=regulation&id={key}"
        return branch.post(address, data=data, content_type="multipart/form-data").status_code

    assert (upload(own), upload(foreign)) == (302, 404)
    assert "制度.pdf" in branch.get(f"/regulation/details/?id={own}").get_data(as_text=True)
    with app.app_context(), system_session("demo", readonly=True) as session:
        row = session.scalar(select(Attachment).where(Attachment.regulation_id == own))
        assert (row.branch_id, row.rectification_id) == (world.branches["home甲"], None)
    assert branch.post("/file/upload/?owner=account&id=1").status_code == 404


def test_an_attachment_belongs_to_exactly_one_record(app: Flask, world: World) -> None:
    with app.app_context(), pytest.raises(Exception, match="one_owner"), db.engine.begin() as connection:
        connection.execute(text(f"UPDATE attachment SET regulation_id = {world.rows['regulation', '甲']}"))
