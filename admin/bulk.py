"""What is done with all rows that a list holds, beyond the page that is seen."""

from typing import Any

from flask import flash, redirect, request

from admin.listing import Page
from models import db

MOST_AT_ONCE = 500
"""More would keep everybody else from writing for too long."""
NAMED = 20


def offers_all(page: Page) -> bool:
    """Whether the list has more rows than the page, and not too many."""
    return page.count.exact and len(page) < page.count.seen <= MOST_AT_ONCE


def act_on_all(screen: Any, action: str) -> Any:
    """Do a bulk action with the rows that the list holds at this moment, once their number was confirmed.

    Who comes with another number than there is now is asked again: the list has changed since it was seen.
    """
    keys = [str(key) for key in screen.whole_listing().keys(db.session, MOST_AT_ONCE + 1)]
    if not keys:
        flash("没有符合条件的记录了，什么都没有改动。", "error")
        return redirect(screen.list_url())
    if len(keys) > MOST_AT_ONCE:
        flash(f"符合条件的超过 {MOST_AT_ONCE} 条，一次最多处理 {MOST_AT_ONCE} 条。请先用筛选缩小范围。", "error")
        return redirect(screen.list_url())
    if request.form.get("confirmed") == "yes" and request.form["all"] == str(len(keys)):
        return screen.act_on(action, keys)
    return _question(screen, action, keys)


def _question(screen: Any, action: str, keys: list[str]) -> str:
    """The page that names the number, and the first of the rows."""
    expected = request.form["all"]
    return screen.render(
        "admin/model/all_matching.html",
        action=action,
        label=screen._actions_data[action][1],
        count=len(keys),
        expected=expected if expected.isdecimal() and expected != str(len(keys)) else None,
        titles=[screen.row_title(row) for row in screen.get_many(keys[:NAMED])],
        target=screen.url_for_action(),
        return_url=screen.list_url(),
    )
