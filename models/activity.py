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

    company_id: Mapped[int | None] = mapped_column(
        index=True, info=label("所在企业", "在企业讲的课才填。", also="企业 企业名称 企业简称 授课企业 单位名称")
    )
    held_on: Mapped[date] = mapped_column(info=label("讲课日期", also="授课时间 上课时间 党课时间 开展时间 时间"))
    topic: Mapped[str] = mapped_column(
        String(100), info=label("题目", also="党课题目 党课主题 党课名称 授课题目 授课主题 讲课题目 课题 主题")
    )
    speaker: Mapped[str] = mapped_column(
        String(40), info=label("主讲人", also="主讲老师 授课老师 主讲教师 宣讲人 主讲 授课人 讲课人 授课教师 讲师")
    )
    attendance: Mapped[int | None] = mapped_column(
        info=label(
            "听课人数",
            unit="人",
            also="受教育人数 受教育党员人数 学员人数 参加人数 参学人数 参训人数 到课人数 听课人次 受众人数 人数",
        )
    )
    summary: Mapped[str | None] = mapped_column(
        String(2000),
        info=label(
            "主要内容",
            multiline=True,
            also="课程内容 宣讲内容 内容提要 主要讲授内容 党课内容 内容摘要 内容简介 内容概要 讲课内容 授课内容 内容",
        ),
    )

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
        ForeignKey("branch.id", ondelete="RESTRICT"),
        index=True,
        info=label("结对党组织", also="结对支部 结对党支部 结对单位 共建支部 对方党组织"),
    )
    partner_name: Mapped[str] = mapped_column(String(60), info=label("结对党组织", computed=True))
    started_on: Mapped[PartialDate] = mapped_column(
        PartialDateType, info=label("结对时间", "可写 2019、2019.5。", also="开始时间 时间")
    )
    ended_on: Mapped[PartialDate | None] = mapped_column(PartialDateType, info=label("结束时间"))
    agreement: Mapped[str | None] = mapped_column(
        String(1000), info=label("结对约定", multiline=True, also="结对协议 结对内容 共建内容")
    )

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

    branch_pairing_id: Mapped[int | None] = mapped_column(
        index=True, info=label("结对", "没有结对关系的可以不选。", also="结对关系")
    )
    held_on: Mapped[date] = mapped_column(info=label("活动日期", also="共建时间 开展时间 活动时间 时间"))
    theme: Mapped[str] = mapped_column(
        String(100), info=label("主题", also="共建主题 共建活动主题 共建活动名称 活动主题 活动名称 名称")
    )
    together_with: Mapped[str | None] = mapped_column(
        String(100), info=label("共建单位", "没有选结对的，写对方名称。", also="共建党组织 共建支部 共建对象 对方单位")
    )
    place: Mapped[str | None] = mapped_column(String(100), info=label("地点", also="共建地点 活动地点 地址"))
    attendance: Mapped[int | None] = mapped_column(info=label("参加人数", unit="人", also="参与人数 人数"))
    summary: Mapped[str | None] = mapped_column(
        String(2000), info=label("活动情况", multiline=True, also="活动内容 活动简介 主要内容 内容")
    )

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

    name: Mapped[str] = mapped_column(
        String(60), info=label("名称", also="服务队名称 队伍名称 志愿服务队名称 志愿服务队 服务队")
    )
    founded_on: Mapped[PartialDate | None] = mapped_column(
        PartialDateType, info=label("成立时间", also="组建时间 时间")
    )
    leader: Mapped[str | None] = mapped_column(String(40), info=label("负责人", also="队长 负责人姓名"))
    members: Mapped[int | None] = mapped_column(info=label("队员人数", unit="人", also="队伍人数 志愿者人数 人数"))

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

    volunteer_team_id: Mapped[int | None] = mapped_column(
        index=True, info=label("服务队", also="志愿服务队 服务队名称 队伍名称 志愿服务队名称")
    )
    kind: Mapped[str] = mapped_column(String(20), info=label("类型", code="volunteer_kind", also="服务类型 类别"))
    held_on: Mapped[date] = mapped_column(info=label("服务日期", also="志愿服务时间 开展时间 服务时间 活动时间 时间"))
    subject: Mapped[str] = mapped_column(
        String(100),
        info=label(
            "内容", also="服务事项 服务主题 志愿服务内容 活动主题 志愿服务项目 服务内容 活动内容 服务项目 项目 活动名称"
        ),
    )
    volunteers: Mapped[int | None] = mapped_column(
        info=label("参加人数", unit="人", also="参加志愿者人数 志愿者数 参加志愿者 志愿者人数 参与人数")
    )
    served: Mapped[int | None] = mapped_column(
        info=label("服务人数", unit="人", also="服务群众数 受益群众数 受益人数 服务对象人数 服务群众人数")
    )
    summary: Mapped[str | None] = mapped_column(
        String(2000), info=label("服务情况", multiline=True, also="活动简介 活动内容简介 主要做法 活动情况 开展情况")
    )

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
