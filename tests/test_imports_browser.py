"""In real Chromium: a branch's messy sheet goes in, two cells are put right, it is applied, seen, and taken back."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sheets_made import workbook
from tests.site import DESK, PHONE, served_demo, signed_in
from tests.test_browser import chromium as chromium

pytestmark = pytest.mark.browser
ROSTER = (
    ["示例支部党员花名册（2026年）"],
    ["填报单位（盖章）：示例支部", None, None, None, "2026年3月5日"],
    ["序号", "姓 名*", "性别", "证件\n号码", "出生年月\n（如1949.10）", "手机号码"],
    [1, "示例赵一", "男", "无", "1949年10月", "13800000001"],
    [2, "示例钱二", "女", 620200195503070045, "1955.3", "13800000002"],
    [3, "示例孙三", "男", "—", "五一年", "0937-6000003"],
    ["合计", None, None, None, None, "3 人"],
    ["填报人：示例李", None, "审核人：示例周"],
)  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served_demo(tmp_path_factory.mktemp("imports")) as address:
        yield address


def people(page: Any, site: str) -> int:
    """How many of the sheet's people the list finds."""
    page.goto(f"{site}/person/?search=示例赵一")
    return page.locator("td.main").count()


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_a_messy_sheet_goes_in_is_put_right_applied_seen_and_taken_back(chromium: Any, site: str, width: int) -> None:
    page, complaints = signed_in(chromium, site, "branch_admin", width)
    page.goto(f"{site}/person/")
    page.click("main a:text-is('导入')")
    roster = {"name": "党员花名册.xlsx", "mimeType": "", "buffer": workbook(*ROSTER)}
    assert page.inner_text(".file-choice").split() == ["选择文件", "还没有选"]  # not in the browser's own language
    page.set_input_files("#sheet", roster)
    page.wait_for_selector(".file-choice:has-text('党员花名册.xlsx')")
    page.click("text=上传并核对")
    page.click("summary:has-text('每一列对应什么')")
    page.select_option("#branch", index=1)
    page.click("text=按这样重新核对")
    page.wait_for_selector("text=有 2 行有错")
    assert page.locator("text=被 Excel 截断了").count() == 1
    page.get_by_role("textbox", name="身份证号").fill("无")
    page.get_by_role("textbox", name="出生年月").fill("1951.5")
    page.click("text=改好了，重新核对")
    page.click("main button:has-text('导入：新增 3 条')")
    page.wait_for_selector("text=已经导入：新增 3 条")
    done = page.url
    assert people(page, site) == 1
    page.goto(done)
    page.click("text=撤销这次导入")
    page.click("text=确定撤销")
    page.wait_for_selector("text=已经撤销")
    assert people(page, site) == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
