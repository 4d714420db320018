"""Photos that prove items of an assessment: what is kept of them, that none is there twice, and who sees them."""

import io
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Engine, event, select

from models import (
    AnswerEvidence,
    Assessment,
    AssessmentRound,
    AssessmentStatus,
    Attachment,
    AttachmentKind,
    AuditEntry,
    Company,
    Trash,
)
from models.clock import today
from policy import Refused, acting_as, system_session
from services.attachments import EVIDENCE_BYTES, EVIDENCE_SIDE, examine_evidence
from services.checklists import assess, evidence, rounds
from services.checklists.versions import clone, publish
from tests.conftest import as_new
from tests.databases import Office
from tests.test_attachments import GPS, PDF, files_in, opened, phone_exif, picture
from tests.world import World

SignIn = Callable[[str], FlaskClient]
JSON = {"Accept": "application/json"}
PHONES_NAME = "IMG_2026_张三.jpg"


def key_of(number: int) -> str:
    """The key that a phone gives a photo."""
    return f"{number:032x}"


def noise(size: tuple[int, int]) -> bytes:
    """A picture that no format makes small."""
    out = io.BytesIO()
    Image.frombytes("RGB", size, random.Random(1).randbytes(size[0] * size[1] * 3)).save(out, "JPEG", quality=95)
    return out.getvalue()


@pytest.fixture
def assessment(world: World) -> int:
    """The assessment of side 甲, which the company clerk fills in."""
    return world.rows["assessment", "甲"]


@pytest.fixture
def items(app: Flask, assessment: int) -> list[int]:
    """The keys of its items that have no photo in the test world."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        found = session.get(Assessment, assessment)
        proven = evidence.photos_of(session, found)
        return [item.id for item in assess.items_of(session, found.checklist_version_id) if item.id not in proven]


def send(
    client: FlaskClient, assessment: int, items: Any, content: bytes = picture(), number: int = 1, **more: str
) -> Any:
    """Post a photo as a phone's queue does."""
    data = {"id": str(assessment), "item": [str(item) for item in items], "upload_key": key_of(number), **more}
    data["photo"] = (io.BytesIO(content), PHONES_NAME)
    return client.post("/assess/photo/", data=data, headers=JSON, content_type="multipart/form-data")


def change(client: FlaskClient, verb: str, photo: int, **form: Any) -> Any:
    """Post a change of a photo as a script does."""
    return client.post(f"/assess/photo/{verb}/", data={"id": photo, **form}, headers=JSON)


def photos(app: Flask) -> list[Attachment]:
    """All photos that were added, oldest first."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        added = Attachment.file_name.startswith(evidence.PHOTO_NAME), Attachment.kind == AttachmentKind.PHOTO
        found = session.scalars(select(Attachment).where(*added).order_by(Attachment.id)).all()
        session.expunge_all()
        return list(found)


def links(app: Flask, photo: int) -> list[int]:
    """The keys of the items that a photo proves."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        rows = session.scalars(select(AnswerEvidence).where(AnswerEvidence.attachment_id == photo))
        return sorted(row.answer.item_id for row in rows)


def set_state(app: Flask, key: int, status: AssessmentStatus) -> None:
    """Put an assessment into a state."""
    with app.app_context(), system_session("demo") as session:
        row = session.get(Assessment, key)
        row.status = status
        if status is AssessmentStatus.SIGNED:
            row.signed_on, row.signed_by = date(2026, 3, 1), "某人"
        session.commit()


# What is kept


def test_a_photo_proves_its_item_and_keeps_neither_place_nor_name(
    app: Flask, sign_in: SignIn, assessment: int, items: list[int]
) -> None:
    answer = send(sign_in("company_clerk"), assessment, items[:1], picture("JPEG", (300, 200), exif=phone_exif()))
    assert answer.status_code == 200 and answer.json["name"] == "佐证照片 1"
    (photo,) = photos(app)
    assert (photo.assessment_id, photo.upload_key, photo.content_type) == (assessment, key_of(1), "image/jpeg")
    assert photo.file_name == "佐证照片 1.jpg"
    assert links(app, photo.id) == items[:1]
    folder = app.config["SETTINGS"].files_dir
    assert files_in(app) == sorted([photo.stored_name, f"{photo.stored_name}.small"])
    for name in files_in(app):
        content = (folder / name).read_bytes()
        kept = opened(content)
        assert not kept.getexif() and not kept.getexif().get_ifd(GPS) and b"PhoneMaker" not in content
        assert kept.height > kept.width, "the phone was held upright"
    with app.app_context(), system_session("demo", readonly=True) as session:
        logged = str([entry.changes for entry in session.scalars(select(AuditEntry))])
    assert "张三" not in logged and "IMG_2026" not in logged


