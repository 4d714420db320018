"""Imports from the sheet to the records: a sheet is read and checked, its preview shown and mended, applied, taken back."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from models import Branch, ImportBatch, ImportMapping, ImportStatus
from models.base import BranchScoped
from models.clock import now
from policy.actions import resource_of
from policy.actor import EVERYWHERE, Actor
from policy.errors import NotAllowed, Refused
from services.tables.importing.apply import Done, NotApplied, apply_plan
from services.tables.importing.fields import Field
from services.tables.importing.memory import rarely_collecting
from services.tables.importing.plan import (
    AUTO,
    CLEAR,
    KEEP,
    NOTHING,
    Fault,
    Options,
    Outcome,
    Plan,
    Planned,
    code_words,
    make_plan,
    shown,
)
from services.tables.importing.target import KEY, KEY_FIELD, ImportTarget
from services.tables.importing.undo import take_back
from services.tables.importing.values import text_of
from services.tables.reading import Head, Table, find_table, head_key, map_heads, read_sheets

KEPT = timedelta(days=30)
"""So long a sheet is kept, and can be taken back."""
TRIED_ROWS = 2_000
"""Of so many rows the check writes them all and takes that back at once: what the database refuses shows already then."""
BY_HAND, BY_THE_PROGRAM, NOT_IMPORTED = "chosen", "program", ""
MAX_WRITTEN = 200
"""So much of what stands in a wrong cell is shown, in characters."""

Progress = Callable[[int], None]


def _silent(_count: int) -> None:
    """Nobody wants to know how far it is."""


class PlanChanged(Refused):
    """The records have changed since the preview was made: it was made anew and must be looked at again."""

    def __init__(self) -> None:
        super().__init__("核对以后，系统里的记录有变化，已经重新核对。请再看一遍，然后导入。")


def open_batch(session: Any, resource: str, file_name: str, contents: bytes) -> ImportBatch:
    """Take a sheet in; nothing is read yet."""
    batch = ImportBatch(
        account_id=session.info["actor"].account_id, resource=resource, file_name=file_name[-200:], contents=contents
    )
    session.add(batch)
    session.flush()
    return batch


def replace_sheet(batch: ImportBatch, file_name: str, contents: bytes) -> None:
    """Take the mended sheet in the place of the one before; what was chosen stays."""
    _refuse_finished(batch)
    chosen = choices_of(batch)
    batch.file_name, batch.contents = file_name[-200:], contents
    choose(batch, {**chosen, "mended": []})


def choices_of(batch: ImportBatch) -> dict[str, Any]:
    """What was chosen for a sheet: ``mapping`` by head_key, ``match``, ``blanks``, ``branch`` and ``mended`` cells."""
    return {"mapping": {}, "match": AUTO, "blanks": KEEP, "branch": None, "mended": [], **json.loads(batch.choices)}


def choose(batch: ImportBatch, choices: Mapping[str, Any]) -> None:
    """Keep what was chosen; the sheet must be checked again."""
    _refuse_finished(batch)
    batch.choices = json.dumps(choices, ensure_ascii=False)
    _set_back(batch)


def mend(batch: ImportBatch, cells: Mapping[tuple[int, int], str]) -> None:
    """Put other texts in the place of cells, by line and place in the line."""
    choices = choices_of(batch)
    mended = {(line, place): text for line, place, text in choices["mended"]} | dict(cells)
    choose(batch, {**choices, "mended": [[line, place, text] for (line, place), text in sorted(mended.items())]})


def _set_back(batch: ImportBatch) -> None:
    batch.status, batch.digest = ImportStatus.UPLOADED, None


def _refuse_finished(batch: ImportBatch) -> None:
    if batch.status in (ImportStatus.APPLIED, ImportStatus.UNDONE):
        raise Refused("这张表已经导入过了。要再导入一次，请重新上传。")


# Whose sight a preview was made in


def sight_of_import(actor: Actor, target: ImportTarget) -> dict[str, Any]:
    """The branches in which the actor has each right that a preview depends on."""
    own = ("read", "import", "create", "update")
    rights = [f"{target.resource}:{action}" for action in own]
    rights += [f"{resource_of(relation.mapper.class_)}:read" for relation in target.relations.values()]
    return {right: _branches(actor.reach(right)) for right in sorted(set(rights))}


def _branches(reach: Any) -> Any:
    return "*" if reach is EVERYWHERE else sorted(reach)


def may_import(actor: Actor, target: ImportTarget) -> bool:
    """Whether somebody may import such records at all."""
    resource = target.resource
    changes = actor.may(f"{resource}:create") or actor.may(f"{resource}:update")
    return actor.may(f"{resource}:read") and actor.may(f"{resource}:import") and changes


def require_import(actor: Actor, target: ImportTarget) -> None:
    """Raise NotAllowed unless the actor may import such records somewhere."""
    if not may_import(actor, target):
        raise NotAllowed(f"您没有导入{target.title}的权限。")


# Checking


def read_table(session: Any, target: ImportTarget, file_name: str, contents: bytes) -> tuple[Table, list[Field]]:
    """The table in a file, and the fields that its heads may stand for; raises Refused with the reason."""
    fields = target.fields(code_words(session))
    table = find_table(read_sheets(contents, file_name), fields, _remembered(session, target.resource))
    if not table.lines:
        raise Refused(f"工作表“{table.sheet}”里只有表头，没有内容。请填好再上传。")
    return table, fields


def map_columns(
    session: Any, target: ImportTarget, table: Table, fields: list[Field], chosen: Mapping[str, str]
) -> list[tuple[Head, str, str]]:
    """The field of each head and how it was found: chosen by hand, remembered, or recognised; "" where there is none."""
    remembered = _remembered(session, target.resource) | dict(chosen)
    own = target.known | {field.label for field in fields}
    if all(head.text in own for head in table.heads):
        # A file that was exported here: its numbers are those of the records.
        remembered.setdefault(head_key(KEY_FIELD.label), KEY)
    found = []
    for one in map_heads(table, fields, remembered):
        how = BY_HAND if head_key(one.head.text) in chosen else one.how
        if not one.field and one.head.text in target.known:
            how = BY_THE_PROGRAM
        found.append((one.head, one.field or NOT_IMPORTED, how))
    return found


def _remembered(session: Any, resource: str) -> dict[str, str]:
    """What the actor's own branch has chosen before."""
    branch = session.info["actor"].branch_id
    wanted = select(ImportMapping).where(ImportMapping.branch_id == branch, ImportMapping.resource == resource)
    return {one.head: one.field for one in session.scalars(wanted)}


