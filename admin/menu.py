"""Where things are: the side menu, with only what the actor may open, and what stands above the present page."""

from typing import Any

from flask import current_app, request, url_for

from admin.screen import Screen
from models.database import current_actor

AREAS = [
    "本月", "指导员", "非公企业", "党员队伍", "标准化", "活动与学习", "关怀", "制度与成果", "系统", "安全与审计",
]  # fmt: skip


def open_views() -> list[Any]:
    """The screens and pages of the menu that the actor may open, area by area."""
    if current_actor.get() is None:
        return []
    return [view for view in current_app.extensions["admin"][0].in_menu if view.is_accessible()]


def url_of(view: Any) -> str:
    """Where a screen or page of the menu stands."""
    return f"{view.url}/" if view.url else "/"


def menu() -> list[dict[str, Any]]:
    """The areas with their items, for the signed-in actor."""
    areas: dict[str, list[dict[str, Any]]] = {}
    for view in open_views():
        item = {"title": view.name, "url": url_of(view), "active": request.blueprint == view.endpoint, "badge": None}
        areas.setdefault(view.category, []).append(item)
    return [
        {"title": area, "items": items, "active": any(item["active"] for item in items)}
        for area, items in areas.items()
    ]


def breadcrumbs(view: Any, record: Any = None) -> list[tuple[str, str | None]]:
    """What stands above the present page, as title and address: its area, its list, its record.

    ``record``: whose page it is, if any. An area has no page of its own, and so no address.
    """
    above: list[tuple[str, str | None]] = [(view.category, None)] if view and view.category else []
    if isinstance(view, Screen):
        page = (request.endpoint or "").rpartition(".")[2]
        if page != "index_view":
            above.append((view.title, url_of(view)))
        if record and page != "details_view":
            above.append((record.title, url_for(f"{view.endpoint}.details_view", id=record.id)))
    return above
