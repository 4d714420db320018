"""Flask-Admin with the product's screens and pages, and where to find one of them."""

from functools import cached_property
from typing import Any

from flask_admin import Admin

from admin.menu import AREAS


class OfficeAdmin(Admin):
    """All screens and pages; what is looked up here is asked for only when the last one was added."""

    @cached_property
    def screens(self) -> dict[type, Any]:
        """The screen of each model."""
        return {view.model: view for view in self._views if getattr(view, "model", None) is not None}

    @cached_property
    def screens_of_resources(self) -> dict[str, Any]:
        """The screen of each kind of record, by the kind's name in permissions."""
        return {screen.resource: screen for screen in self.screens.values()}

    @cached_property
    def in_menu(self) -> list[Any]:
        """The screens and pages of the menu, area by area."""
        return [view for area in AREAS for view in self._views if view.category == area and view.is_visible()]
