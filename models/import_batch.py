"""Sheets that somebody imports: the file, what it would do, what it did; and how a branch's heads are read."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BranchScoped, Protected, Record, label
from models.column_types import EncryptedBytes, EncryptedText, LabelledEnum, UtcDateTime, choice


class ImportStatus(LabelledEnum):
    """How far an import has come."""

    UPLOADED = "uploaded", "待核对"
    CHECKED = "checked", "已核对"
    APPLIED = "applied", "已导入"
    UNDONE = "undone", "已撤销"


class ImportBatch(Protected, Record):
    """One sheet that one account imports; nobody else sees it. All that comes from the sheet is encrypted.

    ``choices``: JSON of what was chosen: heads' fields, by what lines find their records, empty cells, mended cells.
    ``preview``: JSON of what the sheet would do, line by line, and in whose sight that was found out.
    ``digest``: tells whether the sheet would still do what the preview shows.
    ``done``: JSON of what was done to each record, by which it is taken back.
    """

    record_name = "导入批次"
    __logged__ = False

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True, info=label("账号"))
    resource: Mapped[str] = mapped_column(String(40), info=label("记录类别", words="resource"))
    file_name: Mapped[str] = mapped_column(String(200), info=label("文件名", personal=True))
    status: Mapped[ImportStatus] = mapped_column(
        choice(ImportStatus), default=ImportStatus.UPLOADED, info=label("进展")
    )
    contents: Mapped[bytes] = mapped_column(
        EncryptedBytes, deferred=True, info=label("文件", internal=True, personal=True)
    )
    choices: Mapped[str] = mapped_column(EncryptedText, default="{}", info=label("选择", internal=True, personal=True))
    preview: Mapped[bytes | None] = mapped_column(
        EncryptedBytes, deferred=True, info=label("核对结果", internal=True, personal=True)
    )
    digest: Mapped[str | None] = mapped_column(String(64), info=label("摘要", internal=True))
    done: Mapped[bytes | None] = mapped_column(
        EncryptedBytes, deferred=True, info=label("导入结果", internal=True, personal=True)
    )
    new_rows: Mapped[int] = mapped_column(default=0, info=label("新增"))
    changed_rows: Mapped[int] = mapped_column(default=0, info=label("修改"))
    unchanged_rows: Mapped[int] = mapped_column(default=0, info=label("无变化"))
    wrong_rows: Mapped[int] = mapped_column(default=0, info=label("有错"))
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=label("导入时间"))
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=label("撤销时间"))

    __table_args__ = (
        CheckConstraint("status NOT IN ('applied', 'undone') OR applied_at IS NOT NULL", name="applied_at_a_time"),
        CheckConstraint("(status = 'undone') = (undone_at IS NOT NULL)", name="undone_at_a_time"),
        CheckConstraint("status <> 'applied' OR wrong_rows = 0", name="applied_without_wrong_rows"),
    )

    @property
    def title(self) -> str:
        return self.file_name


class ImportMapping(BranchScoped, Record):
    """Which field a head of a branch's sheets stands for: chosen once, known from then on."""

    record_name = "导入对照"
    __sorts__ = ()

    resource: Mapped[str] = mapped_column(String(40), info=label("记录类别", words="resource"))
    head: Mapped[str] = mapped_column(String(80), info=label("表头"))
    field: Mapped[str] = mapped_column(String(60), default="", info=label("对应的内容", internal=True))

    __table_args__ = (UniqueConstraint("branch_id", "resource", "head"),)

    @property
    def title(self) -> str:
        return self.head
