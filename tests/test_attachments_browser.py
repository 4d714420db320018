"""A clerk on a phone adds a photo to a rectification and sees it; a bad file is named on the spot."""

from pathlib import Path
from typing import Any

import pytest

from tests import test_browser
from tests.site import signed_in
from tests.test_attachments import PDF, phone_exif, picture

pytestmark = pytest.mark.browser
site, chromium = test_browser.site, test_browser.chromium


def test_the_clerk_adds_a_photo_on_a_phone_and_sees_it(chromium: Any, site: str, tmp_path: Path) -> None:
    photo, contract, program = tmp_path / "活动室标志.jpg", tmp_path / "制作合同.pdf", tmp_path / "程序.jpg"
    photo.write_bytes(picture("JPEG", (1600, 1200), exif=phone_exif()))
    contract.write_bytes(PDF)
    program.write_bytes(b"MZ program")
    page, complaints = signed_in(chromium, site, "company_clerk", 390)

    page.goto(f"{site}/company/")
    page.click("td.main a")
    company = page.url.rpartition("=")[2]
    page.goto(f"{site}/rectification/new/?company={company}")
    page.fill("#what", "补齐：活动室门口的标志")
    page.fill("#responsible", "示例·企业负责人")
    page.fill("#due_on", "2026-12-31")
    page.click("button:has-text('保存') >> nth=0")
    page.wait_for_selector("h1:has-text('补齐：活动室门口的标志')")

    page.set_input_files("#files", [photo, contract])
    page.click("button:has-text('上传')")
    page.wait_for_selector("text=已上传 2 个附件。")
    shown = page.locator("img.file-mark")
    shown.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('img.file-mark').naturalWidth > 0")
    width, height = (shown.evaluate(f"image => image.natural{side}") for side in ("Width", "Height"))
    assert height > width, "the phone was held upright"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    with page.expect_download() as download:
        page.click("text=制作合同.pdf")
    assert download.value.suggested_filename == "制作合同.pdf"

    page.set_input_files("#files", [program])
    page.click("button:has-text('上传')")
    page.wait_for_selector("text=程序.jpg")
    assert "这种文件不能上传" in page.inner_text("[role=alert]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # The browser reports the refusal's status, 422, by itself.
    assert [text for text in complaints if "422" not in text] == []


def test_too_much_at_once_is_said_before_it_is_sent(chromium: Any, site: str, tmp_path: Path) -> None:
    page, complaints = signed_in(chromium, site, "city_admin", 1280)
    page.goto(f"{site}/rectification/")
    page.click("td.main a >> nth=0")
    large = tmp_path / "大文件.pdf"
    with large.open("wb") as file:
        file.truncate(51 * 1024 * 1024)
    page.set_input_files("#files", [large])
    page.click("button:has-text('上传')")
    assert "超过 50 MB" in page.evaluate("document.querySelector('#files').validationMessage")
    assert "/rectification/details/" in page.url
    assert complaints == []
