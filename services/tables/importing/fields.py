"""The fields of a kind of record that a sheet can fill."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """One field, as heads of sheets are compared with it.

    Attributes:
        name: the column or relationship of the form; ``id`` for the record's number.
        label: its label, such as 企业简称.
        also: other names that offices use.
        kind: text, long_text, number, day, partial_date, month, yes_no, choice, code, id_number, phone, credit_code,
            related or key.
        choices: the words of a closed list or a code table.
        unit: what a number counts, such as 人.
    """

    name: str
    label: str
    also: tuple[str, ...] = ()
    kind: str = "text"
    choices: tuple[str, ...] = ()
    unit: str = ""
    required: bool = False
