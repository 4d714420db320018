"""What administrators keep as data: code tables, settings, holidays."""

from datetime import date

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Record, Reference, label


class Code(Reference, Record):
    """One entry of a code table: what is stored and what people read. The code tables are a code table themselves."""

    record_name = "代码"

    code_table: Mapped[str] = mapped_column(String(30), info=label("代码表", code="code_table"))
    code: Mapped[str] = mapped_column(String(20), info=label("代码"))
    text: Mapped[str] = mapped_column(String(60), info=label("名称"))
    position: Mapped[int] = mapped_column(default=1, info=label("次序"))

    __table_args__ = (UniqueConstraint("code_table", "code"),)

    @property
    def title(self) -> str:
        return self.text


class Setting(Reference, Record):
    """A number or a text by which the office tunes the product, such as after how many days a visit is overdue."""

    record_name = "设置"

    key: Mapped[str] = mapped_column(String(60), unique=True, info=label("键", internal=True))
    value: Mapped[str] = mapped_column(String(500), info=label("值"))
    meaning: Mapped[str] = mapped_column(String(200), info=label("含义", computed=True))

    @property
    def title(self) -> str:
        return self.meaning


class Holiday(Reference, Record):
    """A day that is off though it is a weekday, or worked though it is a weekend (调休)."""

    record_name = "节假日"

    day: Mapped[date] = mapped_column(unique=True, info=label("日期"))
    works: Mapped[bool] = mapped_column(default=False, info=label("上班", "周末调成上班的，打勾。"))
    name: Mapped[str] = mapped_column(String(40), info=label("名称"))

    @property
    def title(self) -> str:
        return f"{self.day} {self.name}"
