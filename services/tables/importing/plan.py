"""What importing a sheet would do, line by line: new, changed, unchanged or wrong, and why."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sqlalchemy import and_, select

from models import Branch, Code
from models.base import BranchScoped
from models.column_types import LabelledEnum
from models.encryption import look_up_hash
from models.personal import MASKS
from policy.audit import as_json
from services.tables.columns import OUT_OF_SIGHT, ListColumns
from services.tables.importing.related import Related, RelatedRecords, the_one
from services.tables.importing.target import KEY, ImportTarget, Match
from services.tables.importing.values import KEPT, Masked, Unfit, is_empty, reader_of, text_of, words_of
from services.tables.reading import Table

AUTO, NOTHING = "auto", "none"
"""How lines find their records: by the surest that they have, or not at all."""
KEEP, CLEAR = "keep", "clear"
"""What an empty cell does to a record that has something there."""
KEYS_AT_ONCE = 2_000
TITLE_LENGTH = 60


class Outcome(LabelledEnum):
    """What a line of a sheet does."""

    NEW = "new", "新增"
    CHANGED = "changed", "修改"
    UNCHANGED = "unchanged", "无变化"
    WRONG = "wrong", "有错"


@dataclass(frozen=True)
class Options:
    """What whoever imports has chosen.

    Attributes:
        mapping: the field that each column of the sheet fills, by the column's place.
        match: by what lines find their records: AUTO, NOTHING or the name of a Match.
        blanks: KEEP or CLEAR.
        branch_id: the branch of new records whose line names none.
        mended: what was put right in the preview, by line and place.
    """

    mapping: Mapping[int, str]
    match: str = AUTO
    blanks: str = KEEP
    branch_id: int | None = None
    mended: Mapping[tuple[int, int], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """Why a line can't be imported.

    Attributes:
        place: the cell's place in the line; None when the line as a whole is wrong.
        name: the field.
        offers: what may have been meant.
    """

    reason: str
    name: str = ""
    place: int | None = None
    offers: tuple[str, ...] = ()


@dataclass
class Planned:
    """What one line does.

    Attributes:
        line: its number in the sheet.
        key: of the record that it changes or leaves as it is.
        values: what is set, by field; a related record as Related.
        old: what stood there, by field.
    """

    line: int
    outcome: Outcome = Outcome.NEW
    key: int | None = None
    version: int | None = None
    title: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    old: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What a sheet does; the digest tells two plans apart."""

    rows: list[Planned]

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many lines there are of each outcome."""
        counted = Counter(row.outcome for row in self.rows)
        return {outcome: counted[outcome] for outcome in Outcome}

    @property
    def digest(self) -> str:
        """The same for two plans that do the same to the same records."""
        rows = [
            [row.line, row.outcome.value, row.key, row.version, {name: _plain(row.values[name]) for name in row.values}]
            for row in self.rows
        ]
        return hashlib.sha256(json.dumps(rows, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    return value.id if isinstance(value, Related) else as_json(value)


@dataclass(frozen=True)
class Existing:
    """A record that is there: its values by field, a related record as its key."""

    id: int
    version: int
    branch_id: int | None
    values: Mapping[str, Any]
    row: Any


def code_words(session: Any) -> dict[tuple[str, str], str]:
    """Every code's label by table and code."""
    rows = session.execute(select(Code.code_table, Code.code, Code.text).order_by(Code.position, Code.id))
    return {(table, code): text for table, code, text in rows}


def make_plan(
    session: Any,
    target: ImportTarget,
    table: Table,
    options: Options,
    progress: Callable[[int], None] = lambda _n: None,
) -> Plan:
    """What importing the table would do, by the session's actor. Nothing is written.

    Args:
        progress: told how many lines are done.
    """
    return _Planner(session, target, table, options).plan(progress)


