"""How a company is covered (两个覆盖), its mass organisations (工青妇), and members who never registered (口袋党员)."""

from datetime import date

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BranchScoped, Record, label, owned_by
from models.column_types import LabelledEnum, PartialDate, PartialDateType, choice, in_order
from models.company import Company
from models.person import Person


class CoverageKind(LabelledEnum):
    """The two coverages: a Party organisation, or Party work without one."""

    ORGANISATION = "organisation", "组织覆盖"
    WORK = "work", "工作覆盖"


class Coverage(BranchScoped, Record):
    """That a company is covered by an organisation or by work, since when and in which way."""

    record_name = "两个覆盖"
    __owner__ = "company"

    company_id: Mapped[int] = mapped_column(index=True, info=label("企业", also="企业名称 企业简称 单位名称"))
    kind: Mapped[CoverageKind] = mapped_column(choice(CoverageKind), info=label("覆盖类别", also="类别 覆盖类型"))
    way: Mapped[str] = mapped_column(
        String(20), info=label("覆盖方式", code="coverage_way", also="组建方式 组建形式 覆盖形式")
    )
    covered_on: Mapped[PartialDate | None] = mapped_column(PartialDateType, info=label("覆盖时间", also="组建时间"))
    note: Mapped[str | None] = mapped_column(
        String(500), info=label("备注", multiline=True, also="说明 附注 其他说明 需要说明的情况")
    )

    company: Mapped[Company] = relationship()

    __table_args__ = (owned_by("company"), UniqueConstraint("branch_id", "company_id", "kind"))

    @property
    def title(self) -> str:
        return self.kind.label if self.kind else "两个覆盖"


class MassOrganisationKind(LabelledEnum):
    """Trade union, youth league, women's group."""

    TRADE_UNION = "trade_union", "工会"
    YOUTH_LEAGUE = "youth_league", "共青团"
    WOMENS_GROUP = "womens_group", "妇联"


class MassOrganisation(BranchScoped, Record):
    """A mass organisation that was built in a company."""

    record_name = "工青妇组织"
    __owner__ = "company"

    company_id: Mapped[int] = mapped_column(index=True, info=label("企业", also="企业名称 企业简称 单位名称"))
    kind: Mapped[MassOrganisationKind] = mapped_column(
        choice(MassOrganisationKind), info=label("类别", also="组织类别 群团组织 群团类别 工青妇 组织名称")
    )
    founded_on: Mapped[PartialDate | None] = mapped_column(
        PartialDateType, info=label("成立时间", also="建立时间 组建时间")
    )
    leader: Mapped[str | None] = mapped_column(
        String(40), info=label("负责人", also="主席姓名 组织主席 组织负责人 主席 负责人姓名")
    )
    members: Mapped[int | None] = mapped_column(
        info=label("成员人数", unit="人", also="会员数 团员数 会员总数 会员人数 团员人数 成员数 人数")
    )

    company: Mapped[Company] = relationship()

    __table_args__ = (
        owned_by("company"),
        UniqueConstraint("branch_id", "company_id", "kind"),
        CheckConstraint("members >= 0", name="members_not_negative"),
    )

    @property
    def title(self) -> str:
        return self.kind.label if self.kind else "工青妇组织"


class RegistrationStatus(LabelledEnum):
    """How far the transfer of a member's registration has come."""

    FOUND = "found", "已发现"
    CONTACTED = "contacted", "已联系"
    TRANSFERRED = "transferred", "已转接"
    CLOSED = "closed", "已办结"


class UnregisteredMember(BranchScoped, Record):
    """A Party member who works in a company and never transferred the registration: found, contacted, transferred."""

    record_name = "口袋党员"
    __owner__ = "person"

    person_id: Mapped[int] = mapped_column(index=True, info=label("人员", also="姓名 党员姓名"))
    found_on: Mapped[date] = mapped_column(info=label("发现日期", also="排查时间 摸排时间 时间"))
    registered_at: Mapped[str | None] = mapped_column(
        String(100),
        info=label(
            "组织关系所在",
            "不清楚可以先不填。",
            also="原组织关系所在地 原组织关系 原所在党组织 组织关系所在地 组织关系所在支部 组织关系所在党支部 组织关系 原党组织",
        ),
    )
    status: Mapped[RegistrationStatus] = mapped_column(
        choice(RegistrationStatus), default=RegistrationStatus.FOUND, info=label("进展", computed=True)
    )
    contacted_on: Mapped[date | None] = mapped_column(info=label("联系日期", "不填就是今天。", computed=True))
    transferred_on: Mapped[date | None] = mapped_column(info=label("转接日期", "不填就是今天。", computed=True))
    closed_on: Mapped[date | None] = mapped_column(info=label("办结日期", "不填就是今天。", computed=True))
    result: Mapped[str | None] = mapped_column(
        String(500), info=label("办理结果", "转到哪里，或为什么不转。", multiline=True, computed=True)
    )
    note: Mapped[str | None] = mapped_column(
        String(500), info=label("备注", multiline=True, also="说明 附注 其他说明 需要说明的情况")
    )

    person: Mapped[Person] = relationship()

    __table_args__ = (
        owned_by("person"),
        UniqueConstraint("branch_id", "person_id", "found_on"),
        in_order("found_before_contacted", "found_on", "contacted_on"),
        in_order("contacted_before_transferred", "contacted_on", "transferred_on"),
        in_order("found_before_closed", "found_on", "closed_on"),
        CheckConstraint("(status = 'closed') = (closed_on IS NOT NULL)", name="closed_with_date"),
    )

    @property
    def title(self) -> str:
        return f"口袋党员 {self.found_on}"
