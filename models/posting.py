"""Postings (派驻) of advisers to companies, the visits made and the problems solved."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.adviser import Adviser
from models.base import BranchScoped, Record, label, owned_by, owner_key
from models.column_types import LabelledEnum, choice, in_order
from models.company import Company

_ACTIVE = text("ended_on IS NULL")


class Posting(BranchScoped, Record):
    """One adviser at one company. It belongs to the company's branch and carries what the two sides know of each other.

    At most one active posting for an adviser and for a company; names and work phone are copied by the database.
    """

    record_name = "派驻"
    __owner__ = "company"

    company_id: Mapped[int] = mapped_column(
        index=True,
        info=label("企业", also="企业名称 企业简称 派驻企业 派驻企业名称 派驻单位 入驻企业 所驻企业 单位名称"),
    )
    company_name: Mapped[str] = mapped_column(String(40), info=label("企业", computed=True))
    adviser_id: Mapped[int] = mapped_column(
        index=True, info=label("指导员", also="指导员姓名 党建指导员 党建指导员姓名 派驻指导员 姓名")
    )
    adviser_name: Mapped[str] = mapped_column(String(40), info=label("指导员", computed=True))
    adviser_phone: Mapped[str] = mapped_column(String(20), info=label("指导员工作电话", computed=True))
    started_on: Mapped[date] = mapped_column(
        info=label("派驻开始", also="派驻时间 开始时间 进驻时间 入驻时间 派驻开始时间 到岗时间")
    )
    ended_on: Mapped[date | None] = mapped_column(
        info=label("派驻结束", "从这一天起，指导员不再能看到企业的记录。", computed=True)
    )
    end_reason: Mapped[str | None] = mapped_column(
        String(20), info=label("结束原因", code="posting_end_reason", computed=True)
    )
    handover: Mapped[str | None] = mapped_column(
        String(1000), info=label("交接情况", multiline=True, also="交接 交接内容 交接事项")
    )

    company: Mapped[Company] = relationship(
        foreign_keys="[Posting.company_id, Posting.branch_id, Posting.company_name]"
    )
    adviser: Mapped[Adviser] = relationship(
        foreign_keys="[Posting.adviser_id, Posting.adviser_name, Posting.adviser_phone]"
    )

    __table_args__ = (
        owner_key(),
        ForeignKeyConstraint(
            ["company_id", "branch_id", "company_name"],
            ["company.id", "company.branch_id", "company.short_name"],
            onupdate="CASCADE",
        ),
        ForeignKeyConstraint(
            ["adviser_id", "adviser_name", "adviser_phone"],
            ["adviser.id", "adviser.name", "adviser.work_phone"],
            onupdate="CASCADE",
        ),
        Index("uq_posting_active_adviser", "adviser_id", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
        Index("uq_posting_active_company", "company_id", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
        in_order("started_before_ended", "started_on", "ended_on"),
        CheckConstraint("ended_on IS NULL OR end_reason IS NOT NULL", name="ended_with_reason"),
    )

    @property
    def title(self) -> str:
        return f"{self.adviser_name} → {self.company_name}"


class Visit(BranchScoped, Record):
    """A visit (走访) of the adviser to the company."""

    record_name = "走访"
    __owner__ = "posting"

    posting_id: Mapped[int] = mapped_column(
        index=True,
        info=label(
            "派驻",
            also="走访对象 所在企业 企业 企业名称 企业简称 走访企业 走访企业名称 走访单位 被走访企业 派驻企业 单位名称",
        ),
    )
    visited_on: Mapped[date] = mapped_column(info=label("走访日期", also="时间 走访日"))
    purpose: Mapped[str] = mapped_column(
        String(20),
        default="routine",
        info=label(
            "走访事由",
            code="visit_purpose",
            also="走访原因 走访任务 目的 主题 事由 走访目的 走访事项 走访类型 走访主题",
        ),
    )
    findings: Mapped[str] = mapped_column(
        String(2000),
        info=label(
            "走访情况",
            "看到了什么，谈了什么。",
            multiline=True,
            also="主要内容 谈话记录 收集意见 走访内容及情况 走访内容 走访记录 走访情况记录 主要情况 情况 工作内容 谈话内容 了解情况 内容",
        ),
    )
    late_reason: Mapped[str | None] = mapped_column(
        String(200), info=label("补记原因", "事后补记的，写一句原因。", also="补录原因 补报原因")
    )

    posting: Mapped[Posting] = relationship()

    __table_args__ = (owned_by("posting"),)

    @property
    def title(self) -> str:
        return f"{self.visited_on} 走访"


class ProblemStatus(LabelledEnum):
    """How far a problem has come."""

    OPEN = "open", "待办"
    ACTING = "acting", "办理中"
    CLOSED = "closed", "已办结"


class Problem(BranchScoped, Record):
    """A real problem of the company (办实事解难题): found, acted on, closed."""

    record_name = "解难题"
    __owner__ = "company"

    company_id: Mapped[int] = mapped_column(
        index=True, info=label("企业", also="企业名称 企业简称 所在企业 提出企业 反映企业 单位名称")
    )
    found_on: Mapped[date] = mapped_column(
        info=label("提出日期", also="诉求时间 问题提出时间 收到时间 发现时间 反映时间 收集时间 登记时间 时间")
    )
    subject: Mapped[str] = mapped_column(
        String(100),
        info=label(
            "难题",
            also="诉求事项 诉求内容 困难事项 困难和问题 困难问题诉求 困难 具体问题 问题困难 难点 实事 实事内容 问题 难题内容 难题名称 问题描述 问题内容 存在问题 困难问题 难点问题 反映问题 困难诉求 企业诉求 问题及诉求 诉求 实事名称 事项",
        ),
    )
    action: Mapped[str | None] = mapped_column(
        String(2000),
        info=label(
            "办理情况",
            multiline=True,
            also="解决措施及成效 办理成效 解决成效 措施及成效 办理措施 推进情况 解决办法 工作措施 办实事情况 解决措施 办理结果 处理情况 处理结果 解决情况 办理进展 采取措施 落实情况",
        ),
    )
    status: Mapped[ProblemStatus] = mapped_column(
        choice(ProblemStatus), default=ProblemStatus.OPEN, info=label("进展", also="办理状态 办理进度 解决进度 状态")
    )
    closed_on: Mapped[date | None] = mapped_column(info=label("办结日期", also="解决时间 完成时间 销号时间"))

    company: Mapped[Company] = relationship()

    __table_args__ = (
        owned_by("company"),
        in_order("found_before_closed", "found_on", "closed_on"),
        CheckConstraint("(status = 'closed') = (closed_on IS NOT NULL)", name="closed_with_date"),
    )

    @property
    def title(self) -> str:
        return self.subject


class WorkLog(BranchScoped, Record):
    """What an adviser did at a company, kept as a document of the home branch when the posting ends."""

    record_name = "工作日志"
    __owner__ = "adviser"

    adviser_id: Mapped[int] = mapped_column(index=True, info=label("指导员"))
    company_name: Mapped[str] = mapped_column(String(40), info=label("企业"))
    started_on: Mapped[date] = mapped_column(info=label("派驻开始"))
    ended_on: Mapped[date] = mapped_column(info=label("派驻结束"))
    text: Mapped[str] = mapped_column(String(20000), info=label("内容", multiline=True))

    adviser: Mapped[Adviser] = relationship()

    __table_args__ = (owned_by("adviser"),)

    @property
    def title(self) -> str:
        return f"{self.company_name} {self.started_on} 至 {self.ended_on}"
