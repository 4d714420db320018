"""Sheets of offices are read: the table is found, its heads mapped; what isn't a sheet is refused politely."""

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from policy.errors import Refused
from services.tables.apart import limits
from services.tables.importing.fields import Field
from services.tables.reading import (
    Mapped,
    Sheet,
    Table,
    cut_by_excel,
    find_table,
    head_key,
    map_heads,
    read_sheets,
)
from tests.sheet_fields import fields_of

FOLDER = Path(__file__).parent / "sheets"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
PEOPLE = (
    Field("name", "姓名"),
    Field("sex", "性别", kind="code", choices=("男", "女")),
    Field("phone", "手机", ("联系电话", "电话"), "phone"),
    Field("born_on", "出生年月", kind="partial_date"),
    Field("branch", "所属党组织", ("党支部",), "related"),
    Field("note", "备注"),
    Field("id", "编号", kind="key"),
)


@cache
def table_of(file: str, resource: str) -> Table:
    return find_table(read_sheets((FOLDER / file).read_bytes(), file), fields_of(resource))


def mapped(table: Table, fields: tuple[Field, ...] = PEOPLE, **remembered: str) -> dict[str, str | None]:
    return {one.head.text: one.field for one in map_heads(table, fields, remembered)}


def sheet(*rows: list[Any], merged: list[tuple[int, int, int, int]] | None = None, name: str = "甲") -> Sheet:
    return Sheet(name, [list(row) for row in rows], merged or [])


def heads_are(*heads: str) -> dict[str, str | None]:
    return mapped(find_table([sheet(list(heads), ["甲"] * len(heads))], PEOPLE))


def understood(one: Mapped) -> str | None:
    return "number" if one.how == "number" else one.field


# The sheets of tests/sheets


@pytest.mark.parametrize("expected", EXPECTED, ids=[one["file"] for one in EXPECTED])
def test_a_sheet_as_offices_make_them_is_read_as_described(expected: dict[str, Any]) -> None:
    table = table_of(expected["file"], expected["resource"])
    found = map_heads(table, fields_of(expected["resource"]))
    assert [head.text for head in table.heads] == [text for text, _field in expected["heads"]]
    for one, (_text, field) in zip(found, expected["heads"], strict=True):
        assert understood(one) in (field, None), f"{one.head.text} is mapped wrongly"
    assert len(table.lines) == expected["lines"]
    assert [number for number, _why in table.left_out] == expected["left_out"]


def test_at_least_95_percent_of_the_columns_are_mapped_without_a_hand() -> None:
    wanted = right = 0
    for expected in EXPECTED:
        found = map_heads(table_of(expected["file"], expected["resource"]), fields_of(expected["resource"]))
        for one, (_text, field) in zip(found, expected["heads"], strict=True):
            if field not in (None, "number"):
                wanted, right = wanted + 1, right + (one.field == field)
    print(f"{right} of {wanted} columns in {len(EXPECTED)} sheets were mapped without a hand: {right / wanted:.1%}")
    assert len(EXPECTED) >= 30
    assert right >= 0.95 * wanted


def test_every_id_number_that_excel_cut_can_be_told_and_no_other_cell() -> None:
    for expected in EXPECTED:
        lines = table_of(expected["file"], expected["resource"]).lines
        cut = [line.number for line in lines if any(map(cut_by_excel, line.cells))]
        assert cut == expected["cut"], expected["file"]
    assert sum(len(expected["cut"]) for expected in EXPECTED) >= 4
