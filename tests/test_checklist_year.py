"""A checklist's whole way: written, published, assessed in a round, disagreed with, mended, re-checked, signed, printed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.printed import photo_of, text_of
from tests.site import DESK, PHONE, running_chromium, served_demo, signed_in
from tests.test_attachments import picture
from tests.test_checklist_browser import ITEMS, begin_version, write_items

pytestmark = pytest.mark.browser
ROUND, FAILED, PARTLY = "2026 年示例考核", "示例检查项 1.4", "示例检查项 1.5"


@dataclass
class People:
    """Who takes part: each in a browser of their own, the office at a desk and the others with a phone."""

    site: str
    chromium: Any
    pages: dict[str, Any] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def page_of(self, name: str, width: int) -> Any:
        """Somebody's page, opened when first asked for."""
        if name not in self.pages:
            self.pages[name], told = signed_in(self.chromium, self.site, name, width)
            self.pages[name].on("dialog", lambda dialog: dialog.accept())
            self.complaints = told if not self.complaints else self.complaints
        return self.pages[name]

    @property
    def office(self) -> Any:
        return self.page_of("city_admin", DESK)

    @property
    def clerk(self) -> Any:
        return self.page_of("company_clerk", PHONE)

    @property
    def adviser(self) -> Any:
        return self.page_of("adviser", PHONE)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with served_demo(tmp_path_factory.mktemp("year")) as site, running_chromium() as chromium:
        yield People(site, chromium)


def publish_checklist(people: People) -> None:
    """A checklist of thirty items, written and published by the office."""
    page = people.office
    begin_version(page, people.site)
    write_items(page)
    page.locator("[data-item] >> nth=1 >> [name^=off_each-]").fill("0.5")
    third = page.locator("[data-item] >> nth=2")
    third.locator("summary").click()
    third.locator("[name^=evidence-]").fill("现场照片")
    page.click(".checklist-foot .btn-primary")
    page.wait_for_selector("text=已保存。")
    page.click("text=返回版本")
    page.click("button:has-text('发布')")
    page.wait_for_selector("text=已发布，从现在起不能再改。")


def open_round(people: People) -> None:
    """A round of it over the twenty companies."""
    page = people.office
    page.click("text=用它开始一个批次")
    page.fill("#name", ROUND)
    page.fill("#working_days", "20")
    page.click("button[value=reckon]")
    page.wait_for_selector(".reckon [role=status]")
    page.click("button[value=all-companies]")
    assert page.inner_text("[data-picked]") == "20"
    page.click("button[value=open]")
    page.wait_for_selector(f"h1:has-text('{ROUND}')")
    assert "20" in page.inner_text("main")


def choose(page: Any, text: str, answer: str, reason: str = "") -> None:
    """Answer an item by its text."""
    item = page.locator(f"[data-item]:has(legend:has-text('{text}'))")
    item.locator(f".answer-choice:has-text('{answer}') input").first.check()
    if reason:
        item.locator("[name^=reason-]").fill(reason)


def answer_all(page: Any) -> None:
    """Twelve times, nothing taken off, and everything else met."""
    page.locator("[data-item] >> nth=0 >> [name^=number-]").fill("12")
    page.locator("[data-item] >> nth=1 >> [name^=number-]").fill("0")
    for place in range(2, ITEMS):
        page.locator(f"[data-item] >> nth={place}").locator("input[value=met]").check()
    page.wait_for_selector("[data-queue-words]:text-is('全部已上传。')")


def assess_oneself(people: People, tmp_path: Path) -> None:
    """The clerk finds the checklist at home, answers it, proves an item with a photo and hands it in."""
    page = people.clerk
    page.goto(people.site)
    card = page.locator(f".card:has-text('{ROUND}')").first
    card.locator("a:has-text('填检查表')").first.click()
    page.wait_for_selector("[data-item]")
    assert page.locator("[data-item]").count() == ITEMS
    answer_all(page)
    photo = tmp_path / "现场.jpg"
    photo.write_bytes(picture())
    page.locator("[data-item] >> nth=2 >> input[type=file]").set_input_files([photo])
    page.wait_for_selector("[data-item] >> nth=2 >> [data-photo] img[src*='/file/']")
    page.click("button:has-text('提交自评')")
    page.wait_for_selector("text=自评已提交。")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE


