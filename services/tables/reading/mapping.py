"""Each head gets at most one field, and each field at most one head; where two fit about equally, neither is guessed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from services.tables.importing.fields import Field
from services.tables.reading.files import Cell
from services.tables.reading.names import Meaning, Names
from services.tables.reading.table import Head, Table
from services.tables.reading.values import choices_of, fits, text_of
from services.tables.reading.words import NUMBER_HEADS, means_nothing, plain

# A column about somebody else's number must not become the record's own.
_SOMEBODY_ELSE = re.compile(
    r"家属|配偶|爱人|丈夫|妻子|父|母|子女|监护|紧急|法人|法定|代表|负责人|书记|介绍人|培养|联系人|经办|填报|填表|审核|推荐|成员|代理|原|旧|对方|领导"
)
# These can be told by their values whatever the head says; days and yes-or-no only where there is no head.
_TELLING = ("id_number", "credit_code", "phone", "choice")
# The first lines tell as much as all of them.
_LINES_TRIED = 1000
_WEAK = ("yes_no", "day", "partial_date")


@dataclass(frozen=True)
class Mapped:
    """A head and its field.

    Attributes:
        head: the head.
        field: the field's name; None where the column isn't imported.
        how: ``remembered``, ``name``, ``synonym``, ``pinyin``, ``values``; ``number`` for a running number, which is
            never imported; empty where nothing was found.
    """

    head: Head
    field: str | None
    how: str


def map_heads(table: Table, fields: Sequence[Field], remembered: Mapping[str, str] | None = None) -> list[Mapped]:
    """The field of each head, in the heads' order.

    Args:
        table: what was found in the sheet.
        fields: the form's fields.
        remembered: by ``head_key``, the field that this branch chose for a head before; an empty name: none. It wins
            over all else, as long as the form still has the field.
    """
    names = Names(fields, remembered)
    columns = [[line.cells[place] for line in table.lines[:_LINES_TRIED]] for place in range(len(table.heads))]
    found: dict[int, tuple[str | None, str]] = {}
    for place, head in enumerate(table.heads):
        if names.is_remembered(head.text):
            field = names.remembered_field(head.text)
            found[place] = (field.name if field else None, "remembered")
    _keep_one_each(found, columns)
    _find_numbers(found, table.heads, columns, names)
    _find_by_name(found, table.heads, columns, names)
    _find_by_values(found, table.heads, columns, names)
    return [Mapped(head, *found.get(place, (None, ""))) for place, head in enumerate(table.heads)]


def assign(heads: Sequence[tuple[str, ...]], names: Names, filled: Sequence[int] = ()) -> dict[int, Meaning]:
    """The meaning of each head by its words alone; ``filled`` counts the values, for two heads that are equally good."""
    found: dict[int, Meaning] = {}
    taken: set[str] = set()
    unsure: set[int] = set()
    for _worth, _filled_cells, place, meaning in _wanted(heads, names, filled):
        if place in found or place in unsure or meaning.field.name in taken:
            continue
        rivals = [
            one
            for one in names.meanings(heads[place])
            if one.worth == meaning.worth and one.field.name not in taken and one.field is not meaning.field
        ]
        if rivals and not (meaning.declared and all(one.declared for one in rivals)):
            unsure.add(place)
            continue
        found[place] = meaning
        taken.add(meaning.field.name)
    return found


def _wanted(
    heads: Sequence[tuple[str, ...]], names: Names, filled: Sequence[int]
) -> list[tuple[int, int, int, Meaning]]:
    order = {field.name: place for place, field in enumerate(names.fields)}
    wanted = [
        (-meaning.worth, -(filled[place] if filled else 0), place, meaning)
        for place, words in enumerate(heads)
        for meaning in names.meanings(words)
    ]
    return sorted(wanted, key=lambda one: (*one[:3], order[one[3].field.name]))


def _keep_one_each(found: dict[int, tuple[str | None, str]], columns: list[list[Cell]]) -> None:
    """Of two heads remembered for one field, keep the one with more values."""
    by_field: dict[str, int] = {}
    for place, (name, _how) in list(found.items()):
        if name is None:
            continue
        other = by_field.get(name)
        if other is None or _filled(columns[place]) > _filled(columns[other]):
            by_field[name], loser = place, other
        else:
            loser = place
        if loser is not None:
            del found[loser]


def _find_numbers(
    found: dict[int, tuple[str | None, str]], heads: Sequence[Head], columns: list[list[Cell]], names: Names
) -> None:
    """Running numbers. 编号 is a record's key only where the heads are labels of the form, as in our own export."""
    labels = {plain(field.label) for field in names.fields}
    texts = [plain(head.text) for head in heads if head.text]
    known = sum(text in labels for text in texts)
    for place, head in enumerate(heads):
        if place in found:
            continue
        key = plain(head.words[-1]) if head.words else ""
        running = _runs(columns[place])
        if any(meaning.field.kind == "key" for meaning in names.meanings(head.words)):
            ours = known == len(texts) or (known * 5 >= len(texts) * 4 and not running)
            if not (ours and all(text_of(cell).isdecimal() for cell in columns[place] if text_of(cell))):
                found[place] = (None, "number")
        elif (key in NUMBER_HEADS and key not in labels) or (not head.text and running):
            found[place] = (None, "number")


def _runs(cells: list[Cell]) -> bool:
    """Whether a column counts 1, 2, 3 …"""
    values = filter(None, map(text_of, cells))
    return [*islice(values, 2)] == ["1", "2"] and all(value.isdecimal() for value in values)


def _find_by_name(
    found: dict[int, tuple[str | None, str]], heads: Sequence[Head], columns: list[list[Cell]], names: Names
) -> None:
    taken = {name for name, _how in found.values() if name}
    free = [place for place in range(len(heads)) if place not in found and heads[place].text]
    rest = Names([field for field in names.fields if field.name not in taken])
    meant = assign([heads[place].words for place in free], rest, [_filled(columns[place]) for place in free])
    for index, meaning in meant.items():
        found[free[index]] = (meaning.field.name, meaning.how)


def _find_by_values(
    found: dict[int, tuple[str | None, str]], heads: Sequence[Head], columns: list[list[Cell]], names: Names
) -> None:
    """Columns whose head says nothing known, by what stands in them: one field for one column, or none."""
    taken = {name for name, _how in found.values() if name}
    free_fields = [field for field in names.fields if field.name not in taken]
    free = [place for place in range(len(heads)) if place not in found]
    claims = {place: _fields_fitting(heads[place], columns[place], free_fields, names) for place in free}
    for place, fitting in claims.items():
        rivals = [other for other in free if other != place and fitting and fitting[0] in claims[other]]
        if len(fitting) == 1 and not rivals:
            found[place] = (fitting[0].name, "values")


def _fields_fitting(head: Head, cells: list[Cell], fields: Sequence[Field], names: Names) -> list[Field]:
    nameless = means_nothing(head.text)
    # A head that could be two fields by its name isn't settled by a guess among others.
    if _SOMEBODY_ELSE.search(head.text) or (not nameless and names.meanings(head.words)):
        return []
    kinds = (*_TELLING, *_WEAK) if nameless else _TELLING
    fitting = []
    for field in fields:
        kind = "choice" if field.kind in ("choice", "code") and field.choices else field.kind
        if kind in kinds and fits(kind, cells, choices_of(field)):
            fitting.append(field)
    return fitting


def _filled(cells: Sequence[Cell]) -> int:
    return sum(bool(text_of(cell)) for cell in cells)