def test_a_photo_is_made_small_whatever_it_shows() -> None:
    taken = examine_evidence(io.BytesIO(noise((2600, 1900))))
    assert len(taken.content) <= EVIDENCE_BYTES and max(opened(taken.content).size) <= EVIDENCE_SIDE
    assert examine_evidence(io.BytesIO(picture("PNG"))).content_type == "image/jpeg"
    assert examine_evidence(io.BytesIO(noise((800, 600)))) == examine_evidence(io.BytesIO(noise((800, 600))))


@pytest.mark.parametrize(
    ("content", "reason"),
    [(PDF, "只收照片"), (b"MZ a program", "不能上传"), (b"", "是空的"), (picture()[:200], "已经损坏")],
)
def test_what_is_no_photo_is_refused_alone(
    app: Flask, sign_in: SignIn, assessment: int, items: list[int], content: bytes, reason: str
) -> None:
    client = sign_in("company_clerk")
    assert send(client, assessment, items[:1], number=1).status_code == 200
    refused = send(client, assessment, items[:1], content, number=2)
    assert refused.status_code == 422 and reason in refused.json["message"]
    assert send(client, assessment, items[:1], picture("PNG"), number=3).status_code == 200
    assert len(photos(app)) == 2


def test_a_bomb_and_a_flood_are_refused(app: Flask, sign_in: SignIn, assessment: int, items: list[int]) -> None:
    out = io.BytesIO()
    Image.new("1", (20000, 20000)).save(out, "PNG")
    client = sign_in("company_clerk")
    bomb = send(client, assessment, items[:1], out.getvalue())
    assert bomb.status_code == 422 and "像素太多" in bomb.json["message"]
    flood = client.post("/assess/photo/", data={"id": "1", "x": (io.BytesIO(bytes(60 << 20)), "x")}, headers=JSON)
    assert flood.status_code == 413 and "超过了上限" in flood.json["message"]
    assert photos(app) == []


# Never twice


def test_a_phone_that_sends_a_photo_again_gets_the_same_one(
    app: Flask, sign_in: SignIn, assessment: int, items: list[int]
) -> None:
    client = sign_in("company_clerk")
    first, again = (send(client, assessment, items[:1]) for _time in range(2))
    assert again.status_code == 200 and first.json["id"] == again.json["id"]
    assert len(photos(app)) == 1 and links(app, first.json["id"]) == items[:1] and len(files_in(app)) == 2


@pytest.mark.postgres
def test_of_two_tries_at_once_the_slower_gets_the_fasters_photo_and_leaves_no_file(on_postgres: Office) -> None:
    office, taken, about_to_store = as_new(on_postgres), examine_evidence(io.BytesIO(picture())), Event()
    folder, key = office.app.config["SETTINGS"].files_dir, office.world.rows["assessment", "甲"]

    def try_to_add(session: Any) -> int:
        row = session.get(Assessment, key)
        photo = evidence.add_photo(session, row, assess.open_assessment(session, row)[:1], taken, key_of(7), folder)
        return photo.id

    def come_second() -> int:
        with office.app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
            event.listen(session, "before_flush", lambda *_flush: about_to_store.set())
            found = try_to_add(session)
            session.commit()
            return found

    with office.app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        assess.open_assessment(session, session.get(Assessment, key))
        session.commit()
    with ThreadPoolExecutor() as other, office.app.app_context(), system_session("demo") as session:
        first = try_to_add(session)
        second = other.submit(come_second)
        assert about_to_store.wait(60)
        session.commit()
        assert second.result(60) == first
    assert len(photos(office.app)) == 1 and len(files_in(office.app)) == 2


def test_a_key_that_belongs_to_another_assessment_is_refused_alike_seen_or_not(
    app: Flask, world: World, sign_in: SignIn, assessment: int, items: list[int]
) -> None:
    office, clerk = sign_in("city_admin"), sign_in("company_clerk")
    assert send(office, world.rows["assessment", "乙"], items[:1], number=1).status_code == 200
    seen, hidden = send(office, assessment, items[:1]), send(clerk, assessment, items[:1])
    assert (seen.status_code, hidden.status_code) == (422, 422) and seen.json == hidden.json
    assert len(photos(app)) == 1 and len(files_in(app)) == 2


# For several items


