"""Acting as one of one's roles alone: chosen for this browser, narrower than all of them and never wider."""

from typing import Any

from flask import abort, flash, g, redirect, request, session, url_for
from flask_admin import BaseView, expose

from policy.actor import Actor, Identity

CHOSEN = "identity"


def acting_actor(whole: Actor) -> Actor:
    """The signed-in person as this browser wants him to act: with all his roles, or with one alone."""
    key = session.get(CHOSEN)
    return whole.acting_only_as(key) if key else whole


def identities() -> list[Identity]:
    """What the signed-in person may choose to act as."""
    return g._login_user.actor.identities


class IdentityPage(BaseView):
    """/identity/: the choices, and where one is posted."""

    def __init__(self) -> None:
        super().__init__(name="切换身份", endpoint="identity", url="/identity")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return bool(identities())

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("start", "身份")]

    @expose("/", methods=("GET", "POST"))
    def switch(self) -> Any:
        """Act as what is chosen from now on; with nothing chosen, as all one is."""
        if request.method == "GET":
            return self.render("admin/pages/identity.html")
        key = request.form.get("identity", "")
        if key and key not in {one.key for one in identities()}:
            abort(404)
        if key:
            session[CHOSEN] = key
        else:
            session.pop(CHOSEN, None)
            flash("现在以全部身份办理。", "success")
        return redirect(url_for("admin.index"))
