"""Form fields: each knows how people write a value, keeps what was typed, and answers in Chinese."""

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Any

from flask_wtf.file import FileField as FlaskFileField
from markupsafe import Markup
from sqlalchemy import inspect
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    IntegerField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import ValidationError
from wtforms.widgets import html_params

from models import db
from models.column_types import PartialDate
from models.hundredths import parse_hundredths, trimmed
from models.personal import MASKS
from models.pinyin import initials, pinyin

MAX_CHOICES = 50
LONG_LIST = 12
"""More choices than these are searched by typing rather than looked through."""
MAX_INTEGER = 2_147_483_647
UNREADABLE = "含有不能保存的字符，请删掉后再保存。"


class Shown:
    """What templates ask of every field."""

    kind = "text"
    hidden_value = False
    picks_day = False
    usual_help = ""
    """How a value is written, where the column has no help of its own."""


def clean_text(value: Any) -> Any:
    """Text without blanks around it; nothing when it is empty."""
    return (value.strip() or None) if isinstance(value, str) else value


def refuse_unreadable(_form: Any, field: Any) -> None:
    """Refuse characters that no database stores, such as NUL."""
    if isinstance(field.data, str) and any(ord(char) < 32 and char not in "\r\n\t" for char in field.data):
        field.data = "".join(char for char in field.data if ord(char) >= 32)
        raise ValidationError(UNREADABLE)


class TextField(Shown, StringField):
    """One line of text."""


class LongTextField(Shown, TextAreaField):
    """Several lines of text."""

    kind = "textarea"


class CheckField(Shown, BooleanField):
    """Yes or no."""

    kind = "checkbox"


class NumberField(Shown, IntegerField):
    """A whole number."""

    kind = "number"

    def process_formdata(self, values: list[str]) -> None:
        self.data = None
        if values and values[0].strip():
            try:
                self.data = int(values[0])
            except ValueError:
                raise ValueError("请填写整数，如 36。") from None
            if abs(self.data) > MAX_INTEGER:
                raise ValueError("数字太大，请检查。")


class HundredthsField(Shown, Field):
    """A number with at most two places after the point, kept in hundredths: 2.5 is 250."""

    kind = "text"
    widget = StringField.widget

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else "" if self.data is None else trimmed(self.data)

    def process_formdata(self, values: list[str]) -> None:
        self.data = parse_hundredths(values[0]) if values and values[0].strip() else None


class DayField(Shown, Field):
    """A day, written as 2026-11-24, 2026.11.24, 20261124 or 2026年11月24日."""

    kind = "date"
    picks_day = True
    usual_help = "可写 2026-11-24、2026.11.24、20261124。"
    widget = StringField.widget

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else str(self.data or "")

    def process_formdata(self, values: list[str]) -> None:
        self.data = None
        if values and values[0].strip():
            try:
                written = PartialDate.parse(values[0])
            except ValueError:
                written = None
            if written is None or written.precision != "day":
                raise ValueError("日期不对。请写成 2026-11-24 这样的年月日。")
            self.data = self.as_value(written)

    def as_value(self, written: PartialDate) -> Any:
        return written.first_day


class PartialDateField(DayField):
    """A date of which only the year, or the year and the month, may be known."""

    kind = "text"
    usual_help = "只知道年、月也可以，如 1949、1949.10、1949-10-01。"

    def process_formdata(self, values: list[str]) -> None:
        self.data = None
        if values and values[0].strip():
            try:
                self.data = PartialDate.parse(values[0])
            except ValueError:
                raise ValueError("日期不对。可写 2016、2016.5 或 2016-05-12。") from None


@lru_cache(maxsize=4096)
def spelt(text: str) -> str:
    """Pinyin and initials of a choice, by which it is found in a long list."""
    return f"{pinyin(text)} {initials(text)}"


def _spelt_if_many(options: list[tuple[str, str]]) -> list[Any]:
    if len(options) <= LONG_LIST:
        return options
    return [(value, text, {"data-spelt": spelt(text)}) for value, text in options]


