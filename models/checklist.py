"""Standardisation checklists: a template has versions, a version has groups of items. A published version never changes."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Record, Reference, label
from models.branch import BranchKind
from models.column_types import LabelledEnum, choice


class Scoring(LabelledEnum):
    """How an item earns its points."""

    PASS_FAIL = "pass_fail", "达到得分"
    GRADED = "graded", "分档得分"
    NUMBER = "number", "按数量得分"
    DEDUCTION = "deduction", "按次扣分"
    BONUS = "bonus", "加分"
    VETO = "veto", "一票否决"


class VersionStatus(LabelledEnum):
    """A draft may change; what is published stays as it is for ever, and at last isn't used for new assessments."""

    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已发布"
    RETIRED = "retired", "已停用"


class ChecklistTemplate(Reference, Record):
    """A standard known by its name, such as 两栏四有四上墙."""

    record_name = "清单"

    name: Mapped[str] = mapped_column(String(60), unique=True, info=label("清单名称"))
    note: Mapped[str | None] = mapped_column(String(500), info=label("说明", multiline=True))

    @property
    def title(self) -> str:
        return self.name


class ChecklistVersion(Reference, Record):
    """One year's wording of a template, with its result bands (shares of the score, in percent)."""

    record_name = "清单版本"

    template_id: Mapped[int] = mapped_column(ForeignKey("checklist_template.id"), index=True, info=label("清单"))
    name: Mapped[str] = mapped_column(String(60), info=label("版本名称", "如“2026 版”。"))
    status: Mapped[VersionStatus] = mapped_column(
        choice(VersionStatus), default=VersionStatus.DRAFT, info=label("状态", computed=True)
    )
    passed_percent: Mapped[int] = mapped_column(default=90, info=label("达标线", unit="%"))
    nearly_percent: Mapped[int] = mapped_column(default=75, info=label("基本达标线", unit="%"))
    bonus_percent: Mapped[int] = mapped_column(
        default=10, server_default="10", info=label("加分上限", "全部加分项合起来，最多加多少。", unit="%")
    )
    scoring_revision: Mapped[int] = mapped_column(
        default=1, server_default="1", info=label("计分规则", "第几版计分规则。", computed=True)
    )
    based_on_id: Mapped[int | None] = mapped_column(
        ForeignKey("checklist_version.id"), info=label("沿用自", computed=True)
    )
    published_on: Mapped[date | None] = mapped_column(info=label("发布日期", computed=True))

    template: Mapped[ChecklistTemplate] = relationship()
    based_on: Mapped["ChecklistVersion | None"] = relationship(remote_side="ChecklistVersion.id")
    audiences: Mapped[list["ChecklistAudience"]] = relationship(
        back_populates="checklist_version", order_by="ChecklistAudience.id", cascade="all, delete-orphan"
    )
    groups: Mapped[list["ChecklistGroup"]] = relationship(
        back_populates="checklist_version", order_by="ChecklistGroup.position"
    )

    __table_args__ = (
        UniqueConstraint("template_id", "name"),
        CheckConstraint(
            "0 <= nearly_percent AND nearly_percent <= passed_percent AND passed_percent <= 100", name="bands"
        ),
        CheckConstraint("bonus_percent BETWEEN 0 AND 100", name="bonus_percent_range"),
    )

    @property
    def title(self) -> str:
        return self.name


class ChecklistAudience(Reference, Record):
    """A kind of Party organisation whose companies a version is for; a version without any is for all."""

    record_name = "适用对象"

    checklist_version_id: Mapped[int] = mapped_column(
        ForeignKey("checklist_version.id"), index=True, info=label("清单版本")
    )
    branch_kind: Mapped[BranchKind] = mapped_column(choice(BranchKind), info=label("党组织类型"))

    checklist_version: Mapped[ChecklistVersion] = relationship(back_populates="audiences")

    __table_args__ = (UniqueConstraint("checklist_version_id", "branch_kind"),)

    @property
    def title(self) -> str:
        return self.branch_kind.label


class ChecklistGroup(Reference, Record):
    """A heading of a version, such as 四有."""

    record_name = "清单分组"

    checklist_version_id: Mapped[int] = mapped_column(
        ForeignKey("checklist_version.id"), index=True, info=label("清单版本")
    )
    name: Mapped[str] = mapped_column(String(40), info=label("分组名称"))
    position: Mapped[int] = mapped_column(default=1, info=label("次序"))

    checklist_version: Mapped[ChecklistVersion] = relationship(back_populates="groups")
    items: Mapped[list["ChecklistItem"]] = relationship(back_populates="group", order_by="ChecklistItem.position")

    __table_args__ = (UniqueConstraint("checklist_version_id", "name"),)

    @property
    def title(self) -> str:
        return self.name


