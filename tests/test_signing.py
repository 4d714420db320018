"""What becomes of an assessment that was reviewed: returned, signed off, opened again with a reason, corrected later."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from models import (
    Answer,
    Assessment,
    AssessmentAnswer,
    AssessmentRound,
    AssessmentStatus,
    ChecklistVersion,
    Company,
    MoveKind,
    Rectification,
    Result,
    VersionStatus,
    db,
)
from models.clock import today
from policy import Refused, acting_as, system_session
from services.checklists import assess, rounds, signing
from tests.conftest import Office, signed_in
from tests.form_fields import fields_of
from tests.world import World

Opened = tuple[Flask, int]


def make_assessment(world: World, within_round: bool = True) -> int:
    """The key of a new assessment of the company on side 甲, of a round of the city's unless told otherwise."""
    with system_session("demo") as session, acting_as(session.info["actor"]):
        company = session.get(Company, world.rows["company", "甲"])
        version = session.scalars(
            select(ChecklistVersion).where(ChecklistVersion.status == VersionStatus.PUBLISHED).limit(1)
        ).one()
        if within_round:
            made = AssessmentRound(
                branch_id=world.branches["root"], name="年度考核", checklist_version=version, due_on=today()
            )
            (assessment,) = rounds.open_round(session, made, [company])
        else:
            assessment = Assessment(company=company, checklist_version=version, assessed_on=today())
            session.add(assessment)
            session.flush()
            assess.open_assessment(session, assessment)
        session.commit()
        return assessment.id


@pytest.fixture
def opened(office: Office) -> Opened:
    """An assessment in a round, with nothing filled in, on each database."""
    app, world = office
    with app.app_context():
        return app, make_assessment(world)


def fill_in(session: Any, key: int, own: Answer = Answer.MET, reviewed: Answer | None = Answer.MET) -> Assessment:
    """Fill both sides in alike for every item; without a second score it is handed in only."""
    assessment = session.get(Assessment, key)
    items = [row.item_id for row in assessment.answers]
    assess.answer(session, assessment, dict.fromkeys(items, own))
    assess.submit(session, assessment)
    if reviewed is not None:
        reasons = dict.fromkeys(items, "现场看了") if reviewed != own else {}
        assess.answer(session, assessment, dict.fromkeys(items, reviewed), reasons, reviewed=True)
        assess.review(session, assessment)
    session.commit()
    return assessment


def test_a_signed_assessment_takes_no_answer_until_it_is_opened_again_with_a_reason(opened: Opened) -> None:
    app, key = opened
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        assessment = fill_in(session, key)
        signing.sign_off(session, assessment)
        session.commit()
        assert (assessment.status, assessment.signed_on) == (AssessmentStatus.SIGNED, today())
        item = assessment.answers[0].item_id
        with pytest.raises(Refused, match="已经签字确认"):
            assess.answer(session, assessment, {item: Answer.NOT_MET}, {item: "改"}, reviewed=True)
        with pytest.raises(Refused, match="请写明原因"):
            signing.reopen(session, assessment, "  ")
        signing.reopen(session, assessment, "复核发现看错了一项")
        assess.answer(session, assessment, {item: Answer.NOT_MET}, {item: "看错了"}, reviewed=True)
        raised = assess.review(session, assessment)
        signing.sign_off(session, assessment)
        session.commit()
        assert len(raised) == 1 and assessment.review_score < 10_000
        kinds = [(move.kind, move.reason) for move in assessment.moves]
        assert kinds == [
            (MoveKind.SUBMITTED, None), (MoveKind.REVIEWED, None), (MoveKind.SIGNED, None),
            (MoveKind.REOPENED, "复核发现看错了一项"), (MoveKind.REVIEWED, None), (MoveKind.SIGNED, None),
        ]  # fmt: skip
        assert not assessment.corrected


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE assessment_answer SET review_answer = 'not_met' WHERE assessment_id = :key",
        "UPDATE assessment_answer SET reason = 'x' WHERE assessment_id = :key",
        "DELETE FROM assessment_answer WHERE assessment_id = :key",
        "UPDATE assessment SET review_score = 1 WHERE id = :key",
        "UPDATE assessment SET result = 'failed' WHERE id = :key",
        "DELETE FROM assessment WHERE id = :key",
    ],
)
def test_the_database_itself_keeps_what_was_signed(opened: Opened, statement: str) -> None:
    app, key = opened
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        signing.sign_off(session, fill_in(session, key))
        session.commit()
    with app.app_context(), db.engine.begin() as connection, pytest.raises(IntegrityError, match="signed assessment"):
        connection.execute(text(statement), {"key": key})


