"""Printing: what stands on the page, what its seal tells, where its code leads, and how the signed page comes back."""

import io
import json
import zipfile
from typing import Any

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from models import (
    Assessment,
    AssessmentRound,
    AssessmentStatus,
    Company,
    Rectification,
)
from policy import acting_as, system_session
from services.checklists.outline import GroupOutline, ItemOutline, Outline
from services.documents.book import make_book
from services.documents.pdf import Mark, make_pdf
from services.documents.seals import digest_of
from tests.conftest import signed_in
from tests.printed import (
    MARK,
    bare,
    changed,
    data_now,
    first_answer,
    make_round,
    pages_of,
    picture_of,
    printed,
    seals,
    text_of,
)
from tests.world import World

MARKUP = '#import "x"; *粗* _斜_ $x^2$ \\ "引" `码` <标> @引 #{panic()} // 注 /* 释 */ = 题 ~ -- {{ 1 }} \'单\''
MANY = Outline(
    "六十项",
    tuple(
        GroupOutline(f"第{n}组", tuple(ItemOutline(f"{n}.{m}", f"检查项{n}之{m}") for m in range(12))) for n in range(5)
    ),
)


def with_texts(data: Any, text: str) -> Any:
    """The same data with every text of the record replaced, but for the form's own name."""
    if isinstance(data, dict):
        return {name: value if name == "form" else with_texts(value, text) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [with_texts(one, text) for one in data]
    return text if isinstance(data, str) else data


# What stands on the page


@pytest.mark.slow
def test_the_printed_checklist_says_every_item_and_every_score(
    app: Flask, city: FlaskClient, opened: tuple[int, int]
) -> None:
    text = text_of(printed(city, "", opened[0]))
    for words in (
        "支部标准化（2026版）考核表", "被考核单位：示例甲有限公司", "考核批次：2026年上半年考核", "按期开展主题党日", "党课质量", "听课",
        "台账缺漏", "市级以上表彰", "出现违纪问题", "党员亮身份", "最多加5", "一票否决", "加1.5分", "较好", "4次", "7次",
        "说明：说明1.1", "不一致的原因：原因1.2", "考评结果：基本达标", "被考核单位（盖章）", "考评人（签字）", "党组织（盖章）", "第1页，共1页",
    ):  # fmt: skip
        assert bare(words) in text, words
    line = data_now(app, opened[0])["lines"]
    assert [one["review_points"] for one in line] == ["12", "8.4", "8", "1.5", "—", "10"]
    assert [one["own_points"] for one in line] == ["20", "10.5", "10", "2", "—", "10"]
    for one in line:
        assert one["review_points"] in text and one["own_points"] in text


@pytest.mark.slow
def test_sixty_items_stand_on_pages_with_heads_and_numbers(app: Flask, world: World, city: FlaskClient) -> None:
    key, _round = make_round(app, world, MANY)
    pages = pages_of(printed(city, "", key))
    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        assert f"第{number}页，共{len(pages)}页" in page and "校验号" in page
    assert all("考评办法" in page for page in pages[:-1])
    whole = "".join(pages)
    assert all(f"检查项{n}之{m}" in whole for n in range(5) for m in range(12))


def test_nothing_that_people_write_is_taken_for_markup(app: Flask, world: World, opened: tuple[int, int]) -> None:
    mending = world.rows["rectification", "甲"]
    for model, key in ((Assessment, opened[0]), (AssessmentRound, opened[1]), (Rectification, mending)):
        data = with_texts(data_now(app, key, model), MARKUP)
        assert bare(MARKUP) in text_of(make_pdf(data, MARK)), model


def test_very_long_texts_go_on_over_the_pages_and_lose_nothing(
    app: Flask, world: World, opened: tuple[int, int]
) -> None:
    note = "很长的说明，写了又写。" * 363 + "x" * 400 + "完。"
    assert len(note) > 4_000
    data = data_now(app, opened[0])
    data["note"], data["lines"][2]["remarks"] = note, [note]
    assert text_of(make_pdf(data, MARK)).count(bare(note)[-410:]) == 2
    notice = data_now(app, world.rows["rectification", "甲"], Rectification)
    notice["evidence"] = note
    assert bare(note)[-410:] in text_of(make_pdf(notice, MARK))


def test_a_branch_that_is_assessed_itself_is_printed_without_a_company(
    app: Flask, world: World, city: FlaskClient
) -> None:
    key, _round = make_round(app, world, of_branch=True)
    answer = city.post(f"/print/?id={key}")
    text = text_of(answer.get_data())
    assert "被考核单位：秘branch甲企业支部" in text
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]


