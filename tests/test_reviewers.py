"""Who gives the second score: named when a round begins or later, by whom, and what that keeps others from doing."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update
from sqlalchemy.exc import IntegrityError

from models import (
    Account,
    Answer,
    Assessment,
    AssessmentRound,
    AssessmentStatus,
    AuditEntry,
    Branch,
    BranchKind,
    ChecklistVersion,
    Company,
    Grant,
    MoveKind,
    Role,
    RoundStatus,
    Trash,
    db,
)
from models.clock import today
from policy import NotAllowed, OutOfSight, Refused, acting_as, system_session
from policy.actor import load_actor
from policy.holders import holders
from services import trash
from services.checklists import assess, autosave, evidence, reviewers, rounds, signing
from services.checklists.answers import REVIEW, Given
from services.checklists.reviewers import How, Wish
from services.documents.collect import data_of
from services.documents.pdf import make_pdf
from tests import test_demo, test_round_pages
from tests.matrix import actor_of
from tests.printed import MARK, bare, printed, text_of
from tests.test_round_pages import TWENTY, fields, page_of
from tests.test_rounds import begin, make_companies, make_version, the_round
from tests.world import World, canary, employ

SignIn = Callable[[str], FlaskClient]
world_made, demo = test_round_pages.world_made, test_demo.demo
PERMISSIONS = ("assessment:review", "assessment:read", "visit:create", "account:read", "grant:create", "person:unmask")
RULE = "这次考评由{name}负责；要换人，请联系发起考核的一方。"


@contextmanager
def session_of(role: str) -> Iterator[Any]:
    """A session of somebody of the test world."""
    actor = actor_of(role)
    with acting_as(actor):
        session = db.session.session_factory(actor=actor)
        try:
            yield session
        finally:
            session.close()


@pytest.fixture
def named(office: tuple[Flask, World]) -> int:
    """An assessment of side 甲's company, handed in, for which the inspector is named; on each database."""
    return make_named(office[1], "inspector")


def make_named(world: World, username: str | None, handed_in: bool = True) -> int:
    with system_session("demo") as session, acting_as(session.info["actor"]):
        (made,) = begin(session, world, [session.get(Company, world.rows["company", "甲"])])
        assess.answer(session, made, {row.item_id: Answer.MET for row in made.answers})
        if handed_in:
            assess.submit(session, made)
        if username is not None:
            reviewers.name(made, reviewers.Reviewer(world.accounts[username], f"用户{username}"))
        session.commit()
        return made.id


def all_met(assessment: Assessment) -> dict[int, Given]:
    return {row.item_id: Given(Answer.MET) for row in assessment.answers}


# Who holds a permission where


def assert_same_as_load_actor(session: Any, permission: str, day: Any) -> int:
    """Compare all accounts and all branches; how many pairs hold."""
    accounts = session.scalars(select(Account).where(Account.active)).all()
    branches = session.scalars(select(Branch.id)).all()
    found = holders(session, [one.id for one in accounts], permission, branches, day)
    with system_session("sign_in", readonly=True) as looking:
        actors = [load_actor(looking, one, day) for one in accounts]
    for branch in branches:
        expected = {actor.account_id for actor in actors if actor.permits(permission, branch)}
        assert found[branch] == expected, (permission, branch)
    return sum(len(keys) for keys in found.values())


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_who_holds_a_permission_where_is_what_each_ones_own_actor_says(
    permission: str, office: tuple[Flask, World]
) -> None:
    employ(office[1], "twice", [("branch_admin", "home乙"), ("inspector", "desk甲"), ("city_admin", "home甲")])
    employ(office[1], "nobody")
    with system_session("demo") as session:
        role = session.scalar(select(Role).where(Role.code == "city_admin"))
        account = session.scalar(select(Account).where(Account.username == "nobody"))
        for place, dates in (
            ("home甲", {"valid_until": today() - timedelta(1)}), ("desk甲", {"valid_from": today() + timedelta(1)}),
            ("home乙", {"valid_from": today(), "valid_until": today()}),
        ):  # fmt: skip
            session.add(Grant(account=account, role=role, branch_id=office[1].branches[place], **dates))
        session.commit()
        for day in (today(), today() + timedelta(1), today() - timedelta(400)):
            assert_same_as_load_actor(session, permission, day)
        assert assert_same_as_load_actor(session, permission, today()) > 0


