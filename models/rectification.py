"""Rectifications (整改): what an assessment, or anybody, found to be mended."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.assessment import Assessment, assessed_name
from models.base import BranchScoped, Record, label, owned_by, owner_key
from models.checklist import ChecklistItem
from models.column_types import LabelledEnum, choice, in_order
from models.company import Company


class RectificationStatus(LabelledEnum):
    """How far the mending has come."""

    OPEN = "open", "待整改"
    DONE = "done", "已整改待复查"
    CLOSED = "closed", "已销号"


class Rectification(BranchScoped, Record):
    """What has to be mended, by whom and by when, and how it was checked again; without a company, by the branch."""

    record_name = "整改"
    __owner__ = "company"

    company_id: Mapped[int | None] = mapped_column(
        index=True, info=label("企业", needed=True, also="企业名称 企业简称 单位名称")
    )
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
    return_reason: Mapped[str | None] = mapped_column(
        String(200), info=label("退回原因", "复查没有通过，还差什么。", multiline=True, computed=True)
    )
    closed_on: Mapped[date | None] = mapped_column(info=label("销号日期", "不填就是今天。", computed=True))

    company: Mapped[Company | None] = relationship()
    assessment: Mapped[Assessment | None] = relationship(
        primaryjoin="Rectification.assessment_id == Assessment.id", foreign_keys="Rectification.assessment_id"
    )
    item: Mapped[ChecklistItem | None] = relationship()
    attachments: Mapped[list["Attachment"]] = relationship(  # noqa: F821
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

    @property
    def assessed_name(self) -> str:
        """Who mends it: the company, or the branch itself; empty where that is out of sight."""
        return assessed_name(self)
