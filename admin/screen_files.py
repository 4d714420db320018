"""The files of a screen: exports of its list, and sheets that are handed in."""

from typing import Any

from flask import abort, request
from flask_admin import expose

from admin import exports, import_sheets, listing, sheets


class Files:
    """A part of Screen: the addresses of the pages in admin/exports.py and admin/import_sheets.py."""

    def export_url(self, kind: str) -> str:
        """The address that exports what the list shows now."""
        return listing.address(self.get_url(".export", export_type=kind), listing.arguments(("view",)))

    def export_page_url(self) -> str:
        """The page where somebody chooses how to export what the list shows now."""
        return listing.address(self.get_url(".export_page"), listing.arguments(("view",)))

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> Any:
        self.require("export")
        if export_type not in self.export_types:
            abort(404)
        return sheets.send(sheets.Sheet(self, self.whole_listing(), listing.shown_columns(self), export_type))

    @expose("/export/", methods=("GET", "POST"))
    def export_page(self) -> Any:
        """Exporting with a choice of format and columns."""
        return exports.export_page(self)

    @expose("/import/", methods=("GET", "POST"))
    def import_view(self) -> Any:
        """Where a sheet of such records is handed in."""
        self.require_import()
        return import_sheets.upload_page(self) if request.method == "GET" else import_sheets.take_sheet(self)

    @expose("/import/template/")
    def import_template_view(self) -> Any:
        """The empty sheet to fill in."""
        self.require_import()
        return import_sheets.template_file(self)
