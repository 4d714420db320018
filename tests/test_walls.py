"""The forms of queries and writes that were seen to leak: each is refused or narrowed, on both databases."""

import gc
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any
from weakref import ref

import pytest
from flask import Flask
from sqlalchemy import delete, exists, func, insert, select, text, union, update
from sqlalchemy.orm import aliased, joinedload, object_session, selectinload
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from models import (
    Adviser,
    AuditEntry,
    Branch,
    Company,
    DevelopmentStep,
    HealthNote,
    MonthlyReport,
    Person,
    Posting,
    Visit,
    db,
)
from models.clock import today
from policy import NoActor, NotAllowed, OutOfSight, Refused, read_guard, system_session
from policy.actions import models_by_resource
from policy.errors import UnguardedStatement
from policy.system import system_actor
from policy.write_guard import may_write_new, point_at, write_changed, write_new
from tests.conftest import signed_in
from tests.matrix import actor_of, newest_entry
from tests.world import World, canary, employ

FOREIGN = canary("company", "乙") + "short_name"
OWN = canary("company", "甲") + "short_name"


@pytest.fixture
def clerk(office: tuple[Flask, World]) -> Iterator[Any]:
    """A session of the company clerk of side 甲, who must never learn of side 乙."""
    session = db.session.session_factory(actor=actor_of("company_clerk"))
    yield session
    session.close()


NARROWED: dict[str, Callable[[Any], Any]] = {
    "entities": lambda s: [row.short_name for row in s.scalars(select(Company))],
    "columns": lambda s: s.scalars(select(Company.short_name)).all(),
    "legacy query": lambda s: [row.short_name for row in s.query(Company)],
    "alias": lambda s: s.scalars(select(aliased(Company).short_name)).all(),
    "subquery": lambda s: s.scalars(select(select(Company.short_name).subquery().c.short_name)).all(),
    "common table expression": lambda s: s.scalars(select(select(Company.short_name).cte().c.short_name)).all(),
    "aliased subquery": lambda s: [
        r.short_name for r in s.scalars(select(aliased(Company, select(Company).subquery())))
    ],
    "scalar subquery": lambda s: s.scalars(select(select(func.max(Company.short_name)).scalar_subquery())).all(),
    "cross join": lambda s: s.scalars(select(aliased(Company).short_name).join(Visit, Visit.id > 0)).all(),
}


@pytest.mark.parametrize("form", NARROWED)
def test_a_select_gives_only_rows_in_sight(form: str, clerk: Any) -> None:
    assert set(NARROWED[form](clerk)) == {OWN}


def test_a_statement_used_again_shows_each_actor_his_own_rows(office: tuple[Flask, World]) -> None:
    names = select(Company.short_name)
    for _turn in range(2):
        for role, seen in (("company_clerk", {OWN}), ("city_admin", {OWN, FOREIGN})):
            with closing(db.session.session_factory(actor=actor_of(role), readonly=True)) as session:
                assert set(session.scalars(names)) & {OWN, FOREIGN} == seen


def test_a_narrowed_statement_is_let_go_of_with_the_one_that_it_was_made_from(clerk: Any) -> None:
    clerk.scalars(select(Company.id)).all()
    gc.collect()
    before = len(read_guard._NARROWED)
    names = select(Company.short_name).where(Company.id > 0)
    clerk.scalars(names).all()
    assert len(read_guard._NARROWED) == before + 1
    gone = ref(names)
    del names
    gc.collect()
    assert gone() is None and len(read_guard._NARROWED) == before


def test_counts_and_existence_tell_nothing_of_hidden_rows(clerk: Any, office: tuple[Flask, World]) -> None:
    assert clerk.scalar(select(func.count()).select_from(Company)) == 1
    assert clerk.scalar(select(func.count()).select_from(select(Company.id).subquery())) == 1
    assert clerk.scalar(select(exists(select(Company.id).where(Company.short_name == FOREIGN)))) is False
    assert clerk.query(Company).count() == 1
    assert clerk.get(Company, office[1].rows["company", "乙"]) is None


@pytest.mark.parametrize("load", [joinedload, selectinload, None], ids=["joined", "selectin", "lazy"])
def test_a_related_row_out_of_sight_is_not_loaded(load: Any, clerk: Any) -> None:
    statement = select(Posting) if load is None else select(Posting).options(load(Posting.adviser))
    posting = clerk.scalars(statement).one()
    assert posting.adviser is None
    assert posting.adviser_name.startswith(canary("person", "甲"))


