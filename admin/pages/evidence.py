"""Photos as evidence: shown per item, added at /assess/photo/?id=…&item=…, linked to more items, taken over, removed."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask_admin import BaseView, expose
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import NotFound

from admin.pages.answering import require_own_account
from admin.pages.attachments import MAX_FILES, files_folder
from admin.pages.common import one_row, save
from admin.signing_in_again import by_script
from models import Assessment, AssessmentAnswer, Attachment, AttachmentKind, ChecklistItem, ChecklistVersion, db
from policy import Changed, Refused, the_actor
from services import attachments
from services.attachments import Examined
from services.checklists import assess, evidence
from services.checklists.evidence import Use

KEY_BYTES = 16


@dataclass(frozen=True)
class ShownEvidence:
    """The evidence of one assessment as templates show it, item by item."""

    assessment: Assessment
    photos: dict[int, list[Attachment]]
    used: dict[int, list[Use]]
    """By the photo's key: where the same picture was used before."""
    offered: dict[int, list[Attachment]]
    """Last time's photos."""
    may_add: bool
    may_remove: bool

    def lacks(self, item: ChecklistItem) -> bool:
        """Whether the item asks for evidence and has none (未佐证)."""
        return evidence.is_unproven(item, self.photos)

    def items_of(self, photo: Attachment) -> set[int]:
        """The keys of the items that a photo proves."""
        return {item for item, photos in self.photos.items() if any(one.id == photo.id for one in photos)}

    def name_of(self, photo: Attachment) -> str:
        """What the photo is called."""
        return shown_name(photo)

    def used_words(self, photo: Attachment) -> str:
        """Where a picture was used before, as people read it; empty where it wasn't."""
        return words_of(self.used.get(photo.id, ()))


def shown_evidence(assessment: Assessment) -> ShownEvidence:
    """The photos of an assessment with what is to be said about them, in a fixed number of queries."""
    photos = evidence.photos_of(db.session, assessment)
    all_photos = {photo.id: photo for some in photos.values() for photo in some}
    add, permits = evidence.may_add(db.session, assessment), the_actor().permits
    return ShownEvidence(
        assessment=assessment,
        photos=photos,
        used=evidence.used_before_of(db.session, all_photos.values()),
        offered=evidence.offered_from_before(db.session, assessment) if add else {},
        may_add=add,
        may_remove=add
        and all(permits(f"{one}:delete", assessment.branch_id) for one in ("attachment", "answer_evidence")),
    )


def shown_name(photo: Attachment) -> str:
    """A photo's name as people read it: without the ending."""
    return photo.file_name.rpartition(".")[0] or photo.file_name


def words_of(uses: Any) -> str:
    """Where a picture was used before: 2026-03-01 示例企业15“宣传栏”."""
    told = (f"{use.assessed_on} {use.assessed}{f'“{use.item}”' if use.item else ''}" for use in uses)
    return "；".join(dict.fromkeys(told))


