"""Deleting: a row and the children it owns go to the trash, from where they can be put back."""

import json
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Trash
from models.base import BranchScoped
from policy.actions import models_by_resource, resource_of
from policy.errors import Refused
from services.stored_values import as_stored, from_stored


def owned_children(row: Any) -> list[Any]:
    """The rows that go with this one: those that the ORM cascades to."""
    children = []
    for relation in inspect(type(row)).relationships:
        if relation.cascade.delete:
            for child in getattr(row, relation.key):
                children += [child, *owned_children(child)]
    return children


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