def test_in_the_demo_it_is_so_for_all_accounts_and_branches(demo: Flask) -> None:
    with demo.app_context(), system_session("demo", readonly=True) as session:
        for permission in PERMISSIONS:
            assert assert_same_as_load_actor(session, permission, today()) > 0


def test_it_answers_with_keys_that_were_asked_about_and_are_in_sight(office: tuple[Flask, World]) -> None:
    world = office[1]
    with session_of("branch_admin") as session:
        keys = [world.accounts["branch_admin"], world.accounts["city_admin"], world.rows["account", "乙"], 999_999]
        found = holders(session, keys, "assessment:read", set(world.branches.values()), today())
        assert set().union(*found.values()) == {world.accounts["branch_admin"]}
        assert holders(session, [], "assessment:read", [1], today()) == {1: frozenset()}
        with pytest.raises(KeyError):
            holders(session, keys, "assessment:revue", [1], today())


def test_somebody_whose_account_is_switched_off_holds_nothing(office: tuple[Flask, World]) -> None:
    with system_session("demo") as session:
        session.get(Account, office[1].accounts["inspector"]).active = False
        session.commit()
        found = holders(session, [office[1].accounts["inspector"]], "assessment:review", [1], today())
        assert found == {1: frozenset()}


def test_hundreds_of_accounts_take_as_many_statements_as_one(office: tuple[Flask, World]) -> None:
    world = office[1]
    with system_session("demo") as session:
        role = session.scalar(select(Role).where(Role.code == "inspector"))
        places = [
            Branch(name=f"示例支部{number}", kind=BranchKind.BRANCH, parent_id=world.branches["home甲"])
            for number in range(200)
        ]
        session.add_all(places)
        session.flush()
        for number in range(300):
            account = Account(username=f"many{number}", name="某人", branch_id=places[number % 200].id)
            session.add_all([account, Grant(account=account, role=role, branch=places[number % 200])])
        session.commit()
        every, branches = session.scalars(select(Account.id)).all(), session.scalars(select(Branch.id)).all()

        def statements(accounts: Any) -> int:
            ran: list[str] = []
            listener = lambda *call: ran.append(call[2])  # noqa: E731
            event.listen(db.engine, "before_cursor_execute", listener)
            found = holders(session, accounts, "assessment:review", branches, today())
            event.remove(db.engine, "before_cursor_execute", listener)
            assert set().union(*found.values()) <= set(accounts)
            return sum(one.lstrip().startswith("SELECT") for one in ran)

        assert statements(every) == statements(every[:1]) <= 6


# The rule


def test_only_the_named_reviewer_gives_the_second_score(named: int) -> None:
    with session_of("city_admin") as session:
        one = session.get(Assessment, named)
        row = one.answers[0]
        said = autosave.Said(Given(Answer.MET), "")
        for act in (
            lambda: assess.answer(session, one, all_met(one), reviewed=True),
            lambda: autosave.answer_one(session, one, row.item_id, REVIEW, said, autosave.said_by(REVIEW, row)),
            lambda: assess.review(session, one),
            lambda: signing.return_for_correction(session, one, "不对"),
        ):
            with pytest.raises(Refused) as refused:
                act()
            assert refused.value.message == RULE.format(name="用户inspector")
    with session_of("inspector") as session:
        one = session.get(Assessment, named)
        assess.answer(session, one, all_met(one), reviewed=True)
        assess.review(session, one)
        session.commit()
    with session_of("city_admin") as session:  # who signs isn't bound by it
        one = session.get(Assessment, named)
        signing.reopen(session, one, "漏看了一项")
        session.commit()
        assert one.status is AssessmentStatus.SUBMITTED