def test_what_was_corrected_says_so(app: Flask, city: FlaskClient, opened: tuple[int, int]) -> None:
    assert "更正" not in text_of(printed(city, "", opened[0]))
    changed(app, opened[0], corrected=True)
    assert "更正" in text_of(printed(city, "", opened[0]))


def test_examples_are_marked_on_every_page_and_nothing_else_is(app: Flask, world: World) -> None:
    key, _round = make_round(app, world, MANY)
    data = data_now(app, key)
    demo = Mark(MARK.address, MARK.short, MARK.printed_on, demo=True)
    assert all("示例：演示数据" in page for page in pages_of(make_pdf(data, demo)))
    assert "演示数据" not in text_of(make_pdf(data, MARK))


def test_the_summary_says_how_everybody_was_assessed(city: FlaskClient, opened: tuple[int, int]) -> None:
    text = text_of(printed(city, "round", opened[1]))
    for words in (
        "2026年上半年考核汇总表", "支部标准化（2026版）", "示例甲有限公司", "已考评", "79.01", "基本达标",
        "共1家：达标0家，基本达标1家，不达标0家，还没有考评结果0家；已签字确认0家。",
    ):  # fmt: skip
        assert words in text, words


def test_the_notice_says_what_is_to_be_mended_and_by_when(app: Flask, world: World, city: FlaskClient) -> None:
    key = world.rows["rectification", "甲"]
    text = text_of(printed(city, "rectification", key))
    for words in (
        "整改通知书",
        "秘rectification甲what",
        "2026年1月2日",
        "整改回执",
        "复查人（签字）",
        "签发单位（盖章）",
    ):
        assert words in text, words


# As a workbook


def sheet_of(content: bytes) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def test_the_workbook_says_the_same_as_the_page_with_numbers_as_numbers(
    city: FlaskClient, opened: tuple[int, int]
) -> None:
    answer = city.get(f"/print/assessment/workbook/?id={opened[0]}")
    assert "%E8%80%83%E6%A0%B8%E8%A1%A8.xlsx" in answer.headers["Content-Disposition"]
    rows = sheet_of(answer.get_data())
    heads = next(number for number, row in enumerate(rows) if row[0] == "序号")
    assert [row[2] for row in rows[heads + 1 : heads + 7]] == [
        "按期开展主题党日", "党课质量", "台账缺漏", "市级以上表彰", "出现违纪问题", "党员亮身份",
    ]  # fmt: skip
    assert [row[8] for row in rows[heads + 1 : heads + 7]] == [12, 8.4, 8, 1.5, "—", 10]
    assert "考评结果：基本达标" in str(rows) and "示例甲有限公司" in str(rows)


def test_the_summary_is_a_workbook_too(city: FlaskClient, opened: tuple[int, int]) -> None:
    rows = sheet_of(city.get(f"/print/round/workbook/?id={opened[1]}").get_data())
    assert next(row for row in rows if row[1] == "示例甲有限公司")[6] == 79.01


def test_nothing_in_a_workbook_is_a_formula_or_a_link(app: Flask, opened: tuple[int, int]) -> None:
    for text in ("=1+1", "@SUM(1)", "+1", "-1", "＝1", "http://example.gov.cn", "=HYPERLINK(1)"):
        book = make_book(with_texts(data_now(app, opened[0]), text), demo=True)
        with zipfile.ZipFile(io.BytesIO(book)) as parts:
            written = b"".join(parts.read(name) for name in parts.namelist() if "sheet" in name)
        assert b"<f>" not in written and b"hyperlink" not in written, text


