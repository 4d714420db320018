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
    items: dict[str, list[dict[str, Any]]] = {area: [] for area in AREAS}
    for view in current_app.extensions["admin"][0]._views:
        if view.category in items and view.is_visible() and view.is_accessible():
            url, active = f"{view.url}/" if view.url else "/", request.blueprint == view.endpoint
            items[view.category].append({"title": view.name, "url": url, "active": active, "badge": None})
    return [
        {"title": area, "items": found, "active": any(item["active"] for item in found)}
        for area, found in items.items()
        if found
    ]
