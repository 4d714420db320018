"""Party organisations: a tree from the city's committee down to the smallest branch."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BranchScoped, PinyinNamed, Record, label, name_key
from models.column_types import LabelledEnum, PartialDate, PartialDateType, choice


class BranchKind(LabelledEnum):
    """Kinds of Party organisation; ``unorganised`` holds the records of a company that has no branch yet."""

    COMMITTEE = "committee", "党委（工委）"
    GENERAL_BRANCH = "general_branch", "党总支"
    BRANCH = "branch", "党支部"
    JOINT_BRANCH = "joint_branch", "联合党支部"
    ALLIANCE = "alliance", "支部联盟"
    UNORGANISED = "unorganised", "未建党组织"


class Branch(PinyinNamed, BranchScoped, Record):
    """A Party organisation. A grant on it reaches all below it; it is scoped by its own key."""

    record_name = "党组织"
    branch_id = None
    branch = None

    name: Mapped[str] = mapped_column(
        String(60), info=label("名称", "全称，如“远东实业党支部”。", also="党组织名称 党组织全称 支部名称 党支部")
    )
    kind: Mapped[BranchKind] = mapped_column(choice(BranchKind), info=label("类别", also="党组织类别 组织类别"))
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("branch.id", ondelete="RESTRICT"),
        index=True,
        info=label("上级党组织", "上级能看到下级的记录。", also="上级组织 上级党委 所属党委 隶属党组织 主管党组织"),
    )
    founded_on: Mapped[PartialDate | None] = mapped_column(
        PartialDateType,
        info=label("成立时间", "可写 2016、2016.5 或 2016-05-12。", also="党组织成立时间 支部成立时间 组建时间"),
    )
    brand: Mapped[str | None] = mapped_column(
        String(40), info=label("党建品牌", "如“书香支部”。", also="品牌 品牌名称 党建品牌名称")
    )
    contact_name: Mapped[str | None] = mapped_column(
        String(40), info=label("联系人", "如“支部书记王某某”。", also="联系人姓名")
    )
    contact_phone: Mapped[str | None] = mapped_column(
        String(20),
        info=label(
            "联系电话",
            "支部的公开电话。指导员在手机上点“联系支部”就拨这个号码。",
            check="phone",
            also="联系方式 电话 支部电话",
        ),
    )
    note: Mapped[str | None] = mapped_column(
        String(500), info=label("备注", multiline=True, also="说明 附注 其他说明 需要说明的情况")
    )

    parent: Mapped["Branch | None"] = relationship(remote_side="Branch.id")

    __table_args__ = (
        UniqueConstraint("parent_id", "name"),
        name_key("branch"),
        CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_its_own_parent"),
        Index("uq_branch_one_root", text("(parent_id IS NULL)"), unique=True,
              sqlite_where=text("parent_id IS NULL"), postgresql_where=text("parent_id IS NULL")),
    )  # fmt: skip

    @classmethod
    def scope_column(cls) -> Any:
        return cls.id

    @property
    def title(self) -> str:
        return self.name
