"""Non-public enterprises (非公企业)."""

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BranchScoped, PinyinNamed, Record, label, owner_key
from models.column_types import LabelledEnum, PartialDate, PartialDateType, choice


class CompanyStatus(LabelledEnum):
    """Whether the company still trades."""

    OPEN = "open", "正常经营"
    PAUSED = "paused", "停业"
    CLOSED = "closed", "注销"


class Company(PinyinNamed, BranchScoped, Record):
    """A company and its Party building; it belongs to the branch that its members belong to."""

    record_name = "企业"
    __pinyin_of__ = "short_name"

    short_name: Mapped[str] = mapped_column(String(40), info=label("企业简称"))
    registered_name: Mapped[str | None] = mapped_column(
        String(100), info=label("登记名称", "以营业执照为准；不清楚可以先不填。")
    )
    credit_code: Mapped[str | None] = mapped_column(
        String(18), info=label("统一社会信用代码", "18 位，暂时没有可以留空。", check="credit_code")
    )
    industry: Mapped[str | None] = mapped_column(String(20), info=label("行业", code="industry"))
    status: Mapped[CompanyStatus] = mapped_column(
        choice(CompanyStatus), default=CompanyStatus.OPEN, info=label("经营状况")
    )
    employees: Mapped[int | None] = mapped_column(info=label("职工人数", unit="人"))
    address: Mapped[str | None] = mapped_column(String(120), info=label("地址"))
    contact_name: Mapped[str | None] = mapped_column(String(40), info=label("联系人"))
    contact_phone: Mapped[str | None] = mapped_column(
        String(20), info=label("联系电话", mask="phone", check="phone", personal=True)
    )
    organised_on: Mapped[PartialDate | None] = mapped_column(
        PartialDateType, info=label("党组织成立时间", "可写 2016、2016.5 或 2016-05-12。")
    )
    note: Mapped[str | None] = mapped_column(String(500), info=label("备注", multiline=True))

    postings: Mapped[list["Posting"]] = relationship(viewonly=True)  # noqa: F821
    active_posting: Mapped["Posting | None"] = relationship(  # noqa: F821
        primaryjoin="and_(Company.id == foreign(Posting.company_id), Posting.ended_on.is_(None))",
        viewonly=True,
        uselist=False,
    )

    __table_args__ = (
        owner_key(),
        UniqueConstraint("id", "branch_id", "short_name"),
        UniqueConstraint("branch_id", "short_name"),
        CheckConstraint("employees >= 0", name="employees_not_negative"),
    )

    @property
    def title(self) -> str:
        return self.short_name
