"""Which kind of field a column's values fit."""

import re
from collections.abc import Sequence
from datetime import date, datetime

from models.column_types import PartialDate
from models.personal import check_id_number
from services.tables.importing.fields import Field
from services.tables.reading.files import Cell

LOOKED_AT = 200
_FITTING = 0.8
_EMPTY_WORDS = frozenset(
    ("无", "没有", "暂无", "-", "—", "——", "--", "/", "\\", "不详", "空", "n/a", "na", "null", "none")
)
_ID_NUMBER = re.compile(r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]")
_CREDIT_CODE = re.compile(r"[1-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}")
_PHONE = re.compile(r"(?:\+?86)?1[3-9]\d{9}|0\d{2,3}-?\d{7,8}")
_CUT_TEXT = re.compile(r"\d(?:\.\d+)?[eE]\+?1[5-9]")
_YES_NO = frozenset(("是", "否", "有", "无", "√", "×", "✓", "✔", "x", "y", "n", "yes", "no", "true", "false"))
_DAY = re.compile(r"(?:19|20)\d\d\s*[-./年]\s*\d{1,2}\s*(?:[-./月]\s*(?:\d{1,2}\s*[日号]?)?)?")


def text_of(cell: Cell) -> str:
    """The cell as text, for comparing; empty where it says that there is nothing."""
    if cell is None:
        return ""
    text = str(cell).strip().lstrip("'‘’").strip()
    return "" if text.lower() in _EMPTY_WORDS else text


def cut_by_excel(cell: Cell) -> bool:
    """Whether a number lost its end: Excel keeps 15 digits of an ID number, and the rest becomes 0 or E+17.

    What was lost can't be got back from the file; a person has to look at the card.
    """
    if isinstance(cell, bool) or cell is None or isinstance(cell, date):
        return False
    if isinstance(cell, int | float):
        return abs(cell) >= 10**15
    text = re.sub(r"[\s'‘’]", "", cell)
    if _CUT_TEXT.fullmatch(text):
        return True
    if not re.fullmatch(r"\d{15}0{1,4}", text):
        return False
    try:
        check_id_number(text)
    except ValueError:
        return True
    return False


def fits(kind: str, cells: Sequence[Cell], choices: frozenset[str] = frozenset()) -> bool:
    """Whether nearly all values of a column fit a kind of field, and there are enough to tell."""
    values = [cell for cell in cells if text_of(cell)][:LOOKED_AT]
    if not values:
        return False
    test = _TESTS[kind]
    enough = kind not in ("choice", "yes_no") or len(values) >= 3
    return enough and sum(test(value, choices) for value in values) >= _FITTING * len(values)


def _is_id_number(cell: Cell, _choices: frozenset[str]) -> bool:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        # Excel cut it; what is left still begins with a region and a birth date.
        return bool(_ID_NUMBER.fullmatch(str(int(cell)))) if 1e17 <= cell < 1e18 else False
    return bool(_ID_NUMBER.fullmatch(re.sub(r"\s", "", text_of(cell))))


def _is_credit_code(cell: Cell, _choices: frozenset[str]) -> bool:
    text = re.sub(r"[\s-]", "", text_of(cell)).upper()
    return bool(_CREDIT_CODE.fullmatch(text)) and not _ID_NUMBER.fullmatch(text)


def _is_phone(cell: Cell, _choices: frozenset[str]) -> bool:
    return bool(_PHONE.fullmatch(re.sub(r"[\s()（）\-]", "", text_of(cell))))


def _is_choice(cell: Cell, choices: frozenset[str]) -> bool:
    return text_of(cell) in choices


def _is_yes_no(cell: Cell, _choices: frozenset[str]) -> bool:
    return isinstance(cell, bool) or text_of(cell).lower() in _YES_NO


def _is_day(cell: Cell, _choices: frozenset[str]) -> bool:
    return isinstance(cell, date | datetime) or bool(_DAY.fullmatch(text_of(cell)))


def _is_partial_date(cell: Cell, choices: frozenset[str]) -> bool:
    if _is_day(cell, choices):
        return True
    try:
        return PartialDate.parse(text_of(cell)).precision != "year"
    except ValueError:
        return False


_TESTS = {
    "id_number": _is_id_number,
    "credit_code": _is_credit_code,
    "phone": _is_phone,
    "choice": _is_choice,
    "yes_no": _is_yes_no,
    "day": _is_day,
    "partial_date": _is_partial_date,
}


def choices_of(field: Field) -> frozenset[str]:
    """What may stand in a cell of a choice or a code; 汉族 is as good as 汉."""
    plain = {choice.strip() for choice in field.choices}
    return frozenset(plain | ({f"{choice}族" for choice in plain} if "汉" in plain else set()))
