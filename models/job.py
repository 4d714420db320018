"""Work that goes on without its page: who asked for it, how it stands, what came of it; and the files it made."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Protected, Record, label
from models.column_types import EncryptedText, LabelledEnum, UtcDateTime, choice


class JobStatus(LabelledEnum):
    """How a job stands."""

    WAITING = "waiting", "等待"
    RUNNING = "running", "进行中"
    DONE = "done", "完成"
    FAILED = "failed", "没有完成"
    CANCELLED = "cancelled", "已取消"


ENDED = frozenset({JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED})


class Job(Protected, Record):
    """Something done in the background, seen by the account that asked for it and by nobody else.

    What it is about and what came of it are encrypted: either may hold something personal.
    """

    record_name = "后台任务"
    __logged__: ClassVar[bool] = False

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), info=label("账号"))
    identity: Mapped[str] = mapped_column(String(40), default="", info=label("身份", internal=True))
    kind: Mapped[str] = mapped_column(String(40), info=label("种类", internal=True))
    title: Mapped[str] = mapped_column(String(120), info=label("任务", personal=True))
    about: Mapped[str] = mapped_column(EncryptedText, info=label("内容", internal=True, personal=True))
    status: Mapped[JobStatus] = mapped_column(
        choice(JobStatus, "job_status"), default=JobStatus.WAITING, info=label("状态")
    )
    message: Mapped[str] = mapped_column(String(500), default="", info=label("说明", personal=True))
    result: Mapped[str | None] = mapped_column(EncryptedText, info=label("结果", internal=True, personal=True))
    starts: Mapped[int] = mapped_column(default=0, info=label("开始次数", internal=True))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=label("开始时间"))
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=label("结束时间"))

    __table_args__ = (
        CheckConstraint("(status IN ('waiting', 'running')) = (finished_at IS NULL)", name="ended_with_an_end"),
        Index(None, "account_id", "id"),
        Index(None, "status"),
    )

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in ENDED


class ExportFile(Protected, Record):
    """A file that a job made of a list, seen by the account that asked for it and by nobody else.

    The database holds what decides whether it may still be fetched: the keys of the rows in it (``row_keys``,
    compressed and encrypted) and, for each permission that it took, the branches in which it was held then
    (``reaches``: sorted keys, or null for everywhere). The file itself lies beside the database, encrypted, under a
    random name.
    """

    record_name = "导出的文件"
    __logged__: ClassVar[bool] = False

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), info=label("账号"))
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), unique=True, info=label("后台任务"))
    resource: Mapped[str] = mapped_column(String(40), info=label("记录类别", words="resource"))
    file_name: Mapped[str] = mapped_column(String(120), info=label("文件名", personal=True))
    stored_name: Mapped[str] = mapped_column(
        String(32), unique=True, info=label("存放名", internal=True, personal=True)
    )
    size: Mapped[int] = mapped_column(info=label("大小（字节）"))
    row_count: Mapped[int] = mapped_column(info=label("行数"))
    row_keys: Mapped[bytes] = mapped_column(LargeBinary, info=label("记录", internal=True, personal=True))
    reaches: Mapped[dict[str, Any]] = mapped_column(JSON, info=label("权限范围", internal=True, personal=True))
    unmasked: Mapped[bool] = mapped_column(default=False, info=label("含完整号码"))

    job: Mapped[Job] = relationship(foreign_keys=[job_id])

    __table_args__ = (Index(None, "account_id"),)
