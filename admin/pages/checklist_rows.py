"""The editor of a checklist as rows of a form: from an outline, from what was posted, and back into an outline.

The order in which ``row`` is posted is the order of the checklist: ``g:TOKEN`` begins a group, ``i:TOKEN`` is an item of
the group before it. The other fields of a row carry its token in their names. So rows can be moved about in the browser,
and a page without scripts can do the same by its buttons.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from admin.pages.common import readable
from models import BranchKind, Scoring
from models.hundredths import parse_hundredths, trimmed
from services.checklists.outline import (
    Fault,
    GroupOutline,
    ItemOutline,
    Outline,
    StepOutline,
    faults_of,
    parse_steps,
    steps_in_words,
)

ROW, FACTS = "row", ("name", "passed_percent", "nearly_percent", "bonus_percent")
TEXTS = ("code", "text", "counts", "how_checked", "evidence")
POINTS = ("points", "off_each", "off_at_most")
ITEM_FIELDS = (*TEXTS, *POINTS, "scoring", "steps", "can_be_left_out", "origins")
_TOKEN = re.compile(r"(?P<kind>[gi]):(?P<token>[kn]\d{1,9})")
_FIELD = re.compile(r"(group|" + "|".join(ITEM_FIELDS) + r")-[kn]\d{1,9}")


@dataclass
class ItemRow:
    """One item on the page: what stands in its fields, and what is wrong with which."""

    token: str
    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)


@dataclass
class GroupRow:
    """One heading on the page with its items."""

    token: str
    name: str
    items: list[ItemRow] = field(default_factory=list)
    error: str = ""


@dataclass
class Editor:
    """All that stands in the form of one version.

    Attributes:
        facts: name, limits of the bands and of bonuses, as typed.
        errors: of the facts, by name; those of the version as a whole under the empty name.
    """

    facts: dict[str, str]
    audiences: list[str]
    groups: list[GroupRow]
    errors: dict[str, str] = field(default_factory=dict)

    def items(self) -> Iterator[ItemRow]:
        """All items in their order."""
        for group in self.groups:
            yield from group.items

    @property
    def faulty(self) -> int:
        """How many places are wrong."""
        rows = sum(len(item.errors) for item in self.items()) + sum(bool(group.error) for group in self.groups)
        return rows + len(self.errors)

    def new_token(self) -> str:
        """A token that no row has."""
        used = [one.token for one in (*self.groups, *self.items())]
        return f"n{1 + max((int(token[1:]) for token in used if token[0] == 'n'), default=0)}"


def belongs(name: str) -> bool:
    """Whether a posted field is one of the editor's."""
    return name in (ROW, "version_seen", "audience", *FACTS) or bool(_FIELD.fullmatch(name))


def editor_of(outline: Outline) -> Editor:
    """The form of what is stored, or of what was read from a workbook."""
    fresh = (f"n{number}" for number in range(1, 100_000))
    groups = [
        GroupRow(
            f"k{group.key}" if group.key else next(fresh),
            group.name,
            [ItemRow(f"k{item.key}" if item.key else next(fresh), values_of(item)) for item in group.items],
        )
        for group in outline.groups
    ]
    facts = {name: str(getattr(outline, name)) for name in FACTS}
    return Editor(facts, [kind.value for kind in outline.audiences], groups)


def values_of(item: ItemOutline) -> dict[str, str]:
    """An item as it stands in its fields."""
    values = {name: getattr(item, name) or "" for name in TEXTS}
    values |= {name: "" if getattr(item, name) is None else trimmed(getattr(item, name)) for name in POINTS}
    return values | {
        "scoring": item.scoring.value,
        "steps": steps_in_words(item.steps),
        "can_be_left_out": "y" if item.can_be_left_out else "",
        "origins": "、".join(item.origins),
    }


def editor_from(form: MultiDict[str, str]) -> Editor:
    """The form as it was posted; rows that make no sense are passed over."""
    editor = Editor({name: readable(form.get(name, "")) for name in FACTS}, form.getlist("audience"), [])
    seen: set[str] = set()
    for posted in form.getlist(ROW):
        found = _TOKEN.fullmatch(posted)
        if not found or posted in seen:
            continue
        seen.add(posted)
        token = found["token"]
        if found["kind"] == "g":
            editor.groups.append(GroupRow(token, readable(form.get(f"group-{token}", ""))))
            continue
        if not editor.groups:
            editor.groups.append(GroupRow(editor.new_token(), ""))
        values = {name: readable(form.get(f"{name}-{token}", "")) for name in ITEM_FIELDS}
        editor.groups[-1].items.append(ItemRow(token, values))
    return editor