def test_a_signed_assessment_moves_with_its_company_to_another_branch(opened: Opened, office: Office) -> None:
    app, key = opened
    world = office[1]
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        signing.sign_off(session, fill_in(session, key))
        session.commit()
        company = session.get(Assessment, key).company
        company.branch_id = world.branches["home乙"]
        session.commit()
        assert session.scalar(select(Assessment.branch_id).where(Assessment.id == key)) == world.branches["home乙"]


def test_a_self_assessment_is_returned_with_a_reason_and_handed_in_again(opened: Opened) -> None:
    app, key = opened
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        assessment = fill_in(session, key, reviewed=None)
        signing.return_for_correction(session, assessment, "第二项请附照片")
        assert assessment.status is AssessmentStatus.DRAFT and assessment.result is None
        assess.submit(session, assessment)
        assert [move.kind for move in assessment.moves] == [MoveKind.SUBMITTED, MoveKind.RETURNED, MoveKind.SUBMITTED]


def test_what_is_mended_already_is_not_raised_again_when_the_review_is_repeated(opened: Opened) -> None:
    app, key = opened
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        assessment = fill_in(session, key, reviewed=Answer.NOT_MET)
        failed = len(assessment.answers)
        signing.reopen(session, assessment, "再看一遍")
        assert assess.review(session, assessment) == []
        found = session.scalars(select(Rectification).where(Rectification.assessment_id == key)).all()
        assert len(found) == failed and assessment.result is Result.FAILED


def test_a_round_that_is_over_is_changed_by_a_marked_correction_only(opened: Opened) -> None:
    app, key = opened
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        assessment = fill_in(session, key)
        assert "还有 1 份没有签字确认" in rounds.close_round(session, session.get(AssessmentRound, assessment.round_id))
        session.commit()
        session.refresh(assessment)
        item = assessment.answers[0].item_id
        with pytest.raises(Refused, match="批次已经结束"):
            assess.answer(session, assessment, {item: Answer.NOT_MET}, reviewed=True)
        with pytest.raises(Refused):
            signing.return_for_correction(session, assessment, "重填")
        signing.reopen(session, assessment, "漏看一项")
        assess.answer(session, assessment, {item: Answer.NOT_MET}, {item: "漏看"}, reviewed=True)
        assess.review(session, assessment)
        signing.sign_off(session, assessment)
        assert assessment.corrected and assessment.moves[2].kind is MoveKind.CORRECTED
        session.commit()
        with pytest.raises(Refused, match="已经签字确认"):
            assess.answer(session, assessment, {item: Answer.MET}, reviewed=True)


def test_beside_each_answer_stands_who_gave_it_and_for_whom(opened: Opened) -> None:
    app, key = opened
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        assessment = session.get(Assessment, key)
        first, second = (row.item_id for row in assessment.answers[:2])
        assess.answer(session, assessment, {first: Answer.MET}, on_behalf_of="某专干")
        assess.answer(session, assessment, {first: Answer.MET, second: Answer.MET})
        rows = {row.item_id: (row.self_by is not None, row.self_for) for row in assessment.answers[:2]}
        assert rows == {first: (True, "某专干"), second: (True, None)}
        assess.answer(session, assessment, {first: None})
        assert assessment.answers[0].self_by is None and assessment.answers[0].self_for is None


def test_a_branch_itself_is_assessed_and_mends_what_it_lacks(office: Office) -> None:
    app, world = office
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        branch = session.get(Company, world.rows["company", "甲"]).branch
        version = session.scalars(select(ChecklistVersion).where(ChecklistVersion.status == "published")).first()
        made = AssessmentRound(
            branch_id=world.branches["root"], name="支部考核", checklist_version=version, due_on=today()
        )
        (assessment,) = rounds.open_round(session, made, branches=[branch])
        session.commit()
        fill_in(session, assessment.id, reviewed=Answer.NOT_MET)
        mending = session.scalars(select(Rectification).where(Rectification.assessment_id == assessment.id)).all()
        assert {row.branch_id for row in mending} == {branch.id} and {row.company_id for row in mending} == {None}
        assert assessment.assessed_name == mending[0].assessed_name == branch.name


# On the pages


def decide(client: FlaskClient, what: str, key: int, reason: str | None = None) -> Any:
    page = client.get(f"/assess/?id={key}").get_data(as_text=True)
    seen = re.search(r'name="version_seen" value="(\d+)"', page)[1]
    return client.post(f"/assess/{what}/", data={"id": key, "version_seen": seen, "reason": reason})


def filled(app: Flask, key: int, **how: Any) -> None:
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        fill_in(session, key, **how)


