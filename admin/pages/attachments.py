"""Files of records: fetched at /file/?id=…, added to a record at /file/upload/?owner=…&id=…."""

from pathlib import Path
from typing import Any

from flask import abort, current_app, flash, redirect, request, send_file, url_for
from flask_admin import BaseView, expose
from sqlalchemy import select

from admin.pages.common import one_row, save
from admin.phones import in_wechat, open_in_browser
from models import Attachment, db
from policy import NotAllowed, Refused, the_actor
from policy.actions import resource_of
from services import attachments
from services.attachments import Examined, FileMissing

UPLOADS = {"file.upload_view", "signed_page.index", "evidence.index"}
MAX_FILES = 9
MAX_TOGETHER = 50 * 1024 * 1024
"""Of the files sent at once, in bytes; other requests are held to the app's own, smaller limit."""


class FilePage(BaseView):
    """Sends a file, and takes new ones. The walls stand at every fetch, small pictures too."""

    def __init__(self) -> None:
        super().__init__(name="附件", category="标准化", endpoint="file", url="/file")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return the_actor().may("attachment:read")

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("records", "附件")]

    @expose("/")
    def index(self) -> Any:
        """The file under the name it came with. Only pictures open in the browser: they were drawn by ourselves."""
        attachment = one_row(select(Attachment), Attachment, request.args.get("id", ""))
        try:
            path = attachments.open_attachment(attachment, files_folder(), small=request.args.get("size") == "small")
        except FileMissing:
            current_app.logger.error("the file of attachment %s is missing", attachment.id)
            owner_url = url_of(*attachments.owner_of(attachment))
            return self.render("admin/pages/attachments_missing.html", attachment=attachment, owner_url=owner_url), 404
        is_picture = attachment.content_type in attachments.PICTURE_TYPES
        if in_wechat() and not is_picture:
            return open_in_browser(self, url_of(*attachments.owner_of(attachment)))
        return send_file(
            path,
            mimetype=attachment.content_type,
            as_attachment=not is_picture,
            download_name=attachment.file_name,
            conditional=False,
            etag=False,
        )

    @expose("/upload/", methods=("GET", "POST"))
    def upload_view(self) -> Any:
        """Take several files; each that can't be taken is named with its reason, the others are kept."""
        owner = _asked_owner()
        if request.method == "GET":
            return self._page(owner)
        # Looking into photos takes seconds, and SQLite has one writer: meanwhile no transaction is open.
        db.session.rollback()
        taken, refused = posted_files()
        owner = _asked_owner()
        for file in taken:
            attachments.store_attachment(db.session, owner, file, files_folder())
        save()
        if refused:
            return self._page(owner, taken, refused), 422
        flash(f"已上传 {len(taken)} 个附件。", "success")
        return redirect(url_of(resource_of(type(owner)), owner.id))

    def _page(self, owner: Any, taken: Any = (), refused: Any = ()) -> str:
        resource = resource_of(type(owner))
        return self.render(
            "admin/pages/attachments_upload.html",
            owner=owner,
            owner_resource=resource,
            owner_url=url_of(resource, owner.id),
            taken=taken,
            refused=refused,
        )


def url_of(resource: str, key: int) -> str:
    """The page of a record that has attachments."""
    return url_for(f"{resource}.details_view", id=key)


def allow_uploads() -> None:
    """Let this page's requests be larger than others; runs before anything reads the form."""
    if request.endpoint in UPLOADS:
        request.max_content_length = MAX_TOGETHER + 1024 * 1024


def files_folder() -> Path:
    """Where all files lie."""
    return current_app.config["SETTINGS"].files_dir


def _asked_owner() -> Any:
    """The record that the address names; NotAllowed unless the actor may add files to it, Refused once it is closed."""
    model: Any = attachments.owner_models().get(request.args.get("owner", "rectification")) or abort(404)
    owner = one_row(select(model), model, request.args.get("id", ""))
    if not the_actor().permits("attachment:create", owner.branch_id):
        raise NotAllowed("您不能给这条记录添加附件。")
    if reason := attachments.why_no_more(owner):
        raise Refused(reason)
    return owner


def posted_files() -> tuple[list[Examined], list[tuple[str, str]]]:
    """The posted files that can be kept, and the others' names with the reasons."""
    taken: list[Examined] = []
    refused: list[tuple[str, str]] = []
    given = [file for file in request.files.getlist("files") if file.filename]
    for place, file in enumerate(given):
        try:
            if place >= MAX_FILES:
                raise Refused(f"一次最多上传 {MAX_FILES} 个，请分几次上传。")
            taken.append(attachments.examine(file.filename or "", file.stream))
        except Refused as reason:
            refused.append((file.filename or "", reason.message))
    if not given:
        refused.append(("没有上传", "请先选择文件，再按“上传”。"))
    return taken, refused
