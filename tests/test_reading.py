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

from admin.screens import all_screens
from policy.actions import resource_of
from policy.errors import Refused
from services.tables.apart import limits
from services.tables.apart.sheets import sheets_of
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
from services.tables.reading.files import as_sheets
from services.tables.reading.names import Names
from tests.sheet_fields import fields_of

FOLDER = Path(__file__).parent / "sheets"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
HEADS = json.loads((FOLDER / "heads.json").read_text(encoding="utf-8"))
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
    return find_table(as_sheets(sheets_of((FOLDER / file).read_bytes()), file), fields_of(resource))


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


@pytest.mark.parametrize("ending", ["xlsx", "xls", "csv", "txt", "et"])
def test_a_file_read_in_a_process_of_its_own_is_the_same(ending: str) -> None:
    file = next(one["file"] for one in EXPECTED if one["file"].endswith(ending))
    data = (FOLDER / file).read_bytes()
    assert read_sheets(data, file) == as_sheets(sheets_of(data), file)


# Heads and how they are understood


def test_heads_of_many_offices_are_understood_and_none_wrongly() -> None:
    wanted = right = 0
    for one in HEADS["tables"]:
        fields, heads = fields_of(one["resource"]), one["heads"]
        table = find_table([sheet(list(heads), ["某某"] * len(heads))], fields)
        for found in map_heads(table, fields):
            field = heads[found.head.text]
            assert found.field in (field, None), f"{one['resource']}: {found.head.text} is mapped wrongly"
            wanted, right = wanted + (field is not None), right + (found.field is not None)
    print(f"{right} of {wanted} heads of {len(HEADS['tables'])} tables were understood: {right / wanted:.1%}")
    assert right >= 0.95 * wanted


def test_the_labels_of_every_form_are_heads_of_their_own_fields() -> None:
    forms = [screen for screen in all_screens() if screen.form_groups]
    assert len(forms) > 30
    for screen in forms:
        fields = fields_of(resource_of(screen.model))
        table = find_table([sheet([field.label for field in fields], ["1"] * len(fields))], fields)
        assert [one.field for one in map_heads(table, fields)] == [field.name for field in fields], screen.__name__


@pytest.mark.parametrize(("resource", "heads"), HEADS["nobody's"].items())
def test_a_head_that_is_no_field_of_the_form_is_taken_for_none(resource: str, heads: list[str]) -> None:
    names = Names(fields_of(resource))
    assert {head: [one.field.name for one in names.meanings((head,))] for head in heads} == {head: [] for head in heads}


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ("姓 名*", "name"),
        ("姓名（必填）", "name"),
        ("联系电话\n（手机）", "phone"),
        ("出生年月(如1949.10)", "born_on"),
        ("出生日期", "born_on"),
        ("ｘｂ", "sex"),
        ("xingbie", "sex"),
        ("Mobile Phone", "phone"),
        ("所在党支部", None),
        ("所属党支部", "branch"),
        ("配偶姓名", None),
        ("家属电话", None),
        ("手机型号", None),
    ],
)
def test_a_head_is_understood_however_it_is_written(head: str, field: str | None) -> None:
    filler = "备注" if field == "name" else "姓名"
    assert heads_are(filler, "所属党组织" if field != "branch" else "性别", head)[head] == field


def test_a_field_is_given_to_the_head_that_names_it_best_and_to_no_other() -> None:
    assert heads_are("姓名", "电话", "手机") == {"姓名": "name", "电话": None, "手机": "phone"}
    assert heads_are("姓名", "手机号码", "联系电话") == {
        "姓名": "name",
        "手机号码": "phone",
        "联系电话": None,
    } or heads_are("姓名", "手机号码", "联系电话") == {"姓名": "name", "手机号码": None, "联系电话": "phone"}


def test_a_head_that_fits_two_fields_equally_is_left_to_the_person() -> None:
    fields = (
        Field("name", "名称"),
        Field("started_on", "开始时间"),
        Field("ended_on", "结束时间"),
        Field("made_on", "开始日期"),
    )
    table = find_table([sheet(["名称", "结束日期", "开始年月"], ["甲", "2019", "2018"])], fields)
    assert mapped(table, fields) == {"名称": "name", "结束日期": "ended_on", "开始年月": None}


def test_of_two_fields_that_share_a_synonym_the_first_in_the_form_has_the_better_right() -> None:
    fields = (
        Field("short_name", "企业简称", ("企业名称",)),
        Field("registered_name", "登记名称", ("企业名称",)),
        Field("note", "备注"),
    )
    alone = find_table([sheet(["企业名称", "备注"], ["甲", "乙"])], fields)
    assert mapped(alone, fields)["企业名称"] == "short_name"
    beside = find_table([sheet(["企业名称", "企业简称"], ["甲", "乙"])], fields)
    assert mapped(beside, fields) == {"企业名称": "registered_name", "企业简称": "short_name"}


