"""Files of records: what is taken, what is kept of it, who gets it, and that it lives and dies with its row."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, PngImagePlugin
from sqlalchemy import select

from models import Attachment, Rectification, RectificationStatus, Trash, db
from policy import NotAllowed, Refused, system_session
from services import attachments
from services.attachments import Examined, examine
from tests.conftest import build_app
from tests.matrix import actor_of
from tests.world import World

SignIn = Callable[..., FlaskClient]
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
GPS, ORIENTATION, MAKE = 0x8825, 0x0112, 0x010F
"""An app with the test world, once on each database."""


def picture(picture_format: str = "JPEG", size: tuple[int, int] = (60, 40), **more: Any) -> bytes:
    """A picture, red on the left and blue on the right."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    image.save(out, picture_format, **more)
    return out.getvalue()


def phone_exif() -> Image.Exif:
    """What a phone held upright notes beside the pixels: the place, the camera, a quarter turn."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = 6, "PhoneMaker"
    exif.get_ifd(GPS).update({1: "N", 2: (39.0, 46.0, 12.0), 3: "E", 4: (98.0, 17.0, 24.0)})
    return exif


def office_file(main_part: str) -> bytes:
    """The least of a Word or Excel file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", f'<Types><Override ContentType="application/vnd.{main_part}"/></Types>')
    return out.getvalue()


XLSX = office_file("openxmlformats-officedocument.spreadsheetml.sheet.main+xml")
DOCX = office_file("openxmlformats-officedocument.wordprocessingml.document.main+xml")


def opened(content: bytes) -> Image.Image:
    """The picture, decoded."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def upload(client: FlaskClient, rectification: int, *files: tuple[bytes, str]) -> Any:
    """Post files to a rectification, as the form on its page does."""
    data = {"files": [(io.BytesIO(content), name) for content, name in files]}
    return client.post(f"/file/upload/?id={rectification}", data=data, content_type="multipart/form-data")


def newest(app: Flask, count: int = 1) -> list[Any]:
    """The attachments added last, oldest first."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        found = session.scalars(select(Attachment).order_by(Attachment.id.desc()).limit(count)).all()
        session.expunge_all()
        return list(reversed(found))


def files_in(app: Flask) -> list[str]:
    """The names of all files kept, and of everything half written."""
    return sorted(path.name for path in app.config["SETTINGS"].files_dir.rglob("*"))


@pytest.fixture
def mending(world: World) -> int:
    """The rectification of side 甲, which the company clerk sees."""
    return world.rows["rectification", "甲"]


