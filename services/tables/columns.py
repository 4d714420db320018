"""What a list reads of its records: columns, not records.

Related names come by outer join, so that a hidden related record neither drops the row nor shows its name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import JSON, Select, inspect, select
from sqlalchemy.orm import aliased

from models.base import BranchScoped
from policy.errors import OutOfSight

OUT_OF_SIGHT = "〔不可见〕"
# Labels of columns (models/base.py) that a list reads only where it shows them.
ASIDE = {"multiline", "internal", "personal"}
Path = tuple[str, ...]


@dataclass(frozen=True)
class Value:
    """Where a row of a list holds the value of a dotted name.

    Attributes:
        index: the place of the value.
        steps: for each related record on the way, the place of its key in the row that points at it (None when none
            does) and the place of the key that was found.
        column: the mapped column; None when the name ends at a related record, whose title stands for it.
        path: the relationships on the way.
    """

    index: int
    steps: tuple[tuple[int | None, int], ...]
    column: Any
    path: Path

    def of(self, row: Sequence[Any]) -> Any:
        """The value; OUT_OF_SIGHT where a related record exists that isn't the actor's to see."""
        for key, found in self.steps:
            if row[found] is None:
                return OUT_OF_SIGHT if key is not None and row[key] is not None else None
        return row[self.index]


class ListColumns:
    """The columns behind dotted names, as one SELECT with its joins.

    Args:
        model: the mapped class whose rows are listed.
        names: what is shown.
        whole: read the record's other short columns too, for what is made of them, such as its title and whether it is
            locked.
    """

    def __init__(self, model: Any, names: Iterable[str], whole: bool) -> None:
        self._columns: list[Any] = []
        self._places: dict[Path, dict[str, int]] = {(): {}}
        self._entities: dict[Path, Any] = {(): model}
        self._joins: list[Any] = []
        self._place((), "id")
        if issubclass(model, BranchScoped):
            self._place((), model.scope_column().key)
        if whole:
            self._place_short(())
        self.values = {name: self._value(name) for name in names}
        self.statement: Select[Any] = select(*self._columns)
        for relation in self._joins:
            self.statement = self.statement.outerjoin(relation)

    def row(self, session: Any, values: Sequence[Any], path: Path = ()) -> Any:
        """A row as its record would be: columns by name, title, related records. None where no record is in sight."""
        places = self._places[path]
        if values[places["id"]] is None:
            return None
        row = _row_class(inspect(self._entities[path]).mapper.class_)(self, session, values, path)
        row.__dict__.update({name: values[place] for name, place in places.items()})
        return row

    @property
    def related_models(self) -> list[type]:
        """The models of the related records that are read."""
        return list(dict.fromkeys(inspect(entity).mapper.class_ for path, entity in self._entities.items() if path))

    @property
    def branch_index(self) -> int | None:
        """Where a row holds the branch that owns it; None where no branch does."""
        model = self._entities[()]
        return self._places[()][model.scope_column().key] if issubclass(model, BranchScoped) else None

    def leads_to(self, path: Path) -> bool:
        """Whether the related record at the end of a path is read."""
        return path in self._entities

    def _place(self, path: Path, key: str) -> int:
        places = self._places[path]
        if key not in places:
            places[key] = len(self._columns)
            self._columns.append(getattr(self._entities[path], key))
        return places[key]

    def _place_short(self, path: Path) -> None:
        for column in inspect(self._entities[path]).mapper.columns:
            if not (column.info.keys() & ASIDE or isinstance(column.type, JSON)):
                self._place(path, column.key)

    def _value(self, name: str) -> Value:
        path: Path = ()
        steps = []
        for step in name.split("."):
            mapper = inspect(self._entities[path]).mapper
            if step not in mapper.relationships:
                return Value(self._place(path, step), tuple(steps), mapper.columns[step], path)
            key = f"{step}_id"
            points = self._place(path, key) if key in mapper.columns else None
            path = self._join(path, step)
            steps.append((points, self._place(path, "id")))
        self._place_short(path)
        return Value(self._place(path, "id"), tuple(steps), None, path)

    def _join(self, path: Path, step: str) -> Path:
        reached = (*path, step)
        if reached not in self._entities:
            relation = getattr(self._entities[path], step)
            self._entities[reached] = aliased(relation.property.mapper.class_)
            self._places[reached] = {}
            self._joins.append(relation.of_type(self._entities[reached]))
        return reached


class ListRow:
    """A row of a list. Asked for what the list doesn't read, it reads the record, through the session's guards."""

    def __init__(self, columns: ListColumns, session: Any, values: Sequence[Any], path: Path) -> None:
        self._columns, self._session, self._values, self._path = columns, session, values, path

    def __getattr__(self, name: str) -> Any:
        reached = (*self._path, name)
        if self._columns.leads_to(reached):
            return self._columns.row(self._session, self._values, reached)
        if not hasattr(self._model, name):
            raise AttributeError(name)
        record = self._session.get(self._model, self.id)
        if record is None:
            raise OutOfSight
        return getattr(record, name)


@cache
def _row_class(model: type) -> type[ListRow]:
    """Rows of this model: all that the model has besides what is mapped, such as its title."""
    made: dict[str, Any] = {}
    for base in reversed(model.__mro__):
        made.update(vars(base))
    mapped = inspect(model).all_orm_descriptors
    own = {name: one for name, one in made.items() if name not in mapped and not name.startswith(("__", "_sa_"))}
    return type(f"{model.__name__}InList", (ListRow,), own | {"_model": model})
