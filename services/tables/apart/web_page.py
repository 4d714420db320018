"""The tables of a web page: many systems write one and call it .xls."""

from html.parser import HTMLParser
from typing import Any

from services.tables.apart.limits import CELLS, SHEETS, TOO_LARGE, Unreadable, check_extent

_LARGEST_SPAN = 1000


class _Tables(HTMLParser):
    """Collects the cells of the outermost tables, with what spans rows or columns."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[dict[str, Any]] = []
        self._depth = 0
        self._cells = 0
        self._text: list[str] | None = None
        self._span = (1, 1)
        self._taken: set[tuple[int, int]] = set()
        self._ignored = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self._ignored += 1
        elif tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append({"name": "", "rows": [], "merged": []})
                self._taken = set()
        elif self._depth == 1 and tag == "tr":
            self._end_cell()
            self.tables[-1]["rows"].append([])
        elif self._depth == 1 and tag in ("td", "th"):
            self._end_cell()
            found = dict(attrs)
            self._span = _number(found.get("rowspan")), _number(found.get("colspan"))
            self._text = []
        elif tag == "br" and self._text is not None:
            self._text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._ignored = max(0, self._ignored - 1)
        elif tag == "table":
            if self._depth == 1:
                self._end_cell()
            self._depth = max(0, self._depth - 1)
        elif self._depth == 1 and tag in ("td", "th", "tr"):
            self._end_cell()

    def handle_data(self, data: str) -> None:
        if self._text is not None and not self._ignored:
            self._text.append(data)

    def _end_cell(self) -> None:
        if self._text is None:
            return
        table = self.tables[-1]
        rows = table["rows"] or table["rows"].append([]) or table["rows"]
        place, row = len(rows) - 1, rows[-1]
        column = len(row)
        while (place, column) in self._taken:
            column += 1
        down, right = self._span
        self._cells += down * right
        if self._cells > CELLS:
            raise Unreadable(f"表格太大，不能读。{TOO_LARGE}")
        check_extent(len(rows), column + right)
        row.extend([""] * (column - len(row)))
        row.extend(["".join(self._text), *[""] * (right - 1)])
        if down * right > 1:
            table["merged"].append((place, column, place + down - 1, column + right - 1))
            self._taken.update((place + i, column + j) for i in range(1, down) for j in range(right))
        self._text = None


def _number(text: str | None) -> int:
    return max(1, min(int(text), _LARGEST_SPAN)) if text and text.isdecimal() and len(text) < 6 else 1


def read_web_page(text: str) -> list[dict[str, Any]]:
    """The tables of a page, a sheet each."""
    parser = _Tables()
    parser.feed(text)
    parser.close()
    filled = [table for table in parser.tables if any(map(any, table["rows"]))]
    return filled[:SHEETS]
