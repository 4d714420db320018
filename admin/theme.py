"""The product's look as a theme of Flask-Admin: every screen that Flask-Admin generates gets it by itself."""

from dataclasses import dataclass
from pathlib import Path

from flask_admin.theme import Theme

TEMPLATES = Path(__file__).parent.parent / "templates"


@dataclass
class OfficeTheme(Theme):
    """The product's own templates on Tabler's style sheet; templates know it as ``theme``. Files are those of static/.

    Attributes:
        foundation: the style sheet that all others build on.
        style: the product's own, which has the last word.
        palette: the script of the search over all: the first, so that its keys work while larger ones are on their way.
        script: the script of every page, after the widgets that it uses; each page works without.
        widgets: what only pages with one of some marks in them load, style sheets and scripts in their order.
    """

    folder: str = str(TEMPLATES)
    base_template: str = "admin/base.html"
    foundation: str = "vendor/tabler-1.6.1.min.css"
    style: str = "app.css"
    palette: str = "palette.js"
    script: str = "app.js"
    widgets: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
        (
            ("data-lookup", "data-search", "data-several"),
            ("vendor/tom-select-2.6.2.min.css", "vendor/tom-select-2.6.2.min.js"),
        ),
        (("data-lookup", "data-search", "data-date-pick"), ("fields.js",)),
        (("data-chart",), ("vendor/echarts-6.1.0.common.min.js", "charts.js")),
        (("data-queue",), ("queue.js",)),
        (("data-evidence",), ("answering.js",)),
        (("data-add-photos",), ("photos.js",)),
    )

    def files_for(self, page: str) -> tuple[list[str], list[str]]:
        """The style sheets and the scripts of a page, each in their order."""
        found = [file for marks, files in self.widgets if any(mark in page for mark in marks) for file in files]
        styles, scripts = ([file for file in found if file.endswith(ending)] for ending in (".css", ".js"))
        return [self.foundation, *styles, self.style], [self.palette, *scripts, self.script]
