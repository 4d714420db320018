"""Whose session has ended in the middle of a form signs in again and goes on; nobody else sends what he typed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from models import Company, SignIn
from models.clock import frozen_at, now
from policy import system_session
from services import accounts
from tests.conftest import signed_in
from tests.drills.browser import Form, form_with
from tests.page_lint import problems_of
from tests.world import PASSWORD, World, session_key

LATER = timedelta(minutes=31)
JSON = {"Accept": "application/json"}


@pytest.fixture
def guarded(app: Flask) -> Iterator[Flask]:
    """The app as people use it: forms need their tokens."""
    app.config["WTF_CSRF_ENABLED"] = True
    yield app
    app.config["WTF_CSRF_ENABLED"] = False


def posted(client: FlaskClient, address: str, form: Form, **values: str) -> Any:
    """Send a form with some fields changed."""
    return client.post(address, data=MultiDict(form.filled(**values)))


def note_of(app: Flask, company: int) -> str | None:
    """What is stored in a company's note."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        return session.get(Company, company).note


def test_what_was_posted_after_the_session_ended_is_kept_and_saved_after_signing_in(
    guarded: Flask, world: World
) -> None:
    company = world.rows["company", "甲"]
    client, address = signed_in(guarded, "company_clerk"), f"/company/edit/?id={company}"
    form = form_with(client.get(address).get_data(as_text=True), "note")
    with frozen_at(now() + LATER):
        ended = posted(client, address, form, note="写了\n很久的备注")
        page = ended.get_data(as_text=True)
        assert ended.status_code == 401 and problems_of(page) == []
        assert "请重新登录" in page and "用户company_clerk" in page
        again = form_with(page, "password")
        wrong = posted(client, again.action, again, password="not-this-one")
        assert wrong.status_code == 422 and "用户名或密码不对" in wrong.get_data(as_text=True)
        again = form_with(wrong.get_data(as_text=True), "password")
        page = posted(client, again.action, again, password=PASSWORD).get_data(as_text=True)
        assert problems_of(page) == []
        kept = form_with(page, "note")
        assert kept.action == address and kept.value("note") == "写了\n很久的备注"
        assert posted(client, kept.action, kept).status_code == 302
    assert note_of(guarded, company) == "写了\n很久的备注"


def test_a_session_that_was_ended_elsewhere_keeps_what_was_posted_too(guarded: Flask, world: World) -> None:
    client, address = signed_in(guarded, "company_clerk"), f"/company/edit/?id={world.rows['company', '甲']}"
    form = form_with(client.get(address).get_data(as_text=True), "note")
    with guarded.app_context(), system_session("sign_in") as session:
        accounts.sign_out(session, session_key("company_clerk"), everywhere=True)
        session.commit()
    assert "写了很久" in posted(client, address, form, note="写了很久").get_data(as_text=True)


def test_a_form_without_its_token_is_not_kept(guarded: Flask, world: World) -> None:
    client, address = signed_in(guarded, "company_clerk"), f"/company/edit/?id={world.rows['company', '甲']}"
    form = form_with(client.get(address).get_data(as_text=True), "note")
    with frozen_at(now() + LATER):
        answer = posted(client, address, form, note="从别处来的", csrf_token="x")
    assert answer.status_code == 401 and "从别处来的" not in answer.get_data(as_text=True)


def test_another_persons_password_does_not_send_what_was_typed(guarded: Flask, world: World) -> None:
    company = world.rows["company", "甲"]
    client, address = signed_in(guarded, "company_clerk"), f"/company/edit/?id={company}"
    form = form_with(client.get(address).get_data(as_text=True), "note")
    with frozen_at(now() + LATER):
        page = form_with(client.get("/sign-in").get_data(as_text=True), "password")
        assert posted(client, "/sign-in", page, username="city_admin", password=PASSWORD).status_code == 302
        assert posted(client, address, form, note="前一个人写的").status_code == 400
    assert note_of(guarded, company) != "前一个人写的"


def test_script_learns_who_is_signed_in_and_signs_the_same_account_in_again(guarded: Flask, world: World) -> None:
    client, account = signed_in(guarded, "company_clerk"), world.accounts["company_clerk"]
    running = client.get("/sign-in-again", headers=JSON).json
    assert (running["account"], running["signed_in"]) == (account, True)
    with frozen_at(now() + LATER):
        ended = client.get("/sign-in-again", headers=JSON).json
        assert (ended["account"], ended["signed_in"]) == (account, False)
        data = {"csrf_token": ended["token"], "password": "not-this-one"}
        wrong = client.post("/sign-in-again", headers=JSON, data=data)
        assert wrong.status_code == 422 and "不对" in wrong.json["message"]
        again = client.post("/sign-in-again", headers=JSON, data=data | {"password": PASSWORD}).json
        assert (again["account"], again["signed_in"]) == (account, True) and again["token"] != ended["token"]
        draft = client.post("/company/draft/?form=new", headers=JSON, data={"csrf_token": again["token"], "note": "好"})
        assert draft.status_code in (200, 403)


def test_a_browser_that_nobody_signed_in_with_learns_nothing(guarded: Flask) -> None:
    client = guarded.test_client()
    state = client.get("/sign-in-again", headers=JSON).json
    assert (state["account"], state["signed_in"]) == (None, False)
    answer = client.post("/sign-in-again", data={"csrf_token": state["token"], "password": PASSWORD})
    assert answer.status_code == 302 and answer.location == "/sign-in"


def test_signing_in_again_is_locked_after_too_many_failures_like_signing_in(guarded: Flask) -> None:
    client = signed_in(guarded, "company_clerk")
    with frozen_at(now() + LATER):
        token = client.get("/sign-in-again", headers=JSON).json["token"]
        for password in ["wrong-wrong"] * accounts.MAX_FAILURES + [PASSWORD]:
            answer = client.post("/sign-in-again", headers=JSON, data={"csrf_token": token, "password": password})
            assert answer.status_code == 422
    with guarded.app_context(), system_session("demo", readonly=True) as session:
        key = accounts.hash_key(session_key("company_clerk"))
        assert session.scalar(select(SignIn).where(SignIn.key_hash == key)) is not None


@pytest.mark.parametrize("target", ["//evil.com/", "https://evil.com/", "/\t/evil.com"])
def test_going_on_never_leads_to_another_host(guarded: Flask, target: str) -> None:
    client = signed_in(guarded, "company_clerk")
    with frozen_at(now() + LATER):
        token = client.get("/sign-in-again", headers=JSON).json["token"]
        page = client.post("/sign-in-again", query_string={"next": target},
                           data={"csrf_token": token, "password": PASSWORD}).get_data(as_text=True)  # fmt: skip
    assert 'action="/"' in page and "evil" not in page