def review(people: People) -> None:
    """The adviser sees two things otherwise: without a reason that isn't taken."""
    page = people.adviser
    page.goto(people.clerk.url)
    page.wait_for_selector("[data-item]")
    answer_all(page)
    choose(page, FAILED, "未达到")
    choose(page, PARTLY, "部分达到", "现场看，只做了一半。")
    page.click("button:has-text('完成考评')")
    page.wait_for_selector("[role=alert]:has-text('请写明原因')")
    choose(page, FAILED, "未达到", "现场没有看到。")
    page.click("button:has-text('完成考评')")
    page.wait_for_selector("text=有 1 项未达到，已列入整改。")
    assert page.locator("details:has-text('不一致的有 2 项')").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE


def mend(people: People) -> None:
    """The clerk mends, the office isn't content, the clerk mends again, the office strikes it off."""
    clerk, office = people.clerk, people.office
    for evidence, step in (("已经补上。", "退回整改…"), ("照片也补上了。", "复查销号…")):
        clerk.goto(people.site)
        clerk.click(f"a:has-text('{FAILED}')")
        clerk.click("text=报整改完成…")
        clerk.fill("#evidence", evidence)
        clerk.click("main button[type=submit]:has-text('报整改完成')")
        clerk.wait_for_selector("text=已整改待复查")
        office.goto(clerk.url)
        office.click(f"text={step}")
        if step == "退回整改…":
            office.fill("#return_reason", "还缺照片。")
        office.click(f"main button[type=submit]:has-text('{step.removesuffix('…')}')")
        office.wait_for_selector("[role=status]:has-text('已办理'), .alert:has-text('已办理')")
    clerk.reload()
    assert "已销号" in clerk.inner_text("main")


def sign_and_print(people: People, tmp_path: Path) -> None:
    """The office signs it off and prints it; the signed page finds its record by the code on it."""
    page = people.office
    page.goto(people.adviser.url)
    page.click("button:has-text('签字确认')")
    page.wait_for_selector("text=已签字确认。")
    with page.expect_download() as download:
        page.click("#prints button:has-text('打印')")
    pdf = Path(download.value.path()).read_bytes()
    words = re.sub(r"\s", "", text_of(pdf))
    for expected in ("远东实业", "示例检查项1.1", "示例检查项3.10", "现场没有看到。", "考评人"):
        assert expected in words, expected
    paper = tmp_path / "签字页.jpg"
    paper.write_bytes(photo_of(pdf, turn=4))
    clerk = people.clerk
    clerk.goto(f"{people.site}/signed-page/")
    clerk.set_input_files("#files", [paper])
    clerk.click("main button:has-text('上传并归档')")
    clerk.wait_for_selector("text=已归档 1 张签字页。")


def see_it(people: People) -> None:
    """The list of disagreements and the company's own page tell of it; the form takes nothing any more."""
    page = people.office
    page.goto(f"{people.site}/disagreements/")
    assert {FAILED, PARTLY} <= set(page.locator("td.main a").all_inner_texts())
    page.goto(people.adviser.url)
    assert page.locator("button:has-text('保存')").count() == 0 and "已确认" in page.inner_text("main")


def test_a_checklist_goes_all_the_way_from_its_first_item_to_the_signed_page(people: People, tmp_path: Path) -> None:
    publish_checklist(people)
    open_round(people)
    assess_oneself(people, tmp_path)
    review(people)
    mend(people)
    sign_and_print(people, tmp_path)
    see_it(people)
    assert [one for one in people.complaints if "status of 422" not in one] == []