def test_another_reviewer_who_does_not_sign_opens_nothing_again(office: tuple[Flask, World]) -> None:
    key = make_named(office[1], "city_admin")
    with session_of("city_admin") as session:
        one = session.get(Assessment, key)
        assess.answer(session, one, all_met(one), reviewed=True)
        assess.review(session, one)
        session.commit()
    for role in ("inspector", "adviser"):
        with session_of(role) as session, pytest.raises(Refused, match="用户city_admin负责"):
            signing.reopen(session, session.get(Assessment, key), "再看看")
    with session_of("city_admin") as session:
        signing.sign_off(session, session.get(Assessment, key))
        session.commit()


def test_without_a_name_everybody_who_may_review_does(office: tuple[Flask, World]) -> None:
    key = make_named(office[1], None)
    for role in ("city_admin", "inspector", "adviser"):
        with session_of(role) as session:
            one = session.get(Assessment, key)
            assess.answer(session, one, all_met(one), reviewed=True)


def test_a_name_gives_no_permission(office: tuple[Flask, World]) -> None:
    key = make_named(office[1], "company_clerk")
    with session_of("company_clerk") as session, pytest.raises(NotAllowed):
        one = session.get(Assessment, key)
        assess.answer(session, one, all_met(one), reviewed=True)


def test_evidence_of_what_was_handed_in_is_the_named_reviewers(named: int, office: tuple[Flask, World]) -> None:
    for role in ("city_admin", "adviser"):
        with session_of(role) as session, pytest.raises(Refused):
            evidence.require_open(session, session.get(Assessment, named))
    with session_of("inspector") as session:
        evidence.require_open(session, session.get(Assessment, named))
    draft = make_named_again(office[1])
    with session_of("city_admin") as session:  # for the company's own side while that is open
        evidence.require_open(session, session.get(Assessment, draft))


def make_named_again(world: World) -> int:
    """Another assessment with the inspector named, not handed in."""
    with system_session("demo") as session, acting_as(session.info["actor"]):
        company = session.get(Company, world.rows["company", "甲"])
        version = make_version(session, "另一份清单")
        (made,) = begin(session, world, [company], version=version, name="又一次")
        reviewers.name(made, reviewers.Reviewer(world.accounts["inspector"], "用户inspector"))
        session.commit()
        return made.id


def test_the_database_takes_no_half_a_name_and_keeps_it_once_signed(office: tuple[Flask, World]) -> None:
    key = make_named(office[1], "inspector")
    half = {"reviewer_name": None}, {"reviewer_id": None}
    for values in half:
        with pytest.raises(IntegrityError), db.engine.begin() as connection:
            connection.execute(update(Assessment.__table__).where(Assessment.__table__.c.id == key).values(**values))
    with session_of("inspector") as session:
        one = session.get(Assessment, key)
        assess.answer(session, one, all_met(one), reviewed=True)
        assess.review(session, one)
        session.commit()
    with session_of("city_admin") as session:
        signing.sign_off(session, session.get(Assessment, key))
        session.commit()
        with pytest.raises(Refused, match="已经签字确认，不能再改考评人"):
            reviewers.name_reviewers(session, the_round(session), [session.get(Assessment, key)], Wish())
    with pytest.raises(IntegrityError, match="signed"), db.engine.begin() as connection:
        table = Assessment.__table__
        connection.execute(update(table).where(table.c.id == key).values(reviewer_id=None, reviewer_name=None))


# Naming


def test_a_round_is_begun_with_each_companys_posted_adviser(office: tuple[Flask, World]) -> None:
    world = office[1]
    with system_session("demo") as session, acting_as(session.info["actor"]):
        version, others = make_version(session).id, [one.id for one in make_companies(session, world, 6)]
        session.commit()
    with session_of("city_admin") as session:
        companies = [session.get(Company, key) for key in (world.rows["company", "甲"], *others)]
        made = begun(session, world, version, companies, Wish(How.POSTED))
        assert made[0].reviewer_id == world.accounts["adviser"] and made[0].reviewer_name == "用户adviser"
        assert [one.reviewer_id for one in made[1:]] == [None] * 6
        told = reviewers.without_adviser([one for one in made if one.reviewer_id is None])
        assert told.startswith("6 家没有派驻的指导员") and "等 6 家" in told and told.count("“") == 5