def test_what_a_branch_chose_before_wins_over_all_else() -> None:
    table = find_table([sheet(["姓名", "性别", "曾用名", "备注"], ["甲", "男", "乙", "丙"])], PEOPLE)
    kept = {head_key("曾 用 名："): "name", head_key("备注"): "", head_key("性别"): "gone"}
    found = {one.head.text: (one.field, one.how) for one in map_heads(table, PEOPLE, kept)}
    assert found == {
        "姓名": (None, ""), "性别": ("sex", "name"), "曾用名": ("name", "remembered"), "备注": (None, "remembered"),
    }  # fmt: skip


def test_a_remembered_head_helps_in_finding_the_table() -> None:
    rows = sheet(["甲栏", "乙栏"], ["张示例", "某某"])
    with pytest.raises(Refused):
        find_table([rows], PEOPLE)
    table = find_table([rows], PEOPLE, {head_key("甲栏"): "name", head_key("乙栏"): "note"})
    assert [line.cells for line in table.lines] == [["张示例", "某某"]]


def test_a_running_number_is_no_record_key_unless_the_sheet_is_our_own_export() -> None:
    rows = [[1, "甲", "男"], [2, "乙", "女"]]
    ours = find_table([sheet(["编号", "姓名", "性别"], *rows)], PEOPLE)
    assert mapped(ours)["编号"] == "id"
    theirs = find_table([sheet(["编号", "姓名", "性别", "家庭住址"], *[[*row, "某处"] for row in rows])], PEOPLE)
    assert next(one.how for one in map_heads(theirs, PEOPLE)) == "number"


def test_two_columns_whose_values_fit_one_field_are_both_left_to_the_person() -> None:
    rows = [["甲", "13800000001", "13900000001"], ["乙", "13800000002", "13900000002"]]
    table = find_table([sheet(["姓名", "列2", "列3"], *rows)], PEOPLE)
    assert mapped(table) == {"姓名": "name", "列2": None, "列3": None}


# The table in a sheet


def test_a_sheet_without_heads_is_refused_and_says_what_was_looked_for() -> None:
    with pytest.raises(Refused, match="姓名、性别、手机"):
        find_table([sheet(["甲", "乙"], [1, 2])], PEOPLE)


def test_a_form_for_one_person_is_no_table() -> None:
    form = sheet(
        ["姓名", "张示例", "性别", "男"], ["手机", "13800000001", "出生年月", "1960.1"], ["备注", "无", "党支部", "甲"]
    )
    with pytest.raises(Refused):
        find_table([form], PEOPLE)


def test_rows_that_are_no_data_are_left_out_with_the_reason() -> None:
    table = find_table(
        [
            sheet(
                ["名册"], ["序号", "姓名", "性别", "手机"], ["例", "某某", "男", "138"], [1, "甲", "男", "1"], [], ["合 计", 1], ["名册"],
                ["序号", "姓名", "性别", "手机"], [2, "合计示例", "女", "2"], [3], ["填表人：甲", None, "审核人：乙"], ["注：含预备党员"],
            )
        ],
        PEOPLE,
    )  # fmt: skip
    assert table.left_out == [
        (3, "例行"), (6, "合计"), (7, "重复的标题"), (8, "重复的表头"), (10, "只有序号"), (11, "表尾"), (12, "表尾"),
    ]  # fmt: skip
    assert [(line.number, line.cells[1]) for line in table.lines] == [(4, "甲"), (9, "合计示例")]


def test_a_signature_and_a_day_below_are_no_data_and_a_lone_name_is() -> None:
    rows = [
        ["姓名", "性别", "手机", "备注"],
        ["甲", "男", "1", None],
        ["乙"],
        [None, None, None, "示例街道"],
        [None, None, None, "2026年3月5日"],
    ]
    table = find_table([sheet(*rows)], PEOPLE)
    assert [line.cells[0] for line in table.lines] == ["甲", "乙"]
    assert table.left_out == [(4, "表尾"), (5, "表尾")]


def test_merged_cells_fill_the_rows_they_span_and_a_blank_stays_blank_elsewhere() -> None:
    rows = [["党支部", "姓名", "备注"], ["一", "甲", "同"], [None, "乙", None], ["二", "丙", None], [None, "丁", None]]
    table = find_table([sheet(*rows, merged=[(1, 0, 2, 0), (3, 0, 4, 0), (1, 2, 2, 2)])], PEOPLE)
    assert [line.cells for line in table.lines] == [
        ["一", "甲", "同"],
        ["一", "乙", "同"],
        ["二", "丙", None],
        ["二", "丁", None],
    ]


