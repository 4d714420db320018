"""Standardisation checklists: a template has versions, a version has groups of items. A published version never changes."""

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Record, Reference, label
from models.column_types import LabelledEnum, choice


class Scoring(LabelledEnum):
    """How an item earns its points."""

    PASS_FAIL = "pass_fail", "达到得分"
    GRADED = "graded", "分档得分"


class VersionStatus(LabelledEnum):
    """A draft may change; what is published stays as it is for ever."""

    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已发布"


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

    template: Mapped[ChecklistTemplate] = relationship()
    groups: Mapped[list["ChecklistGroup"]] = relationship(
        back_populates="checklist_version", order_by="ChecklistGroup.position"
    )

    __table_args__ = (
        UniqueConstraint("template_id", "name"),
        CheckConstraint(
            "0 <= nearly_percent AND nearly_percent <= passed_percent AND passed_percent <= 100", name="bands"
        ),
    )

    @property
    def title(self) -> str:
        return self.name


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
    """One thing to be checked, and the points it is worth (whole points)."""

    record_name = "检查项"

    group_id: Mapped[int] = mapped_column(ForeignKey("checklist_group.id"), index=True, info=label("分组"))
    code: Mapped[str] = mapped_column(String(20), info=label("编码"))
    text: Mapped[str] = mapped_column(String(200), info=label("内容"))
    how_checked: Mapped[str | None] = mapped_column(String(200), info=label("检查方法"))
    evidence: Mapped[str | None] = mapped_column(
        String(200), info=label("佐证材料", "缺少佐证也能保存，会注明“未佐证”。")
    )
    points: Mapped[int] = mapped_column(default=10, info=label("满分", unit="分"))
    scoring: Mapped[Scoring] = mapped_column(choice(Scoring), default=Scoring.GRADED, info=label("得分办法"))
    position: Mapped[int] = mapped_column(default=1, info=label("次序"))

    group: Mapped[ChecklistGroup] = relationship(back_populates="items")

    __table_args__ = (UniqueConstraint("group_id", "code"), CheckConstraint("points >= 0", name="points_not_negative"))

    @property
    def title(self) -> str:
        return self.text
