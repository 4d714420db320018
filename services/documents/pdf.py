"""PDF by Typst. What people wrote goes in as data and never as markup."""

import json
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst

FOLDER = Path(__file__).parent
FORMS, FONTS = FOLDER / "forms", FOLDER / "fonts"


@dataclass(frozen=True)
class Mark:
    """What stands in the footer of each page.

    Attributes:
        address: what the code leads to, absolute.
        short: the part of the digest that people compare.
        printed_on: the day as people read it.
        demo: whether each page is marked as an example.
    """

    address: str
    short: str
    printed_on: str
    demo: bool = False


@cache
def _fonts() -> typst.Fonts:
    """The font that comes with the product, and for what it lacks those of the machine; looked for once."""
    return typst.Fonts(font_paths=[FONTS], include_embedded_fonts=False)


def make_pdf(data: dict[str, Any], mark: Mark) -> bytes:
    """A document as PDF.

    Args:
        data: what ``collect`` gives; its ``form`` names the file in ``forms/``.
    """
    footer = {"code": code_svg(mark.address), "short": mark.short, "printed_on": mark.printed_on, "demo": mark.demo}
    given = json.dumps({"data": data, "mark": footer}, ensure_ascii=False)
    compiler = typst.Compiler(root=FORMS, font_paths=_fonts())
    made = compiler.compile(FORMS / f"{data['form']}.typ", format="pdf", sys_inputs={"given": given})
    assert isinstance(made, bytes)
    return made


def code_svg(address: str) -> str:
    """An address as a QR code of few, large squares, which blurred photos still show."""
    out = BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="svg", border=2, xmldecl=False, svgns=True)
    return out.getvalue().decode()