def begun(session: Any, world: World, version: int, companies: Any, wish: Wish) -> list[Assessment]:
    """A round that somebody begins, saying who reviews."""
    asked = AssessmentRound(
        branch=session.get(Branch, world.branches["root"]), name="区里的", due_on=today(),
        checklist_version=session.get(ChecklistVersion, version),
    )  # fmt: skip
    made = rounds.open_round(session, asked, companies, (), wish)
    session.commit()
    return made


def test_somebody_who_may_not_review_one_of_them_is_refused_and_named_with_it(office: tuple[Flask, World]) -> None:
    world = office[1]
    with system_session("demo") as session, acting_as(session.info["actor"]):
        version, (other,) = make_version(session).id, make_companies(session, world, 1, "home甲")
        key = other.id
        session.commit()
    with session_of("city_admin") as session:
        companies = [session.get(Company, one) for one in (world.rows["company", "甲"], key)]
        with pytest.raises(Refused, match="用户adviser没有考评“示例home甲企业0”的权限") as refused:
            begun(session, world, version, companies, Wish(How.ONE, world.accounts["adviser"]))
        assert refused.value.field == "reviewer"
    with session_of("city_admin") as session:
        companies = [session.get(Company, one) for one in (world.rows["company", "甲"], key)]
        made = begun(session, world, version, companies, Wish(How.ONE, world.accounts["inspector"]))
        assert {one.reviewer_name for one in made} == {"用户inspector"}


def test_who_may_be_named_is_listed_by_name_and_nobody_else(office: tuple[Flask, World]) -> None:
    world = office[1]
    with session_of("city_admin") as session:
        found = reviewers.candidates(session, [world.branches["desk甲"]])
        assert {one.key for one in found} == {world.accounts[one] for one in ("city_admin", "inspector", "adviser")}
        assert {one.branch for one in found} >= {"全市", canary("branch", "甲") + "派出支部"}
    with session_of("branch_admin") as session:  # sees the accounts of his own branch only
        found = reviewers.candidates(session, [world.branches["home甲"]])
        assert {one.key for one in found} == {world.accounts["branch_admin"]}


def test_naming_is_the_rounds_owners_and_leaves_its_entry(named: int, office: tuple[Flask, World]) -> None:
    world = office[1]
    for role in ("inspector", "adviser", "company_clerk"):
        with session_of(role) as session:
            one = session.get(Assessment, named)
            round_ = AssessmentRound(branch_id=world.branches["root"], status=RoundStatus.OPEN)
            with pytest.raises(NotAllowed):
                reviewers.name_reviewers(session, round_, [one], Wish())
    with session_of("city_admin") as session:
        one = session.get(Assessment, named)
        left = reviewers.name_reviewers(session, the_round(session), [one], Wish(How.ONE, world.accounts["adviser"]))
        session.commit()
        assert left == [] and one.reviewer_name == "用户adviser"
    with system_session("demo", readonly=True) as session:
        newest = select(AuditEntry).where(AuditEntry.resource == "assessment").order_by(AuditEntry.id.desc())
        entry = session.scalars(newest).first()
        assert entry.changes["reviewer_name"] == ["用户inspector", "用户adviser"]
        assert "reviewer_id" not in entry.changes and entry.actor_name == "用户city_admin"


def test_an_account_out_of_sight_can_not_be_named_nor_told_from_none(office: tuple[Flask, World]) -> None:
    world = office[1]
    said = set()
    with session_of("branch_admin") as session:
        places = [reviewers.Place("某企业", None, world.branches["home甲"])]
        for key in (world.rows["account", "乙"], world.accounts["city_admin"], 999_999, -1):
            with pytest.raises(Refused) as refused:
                reviewers.chosen_for(session, Wish(How.ONE, key), places)
            said.add((refused.value.message, refused.value.field))
    assert said == {("所选的考评人不存在，请重新选择。", "reviewer")}
    key = make_named(world, None)
    with session_of("city_admin") as session:
        # Past the services the guard itself refuses a key that points out of sight.
        session.get(Assessment, key).reviewer_id = 999_999
        session.get(Assessment, key).reviewer_name = "某人"
        with pytest.raises((Refused, IntegrityError)):
            session.flush()


