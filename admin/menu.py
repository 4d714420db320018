"""The side menu: areas in their order, and only the screens that the actor may open."""

from typing import Any

from flask import current_app, request

from models.database import current_actor

AREAS = [
    "本月", "指导员", "非公企业", "党员队伍", "标准化", "活动与学习", "关怀", "制度与成果", "系统", "安全与审计",
]  # fmt: skip


def menu() -> list[dict[str, Any]]:
    """The areas with their items, for the signed-in actor."""
    if current_actor.get() is None:
        return []
    views = current_app.extensions["admin"][0]._views
    areas = []
    for area in AREAS:
        items = [
            {
                "title": view.name,
                "url": f"{view.url}/" if view.url else "/",
                "active": request.blueprint == view.endpoint,
                "badge": None,
            }
            for view in views
            if view.category == area and view.is_visible() and view.is_accessible()
        ]
        if items:
            areas.append({"title": area, "items": items, "active": any(item["active"] for item in items)})
    return areas
