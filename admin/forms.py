"""Forms made from a model's columns: label, help, widget and validators come from what the column says."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from flask_admin.form import BaseForm
from sqlalchemy import Boolean, Date, Enum, Integer, String, inspect, select
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from admin import fields
from admin.cells import WORDS, code_labels
from models import Branch
from models.clock import today
from models.column_types import EncryptedText, PartialDateType
from models.personal import CHECKS
from policy import the_actor
from policy.actions import resource_of
from policy.protected import within

MAX_LONG_TEXT = 20_000


class ScreenForm(BaseForm):
    """The base of the forms that screens make.

    Attributes:
        place: the form as drafts know it; saving it ends its draft. None of a value changed in the list, which has none.
        draft: the draft that it was filled from, if any.
    """

    place: Any = None
    draft: Any = None


@dataclass(frozen=True)
class Offer:
    """What a look-up offers.

    Attributes:
        choices: gives the ORM select of the rows that may be chosen.
        title: what each is called there.
    """

    choices: Callable[[], Any]
    title: Callable[[Any], str] = attrgetter("title")


def make_form(
    model: type,
    names: list[str],
    lookup_url: Callable[[str], str],
    needed: Collection[str] = (),
    offer_of: Callable[[str], Offer] | None = None,
) -> type[ScreenForm]:
    """A form class with one field for each name; a name is a column or a relationship of the model.

    ``needed`` columns must be filled in here, though the record may exist without them. ``offer_of`` says what the
    look-up of a name offers; without it, all that the relationship may point at.
    """
    relations = inspect(model).relationships
    offer_of = offer_of or (lambda name: Offer(choices_of(model, name)))
    members: dict[str, Any] = {
        name: _lookup_field(model, name, lookup_url, offer_of(name))
        if name in relations
        else _column_field(model, name, name in needed)
        for name in names
    }
    return type(f"{model.__name__}Form", (ScreenForm,), {**members, "version_seen": fields.SeenField()})


def _column_field(model: type, name: str, needed: bool = False) -> Any:
    column = inspect(model).columns[name]
    info = column.info
    # A code may begin with the usual one and must be given all the same: an administrator may have removed that one.
    can_do_without = column.default is not None and "code" not in info
    required = needed or not (column.nullable or can_do_without or isinstance(column.type, Boolean))
    options: dict[str, Any] = {
        "label": f"{info['label']}（{info['unit']}）" if info.get("unit") else info["label"],
        "validators": [InputRequired(f"请填写{info['label']}。") if required else Optional(), fields.refuse_unreadable],
    }
    if info.get("check"):
        options["validators"].append(_check(info["check"]))
    options["default"] = _default_of(column, required)
    kind, more = _kind_of(column)
    options["description"] = info.get("help") or kind.usual_help
    options["validators"] += more.pop("validators", [])
    return kind(**options, **more)


def _default_of(column: Any, required: bool) -> Any:
    """What a new form begins with: the column's own default; today, or this month, where a day must be given."""
    if column.default is not None and column.default.is_scalar:
        return column.default.arg
    if column.info.get("check") == "month":
        return lambda: today().isoformat()[:7]
    return today if required and isinstance(column.type, Date) else None


def _kind_of(column: Any) -> tuple[type, dict[str, Any]]:
    """The field class of a column and what else it is given."""
    info, kind = column.info, column.type
    if "mask" in info:
        return fields.MaskedField, {"mask": info["mask"], "filters": [fields.clean_text]}
    if "words" in info:
        return fields.ChoiceField, {
            "options": lambda: list(WORDS[info["words"]]().items()),
            "coerce": fields.clean_text,
        }
    if "code" in info:
        return fields.ChoiceField, {"options": _codes(info["code"]), "coerce": fields.clean_text}
    if isinstance(kind, Enum):
        members = [(member.value, member.label) for member in kind.enum_class]
        return fields.ChoiceField, {"options": lambda: members, "coerce": _member_of(kind.enum_class)}
    if isinstance(kind, PartialDateType):
        return fields.PartialDateField, {}
    if isinstance(kind, Boolean):
        return fields.CheckField, {}
    if isinstance(kind, Date):
        return fields.DayField, {}
    if info.get("hundredths"):
        return fields.HundredthsField, {}
    if isinstance(kind, Integer):
        return fields.NumberField, {}
    if isinstance(kind, String | EncryptedText):
        length = getattr(kind, "length", None) or MAX_LONG_TEXT
        longest = Length(max=length, message=f"最多 {length} 个字，请删短一些。")
        text = fields.LongTextField if info.get("multiline") else fields.TextField
        return text, {"filters": [fields.clean_text], "validators": [longest]}
    raise TypeError(f"no form field for {column.table.name}.{column.key} ({kind!r})")


def _codes(table: str) -> Callable[[], list[tuple[str, str]]]:
    return lambda: [(code, text) for (of, code), text in code_labels().items() if of == table]


def _member_of(kind: type) -> Callable[[Any], Any]:
    def coerce(value: Any) -> Any:
        if value in (None, ""):
            return None
        try:
            return kind(value)
        except ValueError:
            raise ValueError("请从列表里选一项。") from None

    return coerce


def _check(rule: str) -> Callable[[Any, Any], None]:
    """A validator that runs a rule of models/personal.py and keeps the tidied value."""

    def validate(_form: Any, field: Any) -> None:
        if field.data and not (isinstance(field, fields.MaskedField) and field.data == "无"):
            try:
                field.data = CHECKS[rule](field.data)
            except ValueError as reason:
                raise ValidationError(str(reason)) from None

    return validate


def _lookup_field(model: type, name: str, lookup_url: Callable[[str], str], offer: Offer) -> Any:
    relation = inspect(model).relationships[name]
    target = relation.mapper.class_
    key = inspect(model).columns[f"{name}_id"]
    required = not key.nullable or bool(key.info.get("needed"))
    return fields.LookupField(
        label=key.info["label"],
        description=key.info.get("help", ""),
        validators=[_chosen(key.info["label"]) if required else Optional()],
        model=target,
        choices_from=offer.choices,
        titled=offer.title,
        url=lambda: lookup_url(name),
    )


def _chosen(label: str) -> Callable[[Any, Any], None]:
    def validate(_form: Any, field: Any) -> None:
        if field.data is None and not field.hidden_value and not field.errors:
            raise ValidationError(f"请选择{label}。")

    validate.field_flags = {"required": True}  # type: ignore[attr-defined]
    return validate


def choices_of(model: type, name: str) -> Callable[[], Any]:
    """The rows a relationship may point at: for the owning branch, those where the actor may create the record."""
    target = inspect(model).relationships[name].mapper.class_

    def choices() -> Any:
        if target is Branch and name == "branch":
            actor = the_actor()
            return select(Branch).where(within(Branch.id, actor.reach(f"{resource_of(model)}:create")))
        return select(target)

    return choices