def test_without_ticks_all_that_are_not_reviewed_are_meant(named: int, office: tuple[Flask, World]) -> None:
    with session_of("city_admin") as session:
        asked = the_round(session)
        assert [one.id for one in reviewers.in_round(session, asked)] == [named]
        assert [one.id for one in reviewers.in_round(session, asked, [named])] == [named]
        for keys in ([named, 999_999], [office[1].rows["assessment", "甲"]]):
            with pytest.raises(OutOfSight):
                reviewers.in_round(session, asked, keys)


def test_what_was_thrown_away_comes_back_with_its_reviewer_and_its_decisions(named: int) -> None:
    with session_of("city_admin") as session:
        trash.move_to_trash(session, session.get(Assessment, named))
        session.commit()
        trash.restore(session, session.scalars(select(Trash).where(Trash.record_id == named)).one())
        session.commit()
        one = session.get(Assessment, named)
        assert one.reviewer_name == "用户inspector" and [move.kind for move in one.moves] == [MoveKind.SUBMITTED]


# Pages


def begun_by(client: FlaskClient, world: World, places: list[str], **more: str) -> Any:
    return client.post("/round/new/", data=fields(world, places, **more))


def reviewers_of(app: Flask) -> set[str | None]:
    with app.app_context(), system_session("demo", readonly=True) as session:
        found = select(Assessment.reviewer_name).where(Assessment.round_name == "区里的考核")
        return set(session.scalars(found))


def test_the_form_of_a_round_asks_who_reviews(app: Flask, world_made: World, sign_in: SignIn) -> None:
    page = page_of(sign_in("city_admin").get("/round/new/"))
    assert "谁来考评" in page and re.search(r'value="anybody" checked', page)
    assert "用户inspector（全市）" in page and "用户company_clerk（" not in page
    assert canary("account", "乙") not in page_of(sign_in("branch_admin").get("/round/new/"))


def test_refused_the_choice_of_a_reviewer_stays(app: Flask, world_made: World, sign_in: SignIn) -> None:
    client, inspector = sign_in("city_admin"), str(world_made.accounts["inspector"])
    nobody = begun_by(client, world_made, TWENTY[:2], reviewing="one", reviewer="")
    page = page_of(nobody)
    assert nobody.status_code == 422 and "请选择由谁考评" in page and re.search(r'value="one" checked', page)
    assert 'href="#reviewer"' in page
    page = page_of(begun_by(client, world_made, TWENTY[:2], reviewing="one", reviewer=inspector, name=""))
    assert re.search(rf'value="{inspector}" selected', page)
    adviser = begun_by(
        client, world_made, ["甲", "home甲0"], reviewing="one", reviewer=str(world_made.accounts["adviser"])
    )
    assert adviser.status_code == 422 and "用户adviser没有考评“示例home甲企业0”的权限" in page_of(adviser)
    assert reviewers_of(app) == set()


def test_a_round_with_one_reviewer_and_one_with_posted_advisers(app: Flask, world_made: World, sign_in: SignIn) -> None:
    client, inspector = sign_in("city_admin"), str(world_made.accounts["inspector"])
    begun_page = begun_by(client, world_made, TWENTY[:3], reviewing="one", reviewer=inspector)
    page = page_of(client.get(begun_page.headers["Location"]))
    assert reviewers_of(app) == {"用户inspector"} and page.count("<div>用户inspector</div>") == 3
    key = begun_page.headers["Location"].rpartition("=")[2]
    form = fields(world_made, ["甲", "home甲0"], reviewing="posted", do="add")
    assert client.post(f"/round/add/?id={key}", data=form).status_code == 302
    page = page_of(client.get(f"/round/?id={key}"))
    assert "1 家没有派驻的指导员" in page and "“示例home甲企业0”，可以在批次页面指定" in page
    assert reviewers_of(app) == {"用户inspector", "用户adviser", None}