def test_filters_through_relations_find_nothing_hidden(clerk: Any) -> None:
    hidden = Adviser.name.startswith("秘")
    assert clerk.scalars(select(Posting.id).outerjoin(Posting.adviser).where(hidden)).all() == []
    assert clerk.scalars(select(Posting.id).where(Posting.adviser.has(hidden))).all() == []


REFUSED: dict[str, Callable[[Any], Any]] = {
    "text": lambda s: s.execute(text("select short_name from company")),
    "table": lambda s: s.execute(select(Company.__table__)),
    "table joined": lambda s: s.execute(select(Company.id, Person.__table__.c.name)),
    "table in a condition": lambda s: s.execute(select(Company.id).where(Person.__table__.c.name == "x")),
    "union": lambda s: s.execute(union(select(Company.short_name), select(Company.short_name))),
    "from_statement": lambda s: s.scalars(select(Company).from_statement(select(Company))).all(),
    "bulk insert": lambda s: s.execute(insert(Company), [{"short_name": "x", "branch_id": 1}]),
    "bulk update": lambda s: s.execute(update(Company).values(note="x")),
    "bulk update by key": lambda s: s.execute(update(Company), [{"id": 1, "note": "x"}]),
    "bulk delete": lambda s: s.execute(delete(Company)),
    "legacy delete": lambda s: s.query(Company).delete(),
    "bulk_save_objects": lambda s: s.bulk_save_objects([Company()]),
}


@pytest.mark.parametrize("form", REFUSED)
def test_a_statement_that_can_not_be_narrowed_is_refused(form: str, clerk: Any) -> None:
    with pytest.raises((UnguardedStatement, TypeError)):
        REFUSED[form](clerk)


def test_without_an_actor_nothing_is_read_or_written(office: tuple[Flask, World]) -> None:
    session = db.session.session_factory()
    with pytest.raises(NoActor):
        session.scalars(select(Branch)).all()
    session.close()


def test_a_row_that_moved_away_is_not_refreshed(clerk: Any, office: tuple[Flask, World]) -> None:
    world = office[1]
    company = clerk.get(Company, world.rows["company", "甲"])
    clerk.commit()
    with system_session("demo") as mover:
        mover.get(Company, company.__dict__.get("id") or world.rows["company", "甲"]).branch_id = world.branches[
            "desk乙"
        ]
        mover.commit()
    with pytest.raises(OutOfSight):
        _ = company.short_name


def test_a_row_can_not_be_moved_to_another_branch(clerk: Any, office: tuple[Flask, World]) -> None:
    clerk.get(Company, office[1].rows["company", "甲"]).branch_id = office[1].branches["desk乙"]
    with pytest.raises(NotAllowed):
        clerk.commit()


def test_a_foreign_key_to_a_hidden_row_is_refused_like_one_to_none(clerk: Any, office: tuple[Flask, World]) -> None:
    for key in (office[1].rows["assessment", "乙"], 999_999):
        clerk.rollback()
        row = clerk.get(Company, office[1].rows["company", "甲"])
        from models import Rectification

        clerk.add(Rectification(company=row, what="x", responsible="y", due_on=today(), assessment_id=key))
        with pytest.raises(Refused, match="所选的记录不存在"):
            clerk.flush()


def test_children_follow_their_owner_to_its_new_branch(office: tuple[Flask, World]) -> None:
    world = office[1]
    with system_session("demo") as session:
        session.get(Company, world.rows["company", "甲"]).branch_id = world.branches["home甲"]
        session.commit()
        assert (
            session.get(Visit, world.rows["visit", "甲"], populate_existing=True).branch_id == world.branches["home甲"]
        )


def test_names_and_work_phone_are_copied_to_the_posting_by_the_database(office: tuple[Flask, World]) -> None:
    world = office[1]
    with system_session("demo") as session:
        session.get(Person, world.rows["person", "甲"]).name = "示例·新名"
        session.commit()
        assert session.get(Posting, world.rows["posting", "甲"], populate_existing=True).adviser_name == "示例·新名"


