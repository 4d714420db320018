"""A clerk prints a checklist at the desk, and hands in the photo of the signed page from a phone."""

from pathlib import Path
from typing import Any

import pytest

from tests import test_browser
from tests.printed import photo_of
from tests.site import DESK, PHONE, signed_in

pytestmark = pytest.mark.browser
site, chromium = test_browser.site, test_browser.chromium


def test_a_printed_checklist_comes_back_signed(chromium: Any, site: str, tmp_path: Path) -> None:
    desk, complaints = signed_in(chromium, site, "company_clerk", DESK)
    desk.goto(f"{site}/assessment/")
    desk.click("td.main a >> nth=0")
    assert "还没有打印过" in desk.inner_text("#prints")
    with desk.expect_download() as download:
        desk.click("#prints button:has-text('打印')")
    assert download.value.suggested_filename.endswith("年_远东实业_考核表.pdf")
    paper = tmp_path / "签字页.jpg"
    paper.write_bytes(photo_of(Path(download.value.path()).read_bytes(), turn=-8, blur=1, noise=30))
    desk.reload()
    assert "最近一次打印" in desk.inner_text("#prints")

    phone, phone_complaints = signed_in(chromium, site, "company_clerk", PHONE)
    phone.goto(f"{site}/signed-page/")
    phone.set_input_files("#files", [paper])
    phone.click("main button:has-text('上传并归档')")
    phone.wait_for_selector("text=已归档 1 张签字页。")
    assert phone.url == desk.url
    assert "签字页.jpg" in phone.inner_text("#attachments")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert complaints + phone_complaints == []
