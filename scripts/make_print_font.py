"""Make the font of printed documents: Noto Serif SC (SIL Open Font License) with the characters that offices write.

    python -m venv /tmp/font && /tmp/font/bin/pip install fonttools==4.68.0
    /tmp/font/bin/python scripts/make_print_font.py

The whole font has 15 MB; this one has the 8,105 characters of the 通用规范汉字表 (with those that only names have), those
of GB 2312, and the signs of office documents. It has a name of its own, so that a whole Noto Serif SC on the machine
isn't taken for it; what it lacks, Typst takes from whatever the machine has.
"""

import base64
import hashlib
import io
import tarfile
import urllib.request
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

SOURCE = "https://registry.npmjs.org/@expo-google-fonts/noto-serif-sc/-/noto-serif-sc-0.4.3.tgz"
SHA512 = "fSmUpiSFtSeyHV45/2xUOy5SdfExklQwwMKN3cQjAZAujITHDmSbpMHCVdCMhRqMjQtu0ZRgc29u8A+CU3akfw=="
FONT, LICENSE = "package/400Regular/NotoSerifSC_400Regular.ttf", "package/LICENSE_FONT"
FOLDER = Path(__file__).resolve().parent.parent / "services" / "documents" / "fonts"
FAMILY = "Print Serif SC"
SIGNS = [
    (0x20, 0xFF), (0x2010, 0x2027), (0x2030, 0x203B), (0x20AC, 0x20AC), (0x2100, 0x218B), (0x2190, 0x2199),
    (0x2200, 0x22FF), (0x2460, 0x25FF), (0x2600, 0x2606), (0x2713, 0x2717), (0x3000, 0x303F), (0x3200, 0x33FF),
    (0xFE30, 0xFE4F), (0xFF00, 0xFFEF),
]  # fmt: skip
"""Punctuation, numbers in circles, ticks, arrows and the wide forms, from the first code point to the last."""


def characters() -> set[int]:
    """The code points that the font is to have."""
    pairs = (bytes([row, cell]) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    gb2312 = "".join(pair.decode("gb2312", "ignore") for pair in pairs)
    names = (FOLDER / "more-characters.txt").read_text(encoding="utf-8")
    signs = {code for first, last in SIGNS for code in range(first, last + 1)}
    return {ord(char) for char in gb2312 + names if not char.isspace()} | signs


def download() -> dict[str, bytes]:
    """The font and its licence; raises ValueError when the archive isn't the one that was looked at."""
    with urllib.request.urlopen(SOURCE) as answer:
        archive = answer.read()
    if base64.b64encode(hashlib.sha512(archive).digest()).decode() != SHA512:
        raise ValueError("the archive has changed")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        return {name: files.extractfile(name).read() for name in (FONT, LICENSE)}  # type: ignore[union-attr]


def rename(font: TTFont) -> None:
    """Give the font its own name."""
    names = {1: FAMILY, 3: f"{FAMILY} subset of NotoSerifSC", 4: FAMILY, 6: FAMILY.replace(" ", ""), 16: FAMILY}
    for record in list(font["name"].names):
        if record.nameID in names:
            font["name"].setName(
                names[record.nameID], record.nameID, record.platformID, record.platEncID, record.langID
            )


def main() -> None:
    """Write the font and its licence."""
    files = download()
    options = subset.Options(layout_features=[], hinting=False, name_IDs=["*"], notdef_outline=True)
    font = TTFont(io.BytesIO(files[FONT]), recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters())
    cutter.subset(font)
    rename(font)
    font.save(FOLDER / "PrintSerifSC-Regular.ttf")
    (FOLDER / "OFL.txt").write_bytes(files[LICENSE])


if __name__ == "__main__":
    main()
