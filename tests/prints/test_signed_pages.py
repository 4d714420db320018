"""The signed page comes back: a photo of a print finds its record by the code on it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from models import (
    AssessmentStatus,
    Attachment,
    AttachmentKind,
    Rectification,
    RectificationStatus,
)
from models.clock import today
from policy import acting_as, system_session
from services.documents.pdf import make_pdf
from services.documents.signed_pages import NO_CODE, NO_PICTURE, NOTHING_FOUND, OF_ROUND, THERE_ALREADY, keys_in
from tests.conftest import signed_in
from tests.printed import MARK, changed, data_now, hand_in, make_round, photo_of, printed, seals
from tests.test_attachments import picture
from tests.world import World


def kept(app: Flask) -> list[tuple[str, AttachmentKind, int | None, int | None]]:
    """The files that were handed in, without those of the test world."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        rows = session.scalars(select(Attachment).order_by(Attachment.id))
        return [(r.file_name, r.kind, r.assessment_id, r.rectification_id) for r in rows if "秘" not in r.file_name]


@pytest.mark.slow
def test_a_tilted_grainy_photo_of_the_signed_page_files_itself(
    app: Flask, clerk: FlaskClient, opened: tuple[int, int]
) -> None:
    photo = photo_of(printed(clerk, "", opened[0]), turn=11, noise=60, blur=1.5)
    answer = hand_in(clerk, ("IMG_0001.jpg", photo))
    assert answer.status_code == 302 and answer.headers["Location"] == f"/assessment/details/?id={opened[0]}"
    assert kept(app) == [("IMG_0001.jpg", AttachmentKind.SIGNED_PAGE, opened[0], None)]


@pytest.mark.slow
@pytest.mark.parametrize("turn", [0, 33, 90, 178, 260])
def test_a_page_is_read_however_it_lies(turn: int, app: Flask, world: World) -> None:
    key, _round = make_round(app, world)
    pdf = make_pdf(data_now(app, key), MARK)
    assert keys_in(photo_of(pdf, turn=turn, noise=40, blur=1, longest=2_600)) == {"k" * 22}


def test_a_signed_assessment_still_takes_its_signed_page(
    app: Flask, clerk: FlaskClient, opened: tuple[int, int]
) -> None:
    changed(app, opened[0], status=AssessmentStatus.SIGNED, signed_on=today(), signed_by="某人")
    photo = photo_of(printed(clerk, "", opened[0]))
    assert hand_in(clerk, ("签字页.jpg", photo)).status_code == 302
    assert len(kept(app)) == 1


@pytest.mark.slow
def test_several_photos_are_refused_one_by_one(
    app: Flask, world: World, city: FlaskClient, clerk: FlaskClient, opened: tuple[int, int]
) -> None:
    own, foreign = printed(clerk, "", opened[0]), printed(city, "", world.rows["assessment", "乙"])
    page = hand_in(
        clerk,
        ("没有码.jpg", picture(size=(900, 700))),
        ("别家的.jpg", photo_of(foreign)),
        ("没有的.jpg", photo_of(make_pdf(data_now(app, opened[0]), MARK))),
        ("文件.pdf", own),
        ("自己的.jpg", photo_of(own)),
    )
    text = page.get_data(as_text=True)
    assert page.status_code == 422 and text.count(NOTHING_FOUND) == 2
    assert NO_CODE in text and NO_PICTURE in text and "已归档 1 张" in text
    assert [name for name, *_rest in kept(app)] == ["自己的.jpg"]


@pytest.mark.slow
def test_what_takes_no_signed_page_says_so(
    app: Flask, world: World, city: FlaskClient, clerk: FlaskClient, opened: tuple[int, int]
) -> None:
    mending = world.rows["rectification", "甲"]
    paper = photo_of(printed(clerk, "rectification", mending))
    assert hand_in(clerk, ("通知书.jpg", paper)).status_code == 302
    assert THERE_ALREADY in hand_in(clerk, ("通知书.jpg", paper)).get_data(as_text=True)
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        row = session.get(Rectification, mending)
        row.status, row.done_on, row.closed_on = RectificationStatus.CLOSED, today(), today()
        session.commit()
    again = photo_of(printed(clerk, "rectification", mending))
    assert "已经销号" in hand_in(clerk, ("又一张.jpg", again)).get_data(as_text=True)
    summary = photo_of(printed(city, "round", opened[1]))
    assert OF_ROUND in hand_in(city, ("汇总表.jpg", summary)).get_data(as_text=True)
    assert [name for name, *_rest in kept(app)] == ["通知书.jpg"]


def test_nothing_chosen_is_said_and_keeps_nothing(app: Flask, clerk: FlaskClient) -> None:
    page = hand_in(clerk)
    assert page.status_code == 422 and "请先选择文件" in page.get_data(as_text=True)
    assert "签字页归档" in clerk.get("/").get_data(as_text=True)
    assert "签字页归档" not in signed_in(app, "auditor").get("/").get_data(as_text=True)
    assert kept(app) == []


@pytest.mark.slow
def test_printing_and_filing_work_on_each_database(office: tuple[Flask, World]) -> None:
    app, world = office
    key, round_key = make_round(app, world)
    clerk, city = signed_in(app, "company_clerk"), signed_in(app, "city_admin")
    changed(app, key, status=AssessmentStatus.SIGNED, signed_on=today(), signed_by="某人")
    paper = printed(clerk, "", key)
    printed(city, "round", round_key)
    printed(city, "rectification", world.rows["rectification", "甲"])
    assert len(seals(app)) == 3
    assert clerk.get(f"/p/{seals(app)[0].key}").status_code == 302
    assert hand_in(clerk, ("签字页.jpg", photo_of(paper))).status_code == 302
    assert kept(app) == [("签字页.jpg", AttachmentKind.SIGNED_PAGE, key, None)]
