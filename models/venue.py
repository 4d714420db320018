"""Venues (阵地) with their rooms and equipment."""

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BranchScoped, Record, label, owned_by, owner_key
from models.column_types import PartialDate, PartialDateType
from models.company import Company


class Venue(BranchScoped, Record):
    """Where a branch meets. Areas are square metres."""

    record_name = "阵地"

    name: Mapped[str] = mapped_column(
        String(60), info=label("名称", also="阵地名称 活动阵地 阵地 场所名称 活动场所名称")
    )
    company_id: Mapped[int | None] = mapped_column(
        index=True, info=label("所在企业", "在企业里的才填。", also="企业 企业名称 企业简称 所属企业")
    )
    area: Mapped[int | None] = mapped_column(
        info=label("面积", unit="平方米", also="总面积 占地面积 建筑面积 使用面积 场所面积")
    )
    opened_on: Mapped[PartialDate | None] = mapped_column(
        PartialDateType, info=label("启用时间", also="投用时间 建成时间 投入使用时间 建成投用时间")
    )
    address: Mapped[str | None] = mapped_column(
        String(120), info=label("地址", also="所在地址 阵地地址 地点 位置 所在位置 详细地址 具体地址")
    )
    note: Mapped[str | None] = mapped_column(
        String(500), info=label("备注", multiline=True, also="说明 附注 其他说明 需要说明的情况")
    )

    company: Mapped[Company | None] = relationship(
        primaryjoin="Venue.company_id == Company.id", foreign_keys="Venue.company_id"
    )
    rooms: Mapped[list["VenueRoom"]] = relationship(back_populates="venue", cascade="all, delete-orphan")
    equipment: Mapped[list["VenueEquipment"]] = relationship(back_populates="venue", cascade="all, delete-orphan")

    __table_args__ = (
        owner_key(),
        owned_by("company", required=False),
        UniqueConstraint("branch_id", "name"),
        CheckConstraint("area >= 0", name="area_not_negative"),
    )

    @property
    def title(self) -> str:
        return self.name


class VenueRoom(BranchScoped, Record):
    """A room of a venue."""

    record_name = "阵地房间"
    __owner__ = "venue"

    venue_id: Mapped[int] = mapped_column(index=True, info=label("阵地", also="阵地名称 所属阵地 名称"))
    kind: Mapped[str] = mapped_column(String(20), info=label("用途", code="room_kind", also="房间用途 功能 类别"))
    area: Mapped[int | None] = mapped_column(info=label("面积", unit="平方米", also="使用面积"))
    note: Mapped[str | None] = mapped_column(String(200), info=label("备注"))

    venue: Mapped[Venue] = relationship(back_populates="rooms")

    __table_args__ = (owned_by("venue"), CheckConstraint("area >= 0", name="area_not_negative"))

    @property
    def title(self) -> str:
        return f"房间 {self.id}"


class VenueEquipment(BranchScoped, Record):
    """Equipment of a venue: a projector, books, papers."""

    record_name = "阵地设备"
    __owner__ = "venue"

    venue_id: Mapped[int] = mapped_column(index=True, info=label("阵地", also="阵地名称 所属阵地"))
    name: Mapped[str] = mapped_column(
        String(40), info=label("设备名称", "如投影仪、书籍、党报党刊。", also="设备 物品名称 设施名称 名称")
    )
    quantity: Mapped[int] = mapped_column(default=1, info=label("数量", also="数目 件数"))

    venue: Mapped[Venue] = relationship(back_populates="equipment")

    __table_args__ = (owned_by("venue"), CheckConstraint("quantity >= 0", name="quantity_not_negative"))

    @property
    def title(self) -> str:
        return self.name
