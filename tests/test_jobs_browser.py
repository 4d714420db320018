"""A job's page keeps itself up to date in a real browser, and without scripts has a link that does."""

from pathlib import Path

import pytest

from tests.site import PHONE, demo_app, running_chromium, serving, signed_in


@pytest.mark.browser
def test_a_jobs_page_goes_on_by_itself_once_the_job_is_done(tmp_path: Path) -> None:
    app = demo_app(tmp_path)
    app.config["JOBS_IMMEDIATE"] = False
    queue = app.extensions["jobs"]
    with serving(app) as site, running_chromium() as chromium:
        page, complaints = signed_in(chromium, site, "city_admin", PHONE)
        page.goto(f"{site}/company/export/")
        page.click("main button:has-text('在后台生成')")
        page.wait_for_selector("[data-job-words]:has-text('正在排队')")
        assert page.locator("main a:has-text('刷新')").is_visible()
        queue.huey.execute(queue.huey.dequeue())
        page.wait_for_selector("main a:has-text('下载文件')")
        with page.expect_download() as fetched:
            page.click("main a:has-text('下载文件')")
        assert fetched.value.suggested_filename.endswith("_企业.xlsx")
        assert complaints == []
