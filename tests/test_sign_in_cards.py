"""A printed card lets one phone in, once, for ten minutes; the phone is remembered and can be forgotten."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from models import Account, AuditEntry, Grant, Role, RolePermission, SignIn, SignInCard, db
from models.clock import frozen_at, now, today
from policy import NotAllowed, Refused, system_session
from services import accounts, sign_in_cards
from tests.conftest import signed_in
from tests.matrix import actor_of
from tests.page_lint import problems_of
from tests.world import World, canary

SignInAs = Callable[[str], FlaskClient]
ON_ANDROID = {
    "User-Agent": "Mozilla/5.0 (Linux; Android 14; V2324A) AppleWebKit/537.36 Mobile Safari/537.36 MicroMessenger/8.0"
}


def account_id(name: str) -> int:
    with system_session("sign_in", readonly=True) as session:
        return session.scalars(select(Account.id).where(Account.username == name)).one()


def account_id_in(app: Flask, name: str) -> int:
    with app.app_context():
        return account_id(name)


def newest(session: Any, model: Any, name: str) -> Any:
    """The newest card, or remembered phone, of an account."""
    of_account = select(model).join(Account, Account.id == model.account_id).where(Account.username == name)
    remembered = [SignIn.device.is_not(None)] if model is SignIn else []
    return session.scalars(of_account.where(*remembered).order_by(model.id.desc()).limit(1)).one()


def card_for(app: Flask, name: str, by: str = "branch_admin") -> str:
    """The key of a new card, as its code holds it."""
    with app.app_context(), db.session.session_factory(actor=actor_of(by)) as session:
        account = session.scalars(select(Account).where(Account.username == name)).one()
        _card, key = sign_in_cards.make_card(session, account)
        session.commit()
    return key


def enter(app: Flask, key: str, headers: dict[str, str] = ON_ANDROID) -> tuple[FlaskClient, Any]:
    """A phone on which the card's button was pressed, and the answer."""
    phone = app.test_client()
    return phone, phone.post("/sign-in/card", data={"key": key}, headers=headers)


def opens_home(client: FlaskClient) -> bool:
    return client.get("/").status_code == 200


# Entering


def test_the_branch_prints_a_card_and_the_phone_is_in_without_a_password(app: Flask, sign_in: SignInAs) -> None:
    page = sign_in("branch_admin").post("/access/card/", data={"id": account_id_in(app, "adviser")})
    text = page.get_data(as_text=True)
    assert page.status_code == 200 and "<svg" in text and "扫一扫" in text and "进入" in text
    assert problems_of(text) == []
    phone, answer = enter(app, card_for(app, "adviser"))
    assert answer.status_code == 302 and answer.headers["Location"] == "/"
    assert "我的企业" in phone.get("/").get_data(as_text=True)


def test_looking_at_the_cards_page_does_not_spend_it(app: Flask) -> None:
    key = card_for(app, "adviser")
    for _fetch in range(3):
        page = app.test_client().get(f"/sign-in/card?key={key}").get_data(as_text=True)
        assert "进入" in page and problems_of(page) == []
    assert enter(app, key)[1].status_code == 302


def test_a_card_lets_in_one_phone_only(app: Flask) -> None:
    key = card_for(app, "adviser")
    assert enter(app, key)[1].status_code == 302
    second, answer = enter(app, key)
    assert answer.status_code == 404 and not opens_home(second)


def test_of_phones_that_come_at_once_one_gets_in(office: tuple[Flask, World]) -> None:
    app, _world = office
    key = card_for(app, "adviser")
    with ThreadPoolExecutor(4) as phones:
        answers = list(phones.map(lambda _phone: enter(app, key)[1].status_code, range(4)))
    assert sorted(answers) == [302, 404, 404, 404]


def test_spent_expired_revoked_and_unknown_cards_answer_alike(app: Flask) -> None:
    spent, revoked = card_for(app, "adviser"), card_for(app, "liaison")
    enter(app, spent)
    with app.app_context(), system_session("sign_in") as session:
        sign_in_cards.revoke_card(session, sign_in_cards.find_card(session, revoked))
        session.commit()
    with frozen_at(now() - timedelta(minutes=11)):
        expired = card_for(app, "adviser")
    for method in ("GET", "POST"):
        answers = {
            (answer.status_code, re.sub(r'value="[^"]*"', "", answer.get_data(as_text=True)))
            for key in (spent, revoked, expired, "none", "")
            for answer in [app.test_client().open("/sign-in/card", method=method, data={"key": key})]
        }
        assert len(answers) == 1 and next(iter(answers))[0] == 404


