"""What tests do with printed documents: fill in an assessment, read a PDF, photograph a page."""

import io
import random
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageFilter
from sqlalchemy import select

from models import (
    Answer,
    Assessment,
    AssessmentAnswer,
    AssessmentRound,
    AssessmentStatus,
    Branch,
    ChecklistItem,
    Company,
    PrintSeal,
)
from models.clock import today
from policy import acting_as, system_session
from services.checklists import assess, rounds
from services.checklists.answers import REVIEW, SELF, Given, give
from services.checklists.outline import Outline
from services.checklists.versions import new_template, publish
from services.documents.collect import data_of
from services.documents.pdf import Mark
from tests.test_checklist_versions import WHOLE
from tests.world import World

pypdfium2 = pytest.importorskip("pypdfium2")
A4_INCHES, DOTS = 11.7, 72
DESK = (126, 118, 104)
"""The colour of the table on which a page is photographed."""
MARK = Mark("https://example.gov.cn/p/" + "k" * 22, "0a1b 2c3d 4e5f", "2026-03-02")
"""The seal on a page that nobody printed."""


def make_round(app: Flask, world: World, outline: Outline = WHOLE, of_branch: bool = False) -> tuple[int, int]:
    """The keys of an assessment and of its round in the company's branch on side 甲; answered by both sides."""
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        version = new_template(session, "支部标准化", outline)
        publish(session, version)
        desk = session.get(Branch, world.branches["desk甲"])
        company = session.get(Company, world.rows["company", "甲"])
        company.registered_name = "示例甲有限公司"
        made = AssessmentRound(branch_id=desk.id, name="2026年上半年考核", checklist_version=version, due_on=today())
        some: dict[str, Any] = {"branches": [desk]} if of_branch else {"companies": [company]}
        (assessment,) = rounds.open_round(session, made, **some)
        items = assess.items_of(session, version.id)
        rows = {row.item_id: row for row in assessment.answers}
        for item in items:
            _answer(item, rows[item.id])
        assessment.status = AssessmentStatus.REVIEWED
        assess.recompute(session, assessment)
        session.commit()
        return assessment.id, made.id


def _answer(item: ChecklistItem, row: AssessmentAnswer) -> None:
    """Its own answers are better than the reviewer's, who says why."""
    if item.steps and item.scoring.value == "graded":
        own, reviewed = Given(step_id=item.steps[0].id), Given(step_id=item.steps[1].id)
    elif item.scoring.value == "number":
        own, reviewed = Given(number=1_200), Given(number=700)
    elif item.scoring.value == "deduction":
        own, reviewed = Given(number=0), Given(number=400)
    elif item.scoring.value == "bonus":
        own, reviewed = Given(number=200), Given(number=150)
    else:
        own = reviewed = Given(Answer.MET)
    give(SELF, row, own)
    give(REVIEW, row, reviewed)
    row.note = f"说明{item.code}"
    row.reason = f"原因{item.code}" if own != reviewed else None


def changed(app: Flask, key: int, **values: Any) -> None:
    """Change an assessment by the way of nobody in particular."""
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        assessment = session.get(Assessment, key)
        for name, value in values.items():
            setattr(assessment, name, value)
        session.commit()


def first_answer(session: Any, key: int) -> AssessmentAnswer:
    """The first answer of an assessment."""
    return session.scalars(select(AssessmentAnswer).where(AssessmentAnswer.assessment_id == key)).first()


def bare(text: str) -> str:
    """A text without what setting a page adds: blanks, line ends, places where a long word may break."""
    return re.sub(r"[\s\u200b\ufffe\u0002]", "", text)


def pages_of(pdf: bytes) -> list[str]:
    """The bare text of each page."""
    document = pypdfium2.PdfDocument(pdf)
    texts = [bare(page.get_textpage().get_text_range()) for page in document]
    document.close()
    return texts


def text_of(pdf: bytes) -> str:
    """The bare text of all pages."""
    return "".join(pages_of(pdf))


def picture_of(pdf: bytes, page: int = 0, longest: int = 3_600) -> Image.Image:
    """A page as a picture, so many pixels long."""
    document = pypdfium2.PdfDocument(pdf)
    picture = document[page].render(scale=longest / (A4_INCHES * DOTS)).to_pil().convert("RGB")
    document.close()
    return picture


def photo_of(
    pdf: bytes, page: int = 0, turn: float = 0, noise: int = 0, blur: float = 0, longest: int = 3_600
) -> bytes:
    """What a phone of 12 megapixels makes of a printed page that lies on a table."""
    paper = picture_of(pdf, page, longest).rotate(turn, expand=True, fillcolor=DESK, resample=Image.Resampling.BICUBIC)
    photo = Image.new("RGB", (max(4_032, paper.width), max(3_024, paper.height)), DESK)
    photo.paste(paper, ((photo.width - paper.width) // 2, (photo.height - paper.height) // 2))
    if blur:
        photo = photo.filter(ImageFilter.GaussianBlur(blur))
    if noise:
        random.seed(7)
        grain = Image.effect_noise(photo.size, noise).convert("RGB")
        photo = Image.blend(photo, grain, 0.35)
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=80)
    return out.getvalue()


def printed(client: FlaskClient, kind: str, key: int) -> bytes:
    """The PDF of a record, just printed; ``kind`` is empty for an assessment."""
    answer = client.post(f"/print/{kind}{'/' if kind else ''}?id={key}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.mimetype == "application/pdf"
    return answer.get_data()


def hand_in(client: FlaskClient, *photos: tuple[str, bytes]) -> Any:
    """Hand in photos of signed pages."""
    files = [(io.BytesIO(content), name) for name, content in photos]
    return client.post("/signed-page/", data={"files": files}, content_type="multipart/form-data")


def data_now(app: Flask, key: int, model: Any = Assessment) -> dict[str, Any]:
    """What a record's document would say now."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        return data_of(session, session.get(model, key))


def seals(app: Flask) -> list[PrintSeal]:
    """The seals that were made, without those of the test world."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        return [one for one in session.scalars(select(PrintSeal).order_by(PrintSeal.id)) if "秘" not in one.key]
