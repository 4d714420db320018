"""Care (关怀): one-to-one pairing with monthly contact, care visits at festivals, notes on health."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BranchScoped, Record, label, named_after, owned_by, owner_key
from models.column_types import EncryptedText, LabelledEnum, choice, in_order
from models.person import Person

_ACTIVE = text("ended_on IS NULL")


class OneToOnePairing(BranchScoped, Record):
    """A serving colleague paired with a retired one (一对一结对)."""

    record_name = "一对一结对"
    __owner__ = "person"

    person_id: Mapped[int] = mapped_column(
        index=True, info=label("离退休人员", also="离退休干部 离退休党员 离退休人员姓名 老干部 老同志 结对对象 姓名")
    )
    colleague: Mapped[str] = mapped_column(
        String(40), info=label("在职人员", also="结对干部 结对干部姓名 在职干部 在职党员 结对人")
    )
    colleague_unit: Mapped[str | None] = mapped_column(
        String(80), info=label("在职人员单位", also="结对干部单位 结对人单位 在职人员所在单位 工作单位 单位")
    )
    started_on: Mapped[date] = mapped_column(info=label("结对日期", also="结对时间"))
    ended_on: Mapped[date | None] = mapped_column(info=label("结束日期", also="结束时间"))

    person: Mapped[Person] = relationship()
    contacts: Mapped[list["PairingContact"]] = relationship(
        back_populates="one_to_one_pairing", cascade="all, delete-orphan"
    )

    __table_args__ = (
        owner_key(),
        owned_by("person"),
        Index("uq_one_to_one_pairing_active", "branch_id", "person_id", unique=True,
              sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
        in_order("started_before_ended", "started_on", "ended_on"),
    )  # fmt: skip

    @property
    def title(self) -> str:
        return f"{self.colleague} 结对"


class PairingContact(BranchScoped, Record):
    """A contact within a pairing: at least one a month. What concerns health is kept apart (HealthNote)."""

    record_name = "结对联系"
    __owner__ = "one_to_one_pairing"

    one_to_one_pairing_id: Mapped[int] = mapped_column(index=True, info=label("一对一结对"))
    contacted_on: Mapped[date] = mapped_column(info=label("联系日期", also="联系时间 时间"))
    way: Mapped[str] = mapped_column(String(20), info=label("联系方式", code="contact_way", also="方式 联系形式"))
    state_of_mind: Mapped[str | None] = mapped_column(
        String(500),
        info=label(
            "思想和生活情况",
            "身体情况请记在“健康记录”里。",
            multiline=True,
            also="思想情况 思想状况 生活情况 思想动态 内容",
        ),
    )

    one_to_one_pairing: Mapped[OneToOnePairing] = relationship(back_populates="contacts")

    __table_args__ = (owned_by("one_to_one_pairing"),)

    @property
    def title(self) -> str:
        return f"{self.contacted_on} 联系"


class HealthNote(BranchScoped, Record):
    """A note on somebody's health: encrypted, under a permission of its own, in no export by default."""

    record_name = "健康记录"
    __owner__ = "person"

    person_id: Mapped[int] = mapped_column(index=True, info=label("人员", also="姓名"))
    noted_on: Mapped[date] = mapped_column(info=label("记录日期", also="时间 记录时间"))
    note: Mapped[str] = mapped_column(
        EncryptedText, info=label("健康情况", multiline=True, personal=True, also="身体状况 健康状况 身体情况")
    )

    person: Mapped[Person] = relationship()

    __table_args__ = (owned_by("person"),)

    @property
    def title(self) -> str:
        return f"{self.noted_on} 健康记录"


class CampaignStatus(LabelledEnum):
    """The list of those to be visited is open until it is fixed."""

    PLANNED = "planned", "筹备中"
    FIXED = "fixed", "名单已定"
    CLOSED = "closed", "已结束"


class CareCampaign(BranchScoped, Record):
    """Care visits on one occasion. The list of those to be visited is fixed at the start and must be gone through whole."""

    record_name = "慰问活动"

    occasion: Mapped[str] = mapped_column(
        String(20), info=label("时节", code="care_occasion", also="节日 慰问时节 慰问节点")
    )
    year: Mapped[int] = mapped_column(info=label("年度", also="年"))
    starts_on: Mapped[date] = mapped_column(info=label("开始日期", also="开始时间"))
    ends_on: Mapped[date | None] = mapped_column(info=label("结束日期", also="结束时间"))
    status: Mapped[CampaignStatus] = mapped_column(
        choice(CampaignStatus), default=CampaignStatus.PLANNED, info=label("进展", computed=True)
    )
    note: Mapped[str | None] = mapped_column(
        String(500), info=label("备注", multiline=True, also="说明 附注 其他说明 需要说明的情况")
    )

    visits: Mapped[list["CareVisit"]] = relationship(back_populates="care_campaign", cascade="all, delete-orphan")

    __table_args__ = (
        owner_key(),
        UniqueConstraint("branch_id", "occasion", "year"),
        CheckConstraint("year BETWEEN 1949 AND 2100", name="year_plausible"),
        in_order("starts_before_ends", "starts_on", "ends_on"),
    )

    @property
    def title(self) -> str:
        return f"{self.year} 年慰问（{self.starts_on} 起）"


class CareVisit(BranchScoped, Record):
    """One of those to be visited: not yet, or on a day. The name stays even when the person moves to another branch."""

    record_name = "慰问"
    __owner__ = "care_campaign"

    care_campaign_id: Mapped[int] = mapped_column(index=True, info=label("慰问活动"))
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="RESTRICT"), index=True, info=label("慰问对象")
    )
    person_name: Mapped[str] = mapped_column(String(40), info=label("慰问对象", computed=True))
    visited_on: Mapped[date | None] = mapped_column(info=label("慰问日期", computed=True))
    visitor: Mapped[str | None] = mapped_column(String(40), info=label("慰问人", computed=True))
    brought: Mapped[str | None] = mapped_column(
        String(200), info=label("慰问内容", "送温暖、送问候、送关怀：做了什么。", computed=True)
    )

    care_campaign: Mapped[CareCampaign] = relationship(back_populates="visits")
    person: Mapped[Person] = relationship(foreign_keys="[CareVisit.person_id, CareVisit.person_name]")

    __table_args__ = (
        owned_by("care_campaign"),
        named_after("person"),
        UniqueConstraint("branch_id", "care_campaign_id", "person_id"),
        CheckConstraint("(visited_on IS NULL) = (visitor IS NULL)", name="visited_by_somebody"),
    )

    @property
    def title(self) -> str:
        return f"{self.person_name}　{f'{self.visited_on} 已慰问' if self.visited_on else '还没有慰问'}"
