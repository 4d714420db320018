"""What a sheet is imported into: one kind of record with the fields of its form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Boolean, Date, Enum, Integer, UniqueConstraint, inspect

from models.base import BranchScoped, owners_of
from models.column_types import PartialDateType
from policy.actions import resource_of
from services.tables.importing.fields import Field
from services.tables.importing.values import words_of

KEY = "id"
KEY_FIELD = Field(KEY, "编号", ("记录编号", "系统编号"), "key")
CHECKED_KINDS = ("id_number", "phone", "credit_code", "month")


@dataclass(frozen=True)
class Match:
    """By what a line finds the record that is there already.

    Attributes:
        name: what forms call it.
        names: the fields that must all be the same.
        label: how people read it, such as 身份证号.
    """

    name: str
    names: tuple[str, ...]
    label: str


def _never_locked(_row: Any) -> None:
    return None


@dataclass(frozen=True)
class ImportTarget:
    """One kind of record, as sheets are imported into it.

    Attributes:
        model: the mapped class.
        names: the form's fields, columns and relationships.
        lookups: for each relationship, the text columns of the related record by which it is found.
        known: other heads that exports have, by label: what the program fills in itself.
        also: for each relationship, labels under which lists show it, such as 企业 for a posting.
        locked: why a record can't be changed now, in Chinese; None while it can.
    """

    model: Any
    names: tuple[str, ...]
    lookups: Mapping[str, tuple[str, ...]]
    known: frozenset[str] = frozenset()
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    locked: Callable[[Any], str | None] = _never_locked

    @cached_property
    def resource(self) -> str:
        """The resource's name in permissions."""
        return resource_of(self.model)

    @cached_property
    def title(self) -> str:
        """The kind of record in Chinese."""
        return self.model.record_name

    @cached_property
    def relations(self) -> Mapping[str, Any]:
        """The form's relationships by name."""
        every = inspect(self.model).relationships
        return {name: every[name] for name in self.names if name in every}

    @cached_property
    def columns(self) -> Mapping[str, Any]:
        """The column of each field; of a relationship, the one that holds its key."""
        every = inspect(self.model).columns
        return {name: every[f"{name}_id" if name in self.relations else name] for name in self.names}

    @cached_property
    def owner(self) -> str | None:
        """The relationship that hands the record its branch; ``branch`` where that is chosen, None where there is none."""
        if not issubclass(self.model, BranchScoped):
            return None
        of = {resource_of(self.relations[name].mapper.class_): name for name in self.relations}
        owning = [of[owner] for owner in owners_of(self.model) if owner in of]
        return owning[0] if owning else "branch"

    @cached_property
    def needs_branch(self) -> bool:
        """Whether each record is given a branch by whoever enters it."""
        return self.owner == "branch" and "branch" in self.names

    def is_required(self, name: str) -> bool:
        """Whether a new record must have it; forms go by the same rule (admin/forms.py)."""
        column = self.columns[name]
        if column.info.get("needed"):
            return True
        can_do_without = column.default is not None and "code" not in column.info
        return not (column.nullable or can_do_without or isinstance(column.type, Boolean))

    def label(self, name: str) -> str:
        """What a person reads at the field."""
        return KEY_FIELD.label if name == KEY else self.columns[name].info["label"]

    def fields(self, codes: Mapping[tuple[str, str], str]) -> list[Field]:
        """All fields, the record's number last."""
        return [*(self._field(name, codes) for name in self.names), KEY_FIELD]

    def _field(self, name: str, codes: Mapping[tuple[str, str], str]) -> Field:
        column = self.columns[name]
        info = column.info
        also = (*info.get("also", ()), *self.also.get(name, ()))
        if name in self.relations:
            return Field(name, info["label"], also, "related", required=self.is_required(name))
        choices = tuple(words_of(column, codes))
        return Field(name, info["label"], also, _kind_of(column), choices, info.get("unit", ""), self.is_required(name))

    @cached_property
    def matches(self) -> list[Match]:
        """By what records can be found again, the surest first."""
        found = [Match(KEY, (KEY,), KEY_FIELD.label)]
        numbers = [name for name in self.names if self.columns[name].info.get("check") in ("id_number", "credit_code")]
        found += [Match(name, (name,), self.label(name)) for name in numbers]
        keys = [*self._unique_names(), self._telling_names()]
        for names in dict.fromkeys(one for one in keys if one):
            label = "和".join(self.label(name) for name in names)
            found.append(Match("+".join(names), names, label))
        return found

    def _unique_names(self) -> list[tuple[str, ...]]:
        """The fields of each unique constraint that has only fields in it, besides the branch."""
        of = {column.key: name for name, column in self.columns.items()}
        found = []
        for constraint in self.model.__table__.constraints:
            if not isinstance(constraint, UniqueConstraint):
                continue
            keys = [column.key for column in constraint.columns if column.key != "branch_id"]
            if keys and KEY not in keys and all(key in of for key in keys):
                found.append(tuple(of[key] for key in keys))
        return found

    def _telling_names(self) -> tuple[str, ...]:
        """The fields that every record has and that tell it from others: who or what, and when; what kind, if need be."""
        names = [
            name
            for name in self.names
            if self.is_required(name) and name != "branch" and "multiline" not in self.columns[name].info
        ]
        plain = [name for name in names if "code" not in self.columns[name].info]
        return tuple(names if all(name in self.relations for name in plain) else plain)


def _kind_of(column: Any) -> str:
    info, kind = column.info, column.type
    if info.get("check") in CHECKED_KINDS:
        return info["check"]
    if "code" in info:
        return "code"
    for of, name in ((Enum, "choice"), (Boolean, "yes_no"), (PartialDateType, "partial_date"), (Date, "day"),
                     (Integer, "number")):  # fmt: skip
        if isinstance(kind, of):
            return name
    return "long_text" if info.get("multiline") else "text"