def test_a_first_column_that_repeats_its_names_is_not_filled_down() -> None:
    rows = [["党支部", "姓名"], ["一", "甲"], ["一", "乙"], [None, "丙"], [None, "丁"]]
    assert [line.cells[0] for line in find_table([sheet(*rows)], PEOPLE).lines] == ["一", "一", None, None]


def test_other_sheets_with_such_a_table_are_named() -> None:
    heads = ["姓名", "性别", "手机"]
    sheets = [
        sheet(heads, ["甲", "男", "1"], ["乙", "女", "2"], name="一月"),
        sheet(heads, ["丙", "男", "3"], name="二月"),
        sheet(["空"], name="空表"),
    ]
    table = find_table(sheets, PEOPLE)
    assert (table.sheet, table.other_sheets) == ("一月", ("二月",))


def test_a_number_that_excel_cut_is_told_from_a_whole_one() -> None:
    assert all(
        map(cut_by_excel, [620200196001010000, 6.20200196001011e17, "6.20200196001011E+17", "620200196203042000"])
    )
    assert not any(
        map(cut_by_excel, [13800000001, 43586, None, True, "", "1.38E+10", "62020019600101011X", "示例", 20190501.5])
    )


# Files


def test_macros_and_links_to_other_files_are_never_looked_at() -> None:
    stream = io.BytesIO(WHOLE)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b'Sub Auto_Open(): Kill "*.*": End Sub')
        archive.writestr("xl/externalLinks/externalLink1.xml", b"<externalLink/>")
    assert read_sheets(stream.getvalue(), "名册.xlsm") == read_sheets(WHOLE, "名册.xlsx")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_text_is_read_in_every_encoding_and_with_every_separator(encoding: str, sign: str) -> None:
    text = f'姓名{sign}备注\r\n张示例{sign}"说{sign}“好”\n又说"\r\n李示例{sign}="0937"\r\n'.replace(
        '="0937"', '"=""0937"""'
    )
    sheets = as_sheets(sheets_of(text.encode(encoding)), "C:\\表\\名册.csv")
    assert sheets == [Sheet("名册", [["姓名", "备注"], ["张示例", f"说{sign}“好”\n又说"], ["李示例", "0937"]], [])]


def test_error_values_and_formulas_without_a_value_are_data() -> None:
    lines = table_of("companies_formulas.xlsx", "company").lines
    assert [line.cells[2] for line in lines] == [15, None, 7]
    assert [line.cells[4] for line in lines] == ["示例路1", "#REF!", "#N/A"]


def book(*rows: list[Any]) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as workbook:
        page = workbook.add_worksheet()
        for place, row in enumerate(rows):
            page.write_row(place, 0, row)
    return stream.getvalue()


def repacked(data: bytes, **parts: bytes) -> bytes:
    """A workbook with some parts put in place of its own; a name's "__" stands for "/"."""
    stream = io.BytesIO()
    changed = {name.replace("__", "/") + ".xml": part for name, part in parts.items()}
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, changed.pop(name, None) or old.read(name))
        for name, part in changed.items():
            new.writestr(name, part)
    return stream.getvalue()


WHOLE = book(["姓名", "性别"], ["张示例", "男"])
SHEET = (
    '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    "{rows}</sheetData></worksheet>"
)
CORNER = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


