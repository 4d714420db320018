"""How much of a file is read at all. An office's largest sheet is far below; a bomb is far above."""

FILE_BYTES = 10 * 2**20
UNPACKED_BYTES = 200 * 2**20
ENTRIES = 2000
SHEETS = 20
ROWS = 50_000
COLUMNS = 200
CELLS = 2_000_000
CHARACTERS = 20_000_000
MEMORY_BYTES = 2**30
SECONDS = 30

SAVE_AS = "请用 Excel 或 WPS 打开它，点“另存为”，选 .xlsx 格式，再交上来。"
TOO_LARGE = "请分成几个文件，再分别交上来。"
BROKEN = "文件打不开，可能没有下载完整，或者已经损坏。" + SAVE_AS


class Unreadable(Exception):
    """The file isn't read; says why and what to do, in Chinese."""


def check_extent(rows: int, columns: int) -> None:
    """Raise Unreadable where a sheet reaches further than any real one."""
    if rows > ROWS:
        raise Unreadable(
            f"表有 {rows} 行，最多能读 {ROWS} 行。若实际没有这么多，请删去表格下面多余的内容；若真有，请分成几个文件。"
        )
    if columns > COLUMNS:
        raise Unreadable(f"表有 {columns} 列，最多能读 {COLUMNS} 列。请删去表格右边多余的内容，再交上来。")
