"""Checklists as workbooks: our own form out and in again."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import xlsxwriter
from flask import Flask
from sqlalchemy import select

from models import ChecklistTemplate, ChecklistVersion, Scoring
from policy import system_session
from services.checklists.outline import MOST_ITEMS, GroupOutline, ItemOutline, Outline
from services.checklists.versions import outline_of
from services.checklists.workbook import Read, make_book, read_book
from tests.office_sheets import NO, office_sheet, places_of, said_of
from tests.sheets_made import notes_in, rows_of, workbook
from tests.test_checklist_versions import WHOLE
from tests.world import World


def changed_book(outline: Outline, change: Callable[[list[list[Any]]], None]) -> bytes:
    """Our own form with its first sheet changed by somebody."""
    rows = [[*row] for row in rows_of(make_book("示例", outline))]
    change(rows)
    return workbook(*rows, name="清单")


def test_what_was_written_is_read_back_the_same() -> None:
    read = read_book(make_book("支部标准化", WHOLE), "任意名称.xlsx")
    assert read == Read("支部标准化", WHOLE, [], [])


def test_the_shipped_checklists_are_read_back_the_same(office: tuple[Flask, World]) -> None:
    with system_session("demo") as session:
        versions = session.scalars(select(ChecklistVersion).join(ChecklistTemplate)).all()
        outlines = [outline_of(session, version) for version in versions]
    assert any(outline.groups[0].name == "两栏" for outline in outlines)
    for outline in outlines:
        read = read_book(make_book("清单", outline), "a.xlsx")
        assert (read.outline, read.faults, read.guesses) == (outline, [], [])


def test_what_looks_like_a_formula_a_total_or_a_footer_stays_what_it_is() -> None:
    texts = [
        "=1+1",
        "@x",
        "+a",
        "-2+3",
        "合计",
        "填表人：",
        "〃",
        "无",
        "'x",
        "一行\n又一行",
        "http://a.example",
        "1.10",
    ]
    items = tuple(
        ItemOutline(text, text, how_checked=text, evidence=text, counts=text[:10], origins=(text, f"{text}、2"))
        for text in texts
    )
    outline = Outline("=2*3", (GroupOutline("=组+1", items), GroupOutline("合计", (ItemOutline("x", "项"),))))
    book = make_book("=1+1", outline)
    read = read_book(book, "a.xlsx")
    assert (read.template_name, read.outline, read.faults) == ("=1+1", outline, [])
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        assert b"<f>" not in b"".join(parts.read(name) for name in parts.namelist() if "worksheets/" in name)


def test_groups_without_items_are_left_out() -> None:
    outline = replace(WHOLE, groups=(*WHOLE.groups, GroupOutline("空的")))
    assert read_book(make_book("示例", outline), "a.xlsx").outline == WHOLE


def test_the_form_says_how_to_fill_it_in_and_prints_on_a4() -> None:
    book = make_book("支部 A&B", WHOLE)
    rows = rows_of(book)
    assert rows[0] == [
        "分组", "编码", "考核内容", "分值", "得分办法", "得分档", "每次扣", "最多扣", "数量单位", "可以不适用", "检查方法", "佐证材料", "沿用",
    ]  # fmt: skip
    assert rows[2][:6] == ["组织生活", "1.2", "党课质量", 10.5, "分档得分", "好=100%；较好=80%；差=0%"]
    assert "好=100%；较好=80%；差=0%" in notes_in(book)
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        sheet, about = (parts.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2))
        names = parts.read("xl/workbook.xml").decode()
    assert "达到得分,分档得分,按数量得分,按次扣分,加分,一票否决" in sheet
    for page in (sheet, about):
        assert 'paperSize="9" fitToHeight="0" orientation="landscape"' in page
    assert 'state="frozen"' in sheet and "A&amp;&amp;B" in sheet
    assert "_xlnm.Print_Titles" in names


def test_rows_that_somebody_adds_need_neither_group_nor_code_nor_scoring() -> None:
    def change(rows: list[list[Any]]) -> None:
        rows.insert(3, [NO, NO, "新增一项", 5])
        rows.append([NO, NO, "缺记录", 5, NO, NO, 0.5])
        rows.append(["合计", NO, NO, 55.5])

    read = read_book(changed_book(WHOLE, change), "a.xlsx", "2027 版")
    assert read.faults == []
    assert [item.code for item in read.outline.items()] == ["1.1", "1.2", "1.4", "1.3", "2.1", "2.2", "2.3", "2.4"]
    assert said_of(read, "新增一项").scoring is Scoring.GRADED
    assert said_of(read, "缺记录").scoring is Scoring.DEDUCTION
    assert read.outline.name == "2027 版"


def test_a_wrong_cell_is_named_with_sheet_row_column_and_place_in_the_outline() -> None:
    def change(rows: list[list[Any]]) -> None:
        rows[1][5] = "很多=100%"
        rows[2][3] = "十分"
        rows[3][4], rows[3][6] = "随便", 0
        rows[4][1] = "1.1"
        rows[5][9] = "也许"
        rows[6][2], rows[6][3] = "长" * 501, "一"

    read = read_book(changed_book(WHOLE, change), "a.xlsx")
    found = [(fault.row, fault.column, fault.group, fault.item) for fault in read.faults]
    assert found == [
        (2, "得分档", 0, 0), (2, "编码", 0, 0), (3, "分值", 0, 1), (4, "得分办法", 0, 2), (4, "每次扣", 0, 2), (5, "编码", 1, 0),
        (6, "可以不适用", 1, 1), (7, "分值", 1, 2),
        (7, "考核内容", 1, 2),
    ]  # fmt: skip
    assert read.outline.groups[1].items[2].scoring is Scoring.PASS_FAIL
    assert {fault.sheet for fault in read.faults} == {"清单"}
    messages = " ".join(fault.message for fault in read.faults)
    for words in (
        "“很多”不是数字",
        "请填写数字",
        "可以写：达到得分",
        "大于 0",
        "用了两次",
        "“是”或“否”",
        "最多 500 个字",
    ):
        assert words in messages


def test_what_is_wrong_on_the_second_sheet_is_named_there() -> None:
    about = [
        ("清单名称", "示例"), ("版本名称", "长" * 61), ("达标线", 0.6), ("基本达标线", "七成"), ("加分上限", "10%"),
        ("适用对象", "党支部、车间"),
    ]  # fmt: skip
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    for name, rows in (("清单", rows_of(make_book("示例", WHOLE))), ("说明", about)):
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, ["" if cell is None else cell for cell in row])
    book.close()
    read = read_book(file.getvalue(), "a.xlsx")
    assert places_of(read) == [
        ("说明", 4, "基本达标线"), ("说明", 6, "适用对象"), ("说明", 2, "版本名称"), ("说明", 4, "基本达标线"),
    ]  # fmt: skip
    assert "没有“车间”这一类" in read.faults[1].message
    assert read.outline.passed_percent == 60


def test_our_form_is_also_read_from_a_csv_and_with_cells_merged_or_columns_moved() -> None:
    rows = rows_of(make_book("示例", WHOLE))
    text = "\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in rows)
    assert read_book(text.encode("utf-8-sig"), "a.csv", "2026 版").outline.groups == WHOLE.groups
    moved = [[*row[2:], *row[:2]] for row in ([*row, *[NO] * (13 - len(row))] for row in rows)]
    assert read_book(workbook(*moved, name="清单"), "a.xlsx").outline.groups == WHOLE.groups
    for line in (2, 3, 5, 6):
        rows[line][0] = NO
    assert office_sheet(rows, (1, 0, 3, 0), (4, 0, 6, 0)).outline.groups == WHOLE.groups


def test_too_many_items_are_named_by_the_first_row_that_is_too_much() -> None:
    many = Outline("版", (GroupOutline("组", tuple(ItemOutline(str(n), "项") for n in range(MOST_ITEMS + 1))),))
    read = read_book(make_book("示例", many), "a.xlsx")
    assert [(fault.row, fault.message) for fault in read.faults] == [(302, "一个版本最多 300 项。")]