def packed(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/"), part)
    return stream.getvalue()


def lying(data: bytes) -> bytes:
    """The archive with one entry whose size is said to be 1 byte."""
    place = data.rindex(b"PK\x01\x02")
    return data[: place + 24] + struct.pack("<I", 1) + data[place + 28 :]


BAD_FILES = {
    "nothing": (b"", "空的"),
    "only blanks": (b" \r\n \r\n", "没有内容"),
    "too many megabytes": (b"a" * (limits.FILE_BYTES + 1), "最多能读 10 MB"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), "不是 Excel 表格"),
    "a PDF": (b"%PDF-1.7\n1 0 obj", "另存为"),
    "a Word document": (packed(**{"[Content_Types].xml": b"<Types/>", "word__document.xml": b"<w/>"}), "Word"),
    "an archive": (packed(readme=b"hello"), "压缩包"),
    "OpenDocument": (packed(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "另存为 .xlsx|“另存为”"),
    "XML of Excel 2003": (
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        "另存为",
    ),
    "an old binary file that is none": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "不是 Excel"),
    "a password": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600),
        "去掉密码",
    ),
    "half a workbook": (WHOLE[: len(WHOLE) // 2], "没有下载完整"),
    "a workbook without its end": (WHOLE[:-30], "没有下载完整"),
    "a sheet cut off within": (
        repacked(WHOLE, xl__worksheets__sheet1=SHEET.format(rows="<row><c r=").encode()[:-30]),
        "损坏|没有内容",
    ),
    "a sheet of tags that never end": (
        repacked(WHOLE, xl__worksheets__sheet1=b"<worksheet><sheetData>" + b"<c " * 1_000_000),
        "损坏",
    ),
    "a cell in the farthest corner": (
        repacked(WHOLE, xl__worksheets__sheet1=SHEET.format(rows=CORNER).encode()),
        "最多能读",
    ),
    "the farthest corner, written otherwise": (
        repacked(WHOLE, xl__worksheets__sheet1=SHEET.format(rows=CORNER.replace('r="XFD', 'r="&#88;FD')).encode()),
        "打不开|最多能读|没有内容",
    ),
    "too many columns": (book(["姓名"] * 201), "最多能读 200 列"),
    "an external entity": (
        repacked(WHOLE, xl__sharedStrings=b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><sst>&a;</sst>'),
        "XML 声明",
    ),
    "a billion laughs": (
        repacked(
            WHOLE,
            xl__workbook=b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><workbook>&b;</workbook>',
        ),
        "XML 声明",
    ),
    "a billion laughs in UTF-16": (
        repacked(WHOLE, xl__workbook='<!DOCTYPE l [<!ENTITY a "ha">]><workbook>&a;</workbook>'.encode("utf-16")),
        "XML 声明",
    ),
    "an entry that lies about its size": (lying(WHOLE), "没有下载完整"),
    "too many entries": (
        packed(**{f"xl__p{place}.xml": b"<a/>" for place in range(limits.ENTRIES)}, **{"xl__workbook.xml": b"<a/>"}),
        "太大",
    ),
}


@pytest.mark.parametrize(("data", "says"), BAD_FILES.values(), ids=list(BAD_FILES))
def test_what_is_no_sheet_or_a_bomb_is_refused_in_plain_words(data: bytes, says: str) -> None:
    with pytest.raises(Refused, match=says):
        read_sheets(data, "名册.xlsx")


def boasting(data: bytes) -> bytes:
    """The archive with one entry whose size is said to be 2 GB."""
    place = data.rindex(b"PK\x01\x02")
    return data[: place + 24] + struct.pack("<I", 2**31) + data[place + 28 :]


def test_a_zip_bomb_is_refused_by_what_it_says_it_holds_before_anything_is_unpacked() -> None:
    with pytest.raises(Refused, match="展开以后太大"):
        read_sheets(boasting(WHOLE), "名册.xlsx")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows bounds no process from within")
def test_the_parser_is_bounded_in_memory_and_time() -> None:
    asked = "import resource as r; from services.tables.apart.__main__ import bound; bound(); print(*r.getrlimit(r.RLIMIT_AS), *r.getrlimit(r.RLIMIT_CPU))"
    done = subprocess.run([sys.executable, "-c", asked], cwd=FOLDER.parents[1], capture_output=True, check=True)
    assert list(map(int, done.stdout.split())) == [limits.MEMORY_BYTES] * 2 + [limits.SECONDS, limits.SECONDS + 1]


def test_the_parser_gets_no_secret_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str] = {}
    run = subprocess.run
    monkeypatch.setenv("SECRET_KEY", "示例")
    monkeypatch.setattr(subprocess, "run", lambda *args, **how: seen.update(how["env"]) or run(*args, **how))
    read_sheets(WHOLE, "名册.xlsx")
    assert "SECRET_KEY" not in seen


@pytest.mark.long
def test_a_real_zip_bomb_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _each in range(limits.UNPACKED_BYTES // 2**20 + 1):
                part.write(b" " * 2**20)
    with pytest.raises(Refused, match="展开以后太大"):
        read_sheets(stream.getvalue(), "名册.xlsx")


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="measures a process as Linux does")
def test_the_parser_dies_rather_than_take_more_memory_than_it_is_allowed() -> None:
    # No single cell is large; together the same long text in every cell would take far more than the machine has.
    long_text = f"<sst><si><t>{'示例' * 15000}</t></si></sst>".encode()
    cells = "".join(f'<c r="{letter}{{row}}" t="s"><v>0</v></c>' for letter in "ABCDEFGHIJ")
    rows = "".join(f'<row r="{row}">{cells.format(row=row)}</row>' for row in range(1, 5000))
    data = repacked(
        book(["姓名"]), xl__worksheets__sheet1=SHEET.format(rows=rows).encode(), xl__sharedStrings=long_text
    )
    parser = subprocess.Popen(
        [sys.executable, "-m", "services.tables.apart"], cwd=FOLDER.parents[1],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    parser.stdin.write(data)
    parser.stdin.close()
    answer = parser.stdout.read()
    _pid, status, used = os.wait4(parser.pid, 0)
    parser.returncode = os.waitstatus_to_exitcode(status)
    assert b"sheets" not in answer
    assert used.ru_maxrss * 1024 <= limits.MEMORY_BYTES
    with pytest.raises(Refused):
        read_sheets(data, "名册.xlsx")
