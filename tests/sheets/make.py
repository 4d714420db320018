"""Write the sheets of this folder as real files, with what is expected of each (expected.json) and README.md.

Everybody and everything in them is invented and marked 示例. Needs requirements-dev.txt (xlwt); run as
``python -m tests.sheets.make``.
"""

import io
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
import xlwt
from stdnum.cn import uscc

FOLDER = Path(__file__).parent
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
SHEETS: list[dict[str, Any]] = []


class Formula(str):
    """A formula; ``cached`` is what Excel last worked out for it."""

    def __new__(cls, text: str, cached: Any = "") -> "Formula":
        made = super().__new__(cls, text)
        made.cached = cached
        return made


def id_number(born: str, sequence: int) -> str:
    """An invented ID number with a right check digit."""
    first = f"620200{born}{sequence:03d}"
    return first + "10X98765432"[sum(w * int(d) for w, d in zip(_WEIGHTS, first, strict=True)) % 11]


def credit_code(number: int) -> str:
    """An invented credit code with a right check digit."""
    first = f"91620200MA7{number:06d}"
    return first + uscc.calc_check_digit(first)


def xlsx(sheets: list[dict[str, Any]]) -> bytes:
    """A workbook of the present kind."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    book.set_properties({"created": datetime(2026, 1, 1)})
    day, filled = book.add_format({"num_format": "yyyy/m/d"}), book.add_format({"bg_color": "#FFFF00", "border": 1})
    month = book.add_format({"num_format": 'yyyy"年"m"月"'})
    for sheet in sheets:
        page = book.add_worksheet(sheet["name"])
        for place, row in enumerate(sheet["rows"]):
            for column, value in enumerate(row):
                _write_xlsx(page, place, column, value, month if (place, column) in sheet.get("months", ()) else day)
        for first_row, first, last_row, last in sheet.get("merged", ()):
            page.merge_range(first_row, first, last_row, last, sheet["rows"][first_row][first], None)
        for row in range(len(sheet["rows"]), len(sheet["rows"]) + sheet.get("coloured", 0)):
            page.write_blank(row, 0, None, filled)
            page.write_blank(row, 5, None, filled)
        for row in sheet.get("hidden_rows", ()):
            page.set_row(row, None, None, {"hidden": True})
        for column in sheet.get("hidden_columns", ()):
            page.set_column(column, column, None, None, {"hidden": True})
        if sheet.get("hidden"):
            page.hide()
    book.close()
    return stream.getvalue()


def _write_xlsx(page: Any, row: int, column: int, value: Any, day: Any) -> None:
    match value:
        case None:
            return
        case Formula():
            page.write_formula(row, column, str(value), None, value.cached)
        case date():
            page.write_datetime(row, column, datetime(value.year, value.month, value.day), day)
        case bool():
            page.write_boolean(row, column, value)
        case int() | float():
            page.write_number(row, column, value)
        case _:
            page.write_string(row, column, value)


def xls(sheets: list[dict[str, Any]]) -> bytes:
    """A workbook of the older kind."""
    book = xlwt.Workbook(encoding="utf-8")
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for sheet in sheets:
        page = book.add_sheet(sheet["name"], cell_overwrite_ok=True)
        merged = {(first_row, first): (last_row, last) for first_row, first, last_row, last in sheet.get("merged", ())}
        for row, cells in enumerate(sheet["rows"]):
            for column, value in enumerate(cells):
                if (row, column) in merged:
                    last_row, last = merged[row, column]
                    page.write_merge(row, last_row, column, last, value)
                elif value is not None:
                    page.write(row, column, value, *([day] if isinstance(value, date) else []))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def text(encoding: str, sign: str) -> Callable[[list[dict[str, Any]]], bytes]:
    """A writer of text with separators, in an encoding."""

    def write(sheets: list[dict[str, Any]]) -> bytes:
        lines = [
            sign.join(f'"{cell}"' if any(c in str(cell) for c in f'{sign}"\n') else str("" if cell is None else cell)
                      for cell in row) for row in sheets[0]["rows"]
        ]  # fmt: skip
        return ("\r\n".join(lines) + "\r\n").encode(encoding)

    return write


def page(sheets: list[dict[str, Any]]) -> bytes:
    """A web page that a system calls .xls."""
    style = r'style="mso-number-format:\@"'
    rows = ""
    for row in sheets[0]["rows"]:
        cells = "".join(f"<td {style}>{'' if cell is None else cell}</td>" for cell in row)
        rows += f"<tr>{cells}</tr>\n"
    head = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8"><style>td {border: 1px solid}</style>'
    return f"<html><head>{head}</head><body><table>\n{rows}</table></body></html>".encode()


def add(
    file: str,
    resource: str,
    awkward: str,
    write: Callable[[list[dict[str, Any]]], bytes],
    heads: list[tuple[str, str | None]],
    lines: int,
    rows: list[list[Any]],
    *,
    cut: tuple[int, ...] = (),
    left_out: tuple[int, ...] = (),
    before: tuple[dict[str, Any], ...] = (),
    after: tuple[dict[str, Any], ...] = (),
    **more: Any,
) -> None:
    """One file: its sheets, and what is expected of them. Rows in ``cut`` and ``left_out`` count from 1, as in Excel."""
    sheet = {"name": "Sheet1", "rows": rows, **more}
    SHEETS.append({
        "file": file, "resource": resource, "awkward": awkward, "heads": heads, "lines": lines, "cut": list(cut),
        "left_out": list(left_out), "bytes": write([*before, sheet, *after]),
    })  # fmt: skip


def companies() -> None:
    """Companies (企业台账)."""
    add("companies_plain.xlsx", "company", "title merged over the columns; 无 and — for empty", xlsx,
        [("序号", "number"), ("企业简称", "short_name"), ("登记名称", "registered_name"), ("统一社会信用代码", "credit_code"),
         ("行业", "industry"), ("职工人数", "employees"), ("联系人", "contact_name"), ("联系电话", "contact_phone"), ("备注", "note")], 3,
        [["非公企业基本情况台账（示例）"], ["序号", "企业简称", "登记名称", "统一社会信用代码", "行业", "职工人数", "联系人", "联系电话", "备注"],
         [1, "示例甲商贸", "示例甲商贸有限公司", credit_code(1), "批发零售", 35, "张示例", "13800000001", "无"],
         [2, "示例乙建筑", "示例乙建筑工程有限公司", credit_code(2), "建筑", 120, "李示例", "0937-6200001", "—"],
         [3, "示例丙物业", "示例丙物业服务有限公司", credit_code(3), "物业服务", 18, "王示例", 13800000003, None]],
        merged=[(0, 0, 0, 8)])  # fmt: skip
    add("companies_two_row_head.xlsx", "company", "two-row merged heads, total, footers, units in the heads", xlsx,
        [("序号", "number"), ("企业名称", "short_name"), ("所属行业", "industry"), ("从业人员\n（人）", "employees"), ("联系人 · 姓名", "contact_name"),
         ("联系人 · 电话", "contact_phone"), ("党建情况 · 所属党组织", "branch"), ("党建情况 · 党组织成立时间", "organised_on"), ("备 注", "note")], 3,
        [["附件1"], ["示例区非公有制企业党建工作摸底表"], ["填报单位（盖章）：示例街道", None, None, None, None, None, "填报日期：2026.3.1"],
         ["序号", "企业名称", "所属行业", "从业人员\n（人）", "联系人", None, "党建情况", None, "备 注"],
         [None, None, None, None, "姓名", "电话", "所属党组织", "党组织成立时间", None],
         [1, "示例一商行", "批发零售", 12, "赵示例", "13800000011", "示例一支部", "2016.5", None],
         [2, "示例二酒店", "住宿餐饮", 46, "钱示例", "13800000012", "示例二支部", "2018年7月", "停业装修"],
         [3, "示例三运输", "交通运输", 30, "孙示例", "13800000013", "示例一支部", "2019", None],
         ["合计", None, None, 88, None, None, None, None, None],
         ["填表人：周示例", None, None, "审核人：吴示例", None, None, "联系电话：6200000"],
         ["注：1.本表每季度报送一次；2.从业人员含临时用工。"]],
        merged=[(1, 0, 1, 8), (3, 0, 4, 0), (3, 1, 4, 1), (3, 2, 4, 2), (3, 3, 4, 3), (3, 4, 3, 5), (3, 6, 3, 7), (3, 8, 4, 8)],
        left_out=(9, 10, 11))  # fmt: skip
    add("companies_gbk.csv", "company", "GBK; merged cells lost: two-row head, branch only in the first row of each block", text("gbk", ","),
        [("所在支部", "branch"), ("公司名称", "short_name"), ("联系人 · 姓名", "contact_name"), ("联系人 · 手机", "contact_phone"), ("经营状态", "status")], 4,
        [["示例园区企业联系表", "", "", "", ""], ["所在支部", "公司名称", "联系人", "", "经营状态"], ["", "", "姓名", "手机", ""],
         ["示例一支部", "示例甲商贸", "张示例", "13800000001", "正常经营"], ["", "示例乙建筑", "李示例", "13800000002", "停业"],
         ["示例二支部", "示例丙物业", "王示例", "13800000003", "正常经营"], ["", "示例丁医药", "赵示例", "13800000004", "注销"],
         ["合计：4家", "", "", "", ""]], left_out=(8,))  # fmt: skip
    add("companies_utf16.txt", "company", "UTF-16 with tabs, as Excel saves “Unicode text”", text("utf-16", "\t"),
        [("单位名称", "short_name"), ("单位地址", "address"), ("联系人姓名", "contact_name"), ("联系人电话", "contact_phone"), ("信用代码", "credit_code")], 2,
        [["单位名称", "单位地址", "联系人姓名", "联系人电话", "信用代码"], ["示例甲商贸", "示例路1号", "张示例", "13800000001", credit_code(1)],
         ["示例乙建筑", "示例路2号，东门", "李示例", "13800000002", credit_code(2)]])  # fmt: skip
    add("companies_old.xls", "company", "the older format; a row of units and a row of column numbers under the heads", xls,
        [("序号", "number"), ("企业全称", "registered_name"), ("简称", "short_name"), ("行业类别", "industry"), ("员工人数", "employees"),
         ("注册资本", None), ("经营地址", "address")], 2,
        [["示例市民营企业统计表", None, None, None, None, None, None], ["序号", "企业全称", "简称", "行业类别", "员工人数", "注册资本", "经营地址"],
         [None, None, None, None, "（人）", "（万元）", None], [1, 2, 3, 4, 5, 6, 7],
         [1, "示例甲商贸有限公司", "示例甲", "批发零售", 35, 200, "示例路1号"], [2, "示例乙建筑有限公司", "示例乙", "建筑", 60, 1000, "示例路2号"],
         ["制表：张示例", None, None, "复核：李示例"]], merged=[(0, 0, 0, 6)], left_out=(3, 4, 7))  # fmt: skip
    add("companies_cover.xlsx", "company", "cover sheet, instructions sheet, then the table; a hidden sheet with lists", xlsx,
        [("企业简称*", "short_name"), ("所属党支部*", "branch"), ("行业", "industry"), ("经营状况", "status")], 2,
        [["企业简称*", "所属党支部*", "行业", "经营状况"], ["示例甲商贸", "示例一支部", "批发零售", "正常经营"],
         ["示例乙建筑", "示例二支部", "建筑", "停业"]], name="企业表",
        before=({"name": "封面", "rows": [[], [], ["示例区企业报表"], [], ["填报单位", "示例街道"], ["填报人", "张示例"], ["联系电话", "13800000001"]]},
                {"name": "填表说明", "rows": [["填表说明"], ["企业简称", "以大家平时的叫法为准"], ["行业", "从下拉框里选"], ["经营状况", "正常经营、停业或注销"]]}),
        after=({"name": "lists", "rows": [["批发零售"], ["建筑"]], "hidden": True},))  # fmt: skip
    add("companies_web.xls", "company", "a web page that a system saved as .xls", page,
        [("序号", "number"), ("企业名称", "short_name"), ("统一社会信用代码", "credit_code"), ("法定代表人", None), ("联系方式", "contact_phone")], 2,
        [["序号", "企业名称", "统一社会信用代码", "法定代表人", "联系方式"], ["1", "示例甲商贸有限公司", credit_code(1), "张示例", "13800000001"],
         ["2", "示例乙建筑有限公司", credit_code(2), "李示例", "13800000002"]])  # fmt: skip
    heads = ["序号", "企业简称", "行业", "职工人数（人）"]
    add("companies_printed_pages.xlsx", "company", "title and heads again on each printed page, page totals, grand total", xlsx,
        [("序号", "number"), ("企业简称", "short_name"), ("行业", "industry"), ("职工人数（人）", "employees")], 4,
        [["示例企业名册", None, None, None], heads, [1, "示例甲", "建筑", 3], [2, "示例乙", "建筑", 4], ["本页小计", None, None, 7], ["示例企业名册", None, None, None],
         heads, [3, "示例丙", "医药", 5], [4, "示例丁", "环保", 6], ["本页小计", None, None, 11], ["总  计", None, None, 18]],
        merged=[(0, 0, 0, 3), (5, 0, 5, 3)], left_out=(5, 6, 7, 10, 11))  # fmt: skip
    add("companies_merged_branch.xlsx", "company", "the branch's name merged over its companies, subtotals between", xlsx,
        [("党组织名称", "branch"), ("企业简称", "short_name"), ("职工总数", "employees")], 5,
        [["党组织名称", "企业简称", "职工总数"], ["示例一支部", "示例甲", 10], [None, "示例乙", 20], [None, "小计", 30], ["示例二支部", "示例丙", 5], [None, "示例丁", 6],
         [None, "示例戊", 7], [None, "小计", 18], ["合计", None, 48]], merged=[(1, 0, 3, 0), (4, 0, 7, 0)], left_out=(4, 8, 9))  # fmt: skip
    add("companies_formulas.xlsx", "company", "formulas with and without a cached value, error values, a link to another file", xlsx,
        [("序号", "number"), ("企业简称", "short_name"), ("职工人数", "employees"), ("联系电话", "contact_phone"), ("地址", "address")], 3,
        [["序号", "企业简称", "职工人数", "联系电话", "地址"], [Formula("=ROW()-1", 1), "示例甲", Formula("=10+5", 15), "13800000001", Formula('="示例路"&1', "示例路1")],
         [Formula("=ROW()-1", 2), "示例乙", Formula("=SUM(C9:C10)", ""), "13800000002", Formula("=#REF!", "#REF!")],
         [Formula("=ROW()-1", 3), "示例丙", Formula("='[示例.xlsx]Sheet1'!A1", 7), "13800000003", Formula("=VLOOKUP(1,A1:B2,2)", "#N/A")]])  # fmt: skip
    add("companies_english.xlsx", "company", "English heads of an accounting program", xlsx,
        [("No.", "number"), ("Company Name", "short_name"), ("Industry", "industry"), ("Employees", "employees"), ("Address", "address"),
         ("Contact", "contact_name"), ("Mobile Phone", "contact_phone"), ("Remarks", "note")], 2,
        [["No.", "Company Name", "Industry", "Employees", "Address", "Contact", "Mobile Phone", "Remarks"],
         [1, "示例甲商贸", "批发零售", 5, "示例路1号", "张示例", "13800000001", None], [2, "示例乙建筑", "建筑", 6, "示例路2号", "李示例", "13800000002", "N/A"]])  # fmt: skip
    add("companies_semicolon.csv", "company", "UTF-8 without a mark, semicolons; wide letters, asterisks and colons in heads", text("utf-8", ";"),
        [("序　号", "number"), ("企 业 名 称＊", "short_name"), ("联　系　人：", "contact_name"), ("联系电话（ＴＥＬ）", "contact_phone"), ("地 址 *", "address")], 2,
        [["序　号", "企 业 名 称＊", "联　系　人：", "联系电话（ＴＥＬ）", "地 址 *"], ["1", "示例甲", "张示例", "13800000001", "示例路1号，西侧"],
         ["2", "示例乙", "李示例", "13800000002", "示例路2号"]])  # fmt: skip
    add("companies_coloured_blanks.xlsx", "company", "thousands of blank coloured rows beneath", xlsx,
        [("企业名称", "short_name"), ("职工人数", "employees"), ("备注说明", "note")], 2,
        [["企业名称", "职工人数", "备注说明"], ["示例甲", 8, None], ["示例乙", 9, "示例"]], coloured=3000)  # fmt: skip
    add("companies_several_sheets.xlsx", "company", "an old short table on the first sheet, a sheet of totals, the long one last", xlsx,
        [("企业名称", "short_name"), ("所属行业", "industry"), ("党支部", "branch"), ("负责人", None)], 3,
        [["企业名称", "所属行业", "党支部", "负责人"], ["示例甲", "建筑", "示例一支部", "张示例"], ["示例乙", "医药", "示例一支部", "李示例"], ["示例丙", "环保", "示例二支部", "王示例"]],
        name="2026", before=({"name": "2025", "rows": [["企业名称", "所属行业", "负责人"], ["示例甲", "建筑", "张示例"]]},
                             {"name": "汇总", "rows": [["行业", "数量"], ["建筑", 1]]}))  # fmt: skip


def people() -> None:
    """People (党员花名册 and the like)."""
    add("people_roster.xlsx", "person", "ID numbers as text, with blanks and with an apostrophe; dates in all ways; rows above and below", xlsx,
        [("序号", "number"), ("姓 名", "name"), ("性别", "sex"), ("民族", "ethnic_group"), ("出生\n年月", "born_on"), ("文化程度", "education"),
         ("身份证号码", "id_number"), ("入党时间", None), ("手机号码", "phone"), ("所在党支部", "branch"), ("备注", "note")], 5,
        [["示例支部党员花名册"], ["单位（盖章）：示例支部", None, None, None, None, None, None, "填报日期：2026年3月"],
         ["序号", "姓 名", "性别", "民族", "出生\n年月", "文化程度", "身份证号码", "入党时间", "手机号码", "所在党支部", "备注"],
         [1, "张示例", "男", "汉", "1960.1", "大学本科", id_number("19600101", 11), "1985.7", "13800000001", "示例支部", None],
         [2, "李示例", "女", "汉族", "1962年3月", "大学专科", id_number("19620304", 22) + " ", "199006", "13800000002", "示例支部", None],
         [3, "王 示例", "男", "回", "196505", "高中", "'" + id_number("19650506", 31), date(1992, 7, 1), "138 0000 0003", "示例支部", "无"],
         [4, "赵示例", "女", "藏", 1970.1, "中专", id_number("19700112", 46), "2001-07-01", 13800000004, "示例支部", "/"],
         [5, "钱示例", "男", "汉", 25569, "其他", id_number("19700101", 57), "2003/7/1", "13800000005", "示例支部", None],
         ["填表人：孙示例", None, None, None, "审核人：周示例"], ["说明：一、本表一式两份；二、由支部保存。"]],
        merged=[(0, 0, 0, 10)], left_out=(9, 10))  # fmt: skip
    add("people_cut_ids.xlsx", "person", "ID numbers typed as numbers: Excel kept 15 digits", xlsx,
        [("姓名", "name"), ("身份证号", "id_number"), ("联系电话", "phone")], 4,
        [["姓名", "身份证号", "联系电话"], ["张示例", 620200196001010000, 13800000001], ["李示例", id_number("19620304", 22), 13800000002],
         ["王示例", 620200196505060000, 13800000003], ["赵示例", id_number("19700112", 46), 13800000004]], cut=(2, 4))  # fmt: skip
    add("people_scientific.csv", "person", "GBK; ID numbers in scientific notation, and one that ends in 000", text("gb18030", ","),
        [("姓名", "name"), ("性别", "sex"), ("公民身份号码", "id_number"), ("电话", "phone")], 3,
        [["姓名", "性别", "公民身份号码", "电话"], ["张示例", "男", "6.20200196001011E+17", "13800000001"], ["李示例", "女", "620200196203042000", "1.38E+10"],
         ["王示例", "男", id_number("19650506", 31), "13800000003"]], cut=(2, 3))  # fmt: skip
    add("people_pinyin.xlsx", "person", "heads are initials or pinyin, as old databases have them", xlsx,
        [("XH", "number"), ("XM", "name"), ("XB", "sex"), ("MZ", "ethnic_group"), ("CSNY", "born_on"), ("xue_li", "education"), ("ShenFenZhengHao", "id_number"),
         ("SHOUJI", "phone"), ("BZ", "note")], 2,
        [["XH", "XM", "XB", "MZ", "CSNY", "xue_li", "ShenFenZhengHao", "SHOUJI", "BZ"],
         [1, "张示例", "男", "汉", "196001", "高中", id_number("19600101", 11), "13800000001", None],
         [2, "李示例", "女", "回", "196203", "初中", id_number("19620304", 22), "13800000002", None]])  # fmt: skip
    add("people_no_heads_for_some.xlsx", "person", "columns without a head, or called 列3, told by their values", xlsx,
        [("姓名", "name"), ("", "id_number"), ("列3", "sex"), ("", "phone"), ("", None)], 4,
        [["姓名", None, "列3"], ["张示例", id_number("19600101", 11), "男", "13800000001"], ["李示例", id_number("19620304", 22), "女", "13800000002"],
         ["王示例", id_number("19650506", 31), "男", "13800000003", "已调走"], ["赵示例", id_number("19700112", 46), "女", "13800000004"]])  # fmt: skip
    add("people_group_rows.xlsx", "person", "a row for each branch between its members, subtotals, a grand total", xlsx,
        [("序号", "number"), ("党员姓名", "name"), ("性别", "sex"), ("联系电话", "phone")], 3,
        [["序号", "党员姓名", "性别", "联系电话"], ["一、示例一支部", None, None, None], [1, "张示例", "男", "13800000001"], [2, "李示例", "女", "13800000002"],
         ["小计", "2人", None, None], ["二、示例二支部", None, None, None], [1, "王示例", "男", "13800000003"], ["小计", "1人", None, None], ["总计", "3人", None, None]],
        merged=[(1, 0, 1, 3), (5, 0, 5, 3)], left_out=(2, 5, 6, 8, 9))  # fmt: skip
    add("people_hidden.xlsx", "person", "hidden rows and columns; blank columns between", xlsx,
        [("序号", "number"), ("姓名", "name"), ("性别", "sex"), ("学历", "education"), ("出生日期", "born_on")], 3,
        [["序号", "姓名", None, "性别", "学历", None, "出生日期"], [1, "张示例", None, "男", "高中", None, date(1960, 1, 1)],
         [2, "李示例", None, "女", "初中", None, date(1962, 3, 4)], [3, "王示例", None, "男", "小学", None, date(1965, 5, 6)]],
        hidden_rows=[2], hidden_columns=[2, 4, 5], months=[(2, 6)])  # fmt: skip
    add("people_old.xls", "person", "the older format; a two-row merged head; serial numbers of days", xls,
        [("序号", "number"), ("基本信息 · 姓名", "name"), ("基本信息 · 性别", "sex"), ("基本信息 · 出生年月", "born_on"), ("联系方式 · 手机", "phone"), ("联系方式 · 家庭住址", None),
         ("工作单位", "company")], 2,
        [["序号", "基本信息", None, None, "联系方式", None, "工作单位"], [None, "姓名", "性别", "出生年月", "手机", "家庭住址", None],
         [1, "张示例", "男", 21916, "13800000001", "示例小区", "示例甲商贸"], [2, "李示例", "女", date(1962, 3, 4), "13800000002", None, "示例乙建筑"]],
        merged=[(0, 0, 1, 0), (0, 1, 0, 3), (0, 4, 0, 5), (0, 6, 1, 6)])  # fmt: skip
    add("people_example_row.xlsx", "person", "hints in the heads, an example row, numbered blank rows beneath", xlsx,
        [("序号", "number"), ("姓 名*\n（必填）", "name"), ("性别（下拉选择）", "sex"), ("出生年月(如1949.10)", "born_on"), ("联系电话\n（手机）", "phone"),
         ("离退休前职级（离退休干部填写）", "former_rank")], 2,
        [["序号", "姓 名*\n（必填）", "性别（下拉选择）", "出生年月(如1949.10)", "联系电话\n（手机）", "离退休前职级（离退休干部填写）"],
         ["例", "某某", "男", "1949.10", "13800000000", "县级"], [1, "张示例", "男", "1949.10", "13800000001", "县级"], [2, "李示例", "女", "1950", "13800000002", "科级"],
         [3], [4], [5]], left_out=(2, 5, 6, 7))  # fmt: skip
    add("people_three_row_head.xlsx", "person", "a three-row head", xlsx,
        [("序号", "number"), ("党员情况 · 基本情况 · 姓名", "name"), ("党员情况 · 基本情况 · 性别", "sex"), ("党员情况 · 联系情况 · 联系电话", "phone"), ("党员情况 · 联系情况 · 电子邮箱", None),
         ("组织情况 · 所在党支部", "branch")], 2,
        [["示例党员信息采集表"], ["序号", "党员情况", None, None, None, "组织情况"], [None, "基本情况", None, "联系情况", None, "所在党支部"],
         [None, "姓名", "性别", "联系电话", "电子邮箱", None], [1, "张示例", "男", "13800000001", None, "示例支部"], [2, "李示例", "女", "13800000002", "a@example.com", "示例支部"]],
        merged=[(0, 0, 0, 5), (1, 0, 3, 0), (1, 1, 1, 4), (2, 1, 2, 2), (2, 3, 2, 4), (2, 5, 3, 5)])  # fmt: skip
    add("people_utf8_mark.csv", "person", "UTF-8 with a mark, line breaks within cells, ID numbers behind an apostrophe", text("utf-8-sig", ","),
        [("姓名", "name"), ("民族", "ethnic_group"), ("身份证", "id_number"), ("联系方式", "phone"), ("所在单位", "company"), ("备注", "note")], 2,
        [["姓名", "民族", "身份证", "联系方式", "所在单位", "备注"], ["张示例", "汉族", "'" + id_number("19600101", 11), "13800000001", "示例甲商贸", "住院中，\n联系家属"],
         ["李示例", "裕固族", "'" + id_number("19620304", 22), "13800000002", "示例乙建筑", "说“好”"]])  # fmt: skip
    add("people_spouses.xlsx", "person", "two names and two numbers in a row: the member's and the spouse's", xlsx,
        [("党员 · 姓名", "name"), ("党员 · 身份证号", "id_number"), ("党员 · 电话", "phone"), ("配偶 · 姓名", None), ("配偶 · 身份证号", None), ("配偶 · 电话", None)], 3,
        [["党员", None, None, "配偶", None, None], ["姓名", "身份证号", "电话", "姓名", "身份证号", "电话"],
         ["张示例", id_number("19600101", 11), "13800000001", "李示例", id_number("19620304", 22), "13800000002"],
         ["王示例", id_number("19650506", 31), "13800000003", "赵示例", id_number("19700112", 46), "13800000004"],
         ["钱示例", id_number("19700101", 57), "13800000005", None, None, None]], merged=[(0, 0, 0, 2), (0, 3, 0, 5)])  # fmt: skip
    add("people_strange_heads.xlsx", "person", "heads that nobody else uses, told by their values; a relative's number beside", xlsx,
        [("姓名", "name"), ("文化层次情况", "education"), ("本人证件", "id_number"), ("家属电话", None), ("微信同号", "phone")], 4,
        [["姓名", "文化层次情况", "本人证件", "家属电话", "微信同号"], ["张示例", "高中", id_number("19600101", 11), "13900000001", "13800000001"],
         ["李示例", "初中", id_number("19620304", 22), "13900000002", "13800000002"], ["王示例", "大学本科", id_number("19650506", 31), "13900000003", "13800000003"],
         ["赵示例", "高中", id_number("19700112", 46), "13900000004", "13800000004"]])  # fmt: skip


def advisers() -> None:
    """Advisers, their terms, their postings and visits."""
    add("advisers.xlsx", "adviser", "heads of the organisation department; former post and unit in one", xlsx,
        [("序号", "number"), ("指导员姓名", "person"), ("性别", None), ("退休前单位及职务", "former_post"), ("岗前培训时间", "trained_on"), ("培训内容", "training"),
         ("联系电话", "work_phone"), ("聘任状态", "status")], 2,
        [["示例市党建指导员名册"], ["序号", "指导员姓名", "性别", "退休前单位及职务", "岗前培训时间", "培训内容", "联系电话", "聘任状态"],
         [1, "张示例", "男", "示例局副局长", "2025.3", "党务知识", "13800000001", "在聘"], [2, "李示例", "女", "示例中学校长", "2025年4月", "党务知识", "13800000002", "已解聘"]],
        merged=[(0, 0, 0, 7)])  # fmt: skip
    add("advisers_two_row_head.csv", "adviser", "GBK; two-row head whose merged cells were lost", text("gbk", ","),
        [("姓名", "person"), ("培训情况 · 培训时间", "trained_on"), ("培训情况 · 培训内容", "training"), ("手机", "work_phone")], 2,
        [["姓名", "培训情况", "", "手机"], ["", "培训时间", "培训内容", ""], ["张示例", "2025.3", "党务知识", "13800000001"], ["李示例", "2025.4", "党务知识", "13800000002"]])  # fmt: skip
    add("appointments.xlsx", "appointment", "the term in two columns under one head", xlsx,
        [("序号", "number"), ("指导员", "adviser"), ("聘期 · 起", "starts_on"), ("聘期 · 止", "ends_on"), ("聘任文号", "document")], 2,
        [["序号", "指导员", "聘期", None, "聘任文号"], [None, None, "起", "止", None], [1, "张示例", date(2025, 3, 1), date(2027, 2, 28), "示例发〔2025〕1号"],
         [2, "李示例", "2025.3.1", "2027.2.28", "示例发〔2025〕1号"]], merged=[(0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 0, 3), (0, 4, 1, 4)])  # fmt: skip
    add("postings.xls", "posting", "the older format; the adviser's phone isn't asked for", xls,
        [("序号", "number"), ("派驻企业", "company"), ("党建指导员", "adviser"), ("联系电话", None), ("派驻时间", "started_on"), ("交接情况", "handover")], 2,
        [["党建指导员派驻企业一览表（示例）", None, None, None, None, None], ["序号", "派驻企业", "党建指导员", "联系电话", "派驻时间", "交接情况"],
         [1, "示例甲商贸", "张示例", "13800000001", date(2025, 3, 1), "已交接"], [2, "示例乙建筑", "李示例", "13800000002", date(2025, 4, 1), None]],
        merged=[(0, 0, 0, 5)])  # fmt: skip
    note = "与负责人座谈，了解生产经营和党员教育管理情况，提出三条建议。" * 30
    add("visits_wide_notes.xlsx", "visit", "notes of many hundred characters; dates as 2026.3.5 and 3月5日", xlsx,
        [("日期", "visited_on"), ("走访企业", "posting"), ("走访事由", "purpose"), ("走访内容", "findings"), ("指导员", None)], 3,
        [["日期", "走访企业", "走访事由", "走访内容", "指导员"], ["2026.3.5", "示例甲商贸", "日常走访", note, "张示例"],
         [date(2026, 3, 12), "示例乙建筑", "指导学习", note, "张示例"], ["3月20日", "示例甲商贸", "其他", "无", "张示例"]])  # fmt: skip
    add("visits_report.xlsx", "visit", "a report's title and period above, signatures below", xlsx,
        [("序号", "number"), ("走访时间", "visited_on"), ("企业名称", "posting"), ("走访目的", "purpose"), ("了解情况", "findings"), ("补记原因", "late_reason")], 2,
        [["党建指导员走访记录表", None, None, None, None, None], ["指导员：张示例", None, None, "统计时间：2026年1月—3月", None, None],
         ["序号", "走访时间", "企业名称", "走访目的", "了解情况", "补记原因"], [1, 46088, "示例甲商贸", "日常走访", "正常", None], [2, "2026-03-09", "示例乙建筑", "解决难题", "用工紧张", "出差"],
         [None], ["指导员签字：", None, None, "企业负责人签字：", None, None]], merged=[(0, 0, 0, 5)], left_out=(7,))  # fmt: skip


def others() -> None:
    """What branches and companies keep besides."""
    add("party_classes.xlsx", "party_class", "a title, a footer with a note, numbers with units", xlsx,
        [("序号", "number"), ("授课时间", "held_on"), ("党课题目", "topic"), ("主讲人", "speaker"), ("参加人数", "attendance"), ("主要内容", "summary")], 2,
        [["2026年示例支部党课开展情况统计表"], ["序号", "授课时间", "党课题目", "主讲人", "参加人数", "主要内容"], [1, date(2026, 3, 1), "学党章", "张示例", "25人", "逐章学习"],
         [2, "2026.4.2", "学党史", "李示例", 30, None], ["备注：人数含入党积极分子。"]], merged=[(0, 0, 0, 5)], left_out=(5,))  # fmt: skip
    add("party_classes_gbk.csv", "party_class", "GBK with tabs; “共2次” at the end", text("gbk", "\t"),
        [("所属支部", "branch"), ("时间", "held_on"), ("主题", "topic"), ("授课人", "speaker"), ("听课人数", "attendance")], 2,
        [["所属支部", "时间", "主题", "授课人", "听课人数"], ["示例支部", "20260301", "学党章", "张示例", "25"], ["示例支部", "20260402", "学党史", "李示例", "30"], ["共2次", "", "", "", ""]],
        left_out=(4,))  # fmt: skip
    add("honours.xlsx", "honour", "years as numbers, 201905, 2019年5月; 〃 for the same as above", xlsx,
        [("获奖支部", "branch"), ("荣誉称号", "name"), ("荣誉级别", "level"), ("授予单位", "body"), ("获奖时间", "awarded_on"), ("获奖人", "person")], 4,
        [["获奖支部", "荣誉称号", "荣誉级别", "授予单位", "获奖时间", "获奖人"], ["示例支部", "示例先进党支部", "市级", "示例市委", 2019, None], ["〃", "示例标准化支部", "〃", "〃", 201905, None],
         ["示例支部", "示例优秀党员", "县区级", "示例区委", "2019年5月", "张示例"], ["示例支部", "示例优秀党员", "县区级", "示例区委", "2020.7.1", "李示例"]])  # fmt: skip
    add("honours_old.xls", "honour", "the older format; merged branch, three footers", xls,
        [("序号", "number"), ("党支部", "branch"), ("奖项名称", "name"), ("颁奖单位", "body"), ("表彰时间", "awarded_on")], 3,
        [["序号", "党支部", "奖项名称", "颁奖单位", "表彰时间"], [1, "示例一支部", "示例先进", "示例市委", "2019.7"], [2, None, "示例标兵", "示例区委", "2020.7"],
         [3, "示例二支部", "示例先进", "示例市委", "2021.7"], ["填表人：张示例"], ["审核人：李示例"], ["填报日期：2026.3.1"]],
        merged=[(1, 1, 2, 1)], left_out=(5, 6, 7))  # fmt: skip
    add("regulations.xlsx", "regulation", "yes and no as 是, 否 and √; “in force” asked as a question", xlsx,
        [("序号", "number"), ("制度名称", "name"), ("制定日期", "adopted_on"), ("修订时间", "revised_on"), ("是否有效", "in_force")], 3,
        [["序号", "制度名称", "制定日期", "修订时间", "是否有效"], [1, "示例三会一课制度", "2016.5", "2020年1月", "是"], [2, "示例学习制度", 2017, "—", "√"],
         [3, "示例考勤制度", 201801, None, "否"]])  # fmt: skip
    add("regulations_list.csv", "regulation", "UTF-8; “文件名称” and “印发时间”; quoted cells", text("utf-8", ","),
        [("文件名称", "name"), ("印发时间", "adopted_on"), ("主要内容", "text")], 2,
        [["文件名称", "印发时间", "主要内容"], ["示例议事规则", "2016-05-12", "一是…，二是…"], ["示例公开制度", "2018-01-02", "公开“三务”"]])  # fmt: skip
    add("development_steps.xlsx", "development_step", "one row for each stage", xlsx,
        [("序号", "number"), ("姓名", "person"), ("发展阶段", "stage"), ("进入时间", "entered_on"), ("培养联系人", None), ("备注", "note")], 3,
        [["序号", "姓名", "发展阶段", "进入时间", "培养联系人", "备注"], [1, "张示例", "递交申请", "2024.1.5", "赵示例", None], [2, "张示例", "入党积极分子", "2024.7", "赵示例", None],
         [3, "李示例", "发展对象", date(2025, 7, 1), "钱示例", None]])  # fmt: skip
    add("problems.xlsx", "problem", "heads of the work on “real problems”; merged company over several problems", xlsx,
        [("序号", "number"), ("企业名称", "company"), ("反映时间", "found_on"), ("困难诉求", "subject"), ("解决措施", "action"), ("办理状态", "status"), ("办结时间", "closed_on")], 3,
        [["为企业办实事台账（示例）"], ["序号", "企业名称", "反映时间", "困难诉求", "解决措施", "办理状态", "办结时间"],
         [1, "示例甲商贸", "2026.1.5", "停车难", "协调车位", "已办结", "2026.2.1"], [2, None, "2026.2.5", "用工难", "联系招聘会", "办理中", None],
         [3, "示例乙建筑", "2026.3.5", "融资难", None, "待办", None]], merged=[(0, 0, 0, 6), (2, 1, 3, 1)])  # fmt: skip
    add("problems.et", "problem", "a workbook of WPS under its own ending; the heads in the fifth row", xlsx,
        [("难题", "subject"), ("所在企业", "company"), ("提出日期", "found_on"), ("进展", "status")], 2,
        [[], ["示例问题清单"], [], ["单位：示例街道"], ["难题", "所在企业", "提出日期", "进展"], ["停车难", "示例甲商贸", date(2026, 1, 5), "待办"], ["用工难", "示例乙建筑", date(2026, 2, 5), "办理中"]])  # fmt: skip
    add("venues.xlsx", "venue", "square metres in the head; a venue's company left blank", xlsx,
        [("编号", "number"), ("阵地名称", "name"), ("建筑面积（㎡）", "area"), ("建成时间", "opened_on"), ("详细地址", "address"), ("所属党组织", "branch"), ("企业", "company")], 2,
        [["编号", "阵地名称", "建筑面积（㎡）", "建成时间", "详细地址", "所属党组织", "企业"], [1, "示例党群中心", 200, "2019.5", "示例路1号", "示例支部", None],
         [2, "示例活动室", 60.5, "2020", "示例路2号", "示例支部", "示例甲商贸"]])  # fmt: skip
    add("branches.xlsx", "branch", "the tree as two columns", xlsx,
        [("序号", "number"), ("党组织名称", "name"), ("党组织类别", "kind"), ("上级党组织", "parent"), ("成立时间", "founded_on"), ("书记", None), ("联系电话", "contact_phone")], 2,
        [["序号", "党组织名称", "党组织类别", "上级党组织", "成立时间", "书记", "联系电话"], [1, "示例一支部", "党支部", "示例党委", "2016.5", "张示例", "13800000001"],
         [2, "示例二支部", "联合党支部", "示例党委", "2017", "李示例", "13800000002"]])  # fmt: skip
    add("unregistered_members.csv", "unregistered_member", "GBK; a line of commas beneath, as Excel leaves it", text("gbk", ","),
        [("党员姓名", "person"), ("排查时间", "found_on"), ("组织关系所在地", "registered_at"), ("备注", "note"), ("现工作单位", None)], 2,
        [["党员姓名", "排查时间", "组织关系所在地", "备注", "现工作单位"], ["张示例", "2026/3/1", "示例县示例镇", "", "示例甲商贸"], ["李示例", "2026/3/2", "不详", "", "示例乙建筑"],
         ["", "", "", "", ""], ["", "", "", "", ""]])  # fmt: skip
    add("mass_organisations.xlsx", "mass_organisation", "the kind in a merged first column; numbers as text", xlsx,
        [("类别", "kind"), ("企业名称", "company"), ("成立时间", "founded_on"), ("负责人姓名", "leader"), ("会员人数", "members")], 3,
        [["类别", "企业名称", "成立时间", "负责人姓名", "会员人数"], ["工会", "示例甲商贸", "2018", "张示例", "30"], [None, "示例乙建筑", "2019.5", "李示例", "60"],
         ["妇联", "示例甲商贸", "2020", "王示例", "12"]], merged=[(1, 0, 2, 0)])  # fmt: skip


def write_all() -> None:
    """Write the files, expected.json and README.md."""
    for make in (companies, people, advisers, others):
        make()
    for sheet in SHEETS:
        (FOLDER / sheet["file"]).write_bytes(sheet["bytes"])
    expected = [{key: value for key, value in sheet.items() if key != "bytes"} for sheet in SHEETS]
    lines = [json.dumps(one, ensure_ascii=False) for one in expected]
    (FOLDER / "expected.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    (FOLDER / "README.md").write_text(_readme(expected), encoding="utf-8")


def _readme(expected: list[dict[str, Any]]) -> str:
    rows = []
    for one in expected:
        heads = "; ".join(
            f"{' '.join(text.split()) or '(none)'} → {field or 'nothing'}".replace("|", "\\|")
            for text, field in one["heads"]
        )
        cut = f" Cut ID numbers in rows {', '.join(map(str, one['cut']))}." if one["cut"] else ""
        rows.append(f"| `{one['file']}` | {one['resource']} | {one['awkward']}.{cut} | {one['lines']} | {heads} |")
    return (
        "# Sheets as offices make them\n\n"
        "Everybody and everything in them is invented and marked 示例. `make.py` writes the files, `expected.json` and this\n"
        "page; `tests/test_reading.py` reads every file and holds it against `expected.json`. `number` is a running number,\n"
        "which is never imported; `nothing` is a column that the form doesn't have. `heads.json` has the heads of many more\n"
        "tables, and heads that no form asks for.\n\n"
        "| file | records | what is awkward | lines | head → field |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


if __name__ == "__main__":
    write_all()