def test_a_new_card_makes_the_older_one_worthless(app: Flask) -> None:
    older, newer = card_for(app, "adviser"), card_for(app, "adviser")
    assert enter(app, older)[1].status_code == 404
    assert enter(app, newer)[1].status_code == 302


def test_an_account_that_was_switched_off_is_not_entered(app: Flask) -> None:
    key = card_for(app, "adviser")
    with app.app_context(), system_session("demo") as session:
        session.get(Account, account_id("adviser")).active = False
        session.commit()
    assert enter(app, key)[1].status_code == 404


def test_only_the_hash_of_a_cards_key_is_stored(app: Flask) -> None:
    key = card_for(app, "adviser")
    with app.app_context(), system_session("sign_in", readonly=True) as session:
        card = newest(session, SignInCard, "adviser")
        assert key not in str(vars(card)) and card.key_hash == accounts.hash_key(key)


def test_a_card_leads_to_no_other_host(app: Flask) -> None:
    form = {"key": card_for(app, "adviser"), "next": "//evil.example/"}
    assert app.test_client().post("/sign-in/card", data=form).headers["Location"] == "/"


# The remembered phone


def test_a_remembered_phone_may_lie_idle_for_weeks_and_ends_after_ninety_days(app: Flask) -> None:
    phone, _answer = enter(app, card_for(app, "adviser"))
    began = now()
    for days, still in ((40, True), (89, True), (91, False)):
        with frozen_at(began + timedelta(days=days)):
            assert opens_home(phone) is still, days


def test_a_browser_that_signed_in_with_a_password_still_ends_when_it_is_idle(app: Flask, sign_in: SignInAs) -> None:
    client = sign_in("adviser")
    with frozen_at(now() + timedelta(minutes=31)):
        assert not opens_home(client)


def test_whoever_goes_on_working_stays_signed_in_and_his_cookie_is_renewed_once_a_minute(
    app: Flask, sign_in: SignInAs
) -> None:
    client, began = sign_in("adviser"), now()
    client.get("/")  # the first form gives the session its token
    renewed = []
    for minutes in (0.5, 2, 2.5, 31, 59, 88):
        with frozen_at(began + timedelta(minutes=minutes)):
            answer = client.get("/")
            assert answer.status_code == 200, minutes
            renewed.append("Set-Cookie" in answer.headers)
    assert renewed == [False, True, False, True, True, True]


def test_no_password_is_asked_after_a_card_though_one_was_given_out(app: Flask) -> None:
    with app.app_context(), system_session("demo") as session:
        accounts.reset_password(session, session.get(Account, account_id("adviser")))
        session.commit()
    phone, _answer = enter(app, card_for(app, "adviser"))
    assert opens_home(phone)


def test_the_branch_sees_its_peoples_phones_and_forgets_one(app: Flask, sign_in: SignInAs) -> None:
    phone, _answer = enter(app, card_for(app, "adviser"))
    key = account_id_in(app, "adviser")
    branch = sign_in("branch_admin")
    page = branch.get(f"/access/?id={key}").get_data(as_text=True)
    assert "安卓手机，微信" in page and str(today()) in page and problems_of(page) == []
    with app.app_context(), system_session("sign_in", readonly=True) as session:
        phone_key = newest(session, SignIn, "adviser").id
    assert branch.post("/access/forget/", data={"id": phone_key}).status_code == 302
    assert not opens_home(phone)
    assert "还没有用登录卡登录的手机" in branch.get(f"/access/?id={key}").get_data(as_text=True)


def test_somebody_forgets_his_own_phones_all_at_once(app: Flask, sign_in: SignInAs) -> None:
    phones = [enter(app, card_for(app, "adviser"))[0] for _phone in range(2)]
    own = sign_in("adviser")
    assert own.get("/access/").get_data(as_text=True).count("安卓手机，微信") >= 2
    own.post("/access/forget-all/", data={"id": account_id_in(app, "adviser")})
    assert [opens_home(phone) for phone in phones] == [False, False]
    assert opens_home(own)