class _Planner:
    def __init__(self, session: Any, target: ImportTarget, table: Table, options: Options) -> None:
        self._session, self._target, self._table, self._options = session, target, table, options
        self._actor = session.info["actor"]
        fields = {*target.names, KEY}
        self._places = {name: place for place, name in options.mapping.items() if name in fields}
        self._at = {head.place: index for index, head in enumerate(table.heads)}
        codes = code_words(session)
        self._readers = {
            name: reader_of(target.columns[name], words_of(target.columns[name], codes))
            for name in self._places
            if name != KEY and name not in target.relations
        }
        self._known: dict[str, dict[Any, Any]] = {name: {} for name in self._readers}
        self._related: dict[str, RelatedRecords] = {}
        self._default_branch = self._find_default_branch()
        self._existing: dict[int, Existing] = {}

    def plan(self, progress: Callable[[int], None]) -> Plan:
        lines = self._table.lines
        self._look_for_related()
        read = [self._read(line) for line in lines]
        self._find_existing(read)
        rows = []
        for done, (line, (values, faults)) in enumerate(zip(lines, read, strict=True), 1):
            rows.append(self._decide(line, values, faults))
            if done % 500 == 0:
                progress(done)
        self._refuse_doubles(rows)
        return Plan(rows)

    # What stands in the cells

    def _cell(self, line: Any, name: str) -> Any:
        place = self._places[name]
        mended = self._options.mended.get((line.number, place))
        return mended if mended is not None else line.cells[self._at[place]]

    def _look_for_related(self) -> None:
        for name, relation in self._target.relations.items():
            if name not in self._places:
                continue
            records = RelatedRecords(self._session, relation.mapper.class_, self._target.lookups.get(name, ()))
            records.look_for(text_of(self._cell(line, name)) for line in self._table.lines)
            self._related[name] = records

    def _read(self, line: Any) -> tuple[dict[str, Any], list[Fault]]:
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        for name in self._places:
            try:
                values[name] = self._value(name, self._cell(line, name))
            except Unfit as unfit:
                faults.append(Fault(unfit.reason, name, self._places[name], unfit.offers))
        return values, faults

    def _value(self, name: str, cell: Any) -> Any:
        """The value of a cell; of a related record all that are called so."""
        if name == KEY:
            return self._key(cell)
        if name not in self._related:
            return self._plain_value(name, cell)
        if is_empty(cell):
            return None
        text = text_of(cell)
        return KEPT if OUT_OF_SIGHT in text else self._related[name].called(text)

    def _plain_value(self, name: str, cell: Any) -> Any:
        """The value of a cell that says it by itself; what stands in a column again is read once."""
        known, key = self._known[name], (type(cell), cell)
        if key not in known:
            known[key] = self._readers[name](cell)
        return known[key]

    def _key(self, cell: Any) -> int | None:
        text = text_of(cell)
        if is_empty(cell):
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise Unfit("编号是一个数字；新增的记录请空着。")
        return int(text)

    # The records that are there

    def _matches(self) -> list[Match]:
        chosen = self._options.match
        usable = [one for one in self._target.matches if all(name in self._places for name in one.names)]
        if chosen == NOTHING:
            return []
        return usable if chosen == AUTO else [one for one in usable if one.name in (KEY, chosen)]

    def _find_existing(self, read: list[Any]) -> None:
        self._found: dict[Match, dict[tuple[Any, ...], list[int]]] = {}
        for match in self._matches():
            wanted = {key for values, _faults in read for key in self._keys_of(match, values)}
            self._found[match] = self._find_by(match, wanted)

    def _keys_of(self, match: Match, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """What a line is looked for by; several where a name stands for several related records."""
        keys: list[tuple[Any, ...]] = [()]
        for name in match.names:
            value = values.get(name)
            if value is None or value is KEPT or isinstance(value, Masked):
                return []
            several = [one.id for one in value] if isinstance(value, list) else [value]
            keys = [(*key, one) for key in keys for one in several]
        return keys

    def _find_by(self, match: Match, wanted: set[tuple[Any, ...]]) -> dict[tuple[Any, ...], list[int]]:
        """The keys of the records by their values of the match's fields."""
        found: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        if not wanted:
            return found
        columns = [self._stored_column(name) for name in match.names]
        by_stored = {
            tuple(_stored(self._target, *pair) for pair in zip(match.names, key, strict=True)): key for key in wanted
        }
        distinct = [{stored[place] for stored in by_stored} for place in range(len(columns))]
        main = max(range(len(columns)), key=lambda place: len(distinct[place]))
        others = [
            column.in_(list(distinct[place]))
            for place, column in enumerate(columns)
            if place != main and len(distinct[place]) <= KEYS_AT_ONCE
        ]
        values = list(distinct[main])
        for start in range(0, len(values), KEYS_AT_ONCE):
            condition = and_(columns[main].in_(values[start : start + KEYS_AT_ONCE]), *others)
            for stored, existing in self._read_existing(columns, condition):
                if stored in by_stored:
                    self._existing.setdefault(existing.id, existing)
                    found[by_stored[stored]].append(existing.id)
        return found

    def _stored_column(self, name: str) -> Any:
        """What a field is looked for by in the database: a number that is encrypted by its hash."""
        if name == KEY:
            return self._target.model.id
        column = self._target.columns[name]
        return getattr(self._target.model, f"{name}_hash" if _is_hashed(self._target, name) else column.key)

    def _read_existing(self, columns: list[Any], condition: Any) -> Iterator[tuple[tuple[Any, ...], Existing]]:
        target = self._target
        names = [name for name in self._places if name != KEY]
        keys = [column.key for column in columns]
        read = ListColumns(target.model, dict.fromkeys(["version", *names, *keys]), whole=True)
        scope = target.model.scope_column().key if issubclass(target.model, BranchScoped) else None
        for values in self._session.execute(read.statement.where(condition)):
            row = read.row(self._session, values)
            own = {name: read.values[name].of(values) for name in names}
            branch = getattr(row, scope) if scope else None
            yield tuple(getattr(row, key) for key in keys), Existing(row.id, row.version, branch, own, row)

    def _record_of(self, values: dict[str, Any]) -> Existing | None:
        """The record that a line is about; None when it is a new one. Raises Unfit when it could be several."""
        stronger: list[Match] = []
        for match, found in self._found.items():
            ids = [key for tried in self._keys_of(match, values) for key in found.get(tried, ())]
            candidates = [self._existing[key] for key in dict.fromkeys(ids)]
            if match.name == KEY and values.get(KEY) is not None and not candidates:
                raise Unfit("没有这个编号的记录；新增的请把编号空着。")
            # By a weaker likeness only where the stronger one says nothing against it.
            candidates = [one for one in candidates if self._is_free_of(one, stronger, values)]
            candidates = self._of_the_same_branch(candidates, values)
            if len(candidates) == 1:
                return candidates[0]
            if len(candidates) > 1:
                raise Unfit(f"有 {len(candidates)} 条{match.label}相同的记录，分不清是哪一条。请加一列“编号”。")
            stronger.append(match)
        return None

    def _is_free_of(self, existing: Existing, stronger: list[Match], values: dict[str, Any]) -> bool:
        return not any(
            existing.values.get(name) and values.get(name) and not isinstance(values[name], list | Masked)
            for match in stronger
            for name in match.names
            if name != KEY and len(match.names) == 1
        )

    def _of_the_same_branch(self, candidates: list[Existing], values: dict[str, Any]) -> list[Existing]:
        if not self._target.needs_branch or (KEY in values and values[KEY] is not None):
            return candidates
        named = values.get("branch")
        branches = {one.id for one in named} if isinstance(named, list) else set()
        return [one for one in candidates if one.branch_id in branches] if branches else candidates

    # What the line does

    def _decide(self, line: Any, values: dict[str, Any], faults: list[Fault]) -> Planned:
        planned = Planned(line.number, faults=faults)
        try:
            existing = self._record_of(values)
        except Unfit as unfit:
            faults.append(Fault(unfit.reason, KEY, self._places.get(KEY)))
            existing = None
            values = {}
        if existing is not None:
            planned.key, planned.version = existing.id, existing.version
            planned.title = str(existing.row.title)[:TITLE_LENGTH]
        for name, value in values.items():
            if name == KEY:
                continue
            try:
                self._take(planned, existing, name, value)
            except Unfit as unfit:
                faults.append(Fault(unfit.reason, name, self._places[name], unfit.offers))
        if existing is None:
            planned.title = next(
                (shown(self._target, name, one)[:TITLE_LENGTH] for name, one in planned.values.items()), ""
            )
            if values:
                self._check_new(planned)
        elif planned.values:
            planned.outcome = Outcome.CHANGED
            self._check_change(planned, existing)
        else:
            planned.outcome = Outcome.UNCHANGED
        if faults:
            planned.outcome = Outcome.WRONG
        return planned

    def _take(self, planned: Planned, existing: Existing | None, name: str, value: Any) -> None:
        """Note what a cell changes; raises Unfit."""
        present = existing.values.get(name) if existing is not None else None
        if value is KEPT or present is OUT_OF_SIGHT:
            if existing is None:
                raise Unfit("导出时这里不可见，新增的记录请填写。")
            return
        if isinstance(value, Masked):
            self._check_mask(name, value, present)
            return
        if isinstance(value, list):
            value = the_one(value, self._branch_of(planned, name), present)
        if value is None:
            if existing is None or self._options.blanks == KEEP or present in (None, "", False):
                return
            if self._target.is_required(name):
                raise Unfit(f"{self._target.label(name)}不能空着。")
            value = None if self._target.columns[name].nullable else self._usual(name)
        if existing is None or not _same(present, value):
            planned.values[name] = value
            if existing is not None:
                planned.old[name] = self._present(existing, name, present)

    def _branch_of(self, planned: Planned, name: str) -> int | None:
        """The branch by which records of one name are told apart: that of the line's owner."""
        branch = planned.values.get("branch") or self._default_branch
        return branch.id if branch is not None and name != "branch" else None

    def _usual(self, name: str) -> Any:
        default = self._target.columns[name].default
        return default.arg if default is not None and default.is_scalar else None

    def _present(self, existing: Existing, name: str, present: Any) -> Any:
        """What stands there, a related record by its title."""
        if name not in self._target.relations or present is None:
            return present
        related = getattr(existing.row, name)
        return Related(present, None, str(related.title) if related is not None else OUT_OF_SIGHT)

    def _check_mask(self, name: str, value: Masked, present: Any) -> None:
        mask = self._target.columns[name].info["mask"]
        if not present or MASKS[mask](present) != value.text:
            raise Unfit("这里是遮住了几位的号码。请填完整的号码，不改就空着。")

    def _check_new(self, planned: Planned) -> None:
        target, wrong = self._target, {fault.name for fault in planned.faults}
        if target.needs_branch and "branch" not in planned.values and "branch" not in wrong:
            if self._default_branch is not None:
                planned.values["branch"] = self._default_branch
            else:
                planned.faults.append(
                    Fault("没有写所属党组织。请在上面选一个，或在表里写明。", "branch", self._places.get("branch"))
                )
                wrong.add("branch")
        for name in target.names:
            if target.is_required(name) and name not in planned.values and name not in wrong:
                planned.faults.append(Fault(f"请填写{target.label(name)}。", name, self._places.get(name)))
        branch = self._new_branch(planned.values)
        if not planned.faults and not self._permits("create", branch):
            place = self._places.get(target.owner or "")
            planned.faults.append(Fault(f"您不能在这个党组织里新增{target.title}。", target.owner or "", place))

    def _check_change(self, planned: Planned, existing: Existing) -> None:
        reason = self._target.locked(existing.row)
        if reason:
            planned.faults.append(Fault(reason))
        branches = {existing.branch_id}
        if self._target.owner in planned.values:
            branches.add(self._new_branch(planned.values))
        if not all(self._permits("update", branch) for branch in branches):
            planned.faults.append(Fault(f"您不能修改这条{self._target.title}。"))

    def _new_branch(self, values: Mapping[str, Any]) -> int | None:
        """The branch that a record with these values belongs to."""
        owner = values.get(self._target.owner or "")
        if owner is None:
            return None
        return owner.id if self._target.owner == "branch" else owner.branch_id

    def _permits(self, action: str, branch: int | None) -> bool:
        resource = self._target.resource
        if self._target.model is Branch and action == "create":
            return self._actor.may("branch:create") and self._actor.may("branch:import")
        return all(self._actor.permits(f"{resource}:{one}", branch) for one in (action, "import"))

    def _find_default_branch(self) -> Related | None:
        chosen = self._options.branch_id
        if chosen is None:
            return None
        row = self._session.execute(select(Branch.id, Branch.name).where(Branch.id == chosen)).one_or_none()
        return Related(row.id, row.id, row.name) if row is not None else None

    def _refuse_doubles(self, rows: list[Planned]) -> None:
        """Two lines about one record: the second is wrong."""
        first: dict[Any, int] = {}
        for planned in rows:
            for same in self._names_of(planned):
                if same in first and not planned.faults:
                    planned.faults.append(Fault(f"和第 {first[same]} 行是同一条记录，请只留一行。"))
                    planned.outcome = Outcome.WRONG
                first.setdefault(same, planned.line)

    def _names_of(self, planned: Planned) -> Iterator[Any]:
        if planned.key is not None:
            yield "key", planned.key
        elif planned.outcome is Outcome.NEW:
            branch = self._new_branch(planned.values)
            for match in self._found:
                values = [_plain(planned.values.get(name)) for name in match.names]
                if match.name != KEY and all(value is not None for value in values):
                    yield match.name, branch, *values


def _is_hashed(target: ImportTarget, name: str) -> bool:
    return hasattr(target.model, f"{name}_hash")


def _stored(target: ImportTarget, name: str, value: Any) -> Any:
    return look_up_hash(value) if name != KEY and _is_hashed(target, name) else value


def _same(present: Any, value: Any) -> bool:
    """Whether a cell says what is stored already: what a sheet does to lines and blanks is no change."""
    if isinstance(value, Related):
        return present == value.id
    if isinstance(value, str) and not isinstance(value, Enum) and isinstance(present, str):
        return _unwrapped(present) == _unwrapped(value)
    return present == value or (present in (None, "") and value in (None, ""))


def _unwrapped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text_of(text.replace("\r\n", "\n")).split("\n"))


def shown(target: ImportTarget, name: str, value: Any, codes: Mapping[tuple[str, str], str] | None = None) -> str:
    """A value as people read it, masked where it is personal."""
    if value is None or value == "":
        return ""
    if isinstance(value, Related):
        return value.title
    info = target.columns[name].info
    if "mask" in info:
        return MASKS[info["mask"]](value)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, LabelledEnum):
        return value.label
    if codes is not None and "code" in info:
        return codes.get((info["code"], value), str(value))
    return str(value)
