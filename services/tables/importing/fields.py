"""What a form asks for, as the import sees it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """One field that a sheet may bring.

    Attributes:
        name: the column or relationship of the form, such as ``short_name`` or ``branch``; ``id`` for 编号.
        label: what people read, such as 企业简称.
        also: what offices call it besides.
        kind: text, long_text, number, score, day, partial_date, month, yes_no, choice, code, id_number, phone,
            credit_code, related or key.
        choices: the labels that a choice or a code may have.
        unit: what is counted, such as 人.
    """

    name: str
    label: str
    also: tuple[str, ...] = ()
    kind: str = "text"
    choices: tuple[str, ...] = ()
    unit: str = ""
