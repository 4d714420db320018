"""Looking for words in records: in named columns, as pinyin or initials of names, in the records that they point at."""

from functools import lru_cache
from typing import Any

from sqlalchemy import False_, and_, false, func, inspect, or_, select
from sqlalchemy.orm import Session

from models.base import PinyinNamed
from models.pinyin import pinyin
from services.tables.keyset import FEW

MAX_SEARCH = 100


def is_spelt(model: type, name: str) -> bool:
    """Whether a dotted name is a name that is found by its pinyin too."""
    *path, column = name.split(".")
    for step in path:
        model = inspect(model).relationships[step].mapper.class_
    return issubclass(model, PinyinNamed) and column == model.__pinyin_of__


def long_tables(session: Session, models: list[Any], rows: int) -> frozenset[Any]:
    """Those of these models of which the session's actor sees more rows than so many; one query."""
    found = session.execute(_rows_after(tuple(models), rows)).one() if models else ()
    return frozenset(model for model, one in zip(models, found, strict=True) if one is not None)


@lru_cache(maxsize=64)
def _rows_after(models: tuple[Any, ...], rows: int) -> Any:
    """Of each of these models the key of one row behind so many."""
    return select(*(select(model.id).offset(rows).limit(1).scalar_subquery() for model in models))


def tables_holding(session: Session, wanted: list[tuple[Any, Any]]) -> list[bool]:
    """For each model and condition on it whether the session's actor sees a row that it holds for; one query."""
    probes = [select(model.id).where(condition).limit(1).scalar_subquery() for model, condition in wanted]
    return [one is not None for one in session.execute(select(*probes)).one()] if probes else []


class Search:
    """The conditions on rows that hold words, for one session.

    Args:
        long: the models that are too long to be read through: there only a name's beginning is looked for, which is
            indexed, and what points at records that were found.
        some: when only some of the rows are wanted, at how many found records they may point.
    """

    def __init__(self, session: Session, long: frozenset[Any] = frozenset(), some: int | None = None) -> None:
        self._session, self._long, self._some = session, long, some
        self._found: dict[tuple[Any, ...], tuple[Any, list[int]]] = {}

    def conditions(self, model: Any, names: list[str], text: str) -> list[Any]:
        """Every word is found: in one of the named columns, or as pinyin or initials of a name.

        In related records it is looked for first: they are fewer, and the rows that point at some keys are indexed.
        """
        return [self._found_in(model, names, word) for word in text[:MAX_SEARCH].replace("\x00", "").split()]

    def _found_in(self, model: Any, names: list[str], word: str) -> Any:
        own = [self._holds(model, name, word) for name in names if "." not in name]
        related: dict[str, list[str]] = {}
        for name in names:
            step, _, rest = name.partition(".")
            if rest:
                related.setdefault(step, []).append(rest)
        return or_(false(), *own, *(self._points_at(model, step, rest, word) for step, rest in related.items()))

    def _holds(self, model: Any, column: str, word: str) -> Any:
        if model in self._long:
            return _begins(model, word) if is_spelt(model, column) else false()
        found = [getattr(model, column).contains(word, autoescape=True)]
        if word.isascii() and is_spelt(model, column):
            found += [getattr(model, name).contains(word.lower(), autoescape=True) for name in ("initials", "pinyin")]
        return or_(*found)

    def _points_at(self, model: Any, step: str, names: list[str], word: str) -> Any:
        """The row points at a record in which the word is found; of one that isn't in sight nothing is found."""
        target = inspect(model).relationships[step].mapper.class_
        if f"{step}_id" not in inspect(model).columns:
            return getattr(model, step).has(self._found_in(target, names, word))
        asked = target, tuple(names), word
        if asked not in self._found:
            wanted = select(target.id).where(self._found_in(target, names, word)).correlate(None)
            self._found[asked] = wanted, self._first_keys(wanted)
        wanted, keys = self._found[asked]
        return getattr(model, f"{step}_id").in_(keys if len(keys) <= FEW else wanted) if keys else false()

    def _first_keys(self, wanted: Any) -> list[int]:
        at_most = self._some or FEW + 1
        return [] if is_hopeless(wanted.whereclause) else list(self._session.scalars(wanted.limit(at_most)))


def is_hopeless(condition: Any) -> bool:
    """Whether a condition holds for no row, which needn't be asked of the database."""
    return isinstance(condition, False_)


def _begins(model: Any, word: str) -> Any:
    """The name begins with the word, or its pinyin or initials do: each a range of an index."""
    if word.isascii():
        return or_(_in_range(model.pinyin, word.lower()), _in_range(model.initials, word.lower()))
    name, spelt = getattr(model, model.__pinyin_of__), pinyin(word, model.__pinyin_person__)
    return and_(_in_range(model.pinyin, spelt), name.startswith(word, autoescape=True)) if spelt else false()


def _in_range(column: Any, start: str) -> Any:
    """The column begins with these letters and digits, as bounds that any order of letters agrees on."""
    kept = start.rstrip("z9")
    bounds = [column >= start, column < kept[:-1] + chr(ord(kept[-1]) + 1)] if kept else [column >= start]
    return and_(*bounds, func.substr(column, 1, len(start)) == start)