def test_a_forged_key_of_an_account_is_answered_like_none(app: Flask, world_made: World, sign_in: SignIn) -> None:
    client, home = sign_in("branch_admin"), str(world_made.branches["home甲"])
    pages = set()
    for key in (world_made.rows["account", "乙"], world_made.accounts["city_admin"], 999_999, "x", "９"):
        answer = begun_by(client, world_made, ["home甲0"], branch=home, reviewing="one", reviewer=str(key))
        assert answer.status_code == 422
        pages.add(re.sub(r'name="csrf_token" value="[^"]*"', "", page_of(answer)))
    assert len(pages) == 1 and "所选的考评人不存在" in pages.pop() and reviewers_of(app) == set()


def test_ticked_ones_are_given_another_reviewer_and_freed_again(app: Flask, world_made: World, sign_in: SignIn) -> None:
    client, inspector = sign_in("city_admin"), str(world_made.accounts["inspector"])
    key = begun_by(client, world_made, TWENTY[:3]).headers["Location"].rpartition("=")[2]
    page = page_of(client.get(f"/round/?id={key}"))
    ticks = re.findall(r'name="assessment" value="(\d+)"', page)
    assert len(ticks) == 3 and "指定考评人…" in page
    asked = page_of(client.get(f"/round/reviewers/?id={key}&assessment={ticks[0]}"))
    assert "选了 <b>1</b> 份" in asked and f'name="assessment" value="{ticks[0]}"' in asked
    form = {"id": key, "assessment": ticks[:2], "reviewing": "one", "reviewer": inspector}
    assert client.post("/round/reviewers/", data=form).status_code == 302
    page = page_of(client.get(f"/round/?id={key}"))
    assert "已改 2 份的考评人" in page and page.count("<div>用户inspector</div>") == 2
    assert "没有勾选，就是全部还没有考评的，共 <b>3</b> 份" in page_of(client.get(f"/round/reviewers/?id={key}"))
    refused = client.post("/round/reviewers/", data={"id": key, "reviewing": "one", "reviewer": "999999"})
    assert refused.status_code == 422 and "所选的考评人不存在" in page_of(refused)
    assert client.post("/round/reviewers/", data={"id": key, "reviewing": "anybody"}).status_code == 302
    assert reviewers_of(app) == {None}
    for bad in ("999999", str(world_made.rows["assessment", "甲"]), "x"):
        assert client.get(f"/round/reviewers/?id={key}&assessment={bad}").status_code == 404
    assert sign_in("inspector").get(f"/round/reviewers/?id={key}").status_code == 403
    assert sign_in("branch_admin").get(f"/round/reviewers/?id={key}").status_code == 404