def test_on_the_page_it_is_signed_opened_again_and_each_decision_can_be_read(app: Flask, world: World) -> None:
    with app.app_context():
        key = make_assessment(world)
    filled(app, key)
    office = signed_in(app, "city_admin")
    assert decide(office, "sign", key).status_code == 302
    page = office.get(f"/assess/?id={key}").get_data(as_text=True)
    assert "已确认" in page and "保存</button>" not in page
    refused = decide(office, "reopen", key, " ")
    assert refused.status_code == 422 and "请写明原因" in refused.get_data(as_text=True)
    assert decide(office, "reopen", key, "看错了一项").status_code == 302
    page = office.get(f"/assess/?id={key}").get_data(as_text=True)
    assert "看错了一项" in page and "重新打开" in page and "保存</button>" in page


def test_who_may_not_decide_is_refused_and_who_does_not_see_it_finds_nothing(app: Flask, world: World) -> None:
    with app.app_context():
        key = make_assessment(world)
    filled(app, key)
    clerk = signed_in(app, "company_clerk")
    assert "办理</h2>" not in clerk.get(f"/assess/?id={key}").get_data(as_text=True)
    with app.app_context():
        version = db.session.connection().scalar(select(Assessment.version).where(Assessment.id == key))
    for what in ("sign", "return", "reopen"):
        asked = {"id": key, "version_seen": version, "reason": "原因"}
        assert clerk.post(f"/assess/{what}/", data=asked).status_code == 403
        asked["id"] = world.rows["assessment", "乙"]
        assert clerk.post(f"/assess/{what}/", data=asked).status_code == 404
        asked = {"id": key, "version_seen": version - 1, "reason": "原因"}
        assert signed_in(app, "city_admin").post(f"/assess/{what}/", data=asked).status_code == 409


def test_the_adviser_reviews_and_may_fill_in_for_the_company(app: Flask, world: World) -> None:
    with app.app_context():
        key = make_assessment(world)
        with db.engine.begin() as connection:
            connection.execute(
                update(Company).where(Company.id == world.rows["company", "甲"]).values(contact_name="某专干")
            )
        with system_session("demo") as session:
            item = session.scalars(
                select(AssessmentAnswer.item_id).where(AssessmentAnswer.assessment_id == key)
            ).first()
    adviser = signed_in(app, "adviser")
    page = adviser.get(f"/assess/?id={key}&side=self").get_data(as_text=True)
    assert 'name="on_behalf_of"' in page and 'value="某专干"' in page
    fields = dict(fields_of(page, "record-form"))
    fields |= {f"answer-{item}": "met", "do": "save"}
    assert adviser.post(f"/assess/?id={key}&side=self", data=fields).status_code == 302
    page = signed_in(app, "company_clerk").get(f"/assess/?id={key}").get_data(as_text=True)
    assert "代填自评" not in page
    page = adviser.get(f"/assess/?id={key}").get_data(as_text=True)
    assert "代 某专干 填写" in page and 'value="review"' in page


def test_what_differs_is_listed_on_top_of_the_checklist(app: Flask, world: World) -> None:
    with app.app_context():
        key = make_assessment(world)
    filled(app, key, reviewed=Answer.PARTLY)
    page = signed_in(app, "company_clerk").get(f"/assess/?id={key}").get_data(as_text=True)
    assert "自评与考评不一致的有" in page and "原因：现场看了" in page


def test_the_list_of_disagreements_holds_what_is_in_sight_and_can_be_narrowed(app: Flask, world: World) -> None:
    with app.app_context():
        key = make_assessment(world)
    filled(app, key, reviewed=Answer.PARTLY)
    with app.app_context(), system_session("demo") as session:
        assessment = session.get(Assessment, key)
        item, round_id = assessment.answers[0].item.text, assessment.round_id
        hidden = session.get(Company, world.rows["company", "乙"]).short_name
    clerk, office = signed_in(app, "company_clerk"), signed_in(app, "city_admin")
    for client in (clerk, office):
        page = client.get(f"/disagreements/?round={round_id}").get_data(as_text=True)
        assert item in page and "现场看了" in page and hidden not in page
    decide(office, "sign", key)
    assert item in office.get("/disagreements/").get_data(as_text=True)
    assert item not in office.get(f"/disagreements/?round={round_id}&unsettled=1").get_data(as_text=True)
    assert office.get("/disagreements/?round=x").status_code == 404


def test_more_disagreements_than_a_page_holds_go_on_the_next(app: Flask, world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("admin.pages.disagreements.LISTED", 3)
    with app.app_context():
        key = make_assessment(world)
    filled(app, key, reviewed=Answer.PARTLY)
    office = signed_in(app, "city_admin")
    seen, address = 0, "/disagreements/"
    while address:
        page = office.get(address).get_data(as_text=True)
        seen += page.count('data-label="检查项"')
        found = re.search(r'href="([^"]*before=\d+)"', page)
        address = found[1].replace("&amp;", "&") if found else ""
    with app.app_context(), system_session("demo") as session:
        assert seen >= len(session.get(Assessment, key).answers) > 3
