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

    def styles_for(self, page: str) -> list[str]:
        """The style sheets of a page, in their order."""
        return [self.foundation, *self._widget_files(page, ".css"), self.style]

    def scripts_for(self, page: str) -> list[str]:
        """The scripts of a page, in their order."""
        return [self.palette, *self._widget_files(page, ".js"), self.script]

    def _widget_files(self, page: str, ending: str) -> list[str]:
        return [file for marks, files in self.widgets if any(mark in page for mark in marks)
            for file in files if file.endswith(ending)]  # fmt: skip
