"""The search over all: records, screens and actions by Chinese, pinyin and initials, inside the actor's sight."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, g
from sqlalchemy import event, select

from admin.auth import SignedIn
from admin.pages import palette
from models import Branch, Company, Person, Posting, db
from models.clock import now
from policy import acting_as, system_session
from services.tables.search import Search, long_tables
from tests.conftest import as_new, signed_in
from tests.databases import Office
from tests.matrix import actor_of
from tests.world import ID_NUMBERS, PHONES, ROLES, World, make_row

KINDS_AT_LEAST = 5


def found(app: Flask, username: str, text: str) -> dict[str, list[tuple[str, str]]]:
    """What the box offers somebody for a text: title and address by kind."""
    groups = signed_in(app, username).get("/search/found/", query_string={"q": text}).json
    assert groups is not None
    return {group["title"]: [(hit["title"], hit["url"]) for hit in group["hits"]] for group in groups}


def titles(groups: dict[str, list[tuple[str, str]]], kind: str) -> list[str]:
    """The titles of one kind."""
    return [title for title, _url in groups.get(kind, [])]


@pytest.fixture
def named(office: tuple[Flask, World]) -> Flask:
    """Companies on both sides with names that people look for, a person, and a visit to one."""
    app, world = office
    with system_session("demo") as session:
        for side, name in (("甲", "远东实业"), ("乙", "远东百货")):
            session.add(
                Company(short_name=name, branch=session.get(Branch, world.branches[f"desk{side}"]), status="open")
            )
        home = session.get(Branch, world.branches["home甲"])
        session.add(Person(name="单德海", branch=home))
        session.commit()
    return app


@pytest.mark.parametrize("text", ["远东", "yuandong", "YDSY", "yds", "远 ye", "实业"])
def test_a_company_is_found_by_chinese_pinyin_and_initials(text: str, named: Flask) -> None:
    assert "远东实业" in titles(found(named, "city_admin", text), "企业")


def test_a_surname_is_found_as_it_is_spoken(named: Flask) -> None:
    assert titles(found(named, "branch_admin", "sdh"), "人员") == ["单德海"]


def test_whoever_sees_one_side_finds_nothing_of_the_other(named: Flask) -> None:
    assert titles(found(named, "branch_admin", "ydbh"), "企业") == []
    everything = str(found(named, "city_admin", "远东"))
    assert "远东实业" in everything and "远东百货" in everything


@pytest.mark.parametrize("text", ["走访", "zoufang", "zf"])
def test_screens_and_actions_are_found_too(text: str, named: Flask) -> None:
    functions = dict(found(named, "city_admin", text)["功能"])
    assert functions["走访"] == "/visit/"
    assert functions["新增走访"] == "/visit/new/"
    assert functions["导出走访"] == "/visit/export/xlsx/"


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_every_function_offered_can_be_opened(role: str, app: Flask) -> None:
    with app.app_context():
        open_all_offered(app, role)


@pytest.mark.postgres
def test_so_it_is_on_postgres_for_whoever_is_offered_most(on_postgres: Office) -> None:
    app = as_new(on_postgres).app
    with app.app_context():
        open_all_offered(app, "city_admin")


def open_all_offered(app: Flask, role: str) -> None:
    """Open everything that the palette offers to a role."""
    client = signed_in(app, role)
    with app.test_request_context(), acting_as(actor_of(role)) as actor:
        # As whoever has just signed in with a password.
        account = SimpleNamespace(
            device=None, must_change_password=False, care_size=None, sign_in_id=0, last_used_on=None, expires_at=now()
        )
        g._login_user = SignedIn(actor, account)
        offered = [hit.url for hit in palette.functions()]
    assert {"/", "/password"} <= set(offered)
    for address in offered:
        answer = client.get(address)
        assert answer.status_code == 200, address
        answer.close()


def test_who_may_not_add_or_export_is_not_offered_it(named: Flask) -> None:
    assert "新增企业" not in titles(found(named, "inspector", "企业"), "功能")
    assert "新增走访" in titles(found(named, "adviser", "zf"), "功能")


@pytest.mark.parametrize("number", [ID_NUMBERS["甲"], ID_NUMBERS["甲"][:10], PHONES["甲"], PHONES["甲"][-4:]])
def test_masked_numbers_are_never_searched(number: str, office: tuple[Flask, World]) -> None:
    assert found(office[0], "city_admin", number) == {}


def test_the_page_of_results_works_without_script(named: Flask) -> None:
    client = signed_in(named, "city_admin")
    page = client.get("/search/?q=ydsy").get_data(as_text=True)
    address = re.search(r'href="(/company/details/\?id=\d+)"[^>]*>远东实业', page)
    assert address and client.get(address[1]).status_code == 200
    assert 'value="ydsy"' in page
    assert "没有找到“无此词”" in client.get("/search/?q=无此词").get_data(as_text=True)
    assert "请在上面的框里输入" in client.get("/search/?q=+").get_data(as_text=True)


def test_more_than_fit_lead_to_the_list_of_all(named: Flask, office: tuple[Flask, World]) -> None:
    with system_session("demo") as session:
        desk = session.get(Branch, office[1].branches["desk甲"])
        session.add_all(Company(short_name=f"远东{number}号", branch=desk, status="open") for number in range(6))
        session.commit()
    hits = found(named, "city_admin", "远东")["企业"]
    assert len(hits) == palette.SHOWN + 1
    title, address = hits[-1]
    assert title == "在“企业”里看全部找到的"
    assert "共 8 条" in signed_in(named, "city_admin").get(address).get_data(as_text=True)


@pytest.mark.parametrize("text", ["%", "_", "'", "\\", "a" * 500, "\x00", "远" * 60, "远 " * 30, "——", "z9", "。"])
def test_no_text_breaks_it(text: str, named: Flask) -> None:
    client = signed_in(named, "city_admin")
    assert client.get("/search/found/", query_string={"q": text}).status_code == 200
    assert client.get("/search/", query_string={"q": text}).status_code == 200


# Long tables


def test_of_a_long_table_names_are_found_by_their_beginning(named: Flask) -> None:
    with system_session("demo", readonly=True) as session:
        search = Search(session, frozenset({Company, Person}))

        def names(model: Any, fields: list[str], text: str) -> set[str]:
            return {row.title for row in session.scalars(select(model).where(*search.conditions(model, fields, text)))}

        fields = ["short_name", "registered_name", "credit_code"]
        for text in ("远东实", "远", "yuandongshi", "ydsy", "ydS"):
            assert "远东实业" in names(Company, fields, text), text
        assert names(Company, fields, "东实业") == names(Company, fields, "。") == set()
        assert names(Person, ["name", "company.short_name"], "单德") == {"单德海"}


def test_what_points_at_a_name_in_a_long_table_is_found(office: tuple[Flask, World]) -> None:
    with system_session("demo", readonly=True) as session:
        posting = session.scalars(select(Posting)).first()
        search = Search(session, frozenset({Company, Posting}))
        conditions = search.conditions(Posting, ["company_name", "company.short_name"], posting.company.short_name)
        assert posting in session.scalars(select(Posting).where(*conditions)).all()


def test_a_table_is_long_by_what_the_actor_sees_of_it(office: tuple[Flask, World]) -> None:
    with system_session("demo", readonly=True) as session:
        assert long_tables(session, [Company, Person], 1) == {Company, Person}
        assert long_tables(session, [Company, Person], 100) == frozenset()


def test_it_asks_as_often_with_more_rows_and_not_more_often_than_there_are_kinds(office: tuple[Flask, World]) -> None:
    app, world = office

    def queries() -> int:
        client, asked = signed_in(app, "city_admin"), []
        client.get("/search/found/?q=mi")

        def note(*arguments: Any) -> None:
            asked.append(arguments[2])

        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", note)
            client.get("/search/found/?q=mi")
            event.remove(db.engine, "before_cursor_execute", note)
        return len(asked)

    before = queries()
    with system_session("demo") as session:
        home, desk = (session.get(Branch, world.branches[name]) for name in ("home甲", "desk甲"))
        for side in ("丙", "戊"):
            made: dict[type, Any] = {}
            for model in (Company, Person, Posting):
                make_row(session, model, side, home, desk, made)
        session.commit()
    assert queries() == before
    with app.test_request_context():
        kinds = len([view for view in app.extensions["admin"][0]._views if getattr(view, "search", None)])
    assert KINDS_AT_LEAST < before < 2 * kinds


def test_nobody_finds_anything_without_signing_in(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/search/found/?q=a", headers={"Accept": "application/json"}).status_code == 401
    assert client.get("/search/?q=a").status_code == 302


@pytest.mark.slow
def test_the_matrix_knows_that_it_looks_for_words(app: Flask, on_sqlite: Any) -> None:
    from tests.attempts import WORDS
    from tests.matrix import keys_known_to_pages

    known = keys_known_to_pages(on_sqlite)
    assert WORDS in known["search.index", "GET"] and WORDS in known["search.found", "GET"]