@dataclass(frozen=True)
class Checked:
    """What was found out about a sheet: its table, the field of each head and how it was found, what it would do."""

    table: Table
    mapped: list[tuple[Head, str, str]]
    plan: Plan


def check_batch(session: Any, target: ImportTarget, batch: ImportBatch) -> None:
    """Read the sheet and find out what it would do; the preview is kept. The caller commits.

    Raises Refused where the file can't be read or holds no table. The session must have written nothing else yet.
    """
    keep_check(session, target, batch.id, find_out(session, target, batch))


@rarely_collecting()
def find_out(session: Any, target: ImportTarget, batch: ImportBatch, progress: Progress = _silent) -> Checked:
    """What a sheet would do. Nothing is written: for a long sheet in a session that only reads, so that nobody waits."""
    _refuse_finished(batch)
    choices = choices_of(batch)
    table, fields = read_table(session, target, batch.file_name, batch.contents)
    mapped = map_columns(session, target, table, fields, choices["mapping"])
    return Checked(table, mapped, make_plan(session, target, table, _options(mapped, choices), progress))


def keep_check(session: Any, target: ImportTarget, key: int, checked: Checked) -> None:
    """Keep the preview of what was found out about a sheet, and of what the database would refuse; the caller commits."""
    _try_out(session, target, checked.plan)
    batch = session.get(ImportBatch, key)
    _refuse_finished(batch)
    _keep_preview(session, target, batch, checked.table, checked.mapped, checked.plan)


def _options(mapped: list[tuple[Head, str, str]], choices: Mapping[str, Any]) -> Options:
    return Options(
        mapping={head.place: name for head, name, _how in mapped if name},
        match=choices["match"],
        blanks=choices["blanks"],
        branch_id=choices["branch"],
        mended={(line, place): text for line, place, text in choices["mended"]},
    )


def _try_out(session: Any, target: ImportTarget, plan: Plan) -> None:
    """Write what a plan says and take it back at once, so that what would be refused is known; not of a long one."""
    if not 0 < sum(plan.counts[one] for one in (Outcome.NEW, Outcome.CHANGED)) <= TRIED_ROWS:
        return
    trial = session.begin_nested()
    try:
        apply_plan(session, target, plan)
    except NotApplied as refused:
        note_faults(plan, refused.faults)
    finally:
        trial.rollback()
        session.expire_all()


