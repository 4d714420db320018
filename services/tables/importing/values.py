"""What people write in a cell, as the value of a column. Every reason to refuse is in Chinese and says what to write."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Boolean, Date, Enum, Integer, String

from models.column_types import EncryptedText, PartialDate, PartialDateType
from models.hundredths import parse_hundredths
from models.personal import CHECKS
from services.tables.columns import OUT_OF_SIGHT
from services.tables.reading import Cell

EMPTY_WORDS = {
    "",
    "无",
    "—",
    "——",
    "-",
    "--",
    "－",
    "–",
    "/",
    "／",
    "\\",
    "暂无",
    "没有",
    "未填",
    "不详",
    "空",
    "N/A",
    "null",
}
UNTIL_NOW = {"至今", "今", "现在", "在任", "在职"}
YES, NO = (
    {"是", "有", "√", "✓", "✔", "对", "Y", "YES", "TRUE", "1"},
    {"否", "无", "没有", "×", "✗", "X", "N", "NO", "FALSE", "0"},
)
MAX_INTEGER = 2_147_483_647
MAX_LONG_TEXT = 20_000
OFFERED, SAID, LISTED = 3, 8, 60
"""How many likely words are offered for a name, how many are said in a reason, how many stand in a list."""
EXCEL_DAY_ZERO = date(1899, 12, 30)
EXCEL_DAYS = range(7_000, 73_051)
"""Serial numbers that are taken for days: from 1919 to 2099. What lies below is no day of an office's sheet."""
CUT_FROM = 10**15
"""Excel keeps 15 digits of a number; the others become noughts."""
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[Ee]\+?\d+")
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f]")
_CUT_NUMBER = re.compile(r"\d{15}000")
CUT_REASON = (
    "这个号码被 Excel 截断了，只剩前 15 位。请对照证件在这里重新填写完整的 18 位，或在表里把这一列改成“文本”格式再填。"
)


@dataclass(frozen=True)
class Masked:
    """A personal number as exports show it: it stands for the one that is stored, where it is the same."""

    text: str


class Kept:
    """A value that an export didn't show, 〔不可见〕: what is stored stays."""


KEPT = Kept()


