"""Saved views of lists: kept at /views/?list=…, opened at /views/KEY/, named, shared and deleted at /views/KEY/edit/."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import BaseView, expose

from admin import listing
from admin.addresses import public_url
from admin.pages.common import save
from models import SavedView, db
from policy import Changed, NotAllowed, Refused
from services import saved_views


class SavedViewsPage(BaseView):
    """The views of one list. Whoever opens another's view gets his own rows, and none of its words and hidden choices."""

    def __init__(self) -> None:
        super().__init__(name="列表视图", endpoint="saved_views", url="/views")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return any(screen.is_accessible() for screen in self._screens())

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("lists", "保存视图")]

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """What is saved of a list, and a form that keeps what it is asked for now."""
        screen = self._screen_of(request.args.get("list", ""))
        if request.method == "GET":
            return self._page(screen)
        name, shared = request.form.get("name", ""), "shared" in request.form
        try:
            view = saved_views.save_view(db.session(), screen.resource, name, listing.kept(screen), shared)
        except Refused as reason:
            db.session.rollback()
            return self._page(screen, name, shared, reason.message), 422
        save()
        flash(f"已保存视图“{view.name}”。", "success")
        return redirect(_opened_url(screen, view))

    @expose("/<key>/")
    def open_view(self, key: str) -> Any:
        """The list as the view says, in the reader's own sight."""
        view = self._view(key)
        return redirect(_opened_url(self._screen_of(view.resource), view))

    @expose("/<key>/edit/", methods=("GET", "POST"))
    def edit_view(self, key: str) -> Any:
        """The name of one's own view, whether it is shared, and its end."""
        view = self._view(key)
        screen = self._screen_of(view.resource)
        if not saved_views.is_own(view):
            raise NotAllowed("这个视图是别人的，只有本人能修改。")
        if request.method == "GET":
            return self._edit_page(screen, view, view.name, view.shared)
        if request.form.get("version_seen") != str(view.version):
            raise Changed
        if request.form.get("do") == "delete":
            saved_views.delete_view(db.session(), view)
            save()
            flash("已删除视图。", "success")
            return redirect(screen.get_url(f"{screen.endpoint}.index_view"))
        name, shared = request.form.get("name", ""), "shared" in request.form
        try:
            saved_views.change_view(db.session(), view, name, shared)
        except Refused as reason:
            db.session.rollback()
            return self._edit_page(screen, self._view(key), name, shared, reason.message), 422
        save()
        flash("已保存视图。", "success")
        return redirect(_opened_url(screen, view))

    def _screens(self) -> list[Any]:
        return [view for view in self.admin._views if hasattr(view, "resource")]

    def _view(self, key: str) -> SavedView:
        return saved_views.view_of_key(db.session(), key) or abort(404)

    def _screen_of(self, resource: str) -> Any:
        """The list's screen, which the actor must be allowed to open."""
        screen = next((one for one in self._screens() if one.resource == resource), None) or abort(404)
        if not screen.is_accessible():
            raise NotAllowed("您没有查看这类记录的权限。")
        return screen

    def _page(self, screen: Any, name: str = "", shared: bool = False, error: str = "") -> str:
        views = saved_views.views_of(db.session(), screen.resource)
        return self.render(
            "admin/pages/saved_views.html",
            screen=screen,
            own=[view for view in views if saved_views.is_own(view)],
            others=[view for view in views if not saved_views.is_own(view)],
            asked=listing.described(screen),
            holds_words=holds_words(screen, listing.kept(screen)),
            target=screen.views_url(),
            list_url=screen.list_url_of(listing.arguments()),
            name=name,
            shared=shared,
            error=error,
        )

    def _edit_page(self, screen: Any, view: SavedView, name: str, shared: bool, error: str = "") -> str:
        return self.render(
            "admin/pages/saved_view_edit.html",
            screen=screen,
            view=view,
            holds_words=holds_words(screen, view.asks),
            link=public_url() + url_for("saved_views.open_view", key=view.key),
            name=name,
            shared=shared,
            error=error,
        )


def holds_words(screen: Any, asks: dict[str, str]) -> bool:
    """Whether something that somebody typed is among what is asked: it may hold a name and isn't shared."""
    typed = {"search", *(f"flt0_{one.key}" for one in screen._filters or [] if one.free_text)}
    return bool(typed & asks.keys())


def _opened_url(screen: Any, view: SavedView) -> str:
    """The list's address for whoever opens the view: others are handed nothing that they don't see themselves."""
    own, asks = saved_views.is_own(view), view.asks
    asked = {name: asks[name] for name in ("desc", "cols") if name in asks}
    if asks.get("sort") in screen.columns:
        asked["sort"] = str(screen.columns.index(asks["sort"]))
    if asks.get("figure") in screen.figures:
        asked["figure"] = asks["figure"]
    if own and "search" in asks:
        asked["search"] = asks["search"]
    for one in screen._filters or []:
        value = asks.get(f"flt0_{one.key}")
        value = value if own or value is None else one.shared(value)
        if value is not None:
            asked[f"flt0_{one.key}"] = value
    return screen.list_url_of({**asked, "view": view.key})