def test_the_day_of_the_last_use_is_kept_and_a_look_writes_nothing(app: Flask) -> None:
    phone, _answer = enter(app, card_for(app, "adviser"))

    def last_used() -> Any:
        with app.app_context(), system_session("sign_in", readonly=True) as session:
            return newest(session, SignIn, "adviser").last_used_on

    began = last_used()
    with frozen_at(now() + timedelta(days=3)):
        assert "data-note-use" in phone.get("/").get_data(as_text=True)
        assert last_used() == began
        phone.post("/phone-used")
        assert last_used() == began + timedelta(days=3)
        assert "data-note-use" not in phone.get("/").get_data(as_text=True)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile/15E148 MicroMessenger/8.0.5", "苹果手机，微信"),
        ("Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00) Mobile Safari/537.36", "华为手机，浏览器"),
        ("Mozilla/5.0 (Linux; Android 14; Pixel 8) Mobile Safari/537.36", "安卓手机，浏览器"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120", "电脑，浏览器"),
        ("", "电脑，浏览器"),
    ],
)
def test_a_phone_is_described_in_plain_words(app: Flask, told: str, words: str) -> None:
    phone, _answer = enter(app, card_for(app, "adviser"), {"User-Agent": told})
    assert words in phone.get("/access/").get_data(as_text=True)


# Who may, and who may not


@pytest.mark.parametrize("name", ["city_admin", "inspector", "system_admin", "security_admin", "auditor"])
def test_nobody_with_strong_rights_is_let_in_by_a_card(name: str, app: Flask, sign_in: SignInAs) -> None:
    key = account_id_in(app, name)
    told = sign_in("city_admin").post("/access/card/", data={"id": key}, follow_redirects=True).get_data(as_text=True)
    assert "只能用密码登录" in told and "<svg" not in told
    with pytest.raises(Refused, match="只能用密码登录"):
        card_for(app, name, by="city_admin")


def test_which_roles_a_card_lets_in_is_data(app: Flask) -> None:
    with pytest.raises(Refused, match="支部管理员"):
        card_for(app, "branch_admin", by="city_admin")
    with app.app_context(), system_session("demo") as session:
        role = session.scalars(select(Role).where(Role.code == "branch_admin")).one()
        session.add(RolePermission(role=role, permission="sign_in_card:enter"))
        session.commit()
    assert enter(app, card_for(app, "branch_admin", by="city_admin"))[1].status_code == 302


def test_a_remembered_phone_ends_when_its_account_is_given_strong_rights(app: Flask, world: World) -> None:
    phone, _answer = enter(app, card_for(app, "adviser"))
    assert opens_home(phone)
    with app.app_context(), system_session("demo") as session:
        role = session.scalars(select(Role).where(Role.code == "city_admin")).one()
        session.add(Grant(account_id=account_id("adviser"), role=role, branch_id=world.branches["root"]))
        session.commit()
    assert not opens_home(phone)


def test_a_branch_neither_sees_nor_makes_cards_of_another_branchs_accounts(
    app: Flask, world: World, sign_in: SignInAs
) -> None:
    foreign, foreign_name = world.rows["account", "乙"], canary("account", "乙")
    branch = sign_in("branch_admin")
    assert branch.get(f"/access/?id={foreign}").status_code == 404
    assert branch.post("/access/card/", data={"id": foreign}).status_code == 404
    assert branch.post("/access/forget-all/", data={"id": foreign}).status_code == 404
    key = card_for(app, foreign_name, by="city_admin")
    enter(app, key)
    with app.app_context(), system_session("sign_in", readonly=True) as session:
        card, phone = newest(session, SignInCard, foreign_name).id, newest(session, SignIn, foreign_name).id
    assert branch.post("/access/revoke/", data={"id": card}).status_code == 404
    assert branch.post("/access/forget/", data={"id": phone}).status_code == 404


def test_who_only_sees_an_account_makes_no_card_for_it(app: Flask, sign_in: SignInAs) -> None:
    key = account_id_in(app, "adviser")
    for name in ("system_admin", "security_admin"):
        page = sign_in(name).get(f"/access/?id={key}").get_data(as_text=True)
        assert "制作登录卡" not in page
        assert sign_in(name).post("/access/card/", data={"id": key}).status_code == 403
        with pytest.raises(NotAllowed):
            card_for(app, "adviser", by=name)


def test_with_the_right_to_forget_a_phone_nothing_else_of_it_can_be_changed(app: Flask) -> None:
    enter(app, card_for(app, "adviser"))
    with app.app_context(), db.session.session_factory(actor=actor_of("branch_admin")) as session:
        phone = newest(session, SignIn, "adviser")
        phone.expires_at += timedelta(days=1000)
        with pytest.raises(NotAllowed):
            session.flush()


