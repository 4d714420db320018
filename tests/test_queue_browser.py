"""A checklist is filled in on a phone over a line that drops: what was given arrives, once, and by whoever gave it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image, ImageDraw
from sqlalchemy import select

from models import (
    Account,
    Answer,
    Assessment,
    AssessmentAnswer,
    Attachment,
    ChecklistTemplate,
    ChecklistVersion,
    Company,
)
from models.clock import today
from policy import acting_as, system_session
from services.attachments import EVIDENCE_BYTES, EVIDENCE_SIDE
from services.checklists import assess
from services.checklists.evidence import photos_of
from services.checklists.seeds import VENUE_STANDARD
from tests.site import PASSWORD, PHONE, demo_app, running_chromium, serving, signed_in
from tests.test_attachments import opened, phone_exif

pytestmark = pytest.mark.browser
TWELVE_MEGAPIXELS = (4000, 3000)
BAR, WAITING = "[data-queue-words]", "[data-waiting]"


@dataclass
class Desk:
    """The demo served, a browser, and an assessment of the clerk's company that is still empty."""

    app: Flask
    site: str
    chromium: Any
    assessment: int
    items: list[int]

    @property
    def address(self) -> str:
        return f"{self.site}/assess/?id={self.assessment}"

    def answer(self, place: int) -> AssessmentAnswer:
        """What is saved for the item at this place."""
        with self.app.app_context(), system_session("demo", readonly=True) as session:
            of = AssessmentAnswer.assessment_id == self.assessment, AssessmentAnswer.item_id == self.items[place]
            found = session.scalars(select(AssessmentAnswer).where(*of)).one()
            session.expunge_all()
            return found

    def photos(self) -> list[Attachment]:
        """All photos of the assessment."""
        with self.app.app_context(), system_session("demo", readonly=True) as session:
            found = photos_of(session, session.get(Assessment, self.assessment))
            session.expunge_all()
            return [photo for some in found.values() for photo in some]

    def part(self, place: int) -> str:
        """The selector of an item's part of the page."""
        return f"[data-evidence='{self.items[place]}']"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, str, Any]]:
    """The demo served, and a browser."""
    app = demo_app(tmp_path_factory.mktemp("queue"))
    with serving(app) as site, running_chromium() as chromium:
        yield app, site, chromium


@pytest.fixture
def desk(demo: tuple[Flask, str, Any]) -> Desk:
    """A new assessment to fill in."""
    app, site, chromium = demo
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        clerk = session.scalars(select(Account).where(Account.username == "company_clerk")).one()
        company = session.scalars(select(Company).where(Company.branch_id == clerk.branch_id)).first()
        named = select(ChecklistVersion).join(ChecklistVersion.template).where(ChecklistTemplate.name == VENUE_STANDARD)
        version = session.scalars(named).first()
        made = len(session.scalars(select(Assessment).where(Assessment.company_id == company.id)).all())
        row = Assessment(
            company=company, checklist_version=version, assessed_on=today().replace(year=today().year + 1 + made)
        )
        session.add(row)
        session.flush()
        assess.open_assessment(session, row)
        session.commit()
        return Desk(app, site, chromium, row.id, [item.id for item in assess.items_of(session, version.id)])


def phone_photos(folder: Path, count: int) -> list[Path]:
    """Photos as a phone takes them: 12 megapixels, the place in them, a person's name on them; each shows its number."""
    made = []
    for number in range(count):
        grain = Image.frombytes("RGB", (500, 375), random.Random(number).randbytes(500 * 375 * 3))
        photo = grain.resize(TWELVE_MEGAPIXELS, Image.Resampling.BILINEAR)
        ImageDraw.Draw(photo).text((200, 200), f"No. {number}", fill="white", font_size=400)
        path = folder / f"IMG_2026_张三_{number}.jpg"
        photo.save(path, quality=88, exif=phone_exif())
        made.append(path)
    return made


def open_as(desk: Desk, name: str) -> tuple[Any, list[str]]:
    """The checklist on somebody's phone, and what his browser complains of."""
    page, complaints = signed_in(desk.chromium, desk.site, name, PHONE)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(desk.address)
    return page, complaints


def lose_some(page: Any, seed: int) -> None:
    """A line that loses one request in three: before the server has it, or, worse, the answer after it has."""
    chance = random.Random(seed)

    def pass_on(route: Any) -> None:
        fate = chance.random()
        if fate < 0.2:
            route.fetch()
        if fate < 0.35:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.context.route("**/assess/photo/", pass_on)
    page.context.route("**/assess/answer/", pass_on)


def choose(page: Any, desk: Desk, place: int, value: str) -> None:
    page.check(f"#answer-{desk.items[place]}-{value}")


