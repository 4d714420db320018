"""What a screen gives for its few lines: search, sort, conflict, exports, deletion, history, constant query counts."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import IntegrityError

from models import Attachment, AuditEntry, Branch, Company, Trash, db
from models.clock import today
from policy import system_session
from policy.actions import resource_of
from tests.conftest import build_app
from tests.typed_forms import screens_of
from tests.world import PASSWORD, World, canary, make_row, scoped_models

SignIn = Callable[..., FlaskClient]


def company_form(app: Flask, world: World, **changes: Any) -> dict[str, Any]:
    """The company form of side 甲 as a browser would post it."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        company = session.get(Company, world.rows["company", "甲"])
        form = {"short_name": company.short_name, "status": "open", "branch": company.branch_id,
                "version_seen": company.version, "note": company.note}  # fmt: skip
    return form | changes


def test_a_name_is_found_by_its_initials_its_pinyin_and_its_characters(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    client = sign_in("city_admin")
    client.post(
        f"/company/edit/?id={world.rows['company', '甲']}", data=company_form(app, world, short_name="远东实业")
    )
    for word in ("ydsy", "YDSY", "yuandong", "远东"):
        page = client.get("/company/", query_string={"search": word}).get_data(as_text=True)
        assert "远东实业" in page and canary("company", "乙") not in page, word
    assert "没有符合条件的企业" in client.get("/company/?search=%25").get_data(as_text=True)


def test_the_second_of_two_savers_sees_both_versions_and_loses_nothing(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    address = f"/company/edit/?id={world.rows['company', '甲']}"
    first, second = sign_in("company_clerk"), sign_in("city_admin")
    form = company_form(app, world)
    assert first.post(address, data=form | {"note": "先保存的"}).status_code == 302
    refused = second.post(address, data=form | {"note": "后保存的"})
    page = refused.get_data(as_text=True)
    assert refused.status_code == 409
    assert "先保存的" in page and "后保存的" in page
    with app.app_context(), system_session("demo", readonly=True) as session:
        assert session.get(Company, world.rows["company", "甲"]).note == "先保存的"


def test_a_wrong_value_is_refused_at_its_field_and_what_was_typed_is_kept(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    client = sign_in("company_clerk")
    form = company_form(app, world, credit_code="91620200MA0000000", note="写了很久的备注")
    answer = client.post(f"/company/edit/?id={world.rows['company', '甲']}", data=form)
    page = answer.get_data(as_text=True)
    assert "应为 18 位，现在是 17 位" in page
    assert "写了很久的备注" in page and "91620200MA0000000" in page


def test_a_second_company_of_the_same_name_is_refused_at_the_name(app: Flask, world: World, sign_in: SignIn) -> None:
    form = company_form(app, world)
    page = sign_in("city_admin").post("/company/new/", data=form).get_data(as_text=True)
    assert "已经有相同的记录" in page


@pytest.mark.parametrize(
    "address",
    [
        "/company/?page=99999999999999999999", "/company/?page=-5", "/company/?sort=999&desc=x", "/company/?search=%00",
        "/company/?flt0_employees_from=99999999999999999999", "/company/?flt0_employees_from=x",
        "/company/?flt0_branch=1,2", "/company/?flt0_industry=%00", "/company/details/?id=1,2",
        "/company/details/?id=99999999999999999999", "/company/details/?id=%00", "/company/details/", "/company/edit/?id=-1",
        "/company/ajax/lookup/?name=__class__", "/company/export/exe/", "/company/?figure=none", "/nowhere",
        "/company/unmask/?id=1&field=password_hash",
    ],
)  # fmt: skip
def test_a_malformed_address_is_never_an_error_of_ours(address: str, sign_in: SignIn) -> None:
    assert sign_in("city_admin").get(address).status_code in (200, 404)


@pytest.mark.parametrize("value", ["x" * 1_000_000, "a\x00b", "2026-02-31"])
def test_a_monstrous_field_is_refused_and_nothing_is_saved(
    value: str, app: Flask, world: World, sign_in: SignIn
) -> None:
    form = company_form(app, world, short_name=value, organised_on=value)
    answer = sign_in("city_admin").post(f"/company/edit/?id={world.rows['company', '甲']}", data=form)
    assert answer.status_code in (200, 413)
    with app.app_context(), system_session("demo", readonly=True) as session:
        assert session.get(Company, world.rows["company", "甲"]).short_name == canary("company", "甲") + "short_name"


def test_csv_has_a_byte_order_mark_and_no_formula(app: Flask, world: World, sign_in: SignIn) -> None:
    client = sign_in("company_clerk")
    client.post(f"/company/edit/?id={world.rows['company', '甲']}", data=company_form(app, world, short_name="=1+1"))
    data = client.get("/company/export/csv/").get_data()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[0][0] == "企业简称" and rows[1][0] == "'=1+1"


def test_numbers_are_masked_and_shown_only_with_a_reason_that_is_logged(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    key = world.rows["person", "甲"]
    client = sign_in("branch_admin")
    assert "620200********0019" in client.get(f"/person/details/?id={key}").get_data(as_text=True)
    for address in (f"/person/details/?id={key}", f"/person/edit/?id={key}", "/person/", "/person/export/csv/"):
        assert "620200194910010019" not in client.get(address).get_data(as_text=True)
    address = f"/person/unmask/?id={key}&field=id_number"
    assert "620200194910010019" not in client.post(address, data={"reason": ""}).get_data(as_text=True)
    assert "620200194910010019" in client.post(address, data={"reason": "核对档案"}).get_data(as_text=True)
    with app.app_context(), system_session("demo", readonly=True) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "unmask")).one()
        assert entry.changes["reason"] == "核对档案"


def test_delete_asks_first_and_the_row_comes_back_from_the_trash(app: Flask, world: World, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    key = world.rows["key_post", "甲"]
    assert "确定删除" in client.get(f"/key_post/delete/?id={key}").get_data(as_text=True)
    client.post("/key_post/action/", data={"action": "delete", "rowid": key})
    assert client.get(f"/key_post/details/?id={key}").status_code == 200
    client.post("/key_post/delete/", data={"id": key})
    assert client.get(f"/key_post/details/?id={key}").status_code == 404
    with app.app_context(), system_session("demo", readonly=True) as session:
        trash = session.scalars(select(Trash).where(Trash.resource == "key_post")).one().id
    client.post(f"/trash/step/restore/?id={trash}", data={"version_seen": "1"})
    assert client.get(f"/key_post/details/?id={key}").status_code == 200


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements sent to any database meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def add_twice_as_much(session: Any, world: World) -> None:
    """Two more branches with a row of every kind, and whatever fits under the rows that are there."""
    root = session.get(Branch, world.branches["root"])
    for copy in range(2):
        home = Branch(name=f"新支部{copy}", kind="branch", parent=root)
        session.add(home)
        session.flush()
        made: dict[type, Any] = {}
        for model in scoped_models():
            if model not in (Branch, Attachment):
                make_row(session, model, f"丙{copy}", home, root, made)
    home, desk = (session.get(Branch, world.branches[name]) for name in ("home甲", "desk甲"))
    here = {model: session.get(model, world.rows[resource_of(model), "甲"]) for model in scoped_models()}
    for model in here:
        with suppress(IntegrityError), session.begin_nested():
            make_row(
                session, model, "甲又", home, desk, {other: row for other, row in here.items() if other is not model}
            )
    session.commit()


@pytest.mark.slow
def test_no_page_takes_more_queries_with_more_rows(app: Flask, world: World, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    screens = screens_of(app)
    addresses = [f"/{resource}/" for resource in screens]
    addresses += [f"/{resource}/new/" for resource, screen in screens.items() if screen.can_add and screen.form_names]
    for (resource, label), key in world.rows.items():
        pages = ("details", "edit", "history", "explain", "delete") if label == "甲" else ()
        addresses += [f"/{resource}/{page}/?id={key}" for page in pages]

    def counts() -> dict[str, int]:
        found = {}
        for address in addresses:
            with counted() as statements:
                client.get(address)
            found[address] = len(statements)
        return found

    client.get("/")  # the first page of a process asks whether this is the demo
    before = counts()
    with app.app_context(), system_session("demo") as session:
        add_twice_as_much(session, world)
    after = counts()
    assert {address: (before[address], after[address]) for address in before if after[address] > before[address]} == {}


def test_a_form_without_its_token_is_refused(app: Flask, tmp_path: Any, world: World) -> None:
    guarded = build_app(app.config["SQLALCHEMY_DATABASE_URI"], tmp_path, WTF_CSRF_ENABLED=True)
    client = guarded.test_client()
    assert client.post("/sign-in", data={"username": "city_admin", "password": PASSWORD}).status_code == 400
    with guarded.app_context():
        db.engine.dispose()


def test_a_new_form_begins_with_the_usual_values_and_todays_date(sign_in: SignIn) -> None:
    client = sign_in("system_admin")
    assert re.search(r'<input[^>]*checked[^>]*name="active"', client.get("/account/new/").get_data(as_text=True))
    office = sign_in("city_admin")
    assert f'value="{today()}"' in office.get("/visit/new/").get_data(as_text=True)
    assert f'value="{str(today())[:7]}"' in office.get("/monthly_report/new/").get_data(as_text=True)