def test_one_photo_may_prove_several_items(app: Flask, sign_in: SignIn, assessment: int, items: list[int]) -> None:
    client = sign_in("company_clerk")
    photo = send(client, assessment, items[:2]).json["id"]
    assert links(app, photo) == items[:2]
    assert change(client, "link", photo, items=items[1:4]).status_code == 200
    assert links(app, photo) == items[1:4]
    none = change(client, "link", photo)
    assert none.status_code == 422 and links(app, photo) == items[1:4]
    strange = change(client, "link", photo, items=[items[0], 999999])
    assert strange.status_code == 422 and links(app, photo) == items[1:4]
    assert change(client, "remove", photo).status_code == 200
    assert photos(app) == [] and links(app, photo) == []


def test_a_removed_photo_comes_back_from_the_trash_with_what_it_proved(
    app: Flask, sign_in: SignIn, assessment: int, items: list[int]
) -> None:
    client, office = sign_in("company_clerk"), sign_in("city_admin")
    photo = send(client, assessment, items[:2]).json["id"]
    change(client, "remove", photo)
    with app.app_context(), system_session("demo", readonly=True) as session:
        thrown = session.scalar(
            select(Trash.id).where(Trash.resource == "attachment").order_by(Trash.id.desc()).limit(1)
        )
    assert office.post(f"/trash/step/restore/?id={thrown}", data={"version_seen": "1"}).status_code == 302
    assert links(app, photo) == items[:2]
    assert client.get(f"/file/?id={photo}&size=small").status_code == 200


def test_a_picture_that_was_used_before_is_pointed_out_where_one_sees_it(
    app: Flask, world: World, sign_in: SignIn, assessment: int, items: list[int]
) -> None:
    office, clerk = sign_in("city_admin"), sign_in("company_clerk")
    assert send(office, world.rows["assessment", "乙"], items[:1], number=1).json["used_before"] == ""
    mine = send(clerk, assessment, items[:1], number=2).json
    assert mine["used_before"] == "", "the other side's is nobody else's business"
    again = send(clerk, assessment, items[1:2], number=3).json
    assert again["used_before"].startswith("2026-01-02") and again["used_before"].count("“") == 1
    assert "秘company乙" in send(office, assessment, items[2:3], number=4).json["used_before"]
    page = clerk.get(f"/assess/?id={assessment}").get_data(as_text=True)
    assert page.count("这张照片以前用过：2026-01-02") == 3 - 1 and "秘company乙" not in page


# Unproven, and never compulsory


def test_what_asks_for_evidence_and_has_none_is_named_and_can_be_handed_in(
    app: Flask, sign_in: SignIn, assessment: int
) -> None:
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        before = session.get(Assessment, assessment)
        asking = clone(session, before.checklist_version, "要佐证的")
        wanted = assess.items_of(session, asking.id)
        for place, item in enumerate(wanted):
            item.evidence = "照片" if place < 2 else None
        session.flush()
        publish(session, asking)
        row = Assessment(company=before.company, checklist_version=asking, assessed_on=date(2026, 5, 1))
        session.add(row)
        session.flush()
        assess.open_assessment(session, row)
        session.commit()
        key, items = row.id, [item.id for item in wanted]
    clerk = sign_in("company_clerk")
    assert send(clerk, key, items[:1]).status_code == 200
    with app.app_context(), system_session("demo", readonly=True) as session:
        assert [item.id for item in evidence.unproven(session, session.get(Assessment, key))] == items[1:2]
    page = clerk.get(f"/assess/photo/?id={key}").get_data(as_text=True)
    assert page.count("未佐证</span></div>") == 2 and page.count("data-unproven hidden") == 1
    form = {f"answer-{item}": "met" for item in items}
    assert clerk.post(f"/assess/?id={key}", data={**form, "version_seen": 1, "do": "finish"}).status_code == 302


# Until when, and who


@pytest.mark.parametrize("status", [AssessmentStatus.REVIEWED, AssessmentStatus.SIGNED])
def test_what_is_reviewed_or_signed_keeps_its_evidence(
    app: Flask, sign_in: SignIn, assessment: int, items: list[int], status: AssessmentStatus
) -> None:
    office = sign_in("city_admin")
    photo = send(office, assessment, items[:1]).json["id"]
    set_state(app, assessment, status)
    answers = [
        send(office, assessment, items[:1], number=2), change(office, "link", photo, items=items[:2]),
        change(office, "remove", photo),
    ]  # fmt: skip
    assert {one.status_code for one in answers} <= {400, 422} and all(
        "不能再改" in one.json["message"] for one in answers
    )
    assert office.post(f"/attachment/delete/?id={photo}", data={"confirmed": "yes"}).status_code == 400
    assert links(app, photo) == items[:1]


