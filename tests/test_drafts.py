"""What somebody typed and hasn't saved is kept, for him alone, as long as he may save it, and readable to nobody else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from models import Account, Assessment, AuditEntry, ChecklistGroup, ChecklistItem, Company, Draft, Grant, Posting, db
from models.clock import frozen_at, now, today
from policy import NotAllowed, system_session
from policy.actor import acting_as
from services.drafts import KEPT, MAX_CONTENT, Place, find_draft, keep_draft
from tests.matrix import actor_of
from tests.test_screens import company_form
from tests.world import ROLES, World

SignIn = Callable[..., FlaskClient]
OFFER = "这里有一份没有保存的内容"


def keep(client: FlaskClient, resource: str, form: str, key: int | None, fields: dict[str, Any]) -> Any:
    """Keep a draft as the script of a form does."""
    return client.post(f"/{resource}/draft/", query_string={"form": form, "id": key or ""}, data=fields)


def drafts(app: Flask) -> list[Draft]:
    """The drafts of the accounts that act in these tests."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        acting = select(Account.id).where(Account.username.in_(ROLES))
        found = list(session.scalars(select(Draft).where(Draft.account_id.in_(acting))))
        session.expunge_all()
        return found


@pytest.fixture
def company(world: World) -> int:
    """The key of a company that the city administrator and its clerk may edit."""
    return world.rows["company", "甲"]


def test_a_draft_is_offered_when_the_form_is_opened_again_and_fills_it(
    app: Flask, world: World, company: int, sign_in: SignIn
) -> None:
    client, address = sign_in("company_clerk"), f"/company/edit/?id={company}"
    answer = keep(
        client, "company", "edit", company, company_form(app, world, note="写了一半", organised_on="1949。10")
    )
    assert answer.status_code == 200 and len(answer.json["saved"]) == len("15:02")
    page = client.get(address).get_data(as_text=True)
    assert OFFER in page and "写了一半" in page and "1949-10" in page and 'name="note"' not in page
    filled = client.get(f"{address}&draft=1").get_data(as_text=True)
    assert "写了一半</textarea>" in filled and 'value="1949。10"' in filled


def test_not_wanting_a_draft_forgets_it(app: Flask, world: World, company: int, sign_in: SignIn) -> None:
    client = sign_in("company_clerk")
    keep(client, "company", "edit", company, company_form(app, world, note="写了一半"))
    answer = client.post(f"/company/draft/discard/?form=edit&id={company}")
    assert answer.location == f"/company/edit/?id={company}"
    assert drafts(app) == [] and OFFER not in client.get(answer.location).get_data(as_text=True)


