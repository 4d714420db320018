"""Accounts, what they may do where, and their signed-in sessions."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Protected, Record, label
from models.branch import Branch
from models.column_types import LabelledEnum, UtcDateTime, choice, in_order


class Duty(LabelledEnum):
    """The three separated administrators (三员); no account holds two."""

    SYSTEM = "system", "系统管理员"
    SECURITY = "security", "安全管理员"
    AUDIT = "audit", "审计员"


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

    @property
    def title(self) -> str:
        return self.permission


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

    branch: Mapped[Branch] = relationship()
    person: Mapped["Person | None"] = relationship()  # noqa: F821
    grants: Mapped[list["Grant"]] = relationship(back_populates="account", cascade="all, delete-orphan")

    __table_args__ = (Index("uq_account_id_branch_id", "id", "branch_id", unique=True),)

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


class SignIn(Protected, Record):
    """A signed-in session of an account. The browser holds the key; only its hash is kept."""

    record_name = "登录"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True, info=label("账号"))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True, info=label("会话", personal=True))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, info=label("到期"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=label("退出"))

    account: Mapped[Account] = relationship()

    @property
    def title(self) -> str:
        return f"{self.account.name} 的登录"


class SignInLock(Protected, Record):
    """Failed sign-ins under one name, known or not, so that a lock tells nothing about which names exist."""

    record_name = "登录锁定"

    name_hash: Mapped[str] = mapped_column(String(64), unique=True, info=label("用户名"))
    failures: Mapped[int] = mapped_column(default=0, info=label("失败次数"))
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime, info=label("锁定至"))

    __table_args__ = (CheckConstraint("failures >= 0", name="failures_not_negative"),)
