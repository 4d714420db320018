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

    short_name: Mapped[str] = mapped_column(
        String(40),
        info=label("企业简称", also="企业名称 公司名称 单位名称 非公企业名称 公司简称 单位简称 简称 企业 公司 名称"),
    )
    registered_name: Mapped[str | None] = mapped_column(
        String(100),
        info=label(
            "登记名称",
            "以营业执照为准；不清楚可以先不填。",
            also="登记注册名称 法定名称 执照名称 企业全称 公司全称 单位全称 全称 工商登记名称 工商注册名称 营业执照名称 注册名称 企业名称 公司名称 单位名称",
        ),
    )
    credit_code: Mapped[str | None] = mapped_column(
        String(18),
        info=label(
            "统一社会信用代码",
            "18 位，暂时没有可以留空。",
            check="credit_code",
            also="社会信用代码证号 统一社会信用代码/组织机构代码 营业执照代码 信用代码 社会信用代码 统一信用代码 统一代码 纳税人识别号 税号",
        ),
    )
    industry: Mapped[str | None] = mapped_column(
        String(20),
        info=label(
            "行业", code="industry", also="所属行业类别 行业门类 所属行业 行业类别 行业分类 行业名称 经营行业 主营行业"
        ),
    )
    status: Mapped[CompanyStatus] = mapped_column(
        choice(CompanyStatus),
        default=CompanyStatus.OPEN,
        info=label(
            "经营状况",
            also="运行状态 运营状态 运行情况 生产情况 目前状况 营业状态 营业状况 生产状况 生产经营状态 经营状态 企业状态 生产经营状况 生产经营情况 经营情况 运营状况 存续状态 状态",
        ),
    )
    employees: Mapped[int | None] = mapped_column(
        info=label(
            "职工人数",
            unit="人",
            also="用工总数 用工数 职工总人数 在职职工 在职员工 在岗职工 员工 职工数 员工人数 从业人数 从业人员数 从业人员 在职职工人数 在岗职工人数 职工总数 员工总数 用工人数 企业人数 职工 人数",
        )
    )
    address: Mapped[str | None] = mapped_column(
        String(120),
        info=label(
            "地址",
            also="生产经营地址 经营场所 厂址 地点 企业地址 单位地址 详细地址 经营地址 办公地址 注册地址 通讯地址 企业所在地 所在地 住所",
        ),
    )
    contact_name: Mapped[str | None] = mapped_column(
        String(40), info=label("联系人", also="联系人员 企业联系人 单位联系人 联系人姓名")
    )
    contact_phone: Mapped[str | None] = mapped_column(
        String(20),
        info=label(
            "联系电话",
            mask="phone",
            check="phone",
            personal=True,
            also="手机号码 手机号 联系人电话 联系方式 联系人联系方式 电话 手机 联系手机 企业电话 单位电话",
        ),
    )
    organised_on: Mapped[PartialDate | None] = mapped_column(
        PartialDateType,
        info=label(
            "党组织成立时间",
            "可写 2016、2016.5 或 2016-05-12。",
            also="党组织组建时间 党支部成立时间 支部成立时间 成立党组织时间 建立党组织时间 组建时间 建党组织时间",
        ),
    )
    note: Mapped[str | None] = mapped_column(
        String(500), info=label("备注", multiline=True, also="说明 附注 其他说明 需要说明的情况")
    )

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
