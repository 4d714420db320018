"""What administrators do beside their records: explain, find by number, merge doubles, move branches, set permissions."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from models import (
    Adviser,
    Branch,
    DevelopmentStep,
    Grant,
    KeyPost,
    Person,
    Posting,
    Role,
    RolePermission,
    Stage,
    Trash,
    db,
)
from models.column_types import PartialDate
from policy import NotAllowed, Refused, system_session
from policy.explain import explain
from services.people import merge_people, possible_doubles
from tests.matrix import actor_of
from tests.world import ID_NUMBERS, PHONES, World, canary

SignIn = Callable[..., FlaskClient]


# Explaining


def test_a_page_says_why_another_account_can_or_can_not_change_a_record(world: World, sign_in: SignIn) -> None:
    address = f"/company/explain/?id={world.rows['company', '甲']}"
    page = sign_in("city_admin").get(f"{address}&username=company_clerk").get_data(as_text=True)
    assert "用户company_clerk能对这条记录做什么" in page and "角色“企业党务专干”有此权限" in page
    unknown = sign_in("city_admin").get(f"{address}&username=nobody").get_data(as_text=True)
    assert "没有找到这个账号" in unknown
    hidden = sign_in("company_clerk").get(f"{address}&username=city_admin").get_data(as_text=True)
    assert "我能对这条记录做什么" in hidden and "市级管理员" not in hidden


def test_an_explanation_names_no_branch_out_of_the_readers_sight(app: Flask, world: World) -> None:
    with app.app_context(), system_session("demo") as session:
        liaison = session.scalar(select(Role).where(Role.code == "liaison"))
        account = world.accounts["branch_admin"]
        session.add(Grant(account_id=account, role=liaison, branch_id=world.branches["home乙"]))
        session.commit()
        person = session.get(Person, world.rows["person", "乙"])
        told = str(explain(actor_of("branch_admin"), person, actor_of("liaison")))
        assert "在别的党组织被授予" in told and canary("branch", "乙") not in told
        assert canary("branch", "乙") in str(explain(actor_of("branch_admin"), person, actor_of("city_admin")))


def test_the_command_line_explains_too(app: Flask, world: World) -> None:
    record = f"company:{world.rows['company', '乙']}"
    told = app.test_cli_runner().invoke(args=["explain", "company_clerk", record]).output
    assert "不能 企业·查看" in told and "管不到这条记录所属的党组织" in told


# Finding by a whole number


@pytest.mark.parametrize("number", ["620200194910010094", PHONES["甲"], " 138 0000 5678 "])
def test_a_person_is_found_by_a_whole_number_only(number: str, app: Flask, world: World, sign_in: SignIn) -> None:
    with app.app_context(), system_session("demo") as session:
        session.get(Person, world.rows["person", "甲"]).id_number = "620200194910010094"
        session.commit()
    client = sign_in("branch_admin")
    found = client.post("/person/find/", data={"number": number}).get_data(as_text=True)
    assert "找到 1 条" in found and canary("person", "甲") in found
    for part in (number.strip()[:8], "0094", "%", ID_NUMBERS["乙"], PHONES["乙"]):
        assert "没有找到" in client.post("/person/find/", data={"number": part}).get_data(as_text=True), part


def test_a_number_stands_in_no_address(sign_in: SignIn) -> None:
    page = sign_in("branch_admin").get("/person/find/?number=13800005678").get_data(as_text=True)
    assert canary("person", "甲") not in page
    assert sign_in("branch_admin").get("/visit/find/").status_code == 404


# One person, two records


def two_records(session: Any, world: World, **more: Any) -> tuple[Person, Person]:
    """One person as two branches wrote him down."""
    born = PartialDate("1949-10")
    kept, double = (
        Person(name="示例·同一人", born_on=born, branch_id=world.branches[f"home{side}"]) for side in ("甲", "乙")
    )
    for key, value in more.items():
        setattr(double, key, value)
    session.add_all([kept, double])
    session.flush()
    return kept, double


def test_records_of_the_same_name_and_birth_date_are_possible_doubles(app: Flask, world: World) -> None:
    with app.app_context(), system_session("demo") as session:
        pair = two_records(session, world)
        assert [{row.id for row in group} for group in possible_doubles(session)] == [{row.id for row in pair}]


def test_people_with_different_numbers_are_no_doubles_and_can_not_be_merged(app: Flask, world: World) -> None:
    with app.app_context(), system_session("demo") as session:
        kept, double = two_records(session, world, id_number="620200194910011393")
        kept.id_number = "620200194910010094"
        session.flush()
        assert possible_doubles(session) == []
        with pytest.raises(Refused, match="身份证号不同"):
            merge_people(session, kept, double)


def test_merging_keeps_what_either_record_knew_and_the_other_one_goes_to_the_trash(app: Flask, world: World) -> None:
    with app.app_context(), system_session("demo") as session:
        kept, double = two_records(session, world, phone="13800001234", note="另一个支部的备注")
        kept.steps = [DevelopmentStep(stage=Stage.FULL, entered_on=PartialDate("1975"))]
        double.steps = [
            DevelopmentStep(stage=stage, entered_on=PartialDate("1974")) for stage in (Stage.FULL, Stage.ACTIVIST)
        ]
        double.key_posts = [KeyPost(post="主任", since=PartialDate("1990"))]
        adviser = Adviser(person=double, work_phone="0937-6000099")
        session.add(adviser)
        session.flush()
        merge_people(session, kept, double)
        session.commit()
        session.expire_all()
        assert (kept.phone, kept.note, kept.stage) == ("13800001234", "另一个支部的备注", Stage.FULL)
        assert {step.stage: step.entered_on.iso for step in kept.steps} == {Stage.FULL: "1975", Stage.ACTIVIST: "1974"}
        assert [post.post for post in kept.key_posts] == ["主任"]
        assert (adviser.person_id, adviser.branch_id) == (kept.id, world.branches["home甲"])
        assert session.scalar(select(Trash.record_title).order_by(Trash.id.desc())) == "示例·同一人"


def test_only_the_city_administrator_sees_and_merges_doubles(app: Flask, world: World, sign_in: SignIn) -> None:
    with app.app_context(), system_session("demo") as session:
        kept, double = (row.id for row in two_records(session, world))
        session.commit()
    for name in ("branch_admin", "liaison", "inspector", "company_clerk", "auditor"):
        assert sign_in(name).get("/doubles/").status_code == 403
        assert sign_in(name).post("/doubles/merge/", data={"kept": kept, "double": double}).status_code == 403
    office = sign_in("city_admin")
    assert "示例·同一人" in office.get("/doubles/").get_data(as_text=True)
    assert office.post("/doubles/merge/", data={"kept": kept, "double": double}).status_code == 302
    assert office.get(f"/person/details/?id={double}").status_code == 404


# The tree of branches


def test_a_branch_is_never_put_under_itself_or_what_is_below_it(app: Flask, world: World) -> None:
    with app.app_context(), system_session("demo") as session:
        upper = session.get(Branch, world.branches["home甲"])
        lower = Branch(name="下级", kind="branch", parent=upper)
        session.add(lower)
        session.flush()
        upper.parent = lower
        with pytest.raises(Refused, match="自己的下级"):
            session.flush()


def test_a_branch_administrator_can_not_put_his_branch_under_another(app: Flask, world: World, sign_in: SignIn) -> None:
    with app.app_context(), system_session("demo", readonly=True) as session:
        branch = session.get(Branch, world.branches["home甲"])
        form = {"name": branch.name, "kind": branch.kind.value, "version_seen": branch.version}
    moved = form | {"parent": world.branches["desk甲"]}
    sign_in("branch_admin").post(f"/branch/edit/?id={world.branches['home甲']}", data=moved)
    with app.app_context():
        with system_session("demo", readonly=True) as session:
            assert session.get(Branch, world.branches["home甲"]).parent_id == world.branches["root"]
        session = db.session.session_factory(actor=actor_of("branch_admin"))
        session.get(Branch, world.branches["home甲"]).parent_id = world.branches["desk甲"]
        with pytest.raises(NotAllowed):
            session.flush()
        session.close()


# Roles


def test_a_security_administrator_ticks_what_a_role_may_do(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), system_session("demo", readonly=True) as session:
        role = session.scalar(select(Role).where(Role.code == "adviser"))
        key, held = role.id, {row.permission for row in role.permissions}
    client = sign_in("security_admin")
    assert "checked" in client.get(f"/role-permissions/?id={key}").get_data(as_text=True)
    wanted = (held - {"visit:create"}) | {"visit:export"}
    form = {"version_seen": "1", "permission": sorted(wanted)}
    assert client.post(f"/role-permissions/?id={key}", data=form).status_code == 302
    with app.app_context(), system_session("demo", readonly=True) as session:
        now = set(session.scalars(select(RolePermission.permission).where(RolePermission.role_id == key)))
        assert now == wanted
    assert client.post(f"/role-permissions/?id={key}", data=form).status_code == 409
    unknown = form | {"version_seen": "2", "permission": ["visit:everything"]}
    assert client.post(f"/role-permissions/?id={key}", data=unknown).status_code == 400


def test_nobody_else_changes_a_role(app: Flask, sign_in: SignIn) -> None:
    for name in ("city_admin", "branch_admin", "system_admin", "auditor"):
        assert sign_in(name).post("/role-permissions/?id=1", data={"version_seen": "1"}).status_code == 403


# What a posting brings and takes


def test_ending_a_posting_takes_the_companys_records_out_of_sight(app: Flask, world: World, sign_in: SignIn) -> None:
    key = world.rows["company", "甲"]
    adviser = sign_in("adviser")
    assert adviser.get(f"/company/details/?id={key}").status_code == 200
    with app.app_context(), system_session("demo") as session:
        posting = session.get(Posting, world.rows["posting", "甲"])
        posting.ended_on, posting.end_reason = posting.started_on, "term"
        session.commit()
    assert adviser.get(f"/company/details/?id={key}").status_code in (403, 404)


def test_a_role_that_is_not_security_can_not_edit_roles_even_in_a_session(app: Flask) -> None:
    with app.app_context():
        session = db.session.session_factory(actor=actor_of("city_admin"))
        role = Role(code="x", name="x")
        session.add(role)
        with pytest.raises(NotAllowed):
            session.flush()
        session.close()