def note_faults(plan: Plan, faults: Mapping[int, Fault]) -> None:
    """Make the lines that were refused wrong ones."""
    for row in plan.rows:
        if row.line in faults:
            row.faults.append(faults[row.line])
            row.outcome = Outcome.WRONG


def _keep_preview(
    session: Any, target: ImportTarget, batch: ImportBatch, table: Table, mapped: list[Any], plan: Plan
) -> None:
    codes = code_words(session)
    places = {name: head.place for head, name, _how in mapped if name}
    cells = {
        line.number: dict(zip((head.place for head in table.heads), line.cells, strict=True)) for line in table.lines
    }
    preview = {
        "sight": sight_of_import(session.info["actor"], target),
        "sheet": table.sheet,
        "other_sheets": table.other_sheets,
        "heads": [[head.place, head.text, name, how] for head, name, how in mapped],
        "left_out": table.left_out,
        "rows": [_preview_row(target, row, codes, cells[row.line], places) for row in plan.rows],
    }
    counts = plan.counts
    batch.preview = json.dumps(preview, ensure_ascii=False).encode()
    batch.digest, batch.status = plan.digest, ImportStatus.CHECKED
    batch.new_rows, batch.changed_rows = counts[Outcome.NEW], counts[Outcome.CHANGED]
    batch.unchanged_rows, batch.wrong_rows = counts[Outcome.UNCHANGED], counts[Outcome.WRONG]
    session.flush()


def _preview_row(
    target: ImportTarget, row: Planned, codes: Any, cells: Mapping[int, Any], places: Mapping[str, int]
) -> dict[str, Any]:
    values = {
        name: [shown(target, name, row.old.get(name), codes), shown(target, name, value, codes)]
        for name, value in row.values.items()
    }
    faults = []
    for fault in row.faults:
        place = fault.place if fault.place is not None else places.get(fault.name)
        written = text_of(cells[place])[:MAX_WRITTEN] if place is not None else ""
        faults.append({**asdict(fault), "place": place, "written": written})
    return {
        "line": row.line, "outcome": row.outcome.value, "key": row.key, "title": row.title, "values": values,
        "faults": faults,
    }  # fmt: skip


def preview_of(session: Any, target: ImportTarget, batch: ImportBatch) -> dict[str, Any] | None:
    """What a sheet would do, as far as that still holds; None when it must be checked (again)."""
    if batch.preview is None or batch.status is not ImportStatus.CHECKED:
        return None
    preview = json.loads(batch.preview)
    return preview if preview["sight"] == sight_of_import(session.info["actor"], target) else None


def faults_of(session: Any, target: ImportTarget, batch: ImportBatch) -> list[tuple[int, str, str]]:
    """What is wrong in a sheet: line, field in Chinese, reason."""
    preview = preview_of(session, target, batch) or {"rows": ()}
    return [
        (row["line"], target.label(fault["name"]) if fault["name"] in (*target.names, KEY) else "", fault["reason"])
        for row in preview["rows"]
        for fault in row["faults"]
    ]


def hide_what_left(session: Any, target: ImportTarget, rows: list[dict[str, Any]]) -> None:
    """Take out of rows of a preview what records show that the actor no longer sees."""
    keys = [row["key"] for row in rows if row["key"] is not None]
    seen = set(session.scalars(select(target.model.id).where(target.model.id.in_(keys)))) if keys else set()
    for row in rows:
        if row["key"] is not None and row["key"] not in seen:
            row |= {"title": "这条记录已经不归您看或已删除", "values": {}, "key": None}


# Applying and taking back


@rarely_collecting()
def apply_batch(
    session: Any,
    target: ImportTarget,
    batch: ImportBatch,
    checked: Checked | None = None,
    progress: Progress = _silent,
) -> None:
    """Do what the preview shows, all of it or nothing; the caller commits.

    Args:
        checked: what was just found out about the sheet; found out here when it isn't given.

    Raises:
        Refused: the sheet isn't checked, or lines are wrong.
        PlanChanged: it would do something else by now.
        NotApplied: lines were refused; nothing may be committed.
    """
    require_import(session.info["actor"], target)
    if batch.status is ImportStatus.APPLIED:
        return
    if batch.status is not ImportStatus.CHECKED or batch.digest is None:
        raise Refused("请先核对，再导入。")
    if batch.wrong_rows:
        raise Refused(f"还有 {batch.wrong_rows} 行有错。请改好，重新核对，再导入。")
    checked = checked or find_out(session, target, batch)
    if checked.plan.digest != batch.digest:
        raise PlanChanged
    done = apply_plan(session, target, checked.plan, progress)
    batch.done = json.dumps([[one.id, one.version, one.before] for one in done], ensure_ascii=False).encode()
    batch.status, batch.applied_at, batch.preview = ImportStatus.APPLIED, now(), None
    _remember(session, target.resource, checked.mapped, choices_of(batch)["mapping"])
    session.flush()


