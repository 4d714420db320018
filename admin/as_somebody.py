"""Commands that act as somebody: through the same walls as on his pages."""

from sqlalchemy import select

from models import Account
from models.clock import today
from policy import Refused, system_session
from policy.actor import Actor, load_actor


def actor_called(username: str) -> Actor:
    """Whoever signs in by this name, as he may act today; raises Refused when nobody does."""
    with system_session("command_line", readonly=True) as session:
        account = session.scalar(select(Account).where(Account.username == username, Account.active))
        if account is None:
            raise Refused(f"没有这个账号，或已停用：{username}")
        return load_actor(session, account, today())
