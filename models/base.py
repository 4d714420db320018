"""What every record has: a key, a version for optimistic locking, two instants, and a word on who may see it."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
    event,
)
from sqlalchemy.orm import Mapped, Mapper, declared_attr, mapped_column, relationship

from models import clock
from models.column_types import PartialDateType, UtcDateTime
from models.database import db
from models.pinyin import initials, pinyin


def label(text: str, help: str = "", unit: str = "", also: str = "", **more: Any) -> dict[str, Any]:
    """What a person reads beside a column, kept in the column's ``info``.

    ``also``: what offices call it in their sheets besides, with blanks between; the ``info`` holds a tuple. The import
    knows a head by these (services/tables/reading); of two columns that share one, the first in the form has the better
    right to it. Blanks, signs, 日期 for 时间 and the like make no difference and need no entry.

    ``more``: ``code`` names a code table (models/reference.py), ``words`` a list of the program's own names that have
    words in Chinese (admin/cells.py), ``mask`` a rule of models/personal.py that hides
    all but a few digits, ``check`` a rule that what is typed must pass, ``personal=True`` keeps values out of the audit
    log, ``multiline=True`` gives a large box, ``computed=True`` keeps the column from forms, ``internal=True`` from every
    screen, ``needed=True`` asks people for what the program itself may leave empty.
    """
    return {"label": text, "help": help, "unit": unit, "also": tuple(also.split()), **more}


class Record(db.Model):
    """The base of all records. Keys are never reused; ``version`` counts the saves."""

    __abstract__ = True

    record_name: ClassVar[str]
    """The Chinese name of this kind of record."""

    id: Mapped[int] = mapped_column(Integer, primary_key=True, sort_order=-10, info=label("编号"))
    version: Mapped[int] = mapped_column(default=1, sort_order=900, info=label("版本", internal=True))
    created_at: Mapped[datetime] = mapped_column(
        UtcDateTime, default=clock.now, sort_order=901, info=label("录入时间", internal=True)
    )
    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime, default=clock.now, onupdate=clock.now, sort_order=902, info=label("更新时间", internal=True)
    )

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}

    @property
    def title(self) -> str:
        """What a person calls this row; reads its own columns only."""
        return f"{self.record_name} {self.id}"

    def __str__(self) -> str:
        return self.title


class BranchScoped:
    """A row that one branch owns: whoever lacks a permission in that branch never learns of it."""

    __owner__: ClassVar[str | tuple[str, ...] | None] = None
    """The table of the record that owns this one and hands it its branch; None when the branch is chosen.

    A row that may belong to records of several kinds names them all, and belongs to exactly one.
    """

    __sorts__: ClassVar[tuple[str, ...] | None] = None
    """The columns by which its lists can be put in order, each indexed for it; None: its days, numbers and name."""

    @declared_attr
    def branch_id(cls) -> Mapped[int]:
        return mapped_column(
            ForeignKey("branch.id", ondelete="RESTRICT"),
            sort_order=-5,
            info=label(
                "所属党组织",
                also="党支部 所在党支部 所在支部 支部 支部名称 党支部名称 党组织 党组织名称 所在党组织 所属支部 隶属党组织 组织关系所在支部 组织关系所在党支部 获奖支部 填报支部",
            ),
        )

    @declared_attr
    def branch(cls) -> Mapped[Any]:
        return relationship("Branch", foreign_keys=[cls.branch_id], viewonly=cls.__owner__ is not None)

    @classmethod
    def owners(cls) -> tuple[str, ...]:
        """The tables of the records that may own this one."""
        return (cls.__owner__,) if isinstance(cls.__owner__, str) else cls.__owner__ or ()

    @classmethod
    def scope_column(cls) -> Any:
        """The column that holds the owning branch."""
        return cls.branch_id


def sort_names(model: Any) -> tuple[str, ...] | None:
    """The columns by which lists of this model can be put in order; None when its table is small: any will do."""
    if not issubclass(model, BranchScoped) or model.__sorts__ is not None:
        return getattr(model, "__sorts__", None)
    name = "pinyin" if issubclass(model, PinyinNamed) else "name"
    return tuple(column.key for column in model.__table__.columns if column.key == name or _counts(column))


def _counts(column: Any) -> bool:
    """Whether a column holds a day, a month or a number that says something."""
    if column.primary_key or column.foreign_keys or column.info.keys() & {"personal", "internal"}:
        return False
    return isinstance(column.type, Date | Integer | PartialDateType) or column.info.get("check") == "month"


@event.listens_for(Mapper, "after_mapper_constructed")
def _index_orders(_mapper: Any, model: Any) -> None:
    """Give each order of a list its two indexes: for whoever sees one branch or a few, and for whoever sees all."""
    columns = model.__table__.columns
    scoped = issubclass(model, BranchScoped) and "branch_id" in columns
    if scoped:
        Index(None, columns.branch_id, columns.id)
    for name in sort_names(model) or ():
        Index(None, columns[name], columns.id)
        if scoped:
            Index(None, columns.branch_id, columns[name], columns.id)


class Reference:
    """A row that everyone signed in may read; writing it takes a permission for the whole city."""


class Protected:
    """A row with a rule of its own, in policy/protected.py."""


def owners_of(model: type) -> tuple[str, ...]:
    """The tables of the records that may own rows of a model; none of a model that isn't scoped."""
    return model.owners() if issubclass(model, BranchScoped) else ()


