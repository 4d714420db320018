"""What branches and their members achieve: honours, suggestions and research reports, works; and the rules they set up."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BranchScoped, Record, label, named_after, owned_by, owner_key
from models.column_types import LabelledEnum, PartialDate, PartialDateType, choice, in_order
from models.person import Person


class Honour(BranchScoped, Record):
    """An honour (荣誉) given to a branch, or to one of its people."""

    record_name = "荣誉"

    name: Mapped[str] = mapped_column(
        String(100),
        info=label(
            "荣誉名称", also="荣誉 荣誉称号 称号 奖项 奖项名称 获奖名称 表彰名称 奖励名称 所获荣誉 获得荣誉 获奖项目"
        ),
    )
    level: Mapped[str | None] = mapped_column(
        String(20),
        info=label(
            "级别",
            code="honour_level",
            also="层次 荣誉层次 荣誉层级 授予级别 荣誉级别 荣誉等级 奖项级别 奖励级别 表彰级别 等级 层级",
        ),
    )
    body: Mapped[str | None] = mapped_column(
        String(80),
        info=label(
            "授予单位", also="颁发单位 颁奖单位 授奖单位 表彰单位 发证单位 授予机关 颁奖机关 表彰机关 授予部门 颁发机构"
        ),
    )
    awarded_on: Mapped[PartialDate] = mapped_column(
        PartialDateType,
        info=label(
            "授予时间",
            "可写 2020、2020.7。",
            also="颁发时间 获评时间 命名时间 受表彰时间 授牌时间 获奖时间 荣获时间 获得时间 颁奖时间 授奖时间 表彰时间 获奖年度 表彰年度 时间 年度",
        ),
    )
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="RESTRICT"),
        index=True,
        info=label(
            "获奖人",
            "个人荣誉才选。",
            also="受表彰人 受表彰者 受奖人 表彰对象 获奖者 获得者 获奖人员 获奖个人 个人姓名 姓名",
        ),
    )
    person_name: Mapped[str | None] = mapped_column(String(40), info=label("获奖人", computed=True))

    person: Mapped[Person | None] = relationship(foreign_keys="[Honour.person_id, Honour.person_name]")

    __table_args__ = (named_after("person"), UniqueConstraint("branch_id", "name", "awarded_on", "person_id"))

    @property
    def title(self) -> str:
        return self.name


class Regulation(BranchScoped, Record):
    """A rule that a branch set up (制度): adopted, revised, looked through again, in force or not."""

    record_name = "制度"

    name: Mapped[str] = mapped_column(
        String(100), info=label("制度名称", also="制度文件名称 制度标题 制度 规章制度名称 规章制度 文件名称 名称")
    )
    adopted_on: Mapped[PartialDate] = mapped_column(
        PartialDateType,
        info=label("制定时间", "可写 2016、2016.5。", also="制订时间 建立时间 出台时间 发布时间 印发时间 实施时间"),
    )
    revised_on: Mapped[PartialDate | None] = mapped_column(
        PartialDateType, info=label("修订时间", also="最近一次修订时间 最后修订时间 最新修订时间 最近修订时间 修改时间")
    )
    reviewed_on: Mapped[PartialDate | None] = mapped_column(
        PartialDateType, info=label("最近检查时间", "没有修改也要写检查的时间。", also="检查时间 复核时间")
    )
    in_force: Mapped[bool] = mapped_column(
        default=True,
        info=label(
            "有效",
            also="是否生效 是否现行有效 现行有效 是否继续有效 执行状态 状态 是否有效 有效性 是否执行 是否在用 是否现行",
        ),
    )
    text: Mapped[str | None] = mapped_column(
        String(20000),
        info=label("正文", "扫描件放在附件里。", multiline=True, also="制度内容 制度正文 主要内容 全文 内容"),
    )

    attachments: Mapped[list["Attachment"]] = relationship(  # noqa: F821
        back_populates="regulation",
        cascade="all, delete-orphan",
        primaryjoin="Attachment.regulation_id == Regulation.id",
        foreign_keys="Attachment.regulation_id",
    )

    __table_args__ = (
        owner_key(),
        UniqueConstraint("branch_id", "name"),
        in_order("adopted_before_revised", "adopted_on", "revised_on"),
    )

    @property
    def title(self) -> str:
        return self.name


class SuggestionKind(LabelledEnum):
    """A suggestion, or a report on research."""

    SUGGESTION = "suggestion", "建言献策"
    RESEARCH_REPORT = "research_report", "调研报告"


class Suggestion(BranchScoped, Record):
    """A suggestion (建言献策) or a research report (调研报告): to whom it went and whether it was adopted."""

    record_name = "建言调研"

    kind: Mapped[SuggestionKind] = mapped_column(
        choice(SuggestionKind), default=SuggestionKind.SUGGESTION, info=label("类别", also="类型")
    )
    subject: Mapped[str] = mapped_column(
        String(100),
        info=label("题目", also="建议名称 建言名称 报告名称 建议主题 标题 建言题目 调研题目 建议题目 课题名称 名称"),
    )
    made_on: Mapped[PartialDate] = mapped_column(
        PartialDateType,
        info=label(
            "提出时间", "可写 2019、2019.5。", also="建议时间 建言时间 报送时间 完成时间 提交时间 上报时间 时间"
        ),
    )
    made_by: Mapped[str | None] = mapped_column(
        String(100), info=label("提出人", also="建议人 提出者 作者 建言人 撰写人 执笔人 报告人 姓名")
    )
    made_to: Mapped[str | None] = mapped_column(
        String(80), info=label("提交给", also="报送单位 报送对象 提交单位 呈报单位 提交部门")
    )
    text: Mapped[str | None] = mapped_column(
        String(20000), info=label("内容", multiline=True, also="主要内容 建议内容 建言内容 内容摘要")
    )
    adopted_on: Mapped[date | None] = mapped_column(info=label("采纳日期", computed=True))
    adopted_text: Mapped[str | None] = mapped_column(
        String(2000), info=label("采纳情况", "采纳了什么，怎样用的。", multiline=True, computed=True)
    )

    __table_args__ = (CheckConstraint("adopted_on IS NULL OR adopted_text IS NOT NULL", name="adopted_with_text"),)

    @property
    def title(self) -> str:
        return self.subject


class MemberWork(BranchScoped, Record):
    """A work by a member: a book, an article, calligraphy."""

    record_name = "党员作品"
    __owner__ = "person"

    person_id: Mapped[int] = mapped_column(index=True, info=label("作者", also="姓名 作者姓名 党员姓名"))
    name: Mapped[str] = mapped_column(String(100), info=label("作品名称", also="作品题目 作品 作品名 题目"))
    kind: Mapped[str] = mapped_column(String(20), info=label("类别", code="work_kind", also="作品类别 体裁"))
    published_on: Mapped[PartialDate | None] = mapped_column(
        PartialDateType, info=label("发表时间", also="出版时间 创作时间 发表出版时间")
    )
    publisher: Mapped[str | None] = mapped_column(
        String(80), info=label("出版或发表单位", also="出版单位 发表单位 发表刊物 出版社 刊物名称")
    )

    person: Mapped[Person] = relationship()

    __table_args__ = (owned_by("person"),)

    @property
    def title(self) -> str:
        return self.name