def test_the_workbook_is_for_who_may_export(app: Flask, opened: tuple[int, int]) -> None:
    address = f"/print/assessment/workbook/?id={opened[0]}"
    assert signed_in(app, "company_clerk").get(address).status_code == 200
    assert signed_in(app, "auditor").get(address).status_code == 403


# What the seal tells


def test_a_print_leaves_a_seal_with_the_digest_of_what_it_shows(
    app: Flask, clerk: FlaskClient, opened: tuple[int, int]
) -> None:
    text = text_of(printed(clerk, "", opened[0]))
    (seal,) = seals(app)
    assert seal.digest == digest_of(data_now(app, opened[0]))
    assert seal.sealed_by == "用户company_clerk" and seal.assessment_id == opened[0]
    assert bare(f"校验号{seal.short}") in text and len(seal.key) == 22


def test_the_digest_changes_with_everything_that_is_shown(app: Flask, opened: tuple[int, int]) -> None:
    data = data_now(app, opened[0])
    digest, found = digest_of(data), set()
    places = [(name,) for name in data] + [("lines", n, name) for n in range(6) for name in data["lines"][n]]
    for place in places:
        other = json.loads(json.dumps(data))
        inner = other
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = f"{inner[place[-1]]}变"
        found.add(digest_of(other))
    assert digest not in found and len(found) == len(places)
    assert digest_of(dict(reversed(data.items()))) == digest


@pytest.mark.parametrize(
    "change", [{"note": "备注"}, {"corrected": True}, {"status": AssessmentStatus.SUBMITTED}, {"review_score": 7_902}]
)
def test_the_digest_changes_with_the_record(change: dict[str, Any], app: Flask, opened: tuple[int, int]) -> None:
    before = digest_of(data_now(app, opened[0]))
    changed(app, opened[0], **change)
    assert digest_of(data_now(app, opened[0])) != before


def test_the_digest_stays_while_only_what_is_not_shown_changes(
    app: Flask, world: World, city: FlaskClient, clerk: FlaskClient, opened: tuple[int, int]
) -> None:
    printed(city, "", opened[0])
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        session.get(Company, world.rows["company", "甲"]).contact_name = "换了人"
        first_answer(session, opened[0]).review_by = "换了人"
        session.commit()
    printed(clerk, "", opened[0])
    first, second = seals(app)
    assert first.digest == second.digest and first.key != second.key


def test_the_record_tells_when_it_was_changed_after_the_print(
    app: Flask, clerk: FlaskClient, opened: tuple[int, int]
) -> None:
    told = "这份考核表打印之后，内容有过改动：请重新打印。"
    pages = [f"/assessment/details/?id={opened[0]}", f"/assess/?id={opened[0]}"]
    printed(clerk, "", opened[0])
    for page in pages:
        answer = clerk.get(page).get_data(as_text=True)
        assert told not in answer and "用户company_clerk" in answer and seals(app)[0].short in answer
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        first_answer(session, opened[0]).note = "改了说明"
        session.commit()
    assert all(told in clerk.get(page).get_data(as_text=True) for page in pages)
    printed(clerk, "", opened[0])
    assert all(told not in clerk.get(page).get_data(as_text=True) for page in pages)


def test_rounds_and_rectifications_tell_it_too(
    app: Flask, world: World, city: FlaskClient, opened: tuple[int, int]
) -> None:
    mending = world.rows["rectification", "甲"]
    printed(city, "round", opened[1])
    printed(city, "rectification", mending)
    changed(app, opened[0], note="补记")
    with app.app_context(), system_session("demo") as session, acting_as(session.info["actor"]):
        session.get(Rectification, mending).responsible = "换了人"
        session.commit()
    told = "打印之后，内容有过改动：请重新打印。"
    for page in ("/assessment_round/details/", "/round/"):
        assert f"这份汇总表{told}" in city.get(f"{page}?id={opened[1]}").get_data(as_text=True)
    assert f"这份整改通知书{told}" in city.get(f"/rectification/details/?id={mending}").get_data(as_text=True)


