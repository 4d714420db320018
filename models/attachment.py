"""Files of records, and what they prove."""

from typing import Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from models.assessment import Assessment, AssessmentAnswer
from models.base import BranchScoped, Record, label, one_of, owned_by, owner_key
from models.column_types import LabelledEnum, choice
from models.contribution import Regulation
from models.rectification import Rectification


class AttachmentKind(LabelledEnum):
    """What a file is to its record."""

    FILE = "file", "附件"
    PHOTO = "photo", "佐证照片"
    SIGNED_PAGE = "signed_page", "签字页"


class Attachment(BranchScoped, Record):
    """A file that belongs to a record. Stored under a random name; the name it came with is kept here."""

    record_name = "附件"
    __owner__ = ("assessment", "rectification", "regulation")

    assessment_id: Mapped[int | None] = mapped_column(index=True, info=label("考核"))
    rectification_id: Mapped[int | None] = mapped_column(index=True, info=label("整改"))
    regulation_id: Mapped[int | None] = mapped_column(index=True, info=label("制度"))
    kind: Mapped[AttachmentKind] = mapped_column(
        choice(AttachmentKind), default=AttachmentKind.FILE, server_default="file", info=label("用途", computed=True)
    )
    file_name: Mapped[str] = mapped_column(String(200), info=label("文件名"))
    stored_name: Mapped[str] = mapped_column(String(64), unique=True, info=label("存储名", internal=True))
    content_type: Mapped[str] = mapped_column(String(80), info=label("类型", internal=True))
    size: Mapped[int] = mapped_column(info=label("大小", unit="字节"))
    sha256: Mapped[str] = mapped_column(String(64), info=label("校验值", internal=True))
    upload_key: Mapped[str | None] = mapped_column(
        String(36), unique=True, info=label("上传编号", "手机给的编号：断线后重传，不会存两份。", internal=True)
    )

    assessment: Mapped[Assessment | None] = relationship(
        back_populates="attachments",
        primaryjoin="Attachment.assessment_id == Assessment.id",
        foreign_keys="Attachment.assessment_id",
    )
    rectification: Mapped[Rectification | None] = relationship(
        back_populates="attachments",
        primaryjoin="Attachment.rectification_id == Rectification.id",
        foreign_keys="Attachment.rectification_id",
    )
    regulation: Mapped[Regulation | None] = relationship(
        back_populates="attachments",
        primaryjoin="Attachment.regulation_id == Regulation.id",
        foreign_keys="Attachment.regulation_id",
    )

    evidence: Mapped[list["AnswerEvidence"]] = relationship(
        back_populates="attachment",
        cascade="all, delete-orphan",
        primaryjoin="AnswerEvidence.attachment_id == Attachment.id",
        foreign_keys="AnswerEvidence.attachment_id",
    )

    __table_args__ = (
        owner_key(),
        owned_by("assessment", required=False),
        owned_by("rectification", required=False),
        owned_by("regulation", required=False),
        # Photos are looked up by what they show, whether one was used before: in one branch or in the whole city.
        Index(None, "sha256", "branch_id"),
        one_of("assessment_id", "rectification_id", "regulation_id"),
    )

    @validates("assessment", "rectification", "regulation")
    def _take_branch(self, _key: str, owner: Any) -> Any:
        if owner is not None:
            self.branch_id = owner.branch_id
        return owner

    @property
    def title(self) -> str:
        return self.file_name


class AnswerEvidence(BranchScoped, Record):
    """A photo that proves an item of an assessment; one photo may prove several."""

    record_name = "佐证"
    __owner__ = "assessment_answer"
    __sorts__ = ()

    answer_id: Mapped[int] = mapped_column(index=True, info=label("考核答案"))
    attachment_id: Mapped[int] = mapped_column(index=True, info=label("照片"))

    answer: Mapped[AssessmentAnswer] = relationship(back_populates="evidence")
    attachment: Mapped[Attachment] = relationship(
        back_populates="evidence",
        primaryjoin="AnswerEvidence.attachment_id == Attachment.id",
        foreign_keys="AnswerEvidence.attachment_id",
    )

    __table_args__ = (
        owned_by("assessment_answer", "answer_id"),
        owned_by("attachment", required=False),
        UniqueConstraint("answer_id", "attachment_id"),
    )
