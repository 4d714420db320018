"""The adviser's page: his company, at most five buttons, what is due, and how to reach the branch."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from models import Assessment, Branch, Company, Posting
from models.clock import frozen_at, now, today
from policy import system_session
from tests.page_lint import problems_of
from tests.test_sign_in_cards import card_for, enter
from tests.world import World, canary

SignInAs = Callable[[str], FlaskClient]


def buttons(page: str) -> dict[str, str]:
    """The large buttons: words and address."""
    (part,) = re.findall(r'<div class="big-buttons.*?</div>', page, re.S)
    return {label.strip(): url for url, label in re.findall(r'href="([^"]*)">([^<]*)<', part)}


def test_it_shows_the_company_and_five_buttons(app: Flask, world: World, sign_in: SignInAs) -> None:
    page = sign_in("adviser").get("/").get_data(as_text=True)
    assert problems_of(page) == []
    assert canary("company", "甲") + "address" in page and canary("company", "甲") + "contact_name" in page
    assert list(buttons(page)) == ["写走访", "填检查表", "记问题", "看任务（1）", "联系支部"]
    visit = sign_in("adviser").get(buttons(page)["写走访"]).get_data(as_text=True)
    assert f'<option selected value="{world.rows["posting", "甲"]}">' in visit
    assert f'value="{today()}"' in visit
    assert re.search(r'<option (selected )?value="routine"( selected)?>', visit)[0].count("selected") == 1


def test_a_checklist_that_is_reviewed_is_read_and_not_filled_in(app: Flask, world: World, sign_in: SignInAs) -> None:
    with app.app_context(), system_session("demo") as session:
        assessment = session.get(Assessment, world.rows["assessment", "甲"])
        assessment.status = "reviewed"
        session.commit()
    assert "看检查表" in buttons(sign_in("adviser").get("/").get_data(as_text=True))


def test_the_branch_is_called_with_one_tap(app: Flask, world: World, sign_in: SignInAs) -> None:
    assert buttons(sign_in("adviser").get("/").get_data(as_text=True))["联系支部"] == "#contact"
    with app.app_context(), system_session("demo") as session:
        home = session.get(Branch, world.branches["home甲"])
        home.contact_phone, home.contact_name = "0937-6000100", "支部联络员"
        session.get(Branch, world.branches["home乙"]).contact_phone = "0937-6000999"
        session.commit()
    page = sign_in("adviser").get("/").get_data(as_text=True)
    assert buttons(page)["联系支部"] == "tel:0937-6000100"
    assert "0937-6000999" not in page


def test_between_two_postings_it_says_what_to_do(app: Flask, world: World, sign_in: SignInAs) -> None:
    with app.app_context(), system_session("demo") as session:
        posting = session.get(Posting, world.rows["posting", "甲"])
        posting.ended_on, posting.end_reason = posting.started_on, "term"
        session.commit()
    page = sign_in("adviser").get("/").get_data(as_text=True)
    assert "您现在没有派驻企业" in page and "联系支部" in page and problems_of(page) == []
    assert canary("company", "甲") not in page


def test_a_company_without_address_shows_no_empty_line(app: Flask, world: World, sign_in: SignInAs) -> None:
    with app.app_context(), system_session("demo") as session:
        session.get(Company, world.rows["company", "甲"]).address = None
        session.commit()
    assert "地址：" not in sign_in("adviser").get("/").get_data(as_text=True)


@pytest.mark.parametrize(("days", "warned"), [(10, False), (85, True)])
def test_a_phone_whose_time_is_nearly_over_says_so(days: int, warned: bool, app: Flask) -> None:
    phone, _answer = enter(app, card_for(app, "adviser"))
    with frozen_at(now() + timedelta(days=days)):
        assert ("请向支部要一张新的登录卡" in phone.get("/").get_data(as_text=True)) is warned
