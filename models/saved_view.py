"""Views of lists that people saved: filters, search, order and columns under a name."""

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Protected, Record, label


class SavedView(Protected, Record):
    """What one account asked of a list. Shared, it is seen in the owner's branch; it never shows more than its reader sees.

    ``branch_id`` is the owner's own: the database copies it from the account and keeps it up to date.
    """

    record_name = "列表视图"

    account_id: Mapped[int] = mapped_column(info=label("账号"))
    branch_id: Mapped[int] = mapped_column(info=label("所属党组织"))
    resource: Mapped[str] = mapped_column(String(40), info=label("记录类别", words="resource"))
    name: Mapped[str] = mapped_column(String(30), info=label("视图名称"))
    shared: Mapped[bool] = mapped_column(default=False, info=label("本支部共享"))
    key: Mapped[str] = mapped_column(String(40), unique=True, info=label("链接", internal=True, personal=True))
    asks: Mapped[dict[str, Any]] = mapped_column(JSON, info=label("条件", personal=True))

    __table_args__ = (
        UniqueConstraint("account_id", "resource", "name"),
        ForeignKeyConstraint(["account_id", "branch_id"], ["account.id", "account.branch_id"], onupdate="CASCADE"),
        Index(None, "branch_id", "resource"),
        CheckConstraint("name <> ''", name="has_a_name"),
    )

    @property
    def title(self) -> str:
        return self.name
