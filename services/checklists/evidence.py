"""Photos as evidence (佐证): pictures that prove items of an assessment. None is compulsory; what lacks one is named.

A phone may send a photo twice when the answer to the first time was lost: its ``upload_key`` makes both the same photo.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sqlalchemy import and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import (
    AnswerEvidence,
    Assessment,
    AssessmentAnswer,
    Attachment,
    AttachmentKind,
    ChecklistItem,
    ChecklistItemOrigin,
    ChecklistVersion,
    Company,
)
from models.database import current_actor
from policy.errors import NotAllowed, Refused
from services.attachments import PICTURE_TYPES, Examined, FileMissing, open_attachment, store_attachment
from services.checklists import assess
from services.checklists.reviewers import REVIEWING, reviews, why_anothers
from services.trash import move_to_trash

PHOTO_NAME = "佐证照片"
_NUMBERED = re.compile(rf"{PHOTO_NAME} (\d+)\..+")
_UPLOAD_KEY = re.compile(r"[0-9A-Za-z-]{16,36}")
_KEY_TAKEN = "这次上传的编号已经用过，请重新选择这张照片。"


@dataclass(frozen=True)
class Use:
    """Where a picture was used before: an assessment, and the item it proved there."""

    assessment_id: int
    assessed_on: date
    assessed: str
    """The company's short name; empty where a branch itself was assessed."""
    item: str | None


# Who may change evidence, and until when


def why_fixed(session: Session, assessment: Assessment) -> str | None:
    """Why the actor can't change the evidence as things stand; None while one of his sides is open."""
    actor = session.info["actor"]
    reviewing = reviews(actor, assessment)
    assesses = actor.permits("assessment:self_assess", assessment.branch_id)
    if not (reviewing or assesses):
        anothers = why_anothers(actor, assessment) if actor.permits(REVIEWING, assessment.branch_id) else None
        return anothers or "您不填写这份检查表，不能改它的佐证。"
    return assess.why_fixed(assessment, reviewed=reviewing)


def may_add(session: Session, assessment: Assessment) -> bool:
    """Whether the actor may add photos now."""
    permits = session.info["actor"].permits
    needed = ("attachment:create", "answer_evidence:create")
    return all(permits(one, assessment.branch_id) for one in needed) and why_fixed(session, assessment) is None


def require_open(session: Session, assessment: Assessment) -> None:
    """Raise NotAllowed unless the actor fills in or reviews the assessment, Refused once it takes no changes."""
    permits = session.info["actor"].permits
    if not any(permits(f"assessment:{one}", assessment.branch_id) for one in ("self_assess", "review")):
        raise NotAllowed("您不填写这份检查表，不能改它的佐证。")
    if reason := why_fixed(session, assessment):
        raise Refused(reason)


def why_locked(attachment: Attachment) -> str | None:
    """Why a photo can't be deleted any more: what it proves is signed, or its round is over."""
    if attachment.kind is not AttachmentKind.PHOTO or attachment.assessment is None:
        return None
    assessment = attachment.assessment
    if reason := assess.why_fixed(assessment, reviewed=True):
        return reason
    actor, handed_in = current_actor.get(), assess.why_fixed(assessment, reviewed=False)
    # From then on only the reviewer changes evidence.
    return why_anothers(actor, assessment) if actor is not None and handed_in else None


# Photos


def photo_of_key(session: Session, assessment: Assessment, upload_key: str) -> Attachment | None:
    """The photo that came with this key before; raises Refused where it came to another assessment."""
    found = session.scalar(select(Attachment).where(Attachment.upload_key == upload_key))
    if found is not None and (found.assessment_id, found.kind) != (assessment.id, AttachmentKind.PHOTO):
        raise Refused(_KEY_TAKEN)
    return found


def add_photo(
    session: Session,
    assessment: Assessment,
    answers: Iterable[AssessmentAnswer],
    examined: Examined,
    upload_key: str,
    folder: Path,
) -> Attachment:
    """Store a photo that proves these items; with the same ``upload_key`` again it is the same photo.

    The name that it came with is kept nowhere. Raises Refused for what is no picture and once nothing may change.
    """
    require_open(session, assessment)
    if examined.content_type not in PICTURE_TYPES:
        raise Refused("这不是照片，请选一张照片。")
    if not _UPLOAD_KEY.fullmatch(upload_key):
        raise Refused("上传的编号不对，请刷新页面，再选这张照片。")
    photo = photo_of_key(session, assessment, upload_key)
    if photo is None:
        named = replace(examined, file_name=_next_name(session, assessment, examined.content_type))
        try:
            with session.begin_nested():
                photo = store_attachment(session, assessment, named, folder, AttachmentKind.PHOTO, upload_key)
        except IntegrityError as error:
            if "upload_key" not in str(error.orig):
                raise
            # The same phone's other try was faster; or somebody's whom the actor doesn't see, which reads alike.
            photo = photo_of_key(session, assessment, upload_key)
            if photo is None:
                raise Refused(_KEY_TAKEN) from None
    link(session, photo, answers)
    return photo