def test_a_round_that_is_over_takes_no_evidence(
    app: Flask, sign_in: SignIn, assessment: int, items: list[int], world: World
) -> None:
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        company = session.get(Company, world.rows["company", "甲"])
        version = session.get(Assessment, assessment).checklist_version
        over = AssessmentRound(branch=company.branch, name="已过", checklist_version=version, due_on=today())
        (row,) = rounds.open_round(session, over, [company])
        session.flush()
        rounds.close_round(session, over)
        session.commit()
        key = row.id
    refused = send(sign_in("city_admin"), key, items[:1])
    assert refused.status_code in (400, 422) and "批次已经结束" in refused.json["message"] and photos(app) == []


def test_whoever_neither_assesses_nor_reviews_adds_nothing(
    app: Flask, sign_in: SignIn, assessment: int, items: list[int]
) -> None:
    assert send(sign_in("liaison"), assessment, items[:1]).status_code in (403, 404)
    photo = send(sign_in("company_clerk"), assessment, items[:1]).json["id"]
    inspector = sign_in("inspector")
    assert send(inspector, assessment, items[:1], number=2).status_code == 200
    assert change(inspector, "remove", photo).status_code == 403
    assert "data-remove-photo" not in inspector.get(f"/assess/?id={assessment}").get_data(as_text=True)
    assert len(photos(app)) == 2


def test_another_branchs_photo_is_not_found_in_any_way(
    app: Flask, world: World, sign_in: SignIn, items: list[int]
) -> None:
    foreign, clerk = world.rows["assessment", "乙"], sign_in("company_clerk")
    photo = send(sign_in("city_admin"), foreign, items[:1]).json["id"]
    for key in (photo, 123456):
        tried = [
            clerk.get(f"/file/?id={key}"), clerk.get(f"/file/?id={key}&size=small"), change(clerk, "remove", key),
            change(clerk, "link", key, items=items[:2]),
            change(clerk, "take-over", key, to=world.rows["assessment", "甲"], item=items[0]),
        ]  # fmt: skip
        assert [one.status_code for one in tried] == [404] * 5
    assert send(clerk, foreign, items[:1], number=2).status_code == 404
    assert clerk.get(f"/assess/photo/?id={foreign}").status_code == 404
    assert links(app, photo) == items[:1]


def test_one_persons_queue_is_not_sent_by_another(
    app: Flask, world: World, sign_in: SignIn, assessment: int, items: list[int]
) -> None:
    stranger = str(world.accounts["company_clerk"])
    assert send(sign_in("city_admin"), assessment, items[:1], account=stranger).status_code == 403
    assert send(sign_in("company_clerk"), assessment, items[:1], account=stranger).status_code == 200
    assert len(photos(app)) == 1


# Without scripts


def test_without_scripts_several_photos_are_added_and_each_bad_one_is_named(
    app: Flask, sign_in: SignIn, assessment: int, items: list[int]
) -> None:
    client = sign_in("company_clerk")
    address = f"/assess/photo/?id={assessment}&item={items[0]}"
    page = client.get(address).get_data(as_text=True)
    assert 'name="upload_key"' in page and "这一项还没有照片" in page
    given = [(io.BytesIO(one), PHONES_NAME) for one in (picture(), PDF, picture("PNG", (90, 90)))]
    refused = client.post(address, data={"upload_key": key_of(1), "photo": given})
    assert refused.status_code == 422 and "第 2 张：这不是照片" in refused.get_data(as_text=True)
    first, second = photos(app)
    assert (first.file_name, second.file_name) == ("佐证照片 1.jpg", "佐证照片 2.jpg")
    page = client.get(address).get_data(as_text=True)
    assert f'id="photo-{second.id}"' in page and "用于其他项目" in page and "张三" not in page
    assert client.post(f"/assess/photo/remove/?id={first.id}&item={items[0]}").location == address
    nothing = client.post(address, data={"upload_key": key_of(2), "photo": (io.BytesIO(b""), "")})
    assert nothing.status_code == 422 and "请先选择照片" in nothing.get_data(as_text=True)
    assert client.get(f"/assess/photo/?id={assessment}&item=999999").status_code == 404


# Last year's