class ChecklistItem(Reference, Record):
    """One thing to be checked, and the points it is worth."""

    record_name = "检查项"

    group_id: Mapped[int] = mapped_column(ForeignKey("checklist_group.id"), index=True, info=label("分组"))
    code: Mapped[str] = mapped_column(String(20), info=label("编码"))
    text: Mapped[str] = mapped_column(String(500), info=label("内容"))
    how_checked: Mapped[str | None] = mapped_column(
        String(500), info=label("检查方法", also="考评办法 评分标准 检查方式")
    )
    evidence: Mapped[str | None] = mapped_column(
        String(200), info=label("佐证材料", "缺少佐证也能保存，会注明“未佐证”。")
    )
    points: Mapped[int] = mapped_column(
        default=1000,
        info=label("满分", "加分项写最多加几分；一票否决项写 0。", unit="分", hundredths=True, also="分值 标准分"),
    )
    scoring: Mapped[Scoring] = mapped_column(choice(Scoring), default=Scoring.GRADED, info=label("得分办法"))
    off_each: Mapped[int | None] = mapped_column(
        info=label("每次扣", "按次扣分的，一次扣几分。", unit="分", hundredths=True)
    )
    off_at_most: Mapped[int | None] = mapped_column(
        info=label("最多扣", "不填就是扣完为止。", unit="分", hundredths=True)
    )
    counts: Mapped[str | None] = mapped_column(String(10), info=label("数量单位", "如“次”“人”“%”。"))
    can_be_left_out: Mapped[bool] = mapped_column(
        default=True, server_default=true(), info=label("可以不适用", "不适用的不计分，它的分值摊到其他各项。")
    )
    position: Mapped[int] = mapped_column(default=1, info=label("次序"))

    group: Mapped[ChecklistGroup] = relationship(back_populates="items")
    steps: Mapped[list["ChecklistStep"]] = relationship(
        back_populates="item", order_by="ChecklistStep.position", cascade="all, delete-orphan"
    )
    origins: Mapped[list["ChecklistItemOrigin"]] = relationship(
        back_populates="item",
        foreign_keys="ChecklistItemOrigin.item_id",
        order_by="ChecklistItemOrigin.id",
        cascade="all, delete-orphan",
    )

    __table_args__ = (
        UniqueConstraint("group_id", "code"),
        CheckConstraint("points >= 0", name="points_not_negative"),
        CheckConstraint("off_each > 0", name="off_each_positive"),
        CheckConstraint("off_at_most > 0", name="off_at_most_positive"),
        CheckConstraint("scoring <> 'deduction' OR off_each IS NOT NULL", name="deduction_says_how_much"),
    )

    @property
    def title(self) -> str:
        return self.text


class ChecklistStep(Reference, Record):
    """A grade of a graded item, or the number from which on an item that counts earns a share of its points."""

    record_name = "得分档"

    item_id: Mapped[int] = mapped_column(ForeignKey("checklist_item.id"), index=True, info=label("检查项"))
    name: Mapped[str] = mapped_column(String(40), info=label("档次", "如“好”“较好”，或“3 次以上”。"))
    starts_at: Mapped[int | None] = mapped_column(
        info=label("从多少起", "按数量得分的，从这个数起算这一档。", hundredths=True)
    )
    share: Mapped[int] = mapped_column(info=label("得满分的", unit="%", hundredths=True))
    position: Mapped[int] = mapped_column(default=1, info=label("次序"))

    item: Mapped[ChecklistItem] = relationship(back_populates="steps")

    __table_args__ = (
        UniqueConstraint("item_id", "name"),
        CheckConstraint("share BETWEEN 0 AND 10000", name="share_range"),
        CheckConstraint("starts_at >= 0", name="starts_at_not_negative"),
    )

    @property
    def title(self) -> str:
        return self.name


class ChecklistItemOrigin(Reference, Record):
    """What an item was in the version before: one origin where it was kept or changed, several where they were merged."""

    record_name = "检查项沿革"

    item_id: Mapped[int] = mapped_column(ForeignKey("checklist_item.id"), index=True, info=label("检查项"))
    origin_id: Mapped[int] = mapped_column(ForeignKey("checklist_item.id"), index=True, info=label("原来的检查项"))

    item: Mapped[ChecklistItem] = relationship(back_populates="origins", foreign_keys=[item_id])
    origin: Mapped[ChecklistItem] = relationship(foreign_keys=[origin_id])

    __table_args__ = (
        UniqueConstraint("item_id", "origin_id"),
        CheckConstraint("item_id <> origin_id", name="not_its_own_origin"),
    )
