"""Party-building advisers (党建指导员): retired cadres, appointed for a term after training."""

from datetime import date

from sqlalchemy import ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BranchScoped, Record, label, owned_by, owner_key
from models.column_types import LabelledEnum, PartialDate, PartialDateType, choice, in_order
from models.person import Person


class AdviserStatus(LabelledEnum):
    """Whether the adviser serves."""

    SERVING = "serving", "在聘"
    ENDED = "ended", "已解聘"


class Adviser(BranchScoped, Record):
    """A person who serves as adviser. The database copies the name from the person (ON UPDATE CASCADE)."""

    record_name = "指导员"
    __owner__ = "person"

    person_id: Mapped[int] = mapped_column(
        info=label("人员", "先在“人员”里登记，再在这里选。", also="姓名 指导员 指导员姓名 党建指导员 党建指导员姓名")
    )
    name: Mapped[str] = mapped_column(String(40), info=label("姓名", computed=True))
    work_phone: Mapped[str] = mapped_column(
        String(20),
        default="",
        info=label(
            "工作电话",
            "派驻期间企业和派出支部都能看到。",
            check="phone",
            mask="phone",
            also="手机号码 手机号 联系电话 手机 电话 联系方式 办公电话",
        ),
    )
    former_post: Mapped[str | None] = mapped_column(
        String(80),
        info=label(
            "退休前单位职务",
            also="退休前工作单位 退休前单位 原单位 原单位职务 原单位及职务 退休前单位及职务 退休前工作单位及职务 原工作单位及职务 退休前职务 原任职务 原职务 原工作单位",
        ),
    )
    trained_on: Mapped[PartialDate | None] = mapped_column(
        PartialDateType, info=label("培训时间", "上岗前的培训。", also="岗前培训时间 参加培训时间 上岗培训时间")
    )
    training: Mapped[str | None] = mapped_column(
        String(120), info=label("培训内容", also="培训课程 培训主题 培训班次 培训班名称")
    )
    status: Mapped[AdviserStatus] = mapped_column(
        choice(AdviserStatus), default=AdviserStatus.SERVING, info=label("聘任状态", also="聘用状态 聘任情况 状态")
    )
    note: Mapped[str | None] = mapped_column(
        String(500), info=label("备注", multiline=True, also="说明 附注 其他说明 需要说明的情况")
    )

    person: Mapped[Person] = relationship()
    appointments: Mapped[list["Appointment"]] = relationship(back_populates="adviser", cascade="all, delete-orphan")

    __table_args__ = (
        owner_key(),
        ForeignKeyConstraint(
            ["person_id", "branch_id", "name"], ["person.id", "person.branch_id", "person.name"], onupdate="CASCADE"
        ),
        UniqueConstraint("branch_id", "person_id"),
        UniqueConstraint("id", "name", "work_phone"),
    )

    @property
    def title(self) -> str:
        return self.name


class Appointment(BranchScoped, Record):
    """One term of an adviser's appointment (聘任)."""

    record_name = "聘任"
    __owner__ = "adviser"

    adviser_id: Mapped[int] = mapped_column(
        index=True, info=label("指导员", also="姓名 指导员姓名 党建指导员 党建指导员姓名")
    )
    starts_on: Mapped[date] = mapped_column(
        info=label("聘期开始", also="聘任时间 开始时间 起聘时间 受聘时间 聘期起 聘任开始时间")
    )
    ends_on: Mapped[date | None] = mapped_column(
        info=label(
            "聘期结束",
            also="聘期届满 聘期届满时间 聘任截止时间 聘任终止时间 终止时间 聘任期满时间 聘任结束 聘任结束时间 到期时间 聘任到期时间 截止时间 结束时间 聘期止 聘期截止",
        )
    )
    document: Mapped[str | None] = mapped_column(
        String(80),
        info=label("聘任文件", also="聘任文件文号 聘任文件号 聘书文号 文号 聘任文号 聘书编号 聘书号 文件号 文件名称"),
    )

    adviser: Mapped[Adviser] = relationship(back_populates="appointments")

    __table_args__ = (
        owned_by("adviser"),
        UniqueConstraint("branch_id", "adviser_id", "starts_on"),
        in_order("starts_before_ends", "starts_on", "ends_on"),
    )

    @property
    def title(self) -> str:
        return f"{self.starts_on} 至 {self.ends_on or '今'}"
