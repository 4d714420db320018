"""The sheet that every peer is handed: fictional companies of the branches that ``flask demo --scale`` makes."""

import io
from typing import Any

import xlsxwriter

from services.reference_data import CODES
from services.tables.scale import BRANCHES, TRADES, WORDS

HEADS = [
    "企业简称",
    "所属党组织",
    "登记名称",
    "行业",
    "经营状况",
    "职工人数",
    "地址",
    "联系人",
    "联系电话",
    "党组织成立时间",
    "备注",
]
INDUSTRIES = CODES["industry"]
WRONG = {
    "所属党组织": "查无此支部", "行业": "说不清", "经营状况": "不好说", "职工人数": "约三十", "联系电话": "12", "党组织成立时间": "几年前",
}  # fmt: skip
"""What can't be read under these heads."""


def companies(count: int, more_employees: int = 0) -> list[list[Any]]:
    """The rows; with another number of employees each row of an earlier sheet is a changed one."""
    codes, rows = list(TRADES), []
    for number in range(count):
        trade = codes[number % len(codes)]
        name = f"示例{WORDS[number // 7 % len(WORDS)]}{trade}新{number + 1}"
        rows.append([
            name, f"示例第{number % BRANCHES + 1}党支部", f"{name}有限责任公司", INDUSTRIES[TRADES[trade]], "正常经营",
            5 + number % 300 + more_employees, f"示例市示例路{number + 1}号", f"示例甲{number % 89}", f"1390000{number % 10_000:04d}",
            str(2005 + number % 15), "现场登记。" if number % 10 == 0 else None,
        ])  # fmt: skip
    return rows


def book(rows: list[list[Any]]) -> bytes:
    """The rows under their heads as an XLSX file."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as made:
        sheet = made.add_worksheet("企业")
        for number, row in enumerate([HEADS, *rows]):
            sheet.write_row(number, 0, row)
    return file.getvalue()


def wrong_book(count: int) -> bytes:
    """The same companies, each with all in it that can be wrong."""
    return book([[WRONG.get(head, cell) for head, cell in zip(HEADS, row, strict=True)] for row in companies(count)])