def change_rows(editor: Editor, do: str) -> None:
    """Do what a button says: add a group or an item, move a row up or down, or leave it out."""
    verb, _colon, token = do.partition(":")
    if verb == "add-group":
        editor.groups.append(GroupRow(editor.new_token(), ""))
    if verb == "add-item":
        for group in editor.groups:
            if f"g{group.token}" == token:
                group.items.append(new_item(editor))
    rows: Any
    for rows in (editor.groups, *(group.items for group in editor.groups)):
        kind = "g" if rows is editor.groups else "i"
        for place, row in enumerate(list(rows)):
            if f"{kind}{row.token}" != token:
                continue
            if verb == "drop":
                rows.remove(row)
            other = place + {"up": -1, "down": 1}.get(verb, 0)
            if verb in ("up", "down") and 0 <= other < len(rows):
                rows[place], rows[other] = rows[other], rows[place]


def new_item(editor: Editor) -> ItemRow:
    """An item to be written."""
    return ItemRow(editor.new_token(), values_of(ItemOutline("", "")))


def outline_from(editor: Editor) -> Outline:
    """What the form says; whatever is wrong is noted in its place, and the outline is then not to be saved."""
    groups = []
    for group in editor.groups:
        items = tuple(_item_from(row) for row in group.items)
        groups.append(GroupOutline(group.name, items, _key(group.token)))
    kinds = {kind.value: kind for kind in BranchKind}
    outline = Outline(
        name=editor.facts["name"],
        groups=tuple(groups),
        audiences=tuple(kinds[value] for value in dict.fromkeys(editor.audiences) if value in kinds),
        **{name: _percent(editor, name) for name in FACTS[1:]},
    )
    for fault in faults_of(outline):
        _note(editor, fault)
    return outline


def _percent(editor: Editor, name: str) -> int:
    text = editor.facts[name].removesuffix("%")
    if re.fullmatch(r"\d{1,3}", text, re.ASCII):
        return int(text)
    editor.errors[name] = "请填写 0 到 100 的整数。"
    return 0


def _key(token: str) -> int | None:
    return int(token[1:]) if token[0] == "k" else None


def _item_from(row: ItemRow) -> ItemOutline:
    values, scorings = row.values, {one.value: one for one in Scoring}
    scoring = scorings.get(values["scoring"], Scoring.GRADED)
    if values["scoring"] not in scorings:
        row.errors["scoring"] = "请选一种得分办法。"
    points = {name: _points(row, name) for name in POINTS}
    return ItemOutline(
        code=values["code"],
        text=values["text"],
        points=points["points"] or 0,
        scoring=scoring,
        steps=_steps(row, scoring),
        off_each=points["off_each"],
        off_at_most=points["off_at_most"],
        counts=values["counts"] or None,
        can_be_left_out=bool(values["can_be_left_out"]),
        how_checked=values["how_checked"] or None,
        evidence=values["evidence"] or None,
        origins=tuple(sorted({code for code in re.split(r"[、,，;；\s]+", values["origins"]) if code})),
        key=_key(row.token),
    )


def _points(row: ItemRow, name: str) -> int | None:
    text = row.values[name].removesuffix("分").strip()
    if not text:
        if name == "points":
            row.errors[name] = "请填写分值，如 10 或 2.5。"
        return None
    try:
        return parse_hundredths(text)
    except ValueError as reason:
        row.errors[name] = str(reason)
        return None


def _steps(row: ItemRow, scoring: Scoring) -> tuple[StepOutline, ...]:
    try:
        return parse_steps(row.values["steps"], scoring, row.values["counts"] or None)
    except ValueError as reason:
        row.errors["steps"] = str(reason)
        return ()


def _note(editor: Editor, fault: Fault) -> None:
    """Put a fault beside its field; what stands there already was found first and says more."""
    if fault.group is None:
        editor.errors.setdefault(fault.name, fault.message)
    elif fault.item is None:
        editor.groups[fault.group].error = editor.groups[fault.group].error or fault.message
    else:
        editor.groups[fault.group].items[fault.item].errors.setdefault(fault.name, fault.message)
