"""Files become sheets. The parsing is done apart, in a process that may die without harm."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from policy.errors import Refused
from services.tables.apart.limits import BROKEN, FILE_BYTES, SECONDS, TOO_LARGE

Cell = str | int | float | date | datetime | bool | None

_ROOT = Path(__file__).resolve().parents[3]
# The parser is given nothing of the server's environment, which holds its secrets.
_PASSED_ON = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_GRACE_SECONDS = 10


@dataclass(frozen=True)
class Sheet:
    """A sheet as rows of cells; rows may differ in length.

    Attributes:
        name: as the workbook has it; of a text file, the file's own name.
        rows: from the first row of the sheet.
        merged: first row, first column, last row, last column, counted from 0; empty where unknown.
    """

    name: str
    rows: list[list[Cell]]
    merged: list[tuple[int, int, int, int]]


def read_sheets(data: bytes, file_name: str) -> list[Sheet]:
    """The visible sheets of a workbook, a text with separators or a web page's tables; their cells are only ever data.

    Raises:
        Refused: the file is none of these, has a password, is too large or is broken.
    """
    if not data:
        raise Refused("文件是空的。请确认选对了文件。")
    if len(data) > FILE_BYTES:
        raise Refused(f"文件有 {len(data) / 2**20:.0f} MB，最多能读 {FILE_BYTES // 2**20} MB。{TOO_LARGE}")
    answer = _parse_apart(data)
    if "refused" in answer:
        raise Refused(answer["refused"])
    sheets = as_sheets(answer["sheets"], file_name)
    if not any(sheet.rows for sheet in sheets):
        raise Refused("文件里没有内容。请确认选对了文件。")
    return sheets


def as_sheets(answer: list[dict[str, Any]], file_name: str) -> list[Sheet]:
    """What the parser answered (services/tables/apart/sheets.py) as sheets."""
    name = PurePosixPath(file_name.replace("\\", "/")).stem or "表"
    return [
        Sheet(
            one["name"] or name,
            [[_day(value) if type(value) is dict else value for value in row] for row in one["rows"]],
            [tuple(place) for place in one["merged"]],  # type: ignore[misc]
        )
        for one in answer
    ]


def _parse_apart(data: bytes) -> dict[str, Any]:
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "services.tables.apart"],
            input=data,
            capture_output=True,
            timeout=SECONDS + _GRACE_SECONDS,
            cwd=_ROOT,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Refused(f"读这个文件用的时间太长，没有读完。{TOO_LARGE}") from None
    if done.returncode != 0:
        raise Refused(BROKEN)
    return json.loads(done.stdout)


def _day(wrapped: dict[str, str]) -> date:
    return datetime.fromisoformat(wrapped["at"]) if "at" in wrapped else date.fromisoformat(wrapped["on"])
