"""Study: the year's plan, the sessions held, the papers subscribed to."""

from datetime import date

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BranchScoped, Record, label, owned_by, owner_key


class StudyPlan(BranchScoped, Record):
    """A branch's plan of study for a year."""

    record_name = "学习计划"

    year: Mapped[int] = mapped_column(info=label("年度", also="年"))
    name: Mapped[str] = mapped_column(String(80), info=label("计划名称", also="学习计划 计划 名称"))
    planned: Mapped[int | None] = mapped_column(info=label("计划次数", unit="次", also="次数 计划学习次数 学习次数"))
    text: Mapped[str | None] = mapped_column(String(4000), info=label("计划内容", multiline=True, also="内容 学习内容"))

    sessions: Mapped[list["StudySession"]] = relationship(back_populates="study_plan", cascade="all, delete-orphan")

    __table_args__ = (
        owner_key(),
        UniqueConstraint("branch_id", "year", "name"),
        CheckConstraint("planned >= 0", name="planned_not_negative"),
        CheckConstraint("year BETWEEN 1949 AND 2100", name="year_plausible"),
    )

    @property
    def title(self) -> str:
        return f"{self.year} 年 {self.name}"


class StudySession(BranchScoped, Record):
    """One session of a plan that was held."""

    record_name = "集中学习"
    __owner__ = "study_plan"

    study_plan_id: Mapped[int] = mapped_column(index=True, info=label("学习计划", also="计划名称 所属计划"))
    held_on: Mapped[date] = mapped_column(info=label("学习日期", also="学习时间 时间"))
    topic: Mapped[str] = mapped_column(String(100), info=label("学习内容", also="学习主题 学习题目 主题 内容"))
    attendance: Mapped[int | None] = mapped_column(info=label("参加人数", unit="人", also="参学人数 人数"))
    summary: Mapped[str | None] = mapped_column(
        String(2000), info=label("讨论情况", multiline=True, also="讨论发言 学习情况 研讨情况")
    )

    study_plan: Mapped[StudyPlan] = relationship(back_populates="sessions")

    __table_args__ = (owned_by("study_plan"), CheckConstraint("attendance >= 0", name="attendance_not_negative"))

    @property
    def title(self) -> str:
        return self.topic


class Subscription(BranchScoped, Record):
    """A paper or journal that a branch takes for a year."""

    record_name = "报刊订阅"

    year: Mapped[int] = mapped_column(info=label("年度", also="年"))
    name: Mapped[str] = mapped_column(String(60), info=label("报刊名称", also="报刊 刊物名称 党报党刊 报刊名 名称"))
    copies: Mapped[int] = mapped_column(default=1, info=label("份数", unit="份", also="订阅份数 数量"))

    __table_args__ = (
        UniqueConstraint("branch_id", "year", "name"),
        CheckConstraint("copies > 0", name="copies_positive"),
        CheckConstraint("year BETWEEN 1949 AND 2100", name="year_plausible"),
    )

    @property
    def title(self) -> str:
        return f"{self.year} 年《{self.name}》"