def next_years(app: Flask, assessment: int) -> tuple[int, dict[int, int]]:
    """An assessment of the same company by next year's version, in which one item says something else."""
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        before = session.get(Assessment, assessment)
        version = clone(session, before.checklist_version, "明年")
        changed = assess.items_of(session, version.id)[2]
        changed.text = "说法变了"
        session.flush()
        publish(session, version)
        after = Assessment(company=before.company, checklist_version=version, assessed_on=date(2027, 1, 2))
        session.add(after)
        session.flush()
        assess.open_assessment(session, after)
        session.commit()
        former = [item.id for item in assess.items_of(session, before.checklist_version_id)]
        return after.id, dict(zip(former, [item.id for item in assess.items_of(session, version.id)], strict=True))


def test_last_years_photo_is_offered_for_what_was_kept_and_copied_when_taken_over(
    app: Flask, sign_in: SignIn, assessment: int, items: list[int]
) -> None:
    clerk = sign_in("company_clerk")
    photo = send(clerk, assessment, items[:3]).json["id"]
    after, now = next_years(app, assessment)
    with app.app_context(), system_session("demo", readonly=True) as session:
        offered = evidence.offered_from_before(session, session.get(Assessment, after))
        ours = {item for item, some in offered.items() if photo in {one.id for one in some}}
        assert ours == {now[items[0]], now[items[2]]}, "what says something else now is proven anew"
    assert "沿用上次的照片（1 张）" in clerk.get(f"/assess/?id={after}").get_data(as_text=True)
    for _twice in range(2):
        change(clerk, "take-over", photo, to=after, item=now[items[0]])
    assert change(clerk, "take-over", photo, to=after, item=now[items[2]]).status_code == 200
    assert change(clerk, "take-over", photo, to=after, item=now[items[1]]).status_code == 422
    first, copy = photos(app)
    assert (copy.assessment_id, copy.sha256) == (after, first.sha256) and copy.stored_name != first.stored_name
    assert links(app, copy.id) == sorted([now[items[0]], now[items[2]]]) and links(app, photo) == items[:3]
    change(clerk, "remove", photo)
    assert clerk.get(f"/file/?id={copy.id}").status_code == 200


def test_a_photo_is_linked_and_unlinked_on_both_databases(
    office: tuple[Flask, World],
) -> None:
    app, world = office
    taken = examine_evidence(io.BytesIO(picture()))
    with system_session("demo") as session, acting_as(session.info["actor"]):
        row = session.get(Assessment, world.rows["assessment", "甲"])
        answers = assess.open_assessment(session, row)
        photo = evidence.add_photo(session, row, answers[:1], taken, key_of(1), app.config["SETTINGS"].files_dir)
        evidence.link(session, photo, answers[:2])
        evidence.unlink(session, photo, answers[:1])
        with pytest.raises(Refused, match="请删除"):
            evidence.unlink(session, photo, answers[1:2])
        with pytest.raises(Refused, match="编号不对"):
            evidence.add_photo(session, row, answers[:1], taken, "../x", app.config["SETTINGS"].files_dir)
        session.commit()


def test_an_assessment_goes_to_the_trash_with_its_photos_and_comes_back_with_them(
    app: Flask, sign_in: SignIn, assessment: int, items: list[int]
) -> None:
    office = sign_in("city_admin")
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        old = session.get(Assessment, assessment)
        row = Assessment(company=old.company, checklist_version=old.checklist_version, assessed_on=date(2026, 6, 1))
        session.add(row)
        session.commit()
        key = row.id
    photo = send(office, key, items[:2]).json["id"]
    assert office.post("/assessment/delete/", data={"id": key}).status_code == 302
    assert office.get(f"/file/?id={photo}").status_code == 404
    with app.app_context(), system_session("demo", readonly=True) as session:
        thrown = session.scalar(
            select(Trash.id).where(Trash.resource == "assessment").order_by(Trash.id.desc()).limit(1)
        )
    assert office.post(f"/trash/step/restore/?id={thrown}", data={"version_seen": "1"}).status_code == 302
    assert links(app, photo) == items[:2] and office.get(f"/file/?id={photo}").status_code == 200


def test_many_photos_cost_no_more_queries_than_one(
    app: Flask, sign_in: SignIn, assessment: int, items: list[int]
) -> None:
    clerk = sign_in("company_clerk")
    asked: list[str] = []

    def note(*call: Any) -> None:
        asked.append(call[2])

    def queries() -> int:
        asked.clear()
        event.listen(Engine, "before_cursor_execute", note)
        assert clerk.get(f"/assess/?id={assessment}").status_code == 200
        event.remove(Engine, "before_cursor_execute", note)
        return len(asked)

    send(clerk, assessment, items[:1])
    few = queries()
    for number in range(2, 8):
        send(clerk, assessment, items[:number], picture("JPEG", (60, 40 + number)), number)
    assert queries() <= few
