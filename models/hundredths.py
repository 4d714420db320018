"""Points, shares and counts that may have two places after the point: kept as whole hundredths, never as floats."""

import re
import unicodedata

_WRITTEN = re.compile(r"(-?)(\d{1,7})(?:\.(\d{1,2})0*)?")


def parse_hundredths(text: str) -> int:
    """What somebody wrote, such as 2.5, in hundredths; raises ValueError, in Chinese, on anything else."""
    found = _WRITTEN.fullmatch(unicodedata.normalize("NFKC", text).replace("。", ".").replace(" ", ""))
    if not found:
        raise ValueError("请填写数字，最多两位小数，如 2.5。")
    sign, whole, places = found.groups()
    value = int(whole) * 100 + int((places or "").ljust(2, "0"))
    return -value if sign else value


def trimmed(value: int) -> str:
    """Hundredths as people write them: 250 is 2.5, 1000 is 10."""
    whole, rest = divmod(abs(value), 100)
    places = f".{rest:02d}".rstrip("0") if rest else ""
    return f"{'-' if value < 0 else ''}{whole}{places}"