# What is taken


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("现场.jpg", picture("JPEG"), "image/jpeg"),
        ("现场.JPEG", picture("JPEG"), "image/jpeg"),
        ("截图.png", picture("PNG"), "image/png"),
        ("网页.webp", picture("WEBP"), "image/webp"),
        ("合同.pdf", PDF, "application/pdf"),
        ("台账.xlsx", XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("方案.docx", DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ],
)
def test_photos_pdf_and_office_files_are_taken_under_their_names(name: str, content: bytes, content_type: str) -> None:
    taken = examine(name, io.BytesIO(content))
    assert (taken.file_name, taken.content_type) == (name, content_type)
    assert (taken.small is not None) == content_type.startswith("image/")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("photo.jpg", b"<html><script>alert(1)</script></html>"),
        ("photo.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        ("photo.gif", picture("GIF")),
        ("photo.tiff", picture("TIFF")),
        ("合同.pdf", b"MZ\x90\x00 a program"),
        ("合同.pdf", b"<!-- %PDF-1.7 -->"),
        ("台账.xlsx", office_file("ms-excel.sheet.macroEnabled.main+xml")),
        ("方案.docx", office_file("ms-word.document.macroEnabled.main+xml")),
        ("旧方案.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
        ("名单.csv", "姓名,电话".encode()),
    ],
)
def test_what_a_file_contains_decides_and_not_what_it_is_called(name: str, content: bytes) -> None:
    with pytest.raises(Refused, match="这种文件不能上传"):
        examine(name, io.BytesIO(content))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "是空的"),
        (PDF + bytes(attachments.MAX_BYTES), "超过 10 MB"),
        (b"PK\x03\x04 no archive", "已经损坏"),
        (b"\xff\xd8\xff no picture", "已经损坏"),
    ],
)
def test_an_empty_a_huge_and_a_broken_file_are_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        examine("文件", io.BytesIO(content))


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_cut_off_anywhere_is_refused_and_never_an_error(picture_format: str) -> None:
    whole = picture(picture_format, (300, 200))
    for tenth in range(1, 10):
        with pytest.raises(Refused):
            examine("照片", io.BytesIO(whole[: len(whole) * tenth // 10]))


@pytest.mark.slow
@pytest.mark.parametrize("side", [9000, 20000])
def test_a_small_file_that_unfolds_into_a_gigantic_picture_is_refused(side: int) -> None:
    out = io.BytesIO()
    Image.new("1", (side, side)).save(out, "PNG")
    assert len(out.getvalue()) < 1024 * 1024
    with pytest.raises(Refused, match="像素太多"):
        examine("照片.png", io.BytesIO(out.getvalue()))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("合同.pdf", "合同.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\windows\\合同.pdf", "合同.pdf"),
        ("..", "未命名.pdf"),
        (".pdf", "pdf.pdf"),
        ("", "未命名.pdf"),
        ("合同.pdf.exe", "合同.pdf.exe.pdf"),
        ("合同.jpg", "合同.jpg.pdf"),
        ("合\u202efdp.exe", "合fdp.exe.pdf"),
        ("合\x00同\r\n.pdf", "合同.pdf"),
        ("长" * 400 + ".pdf", "长" * 196 + ".pdf"),
    ],
)
def test_a_name_loses_folders_and_invisible_characters_and_ends_in_what_the_file_is(given: str, kept: str) -> None:
    assert examine(given, io.BytesIO(PDF)).file_name == kept


# What is kept of a photo


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "WEBP", "MPO"])
def test_of_a_photo_no_place_no_camera_and_no_words_are_kept_and_it_stands_upright(picture_format: str) -> None:
    more: dict[str, Any] = {"exif": phone_exif(), "xmp": b"<x:xmpmeta>secret place</x:xmpmeta>"}
    if picture_format in ("JPEG", "MPO"):
        more["comment"] = b"secret place"
    if picture_format == "MPO":
        more |= {"save_all": True, "append_images": [Image.new("RGB", (60, 40), "green")]}
    if picture_format == "PNG":
        words = PngImagePlugin.PngInfo()
        words.add_text("Comment", "secret place")
        more["pnginfo"] = words
    given = picture(picture_format, **more)
    assert opened(given).getexif().get_ifd(GPS) and b"secret place" in given and b"PhoneMaker" in given

    taken = examine("照片", io.BytesIO(given))
    for content in (taken.content, taken.small):
        assert content is not None
        kept = opened(content)
        assert kept.size == (40, 60) and getattr(kept, "n_frames", 1) == 1
        assert not kept.getexif() and not {"exif", "xmp", "comment", "Comment"} & set(kept.info)
        assert b"secret place" not in content and b"PhoneMaker" not in content and b"Exif" not in content
        assert kept.convert("RGB").getpixel((20, 10))[0] > 200, "red, which lay on the left, is on top now"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "kept"), [((8192, 6144), (4096, 3072)), ((6000, 1), (4096, 1)), ((4000, 3000), (4000, 3000))]
)
def test_a_very_large_photo_is_kept_in_a_size_that_still_reads_a_page(
    given: tuple[int, int], kept: tuple[int, int]
) -> None:
    taken = examine("照片.jpg", io.BytesIO(picture("JPEG", given)))
    assert opened(taken.content).size == kept
    assert taken.small is not None and max(opened(taken.small).size) == attachments.SMALL_SIDE


def test_what_is_transparent_in_a_picture_stays_so() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (255, 0, 0, 0)).save(out, "PNG")
    assert opened(examine("章.png", out.seek(0) or out).content).getpixel((5, 5))[3] == 0


# Uploading


def test_a_file_comes_back_byte_for_byte_with_its_chinese_name(app: Flask, mending: int, sign_in: SignIn) -> None:
    client = sign_in("company_clerk")
    answer = upload(client, mending, (PDF, "整改 合同.pdf"))
    assert answer.status_code == 302 and answer.location == f"/rectification/details/?id={mending}"
    sent = client.get(f"/file/?id={newest(app)[0].id}")
    assert sent.get_data() == PDF and sent.content_type == "application/pdf"
    disposition = sent.headers["Content-Disposition"]
    assert disposition.startswith("attachment;") and f"filename*=UTF-8''{quote('整改 合同.pdf')}" in disposition
    assert sent.headers["X-Content-Type-Options"] == "nosniff" and sent.headers["Cache-Control"] == "no-store"


