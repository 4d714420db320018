"""A version of a checklist as one page: read, written, compared with another one."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import BaseView, expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import MultiDict

from admin import drafts
from admin.import_sheets import posted_file, workbook
from admin.pages.checklist_rows import (
    ROW,
    Editor,
    GroupRow,
    ItemRow,
    belongs,
    change_rows,
    editor_from,
    editor_of,
    outline_from,
    values_of,
)
from admin.pages.common import one_row, readable, save
from admin.pages.rounds import may_begin_rounds
from admin.phones import in_wechat, open_in_browser
from models import BranchKind, ChecklistVersion, Scoring, VersionStatus, db
from models.clock import now
from models.hundredths import trimmed
from policy import NotAllowed, Refused, the_actor
from services.checklists import versions
from services.checklists.difference import Fate, compare, counted
from services.checklists.outline import ItemOutline, steps_in_words, with_keys
from services.checklists.workbook import Read, make_book, read_book
from services.drafts import Place, discard_draft, find_draft, typed_fields

BLANK = "__"
"""Stands for the token in rows that scripts copy."""
CHANGED = "您填写期间，有人改过这个清单，还没有保存您的内容。请在另一个窗口打开清单核对，再保存。"


class ChecklistPage(BaseView):
    """/checklist/?id=…: a version as a whole; a draft is written there by whoever may."""

    def __init__(self) -> None:
        super().__init__(name="清单内容", category="标准化", endpoint="checklist", url="/checklist")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        # Whoever sees assessments may read what they are held against.
        return the_actor().may("checklist_version:read") or the_actor().may("assessment:read")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("checklists", "清单"), ("areas", "标准化")]

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        version = _asked()
        if request.method == "GET":
            return self._open(version) if _may_write(version) else self._read(version)
        _require_writing(version)
        editor = editor_from(request.form)
        do = request.form.get("do", "save")
        if do != "save":
            change_rows(editor, do)
            return self._edit(version, editor, changed=True, version_seen=request.form.get("version_seen"))
        if request.form.get("version_seen") != str(version.version):
            return self._edit(version, editor, CHANGED, changed=True), 409
        return self._save(version, editor)

    @expose("/draft/", methods=("POST",))
    def draft_view(self) -> Any:
        """Keep what was written so far."""
        version = _asked()
        _require_writing(version)
        return drafts.keep_posted(_place(version), belongs)

    @expose("/draft/discard/", methods=("POST",))
    def discard_draft_view(self) -> Any:
        """Forget what was written and not saved."""
        version = _asked()
        discard_draft(db.session, _place(version))
        save()
        return redirect(url_for("checklist.index", id=version.id))

    @expose("/clone/", methods=("GET", "POST"))
    def clone_view(self) -> Any:
        """A draft for the new year that begins with what this version says."""
        version = _asked()
        if not the_actor().may("checklist_version:create"):
            raise NotAllowed("您没有做这件事的权限。")
        name, error = readable(request.form.get("name", "")), ""
        if request.method == "POST":
            try:
                if not name or len(name) > 60:
                    raise Refused("请填写新版本的名称，最多 60 个字，如“2027 版”。", "name")
                made = versions.clone(db.session(), version, name)
            except Refused as refused:
                db.session.rollback()
                version, error = _asked(), refused.message
            else:
                save()
                flash("已做成草稿，内容和原来一样。请逐项修改，改好后发布。", "success")
                return redirect(url_for("checklist.index", id=made.id))
        page = self.render("admin/pages/checklist_clone.html", version=version, name=name, error=error)
        return (page, 422) if error else page

    @expose("/workbook/", methods=("GET", "POST"))
    def workbook_view(self) -> Any:
        """The version as a workbook to fetch; or one that is read into the editor, where it waits to be looked at and saved."""
        version = _asked()
        stored = versions.outline_of(db.session(), version)
        if request.method == "GET":
            if in_wechat():
                return open_in_browser(self, url_for("checklist.index", id=version.id))
            return workbook(make_book(version.template.name, stored), f"{version.template.name}_{version.name}")
        _require_writing(version)
        try:
            name, contents = posted_file()
            read = read_book(contents, name, stored.name)
        except Refused as refused:
            db.session.rollback()
            return self._edit(version, editor_of(stored), refused.message), 422
        editor = editor_of(with_keys(read.outline, stored))
        outline_from(editor)  # what is wrong is marked at its field
        return self._edit(version, editor, changed=True, read=read)

    @expose("/compare/")
    def compare_view(self) -> Any:
        """What this version says otherwise than the one it was made from, or than another one of the same checklist."""
        version = _asked()
        others = db.session.scalars(
            select(ChecklistVersion)
            .where(ChecklistVersion.template_id == version.template_id, ChecklistVersion.id != version.id)
            .order_by(ChecklistVersion.id.desc())
        ).all()
        wanted = request.args.get("with") or str(version.based_on_id or (others[0].id if others else ""))
        other = next((one for one in others if str(one.id) == wanted), None)
        changes = []
        if other is not None:
            outlines = [versions.outline_of(db.session(), one) for one in (other, version)]
            changes = compare(*outlines, by_origin=version.based_on_id == other.id)
        return self.render(
            "admin/pages/checklist_compare.html", version=version, heading=_heading(version), other=other, others=others, changes=changes,
            counts=counted(changes), fates=Fate, trimmed=trimmed,
        )  # fmt: skip

    def _open(self, version: ChecklistVersion) -> str:
        """The editor as it is saved, or filled in with the draft; while there is one, the question what to do with it."""
        draft = find_draft(db.session, _place(version))
        if draft is None:
            return self._edit(version, editor_of(versions.outline_of(db.session(), version)))
        typed = MultiDict(typed_fields(draft))
        if drafts.GO_ON in request.args:
            return self._edit(version, editor_from(typed), draft=draft, version_seen=typed.get("version_seen"))
        return self.render(
            "admin/pages/checklist_draft.html",
            version=version,
            heading=_heading(version),
            draft=draft,
            count=len([one for one in typed.getlist(ROW) if one.startswith("i:")]),
            changed_since=typed.get("version_seen") != str(version.version),
            go_on_url=drafts.go_on_url(),
            discard_url=url_for("checklist.discard_draft_view", id=version.id),
        )

    def _save(self, version: ChecklistVersion, editor: Editor) -> Any:
        """Save what was written; refused, everything stays with the reasons beside the fields."""
        outline = outline_from(editor)
        if editor.faulty:
            message = f"有 {editor.faulty} 处要改，还没有保存。请看标红的地方。"
            return self._edit(version, editor, message, changed=True), 422
        try:
            if versions.save_outline(db.session(), version, outline):
                version.updated_at = now()  # so that two people who change it at once find out
        except Refused as refused:
            db.session.rollback()
            return self._edit(_asked(), editor, refused.message, changed=True), 422
        discard_draft(db.session, _place(version))
        save()
        flash("已保存。", "success")
        return redirect(url_for("checklist.index", id=version.id))

    def _edit(
        self, version: ChecklistVersion, editor: Editor, error: str = "", changed: bool = False, draft: Any = None,
        version_seen: str | None = None, read: Read | None = None,
    ) -> str:  # fmt: skip
        return self.render(
            "admin/pages/checklist_edit.html",
            heading=_heading(version),
            read=read,
            version=version,
            editor=editor,
            error=error,
            changed=changed or draft is not None,
            draft=draft,
            version_seen=version_seen or version.version,
            scorings=list(Scoring),
            kinds=list(BranchKind),
            blank_item=ItemRow(BLANK, values_of(ItemOutline("", ""))),
            blank_group=GroupRow(BLANK, ""),
        )

    def _read(self, version: ChecklistVersion) -> str:
        return self.render(
            "admin/pages/checklist.html",
            version=version,
            heading=_heading(version),
            outline=versions.outline_of(db.session(), version),
            trimmed=trimmed,
            steps_in_words=steps_in_words,
        )


def checklist_links(version: ChecklistVersion, may_update: bool, may_create: bool) -> list[dict[str, Any]]:
    """What can be done with a version on pages of its own, as buttons."""
    writes = may_update and versions.is_draft(version)
    links = [("编辑清单" if writes else "看清单内容", "checklist.index", True)]
    if may_create and not versions.is_draft(version):
        links.append(("另做新版本…", "checklist.clone_view", False))
    links.append(("对照两个版本", "checklist.compare_view", False))
    found = [(label, url_for(endpoint, id=version.id), primary) for label, endpoint, primary in links]
    if versions.is_published(version) and may_begin_rounds():
        found.append(("用它开始一个批次…", url_for("round.new_view", version=version.id), False))
    return [{"label": label, "url": url, "method": "get", "primary": primary} for label, url, primary in found]


def _asked() -> ChecklistVersion:
    """The version that the address names."""
    statement = select(ChecklistVersion).options(joinedload(ChecklistVersion.template))
    found: ChecklistVersion = one_row(statement, ChecklistVersion, request.values.get("id", ""))
    return found


def _heading(version: ChecklistVersion) -> str:
    """Checklist and version by name, no name twice."""
    of, name = version.template.name, version.name
    return name if of in name else f"{of}（{name}）"


def _may_write(version: ChecklistVersion) -> bool:
    return version.status is VersionStatus.DRAFT and the_actor().may("checklist_version:update")


def _require_writing(version: ChecklistVersion) -> None:
    if not the_actor().may("checklist_version:update"):
        raise NotAllowed("您没有做这件事的权限。")
    if reason := versions.why_locked(version):
        raise NotAllowed(reason)


def _place(version: ChecklistVersion) -> Place:
    """Where the draft of the editor is kept."""
    return Place("checklist_version", "content", version.id)
