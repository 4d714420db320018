"""The audit log and the trash. The database itself refuses to change or remove an audit entry."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models import clock
from models.base import BranchScoped, Protected, Record, label
from models.column_types import EncryptedText, UtcDateTime
from models.database import db


class AuditEntry(Protected, db.Model):
    """Who did what to which record, from where, with old and new values; personal values only as "changed"."""

    record_name = "审计记录"
    __sorts__ = ("at",)

    id: Mapped[int] = mapped_column(primary_key=True, info=label("编号"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, info=label("时间"))
    account_id: Mapped[int | None] = mapped_column(index=True, info=label("账号编号"))
    actor_name: Mapped[str] = mapped_column(String(60), info=label("操作人"))
    on_behalf_of: Mapped[str | None] = mapped_column(String(60), info=label("代谁操作"))
    channel: Mapped[str] = mapped_column(String(20), info=label("途径"))
    address: Mapped[str | None] = mapped_column(String(60), info=label("来源地址"))
    action: Mapped[str] = mapped_column(String(20), info=label("操作", words="action"))
    resource: Mapped[str] = mapped_column(String(40), info=label("记录类别", words="resource"))
    record_id: Mapped[int | None] = mapped_column(info=label("记录编号"))
    record_title: Mapped[str] = mapped_column(String(120), info=label("记录"))
    branch_before: Mapped[int | None] = mapped_column(info=label("原党组织"))
    branch_after: Mapped[int | None] = mapped_column(info=label("党组织"))
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, info=label("内容"))

    __table_args__ = (
        Index("ix_audit_entry_record", "resource", "record_id", "id"),
        Index("ix_audit_entry_branch", "branch_after", "id"),
    )

    @property
    def title(self) -> str:
        return self.record_title


class AuditSeal(Protected, db.Model):
    """A link of the chain that shows whether audit entries were changed, removed or slipped in afterwards.

    It covers the entries numbered ``first_id`` to ``last_id``. Numbers that nobody had used when it was made are
    ``absent``: most were given back by a failed write; one whose write was still running turns up as ``late`` in a later
    seal. So sealing never makes a writer wait.
    """

    record_name = "审计封存"

    id: Mapped[int] = mapped_column(primary_key=True, info=label("编号"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, info=label("封存时间"))
    number: Mapped[int] = mapped_column(unique=True, info=label("次序"))
    first_id: Mapped[int] = mapped_column(info=label("从第几条"))
    last_id: Mapped[int] = mapped_column(info=label("到第几条"))
    entries: Mapped[int] = mapped_column(info=label("条数"))
    absent: Mapped[list[int]] = mapped_column(JSON, info=label("空号"))
    late: Mapped[list[int]] = mapped_column(JSON, info=label("补封的编号"))
    seal: Mapped[str] = mapped_column(String(64), info=label("封存码"))

    __table_args__ = (
        CheckConstraint("first_id <= last_id + 1", name="first_before_last"),
        CheckConstraint("entries >= 0", name="entries_not_negative"),
    )

    @property
    def title(self) -> str:
        return f"第 {self.number} 次封存"


class Trash(BranchScoped, Record):
    """A deleted row and the children it owned, kept so that it can be put back. The contents are encrypted."""

    record_name = "回收站"
    __sorts__ = ()

    resource: Mapped[str] = mapped_column(String(40), info=label("记录类别", words="resource"))
    record_id: Mapped[int] = mapped_column(info=label("记录编号"))
    record_title: Mapped[str] = mapped_column(String(120), info=label("记录"))
    deleted_by: Mapped[str] = mapped_column(String(60), info=label("删除人"))
    contents: Mapped[str] = mapped_column(EncryptedText, info=label("内容", internal=True, personal=True))

    @property
    def title(self) -> str:
        return self.record_title