class EvidencePage(BaseView):
    """The photos of an assessment, of one item or of all. A script is answered in JSON, a form by the page."""

    def __init__(self) -> None:
        super().__init__(name="佐证照片", category="标准化", endpoint="evidence", url="/assess/photo")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return the_actor().may("assessment:read")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("checklists", "佐证照片")]

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """The page; posted, photos are added, each that can't be is refused alone."""
        if request.method == "GET":
            return self._page(_asked_assessment())
        require_own_account()
        assessment = _asked_assessment()
        evidence.require_open(db.session, assessment)
        # Looking into photos takes seconds, and SQLite has one writer: meanwhile no transaction is open.
        db.session.rollback()
        taken, refused = _examined()
        assessment = _asked_assessment()
        return self._add(assessment, taken, refused)

    def _add(self, assessment: Assessment, taken: list[tuple[str, Examined]], refused: list[str]) -> Any:
        try:
            answers = _asked_answers(assessment)
            added = [
                evidence.add_photo(db.session, assessment, answers, file, key, files_folder()) for key, file in taken
            ]
        except Refused as reason:
            db.session.rollback()
            return self._refused(reason.message)
        except IntegrityError:  # linked or signed off by somebody else a moment before
            raise Changed from None
        save()
        if refused:
            return self._refused("；".join(refused))
        if by_script():
            return jsonify(_told(added[0], answers))
        words = words_of([use for photo in added for use in evidence.used_before(db.session, photo)])
        flash(f"已添加 {len(added)} 张照片。{f'照片以前用过：{words}。' if words else ''}", "success")
        return redirect(_back(assessment.id))

    @expose("/remove/", methods=("POST",))
    def remove_view(self) -> Any:
        """Delete a photo."""
        return self._change(lambda photo: evidence.remove_photo(db.session, photo), "已删除照片。")

    @expose("/link/", methods=("POST",))
    def link_view(self) -> Any:
        """Say which items a photo proves."""

        def prove(photo: Attachment) -> None:
            evidence.prove_exactly(db.session, photo, _asked_answers(photo.assessment, "items"))

        return self._change(prove, "已保存照片用于哪些项目。")

    @expose("/take-over/", methods=("POST",))
    def take_over_view(self) -> Any:
        """Let last time's photo prove an item of the assessment ``to``."""
        photo = _asked_photo()
        assessment = one_row(select(Assessment), Assessment, request.form.get("to", ""))
        return self._done(
            assessment,
            lambda: evidence.take_over(db.session, _asked_answers(assessment)[0], photo, files_folder()),
            "已沿用上次的照片。",
        )

    def _change(self, act: Callable[[Attachment], Any], done: str) -> Any:
        photo = _asked_photo()
        return self._done(photo.assessment, lambda: act(photo), done)

    def _done(self, assessment: Assessment, act: Callable[[], Any], done: str) -> Any:
        """Do something and commit; a refusal changes nothing and says why."""
        key = assessment.id
        try:
            evidence.require_open(db.session, assessment)
            act()
        except Refused as reason:
            db.session.rollback()
            return self._refused(reason.message, str(key))
        except IntegrityError:  # linked or signed off by somebody else a moment before
            raise Changed from None
        save()
        if by_script():
            return jsonify(ok=True, message=done)
        flash(done, "success")
        return redirect(_back(key))

    def _refused(self, message: str, key: str | None = None) -> Any:
        if by_script():
            return jsonify(message=message), 422
        return self._page(_asked_assessment(key), message), 422

    def _page(self, assessment: Assessment, error: str | None = None) -> str:
        items = assess.items_of(db.session, assessment.checklist_version_id)
        wanted = request.values.get("item", "")
        shown = [item for item in items if str(item.id) == wanted] if wanted else items
        if wanted and not shown:
            raise NotFound
        return self.render(
            "admin/pages/evidence.html",
            assessment=assessment,
            items=items,
            shown=shown,
            only=shown[0] if wanted else None,
            evidence=shown_evidence(assessment),
            upload_key=secrets.token_hex(KEY_BYTES),
            most=MAX_FILES,
            error=error,
        )


def _asked_assessment(key: str | None = None) -> Assessment:
    version = joinedload(Assessment.checklist_version).joinedload(ChecklistVersion.template)
    statement = select(Assessment).options(joinedload(Assessment.company), version)
    return one_row(statement, Assessment, request.values.get("id", "") if key is None else key)


def _asked_photo() -> Attachment:
    """The photo that is posted about; a file that proves nothing is none."""
    photos = select(Attachment).where(Attachment.kind == AttachmentKind.PHOTO, Attachment.assessment_id.is_not(None))
    return one_row(photos, Attachment, request.values.get("id", ""))


def _asked_answers(assessment: Assessment, field: str = "item") -> list[AssessmentAnswer]:
    """The answers to the items that are posted, all of the assessment; where there are none yet, they are made."""
    wanted = set(request.values.getlist(field))
    rows = {str(row.item_id): row for row in assess.open_assessment(db.session, assessment)}
    if not wanted or not wanted <= rows.keys():
        raise Refused("请选择照片用于哪一项；页面可能旧了，请刷新再选。")
    return [rows[key] for key in sorted(wanted, key=int)]


def _examined() -> tuple[list[tuple[str, Examined]], list[str]]:
    """The posted photos that can be kept, each with its key, and what is wrong with the others.

    A form without scripts has one key for all: each photo of it gets its own by its place.
    """
    taken: list[tuple[str, Examined]] = []
    refused: list[str] = []
    key = request.form.get("upload_key", "")
    given = [file for file in request.files.getlist("photo") if file.filename]
    for place, file in enumerate(given):
        try:
            if place >= MAX_FILES:
                raise Refused(f"一次最多 {MAX_FILES} 张，请分几次添加。")
            taken.append((f"{key}-{place}" if place else key, attachments.examine_evidence(file.stream)))
        except Refused as reason:
            refused.append(f"第 {place + 1} 张：{reason.message}" if len(given) > 1 else reason.message)
    if not given:
        refused.append("请先选择照片。")
    return taken, refused


def _told(photo: Attachment, answers: list[AssessmentAnswer]) -> dict[str, Any]:
    """What a page needs to show a photo that has just been added."""
    return {
        "ok": True,
        "id": photo.id,
        "name": shown_name(photo),
        "url": url_for("file.index", id=photo.id),
        "small": url_for("file.index", id=photo.id, size="small"),
        "items": [answer.item_id for answer in answers],
        "used_before": words_of(evidence.used_before(db.session, photo)),
        "version": photo.assessment.version,
    }


def _back(key: int) -> str:
    """The page of the assessment's photos, of the one item where it was about one."""
    item = request.values.get("item")
    return url_for("evidence.index", id=key, **({"item": item} if item else {}))