def test_only_pictures_open_in_the_browser(app: Flask, mending: int, sign_in: SignIn) -> None:
    client = sign_in("company_clerk")
    upload(client, mending, (picture("PNG"), "截图.png"), (PDF, "合同.pdf"), (XLSX, "台账.xlsx"), (DOCX, "方案.docx"))
    kinds = [client.get(f"/file/?id={one.id}").headers["Content-Disposition"].split(";")[0] for one in newest(app, 4)]
    assert kinds == ["inline", "attachment", "attachment", "attachment"]


def test_two_files_of_one_name_do_not_overwrite_each_other(app: Flask, mending: int, sign_in: SignIn) -> None:
    client = sign_in("company_clerk")
    upload(client, mending, (PDF + b"first", "合同.pdf"))
    upload(client, mending, (PDF + b"second", "合同.pdf"))
    first, second = newest(app, 2)
    assert first.file_name == second.file_name == "合同.pdf"
    assert client.get(f"/file/?id={first.id}").get_data() == PDF + b"first"
    assert client.get(f"/file/?id={second.id}").get_data() == PDF + b"second"


def test_a_name_that_climbs_out_of_the_folder_leads_nowhere(app: Flask, mending: int, sign_in: SignIn) -> None:
    upload(sign_in("company_clerk"), mending, (PDF, "../../../合同.pdf"))
    (stored,) = newest(app)
    assert stored.file_name == "合同.pdf"
    assert files_in(app) == [stored.stored_name] and stored.stored_name.isalnum()


def test_each_bad_file_is_named_with_its_reason_and_the_good_ones_are_kept(
    app: Flask, mending: int, sign_in: SignIn
) -> None:
    client = sign_in("company_clerk")
    answer = upload(client, mending, (b"MZ program", "程序.exe"), (PDF, "合同.pdf"), (b"\xff\xd8\xff", "坏照片.jpg"))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "程序.exe" in page and "这种文件不能上传" in page and "坏照片.jpg" in page and "已经损坏" in page
    assert "已上传 1 个" in page
    assert newest(app)[0].file_name == "合同.pdf" and len(files_in(app)) == 1


def test_more_files_than_fit_at_once_are_refused_one_by_one(app: Flask, mending: int, sign_in: SignIn) -> None:
    answer = upload(sign_in("company_clerk"), mending, *((PDF, f"{number}.pdf") for number in range(11)))
    assert answer.status_code == 422 and answer.get_data(as_text=True).count("一次最多上传 9 个") == 2
    assert len(files_in(app)) == 9


def test_a_form_without_a_file_says_what_to_do(mending: int, sign_in: SignIn) -> None:
    answer = upload(sign_in("company_clerk"), mending, (b"", ""))
    assert answer.status_code == 422 and "请先选择文件" in answer.get_data(as_text=True)


def test_several_files_together_may_be_larger_than_any_other_form(app: Flask, mending: int, sign_in: SignIn) -> None:
    client = sign_in("company_clerk")
    large = PDF + bytes(9 * 1024 * 1024)
    assert upload(client, mending, (large, "一.pdf"), (large, "二.pdf")).status_code == 302
    assert upload(client, mending, *((large, f"{number}.pdf") for number in range(6))).status_code == 413
    assert len(files_in(app)) == 2
    other_form = client.post("/rectification/new/", data={"what": (io.BytesIO(large + large), "x")})
    assert other_form.status_code == 413


@pytest.mark.slow
def test_an_upload_without_the_forms_token_is_refused(
    app: Flask, tmp_path: Path, mending: int, sign_in: SignIn
) -> None:
    client = sign_in("company_clerk")
    guarded = build_app(app.config["SQLALCHEMY_DATABASE_URI"], tmp_path, WTF_CSRF_ENABLED=True)
    browser = guarded.test_client()
    cookie = client.get_cookie("office")
    assert cookie is not None
    browser.set_cookie("office", cookie.value)
    assert browser.get(f"/rectification/details/?id={mending}").status_code == 200
    assert upload(browser, mending, (PDF, "合同.pdf")).status_code == 400
    assert files_in(app) == []
    with guarded.app_context():
        db.engine.dispose()


