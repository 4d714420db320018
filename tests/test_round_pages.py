"""The pages of rounds: begun, watched, added to, ended; what homes say of them; and what failed is had mended."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from models import (
    Answer,
    Assessment,
    AssessmentRound,
    Branch,
    BranchKind,
    ChecklistVersion,
    Company,
    Rectification,
    RoundStatus,
)
from models.clock import today
from policy import acting_as, system_session
from services import rectifications
from services.checklists import assess, rounds
from services.checklists.versions import retire
from tests.form_fields import fields_of
from tests.page_lint import problems_of
from tests.test_rounds import HOW_MANY, begin, finish, make_companies, make_version, the_round
from tests.world import World, canary

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def world_made(app: Flask, world: World) -> World:
    """The test world with a published version, twenty companies of side 甲's desk, and two of its home."""
    world = replace(world, rows=dict(world.rows))  # the world is the same for all tests
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        world.rows["checklist_version", "批"] = make_version(session).id
        for place, count in (("desk甲", HOW_MANY), ("home甲", 2)):
            for number, company in enumerate(make_companies(session, world, count, place)):
                world.rows["company", f"{place}{number}"] = company.id
        session.commit()
    return world


def fields(world: World, places: list[str], **more: str) -> MultiDict[str, str]:
    """What the form of a new round posts."""
    given = {
        "checklist_version": str(world.rows["checklist_version", "批"]), "name": "区里的考核", "proposed": "别的",
        "due_on": (today() + timedelta(days=9)).isoformat(), "working_days": "", "note": "请按时填写",
        "branch": str(world.branches["root"]), "do": "open",
    } | more  # fmt: skip
    return MultiDict([*given.items(), *(("companies", str(world.rows["company", place])) for place in places)])


TWENTY = [f"desk甲{number}" for number in range(HOW_MANY)]


def page_of(answer: Any) -> str:
    text = answer.get_data(as_text=True)
    assert problems_of(text) == []
    return str(text)


def count_of(app: Flask, model: Any, *conditions: Any) -> int:
    with app.app_context(), system_session("demo", readonly=True) as session:
        return session.scalar(select(func.count(model.id)).where(*conditions)) or 0


def test_the_list_and_a_published_version_lead_to_the_form(app: Flask, world_made: World, sign_in: SignIn) -> None:
    client, version = sign_in("city_admin"), world_made.rows["checklist_version", "批"]
    assert 'href="/round/new/"' in page_of(client.get("/assessment_round/"))
    assert f"/round/new/?version={version}" in page_of(client.get(f"/checklist_version/details/?id={version}"))
    page = page_of(client.get(f"/round/new/?version={version}"))
    assert f"{today().year} 年批次用的清单考核" in page and "批次用的清单 · 2026 版" in page
    assert page.count('name="companies"') >= HOW_MANY and "全选" in page
    assert 'href="/round/new/"' not in page_of(sign_in("inspector").get("/assessment_round/"))
    assert sign_in("inspector").get("/round/new/").status_code == 403
    assert sign_in("adviser").get("/round/new/").status_code == 403


