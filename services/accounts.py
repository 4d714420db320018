"""Signing in and out, passwords and locks; how large an account's pages are shown."""

import base64
import hashlib
import secrets
from datetime import date, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models import Account, Grant, SignIn, SignInLock
from models.account import CARE_SIZES
from models.clock import now, today
from models.encryption import look_up_hash
from policy.actor import ACCOUNTS_WITH_GRANTS, Actor, make_actor_of
from policy.errors import Refused
from policy.system import system_session

WRONG = "用户名或密码不对；连续输错 5 次会锁定 15 分钟。"
MAX_FAILURES = 5
LOCK_TIME = timedelta(minutes=15)
MIN_PASSWORD = 10
MAX_PASSWORD = 128
_hasher = PasswordHasher()


def _hash_of_nobody() -> str:
    """A hash that no password is known to have: checking one against it takes as long as against a real one.

    It is made up, as hashing takes a fifth of a second and would hold up every start of the program.
    """
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (_hasher.salt_len, _hasher.hash_len)
    )
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


# Checked when a name is unknown, so that the answer takes as long as for a known one.
_NOBODY = _hash_of_nobody()


def hash_password(password: str) -> str:
    """Argon2id hash of a password."""
    return _hasher.hash(password)


def _matches(hashed: str | None, password: str) -> bool:
    try:
        return _hasher.verify(hashed or _NOBODY, password) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


def find_lock(session: Session, username: str) -> SignInLock | None:
    """The count of failures under a name, whether an account has it or not."""
    return session.scalar(select(SignInLock).where(SignInLock.name_hash == look_up_hash(username.lower())))


def sign_in(session: Session, username: str, password: str, lifetime: timedelta) -> tuple[Account, str] | None:
    """The account and a new session key, or None; failures are counted and lock the name for a while."""
    lock = find_lock(session, username)
    if lock is not None and lock.locked_until is not None and lock.locked_until > now():
        _matches(None, password)
        return None
    account = session.scalar(select(Account).where(Account.username == username, Account.active))
    if not _matches(account.password_hash if account else None, password[:MAX_PASSWORD]):
        _count_failure(session, username, lock)
        return None
    assert account is not None
    if lock is not None:
        session.delete(lock)
    return account, new_sign_in(session, account, lifetime)[1]


def new_sign_in(
    session: Session, account: Account, lifetime: timedelta, device: str | None = None
) -> tuple[SignIn, str]:
    """A new session of the account and its key; of a remembered phone, ``device`` says what kind of phone it is."""
    key = secrets.token_urlsafe(32)
    made = SignIn(
        account=account, key_hash=hash_key(key), expires_at=now() + lifetime, device=device,
        last_used_on=today() if device else None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made, key


def _count_failure(session: Session, username: str, lock: SignInLock | None) -> None:
    if lock is None:
        lock = SignInLock(name_hash=look_up_hash(username.lower()), failures=0)
        session.add(lock)
    lock.failures = (lock.failures or 0) + 1
    if lock.failures >= MAX_FAILURES:
        lock.failures, lock.locked_until = 0, now() + LOCK_TIME
    session.flush()


def hash_key(key: str) -> str:
    """What the database keeps of a session's key."""
    return hashlib.sha256(key.encode()).hexdigest()


def find_sign_in(session: Session, key: str) -> SignIn | None:
    """The running session of a key, with its account; None when it ended or expired."""
    found = session.scalar(select(SignIn).where(SignIn.key_hash == hash_key(key), SignIn.ended_at.is_(None)))
    if found is None or found.expires_at <= now() or found.account is None or not found.account.active:
        return None
    return found


# With the grants, so that every request asks once for both.
_RUNNING = (
    ACCOUNTS_WITH_GRANTS.add_columns(
        Account.must_change_password, Account.care_size, SignIn.id.label("sign_in_id"), SignIn.device,
        SignIn.last_used_on, SignIn.expires_at,
    )
    .join(SignIn, SignIn.account_id == Account.id)
    .where(
        SignIn.key_hash == bindparam("key_hash"), SignIn.ended_at.is_(None), SignIn.expires_at > bindparam("moment"),
        Account.active,
    )
)  # fmt: skip


def who_is_signed_in(session: Session, key: str, day: date) -> tuple[Actor, Any] | None:
    """The actor of a running session's key on a business day, and what his pages need to know; None when it ended.

    The latter is a row of ``must_change_password``, ``care_size``, and of the session ``sign_in_id``, ``device`` (of a
    remembered phone), ``last_used_on`` and ``expires_at``.
    """
    rows = session.execute(_RUNNING, {"key_hash": hash_key(key), "moment": now()}).all()
    return (make_actor_of(session, rows, day), rows[0]) if rows else None


def account_of_key(session: Session, key: str) -> Any:
    """Whose session a key is or was, as a row of ``id``, ``username`` and ``name``; None when nobody's."""
    whose = select(Account.id, Account.username, Account.name).join(SignIn, SignIn.account_id == Account.id)
    return session.execute(whose.where(SignIn.key_hash == hash_key(key))).one_or_none()


def sign_out(session: Session, key: str, everywhere: bool = False) -> None:
    """End the session of a key, or all sessions of its account."""
    found = find_sign_in(session, key)
    if found is None:
        return
    ending = [found]
    if everywhere:
        ending = list(
            session.scalars(select(SignIn).where(SignIn.account_id == found.account_id, SignIn.ended_at.is_(None)))
        )
    for one in ending:
        one.ended_at = now()
    session.flush()


def set_password(session: Session, account: Account, password: str, must_change: bool = False) -> None:
    """Give an account a new password; raises Refused when it is too weak."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Refused(f"密码至少 {MIN_PASSWORD} 个字符，最多 {MAX_PASSWORD} 个。", "new_password")
    if account.username.lower() in password.lower() or len(set(password)) < 5:
        raise Refused("密码太容易猜到：不要包含用户名，也不要只用几个重复的字符。", "new_password")
    account.password_hash = hash_password(password)
    account.must_change_password = must_change
    session.flush()


def reset_password(session: Session, account: Account) -> str:
    """Give an account a new password that must be changed at the next sign-in, and return it.

    Raises Refused for one of the three administrators, unless the session's actor manages accounts: whoever learns the
    new password has the rights that go with it.
    """
    if not session.info["actor"].permits("account:update", account.branch_id) and _has_duty(account):
        raise Refused(f"{account.name} 是三员之一，请由系统管理员重置密码。")
    password = new_password()
    set_password(session, account, password, must_change=True)
    return password


def show_larger(session: Session, account: Account, size: int | None) -> None:
    """Switch the account's pages to care mode (关怀版) with text of this size in pixels, or back with None."""
    if size is not None and size not in CARE_SIZES:
        raise Refused("没有这种字号，请重新选择。")
    account.care_size = size
    session.flush()


def _has_duty(account: Account) -> bool:
    """Whether the account is one of the three administrators (三员), which whoever resets it may not see."""
    with system_session("sign_in", readonly=True) as reading:
        duty = select(Grant.id).where(Grant.account_id == account.id, Grant.duty.is_not(None)).limit(1)
        return reading.scalar(duty) is not None


def check_password(account: Account, password: str) -> bool:
    """Whether this is the account's password."""
    return _matches(account.password_hash, password)


def new_password() -> str:
    """A password made for somebody, easy to read out: no letters that look alike."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(3))