def test_a_photo_is_never_compulsory(app: Flask, mending: int, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    with app.app_context(), system_session("demo", readonly=True) as session:
        row = session.get(Rectification, mending)
        form = {"company": row.company_id, "what": "补齐标志", "responsible": "张三", "due_on": "2026-12-01"}
    form |= {"status": "done", "done_on": "2026-11-20", "evidence": "已挂好", "version_seen": 1}
    assert client.post("/rectification/new/", data=form).status_code == 302


# On the rectification's page


def test_the_page_shows_the_files_and_the_form_to_who_may_add(app: Flask, mending: int, sign_in: SignIn) -> None:
    clerk, reader = sign_in("company_clerk"), sign_in("branch_admin")
    upload(clerk, mending, (picture(), "现场<b>.jpg"), (PDF, "合同.pdf"))
    photo, contract = newest(app, 2)
    page = clerk.get(f"/rectification/details/?id={mending}").get_data(as_text=True)
    assert "现场&lt;b&gt;.jpg" in page and f"/file/?id={photo.id}&amp;size=small" in page
    assert f'href="/file/?id={contract.id}"' in page and f"/file/?id={contract.id}&amp;size=small" not in page
    assert 'type="file"' in page and "csrf_token" in page
    assert f"/attachment/delete/?id={contract.id}" in page
    assert f"{len(PDF)} 字节" in page and f"{len(PDF)} 字节" in clerk.get("/attachment/").get_data(as_text=True)
    looked_at = reader.get(f"/rectification/details/?id={mending}").get_data(as_text=True)
    assert "合同.pdf" in looked_at and 'type="file"' not in looked_at
    assert f"/attachment/delete/?id={contract.id}" not in looked_at


def test_a_closed_rectification_takes_no_more_files(app: Flask, mending: int, sign_in: SignIn) -> None:
    with app.app_context(), system_session("demo") as session:
        row = session.get(Rectification, mending)
        row.status, row.done_on, row.closed_on = RectificationStatus.CLOSED, row.due_on, row.due_on
        session.commit()
    office = sign_in("city_admin")
    assert 'type="file"' not in office.get(f"/rectification/details/?id={mending}").get_data(as_text=True)
    refused = upload(office, mending, (PDF, "合同.pdf"))
    assert refused.status_code == 400 and "已经销号" in refused.get_data(as_text=True)
    assert files_in(app) == []


def test_a_lost_file_is_answered_by_a_page_that_says_what_to_do(app: Flask, mending: int, sign_in: SignIn) -> None:
    client = sign_in("company_clerk")
    upload(client, mending, (PDF, "合同.pdf"))
    (lost,) = newest(app)
    (app.config["SETTINGS"].files_dir / lost.stored_name).unlink()
    answer = client.get(f"/file/?id={lost.id}")
    assert answer.status_code == 404
    assert "合同.pdf" in answer.get_data(as_text=True) and "从备份里找回" in answer.get_data(as_text=True)
    assert client.get(f"/rectification/details/?id={mending}").status_code == 200


# The walls


def test_a_foreign_file_is_answered_exactly_like_one_that_does_not_exist(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    upload(sign_in("city_admin"), world.rows["rectification", "乙"], (picture(), "乙方.jpg"))
    (foreign,) = newest(app)
    clerk = sign_in("company_clerk")
    for size in ("", "&size=small"):
        hidden, missing = clerk.get(f"/file/?id={foreign.id}{size}"), clerk.get(f"/file/?id=999999{size}")
        assert (hidden.status_code, hidden.get_data()) == (404, missing.get_data())
    for key in (world.rows["rectification", "乙"], "999999", "1,2", "-1", "", "9" * 20, "\x00"):
        assert clerk.get("/file/upload/", query_string={"id": key}).status_code == 404
        assert clerk.get("/file/", query_string={"id": key}).status_code == 404
    assert upload(clerk, world.rows["rectification", "乙"], (PDF, "合同.pdf")).status_code == 404
    assert len(newest(app, 9)) == 3


def test_who_only_reads_can_not_add_and_who_has_no_permission_gets_nothing(
    app: Flask, mending: int, sign_in: SignIn
) -> None:
    upload(sign_in("company_clerk"), mending, (PDF, "合同.pdf"))
    (stored,) = newest(app)
    reader = sign_in("branch_admin")
    assert reader.get(f"/file/?id={stored.id}").status_code == 200
    assert reader.get(f"/file/upload/?id={mending}").status_code == 403
    assert upload(reader, mending, (PDF, "合同.pdf")).status_code == 403
    for role in ("auditor", "system_admin", "security_admin"):
        assert sign_in(role).get(f"/file/?id={stored.id}").status_code == 403
    # The branch that sent the adviser reads them with the rectification.
    sender = sign_in("branch_admin")
    assert sender.get(f"/file/?id={stored.id}").status_code == 200
    assert upload(sender, mending, (PDF, "合同.pdf")).status_code == 403
    assert len(files_in(app)) == 1


def test_nobody_gets_or_adds_a_file_without_signing_in(app: Flask, mending: int, sign_in: SignIn) -> None:
    upload(sign_in("company_clerk"), mending, (PDF, "合同.pdf"))
    stranger = app.test_client()
    assert stranger.get(f"/file/?id={newest(app)[0].id}").location.startswith("/sign-in")
    assert upload(stranger, mending, (PDF, "合同.pdf")).status_code == 401
    assert len(files_in(app)) == 1


# A file lives and dies with its row

TAKEN = Examined("照片.jpg", "image/jpeg", b"content", b"small")


@pytest.fixture
def clerk(office: tuple[Flask, World]) -> Iterator[Any]:
    """A session of the company clerk."""
    session = db.session.session_factory(actor=actor_of("company_clerk"))
    yield session
    session.close()


def store(session: Any, office: tuple[Flask, World], side: str = "甲") -> Attachment:
    """Add a file to the rectification of a side."""
    row = session.get(Rectification, office[1].rows["rectification", side])
    return attachments.store_attachment(session, row, TAKEN, office[0].config["SETTINGS"].files_dir)


def test_a_committed_file_stays_with_its_size_and_checksum(clerk: Any, office: tuple[Flask, World]) -> None:
    stored = store(clerk, office)
    clerk.commit()
    assert files_in(office[0]) == [stored.stored_name, f"{stored.stored_name}.small"]
    assert stored.size == 7 and stored.sha256.startswith("ed7002b4")
    clerk.rollback()
    assert len(files_in(office[0])) == 2


@pytest.mark.parametrize("end", ["rollback", "close"])
def test_a_transaction_that_is_not_committed_leaves_no_file(end: str, clerk: Any, office: tuple[Flask, World]) -> None:
    store(clerk, office)
    assert len(files_in(office[0])) == 2
    getattr(clerk, end)()
    assert files_in(office[0]) == []


def test_a_file_that_the_walls_refuse_is_not_left_behind(office: tuple[Flask, World]) -> None:
    session = db.session.session_factory(actor=actor_of("branch_admin"))
    with pytest.raises(NotAllowed):
        store(session, office)
    session.rollback()
    assert files_in(office[0]) == []
    session.close()


def test_a_deleted_file_is_out_of_reach_and_comes_back_from_the_trash(
    app: Flask, mending: int, sign_in: SignIn
) -> None:
    client = sign_in("city_admin")
    upload(client, mending, (picture(), "现场.jpg"))
    (stored,) = newest(app)
    content = client.get(f"/file/?id={stored.id}").get_data()
    answer = client.post("/attachment/delete/", data={"id": stored.id})
    assert answer.location == f"/rectification/details/?id={mending}"
    assert client.get(f"/file/?id={stored.id}").status_code == 404
    assert len(files_in(app)) == 2
    client.post(f"/trash/step/restore/?id={trashed(app)}", data={"version_seen": "1"})
    assert client.get(f"/file/?id={stored.id}").get_data() == content
    assert client.get(f"/file/?id={stored.id}&size=small").status_code == 200


def test_the_files_of_a_deleted_rectification_come_back_with_it(app: Flask, mending: int, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    upload(client, mending, (PDF, "合同.pdf"))
    (stored,) = newest(app)
    client.post("/rectification/delete/", data={"id": mending})
    assert client.get(f"/file/?id={stored.id}").status_code == 404
    client.post(f"/trash/step/restore/?id={trashed(app)}", data={"version_seen": "1"})
    assert client.get(f"/file/?id={stored.id}").get_data() == PDF


def test_what_is_deleted_from_the_trash_is_gone_with_its_files_and_no_others(
    app: Flask, mending: int, sign_in: SignIn
) -> None:
    client = sign_in("city_admin")
    upload(client, mending, (picture(), "留下.jpg"), (picture(), "删除.jpg"))
    kept, gone = newest(app, 2)
    client.post("/attachment/delete/", data={"id": gone.id})
    entry = trashed(app)
    assert "不能再找回" in client.get(f"/trash/delete/?id={entry}").get_data(as_text=True)
    client.post("/trash/delete/", data={"id": entry})
    assert client.get(f"/trash/details/?id={entry}").status_code == 404
    assert files_in(app) == [kept.stored_name, f"{kept.stored_name}.small"]
    assert trashed(app) != entry


def trashed(app: Flask) -> int:
    """The newest entry of the trash."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        return session.scalars(select(Trash.id).order_by(Trash.id.desc()).limit(1)).one()
