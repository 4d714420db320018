"""Assessments (考核) of a company against one version of a checklist, and the rectifications (整改) that follow."""

from datetime import date
from itertools import combinations
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from models.base import BranchScoped, Record, label, owned_by, owner_key
from models.checklist import ChecklistItem, ChecklistStep, ChecklistVersion
from models.column_types import LabelledEnum, choice, in_order
from models.company import Company


class Answer(LabelledEnum):
    """What was found for an item."""

    MET = "met", "达到"
    PARTLY = "partly", "部分达到"
    NOT_MET = "not_met", "未达到"
    NOT_APPLICABLE = "not_applicable", "不适用"


class Result(LabelledEnum):
    """The band that a score falls into; the bands' limits belong to the checklist's version."""

    PASSED = "passed", "达标"
    NEARLY = "nearly", "基本达标"
    FAILED = "failed", "不达标"


class AssessmentStatus(LabelledEnum):
    """Self-assessed by the company, then reviewed."""

    DRAFT = "draft", "填写中"
    SUBMITTED = "submitted", "已自评"
    REVIEWED = "reviewed", "已考评"


class Assessment(BranchScoped, Record):
    """A company held against one version, for ever. Scores are hundredths of a percent of the points in play."""

    record_name = "考核"
    __owner__ = "company"

    company_id: Mapped[int] = mapped_column(index=True, info=label("企业", also="企业名称 企业简称 单位名称"))
    checklist_version_id: Mapped[int] = mapped_column(
        ForeignKey("checklist_version.id"), info=label("清单版本", also="清单 考核清单 考核标准")
    )
    assessed_on: Mapped[date] = mapped_column(info=label("考核日期", also="考评时间 时间"))
    status: Mapped[AssessmentStatus] = mapped_column(
        choice(AssessmentStatus), default=AssessmentStatus.DRAFT, info=label("进展", computed=True)
    )
    self_score: Mapped[int | None] = mapped_column(info=label("自评分", computed=True, hundredths=True))
    review_score: Mapped[int | None] = mapped_column(info=label("考评分", computed=True, hundredths=True))
    vetoed: Mapped[bool] = mapped_column(
        default=False, server_default=false(), info=label("一票否决", "有必须达到的一项没有达到。", computed=True)
    )
    result: Mapped[Result | None] = mapped_column(choice(Result), info=label("考评结果", computed=True))
    note: Mapped[str | None] = mapped_column(
        String(500), info=label("备注", multiline=True, also="说明 附注 其他说明 需要说明的情况")
    )

    company: Mapped[Company] = relationship()
    checklist_version: Mapped[ChecklistVersion] = relationship()
    answers: Mapped[list["AssessmentAnswer"]] = relationship(back_populates="assessment", cascade="all, delete-orphan")

    __table_args__ = (
        owner_key(),
        owned_by("company"),
        UniqueConstraint("branch_id", "company_id", "checklist_version_id", "assessed_on"),
        # All that were made against one version, in the list's own order: a year's result is read and exported so.
        Index(None, "checklist_version_id", "assessed_on", "id"),
        # With all that bonuses can bring at most.
        CheckConstraint("self_score BETWEEN 0 AND 20000", name="self_score_range"),
        CheckConstraint("review_score BETWEEN 0 AND 20000", name="review_score_range"),
    )

    @property
    def title(self) -> str:
        return f"{self.assessed_on} 考核"


def _one_of(side: str) -> str:
    """An item is answered by a word, by a grade or by a number."""
    some = (f"{side}_answer", f"{side}_step_id", f"{side}_number")
    pairs = (f"({one} IS NULL OR {other} IS NULL)" for one, other in combinations(some, 2))
    return " AND ".join(pairs)


class AssessmentAnswer(BranchScoped, Record):
    """The two answers for one item: the company's own and the reviewer's, with a reason where they differ.

    Each is one of the four words, or of the item's grades, or a number (in hundredths): what was measured, how often
    points are taken off, or the points of a bonus.
    """

    record_name = "考核答案"
    __owner__ = "assessment"
    __sorts__ = ()

    assessment_id: Mapped[int] = mapped_column(index=True, info=label("考核"))
    item_id: Mapped[int] = mapped_column(ForeignKey("checklist_item.id"), info=label("检查项"))
    self_answer: Mapped[Answer | None] = mapped_column(choice(Answer, "self_answer"), info=label("自评"))
    self_step_id: Mapped[int | None] = mapped_column(ForeignKey("checklist_step.id"), info=label("自评档次"))
    self_number: Mapped[int | None] = mapped_column(info=label("自评数量", hundredths=True))
    review_answer: Mapped[Answer | None] = mapped_column(choice(Answer, "review_answer"), info=label("考评"))
    review_step_id: Mapped[int | None] = mapped_column(ForeignKey("checklist_step.id"), info=label("考评档次"))
    review_number: Mapped[int | None] = mapped_column(info=label("考评数量", hundredths=True))
    note: Mapped[str | None] = mapped_column(String(500), info=label("说明", multiline=True))
    reason: Mapped[str | None] = mapped_column(String(200), info=label("不一致的原因"))

    assessment: Mapped[Assessment] = relationship(back_populates="answers")
    item: Mapped[ChecklistItem] = relationship()
    self_step: Mapped[ChecklistStep | None] = relationship(foreign_keys=[self_step_id])
    review_step: Mapped[ChecklistStep | None] = relationship(foreign_keys=[review_step_id])

    __table_args__ = (
        owned_by("assessment"),
        UniqueConstraint("branch_id", "assessment_id", "item_id"),
        CheckConstraint(_one_of("self"), name="one_self_answer"),
        CheckConstraint(_one_of("review"), name="one_review_answer"),
        CheckConstraint("self_number >= 0", name="self_number_not_negative"),
        CheckConstraint("review_number >= 0", name="review_number_not_negative"),
    )


