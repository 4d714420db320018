"""What the actor may do with a screen's records: what policy/ says of it, and what the screen declares."""

from typing import Any

from admin.imports import takes_imports, target_of
from models.base import BranchScoped
from policy import NotAllowed, Refused, the_actor
from services.imports import may_import


class Rights:
    """A part of Screen: what Flask-Admin and the templates ask of rights.

    Properties, because one view object serves all threads.
    """

    def may(self, action_name: str, row: Any = None) -> bool:
        """Whether the actor may do this to the row, or to any row at all."""
        permission = f"{self.resource}:{action_name}"
        if row is None:
            return the_actor().may(permission)
        column = self.model.scope_column().key if issubclass(self.model, BranchScoped) else "branch_id"
        return the_actor().permits(permission, getattr(row, column, None))

    def require(self, action_name: str, row: Any = None) -> None:
        """Raise NotAllowed unless the actor may."""
        if not self.may(action_name, row):
            raise NotAllowed("您没有做这件事的权限。")

    def is_visible(self) -> bool:
        return not self.inner

    def is_accessible(self) -> bool:
        return self.may("read")

    @property
    def can_create(self) -> bool:
        return self.can_add and bool(self.form_groups) and self.may("create")

    @property
    def can_edit(self) -> bool:
        return bool(self.form_groups) and self.may("update")

    @property
    def can_delete(self) -> bool:
        return self.can_add and self.may("delete")

    @property
    def can_export(self) -> bool:
        return self.may("export")

    @property
    def can_import(self) -> bool:
        """Whether the actor may hand in a sheet of such records."""
        return takes_imports(self) and may_import(the_actor(), target_of(self))

    def require_import(self) -> None:
        """Raise NotAllowed unless the actor may hand in a sheet of such records."""
        if not self.can_import:
            raise NotAllowed("您没有做这件事的权限。")

    def may_edit(self, row: Any) -> bool:
        """Whether this row can be edited by the actor."""
        return bool(self.form_groups) and self.may("update", row) and self.locked(row) is None

    def may_delete(self, row: Any) -> bool:
        """Whether this row can be deleted by the actor."""
        return self.can_delete and self.may("delete", row) and self.locked(row) is None

    def require_form(self, action_name: str, row: Any = None) -> None:
        """Raise NotAllowed unless the actor may fill in the form, Refused while the row is locked."""
        if not self.form_groups or (action_name == "create" and not self.can_add):
            raise NotAllowed("这类记录不在这里填写。")
        self.require(action_name, row)
        self._require_unlocked(row)

    def _require_unlocked(self, row: Any) -> None:
        if row is not None and (reason := self.locked(row)):
            raise Refused(reason)

    def _require_deletion(self, row: Any) -> None:
        if not self.can_add:
            raise NotAllowed("这类记录不能删除。")
        self.require("delete", row)
        self._require_unlocked(row)

    def is_action_allowed(self, name: str) -> bool:
        return self.can_delete if name == "delete" else super().is_action_allowed(name)
