"""Views of lists: saved under a name, changed and deleted by whose they are, shared within the branch."""

from collections.abc import Mapping
from secrets import token_urlsafe

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, SavedView
from policy import Refused, the_actor

MOST_VIEWS = 20
"""So many views an account may keep of one list."""
MAX_NAME = 30
MAX_KEY = 40


def views_of(session: Session, resource: str) -> list[SavedView]:
    """The views of a list that the actor sees: his own, and those shared in his branch."""
    wanted = select(SavedView).where(SavedView.resource == resource)
    return list(session.scalars(wanted.order_by(SavedView.name, SavedView.id)))


def view_of_key(session: Session, key: str) -> SavedView | None:
    """The view that a link names; None when there is none in sight."""
    known = len(key) <= MAX_KEY and "\x00" not in key
    return session.scalar(select(SavedView).where(SavedView.key == key)) if known else None


def is_own(view: SavedView) -> bool:
    """Whether the view is the actor's own."""
    return view.account_id == the_actor().account_id


def save_view(session: Session, resource: str, name: str, asks: Mapping[str, str], shared: bool) -> SavedView:
    """Keep what a list was asked for under a name; raises Refused when the name is taken or there are too many."""
    account = session.get(Account, the_actor().account_id)
    if account is None:
        raise Refused("只有登录的人能保存视图。")
    own = [view for view in views_of(session, resource) if is_own(view)]
    if len(own) >= MOST_VIEWS:
        raise Refused(f"一个列表最多保存 {MOST_VIEWS} 个视图，请先删除不用的。", "name")
    view = SavedView(account_id=account.id, branch_id=account.branch_id, resource=resource, key=token_urlsafe(16))
    view.asks, view.shared = dict(asks), shared
    view.name = _free_name(name, own)
    session.add(view)
    session.flush()
    return view


def change_view(session: Session, view: SavedView, name: str, shared: bool) -> None:
    """Give one's own view a name, and share it or take it back; raises Refused when the name is taken."""
    others = [one for one in views_of(session, view.resource) if is_own(one) and one is not view]
    view.name, view.shared = _free_name(name, others), shared
    session.flush()


def delete_view(session: Session, view: SavedView) -> None:
    """Delete one's own view; nobody's rows change by it."""
    session.delete(view)
    session.flush()


def _free_name(name: str, others: list[SavedView]) -> str:
    """The name without blanks around it; raises Refused when it is none, too long or taken."""
    name = " ".join("".join(char for char in name if char.isprintable()).split())
    if not name:
        raise Refused("请给视图起个名字。", "name")
    if len(name) > MAX_NAME:
        raise Refused(f"名字最多 {MAX_NAME} 个字，请写短一些。", "name")
    if name in {view.name for view in others}:
        raise Refused("您已经有同名的视图，请换个名字，或先删除原来的。", "name")
    return name