def test_looking_never_prints_and_leads_to_the_record(
    app: Flask, world: World, city: FlaskClient, opened: tuple[int, int]
) -> None:
    keys = {"": opened[0], "round/": opened[1], "rectification/": world.rows["rectification", "甲"]}
    for kind, key in keys.items():
        answer = city.get(f"/print/{kind}?id={key}")
        assert answer.status_code == 302 and f"/details/?id={key}" in answer.headers["Location"]
    assert seals(app) == []


def test_in_wechat_one_is_told_to_open_the_browser_and_nothing_is_sealed(
    app: Flask, clerk: FlaskClient, opened: tuple[int, int]
) -> None:
    phone = {"User-Agent": "Mozilla/5.0 (Linux; Android 14; Mobile) MicroMessenger/8.0"}
    page = clerk.post(f"/print/?id={opened[0]}", headers=phone).get_data(as_text=True)
    assert "微信里不能下载文件" in page and f"/assessment/details/?id={opened[0]}" in page
    page = clerk.get(f"/print/assessment/workbook/?id={opened[0]}", headers=phone).get_data(as_text=True)
    assert "微信里不能下载文件" in page
    assert seals(app) == []


@pytest.mark.parametrize("role", ["system_admin", "security_admin", "auditor"])
def test_who_runs_the_system_prints_nothing(role: str, app: Flask, opened: tuple[int, int]) -> None:
    for address in ("/print/", "/p/", "/p/abc"):
        assert signed_in(app, role).get(address).status_code == 403
    assert signed_in(app, role).post(f"/print/?id={opened[0]}").status_code == 403
    assert seals(app) == []


def test_the_branch_that_sent_the_adviser_reads_and_prints_nothing(app: Flask, opened: tuple[int, int]) -> None:
    client = signed_in(app, "branch_admin")
    page = client.get(f"/assessment/details/?id={opened[0]}")
    assert page.status_code == 200 and 'id="prints"' not in page.get_data(as_text=True)
    assert client.post(f"/print/?id={opened[0]}").status_code == 403
    assert seals(app) == []


@pytest.mark.parametrize("role", ["adviser", "inspector"])
def test_who_reviews_prints(role: str, app: Flask, opened: tuple[int, int]) -> None:
    printed(signed_in(app, role), "", opened[0])
    assert len(seals(app)) == 1


# Where the code leads


def test_the_code_on_every_page_leads_to_the_record(app: Flask, world: World, clerk: FlaskClient) -> None:
    key, _round = make_round(app, world, MANY)
    pdf = printed(clerk, "", key)
    (seal,) = seals(app)
    for page in range(len(pages_of(pdf))):
        (code,) = zxingcpp.read_barcodes(picture_of(pdf, page, 1_700))
        assert code.text == f"http://localhost/p/{seal.key}"
    answer = clerk.get(f"/p/{seal.key}")
    assert answer.status_code == 302 and answer.headers["Location"] == f"/assessment/details/?id={key}"


def test_whoever_is_not_signed_in_signs_in_and_comes_back(
    app: Flask, clerk: FlaskClient, opened: tuple[int, int]
) -> None:
    printed(clerk, "", opened[0])
    address = f"/p/{seals(app)[0].key}"
    answer = app.test_client().get(address)
    assert answer.status_code == 302 and f"/sign-in?next={address}" in answer.headers["Location"].replace("%2F", "/")


def test_the_code_of_anothers_print_is_answered_like_one_that_there_is_not(
    app: Flask, world: World, clerk: FlaskClient, city: FlaskClient
) -> None:
    foreign = world.rows["assessment", "乙"]
    printed(city, "", foreign)
    address = f"/p/{seals(app)[0].key}"
    assert city.get(address).status_code == 302
    hidden, missing = clerk.get(address), clerk.get(f"/p/{'x' * 22}")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.get_data() == missing.get_data()
    assert clerk.post(f"/print/?id={foreign}").status_code == 404
    assert clerk.get(f"/print/assessment/workbook/?id={foreign}").status_code == 404


def test_a_record_that_nobody_printed_offers_it(clerk: FlaskClient, opened: tuple[int, int]) -> None:
    page = clerk.get(f"/assessment/details/?id={opened[0]}").get_data(as_text=True)
    assert "还没有打印过" in page and "打印（PDF）" in page and "导出（Excel）" in page
