"""Deleting: a row and the children it owns go to the trash, from where they can be put back."""

import json
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, object_session, selectinload

from models import Trash
from models.base import BranchScoped
from policy.actions import models_by_resource, resource_of
from policy.errors import Refused
from services.stored_values import as_stored, from_stored


def owned_children(row: Any) -> list[Any]:
    """The rows that go with this one, each once: those that the ORM cascades to, parents before their children."""
    found: dict[Any, None] = {}
    level = [row]
    while level:
        deeper: dict[Any, None] = {}
        for model in dict.fromkeys(map(type, level)):
            parents = [one for one in level if type(one) is model]
            for relation in inspect(model).relationships:
                if relation.cascade.delete:
                    _load_together(parents, relation.key)
                    deeper |= dict.fromkeys(child for parent in parents for child in getattr(parent, relation.key))
        level = [child for child in deeper if child not in found]
        found |= deeper
    return list(found)


def _load_together(parents: list[Any], name: str) -> None:
    """Load what several records of one kind own at once."""
    model, unloaded = type(parents[0]), [one.id for one in parents if name in inspect(one).unloaded]
    session = object_session(parents[0])
    if session is not None and unloaded:
        statement = select(model).where(model.id.in_(unloaded)).options(selectinload(getattr(model, name)))
        session.scalars(statement).all()


def move_to_trash(session: Session, row: Any) -> None:
    """Delete a row with its children, keeping their contents. Raises Refused while other records need it."""
    rows = [row, *owned_children(row)]
    if isinstance(row, BranchScoped):
        branch = getattr(row, type(row).scope_column().key)
        if resource_of(type(row)) != "branch":
            session.add(
                Trash(
                    branch_id=branch,
                    resource=resource_of(type(row)),
                    record_id=row.id,
                    record_title=row.title[:120],
                    deleted_by=session.info["actor"].name,
                    contents=json.dumps([_contents(one) for one in rows], ensure_ascii=False),
                )
            )
    session.delete(row)
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        raise Refused("还有别的记录要用到它，不能删除。请先处理那些记录。") from None


def kept_rows(trash: Trash) -> list[dict[str, Any]]:
    """What an entry holds: of the row and of each child the ``resource`` and the ``values`` of its columns."""
    return json.loads(trash.contents)


def restore(session: Session, trash: Trash) -> Any:
    """Put a deleted row and its children back under their old keys; returns the row."""
    restored = []
    for kept in kept_rows(trash):
        model = models_by_resource()[kept["resource"]]
        row = model(**{key: from_stored(model, key, value) for key, value in kept["values"].items()})
        session.add(row)
        restored.append(row)
    if not restored:
        raise Refused("这一条没有内容，放不回去。")
    session.delete(trash)
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        raise Refused("放不回去：它所属的记录已经变了，或已有相同的记录。") from None
    return restored[0]


def _contents(row: Any) -> dict[str, Any]:
    values = {attribute.key: getattr(row, attribute.key) for attribute in inspect(type(row)).column_attrs}
    return {"resource": resource_of(type(row)), "values": {key: as_stored(value) for key, value in values.items()}}