def test_of_a_round_that_is_over_nobody_is_named(app: Flask, world_made: World, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    key = begun_by(client, world_made, TWENTY[:2]).headers["Location"].rpartition("=")[2]
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        rounds.close_round(session, session.get(AssessmentRound, int(key)))
        session.commit()
    assert "指定考评人…" not in page_of(client.get(f"/round/?id={key}"))
    assert client.get(f"/round/reviewers/?id={key}").status_code == 302
    refused = client.post("/round/reviewers/", data={"id": key, "reviewing": "posted"}, follow_redirects=True)
    assert "已经结束" in page_of(refused)


def test_others_read_who_reviews_and_find_no_form(app: Flask, world: World, sign_in: SignIn) -> None:
    with app.app_context():
        key = make_named(world, "inspector")
    city = sign_in("city_admin")
    page = page_of(city.get(f"/assess/?id={key}"))
    assert RULE.format(name="用户inspector") in page and "<dt>考评人</dt><dd>用户inspector</dd>" in page
    assert "完成考评</button>" not in page and "退回自评…" not in page
    assert "考评人：<strong>用户inspector</strong>" in page
    version = re.search(r'name="version_seen" value="(\d+)"', page)
    post = {"id": str(key), "side": "review", "version_seen": version[1] if version else "1", "do": "finish"}
    saved = city.post("/assess/", data=post)
    assert saved.status_code == 403 and "用户inspector负责" in saved.get_data(as_text=True)
    stored = city.post("/assess/answer/", data={"id": str(key), "item": "1", "side": "review", "answer": "met"})
    assert stored.status_code == 422
    with app.app_context(), system_session("demo", readonly=True) as session:
        seen = session.get(Assessment, key).version
    returned = city.post("/assess/return/", data={"id": str(key), "version_seen": str(seen), "reason": "不对"})
    assert returned.status_code == 422 and RULE.format(name="用户inspector") in page_of(returned)
    clerk = page_of(sign_in("company_clerk").get(f"/assess/?id={key}"))
    assert "用户inspector" in clerk and "要换人" not in clerk and "/account/" not in clerk
    inspector = page_of(sign_in("inspector").get(f"/assess/?id={key}"))
    assert "完成考评</button>" in inspector and "要换人" not in inspector


def test_the_list_is_filtered_by_who_reviews(app: Flask, world: World, sign_in: SignIn) -> None:
    with app.app_context():
        key = make_named(world, "inspector")
    client = sign_in("city_admin")
    assert f"/assessment/details/?id={key}" in page_of(client.get("/assessment/?flt0_reviewer_name=用户inspector"))
    assert "共 1 条" in page_of(client.get("/assessment/?flt0_reviewer_name=inspector"))
    details = page_of(client.get(f"/assessment/details/?id={key}"))
    assert "考评人" in details and "用户inspector" in details
    history = page_of(sign_in("company_clerk").get(f"/assessment/history/?id={key}"))
    assert "用户inspector" in history or "考评人" not in history


def test_the_named_one_has_it_first_and_others_not_at_all(app: Flask, world: World, sign_in: SignIn) -> None:
    with app.app_context():
        key = make_named(world, "inspector")
    mine = page_of(sign_in("inspector").get("/"))
    assert "指定您考评的考核" in mine and "考核等待考评" not in mine
    assert "共 1 条" in page_of(sign_in("inspector").get("/assessment/?figure=assessments_named_to_me"))
    others = page_of(sign_in("city_admin").get("/"))
    assert "指定您考评的考核" not in others and "考核等待考评" not in others
    assert "等您考评" not in page_of(sign_in("adviser").get("/"))
    with app.app_context(), system_session("demo") as session:
        reviewers.name(session.get(Assessment, key), reviewers.Reviewer(world.accounts["adviser"], "用户adviser"))
        session.commit()
    adviser = page_of(sign_in("adviser").get("/"))
    assert "等您考评" in adviser and f'href="/assess/?id={key}&amp;side=review"' in adviser


def test_the_demo_shows_posted_advisers_as_reviewers(demo: Flask) -> None:
    with demo.app_context(), system_session("demo", readonly=True) as session:
        adviser = session.scalar(select(Account).where(Account.username == "adviser"))
        found = session.scalars(select(Assessment).where(Assessment.reviewer_id.is_not(None))).all()
        assert [(one.assessed_name, one.reviewer_name) for one in found] == [("远东实业", adviser.name)]


def test_the_printed_checklist_names_the_reviewer_and_is_as_before_without_one(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    with app.app_context():
        key = make_named(world, "inspector")
        with system_session("demo", readonly=True) as session:
            one = session.get(Assessment, key)
            data = data_of(session, one)
            assert data["reviewer"] == "用户inspector" and bare("指定的考评人：用户inspector") in text_of(
                make_pdf(data, MARK)
            )
            one.reviewer_name = None
            assert data_of(session, one) == {name: data[name] for name in data if name != "reviewer"}
            session.rollback()
    assert bare("指定的考评人") not in text_of(printed(sign_in("city_admin"), "", world.rows["assessment", "甲"]))