def add_photos(page: Any, desk: Desk, place: int, files: list[Path]) -> None:
    """Choose photos for an item, once the page offers it."""
    page.wait_for_selector(f"{desk.part(place)} [data-add-photos]")
    page.set_input_files(f"{desk.part(place)} input[type=file]", files)


def wait_for_all(page: Any) -> None:
    page.wait_for_selector(f"{BAR}:text-is('全部已上传。')")


def send_over_a_bad_line(desk: Desk, folder: Path, count: int) -> Any:
    """Add so many photos and some answers while the line drops, leave the page in the middle, and wait for the rest."""
    files = phone_photos(folder, count)
    page, _complaints = open_as(desk, "company_clerk")
    lose_some(page, seed=count)
    places = len(desk.items)
    for place in range(places):
        mine = files[place::places]
        if not mine:
            continue
        cut = place % 3 == 1
        page.context.set_offline(cut)
        add_photos(page, desk, place, mine)
        choose(page, desk, place, "met")
        page.wait_for_selector(f"{desk.part(place)} [data-photo-state]:empty", state="attached")
        if cut:
            page.wait_for_selector(f"{desk.part(place)} >> text=没有网络，已存在手机里 >> nth=0")
            page.context.set_offline(False)
        if place == places // 2:
            page.context.set_offline(True)
            page.fill(f"#note-{desk.items[0]}", "没有网络时写的")
            page.context.set_offline(False)
            page.reload()
    wait_for_all(page)
    return page


def assert_all_arrived_once(desk: Desk, count: int) -> None:
    """Each photo is there and none twice; small, without place and name."""
    photos = desk.photos()
    assert len(photos) == count
    assert len({photo.sha256 for photo in photos}) == count and len({photo.upload_key for photo in photos}) == count
    assert all(photo.size <= EVIDENCE_BYTES for photo in photos)
    folder = desk.app.config["SETTINGS"].files_dir
    for photo in photos:
        content = (folder / photo.stored_name).read_bytes()
        kept = opened(content)
        assert len(content) == photo.size and not kept.getexif() and b"PhoneMaker" not in content
        assert kept.height > kept.width and kept.height <= EVIDENCE_SIDE, "the phone was held upright"
    written = [path.name for path in folder.rglob("*")] + [photo.file_name for photo in photos]
    assert not [name for name in written if "张三" in name or "IMG" in name]
    database = Path(desk.app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))
    for path in database.parent.glob(f"{database.name}*"):
        assert "张三_".encode() not in path.read_bytes()


def test_photos_and_answers_arrive_once_over_a_line_that_drops(desk: Desk, tmp_path: Path) -> None:
    page = send_over_a_bad_line(desk, tmp_path, 6)
    assert_all_arrived_once(desk, 6)
    assert desk.answer(0).note == "没有网络时写的" and desk.answer(0).self_answer is Answer.MET
    assert page.locator(WAITING).count() == 0 and page.locator(".evidence img").count() == 6
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    page.close()


@pytest.mark.long
def test_thirty_photos_arrive_once_over_a_line_that_drops(desk: Desk, tmp_path: Path) -> None:
    page = send_over_a_bad_line(desk, tmp_path, 30)
    assert_all_arrived_once(desk, 30)
    assert {desk.answer(place).self_answer for place in range(len(desk.items))} == {Answer.MET}
    page.close()


def test_what_was_given_without_a_network_outlives_the_page(desk: Desk, tmp_path: Path) -> None:
    page, _complaints = open_as(desk, "company_clerk")
    page.context.set_offline(True)
    choose(page, desk, 2, "not_met")
    choose(page, desk, 2, "met")
    page.fill(f"#note-{desk.items[2]}", "牌子在做")
    add_photos(page, desk, 1, phone_photos(tmp_path, 1))
    page.wait_for_selector(f"{desk.part(1)} {WAITING}")
    assert "还有 2 项没有上传" in page.inner_text(BAR)
    page.wait_for_selector(f"{desk.part(2)} [data-item-state]:has-text('没有网络，已存在手机里')")
    page.goto("about:blank")
    page.context.set_offline(False)
    assert desk.answer(2).self_answer is None and desk.photos() == []
    page.context.route("**/assess/*/", lambda route: route.abort())
    page.goto(desk.address)
    page.wait_for_selector(f"{desk.part(1)} {WAITING}")
    assert page.is_checked(f"#answer-{desk.items[2]}-met") and page.input_value(f"#note-{desk.items[2]}") == "牌子在做"
    page.context.unroute_all()
    page.goto(f"{desk.site}/")  # also from the home page, which shows what waits
    wait_for_all(page)
    assert (desk.answer(2).self_answer, desk.answer(2).note) == (Answer.MET, "牌子在做") and len(desk.photos()) == 1
    page.close()