def _next_name(session: Session, assessment: Assessment, content_type: str) -> str:
    names = session.scalars(
        select(Attachment.file_name).where(
            Attachment.assessment_id == assessment.id, Attachment.kind == AttachmentKind.PHOTO
        )
    )
    numbers = [int(found[1]) for found in map(_NUMBERED.fullmatch, names) if found]
    ending = {"image/jpeg": "jpg"}.get(content_type, content_type.rpartition("/")[2])
    return f"{PHOTO_NAME} {max(numbers, default=0) + 1}.{ending}"


def link(session: Session, photo: Attachment, answers: Iterable[AssessmentAnswer]) -> None:
    """Let a photo prove these items too; what it proves already stays as it is."""
    require_open(session, photo.assessment)
    there = {row.answer_id for row in _links(session, photo)}
    for answer in _of_its_own(photo, answers):
        if answer.id not in there:
            session.add(AnswerEvidence(answer=answer, attachment=photo))
    session.flush()


def unlink(session: Session, photo: Attachment, answers: Iterable[AssessmentAnswer]) -> None:
    """Let a photo prove these items no longer; raises Refused where none would be left: then it is to be deleted."""
    require_open(session, photo.assessment)
    links, leaving = _links(session, photo), {answer.id for answer in _of_its_own(photo, answers)}
    if links and leaving >= {row.answer_id for row in links}:
        raise Refused("请至少选一项；这张照片不用了，请删除它。")
    for row in links:
        if row.answer_id in leaving:
            session.delete(row)
    session.flush()


def prove_exactly(session: Session, photo: Attachment, answers: Iterable[AssessmentAnswer]) -> None:
    """Let a photo prove these items and no others."""
    wanted = list(answers)
    if not wanted:
        raise Refused("请至少选一项；这张照片不用了，请删除它。")
    link(session, photo, wanted)
    keys = {answer.id for answer in wanted}
    others = [row.answer for row in _links(session, photo) if row.answer_id not in keys]
    if others:
        unlink(session, photo, others)


def remove_photo(session: Session, photo: Attachment) -> None:
    """Delete a photo from all items that it proves; it goes to the trash."""
    require_open(session, photo.assessment)
    move_to_trash(session, photo)


def _links(session: Session, photo: Attachment) -> list[AnswerEvidence]:
    return list(session.scalars(select(AnswerEvidence).where(AnswerEvidence.attachment_id == photo.id)))


def _of_its_own(photo: Attachment, answers: Iterable[AssessmentAnswer]) -> list[AssessmentAnswer]:
    """The answers, all of the photo's own assessment."""
    found = list(answers)
    if any(answer.assessment_id != photo.assessment_id for answer in found):
        raise Refused("照片只能用于同一份检查表里的项目。")
    return found


# What is proven


def photos_of(session: Session, assessment: Assessment) -> dict[int, list[Attachment]]:
    """The photos that prove each item, oldest first, by the item's key."""
    statement = (
        select(AssessmentAnswer.item_id, Attachment)
        .join(AnswerEvidence, AnswerEvidence.answer_id == AssessmentAnswer.id)
        .join(Attachment, Attachment.id == AnswerEvidence.attachment_id)
        .where(AssessmentAnswer.assessment_id == assessment.id)
        .order_by(Attachment.id)
    )
    found: dict[int, list[Attachment]] = {}
    for item_id, photo in session.execute(statement):
        found.setdefault(item_id, []).append(photo)
    return found


def unproven(session: Session, assessment: Assessment) -> list[ChecklistItem]:
    """The items that ask for evidence and have no photo (未佐证); they can be answered all the same."""
    proven = photos_of(session, assessment)
    items = assess.items_of(session, assessment.checklist_version_id)
    return [item for item in items if is_unproven(item, proven)]


def is_unproven(item: ChecklistItem, photos: Mapping[int, list[Attachment]]) -> bool:
    """Whether an item asks for evidence and has none (未佐证) among the photos of its assessment (``photos_of``)."""
    return bool((item.evidence or "").strip()) and item.id not in photos


def used_before(session: Session, photo: Attachment) -> list[Use]:
    """Where the same picture was used earlier, as far as the actor sees it; oldest first."""
    return used_before_of(session, [photo]).get(photo.id, [])


def used_before_of(session: Session, photos: Iterable[Attachment]) -> dict[int, list[Use]]:
    """Where each of several pictures was used earlier, by the photo's key; those that weren't are left out."""
    pictures = {photo.id: photo.sha256 for photo in photos}
    if not pictures:
        return {}
    statement = (
        select(
            Attachment.id, Attachment.sha256, Assessment.id, Assessment.assessed_on, Company.short_name, ChecklistItem.text
        )
        .join(Assessment, Assessment.id == Attachment.assessment_id)
        .outerjoin(Company, Company.id == Assessment.company_id)
        .outerjoin(AnswerEvidence, AnswerEvidence.attachment_id == Attachment.id)
        .outerjoin(AssessmentAnswer, AssessmentAnswer.id == AnswerEvidence.answer_id)
        .outerjoin(ChecklistItem, ChecklistItem.id == AssessmentAnswer.item_id)
        .where(Attachment.sha256.in_(set(pictures.values())), Attachment.kind == AttachmentKind.PHOTO)
        .order_by(Attachment.id, AnswerEvidence.id)
    )  # fmt: skip
    uses = [
        (key, sha256, Use(of, on, name or "", item)) for key, sha256, of, on, name, item in session.execute(statement)
    ]
    found = {
        photo: [use for key, other, use in uses if other == sha256 and key < photo]
        for photo, sha256 in pictures.items()
    }
    return {photo: some for photo, some in found.items() if some}


