"""What branches do together and for others: Party classes, pairings, joint activities, volunteer service."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BranchScoped, Record, label, named_after, owned_by, owner_key
from models.branch import Branch
from models.column_types import PartialDate, PartialDateType, in_order
from models.company import Company


class PartyClass(BranchScoped, Record):
    """A Party class (党课) given in a branch, by its secretary, an adviser or somebody invited."""

    record_name = "党课"

    company_id: Mapped[int | None] = mapped_column(index=True, info=label("所在企业", "在企业讲的课才填。"))
    held_on: Mapped[date] = mapped_column(info=label("讲课日期"))
    topic: Mapped[str] = mapped_column(String(100), info=label("题目"))
    speaker: Mapped[str] = mapped_column(String(40), info=label("主讲人"))
    attendance: Mapped[int | None] = mapped_column(info=label("听课人数", unit="人"))
    summary: Mapped[str | None] = mapped_column(String(2000), info=label("主要内容", multiline=True))

    company: Mapped[Company | None] = relationship(
        primaryjoin="PartyClass.company_id == Company.id", foreign_keys="PartyClass.company_id"
    )

    __table_args__ = (
        owned_by("company", required=False),
        CheckConstraint("attendance >= 0", name="attendance_not_negative"),
    )

    @property
    def title(self) -> str:
        return self.topic


class BranchPairing(BranchScoped, Record):
    """A branch paired with another (结对子). It belongs to the branch that entered it; the other may enter its own."""

    record_name = "支部结对"

    partner_id: Mapped[int] = mapped_column(
        ForeignKey("branch.id", ondelete="RESTRICT"), index=True, info=label("结对党组织")
    )
    partner_name: Mapped[str] = mapped_column(String(60), info=label("结对党组织", computed=True))
    started_on: Mapped[PartialDate] = mapped_column(PartialDateType, info=label("结对时间", "可写 2019、2019.5。"))
    ended_on: Mapped[PartialDate | None] = mapped_column(PartialDateType, info=label("结束时间"))
    agreement: Mapped[str | None] = mapped_column(String(1000), info=label("结对约定", multiline=True))

    partner: Mapped[Branch] = relationship(foreign_keys="[BranchPairing.partner_id, BranchPairing.partner_name]")

    __table_args__ = (
        owner_key(),
        named_after("branch", "partner"),
        UniqueConstraint("branch_id", "partner_id", "started_on"),
        CheckConstraint("partner_id <> branch_id", name="not_with_itself"),
        in_order("started_before_ended", "started_on", "ended_on"),
    )

    @property
    def title(self) -> str:
        return f"与{self.partner_name}结对"


class JointActivity(BranchScoped, Record):
    """Something that two branches did together (共建活动)."""

    record_name = "共建活动"

    branch_pairing_id: Mapped[int | None] = mapped_column(index=True, info=label("结对", "没有结对关系的可以不选。"))
    held_on: Mapped[date] = mapped_column(info=label("活动日期"))
    theme: Mapped[str] = mapped_column(String(100), info=label("主题"))
    together_with: Mapped[str | None] = mapped_column(String(100), info=label("共建单位", "没有选结对的，写对方名称。"))
    place: Mapped[str | None] = mapped_column(String(100), info=label("地点"))
    attendance: Mapped[int | None] = mapped_column(info=label("参加人数", unit="人"))
    summary: Mapped[str | None] = mapped_column(String(2000), info=label("活动情况", multiline=True))

    branch_pairing: Mapped[BranchPairing | None] = relationship(
        primaryjoin="JointActivity.branch_pairing_id == BranchPairing.id",
        foreign_keys="JointActivity.branch_pairing_id",
    )

    __table_args__ = (
        owned_by("branch_pairing", required=False),
        CheckConstraint("attendance >= 0", name="attendance_not_negative"),
    )

    @property
    def title(self) -> str:
        return self.theme


class VolunteerTeam(BranchScoped, Record):
    """A team of volunteers that a branch set up."""

    record_name = "志愿服务队"

    name: Mapped[str] = mapped_column(String(60), info=label("名称"))
    founded_on: Mapped[PartialDate | None] = mapped_column(PartialDateType, info=label("成立时间"))
    leader: Mapped[str | None] = mapped_column(String(40), info=label("负责人"))
    members: Mapped[int | None] = mapped_column(info=label("队员人数", unit="人"))

    __table_args__ = (
        owner_key(),
        UniqueConstraint("branch_id", "name"),
        CheckConstraint("members >= 0", name="members_not_negative"),
    )

    @property
    def title(self) -> str:
        return self.name


class VolunteerService(BranchScoped, Record):
    """One act of volunteer service: help, guidance, a talk to young people, publicity on the web."""

    record_name = "志愿服务"

    volunteer_team_id: Mapped[int | None] = mapped_column(index=True, info=label("服务队"))
    kind: Mapped[str] = mapped_column(String(20), info=label("类型", code="volunteer_kind"))
    held_on: Mapped[date] = mapped_column(info=label("服务日期"))
    subject: Mapped[str] = mapped_column(String(100), info=label("内容"))
    volunteers: Mapped[int | None] = mapped_column(info=label("参加人数", unit="人"))
    served: Mapped[int | None] = mapped_column(info=label("服务人数", unit="人"))
    summary: Mapped[str | None] = mapped_column(String(2000), info=label("服务情况", multiline=True))

    volunteer_team: Mapped[VolunteerTeam | None] = relationship(
        primaryjoin="VolunteerService.volunteer_team_id == VolunteerTeam.id",
        foreign_keys="VolunteerService.volunteer_team_id",
    )

    __table_args__ = (
        owned_by("volunteer_team", required=False),
        CheckConstraint("volunteers >= 0 AND served >= 0", name="people_not_negative"),
    )

    @property
    def title(self) -> str:
        return self.subject
