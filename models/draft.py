"""What somebody typed into a form and hasn't saved: it survives a dropped connection and a killed browser."""

from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Protected, Record, label
from models.column_types import EncryptedText


class Draft(Protected, Record):
    """The unsaved content of one form, seen by the account that typed it and by nobody else.

    A form is named by the kind of record, by ``form`` (``new``, ``edit`` or a step such as ``step/end``) and by the
    record's key (0 for a new one). All of the content is encrypted: any field may hold something personal.
    """

    record_name = "没有保存的内容"
    __logged__: ClassVar[bool] = False

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), info=label("账号"))
    resource: Mapped[str] = mapped_column(String(40), info=label("记录类别", words="resource"))
    form: Mapped[str] = mapped_column(String(60), info=label("表单"))
    record_id: Mapped[int] = mapped_column(default=0, info=label("记录编号"))
    contents: Mapped[str] = mapped_column(EncryptedText, info=label("内容", internal=True, personal=True))

    __table_args__ = (
        UniqueConstraint("account_id", "resource", "record_id", "form"),
        CheckConstraint("(form = 'new') = (record_id = 0)", name="new_without_record"),
    )