class ChoiceField(Shown, SelectField):
    """One of a short list; the list is asked for anew for each form."""

    kind = "select"

    def __init__(self, *args: Any, options: Callable[[], list[tuple[str, str]]], **kwargs: Any) -> None:
        super().__init__(*args, choices=lambda: [("", "请选择"), *_spelt_if_many(options())], **kwargs)
        if len(self.choices) > LONG_LIST + 1:
            self.render_kw = {**(self.render_kw or {}), "data-search": True}

    def pre_validate(self, form: Any) -> None:
        if self.data is not None and str(self.data) not in {str(value) for value, *_ in self.choices}:
            raise ValidationError("请从列表里选一项。")


class MaskedField(Shown, StringField):
    """A personal number: the present one isn't sent to the browser; left empty, it stays as it is."""

    kind = "masked"

    def __init__(self, *args: Any, mask: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mask = mask
        self.present: str | None = None

    def process_data(self, value: Any) -> None:
        self.present = MASKS[self.mask](value) if value else None
        self.data = None

    def populate_obj(self, obj: Any, name: str) -> None:
        if self.data == "无":
            setattr(obj, name, "" if not inspect(type(obj)).columns[name].nullable else None)
        elif self.data:
            setattr(obj, name, self.data)


class LookupField(Shown, Field):
    """A related record within the actor's sight: a select box up to 50 choices, beyond that a search by name.

    Args:
        choices_from: gives the ORM select of the rows that may be chosen; it runs under the read guard.
        url: where the browser searches, or None.
        titled: what a row is called among the choices.
    """

    kind = "lookup"

    def __init__(
        self, *args: Any, model: type, choices_from: Callable[[], Any], url: Callable[[], str],
        titled: Callable[[Any], str] = attrgetter("title"), **kw: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kw)
        self.model, self.choices_from, self.url, self.titled = model, choices_from, url, titled

    def process_formdata(self, values: list[str]) -> None:
        self.data = None
        if not values or not values[0].strip():
            return
        text = values[0].strip()
        if self.object_data is not None and text == str(self.object_data.id):
            self.data = self.object_data  # what it is may stay, even where the actor could not choose it anew
        elif text.isascii() and text.isdigit() and len(text) < 16:
            self.data = db.session.scalar(self.choices_from().where(self.model.id == int(text)))
        if self.data is None:
            raise ValueError("所选的记录不存在，请重新选择。")

    def populate_obj(self, obj: Any, name: str) -> None:
        if not self.hidden_value:
            setattr(obj, name, self.data)

    def offered(self) -> tuple[list[Any], bool]:
        """The rows to offer and whether they are all there are."""
        rows = list(db.session.scalars(self.choices_from().order_by(self.model.id).limit(MAX_CHOICES + 1)))
        if len(rows) > MAX_CHOICES:
            return [self.data] if self.data is not None else [], False
        return rows, True

    def widget(self, _field: Any, **kwargs: Any) -> Markup:
        rows, all_there = self.offered()
        kwargs.setdefault("id", self.id)
        if self.flags.required:
            kwargs["required"] = True
        if not all_there:
            kwargs["data-lookup"] = self.url()
        chosen = self.data.id if self.data is not None else None
        if chosen is not None and chosen not in {row.id for row in rows}:
            rows.append(self.data)
        many = len(rows) > LONG_LIST
        if many and all_there:
            kwargs["data-search"] = True
        options = [Markup('<option value="">{}</option>').format("请选择")]
        for row in rows:
            title = self.titled(row)
            marks = {"value": row.id, "selected": row.id == chosen} | ({"data-spelt": spelt(title)} if many else {})
            options.append(Markup("<option {}>{}</option>").format(Markup(html_params(**marks)), title))
        return Markup("<select {}>{}</select>").format(
            Markup(html_params(name=self.name, **kwargs)), Markup("").join(options)
        )


class FileField(Shown, FlaskFileField):
    """A file to hand in."""

    kind = "file"

    def populate_obj(self, obj: Any, name: str) -> None:
        """Files are stored by a service, not on the record."""


class SecretField(Shown, PasswordField):
    """A password."""

    kind = "password"


class SeenField(HiddenField):
    """The version of the record that the form was made from."""

    def populate_obj(self, obj: Any, name: str) -> None:
        """It is compared, never written."""