def owned_by(owner: str, column: str | None = None, required: bool = True) -> ForeignKeyConstraint:
    """The composite key by which the database copies the owner's branch into the row and refuses a mismatch.

    A second, optional owner is checked at commit, because its own branch may be changing in the same statement.
    """
    column = column or f"{owner}_id"
    late = {} if required else {"deferrable": True, "initially": "DEFERRED"}
    return ForeignKeyConstraint(
        [column, "branch_id"], [f"{owner}.id", f"{owner}.branch_id"], onupdate="CASCADE", ondelete="RESTRICT", **late
    )


def named_after(other: str, column: str | None = None) -> ForeignKeyConstraint:
    """The composite key by which the database copies another record's name into the row and keeps it up to date.

    For a record that the row's readers may not see, such as somebody who moved to another branch: they know the name.
    """
    column = column or other
    return ForeignKeyConstraint(
        [f"{column}_id", f"{column}_name"], [f"{other}.id", f"{other}.name"], onupdate="CASCADE", ondelete="RESTRICT"
    )


def name_key(table: str) -> Index:
    """What ``named_after`` points at."""
    return Index(f"uq_{table}_id_name", "id", "name", unique=True)


def one_of(*columns: str) -> CheckConstraint:
    """The check that a row belongs to exactly one of several records."""
    given = " + ".join(f"CASE WHEN {column} IS NULL THEN 0 ELSE 1 END" for column in columns)
    return CheckConstraint(f"{given} = 1", name="one_owner")


def owner_key() -> UniqueConstraint:
    """What the children's composite keys point at."""
    return UniqueConstraint("id", "branch_id")


class PinyinNamed:
    """A record that is found by the pinyin and the initials of its name as well."""

    __pinyin_of__: ClassVar[str] = "name"
    __pinyin_person__: ClassVar[bool] = False

    pinyin: Mapped[str] = mapped_column(String(200), default="", sort_order=903, info=label("拼音", internal=True))
    initials: Mapped[str] = mapped_column(
        String(60), default="", index=True, sort_order=904, info=label("首字母", internal=True)
    )


@event.listens_for(PinyinNamed, "before_insert", propagate=True)
@event.listens_for(PinyinNamed, "before_update", propagate=True)
def _spell(_mapper: Any, _connection: Any, record: Any) -> None:
    name = getattr(record, record.__pinyin_of__) or ""
    spelt = pinyin(name, record.__pinyin_person__)[:200], initials(name, record.__pinyin_person__)[:60]
    if (record.pinyin, record.initials) != spelt:
        record.pinyin, record.initials = spelt
