"""使用说明: the user guide inside the product."""

from typing import Any

from flask import abort, send_from_directory
from flask_admin import BaseView, expose

from admin.guide import CONTENTS, PICTURES, chapters


class GuidePage(BaseView):
    """Whoever is signed in may read how the product is used; it holds no records."""

    def __init__(self) -> None:
        super().__init__(name="使用说明", endpoint="help", url="/help")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return True

    def guide_places(self) -> list[tuple[str, str | None]]:
        """The guide needs no guide."""
        return []

    @expose("/")
    def index(self) -> Any:
        """The table of contents."""
        return self._page(CONTENTS)

    @expose("/<key>")
    def chapter(self, key: str) -> Any:
        """One chapter."""
        return self._page(key)

    @expose("/pictures/<key>")
    def picture(self, key: str) -> Any:
        """A picture of a chapter."""
        return send_from_directory(PICTURES, key)

    def _page(self, name: str) -> Any:
        found = chapters().get(name) or abort(404)
        return self.render("admin/pages/guide.html", chapter=found, chapters=chapters().values())
