"""Records of a company, or of a branch itself where there is no company: what their screens show of whose they are."""

from collections.abc import Callable
from typing import Any

from admin import cells

COMPANY = "company.short_name"


class OfCompanyOrBranch:
    """Put before Screen among the bases of such a screen; its columns name the company, and it reads ``branch.name``."""

    def cell_under(self, name: str) -> Callable[[Any], Any]:
        """The branch stands where the company would."""
        shown: Callable[[Any], Any] = super().cell_under(name)  # type: ignore[misc]
        if name != COMPANY:
            return shown
        branch: Callable[[Any], Any] = super().cell_under("branch.name")  # type: ignore[misc]
        return lambda row: (branch if row.company_id is None else shown)(row)

    def details_layout(self, row: Any) -> list[tuple[str, list[tuple[str, Any]]]]:
        """The groups of the record's page, with the branch where the company would stand."""
        groups: list[tuple[str, list[tuple[str, Any]]]] = super().details_layout(row)  # type: ignore[misc]
        if row.company_id is not None:
            return groups
        company = cells.label_of(type(row), "company")
        own = ("党组织", cells.shown(row, "branch.name"))
        return [(title, [own if label == company else (label, value) for label, value in values])
                for title, values in groups]  # fmt: skip

    def edit_form(self, obj: Any = None) -> Any:
        """The form of what belongs to a branch doesn't ask for a company."""
        form = super().edit_form(obj)  # type: ignore[misc]
        if obj.company_id is None and "company" in form:
            del form.company
        return form
