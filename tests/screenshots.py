"""``python -m tests.screenshots [FOLDER]``: pictures of every kind of page at three widths, in care mode too, and those of the guide."""

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from admin.guide import FOLDER, PICTURES
from tests.site import DESK, KINDS, PHONE, TABLET, Visitors, running_chromium, served_demo

COLOURS = 128
"""Of a picture in the guide: enough for screens, a third of the bytes."""


def wanted_by_the_guide() -> set[str]:
    """The file names that the chapters show."""
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md"))
    return set(re.findall(r"\]\(pictures/([^)]+)\)", text))


def make_pictures(folder: Path) -> None:
    """Take them all; those that the guide shows are put there too, smaller."""
    folder.mkdir(parents=True, exist_ok=True)
    PICTURES.mkdir(exist_ok=True)
    wanted = wanted_by_the_guide()
    with tempfile.TemporaryDirectory() as place, served_demo(Path(place)) as site, running_chromium() as chromium:
        for mode, in_care in (("", False), ("-care", True)):
            visitors = Visitors(chromium, site, in_care)
            for width in (PHONE, TABLET, DESK):
                for kind in KINDS:
                    name = f"{kind.name}{mode}-{width}.png"
                    page = visitors.open(kind, width)
                    page.screenshot(path=folder / name, full_page=True)
                    print(name)
                    if name in wanted:
                        _picture(page, PICTURES / name)
    missing = wanted - {path.name for path in PICTURES.iterdir()}
    if missing:
        raise SystemExit(f"the guide shows pictures of no kind of page: {', '.join(sorted(missing))}")


def _picture(page: Any, path: Path) -> None:
    """What the guide shows of a page: as much as a screen does."""
    page.screenshot(path=path)
    with Image.open(path) as picture:
        picture.quantize(COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    make_pictures(Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots"))