def test_a_posting_brings_roles_that_end_with_it(office: tuple[Flask, World]) -> None:
    world = office[1]
    desk = world.branches["desk甲"]
    assert actor_of("adviser").permits("company:read", desk)
    assert actor_of("branch_admin").permits("company:read", desk)
    assert not actor_of("branch_admin").permits("person:read", desk)
    with system_session("demo") as session:
        posting = session.get(Posting, world.rows["posting", "甲"])
        posting.ended_on, posting.end_reason = today(), "term"
        session.commit()
    assert not actor_of("adviser").may("company:read")
    assert not actor_of("branch_admin").permits("company:read", desk)


ALL = "甲 甲企 乙 乙企"
REACH = {
    "city_admin": {"company": ALL, "person": ALL, "adviser": ALL, "visit": ALL, "monthly_report": f"{ALL} 甲交 乙交"},
    "inspector": {"company": ALL, "person": ALL, "adviser": ALL, "visit": ALL, "monthly_report": f"{ALL} 甲交 乙交"},
    "branch_admin": {"company": "甲", "person": "甲", "adviser": "甲", "visit": "甲", "monthly_report": "甲 甲交"},
    "liaison": {"company": "甲", "person": "甲", "adviser": "甲", "visit": "甲", "monthly_report": "甲 甲交"},
    "adviser": {"company": "甲", "person": "甲企", "adviser": "", "visit": "甲", "monthly_report": "甲 甲交"},
    "company_clerk": {"company": "甲", "person": "甲企", "adviser": "", "visit": "甲", "monthly_report": "甲 甲交"},
    "system_admin": {}, "security_admin": {}, "auditor": {},
}  # fmt: skip
"""What each role sees, written out: by the labels of the rows in tests/world.py."""


@pytest.mark.parametrize("role", REACH)
def test_each_role_sees_exactly_these(role: str, office: tuple[Flask, World]) -> None:
    world = office[1]
    session = db.session.session_factory(actor=actor_of(role), readonly=True)
    for model in (Company, Person, Adviser, Visit, MonthlyReport):
        keys = set(session.scalars(select(model.id)))
        seen = {label for (of, label), key in world.rows.items() if of == model.__tablename__ and key in keys}
        there = {label for of, label in world.rows if of == model.__tablename__}
        assert seen == there & set(REACH[role].get(model.__tablename__, "").split()), model
    session.close()


def test_a_row_that_moved_takes_none_of_its_past_along_and_leaves_nothing_behind(office: tuple[Flask, World]) -> None:
    app, world = office
    key = world.rows["company", "甲"]
    employ(world, "newcomer", [("inspector", "desk乙")])
    with system_session("demo") as session:
        company = session.get(Company, key)
        company.note = "从前的备注"
        session.commit()
        company.short_name, company.note = "改了的名", "现在的备注"
        company.branch_id = world.branches["desk乙"]
        session.commit()
    old, new = signed_in(app, "company_clerk"), signed_in(app, "newcomer")
    for page in ("details", "history", "explain", "edit"):
        assert old.get(f"/company/{page}/?id={key}").status_code == 404, page
    for address in ("/", "/company/", "/visit/", "/problem/"):
        assert "改了的名" not in old.get(address).get_data(as_text=True), address
    assert "现在的备注" in new.get(f"/company/details/?id={key}").get_data(as_text=True)
    past = new.get(f"/company/history/?id={key}").get_data(as_text=True)
    assert "从前的备注" not in past and OWN not in past and "现在的备注" not in past


def test_every_write_has_its_entry_and_a_failed_one_has_none(clerk: Any, office: tuple[Flask, World]) -> None:
    count = select(func.count(AuditEntry.id))
    with system_session("demo", readonly=True) as reader:
        before = reader.scalar(count)
        clerk.get(Company, office[1].rows["company", "甲"]).note = "改过"
        clerk.commit()
        reader.rollback()
        assert reader.scalar(count.where(AuditEntry.actor_name == "用户company_clerk")) == 1
        clerk.get(Company, office[1].rows["company", "甲"]).branch_id = office[1].branches["desk乙"]
        with pytest.raises(NotAllowed):
            clerk.commit()
        clerk.rollback()
        reader.rollback()
        assert reader.scalar(count) == before + 1


@dataclass(frozen=True)
class Way:
    """A way to write: done rightly, and refused; what its entry says."""

    done: Callable[[Flask, World], Any]
    refused: Callable[[Flask, World], Any]
    said: tuple[str, str, str, str]
    """Channel, action, resource and who."""


