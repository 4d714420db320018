"""Cards that let somebody's phone in without a password, and the phones that are remembered after it.

A card is printed for one account, lets in one phone once, within ten minutes; until then it can be revoked. The phone is
remembered for ninety days unless it is forgotten before. Whoever holds a role without ``sign_in_card:enter`` has rights
too strong for a card and signs in with a password; that is asked again with each request of a remembered phone.
"""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, SignIn, SignInCard
from models.clock import now, today
from policy.actor import Actor, load_actor
from policy.errors import NotAllowed, Refused
from policy.system import system_session
from services.accounts import hash_key, new_sign_in

CARD_TIME = timedelta(minutes=10)
REMEMBERED_DAYS = 90
CARRIED_DAYS = 1
"""How long the phone's own browser is signed in by a card that somebody made for himself."""
ENTER = "sign_in_card:enter"


def may_be_let_in(actor: Actor) -> bool:
    """Whether a card may let in somebody with these roles: all of them must allow it. No role, no power, no danger."""
    return all(ENTER in holding.permissions for holding in actor.holdings)


def password_only_roles(account: Account) -> list[str]:
    """The names of the account's roles that keep it from being entered by a card; empty when a card may let it in."""
    # Whoever makes the card doesn't see all grants of the account: the roles count, wherever they are held.
    with system_session("sign_in", readonly=True) as reading:
        actor = load_actor(reading, account, today())
    return list(dict.fromkeys(held.role_name for held in actor.holdings if ENTER not in held.permissions))


def make_card(session: Session, account: Account) -> tuple[SignInCard, str]:
    """A new card of the account with its key, which is nowhere kept; an older card that is still good is revoked.

    Raises NotAllowed unless the session's actor may make cards in the account's branch, or makes one for himself: that
    one is remembered for a day only. Raises Refused for an account that is switched off or takes a password.
    """
    actor: Actor = session.info["actor"]
    for_others = actor.permits("sign_in_card:create", account.branch_id)
    if not for_others and account.id != actor.account_id:
        raise NotAllowed("您不能给这个账号制作登录卡。")
    if not account.active:
        raise Refused("这个账号已停用，请先启用，再制作登录卡。")
    if roles := password_only_roles(account):
        raise Refused(f"{account.name} 持有“{'、'.join(roles)}”角色，权限较大，只能用密码登录，不能用登录卡。")
    for older in open_cards(session, account):
        older.revoked_at = now()
    key = secrets.token_urlsafe(32)
    card = SignInCard(
        account=account, key_hash=hash_key(key), made_by=actor.name,
        remembered_days=REMEMBERED_DAYS if for_others else CARRIED_DAYS, expires_at=now() + CARD_TIME,
    )  # fmt: skip
    session.add(card)
    session.flush()
    return card, key


def open_cards(session: Session, account: Account) -> list[SignInCard]:
    """The account's cards that could still let a phone in, newest first."""
    good = select(SignInCard).where(
        SignInCard.account_id == account.id, SignInCard.used_at.is_(None), SignInCard.revoked_at.is_(None),
        SignInCard.expires_at > now(),
    )  # fmt: skip
    return list(session.scalars(good.order_by(SignInCard.id.desc())))


def revoke_card(session: Session, card: SignInCard) -> None:
    """Let the card let nobody in any more; raises Refused when it has let a phone in already."""
    if card.used_at is not None:
        raise Refused("这张登录卡已经用过了。如果不是本人用的，请让那部手机退出。")
    card.revoked_at = card.revoked_at or now()
    session.flush()


def find_card(session: Session, key: str) -> SignInCard | None:
    """The card of a key while it is good; None, whatever the reason, when it lets nobody in."""
    card = session.scalar(select(SignInCard).where(SignInCard.key_hash == hash_key(key)))
    if card is None or card.used_at is not None or card.revoked_at is not None or card.expires_at <= now():
        return None
    if not card.account.active or not may_be_let_in(load_actor(session, card.account, today())):
        return None
    return card


def enter_by_card(session: Session, key: str, device: str) -> tuple[SignIn, str] | None:
    """Use the card up: the phone's session and its key, or None when the card lets nobody in.

    Of two that come at once one wins: the other's write finds the card changed (StaleDataError).
    """
    card = find_card(session, key)
    if card is None:
        return None
    card.used_at = now()
    return new_sign_in(session, card.account, timedelta(days=card.remembered_days), device)


def phones_of(session: Session, account: Account) -> list[SignIn]:
    """The phones that are signed in to the account, the latest remembered first."""
    running = select(SignIn).where(
        SignIn.account_id == account.id,
        SignIn.device.is_not(None),
        SignIn.ended_at.is_(None),
        SignIn.expires_at > now(),
    )
    return list(session.scalars(running.order_by(SignIn.id.desc())))


def forget_phone(session: Session, phone: SignIn) -> None:
    """Sign the phone out; the next time it needs a new card. Its account, or the branch, may; others raise NotAllowed."""
    phone.ended_at = phone.ended_at or now()
    session.flush()


def forget_phones(session: Session, account: Account) -> int:
    """Sign out all phones of the account; returns how many there were."""
    phones = phones_of(session, account)
    for phone in phones:
        forget_phone(session, phone)
    return len(phones)


def note_use(session: Session, phone_id: int) -> None:
    """Keep the day on which the phone was used last: the day, not the hour, and no more often."""
    phone: Any = session.get(SignIn, phone_id)
    if phone is not None and phone.device is not None and phone.last_used_on != today():
        phone.last_used_on = today()
        session.flush()
