"""The choice of who reviews (考评人), as a part of the pages of rounds: three ways, and the people for the third."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from flask import request
from sqlalchemy import select

from admin.fields import LONG_LIST
from models import Branch, db
from models.pinyin import initials, pinyin
from policy import the_actor
from policy.protected import within
from services.checklists.reviewers import FIELD, How, Reviewer, Wish, candidates

HOW = "reviewing"
"""The name of the three ways in the form; the person's is ``FIELD``."""
KEY_DIGITS = 15
WAYS = (
    (How.ANYBODY, "不指定（有考评权限的人都可以考评）"),
    (How.POSTED, "每家由派驻的指导员考评"),
    (How.ONE, "指定一位"),
)


@dataclass
class ReviewerChoice:
    """What is chosen, who can be, and what is wrong with that.

    Attributes:
        typed: the key of the person, as it was posted.
    """

    how: How = How.ANYBODY
    typed: str = ""
    people: list[Reviewer] = field(default_factory=list)
    error: str = ""

    @property
    def id(self) -> str:
        """Where the list of errors leads."""
        return FIELD if self.how is How.ONE else f"{HOW}-{self.how.value}"

    @property
    def label(self) -> Any:
        """What the list of errors calls it."""
        return {"text": "考评人"}

    @property
    def wish(self) -> Wish:
        """What is asked of the services; a key that is none finds nobody, as any that isn't there."""
        if self.how is not How.ONE:
            return Wish(self.how)
        is_key = self.typed.isascii() and self.typed.isdigit() and len(self.typed) <= KEY_DIGITS
        return Wish(self.how, int(self.typed) if is_key else -1 if self.typed else None)

    @property
    def options(self) -> list[dict[str, Any]]:
        """The people as the list shows them: name and branch; many are found by their pinyin too."""
        many = len(self.people) > LONG_LIST
        return [
            {
                "key": one.key,
                "text": f"{one.name}（{one.branch}）",
                "chosen": str(one.key) == self.typed,
                "spelt": f"{pinyin(one.name, True)} {initials(one.name, True)}" if many else "",
            }
            for one in self.people
        ]

    @property
    def ways(self) -> tuple[tuple[How, str], ...]:
        """The three ways, each with its words."""
        return WAYS


def posted_choice() -> ReviewerChoice:
    """What the form says; whatever makes no sense names nobody."""
    how = request.form.get(HOW, "")
    return ReviewerChoice(How(how) if how in list(How) else How.ANYBODY, request.form.get(FIELD, "").strip())


def offer_reviewers(choice: ReviewerChoice, branches: Collection[int] | None = None) -> None:
    """Fill in who may review in one of these branches, or without them wherever the actor may begin assessments."""
    if branches is None:
        places = within(Branch.id, the_actor().reach("assessment:create"))
        branches = set(db.session.scalars(select(Branch.id).where(places)))
    choice.people = candidates(db.session(), branches)
