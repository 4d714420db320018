"""One answer at a time: saved at once, in nobody's way, and never over what somebody else has just written."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from models import Answer, Assessment, AssessmentAnswer, AssessmentStatus
from policy import acting_as, system_session
from services.checklists import assess
from tests import test_evidence
from tests.conftest import as_new, signed_in
from tests.databases import Office
from tests.test_evidence import set_state
from tests.world import World

SignIn = Callable[[str], FlaskClient]
JSON = {"Accept": "application/json"}
assessment, items = test_evidence.assessment, test_evidence.items


def answer(client: FlaskClient, key: int, item: int, said: dict[str, str], seen: Any = None, **more: str) -> Any:
    """Post one answer as a phone's queue does: what it says, and what stood there when it was given."""
    form = {"id": key, "item": item, "side": "self", **said}
    form |= {f"seen-{name}": value for name, value in (seen or {}).items()}
    return client.post("/assess/answer/", data={**form, **more}, headers=JSON)


def stored(app: Flask, key: int, item: int) -> AssessmentAnswer:
    """What is saved for an item."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        statement = select(AssessmentAnswer).where(
            AssessmentAnswer.assessment_id == key, AssessmentAnswer.item_id == item
        )
        found = session.scalars(statement).one()
        session.expunge_all()
        return found


MET, NOT_MET = {"answer": "met"}, {"answer": "not_met"}


def test_an_answer_is_saved_at_once_with_the_scores(
    app: Flask,
    sign_in: SignIn,
    assessment: int,
    items: list[int],
) -> None:
    told = answer(sign_in("company_clerk"), assessment, items[0], MET | {"text": "已挂好"}).json
    assert told["ok"] and told["words"] == "达到" and told["state"] == "met" and told["self_score"] != "—"
    row = stored(app, assessment, items[0])
    assert (row.self_answer, row.note, row.self_by) == (Answer.MET, "已挂好", "用户company_clerk")
    with app.app_context(), system_session("demo", readonly=True) as session:
        assert session.get(Assessment, assessment).version == told["version"]


def test_the_same_answer_sent_again_is_saved_once_and_no_conflict(
    app: Flask,
    sign_in: SignIn,
    assessment: int,
    items: list[int],
) -> None:
    client = sign_in("company_clerk")
    first, again = (answer(client, assessment, items[0], MET) for _time in range(2))
    assert again.status_code == 200 and first.json["version"] == again.json["version"]


def test_people_at_different_items_are_not_in_each_others_way_and_learn_of_each_other(
    app: Flask,
    sign_in: SignIn,
    assessment: int,
    items: list[int],
) -> None:
    clerk, office = sign_in("company_clerk"), sign_in("city_admin")
    seen = answer(clerk, assessment, items[0], MET).json["version"]
    assert answer(office, assessment, items[1], NOT_MET).status_code == 200
    told = answer(clerk, assessment, items[2], MET, version_seen=str(seen)).json
    assert told["ok"] and told["answers"][str(items[1])]["answer"] == "not_met"
    after = answer(clerk, assessment, items[0], NOT_MET, MET, version_seen=str(told["version"])).json
    assert after["ok"] and "answers" not in after


def test_only_the_same_answer_changed_meanwhile_is_a_conflict_and_both_are_told(
    app: Flask,
    sign_in: SignIn,
    assessment: int,
    items: list[int],
) -> None:
    clerk, office = sign_in("company_clerk"), sign_in("city_admin")
    answer(office, assessment, items[0], NOT_MET)
    late = answer(clerk, assessment, items[0], MET)
    assert late.status_code == 409
    assert late.json["stored"] == {
        "answer": "not_met", "number": "", "text": "", "words": "未达到", "by": "用户city_admin",
    }  # fmt: skip
    assert stored(app, assessment, items[0]).self_answer is Answer.NOT_MET
    assert answer(clerk, assessment, items[0], MET, NOT_MET).status_code == 200


def test_a_note_overwrites_no_answer_that_was_given_meanwhile(
    app: Flask,
    sign_in: SignIn,
    assessment: int,
    items: list[int],
) -> None:
    answer(sign_in("city_admin"), assessment, items[0], NOT_MET)
    assert answer(sign_in("company_clerk"), assessment, items[0], {"text": "见照片"}).status_code == 200
    row = stored(app, assessment, items[0])
    assert (row.self_answer, row.note) == (Answer.NOT_MET, "见照片")


def test_an_answer_is_taken_back(
    app: Flask,
    sign_in: SignIn,
    assessment: int,
    items: list[int],
) -> None:
    client = sign_in("company_clerk")
    answer(client, assessment, items[0], MET | {"text": "写了"})
    told = answer(client, assessment, items[0], {}, MET | {"text": "写了"}).json
    assert told["words"] == "未填写"
    row = stored(app, assessment, items[0])
    assert (row.self_answer, row.note, row.self_by) == (None, None, None)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"answer": "yes"}, "没有这个选项"),
        ({"number": "很多"}, "请填写数字"),
        ({"number": "3"}, "不能这样回答"),
        ({"number": "3", "answer": "not_applicable"}, "只留一个"),
        ({"text": "长" * 501}, "最多 500 个字"),
    ],
)
def test_what_cannot_be_saved_is_refused_with_the_reason(
    sign_in: SignIn,
    assessment: int,
    items: list[int],
    said: dict[str, str],
    reason: str,
) -> None:
    refused = answer(sign_in("company_clerk"), assessment, items[0], said)
    assert refused.status_code == 422 and reason in refused.json["message"]


def test_the_reviewers_side_is_the_reviewers(
    app: Flask,
    sign_in: SignIn,
    assessment: int,
    items: list[int],
) -> None:
    clerk, inspector = sign_in("company_clerk"), sign_in("inspector")
    assert answer(clerk, assessment, items[0], MET, side="review").status_code == 403
    assert answer(inspector, assessment, items[0], MET).status_code == 403
    assert answer(inspector, assessment, items[0], NOT_MET | {"text": "牌子掉了"}, side="review").status_code == 200
    row = stored(app, assessment, items[0])
    assert (row.review_answer, row.reason, row.review_by) == (Answer.NOT_MET, "牌子掉了", "用户inspector")
    assert answer(clerk, assessment, items[0], MET, side="both").status_code == 422


def test_what_is_handed_in_or_signed_takes_no_answer(
    app: Flask,
    sign_in: SignIn,
    assessment: int,
    items: list[int],
) -> None:
    client = sign_in("city_admin")
    for status, words in ((AssessmentStatus.SUBMITTED, "已经提交"), (AssessmentStatus.SIGNED, "签字确认")):
        set_state(app, assessment, status)
        refused = answer(client, assessment, items[0], MET)
        assert refused.status_code == 422 and words in refused.json["message"]


def test_out_of_sight_is_not_found_and_another_accounts_queue_is_not_sent(
    world: World,
    sign_in: SignIn,
    assessment: int,
    items: list[int],
) -> None:
    clerk = sign_in("company_clerk")
    hidden, missing = (answer(clerk, key, items[0], MET) for key in (world.rows["assessment", "乙"], 123456))
    assert (hidden.status_code, missing.status_code) == (404, 404) and hidden.json == missing.json
    stranger = str(world.accounts["city_admin"])
    assert answer(clerk, assessment, items[0], MET, account=stranger).status_code == 403


@pytest.mark.postgres
def test_many_answers_at_the_same_moment_are_all_saved(on_postgres: Office) -> None:
    office = as_new(on_postgres)
    key = office.world.rows["assessment", "甲"]
    with office.app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        row = session.get(Assessment, key)
        assess.open_assessment(session, row)
        session.commit()
        wanted = [item.id for item in assess.items_of(session, row.checklist_version_id)][1:]

    def send(item: int) -> int:
        return answer(signed_in(office.app, "city_admin"), key, item, MET).status_code

    with ThreadPoolExecutor(4) as people:
        assert set(people.map(send, wanted)) == {200}
    assert {stored(office.app, key, item).self_answer for item in wanted} == {Answer.MET}
