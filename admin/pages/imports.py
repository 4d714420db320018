"""An import at /imports/KEY/: its preview, what can be put right in it, doing it and taking it back."""

from itertools import islice
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import BaseView, expose
from sqlalchemy import select

from admin import imports as work
from admin.import_sheets import LATEST, SMALL_FILE, posted_file, workbook
from admin.pages.common import save
from admin.phones import in_wechat, open_in_browser
from models import ImportBatch, ImportStatus, db
from policy import Refused, the_actor
from services import imports
from services.tables.importing.books import make_wrong_book
from services.tables.importing.plan import AUTO, CLEAR, KEEP, NOTHING, Outcome, code_words
from services.tables.reading import head_key

ROWS_ON_PAGE = 50


class ImportPage(BaseView):
    """One import: its preview, what can be put right in it, doing it and taking it back. Seen by its own account only."""

    def __init__(self) -> None:
        super().__init__(name="导入", category="我的账号", endpoint="imports", url="/imports")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return any(
            imports.may_import(the_actor(), work.target_of(view)) for view in self.admin._views
            if hasattr(view, "resource") and work.takes_imports(view)
        )  # fmt: skip

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("excel", "核对")]

    @expose("/")
    def index(self) -> Any:
        """One's own latest imports, of all kinds of record."""
        return self.render("admin/pages/imports.html", batches=imports.batches_of(db.session, LATEST))

    @expose("/<int:key>/")
    def batch_view(self, key: int) -> Any:
        """What the sheet would do, what is wrong with it, and what can be done about it."""
        batch, screen = self._batch(key)
        return self._page(batch, screen)

    @expose("/<int:key>/choose/", methods=("POST",))
    def choose_view(self, key: int) -> Any:
        """Other fields for heads, another way to find records, another branch for new ones."""
        batch, screen = self._batch(key)
        try:
            imports.choose(batch, self._asked_choices(batch, screen))
        except Refused as reason:
            db.session.rollback()
            flash(reason.message, "error")
            return redirect(work.url_of(batch))
        return self._check(batch, screen)

    @expose("/<int:key>/mend/", methods=("POST",))
    def mend_view(self, key: int) -> Any:
        """Other texts in the place of wrong cells."""
        batch, screen = self._batch(key)
        cells = {}
        for name, text in request.form.items():
            _cell, *numbers = name.split("-")
            if _cell == "cell" and len(numbers) == 2 and all(one.isascii() and one.isdigit() for one in numbers):
                line, place = (int(one[:9]) for one in numbers)
                if text != request.form.get(f"was-{line}-{place}"):
                    cells[line, place] = text[:2000]
        imports.mend(batch, cells)
        return self._check(batch, screen)

    @expose("/<int:key>/replace/", methods=("POST",))
    def replace_view(self, key: int) -> Any:
        """The mended sheet in the place of the one before."""
        batch, screen = self._batch(key)
        try:
            imports.replace_sheet(batch, *posted_file())
        except Refused as reason:
            db.session.rollback()
            flash(reason.message, "error")
            return redirect(work.url_of(batch))
        return self._check(batch, screen)

    @expose("/<int:key>/wrong/")
    def wrong_view(self, key: int) -> Any:
        """The sheet with its wrong cells marked, to be mended in Excel."""
        batch, screen = self._batch(key)
        target = work.target_of(screen)
        preview = imports.preview_of(db.session, target, batch)
        if preview is None:
            raise Refused("请先核对，再下载。")
        if in_wechat():
            return open_in_browser(self, work.url_of(batch))
        imports.hide_what_left(db.session, target, preview["rows"])
        table, _fields = imports.read_table(db.session, target, batch.file_name, batch.contents)
        faults = {row["line"]: row["faults"] for row in preview["rows"] if row["faults"]}
        mended = {(line, place): text for line, place, text in imports.choices_of(batch)["mended"]}
        return workbook(make_wrong_book(table, faults, mended), f"{screen.title}待改")

    @expose("/<int:key>/check/", methods=("POST",))
    def check_view(self, key: int) -> Any:
        """Check the sheet again, such as after somebody's rights changed."""
        batch, screen = self._batch(key)
        return self._check(batch, screen)

    @expose("/<int:key>/apply/", methods=("POST",))
    def apply_view(self, key: int) -> Any:
        """Do what the preview shows."""
        batch, _screen = self._batch(key)
        if batch.status is not ImportStatus.CHECKED or batch.wrong_rows:
            flash("请先核对，改好有错的行，再导入。", "error")
            return redirect(work.url_of(batch))
        return work.start_work("apply_import", batch, "导入")

    @expose("/<int:key>/undo/", methods=("POST",))
    def undo_view(self, key: int) -> Any:
        """Take the import back."""
        batch, _screen = self._batch(key)
        return work.start_work("undo_import", batch, "撤销导入")

    @expose("/<int:key>/drop/", methods=("POST",))
    def drop_view(self, key: int) -> Any:
        """Forget a sheet that was not imported, or one that was taken back."""
        batch, screen = self._batch(key)
        if batch.status is ImportStatus.APPLIED:
            flash("这张表已经导入，撤销以后才能去掉。", "error")
            return redirect(work.url_of(batch))
        db.session.delete(batch)
        save()
        flash("已去掉这张表，没有改动任何记录。", "success")
        return redirect(screen.get_url(f"{screen.endpoint}.import_view"))

    def _batch(self, key: int) -> tuple[ImportBatch, Any]:
        """One of the actor's own imports, and its screen; 404 for any other."""
        batch = db.session.scalar(
            select(ImportBatch).where(ImportBatch.id == key, ImportBatch.account_id == the_actor().account_id)
        )
        screen = work.screen_of(batch.resource) if batch is not None else None
        if batch is None or screen is None:
            abort(404)
        imports.require_import(the_actor(), work.target_of(screen))
        return batch, screen

    def _check(self, batch: ImportBatch, screen: Any) -> Any:
        """Keep what was chosen, and find out what the sheet does now: of a small one at once."""
        small = len(batch.contents) <= SMALL_FILE
        save()
        if not small:
            return work.start_work("check_import", batch, "核对表格")
        try:
            imports.check_batch(db.session, work.target_of(screen), batch)
            db.session.commit()
        except Refused as reason:
            db.session.rollback()
            flash(reason.message, "error")
        return redirect(work.url_of(batch))

    def _asked_choices(self, batch: ImportBatch, screen: Any) -> dict[str, Any]:
        target = work.target_of(screen)
        chosen = imports.choices_of(batch)
        names = {*target.names, "id", ""}
        mapping = {}
        for place, (key, field) in enumerate(
            zip(request.form.getlist("head"), request.form.getlist("field"), strict=False)
        ):
            was = request.form.getlist("was")[place : place + 1]
            if field in names and (was != [field] or head_key(key) in chosen["mapping"]):
                mapping[head_key(key)] = field
        filled = [one for one in request.form.getlist("field") if one]
        double = next((one for one in filled if filled.count(one) > 1), None)
        if double is not None:
            raise Refused(f"有两列都选了“{target.label(double)}”。一项内容只能对应一列。")
        match, blanks, branch = (request.form.get(name, "") for name in ("match", "blanks", "branch"))
        return {
            **chosen,
            "mapping": mapping,
            "match": match if match in {AUTO, NOTHING, *(one.name for one in target.matches)} else AUTO,
            "blanks": blanks if blanks in (KEEP, CLEAR) else KEEP,
            "branch": int(branch) if branch.isascii() and branch.isdigit() and len(branch) < 10 else None,
        }

    def _page(self, batch: ImportBatch, screen: Any) -> Any:
        target = work.target_of(screen)
        preview = imports.preview_of(db.session, target, batch)
        asked = request.args.get("show", "")
        show = asked if asked in {one.value for one in Outcome} else ""
        if preview is not None and not asked and batch.wrong_rows:
            show = Outcome.WRONG.value
        rows = [row for row in (preview or {}).get("rows", ()) if not show or row["outcome"] == show]
        start = _asked_start(len(rows))
        shown_rows = list(islice(rows, start, start + ROWS_ON_PAGE))
        imports.hide_what_left(db.session, target, shown_rows)
        fields = target.fields(code_words(db.session))
        return self.render(
            "admin/pages/import_batch.html",
            batch=batch,
            screen=screen,
            preview=preview,
            rows=shown_rows,
            show=show,
            start=start,
            total=len(rows),
            page_size=ROWS_ON_PAGE,
            outcomes=[(one.value, one.label, getattr(batch, f"{one.value}_rows")) for one in Outcome],
            outcome_words={one.value: one.label for one in Outcome},
            labels={name: target.label(name) for name in (*target.names, "id")},
            fields=fields,
            choices=imports.choices_of(batch),
            matches=[(AUTO, imports.MATCH_WORDS[AUTO]), *((one.name, f"按{one.label}") for one in target.matches),
                     (NOTHING, imports.MATCH_WORDS[NOTHING])],
            blank_words=imports.BLANK_WORDS,
            branches=imports.branches_to_choose(db.session, target),
            list_url=screen.get_url(f"{screen.endpoint}.index_view"),
            import_url=url_for(f"{screen.endpoint}.import_view"),
            page_title=f"导入{screen.title}",
        )  # fmt: skip


def _asked_start(total: int) -> int:
    text = request.args.get("from", "0")
    start = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
    return start - start % ROWS_ON_PAGE if start < total else 0