def _remember(session: Any, resource: str, mapped: list[Any], chosen: Mapping[str, str]) -> None:
    """Keep what was chosen by hand for the next sheet of the actor's branch."""
    actor = session.info["actor"]
    may_write = all(actor.permits(f"import_mapping:{one}", actor.branch_id) for one in ("create", "update"))
    if actor.branch_id is None or not chosen or not may_write:
        return
    wanted = select(ImportMapping).where(ImportMapping.branch_id == actor.branch_id, ImportMapping.resource == resource)
    known = {one.head: one for one in session.scalars(wanted)}
    branch = session.get(Branch, actor.branch_id)
    for head, name, _how in mapped:
        key = head_key(head.text)
        if key not in chosen or not key:
            continue
        if key in known:
            known[key].field = name
        else:
            known[key] = ImportMapping(branch=branch, resource=resource, head=key[:80], field=name)
            session.add(known[key])


def record_faults(session: Any, target: ImportTarget, batch: ImportBatch, faults: Mapping[int, Fault]) -> None:
    """Show in the preview which lines were refused when it was tried to apply them; in a transaction of its own."""
    preview = json.loads(batch.preview or b"{}")
    places = {name: place for place, _text, name, _how in preview.get("heads", ())}
    for row in preview.get("rows", ()):
        if fault := faults.get(row["line"]):
            row["outcome"] = Outcome.WRONG.value
            row["faults"].append({**asdict(fault), "place": places.get(fault.name), "written": ""})
    batch.preview = json.dumps(preview, ensure_ascii=False).encode()
    rows = [row["outcome"] for row in preview.get("rows", ())]
    batch.wrong_rows, batch.new_rows = rows.count("wrong"), rows.count("new")
    batch.changed_rows = rows.count("changed")
    session.flush()


@rarely_collecting()
def undo_batch(session: Any, target: ImportTarget, batch: ImportBatch, progress: Progress = _silent) -> None:
    """Take an import back, all of it or nothing; the caller commits.

    Raises NotTakenBack, a Refused, when records were changed since: it says which.
    """
    require_import(session.info["actor"], target)
    if batch.status is ImportStatus.UNDONE:
        return
    if batch.status is not ImportStatus.APPLIED or batch.done is None:
        raise Refused("这张表还没有导入，不用撤销。")
    take_back(session, target, [Done(*one) for one in json.loads(batch.done)], progress)
    batch.status, batch.undone_at, batch.done = ImportStatus.UNDONE, now(), None
    session.flush()


def batches_of(session: Any, count: int, resource: str | None = None) -> list[ImportBatch]:
    """The actor's own latest imports, of one kind of record or of all."""
    wanted = select(ImportBatch).where(ImportBatch.account_id == session.info["actor"].account_id)
    if resource is not None:
        wanted = wanted.where(ImportBatch.resource == resource)
    return list(session.scalars(wanted.order_by(ImportBatch.id.desc()).limit(count)))


def remove_old_batches(session: Any) -> int:
    """Remove the sheets that were kept long enough; how many there were."""
    old = session.scalars(select(ImportBatch).where(ImportBatch.updated_at <= now() - KEPT)).all()
    for batch in old:
        session.delete(batch)
    session.flush()
    return len(old)


def branches_to_choose(session: Any, target: ImportTarget) -> list[Branch]:
    """The branches to which new records may be given whose line names none; none where records get theirs otherwise."""
    if not target.needs_branch or not issubclass(target.model, BranchScoped):
        return []
    actor = session.info["actor"]
    permitted: Iterable[Branch] = session.scalars(select(Branch).order_by(Branch.pinyin, Branch.id))
    rights = (f"{target.resource}:create", f"{target.resource}:import")
    return [branch for branch in permitted if all(actor.permits(right, branch.id) for right in rights)]


MATCH_WORDS = {AUTO: "自动：先看编号，再看最能认准的内容", NOTHING: "不对应，每一行都新增"}
BLANK_WORDS = {KEEP: "空格不改原来的内容", CLEAR: "空格就清掉原来的内容"}