def test_a_round_over_twenty_companies_is_begun_and_watched(app: Flask, world_made: World, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    begun = client.post("/round/new/", data=fields(world_made, TWENTY))
    assert begun.status_code == 302
    assert count_of(app, Assessment, Assessment.round_name == "区里的考核") == HOW_MANY
    page = page_of(client.get(begun.headers["Location"]))
    assert "发给 20 家" in page and "填写中 20 份" in page and "示例desk甲企业19" in page and "请按时填写" in page
    key = begun.headers["Location"].rpartition("=")[2]
    assert "没有“已确认”的考核" in page_of(client.get(f"/round/?id={key}&status=signed"))
    assert client.get(f"/round/?id={key}&status=nonsense").status_code == 404
    assert f"/round/?id={key}" in page_of(client.get(f"/assessment_round/details/?id={key}"))


def test_refused_everything_stays_and_is_named_at_its_field(app: Flask, world_made: World, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    wrong = {"name": "", "due_on": "下周", "note": "写了很多"}
    answer = client.post("/round/new/", data=fields(world_made, TWENTY[:3], **wrong))
    page = page_of(answer)
    assert answer.status_code == 422 and "请填写批次名称" in page and "日期不对" in page
    assert "写了很多" in page and 'value="下周"' in page
    chosen = dict.fromkeys(str(world_made.rows["company", one]) for one in TWENTY[:3])
    assert all(re.search(rf'name="companies" value="{key}" checked', page) for key in chosen)
    nobody = client.post("/round/new/", data=fields(world_made, []))
    assert nobody.status_code == 422 and "请选择要考核的企业或党组织" in page_of(nobody)
    late = client.post("/round/new/", data=fields(world_made, TWENTY, due_on="2020-01-02"))
    assert late.status_code == 422 and "截止日期不能早于今天" in page_of(late)
    assert count_of(app, AssessmentRound, AssessmentRound.name == "区里的考核") == 0


def test_a_round_is_not_begun_twice(app: Flask, world_made: World, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    assert client.post("/round/new/", data=fields(world_made, TWENTY)).status_code == 302
    again = client.post("/round/new/", data=fields(world_made, TWENTY, name="区里的考核"))
    assert again.status_code == 422 and "今天已经开始了一次同样清单的考核" in page_of(again)
    other = client.post("/round/new/", data=fields(world_made, ["home甲0"]))
    assert other.status_code == 422 and "请换一个名称" in page_of(other)
    assert count_of(app, AssessmentRound, AssessmentRound.name == "区里的考核") == 1


def test_working_days_stand_for_the_day(app: Flask, world_made: World, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    with app.app_context(), system_session("demo", readonly=True) as session:
        due = rounds.due_after(session, 7)
    reckoned = client.post(
        "/round/new/", data=fields(world_made, TWENTY, due_on="", working_days="7", do="reckon")
    )  # fmt: skip
    assert f"从今天起 7 个工作日，是 {due}" in page_of(reckoned) and f'value="{due}"' in page_of(reckoned)
    both = client.post("/round/new/", data=fields(world_made, TWENTY, working_days="7", due_on=str(due + timedelta(1))))
    assert both.status_code == 422 and "和填的工作日数不一样" in page_of(both)
    assert client.post("/round/new/", data=fields(world_made, TWENTY, due_on="", working_days="7")).status_code == 302
    assert count_of(app, AssessmentRound, AssessmentRound.due_on == due) == 1


@pytest.mark.parametrize("days", ["0", "九", "99999", "-3"])
def test_working_days_that_make_no_sense_are_refused(days: str, app: Flask, world_made: World, sign_in: SignIn) -> None:
    for verb in ("reckon", "open"):
        asked = fields(world_made, TWENTY, due_on="", working_days=days, do=verb)
        answer = sign_in("city_admin").post("/round/new/", data=asked)
        assert answer.status_code == 422 and 'aria-invalid="true"' in page_of(answer)
    assert count_of(app, AssessmentRound, AssessmentRound.name == "区里的考核") == 0


def test_without_scripts_all_are_ticked_and_another_checklist_is_chosen(
    app: Flask, world_made: World, sign_in: SignIn
) -> None:
    client = sign_in("city_admin")
    page = page_of(client.post("/round/new/", data=fields(world_made, [], do="all-companies")))
    assert page.count(" checked") >= HOW_MANY
    none = page_of(client.post("/round/new/", data=fields(world_made, TWENTY, do="none-companies")))
    assert not re.search(r'name="companies" value="\d+" checked', none)
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        other = make_version(session, "只给联合支部的", (BranchKind.JOINT_BRANCH,)).id
        session.commit()
    asked = fields(world_made, TWENTY[:2], do="version", checklist_version=str(other), name="别的")
    page = page_of(client.post("/round/new/", data=asked))
    assert f"{today().year} 年只给联合支部的考核" in page and "没有适用这份清单的企业" in page
    refused = client.post("/round/new/", data=fields(world_made, TWENTY[:2], checklist_version=str(other)))
    assert refused.status_code == 422 and "不适用于" in page_of(refused)


def test_drafts_and_retired_versions_can_not_be_posted(app: Flask, world_made: World, sign_in: SignIn) -> None:
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        retire(session, session.get(ChecklistVersion, world_made.rows["checklist_version", "批"]))
        session.commit()
    for key in (world_made.rows["checklist_version", "批"], world_made.rows["checklist_version", "公"]):
        answer = sign_in("city_admin").post("/round/new/", data=fields(world_made, TWENTY, checklist_version=str(key)))
        page = page_of(answer)
        assert answer.status_code == 422 and "请重新选择" in page
        assert f'value="{world_made.rows["company", "desk甲3"]}"' in page


def test_a_branch_begins_rounds_over_its_own_and_learns_of_no_others(
    app: Flask, world_made: World, sign_in: SignIn
) -> None:
    client, home = sign_in("branch_admin"), str(world_made.branches["home甲"])
    page = page_of(client.get("/round/new/"))
    assert "示例home甲企业0" in page and "示例desk甲企业0" not in page and canary("company", "乙") not in page
    foreign = client.post("/round/new/", data=fields(world_made, ["乙"], branch=home))
    missing = fields(world_made, [], branch=home)
    missing.add("companies", "999999")
    assert foreign.status_code == 404
    assert client.post("/round/new/", data=missing).get_data() == foreign.get_data()
    # In sight because its adviser is posted there, but not his to assess.
    assert client.post("/round/new/", data=fields(world_made, ["desk甲0"], branch=home)).status_code == 403
    assert client.post("/round/new/", data=fields(world_made, ["home甲0"])).status_code == 422  # not his to own
    assert client.post("/round/new/", data=fields(world_made, ["home甲0"], branch=home)).status_code == 302


def test_of_the_citys_round_a_branch_sees_its_own_part_by_name_and_day(
    app: Flask, world_made: World, sign_in: SignIn
) -> None:
    chosen = fields(world_made, ["home甲0", "乙"], note="只给市里看的话")
    location = sign_in("city_admin").post("/round/new/", data=chosen).headers["Location"]
    client = sign_in("branch_admin")
    key = location.rpartition("=")[2]
    for path in ("/round/?id=", "/round/add/?id=", "/round/close/?id=", "/assessment_round/details/?id="):
        assert client.get(path + key).status_code == 404
    assert "区里的考核" not in page_of(client.get("/assessment_round/"))
    listed = page_of(client.get("/assessment/?flt0_round_name=区里的考核"))
    assert "共 1 条" in listed and "示例home甲企业0" in listed
    with app.app_context(), system_session("demo", readonly=True) as session:
        own = session.scalar(
            select(Assessment.id).where(Assessment.company_id == world_made.rows["company", "home甲0"])
        )
    details = page_of(client.get(f"/assessment/details/?id={own}"))
    assert "区里的考核" in details and (today() + timedelta(days=9)).isoformat() in details and "进行中" in details
    for page in (listed, details, page_of(client.get("/")), page_of(client.get(f"/assess/?id={own}"))):
        assert "只给市里看的话" not in page and canary("company", "乙") not in page


def test_further_companies_are_added_to_a_round_that_runs(app: Flask, world_made: World, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    key = client.post("/round/new/", data=fields(world_made, TWENTY[:2])).headers["Location"].rpartition("=")[2]
    page = page_of(client.get(f"/round/add/?id={key}"))
    assert "示例desk甲企业5" in page and ">示例desk甲企业1<" not in page
    chosen = {"do": "add", "companies": str(world_made.rows["company", "desk甲5"])}
    assert client.post(f"/round/add/?id={key}", data={"do": "add"}).status_code == 422
    assert client.post(f"/round/add/?id={key}", data=chosen).status_code == 302
    again = client.post(f"/round/add/?id={key}", data=chosen)
    assert again.status_code == 422 and "已经在这个批次里" in page_of(again)
    assert count_of(app, Assessment, Assessment.round_name == "区里的考核") == 3
    assert sign_in("inspector").post(f"/round/add/?id={key}", data=chosen).status_code == 403


def test_a_round_is_ended_after_a_question(app: Flask, world_made: World, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    key = client.post("/round/new/", data=fields(world_made, TWENTY[:2])).headers["Location"].rpartition("=")[2]
    page = page_of(client.get(f"/round/close/?id={key}"))
    assert "还有 2 份没有签字确认" in page and "填写中 2 份" in page
    assert client.post("/round/close/", data={"id": key, "version_seen": "99"}).status_code == 409
    seen = {"id": key, "version_seen": re.search(r'name="version_seen" value="(\d+)"', page)[1]}  # type: ignore[index]
    assert sign_in("inspector").post("/round/close/", data=seen).status_code == 403
    assert client.post("/round/close/", data=seen).status_code == 302
    assert count_of(app, AssessmentRound, AssessmentRound.status == RoundStatus.CLOSED) == 1
    assert "已结束" in page_of(client.get(f"/round/?id={key}"))
    assert client.get(f"/assessment_round/edit/?id={key}").status_code == 400


def test_the_day_is_extended_by_the_rounds_form_and_not_into_the_past(
    app: Flask, world_made: World, sign_in: SignIn
) -> None:
    client = sign_in("city_admin")
    key = client.post("/round/new/", data=fields(world_made, TWENTY[:2])).headers["Location"].rpartition("=")[2]
    form = dict(fields_of(page_of(client.get(f"/assessment_round/edit/?id={key}")), "record-form"))
    form.pop("csrf_token", None)
    past = client.post(f"/assessment_round/edit/?id={key}", data=form | {"due_on": "2020-01-02"})
    assert "截止日期不能早于今天" in page_of(past)
    later = (today() + timedelta(days=40)).isoformat()
    assert client.post(f"/assessment_round/edit/?id={key}", data=form | {"due_on": later}).status_code == 302
    assert count_of(app, Assessment, Assessment.due_on == date.fromisoformat(later)) == 2


def test_a_single_new_assessment_is_offered_published_versions_by_their_full_names(
    app: Flask, world_made: World, sign_in: SignIn
) -> None:
    client = sign_in("city_admin")
    form = page_of(client.get("/assessment/new/"))
    assert "批次用的清单 · 2026 版" in form and "另一清单 · 草稿" not in form
    found = client.get("/assessment/ajax/lookup/?name=checklist_version&query=").get_json()
    assert "两栏四有四上墙 · 2026 版" in [title for _key, title in found]
    assert "另一清单 · 草稿" not in [title for _key, title in found]
    every = client.get("/assessment/ajax/lookup/?name=checklist_version&for=filter&query=").get_json()
    assert "另一清单 · 草稿" in [title for _key, title in every]
    assert "另一清单 · 草稿" in page_of(client.get("/assessment/"))
    draft = {"checklist_version": str(world_made.rows["checklist_version", "公"]), "assessed_on": today().isoformat(),
             "company": str(world_made.rows["company", "desk甲0"]), "note": ""}  # fmt: skip
    refused = client.post("/assessment/new/", data=draft)
    assert "请重新选择" in page_of(refused)


# Homes


def test_clerk_and_adviser_are_led_to_what_is_due_first(app: Flask, world_made: World, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    asked = fields(world_made, ["甲"])
    assert client.post("/round/new/", data=asked).status_code == 302
    with app.app_context(), system_session("demo") as session:
        key = the_round(session, "区里的考核").id
        company = world_made.rows["company", "甲"]
        own = session.scalar(select(Assessment.id).where(Assessment.round_id == key, Assessment.company_id == company))
    home = page_of(sign_in("company_clerk").get("/"))
    assert "要填的检查表" in home and "区里的考核" in home and f'href="/assess/?id={own}"' in home
    assert "还没有提交" in home
    adviser = page_of(sign_in("adviser").get("/"))
    assert re.search(rf'href="/assess/\?id={own}">填检查表', adviser)
    with app.app_context(), system_session("demo") as session:
        the_round(session, "区里的考核").due_on = today() - timedelta(days=4)
        session.commit()
    assert "逾期 4 天" in page_of(sign_in("company_clerk").get("/"))
    assert "考核已过期" in page_of(client.get("/"))
    assert "共 1 条" in page_of(client.get("/assessment/?figure=assessments_overdue"))


def test_homes_count_what_waits_and_open_its_rows(app: Flask, world_made: World, sign_in: SignIn) -> None:
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        version = session.get(ChecklistVersion, world_made.rows["checklist_version", "批"])
        companies = session.scalars(select(Company).where(Company.short_name.like("示例desk甲企业%"))).all()[:3]
        made = begin(session, world_made, companies, version=version)
        for one in made:
            assess.answer(session, one, {row.item_id: Answer.MET for row in one.answers})
            assess.submit(session, one)
        assess.answer(session, made[0], {row.item_id: Answer.MET for row in made[0].answers}, reviewed=True)
        assess.review(session, made[0])
        session.commit()
    client = sign_in("city_admin")
    home = page_of(client.get("/"))
    for figure, words, number in (
        ("assessments_to_review", "考核等待考评", 2),
        ("assessments_to_sign", "考核等待确认", 1),
    ):
        assert f"/assessment/?figure={figure}" in home and words in home
        assert f"共 {number} 条" in page_of(client.get(f"/assessment/?figure={figure}"))


# Mending


def reviewed_without_mending(app: Flask, world: World, place: str = "company") -> tuple[int, int]:
    """The key and the version of a reviewed assessment of which two items failed and nothing is mended yet."""
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        version = session.get(ChecklistVersion, world.rows["checklist_version", "批"])
        company = session.get(Company, world.rows["company", "甲"])
        branch = session.get(Branch, world.branches["home甲"])
        made = begin(
            session, world, [company] if place == "company" else [], [] if place == "company" else [branch],
            version=version, name=f"{place}的考核",
        )  # fmt: skip
        finish(session, made[0], failed=2)
        for row in session.scalars(select(Rectification).where(Rectification.assessment_id == made[0].id)):
            session.delete(row)
        session.commit()
        return made[0].id, made[0].version


def test_what_failed_is_had_mended_at_one_tap(app: Flask, world_made: World, sign_in: SignIn) -> None:
    key, version = reviewed_without_mending(app, world_made)
    client = sign_in("city_admin")
    page = page_of(client.get(f"/assessment/details/?id={key}"))
    assert "还没有列入整改的 2 项" in page and canary("company", "甲") + "contact_name" in page
    assert "列入整改" in page_of(client.get(f"/assess/?id={key}"))
    form = {"id": str(key), "version_seen": str(version), "responsible": "示例·张某", "due_on": "2020-01-02"}
    early = client.post("/assess/mend/", data=form)
    assert early.status_code == 422 and "整改期限不能早于今天" in page_of(early) and "示例·张某" in page_of(early)
    assert client.post("/assess/mend/", data=form | {"due_on": "以后"}).status_code == 422
    assert client.post("/assess/mend/", data=form | {"responsible": ""}).status_code == 422
    assert client.post("/assess/mend/", data=form | {"version_seen": "0"}).status_code == 409
    later = (today() + timedelta(days=12)).isoformat()
    assert client.post("/assess/mend/", data=form | {"due_on": later}).status_code == 302
    assert client.post("/assess/mend/", data=form | {"due_on": later}).status_code == 302  # tapped twice
    with app.app_context(), system_session("demo", readonly=True) as session:
        rows = session.scalars(select(Rectification).where(Rectification.assessment_id == key)).all()
        assert [(row.responsible, str(row.due_on)) for row in rows] == [("示例·张某", later)] * 2
    assert "还没有列入整改" not in page_of(client.get(f"/assessment/details/?id={key}"))


def test_an_assessment_that_is_not_reviewed_has_nothing_mended(app: Flask, world: World, sign_in: SignIn) -> None:
    key = world.rows["assessment", "甲"]
    form = {"id": str(key), "version_seen": "1", "responsible": "某人", "due_on": today().isoformat()}
    answer = sign_in("city_admin").post("/assess/mend/", data=form)
    assert answer.status_code == 422 and "完成考评以后" in page_of(answer)
    assert sign_in("branch_admin").post("/assess/mend/", data=form | {"id": "1"}).status_code == 404


def test_an_assessed_branch_stands_where_a_company_would(app: Flask, world_made: World, sign_in: SignIn) -> None:
    key, version = reviewed_without_mending(app, world_made, "branch")
    client, name = sign_in("city_admin"), canary("branch", "甲") + "派出支部"
    form = {"id": str(key), "version_seen": str(version), "responsible": "示例·书记", "due_on": str(today())}
    assert client.post("/assess/mend/", data=form).status_code == 302
    with app.app_context(), system_session("demo", readonly=True) as session:
        mending = session.scalars(select(Rectification.id).where(Rectification.assessment_id == key)).first()
        round_key = the_round(session, "branch的考核").id
    for path in (
        f"/assess/?id={key}", f"/assessment/details/?id={key}", f"/rectification/details/?id={mending}",
        f"/round/?id={round_key}", "/assessment/?flt0_round_name=branch的考核", "/rectification/?search=示例·书记",
    ):  # fmt: skip
        assert name in page_of(client.get(path)), path
    listed = page_of(client.get("/rectification/?search=示例·书记"))
    assert f'data-label="企业"><div>{name}</div>' in listed
    edit = page_of(client.get(f"/rectification/edit/?id={mending}"))
    assert 'name="company"' not in edit
    filled = dict(fields_of(edit, "record-form")) | {"what": "换个说法"}
    assert client.post(f"/rectification/edit/?id={mending}", data=filled).status_code == 302
    assert count_of(app, Rectification, Rectification.what == "换个说法", Rectification.company_id.is_(None)) == 1


def test_what_is_late_and_what_is_still_missing_is_said_in_words(app: Flask, world: World, sign_in: SignIn) -> None:
    key = world.rows["rectification", "甲"]
    with app.app_context(), system_session("demo") as session:
        row = session.get(Rectification, key)
        row.due_on = today() - timedelta(days=6)
        session.commit()
    clerk = sign_in("company_clerk")
    page = page_of(clerk.get(f"/rectification/details/?id={key}"))
    assert "逾期 6 天" in page and 'href="#attachments"' in page and "添加照片或文件" in page
    assert "（逾期 6 天）" in page_of(clerk.get("/rectification/"))
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        row = session.get(Rectification, key)
        rectifications.mark_done(session, row, "做好了")
        assert rectifications.days_overdue(row) == 0
        rectifications.reopen(session, row, "照片看不清")
        session.commit()
    assert "复查没有通过，还要改：</b>照片看不清" in page_of(clerk.get(f"/rectification/details/?id={key}"))
    assert "照片看不清" in page_of(clerk.get("/"))