# Last time's evidence


def offered_from_before(session: Session, assessment: Assessment) -> dict[int, list[Attachment]]:
    """Photos of the last assessment that may prove the same item again, by the key of the item now.

    Only for items whose wording was kept; what proves the item already isn't offered again.
    """
    last = last_with_photos(session, assessment)
    if last is None:
        return {}
    before, now = photos_of(session, last), photos_of(session, assessment)
    kept = kept_items(session, assessment.checklist_version_id, last.checklist_version_id)
    offered = {}
    for item_id, former_id in kept.items():
        there = {photo.sha256 for photo in now.get(item_id, ())}
        photos = [photo for photo in before.get(former_id, ()) if photo.sha256 not in there]
        if photos:
            offered[item_id] = photos
    return offered


def last_with_photos(session: Session, assessment: Assessment) -> Assessment | None:
    """The assessment of the same company, or branch, by the same checklist that came before and has photos."""
    template = select(ChecklistVersion.template_id).where(ChecklistVersion.id == assessment.checklist_version_id)
    has_photos = (
        select(AnswerEvidence.id)
        .join(AssessmentAnswer, AssessmentAnswer.id == AnswerEvidence.answer_id)
        .where(AssessmentAnswer.assessment_id == Assessment.id)
        .exists()
    )
    earlier = and_(Assessment.assessed_on == assessment.assessed_on, Assessment.id < assessment.id)
    statement = (
        select(Assessment)
        .join(Assessment.checklist_version)
        .where(
            Assessment.branch_id == assessment.branch_id,
            Assessment.company_id == assessment.company_id,
            ChecklistVersion.template_id == template.scalar_subquery(),
            or_(Assessment.assessed_on < assessment.assessed_on, earlier),
            has_photos,
        )
        .order_by(Assessment.assessed_on.desc(), Assessment.id.desc())
        .limit(1)
    )
    return session.scalar(statement)


def kept_items(session: Session, version_id: int, former_id: int) -> dict[int, int]:
    """The items of a version that say what they said in a former one, each with the key of what it was then."""
    items = {item.id: item for item in assess.items_of(session, version_id)}
    former = {item.id: item for item in assess.items_of(session, former_id)}
    traced = {key: key for key in items}
    kept: dict[int, int] = {}
    while traced:
        kept |= {key: origin for key, origin in traced.items() if origin in former}
        further = {key: origin for key, origin in traced.items() if origin not in former}
        origins = _single_origins(session, further.values())
        traced = {key: origins[origin] for key, origin in further.items() if origin in origins}
    return {key: origin for key, origin in kept.items() if items[key].text == former[origin].text}


def _single_origins(session: Session, items: Iterable[int]) -> dict[int, int]:
    """What each of these items was in the version before, of those that weren't merged from several."""
    rows = session.execute(
        select(ChecklistItemOrigin.item_id, ChecklistItemOrigin.origin_id).where(
            ChecklistItemOrigin.item_id.in_(set(items))
        )
    )
    found: dict[int, list[int]] = {}
    for item_id, origin_id in rows:
        found.setdefault(item_id, []).append(origin_id)
    return {item_id: origins[0] for item_id, origins in found.items() if len(origins) == 1}


def take_over(session: Session, answer: AssessmentAnswer, photo: Attachment, folder: Path) -> Attachment:
    """Let last time's photo prove an item again (沿用): a copy of it that belongs to this assessment."""
    assessment = answer.assessment
    require_open(session, assessment)
    if photo.id not in {one.id for one in offered_from_before(session, assessment).get(answer.item_id, ())}:
        raise Refused("这张照片不能沿用到这一项，请刷新页面再看。")
    same = select(Attachment).where(
        Attachment.assessment_id == assessment.id,
        Attachment.sha256 == photo.sha256,
        Attachment.kind == AttachmentKind.PHOTO,
    )
    copy = session.scalars(same.limit(1)).first()
    if copy is None:
        name = _next_name(session, assessment, photo.content_type)
        file = Examined(name, photo.content_type, *_contents(photo, folder))
        copy = store_attachment(session, assessment, file, folder, AttachmentKind.PHOTO)
    link(session, copy, [answer])
    return copy


def _contents(photo: Attachment, folder: Path) -> tuple[bytes, bytes]:
    try:
        return tuple(open_attachment(photo, folder, small=small).read_bytes() for small in (False, True))
    except FileMissing:
        raise Refused("上次的照片文件不在了，请重新拍一张。") from None
