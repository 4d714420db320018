"""Column types that SQLAlchemy lacks: UTC instants, uncertain dates, labelled choices, encrypted text."""

import re
import unicodedata
import zlib
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import CheckConstraint, DateTime, Enum, LargeBinary, String
from sqlalchemy.types import TypeDecorator

from models.encryption import decrypt, decrypt_bytes, encrypt, encrypt_bytes


class LabelledEnum(StrEnum):
    """A closed list of words the code itself depends on; each member has a value to store and a Chinese label."""

    label: str

    def __new__(cls, value: str, label: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


def choice(kind: type[LabelledEnum], name: str | None = None) -> Enum:
    """A text column that holds one of the values of ``kind``, with a check constraint in the database.

    ``name`` names the constraint where a table has two columns of one kind.
    """
    return Enum(
        kind,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        create_constraint=True,
        length=32,
        name=name or re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(),
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored as UTC by both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@dataclass(frozen=True, order=True)
class PartialDate:
    """A date of which perhaps only the year, or the year and the month, is known.

    Office sheets and old people's files say 2019, 2019.5 or 2019年5月; what is not known is not made up.
    Ordered and stored as ISO 8601 with reduced precision: "2019", "2019-05", "2019-05-04".
    """

    iso: str

    _WRITTEN = re.compile(
        r"(?P<year>(?:18|19|20|21)\d\d)"
        r"(?:\s*[-./年]?\s*(?P<month>\d{1,2})(?:\s*[-./月]?\s*(?P<day>\d{1,2})\s*[日号]?)?\s*月?)?\s*年?"
    )
    # A Chinese keyboard's full stop and wide digits, letters and signs.
    _WIDE = str.maketrans("。、", "..")

    @classmethod
    def parse(cls, text: str) -> "PartialDate":
        """Read a date as people write it; raises ValueError on anything that is no date."""
        written = unicodedata.normalize("NFKC", text).translate(cls._WIDE).strip()
        found = cls._WRITTEN.fullmatch(written)
        # Run together, seven digits could be two days.
        if not found or re.fullmatch(r"\d{5}|\d{7}", written):
            raise ValueError(f"not a date: {text[:40]!r}")
        year, month, day = (int(part) if part else None for part in found.group("year", "month", "day"))
        date(year or 1, month or 1, day or 1)
        parts = [f"{year:04d}"] + [f"{part:02d}" for part in (month, day) if part is not None]
        return cls("-".join(parts))

    @classmethod
    def of(cls, day: date) -> "PartialDate":
        """The exact day."""
        return cls(day.isoformat())

    @property
    def precision(self) -> str:
        """``year``, ``month`` or ``day``."""
        return {4: "year", 7: "month", 10: "day"}[len(self.iso)]

    @property
    def first_day(self) -> date:
        """The earliest day it can mean."""
        year, month, day = ([*list(map(int, self.iso.split("-"))), 1, 1])[:3]
        return date(year, month, day)

    @property
    def last_day(self) -> date:
        """The latest day it can mean."""
        first = self.first_day
        if self.precision == "year":
            return date(first.year, 12, 31)
        return first if self.precision == "day" else first.replace(day=monthrange(first.year, first.month)[1])

    def __str__(self) -> str:
        return self.iso


class PartialDateType(TypeDecorator[PartialDate]):
    """Stores a ``PartialDate``; text of reduced ISO 8601 sorts as dates do."""

    impl = String(10)
    cache_ok = True

    def process_bind_param(self, value: PartialDate | None, dialect: Any) -> str | None:
        return None if value is None else value.iso

    def process_result_value(self, value: str | None, dialect: Any) -> PartialDate | None:
        return None if value is None else PartialDate(value)


class EncryptedText(TypeDecorator[str]):
    """Text that the database never sees; see models/encryption.py."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> bytes | None:
        return None if value is None else encrypt(value)

    def process_result_value(self, value: bytes | None, dialect: Any) -> str | None:
        return None if value is None else decrypt(bytes(value))


class EncryptedBytes(TypeDecorator[bytes]):
    """Bytes that the database never sees, packed before they are encrypted: a file that may hold anything personal."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Any) -> bytes | None:
        return None if value is None else encrypt_bytes(zlib.compress(value))

    def process_result_value(self, value: bytes | None, dialect: Any) -> bytes | None:
        return None if value is None else zlib.decompress(decrypt_bytes(bytes(value)))


def in_order(name: str, first: str, second: str) -> CheckConstraint:
    """A named check that ``first`` isn't after ``second`` (either may be missing)."""
    return CheckConstraint(f"{second} IS NULL OR {first} IS NULL OR {first} <= {second}", name=name)