def test_the_next_person_on_a_shared_phone_neither_sees_nor_sends_what_waits(desk: Desk) -> None:
    page, _complaints = open_as(desk, "company_clerk")
    page.context.route("**/assess/*/", lambda route: route.abort())
    choose(page, desk, 0, "met")
    page.wait_for_selector(f"{desk.part(0)} [data-item-state]:has-text('没有网络')")
    page.goto(f"{desk.site}/")
    press(page, "/sign-out")
    page.wait_for_url("**/sign-in**")
    page.context.unroute_all()
    sign_in(page, desk.site, "city_admin")
    page.goto(f"{desk.address}&side=self")
    page.wait_for_load_state()
    assert not page.is_visible("[data-queue-bar]") and desk.answer(0).self_answer is None
    press(page, "/sign-out")
    page.wait_for_url("**/sign-in**")
    sign_in(page, desk.site, "company_clerk")
    wait_for_all(page)
    assert desk.answer(0).self_answer is Answer.MET and "市级" not in desk.answer(0).self_by
    page.close()


def press(page: Any, action: str) -> None:
    """Press a button of the menu, which a phone has folded away."""
    page.eval_on_selector(f"form[action='{action}'] button", "button => button.form.requestSubmit()")


def sign_in(page: Any, site: str, name: str) -> None:
    """Sign somebody in on a phone that others have used."""
    page.goto(f"{site}/sign-in")
    page.fill("#username", name)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("h1:has-text('工作台')")


def test_whose_sign_in_has_ended_signs_in_on_the_spot_and_loses_nothing(desk: Desk) -> None:
    page, _complaints = open_as(desk, "company_clerk")
    elsewhere, _complaints = signed_in(desk.chromium, desk.site, "company_clerk", PHONE, at="/")
    press(elsewhere, "/sign-out-everywhere")
    elsewhere.wait_for_url("**/sign-in**")
    elsewhere.close()
    choose(page, desk, 0, "met")
    page.click("[data-queue-tools] button:has-text('重新登录')")
    page.fill("#again-password", PASSWORD)
    page.click("dialog button[type=submit]")
    page.wait_for_selector(f"{desk.part(0)} [data-item-state]:has-text('已保存')")
    assert desk.answer(0).self_answer is Answer.MET
    page.close()


def test_two_people_at_one_item_see_both_answers_and_choose(desk: Desk) -> None:
    page, complaints = open_as(desk, "company_clerk")
    with desk.app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        assess.answer(session, session.get(Assessment, desk.assessment), {desk.items[0]: Answer.NOT_MET})
        session.commit()
    choose(page, desk, 0, "met")
    state = page.locator(f"{desk.part(0)} [data-item-state]")
    page.wait_for_selector(f"{desk.part(0)} >> text=用我填的")
    assert "现在保存的是：未达到" in state.inner_text() and "您填的是：达到" in state.inner_text()
    choose(page, desk, 1, "met")
    page.wait_for_selector(f"{desk.part(1)} [data-item-state]:has-text('已保存')")
    page.click(f"{desk.part(0)} >> text=用我填的")
    page.wait_for_selector(f"{desk.part(0)} [data-item-state]:has-text('已保存')")
    assert desk.answer(0).self_answer is Answer.MET
    page.close()
    assert [one for one in complaints if "status of 409" not in one] == []


def test_the_whole_checklist_is_handed_in_once_nothing_waits(desk: Desk) -> None:
    page, complaints = open_as(desk, "company_clerk")
    for place in range(len(desk.items)):
        choose(page, desk, place, "met")
    page.click("button:has-text('提交自评')")
    page.wait_for_selector("text=自评已提交。")
    page.close()
    assert complaints == []


def test_a_picture_that_the_phone_cannot_read_is_refused_alone(desk: Desk, tmp_path: Path) -> None:
    page, complaints = open_as(desk, "company_clerk")
    broken = tmp_path / "IMG_2026_张三.heic"
    broken.write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(400))
    (good,) = phone_photos(tmp_path, 1)
    add_photos(page, desk, 0, [broken, good])
    page.wait_for_selector(f"{desk.part(0)} [data-photo-state]:has-text('第 1 张：这张照片打不开')")
    page.wait_for_selector(f"{desk.part(0)} [data-photo]")
    assert len(desk.photos()) == 1
    page.click(f"{desk.part(0)} [data-remove-photo]")
    page.wait_for_selector(f"{desk.part(0)} [data-photo]", state="detached")
    assert desk.photos() == []
    page.close()
    assert complaints == []
