"""Liaison officers (联络员): younger, serving colleagues who help a branch of retired members."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BranchScoped, Record, label, owned_by
from models.column_types import PartialDate, PartialDateType, in_order
from models.person import Person


class LiaisonOfficer(BranchScoped, Record):
    """That somebody is, or was, a branch's liaison officer. What he may do in the product is a grant to his account."""

    record_name = "联络员"
    __owner__ = "person"

    person_id: Mapped[int] = mapped_column(index=True, info=label("人员", also="姓名 联络员 联络员姓名"))
    since: Mapped[PartialDate] = mapped_column(
        PartialDateType, info=label("担任时间", "可写 2019、2019.5。", also="任职时间")
    )
    until: Mapped[PartialDate | None] = mapped_column(PartialDateType, info=label("卸任时间", also="离任时间"))
    duties: Mapped[str | None] = mapped_column(String(200), info=label("分工", also="职责 工作分工 负责工作"))

    person: Mapped[Person] = relationship()

    __table_args__ = (owned_by("person"), in_order("since_before_until", "since", "until"))

    @property
    def title(self) -> str:
        return f"联络员（{self.since} 起）"