def test_a_new_record_has_its_draft_too_and_leads_back_to_where_it_was_begun(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    client, posting = sign_in("adviser"), world.rows["posting", "甲"]
    keep(client, "visit", "new", None, {"posting": posting, "findings": "聊了很久", "version_seen": ""})
    page = client.get(f"/visit/new/?posting={posting}").get_data(as_text=True)
    assert OFFER in page and f"posting={posting}&amp;draft=1" in page
    assert "聊了很久</textarea>" in client.get(f"/visit/new/?posting={posting}&draft=1").get_data(as_text=True)
    back = client.post(f"/visit/draft/discard/?form=new&posting={posting}")
    assert back.location == f"/visit/new/?posting={posting}"


def test_saving_the_form_removes_its_draft_and_a_refused_save_keeps_it(
    app: Flask, world: World, company: int, sign_in: SignIn
) -> None:
    client, address = sign_in("company_clerk"), f"/company/edit/?id={company}"
    form = company_form(app, world, note="写好了")
    keep(client, "company", "edit", company, form)
    assert client.post(address, data=form | {"credit_code": "1"}).status_code == 200
    assert len(drafts(app)) == 1
    assert client.post(address, data=form).status_code == 302
    assert drafts(app) == []


def test_saving_a_new_record_and_taking_a_step_remove_their_drafts(app: Flask, world: World, sign_in: SignIn) -> None:
    office, posting = sign_in("city_admin"), world.rows["posting", "甲"]
    visit = {"posting": posting, "visited_on": str(today()), "purpose": "study", "findings": "谈了发展党员"}
    keep(office, "visit", "new", None, visit)
    assert office.post("/visit/new/", data=visit).status_code == 302
    step = {"version_seen": "1", "ended_on": str(today()), "end_reason": "term", "handover": "材料已移交"}
    keep(office, "posting", "step/end", posting, step)
    assert "材料已移交" in office.get(f"/posting/step/end/?id={posting}").get_data(as_text=True)
    assert len(drafts(app)) == 1
    assert office.post(f"/posting/step/end/?id={posting}", data=step).status_code == 302
    assert drafts(app) == []


def test_a_draft_of_an_older_version_ends_in_the_comparison_and_overwrites_nothing(
    app: Flask, world: World, company: int, sign_in: SignIn
) -> None:
    clerk, office, address = sign_in("company_clerk"), sign_in("city_admin"), f"/company/edit/?id={company}"
    begun = company_form(app, world, note="先开始写的")
    keep(clerk, "company", "edit", company, begun)
    assert office.post(address, data=company_form(app, world, note="后来保存的")).status_code == 302
    assert "这条记录有人改过" in clerk.get(address).get_data(as_text=True)
    filled = clerk.get(f"{address}&draft=1").get_data(as_text=True)
    assert f'name="version_seen" type="hidden" value="{begun["version_seen"]}"' in filled and "有人改过" in filled
    refused = clerk.post(address, data=begun)
    page = refused.get_data(as_text=True)
    assert refused.status_code == 409 and "先开始写的" in page and "后来保存的" in page
    with app.app_context(), system_session("demo", readonly=True) as session:
        assert session.get(Company, company).note == "后来保存的"


def test_a_step_whose_record_was_changed_meanwhile_is_compared_too(app: Flask, world: World, sign_in: SignIn) -> None:
    key = world.rows["rectification", "甲"]
    answer = sign_in("company_clerk").post(
        f"/rectification/step/done/?id={key}", data={"version_seen": "9", "evidence": "装好了标志"}
    )
    assert answer.status_code == 409 and "装好了标志" in answer.get_data(as_text=True)


@pytest.mark.parametrize("more", ["_external=1&_scheme=javascript", "endpoint=x&self=y", "draft="])
def test_odd_words_in_the_address_lead_nowhere_else(more: str, app: Flask, world: World, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    keep(client, "visit", "new", None, {"findings": "写了一半"})
    page = client.get(f"/visit/new/?{more}").get_data(as_text=True)
    assert "javascript:" not in page and "写了一半" in page
    assert client.post(f"/visit/draft/discard/?form=new&{more}").location.startswith("/visit/new/")


# A checklist


def checked(world: World, app: Flask) -> tuple[int, str]:
    """An assessment of side 甲, and the name of the answer to its first item."""
    key = world.rows["assessment", "甲"]
    with app.app_context(), system_session("demo", readonly=True) as session:
        version = session.get(Assessment, key).checklist_version_id
        item = session.scalars(select(ChecklistItem.id).join(ChecklistItem.group).where(
            ChecklistGroup.checklist_version_id == version)).first()  # fmt: skip
    return key, f"answer-{item}"


def test_what_was_ticked_on_a_checklist_is_offered_again_and_gone_once_saved(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    (key, answer), office = checked(world, app), sign_in("city_admin")
    typed = {answer: "partly", "version_seen": "1", "password": "x"}
    assert office.post(f"/assess/draft/?id={key}", data=typed).status_code == 200
    assert "password" not in drafts(app)[0].contents
    assert OFFER in office.get(f"/assess/?id={key}").get_data(as_text=True)
    page = office.get(f"/assess/?id={key}&draft=1").get_data(as_text=True)
    assert f'name="{answer}" value="partly" checked' in page
    assert office.post(f"/assess/?id={key}", data=typed | {"do": "save"}).status_code == 302
    assert drafts(app) == []


def test_a_checklist_that_somebody_saved_meanwhile_comes_back_with_what_was_ticked(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    (key, answer), office = checked(world, app), sign_in("city_admin")
    refused = office.post(f"/assess/?id={key}", data={answer: "partly", "version_seen": "99", "do": "save"})
    page = refused.get_data(as_text=True)
    assert refused.status_code == 409 and "现在保存的是" in page
    assert f'name="{answer}" value="partly" checked' in page and 'name="version_seen" value="1"' in page


def test_a_checklist_out_of_sight_or_only_read_keeps_no_draft(app: Flask, world: World, sign_in: SignIn) -> None:
    key, answer = checked(world, app)
    hidden = world.rows["assessment", "乙"]
    assert sign_in("company_clerk").post(f"/assess/draft/?id={hidden}", data={answer: "met"}).status_code == 404
    assert sign_in("liaison").post(f"/assess/draft/?id={key}", data={answer: "met"}).status_code == 403


# The walls


def test_nobody_else_sees_a_draft_whoever_he_is(app: Flask, world: World, company: int, sign_in: SignIn) -> None:
    address = f"/company/edit/?id={company}"
    keep(sign_in("company_clerk"), "company", "edit", company, company_form(app, world, note="只给自己看"))
    page = sign_in("city_admin").get(address).get_data(as_text=True)
    assert OFFER not in page and "只给自己看" not in page
    place = Place("company", "edit", company)
    for role in ("city_admin", "inspector", "system_admin", "security_admin", "auditor", "branch_admin"):
        with app.app_context(), acting_as(actor_of(role)):
            assert db.session.scalars(select(Draft)).all() == [], role
            assert find_draft(db.session, place) is None
            db.session.remove()


def test_nobody_writes_or_removes_anothers_draft(app: Flask, world: World, company: int, sign_in: SignIn) -> None:
    keep(sign_in("company_clerk"), "company", "edit", company, company_form(app, world))
    theirs = drafts(app)[0]
    with app.app_context(), acting_as(actor_of("city_admin")):
        db.session.add(Draft(account_id=theirs.account_id, resource="visit", form="new", contents="[]"))
        with pytest.raises(NotAllowed):
            db.session.flush()
        db.session.rollback()
        keep_draft(db.session, Place("company", "new"), [])
        mine = db.session.scalars(select(Draft)).one()
        mine.account_id = theirs.account_id
        with pytest.raises(NotAllowed):
            db.session.flush()
        db.session.remove()
    sign_in("city_admin").post(f"/company/draft/discard/?form=edit&id={company}")
    assert [draft.account_id for draft in drafts(app)] == [theirs.account_id]


def test_a_draft_about_a_row_out_of_sight_is_answered_like_one_about_no_row(world: World, sign_in: SignIn) -> None:
    clerk = sign_in("company_clerk")
    for path in ("/company/draft/", "/company/draft/discard/"):
        for key in (world.rows["company", "乙"], 999_999):
            assert clerk.post(path, query_string={"form": "edit", "id": key}, data={"note": "x"}).status_code == 404
    assert keep(clerk, "rectification", "step/nothing", world.rows["rectification", "甲"], {}).status_code == 404
    assert keep(clerk, "branch", "new", None, {}).status_code == 403


def test_once_a_grant_has_ended_the_draft_is_not_shown(app: Flask, world: World, company: int, sign_in: SignIn) -> None:
    clerk, address = sign_in("company_clerk"), f"/company/edit/?id={company}"
    keep(clerk, "company", "edit", company, company_form(app, world, note="写了一半"))
    with app.app_context(), system_session("demo") as session:
        grant = session.scalar(select(Grant).where(Grant.account_id == world.accounts["company_clerk"]))
        grant.valid_until = today() - timedelta(days=1)
        session.commit()
    for where in (address, f"{address}&draft=1"):
        answer, about_nothing = clerk.get(where), clerk.get("/company/edit/?id=999999")
        assert (answer.status_code, answer.get_data()) == (about_nothing.status_code, about_nothing.get_data())
    assert keep(clerk, "company", "edit", company, {"note": "又写"}).status_code == about_nothing.status_code == 403


def test_an_advisers_draft_goes_out_of_sight_with_his_posting(app: Flask, world: World, sign_in: SignIn) -> None:
    adviser, key = sign_in("adviser"), world.rows["visit", "甲"]
    assert keep(adviser, "visit", "edit", key, {"findings": "写了一半", "version_seen": "1"}).status_code == 200
    with app.app_context(), system_session("demo") as session:
        posting = session.get(Posting, world.rows["posting", "甲"])
        posting.ended_on, posting.end_reason = today(), "term"
        session.commit()
    answer, about_nothing = (adviser.get(f"/visit/edit/?id={one}&draft=1") for one in (key, 999_999))
    assert (answer.status_code, answer.get_data()) == (about_nothing.status_code, about_nothing.get_data())
    assert answer.status_code == 403


def test_a_look_up_that_went_out_of_sight_is_not_filled_in(app: Flask, world: World, sign_in: SignIn) -> None:
    adviser, theirs = sign_in("adviser"), world.rows["posting", "乙"]
    keep(adviser, "visit", "new", None, {"posting": theirs, "findings": "写了一半"})
    for address in ("/visit/new/", "/visit/new/?draft=1"):
        page = adviser.get(address).get_data(as_text=True)
        assert "写了一半" in page and "秘posting乙" not in page and f'value="{theirs}"' not in page


# At rest


def test_nothing_that_was_typed_is_readable_in_the_database(office: tuple[Flask, World]) -> None:
    app, world = office
    key, number = world.rows["person", "甲"], "620200194910010019"
    with acting_as(actor_of("branch_admin")):
        keep_draft(db.session, Place("person", "edit", key), [("id_number", number), ("name", "示例·张三")])
        db.session.commit()
        db.session.remove()
    with db.engine.connect() as connection:
        contents = bytes(connection.execute(text("SELECT contents FROM draft WHERE resource = 'person'")).scalar_one())
        logged = str(connection.execute(text("SELECT changes, record_title FROM audit_entry")).all())
    assert number.encode() not in contents and "张三".encode() not in contents
    assert "示例·张三" not in logged
    with app.app_context(), system_session("demo", readonly=True) as session:
        assert session.scalar(select(AuditEntry.id).where(AuditEntry.resource == "draft")) is None


def test_only_the_forms_own_fields_are_kept_and_no_more_than_fits(
    app: Flask, world: World, company: int, sign_in: SignIn
) -> None:
    clerk = sign_in("company_clerk")
    keep(clerk, "company", "edit", company, {"note": "好", "password": "secret-1", "csrf_token": "t", "branch_id": "1"})
    assert drafts(app)[0].contents == '[["note", "好"]]'
    too_much = keep(clerk, "company", "edit", company, {"note": "长" * MAX_CONTENT})
    assert too_much.status_code == 413 and "太长" in too_much.json["message"]
    assert drafts(app)[0].contents == '[["note", "好"]]'


def test_a_draft_is_kept_for_thirty_days_and_then_removed(
    app: Flask, world: World, company: int, sign_in: SignIn
) -> None:
    clerk = sign_in("company_clerk")
    keep(clerk, "company", "edit", company, company_form(app, world, note="写了一半"))
    place = Place("company", "edit", company)
    for age, there in ((KEPT - timedelta(minutes=1), True), (KEPT + timedelta(minutes=1), False)):
        with frozen_at(now() + age), app.app_context():
            with acting_as(actor_of("company_clerk")):
                assert (find_draft(db.session, place) is not None) is there
                db.session.remove()
            assert app.test_cli_runner().invoke(args=["tidy"]).exit_code == 0
        assert bool(drafts(app)) is there


def test_a_personal_number_typed_into_a_draft_is_told_of_but_not_shown_in_the_offer(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    client, key = sign_in("branch_admin"), world.rows["person", "甲"]
    keep(client, "person", "edit", key, {"name": "示例·张三", "phone": "13712345678", "version_seen": "1"})
    page = client.get(f"/person/edit/?id={key}").get_data(as_text=True)
    assert "（已填写新号码）" in page and "13712345678" not in page
