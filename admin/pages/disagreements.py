"""/disagreements/: where the self-assessment and the review differ, with the reasons."""

from typing import Any

from flask import abort, request
from flask_admin import BaseView, expose

from admin.pages.common import KEY_DIGITS
from models import db
from policy import the_actor
from services.checklists.answers import REVIEW, SELF, given_by, in_words, state_of
from services.checklists.disagreements import LISTED, Asked, disagreements, rounds_seen


class DisagreementsPage(BaseView):
    """The list of disagreements, of everything in sight or of one round."""

    def __init__(self) -> None:
        super().__init__(name="不一致清单", category="标准化", endpoint="disagreements", url="/disagreements")

    def is_accessible(self) -> bool:
        return the_actor().may("assessment_answer:read")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("assessments", "不一致清单")]

    @expose("/")
    def index(self) -> str:
        asked = Asked(_key("round"), request.args.get("unsettled") == "1", _key("before"))
        found = disagreements(db.session, asked)
        rows, more = found[:LISTED], len(found) > LISTED
        kept = {name: value for name, value in request.args.items() if name in ("round", "unsettled") and value}
        return self.render(
            "admin/pages/disagreements.html",
            rows=[(row, *_both(row)) for row in rows],
            asked=asked,
            rounds=rounds_seen(db.session),
            more_url=self.get_url(".index", **kept, before=rows[-1].id) if more else None,
        )


def _both(row: Any) -> list[tuple[str, str]]:
    """Each side's answer: how far the item is met, and the words for it."""
    sides = []
    for side in (SELF, REVIEW):
        given = given_by(side, row)
        state = state_of(row.item, given)
        sides.append((state.value if state else "", in_words(row.item, given)))
    return sides


def _key(name: str) -> int | None:
    """A key that the address may name; 404 when it is none."""
    text = request.args.get(name, "")
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= KEY_DIGITS else abort(404)