def form_of_company(world: World, **more: Any) -> dict[str, Any]:
    return {"short_name": "新名", "status": "open", "branch": world.branches["desk甲"], "version_seen": 1} | more


def post(app: Flask, role: str, address: str, **form: Any) -> int:
    return signed_in(app, role).post(address, data=form).status_code


def command(app: Flask, *arguments: str) -> int:
    """Run a command as a process of its own would: what it says of itself must not stay behind."""
    return copy_context().run(app.test_cli_runner().invoke, args=arguments).exit_code


WAYS = {
    "a form": Way(
        lambda app, world: post(app, "company_clerk", f"/company/edit/?id={world.rows['company', '甲']}",
                                **form_of_company(world)) == 302,
        lambda app, world: post(app, "company_clerk", f"/company/edit/?id={world.rows['company', '甲']}",
                                **form_of_company(world, employees="-1")) == 200,
        ("网页", "update", "company", "用户company_clerk"),
    ),
    "a new record": Way(
        lambda app, world: post(app, "city_admin", "/holiday/new/", day="2031-01-01", name="元旦") == 302,
        lambda app, world: post(app, "city_admin", "/holiday/new/", day="2026-01-01", name="元旦") == 200,
        ("网页", "create", "holiday", "用户city_admin"),
    ),
    "a bulk action": Way(
        lambda app, world: post(app, "branch_admin", "/key_post/action/", action="delete", confirmed="yes",
                                rowid=world.rows["key_post", "甲"]) == 302,
        lambda app, world: post(app, "branch_admin", "/key_post/action/", action="delete", confirmed="yes",
                                rowid=[world.rows["key_post", "甲"], world.rows["key_post", "乙"]]) == 404,
        ("网页", "delete", "key_post", "用户branch_admin"),
    ),
    "a deletion that others forbid": Way(
        lambda app, world: post(app, "city_admin", "/monthly_report/delete/", id=world.rows["monthly_report", "甲"]) == 302,
        lambda app, world: post(app, "city_admin", "/company/delete/", id=world.rows["company", "甲"]) == 302,
        ("网页", "delete", "monthly_report", "用户city_admin"),
    ),
    "a step": Way(
        lambda app, world: post(app, "company_clerk", f"/rectification/step/done/?id={world.rows['rectification', '甲']}",
                                version_seen="1", evidence="已装好") == 302,
        lambda app, world: post(app, "company_clerk", f"/rectification/step/done/?id={world.rows['rectification', '甲']}",
                                version_seen="1", evidence="") == 422,
        ("网页", "update", "rectification", "用户company_clerk"),
    ),
    "the command line": Way(
        lambda app, world: command(app, "user", "passwd", "adviser") == 0,
        lambda app, world: command(app, "user", "passwd", "nobody") == 1,
        ("命令行", "update", "account", "命令行"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_what_is_written_is_logged_with_its_channel_and_what_is_refused_is_not(
    way: str, office: tuple[Flask, World]
) -> None:
    before = newest_entry()
    assert WAYS[way].refused(*office)
    assert newest_entry() == before
    assert WAYS[way].done(*office)
    channel, action, resource, who = WAYS[way].said
    with system_session("demo", readonly=True) as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.id > before)).all()
        assert (action, resource) in {(entry.action, entry.resource) for entry in entries}
        assert {(entry.channel, entry.actor_name) for entry in entries} == {(channel, who)}


@contextmanager
def own_company(role: str, world: World) -> Iterator[Any]:
    """A session of a role, with a company that it sees given another number of employees."""
    with closing(db.session.session_factory(actor=actor_of(role))) as session:
        company = session.get(Company, world.rows["company", "甲"])
        company.employees = 4321
        yield company


def test_many_changes_at_once_are_checked_and_logged_like_one(office: tuple[Flask, World]) -> None:
    world, before = office[1], newest_entry()
    with own_company("inspector", world) as company, pytest.raises(NotAllowed):
        write_changed([company])
    with own_company("city_admin", world) as company:
        set_committed_value(company, "version", company.version + 1)
        with pytest.raises(StaleDataError):
            write_changed([company])
    assert newest_entry() == before
    with own_company("city_admin", world) as company:
        session, version = object_session(company), company.version
        write_changed([company])
        session.commit()
        stored = session.get(Company, world.rows["company", "甲"])
        assert (stored.employees, stored.version, company.version) == (4321, version + 1, version + 1)
        assert stored.updated_at > stored.created_at
    with system_session("demo", readonly=True) as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
        assert (entry.action, entry.record_id, entry.changes["employees"][1]) == ("update", stored.id, 4321)


NEW_ROWS: dict[str, tuple[type, dict[str, Any], dict[str, str]]] = {
    "company": (Company, {"short_name": "示例重庆企业", "contact_phone": "13800001111"}, {"branch": "branch"}),
    "person": (Person, {"name": "示例·单新人", "id_number": "620200196003070011"}, {"branch": "branch"}),
    "visit": (Visit, {"visited_on": today(), "purpose": "daily", "findings": "正常"}, {"posting": "posting"}),
    "health_note": (HealthNote, {"noted_on": today(), "note": "还好"}, {"person": "person"}),
    "monthly_report": (MonthlyReport, {"month": "2031-05", "content": "正常"}, {"company": "company"}),
}
"""Of a kind, what a new record holds and what it points at: with pinyin, a hash, an owner's branch, a mask, a default."""


def new_row(kind: str, world: World, side: str = "甲") -> tuple[Any, dict[str, Any]]:
    """A new record, and what it shall point at."""
    model, values, points_at = NEW_ROWS[kind]
    with system_session("demo", readonly=True) as seeing_all:
        others = {
            name: seeing_all.get(models_by_resource()[resource], world.rows[resource, side])
            for name, resource in points_at.items()
        }
        seeing_all.expunge_all()
    return model(id=800_001, **values), others


@pytest.mark.parametrize("kind", NEW_ROWS)
def test_many_new_rows_at_once_are_stored_and_logged_as_a_flush_does(kind: str, office: tuple[Flask, World]) -> None:
    found = []
    for at_once in (False, True):
        with closing(db.session.session_factory(actor=system_actor("demo"))) as session:
            row, others = new_row(kind, office[1])
            for name, other in others.items():
                if at_once:
                    point_at(row, name, other)
                else:
                    setattr(row, name, session.get(type(other), other.id))
            if at_once:
                write_new(session, [row])
            else:
                session.add(row)
                session.flush()
            table = type(row).__table__
            stored = session.connection().execute(select(table).where(table.c.id == row.id)).one()._asdict()
            entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
            logged = (entry.action, entry.record_title, entry.branch_before, entry.branch_after, entry.changes)
            assert stored.pop("created_at") and stored.pop("updated_at")
            found.append((stored, logged, row.version))
    assert found[0] == found[1]
    assert found[0][1][0] == "create"


def test_many_new_rows_at_once_are_refused_like_one(office: tuple[Flask, World]) -> None:
    world, before = office[1], newest_entry()
    for role, side in (("inspector", "甲"), ("company_clerk", "乙")):
        with closing(db.session.session_factory(actor=actor_of(role))) as session:
            row, others = new_row("monthly_report", world, side)
            point_at(row, "company", others["company"])
            with pytest.raises((NotAllowed, Refused)):
                write_new(session, [row])
    assert newest_entry() == before


def test_what_another_record_lists_is_left_to_a_flush() -> None:
    assert [may_write_new(model) for model in (Company, Visit, DevelopmentStep)] == [True, True, False]


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET actor_name = 'x'", "DELETE FROM audit_entry"])
def test_the_database_refuses_to_change_the_audit_log(statement: str, office: tuple[Flask, World]) -> None:
    with pytest.raises(Exception, match="append-only"), db.engine.begin() as connection:
        connection.execute(text(statement))


def test_personal_values_never_reach_the_audit_log(office: tuple[Flask, World]) -> None:
    with system_session("demo") as session:
        session.get(Person, office[1].rows["person", "甲"]).id_number = "620200195003070020"
        session.commit()
        entries = session.scalars(select(AuditEntry).where(AuditEntry.resource == "person")).all()
        assert "620200195003070020" not in str([entry.changes for entry in entries])
        assert any(entry.changes.get("id_number") == "已修改" for entry in entries)


def test_an_aggregate_over_a_column_counts_only_rows_in_sight(clerk: Any) -> None:
    assert clerk.scalar(select(func.count(Company.id))) == 1
    assert clerk.scalar(select(func.max(Company.short_name))) == OWN
    assert clerk.scalar(select(func.count(Company.id)).where(Company.id > 0)) == 1
