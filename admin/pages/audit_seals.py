"""审计封存: sealing the audit log, and finding what was changed in it since."""

from typing import Any

from flask import flash, redirect, request
from flask_admin import BaseView, expose
from sqlalchemy import select

from admin.pages.common import save
from models import AuditSeal, db
from policy import NotAllowed, the_actor
from services import audit_seals

LISTED = 20


class AuditSealPage(BaseView):
    """The newest seals, the button that makes one, and the result of checking all."""

    def __init__(self) -> None:
        super().__init__(name="审计封存", category="安全与审计", endpoint="audit_seal", url="/audit-seals")

    def is_accessible(self) -> bool:
        return the_actor().may("audit_seal:read")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("auditor", "审计封存")]

    @expose("/")
    def index(self) -> Any:
        checked = "check" in request.args
        return self.render(
            "admin/pages/audit_seals.html",
            seals=db.session.scalars(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(LISTED)).all(),
            may_seal=the_actor().may("audit_seal:create"),
            checked=checked,
            faults=audit_seals.check_seals(db.session()) if checked else [],
            slipped_in=audit_seals.slipped_in(db.session()) if checked else [],
        )

    @expose("/seal/", methods=("POST",))
    def seal_view(self) -> Any:
        """Seal what isn't sealed yet."""
        if not the_actor().may("audit_seal:create"):
            raise NotAllowed("您没有做这件事的权限。")
        made = audit_seals.seal_entries(db.session())
        save()
        flash(f"已封存 {made.entries} 条。" if made else "没有需要封存的记录。", "success")
        return redirect(self.get_url(".index"))