class RectificationStatus(LabelledEnum):
    """How far the mending has come."""

    OPEN = "open", "待整改"
    DONE = "done", "已整改待复查"
    CLOSED = "closed", "已销号"


class Rectification(BranchScoped, Record):
    """What has to be mended, by whom and by when, and how it was checked again."""

    record_name = "整改"
    __owner__ = "company"

    company_id: Mapped[int] = mapped_column(index=True, info=label("企业", also="企业名称 企业简称 单位名称"))
    assessment_id: Mapped[int | None] = mapped_column(index=True, info=label("来自考核"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("checklist_item.id"), info=label("检查项"))
    what: Mapped[str] = mapped_column(String(200), info=label("整改事项", also="整改问题 整改内容 存在问题 问题"))
    responsible: Mapped[str] = mapped_column(String(40), info=label("责任人", also="整改责任人 责任人员 负责人"))
    due_on: Mapped[date] = mapped_column(info=label("整改期限", also="整改时限 完成时限 整改截止时间 期限"))
    evidence: Mapped[str | None] = mapped_column(
        String(1000),
        info=label("整改情况", "做了什么，现在怎样。", multiline=True, also="整改措施 整改结果 整改落实情况"),
    )
    status: Mapped[RectificationStatus] = mapped_column(
        choice(RectificationStatus), default=RectificationStatus.OPEN, info=label("进展", computed=True)
    )
    done_on: Mapped[date | None] = mapped_column(info=label("整改完成日期", "不填就是今天。", computed=True))
    closed_on: Mapped[date | None] = mapped_column(info=label("销号日期", "不填就是今天。", computed=True))

    company: Mapped[Company] = relationship()
    assessment: Mapped[Assessment | None] = relationship(
        primaryjoin="Rectification.assessment_id == Assessment.id", foreign_keys="Rectification.assessment_id"
    )
    item: Mapped[ChecklistItem | None] = relationship()
    attachments: Mapped[list["Attachment"]] = relationship(
        back_populates="rectification",
        cascade="all, delete-orphan",
        primaryjoin="Attachment.rectification_id == Rectification.id",
        foreign_keys="Attachment.rectification_id",
    )

    __table_args__ = (
        owner_key(),
        owned_by("company"),
        owned_by("assessment", required=False),
        in_order("done_before_closed", "done_on", "closed_on"),
        CheckConstraint("(status = 'closed') = (closed_on IS NOT NULL)", name="closed_with_date"),
    )

    @property
    def title(self) -> str:
        return self.what


class Attachment(BranchScoped, Record):
    """A file that belongs to a record. Stored under a random name; the name it came with is kept here."""

    record_name = "附件"
    __owner__ = ("rectification", "regulation")

    rectification_id: Mapped[int | None] = mapped_column(index=True, info=label("整改"))
    regulation_id: Mapped[int | None] = mapped_column(index=True, info=label("制度"))
    file_name: Mapped[str] = mapped_column(String(200), info=label("文件名"))
    stored_name: Mapped[str] = mapped_column(String(64), unique=True, info=label("存储名", internal=True))
    content_type: Mapped[str] = mapped_column(String(80), info=label("类型", internal=True))
    size: Mapped[int] = mapped_column(info=label("大小", unit="字节"))
    sha256: Mapped[str] = mapped_column(String(64), info=label("校验值", internal=True))

    rectification: Mapped[Rectification | None] = relationship(
        back_populates="attachments",
        primaryjoin="Attachment.rectification_id == Rectification.id",
        foreign_keys="Attachment.rectification_id",
    )
    regulation: Mapped["Regulation | None"] = relationship(  # noqa: F821
        back_populates="attachments",
        primaryjoin="Attachment.regulation_id == Regulation.id",
        foreign_keys="Attachment.regulation_id",
    )

    __table_args__ = (
        owned_by("rectification", required=False),
        owned_by("regulation", required=False),
        CheckConstraint("(rectification_id IS NULL) <> (regulation_id IS NULL)", name="one_owner"),
    )

    @validates("rectification", "regulation")
    def _take_branch(self, _key: str, owner: Any) -> Any:
        if owner is not None:
            self.branch_id = owner.branch_id
        return owner

    @property
    def title(self) -> str:
        return self.file_name
