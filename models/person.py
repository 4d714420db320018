"""People: one record of one home branch each; what they do over time hangs from it."""

from datetime import date
from typing import Any

from sqlalchemy import String, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from models.base import BranchScoped, PinyinNamed, Record, label, name_key, owned_by, owner_key
from models.column_types import EncryptedText, LabelledEnum, PartialDate, PartialDateType, choice, in_order
from models.database import GuardedSession
from models.encryption import look_up_hash


class Stage(LabelledEnum):
    """The five stages of becoming a Party member, in their order (national rule on admitting members)."""

    APPLICANT = "applicant", "递交申请"
    ACTIVIST = "activist", "入党积极分子"
    CANDIDATE = "candidate", "发展对象"
    PROBATIONARY = "probationary_member", "预备党员"
    FULL = "full_member", "正式党员"


STAGES = list(Stage)


class Person(PinyinNamed, BranchScoped, Record):
    """Somebody whom a branch keeps a record of: a member, somebody on the way to it, an adviser, a post-holder."""

    record_name = "人员"
    __pinyin_person__ = True

    name: Mapped[str] = mapped_column(String(40), info=label("姓名", also="党员姓名 人员姓名 名字"))
    sex: Mapped[str | None] = mapped_column(String(4), info=label("性别", code="sex", also="男女"))
    ethnic_group: Mapped[str | None] = mapped_column(
        String(4), info=label("民族", code="ethnic_group", also="族别 民族成份 民族成分 族")
    )
    education: Mapped[str | None] = mapped_column(
        String(4),
        info=label("学历", code="education", also="全日制学历 在职学历 文化程度 文化水平 学历层次 最高学历 学历学位"),
    )
    born_on: Mapped[PartialDate | None] = mapped_column(
        PartialDateType,
        info=label("出生年月", "可写 1949、1949.10 或 1949-10-01。", personal=True, also="出生日期 出生时间 生日 出生"),
    )
    id_number: Mapped[str | None] = mapped_column(
        EncryptedText,
        info=label(
            "身份证号",
            mask="id_number",
            check="id_number",
            personal=True,
            also="身份证号码 身份证 公民身份号码 居民身份证号 公民身份证号码 证件号码 证件号",
        ),
    )
    id_number_hash: Mapped[str | None] = mapped_column(
        String(64), info=label("身份证号查找码", personal=True, internal=True)
    )
    phone: Mapped[str | None] = mapped_column(
        String(20),
        info=label(
            "手机",
            mask="phone",
            check="phone",
            personal=True,
            also="电话号码 手机号码 手机号 联系电话 电话 联系方式 本人电话 联系手机",
        ),
    )
    former_rank: Mapped[str | None] = mapped_column(
        String(20),
        info=label(
            "离退休前职级",
            "离退休干部填写。",
            code="cadre_rank",
            also="退休前职务职级 退休前职务层次 退休职级 离退休职级 退休前级别 退休前职级 离休前职级 退休时职级 原职级 职级 原职务级别 行政级别",
        ),
    )
    company_id: Mapped[int | None] = mapped_column(
        index=True,
        info=label(
            "所在企业",
            "与所属党组织一致的企业。",
            also="工作单位 单位 所在单位 单位名称 企业名称 企业 所属企业 现工作单位 就职企业 工作企业 从业企业",
        ),
    )
    stage: Mapped[Stage | None] = mapped_column(
        choice(Stage), info=label("党员身份", "由发展经历自动得出。", computed=True)
    )
    note: Mapped[str | None] = mapped_column(
        String(500), info=label("备注", multiline=True, also="说明 附注 其他说明 需要说明的情况")
    )

    company: Mapped["Company | None"] = relationship(  # noqa: F821
        primaryjoin="Person.company_id == Company.id", foreign_keys="Person.company_id"
    )
    steps: Mapped[list["DevelopmentStep"]] = relationship(back_populates="person", cascade="all, delete-orphan")
    key_posts: Mapped[list["KeyPost"]] = relationship(back_populates="person", cascade="all, delete-orphan")

    __table_args__ = (
        owner_key(),
        UniqueConstraint("id", "branch_id", "name"),
        UniqueConstraint("branch_id", "id_number_hash"),
        owned_by("company", required=False),
        name_key("person"),
    )

    @property
    def title(self) -> str:
        return self.name

    @validates("id_number")
    def _hash_id_number(self, _key: str, number: str | None) -> str | None:
        self.id_number_hash = look_up_hash(number) if number else None
        return number


class DevelopmentStep(BranchScoped, Record):
    """The day on which a person entered a stage. Warn about waiting times, never refuse: old files have gaps."""

    record_name = "发展经历"
    __owner__ = "person"

    person_id: Mapped[int] = mapped_column(index=True, info=label("人员", also="姓名 党员姓名 人员姓名"))
    stage: Mapped[Stage] = mapped_column(
        choice(Stage), info=label("阶段", also="发展阶段 所处阶段 现阶段 党员身份 身份 人员类别 类别")
    )
    entered_on: Mapped[PartialDate] = mapped_column(
        PartialDateType,
        info=label("时间", "可写 2019、2019.5 或 2019-05-12。", also="进入时间 日期 进入阶段时间 确定时间 阶段时间"),
    )
    note: Mapped[str | None] = mapped_column(
        String(500), info=label("备注", multiline=True, also="说明 附注 其他说明 需要说明的情况")
    )

    person: Mapped[Person] = relationship(back_populates="steps")

    __table_args__ = (
        owned_by("person"),
        UniqueConstraint("branch_id", "person_id", "stage"),
    )

    @property
    def title(self) -> str:
        return f"{self.stage.label} {self.entered_on}" if self.stage else "发展经历"


class KeyPost(BranchScoped, Record):
    """A key post (关键岗位) that somebody holds or held in a company."""

    record_name = "关键岗位"
    __owner__ = "person"

    person_id: Mapped[int] = mapped_column(index=True, info=label("人员", also="姓名 人员姓名 党员姓名"))
    post: Mapped[str] = mapped_column(String(40), info=label("岗位", also="关键岗位 岗位名称 现任职务 职务"))
    since: Mapped[PartialDate] = mapped_column(
        PartialDateType,
        info=label("任职时间", "可写 2019、2019.5 或 2019-05-12。", also="到任时间 上岗时间 到岗时间 任现职时间"),
    )
    until: Mapped[PartialDate | None] = mapped_column(
        PartialDateType, info=label("离任时间", also="离岗时间 离职时间 免职时间")
    )
    note: Mapped[str | None] = mapped_column(
        String(500), info=label("备注", multiline=True, also="说明 附注 其他说明 需要说明的情况")
    )

    person: Mapped[Person] = relationship(back_populates="key_posts")

    __table_args__ = (owned_by("person"), in_order("since_before_until", "since", "until"))

    @property
    def title(self) -> str:
        return self.post


@event.listens_for(GuardedSession, "before_flush")
def _reach_latest_stage(session: Any, _context: Any, _instances: Any) -> None:
    """Keep each person's stage equal to the latest of the steps recorded."""
    touched = [*session.new, *session.dirty, *session.deleted]
    people = {row.person for row in touched if isinstance(row, DevelopmentStep) and row.person is not None}
    for person in people:
        stages = [step.stage for step in person.steps if step not in session.deleted]
        reached = max(stages, key=STAGES.index, default=None)
        if person.stage != reached and person not in session.deleted:
            person.stage = reached


def age_on(born: PartialDate, day: date) -> int:
    """Full years between a birth date and a day, by what is known of the birth date."""
    first = born.first_day
    return day.year - first.year - ((day.month, day.day) < (first.month, first.day))