class Unfit(ValueError):
    """A cell that can't be used.

    Args:
        offers: what may have been meant, to choose from.
    """

    def __init__(self, reason: str, offers: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason, self.offers = reason, offers


Reader = Callable[[Cell], Any]


def text_of(cell: Cell) -> str:
    """A cell as text: whole numbers without a point, days as 2026-11-24, no blanks around it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e18:
        return str(int(cell))
    return str(cell).strip().removeprefix("'").strip()


def is_empty(cell: Cell) -> bool:
    """Whether a cell says that there is nothing: empty, 无, —, / and the like."""
    return cell is None or (isinstance(cell, str) and text_of(cell) in EMPTY_WORDS)


def folded(text: str) -> str:
    """Text by which words are compared: wide letters made narrow, without blanks, in capitals."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def reader_of(column: Any, labels: Mapping[str, str]) -> Reader:
    """What reads the cells of a column; it raises Unfit.

    Args:
        labels: the words of a code table or of a closed list, with the value each stands for.
    """
    info, kind = column.info, column.type
    if isinstance(kind, Boolean):
        return _read_yes_or_no
    if labels:
        return _word_reader(labels)
    read = _plain_reader(column)
    check, masked = info.get("check"), "mask" in info

    def read_cell(cell: Cell) -> Any:
        if is_empty(cell):
            return None
        if isinstance(cell, str) and OUT_OF_SIGHT in cell:
            return KEPT
        if masked and isinstance(cell, str) and "**" in cell:
            return Masked(cell.strip())
        if check in ("id_number", "credit_code"):
            _refuse_cut_number(cell)
        value = read(cell)
        if check and value is not None:
            try:
                return CHECKS[check](value)
            except ValueError as reason:
                raise Unfit(str(reason)) from None
        return value

    return read_cell


def _plain_reader(column: Any) -> Reader:
    kind, info = column.type, column.info
    if isinstance(kind, PartialDateType):
        return read_date
    if isinstance(kind, Date):
        return _read_day
    if info.get("check") == "month":
        return lambda cell: read_date(cell).iso[:7]
    if info.get("hundredths"):
        return lambda cell: _read_hundredths(cell, info.get("unit", ""))
    if isinstance(kind, Integer):
        return lambda cell: _read_number(cell, info.get("unit", ""))
    if isinstance(kind, String | EncryptedText):
        return _text_reader(getattr(kind, "length", None) or MAX_LONG_TEXT, bool(info.get("multiline")))
    raise TypeError(f"no way to read {column.table.name}.{column.key} ({kind!r})")


def _text_reader(longest: int, lines: bool) -> Reader:
    def read(cell: Cell) -> str:
        text = text_of(cell).replace("\r\n", "\n")
        if not lines:
            text = " ".join(text.split("\n"))
        if _UNSTORABLE.search(text):
            raise Unfit("含有不能保存的字符，请删掉后再导入。")
        if len(text) > longest:
            raise Unfit(f"最多 {longest} 个字，现在有 {len(text)} 个，请删短一些。")
        return text

    return read


def _read_number(cell: Cell, unit: str) -> int:
    text = unicodedata.normalize("NFKC", text_of(cell)).replace(",", "").replace(" ", "")
    text = text.removesuffix(unit) if unit else text
    found = re.fullmatch(r"-?\d{1,12}(?:\.0+)?", text)
    if not found or isinstance(cell, date | bool):
        raise Unfit("请填写整数，如 36。")
    value = int(text.split(".")[0])
    if abs(value) > MAX_INTEGER:
        raise Unfit("数字太大，请检查。")
    return value


def _read_hundredths(cell: Cell, unit: str) -> int:
    if isinstance(cell, date | bool):
        raise Unfit("请填写数字，最多两位小数，如 2.5。")
    # A number of Excel's such as 0.1 + 0.2 has more places than anybody typed.
    text = f"{cell:.6f}".rstrip("0").rstrip(".") if isinstance(cell, float) else text_of(cell)
    try:
        return parse_hundredths(text.removesuffix(unit) if unit else text)
    except ValueError as reason:
        raise Unfit(str(reason)) from None


def read_date(cell: Cell) -> PartialDate:
    """A day, a month or a year, as offices write them: 2019.5, 2019年5月, 201905, 43586 (Excel's own number)."""
    if isinstance(cell, datetime):
        return PartialDate.of(cell.date())
    if isinstance(cell, date):
        return PartialDate.of(cell)
    if isinstance(cell, float) and cell == round(cell, 1) and round(cell * 10) % 10 == 1:
        year = int(cell)
        raise Unfit(
            f"在 Excel 里分不清是 1 月还是 10 月，请写成 {year}-01 或 {year}-10。", (f"{year}-01", f"{year}-10")
        )
    text = re.sub(r"[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$", "", text_of(cell))
    if re.fullmatch(r"\d{4,5}", text) and int(text) in EXCEL_DAYS:
        return PartialDate.of(EXCEL_DAY_ZERO + timedelta(days=int(text)))
    try:
        return PartialDate.parse(text)
    except ValueError:
        raise Unfit("日期不对。可写 2016、2016.5 或 2016-05-12。") from None


def _read_day(cell: Cell) -> date | None:
    if text_of(cell) in UNTIL_NOW:
        return None
    written = read_date(cell)
    if written.precision != "day":
        raise Unfit("这里要写到哪一天，如 2026-11-24。")
    return written.first_day


def _read_yes_or_no(cell: Cell) -> bool | None:
    text = folded(text_of(cell))
    if text in YES:
        return True
    if text in NO:
        return False
    if is_empty(cell):
        return None
    raise Unfit("请写“是”或“否”。", ("是", "否"))


def _word_reader(labels: Mapping[str, Any]) -> Reader:
    values = {folded(label): value for label, value in labels.items()}
    values |= {folded(str(getattr(value, "value", value))): value for value in labels.values()} | values
    known: dict[Any, Any] = {}

    def read(cell: Cell) -> Any:
        text = folded(text_of(cell))
        if text not in known:
            known[text] = _find_word(text, values, labels)
        found = known[text]
        if isinstance(found, Unfit):
            if is_empty(cell):
                return None
            raise found
        return found

    return read


def _find_word(text: str, values: Mapping[str, Any], labels: Mapping[str, Any]) -> Any:
    if text in values:
        return values[text]
    # 汉 for 汉族, 本科 for 大学本科: one label alone has it.
    holding = [label for label in labels if text and (folded(label).startswith(text) or folded(label).endswith(text))]
    if len(holding) == 1:
        return labels[holding[0]]
    if OUT_OF_SIGHT in text:
        return KEPT
    near = holding[:OFFERED] or get_close_matches(text, list(labels), OFFERED, 0.4)
    offers = tuple([*near, *(label for label in labels if label not in near)][:LISTED])
    few = "、".join(offers[:SAID])
    return Unfit(f"没有这一项。可以写：{few}{'等' if len(labels) > SAID else ''}。", offers)


def _refuse_cut_number(cell: Cell) -> None:
    """Refuse a long number that came through Excel as a number: its last digits are gone."""
    text = text_of(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) >= CUT_FROM:
        raise Unfit(CUT_REASON)
    if _SCIENTIFIC.fullmatch(text) or _CUT_NUMBER.fullmatch(text):
        raise Unfit(CUT_REASON)


def words_of(column: Any, codes: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """The words that may stand in a column's cells with their values; none where anything may."""
    if "code" in column.info:
        return {text: code for (table, code), text in codes.items() if table == column.info["code"]}
    if isinstance(column.type, Enum):
        return {member.label: member for member in column.type.enum_class}
    return {}