def test_the_log_tells_who_made_a_card_that_it_was_used_and_who_forgot_the_phone(app: Flask, sign_in: SignInAs) -> None:
    enter(app, card_for(app, "adviser"))
    sign_in("branch_admin").post("/access/forget-all/", data={"id": account_id_in(app, "adviser")})
    with app.app_context(), system_session("demo", readonly=True) as session:
        told = [
            (entry.actor_name, entry.action, entry.resource)
            for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(4))
        ]
    assert told[0] == ("用户branch_admin", "update", "sign_in")
    assert sorted(told[1:3]) == [("登录程序", "create", "sign_in"), ("登录程序", "update", "sign_in_card")]
    assert told[3] == ("用户branch_admin", "create", "sign_in_card")


# WeChat's own browser


def test_in_wechat_a_download_says_how_to_open_it_elsewhere(app: Flask, sign_in: SignInAs) -> None:
    client = sign_in("branch_admin")
    told = client.get("/company/export/xlsx/", headers=ON_ANDROID)
    page = told.get_data(as_text=True)
    assert told.mimetype == "text/html" and "在浏览器打开" in page and "复制网址" in page and problems_of(page) == []
    assert client.get("/company/export/xlsx/").mimetype != "text/html"
    assert sign_in("adviser").get("/company/export/xlsx/", headers=ON_ANDROID).status_code == 403


def test_a_remembered_phone_carries_its_sign_in_over_to_its_browser(app: Flask, world: World) -> None:
    phone, _answer = enter(app, card_for(app, "liaison"))
    page = phone.get("/company/export/xlsx/", headers=ON_ANDROID).get_data(as_text=True)
    assert "浏览器里不用再登录" in page
    carried = phone.post("/access/carry/", data={"next": "/company/"}).headers["Location"]
    shown = phone.get(carried, headers=ON_ANDROID).get_data(as_text=True)
    assert "在浏览器打开" in shown and "不要发给别人" in shown and problems_of(shown) == []
    browser = app.test_client()
    assert ">进入<" in browser.get(carried).get_data(as_text=True)
    key = carried.partition("key=")[2].partition("&")[0]
    answer = browser.post("/sign-in/card", data={"key": key, "next": "/company/"})
    assert answer.headers["Location"] == "/company/"
    with frozen_at(now() + timedelta(hours=25)):
        assert opens_home(phone) and not opens_home(browser)


# Care mode


def test_care_mode_is_kept_for_the_account_and_switched_off_again(app: Flask, sign_in: SignInAs) -> None:
    client = sign_in("adviser")
    assert "care.css" not in client.get("/").get_data(as_text=True)
    answer = client.post("/care", data={"size": "26", "back": "/visit/"})
    assert answer.headers["Location"] == "/visit/"
    elsewhere = signed_in(app, "adviser").get("/visit/").get_data(as_text=True)
    assert 'class="care care-26"' in elsewhere and "care.css" in elsewhere
    assert 'class="care' in signed_in(app, "adviser").get("/nowhere").get_data(as_text=True)
    assert "care.css" not in sign_in("liaison").get("/").get_data(as_text=True)
    client.post("/care", data={"size": "", "back": "https://evil.example/"})
    assert "care.css" not in client.get("/").get_data(as_text=True)


def test_only_the_offered_sizes_are_stored_and_only_for_oneself(app: Flask) -> None:
    with app.app_context(), db.session.session_factory(actor=actor_of("branch_admin")) as session:
        account = session.scalars(select(Account).where(Account.username == "branch_admin")).one()
        with pytest.raises(Refused):
            accounts.show_larger(session, account, 12)
        other = session.scalars(select(Account).where(Account.username == "adviser")).one()
        with pytest.raises(NotAllowed):
            accounts.show_larger(session, other, 22)


def test_the_three_administrators_passwords_are_reset_by_who_manages_accounts_only(
    app: Flask, sign_in: SignInAs
) -> None:
    key = account_id_in(app, "security_admin")
    address, form = f"/account/step/reset/?id={key}", {"version_seen": "1"}
    told = sign_in("city_admin").post(address, data=form, follow_redirects=True).get_data(as_text=True)
    assert "请由系统管理员重置密码" in told and "新密码是" not in told
    told = sign_in("system_admin").post(address, data=form, follow_redirects=True).get_data(as_text=True)
    assert "新密码是" in told
