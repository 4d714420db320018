"""Accounts, what they may do where, their signed-in sessions and remembered phones, and the cards that let phones in."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Protected, Record, label
from models.branch import Branch
from models.column_types import LabelledEnum, UtcDateTime, choice, in_order


class Duty(LabelledEnum):
    """The three separated administrators (三员); no account holds two."""

    SYSTEM = "system", "系统管理员"
    SECURITY = "security", "安全管理员"
    AUDIT = "audit", "审计员"


CARE_SIZES = (18, 22, 26, 30)
"""The sizes of text in care mode (关怀版), in pixels."""


class Role(Protected, Record):
    """A named set of permissions, kept as data."""

    record_name = "角色"

    code: Mapped[str] = mapped_column(String(40), unique=True, info=label("角色代码"))
    name: Mapped[str] = mapped_column(String(40), unique=True, info=label("角色名称"))
    duty: Mapped[Duty | None] = mapped_column(choice(Duty), info=label("三员职责"))
    follows_as_id: Mapped[int | None] = mapped_column(
        ForeignKey("role.id"),
        info=label("派驻期间的角色", "本支部派出指导员后，持有本角色的人在企业支部自动成为所选角色。"),
    )

    follows_as: Mapped["Role | None"] = relationship(remote_side="Role.id")
    permissions: Mapped[list["RolePermission"]] = relationship(back_populates="role", cascade="all, delete-orphan")

    __table_args__ = (UniqueConstraint("id", "duty"),)

    @property
    def title(self) -> str:
        return self.name


class RolePermission(Protected, Record):
    """One ``resource:action`` of a role."""

    record_name = "权限"

    role_id: Mapped[int] = mapped_column(ForeignKey("role.id"), index=True, info=label("角色"))
    permission: Mapped[str] = mapped_column(String(60), info=label("权限", words="permission"))

    role: Mapped[Role] = relationship(back_populates="permissions")

    __table_args__ = (UniqueConstraint("role_id", "permission"),)


class Account(Protected, Record):
    """What somebody signs in with. It belongs to a branch, whose administrator may reset it."""

    record_name = "账号"

    username: Mapped[str] = mapped_column(String(40), unique=True, info=label("用户名"))
    name: Mapped[str] = mapped_column(String(40), info=label("姓名"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), index=True, info=label("所属党组织"))
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id"), unique=True, info=label("对应人员", "指导员的账号要对应到人，派驻后自动得到权限。")
    )
    password_hash: Mapped[str | None] = mapped_column(String(200), info=label("口令", internal=True, personal=True))
    active: Mapped[bool] = mapped_column(default=True, info=label("启用"))
    must_change_password: Mapped[bool] = mapped_column(default=True, info=label("首次登录须改密码", internal=True))
    is_demo: Mapped[bool] = mapped_column(default=False, info=label("演示账号", internal=True))
    care_size: Mapped[int | None] = mapped_column(info=label("关怀版字号", "空的是普通版。", "像素", internal=True))

    branch: Mapped[Branch] = relationship()
    person: Mapped["Person | None"] = relationship()  # noqa: F821
    grants: Mapped[list["Grant"]] = relationship(back_populates="account", cascade="all, delete-orphan")

    __table_args__ = (
        Index("uq_account_id_branch_id", "id", "branch_id", unique=True),
        CheckConstraint(f"care_size IN {CARE_SIZES}", name="care_size_is_offered"),
    )

    @property
    def title(self) -> str:
        return self.name


class Grant(Protected, Record):
    """An account has a role in a branch and in all below it, between two dates."""

    record_name = "授权"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True, info=label("账号"))
    role_id: Mapped[int] = mapped_column(ForeignKey("role.id"), info=label("角色"))
    duty: Mapped[Duty | None] = mapped_column(choice(Duty), info=label("三员职责", computed=True))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), index=True, info=label("党组织", "及其下级。"))
    valid_from: Mapped[date | None] = mapped_column(info=label("生效日期"))
    valid_until: Mapped[date | None] = mapped_column(info=label("失效日期"))

    account: Mapped[Account] = relationship(back_populates="grants")
    role: Mapped[Role] = relationship()
    branch: Mapped[Branch] = relationship()

    __table_args__ = (
        UniqueConstraint("account_id", "role_id", "branch_id"),
        Index("uq_grant_one_duty", "account_id", unique=True,
              sqlite_where=text("duty IS NOT NULL"), postgresql_where=text("duty IS NOT NULL")),
        in_order("from_before_until", "valid_from", "valid_until"),
    )  # fmt: skip

    @property
    def title(self) -> str:
        return f"授权 {self.id}"


def _of_account() -> ForeignKeyConstraint:
    """The database copies the account's branch into the row: by it the branch sees what belongs to its own people."""
    return ForeignKeyConstraint(
        ["account_id", "branch_id"], ["account.id", "account.branch_id"], onupdate="CASCADE", ondelete="RESTRICT"
    )


class SignIn(Protected, Record):
    """A signed-in session of an account. The browser holds the key; only its hash is kept.

    One that a card began is a remembered phone: it has a ``device``, and lasts until ``expires_at`` however idle it is.
    """

    record_name = "登录"

    account_id: Mapped[int] = mapped_column(index=True, info=label("账号"))
    branch_id: Mapped[int] = mapped_column(index=True, info=label("所属党组织"))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True, info=label("会话", personal=True))
    device: Mapped[str | None] = mapped_column(String(40), info=label("手机", "如“安卓手机，微信”。"))
    last_used_on: Mapped[date | None] = mapped_column(info=label("最近使用"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, info=label("到期"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=label("退出"))

    account: Mapped[Account] = relationship()

    __table_args__ = (
        _of_account(),
        CheckConstraint("(device IS NULL) = (last_used_on IS NULL)", name="phone_with_last_use"),
    )

    @property
    def title(self) -> str:
        return f"{self.account.name} 的登录"


class SignInCard(Protected, Record):
    """A card that lets one phone in without a password, once, for some minutes. The card holds the key; here is its hash."""

    record_name = "登录卡"

    account_id: Mapped[int] = mapped_column(index=True, info=label("账号"))
    branch_id: Mapped[int] = mapped_column(index=True, info=label("所属党组织"))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True, info=label("卡号", personal=True))
    made_by: Mapped[str] = mapped_column(String(60), info=label("制卡人"))
    remembered_days: Mapped[int] = mapped_column(info=label("手机记住多久", unit="天"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, info=label("到期"))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=label("使用"))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=label("作废"))

    account: Mapped[Account] = relationship()

    __table_args__ = (
        _of_account(),
        CheckConstraint("used_at IS NULL OR revoked_at IS NULL", name="used_or_revoked"),
        CheckConstraint("remembered_days BETWEEN 1 AND 90", name="remembered_for_a_while"),
    )

    @property
    def title(self) -> str:
        return f"{self.account.name} 的登录卡"


class SignInLock(Protected, Record):
    """Failed sign-ins under one name, known or not, so that a lock tells nothing about which names exist."""

    record_name = "登录锁定"

    name_hash: Mapped[str] = mapped_column(String(64), unique=True, info=label("用户名"))
    failures: Mapped[int] = mapped_column(default=0, info=label("失败次数"))
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime, info=label("锁定至"))

    __table_args__ = (CheckConstraint("failures >= 0", name="failures_not_negative"),)
