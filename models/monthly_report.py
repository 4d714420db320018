"""The monthly report (月报) that each company hands in."""

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BranchScoped, Record, label, owned_by
from models.column_types import LabelledEnum, choice
from models.company import Company


class ReportStatus(LabelledEnum):
    """From the company's desk to the office's."""

    DRAFT = "draft", "填写中"
    SUBMITTED = "submitted", "已提交"
    RETURNED = "returned", "已退回"
    ACCEPTED = "accepted", "已接收"


class MonthlyReport(BranchScoped, Record):
    """What a company reports for one month (written 2026-11)."""

    record_name = "月报"
    __owner__ = "company"

    company_id: Mapped[int] = mapped_column(index=True, info=label("企业", also="企业名称 企业简称 单位名称"))
    month: Mapped[str] = mapped_column(String(7), info=label("月份", "如 2026-11。", check="month", also="报告月份"))
    content: Mapped[str] = mapped_column(
        String(4000),
        info=label(
            "本月情况",
            multiline=True,
            also="本月工作情况 本月主要工作 本月完成情况 工作情况 本月工作 主要工作 工作内容",
        ),
    )
    status: Mapped[ReportStatus] = mapped_column(
        choice(ReportStatus), default=ReportStatus.DRAFT, info=label("状态", computed=True)
    )
    return_reason: Mapped[str | None] = mapped_column(String(200), info=label("退回原因", computed=True))

    company: Mapped[Company] = relationship()

    __table_args__ = (
        owned_by("company"),
        UniqueConstraint("branch_id", "company_id", "month"),
        CheckConstraint("status <> 'returned' OR return_reason IS NOT NULL", name="returned_with_reason"),
    )

    @property
    def title(self) -> str:
        return f"{self.month} 月报"
