"""Related records by what people call them: a name, a code or a number, always within the actor's sight."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import or_, select

from models.base import BranchScoped
from models.pinyin import pinyin
from services.tables.columns import ListColumns
from services.tables.importing.values import OFFERED, Unfit, folded

TEXTS_AT_ONCE = 1_000
FEW_ROWS = 2_000
"""Of so few records the titles are all read, to find what a sheet may have meant."""
GUESSED = 200
"""For so many names that aren't found what was meant is looked for: comparing with all titles takes milliseconds each."""
_NUMBERED = re.compile(r"(?:.*（)?(?:编号|#)\s*(\d{1,15})）?")


@dataclass(frozen=True)
class Related:
    """A record that a line points at."""

    id: int
    branch_id: int | None
    title: str
    ended: bool = False

    @property
    def in_full(self) -> str:
        """The title with the number, which leaves no doubt."""
        return f"{self.title}（编号{self.id}）"


class RelatedRecords:
    """The records of one model that the cells of a sheet name.

    Args:
        names: the model's text columns by which people know a record.
    """

    def __init__(self, session: Any, model: Any, names: Sequence[str]) -> None:
        self._session, self._model = session, model
        self._names = [name for name in names if "." not in name]
        self._columns = ListColumns(model, self._names, whole=True)
        self._by_text: dict[str, list[Related]] = defaultdict(list)
        self._by_id: dict[int, Related] = {}
        self._few: dict[str, list[Related]] | None = None
        self._offers: dict[str, tuple[str, ...]] = {}

    def look_for(self, texts: Iterable[str]) -> None:
        """Find the records of all these texts, some at a time."""
        wanted = sorted({text for text in texts if text})
        numbers = [int(found.group(1)) for text in wanted if (found := _NUMBERED.fullmatch(text))]
        for start in range(0, len(wanted), TEXTS_AT_ONCE):
            some = wanted[start : start + TEXTS_AT_ONCE]
            self._read(or_(*(getattr(self._model, name).in_(some) for name in self._names)) if self._names else None)
        for start in range(0, len(numbers), TEXTS_AT_ONCE):
            self._read(self._model.id.in_(numbers[start : start + TEXTS_AT_ONCE]))

    def called(self, text: str) -> list[Related]:
        """The records that are called so; raises Unfit when there is none, with what may have been meant."""
        if found := _NUMBERED.fullmatch(text):
            known = self._by_id.get(int(found.group(1)))
            if known is not None:
                return [known]
        found_rows = self._by_text.get(folded(text)) or self._all_few().get(folded(text))
        if found_rows:
            return found_rows
        if text not in self._offers:
            self._offers[text] = self._near(text) if len(self._offers) < GUESSED else ()
        offers = self._offers[text]
        raise Unfit(
            "没有找到这条记录，请核对名称。" if not offers else f"没有找到。是不是：{'、'.join(offers)}？", offers
        )

    def _read(self, condition: Any) -> None:
        if condition is None:
            return
        for values in self._session.execute(self._columns.statement.where(condition)):
            self._note(self._columns.row(self._session, values), self._by_text)

    def _note(self, row: Any, by_text: dict[str, list[Related]]) -> None:
        branch = getattr(row, self._model.scope_column().key) if issubclass(self._model, BranchScoped) else None
        one = Related(row.id, branch, str(row.title), getattr(row, "ended_on", None) is not None)
        self._by_id[one.id] = one
        for text in {str(getattr(row, name)) for name in self._names if getattr(row, name)} | {one.title}:
            known = by_text[folded(text)]
            if one not in known:
                known.append(one)

    def _all_few(self) -> dict[str, list[Related]]:
        """All records by their texts, where they are few."""
        if self._few is None:
            self._few = defaultdict(list)
            ids = self._session.scalars(select(self._model.id).limit(FEW_ROWS + 1)).all()
            if len(ids) <= FEW_ROWS:
                for values in self._session.execute(self._columns.statement):
                    self._note(self._columns.row(self._session, values), self._few)
        return self._few

    def _near(self, text: str) -> tuple[str, ...]:
        few = self._all_few()
        asked = folded(text)
        held = [key for key in few if asked in key or key in asked]
        sound = [key for key in few if pinyin(key) == pinyin(asked)] if len(few) <= FEW_ROWS else []
        near = get_close_matches(asked, list(few), OFFERED, 0.5)
        rows = [few[key][0] for key in dict.fromkeys([*sound, *held, *near])]
        return tuple(dict.fromkeys(row.title for row in rows))[:OFFERED]


def the_one(found: list[Related], branch_id: int | None, present: int | None) -> Related:
    """Which of several is meant: the one that the record has, the only one of its branch, the only one still going.

    Raises Unfit when that leaves more than one.
    """
    for fits in (
        lambda one: one.id == present,
        lambda one: branch_id is not None and one.branch_id == branch_id and not one.ended,
        lambda one: not one.ended,
    ):
        left = [one for one in found if fits(one)]
        if len(left) == 1:
            return left[0]
    if len(found) == 1:
        return found[0]
    offers = tuple(one.in_full for one in found[:OFFERED])
    raise Unfit(f"有 {len(found)} 条同名的记录，请写明编号，如 {offers[0]}。", offers)
