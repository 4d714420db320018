"""The checklist seen as a whole: each number is that of the rows it opens, nobody is ranked, and nobody sees what isn't his."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from admin.pages.matrix import MARKS
from benchmarks.matrix.rows import fill_round
from models import (
    Answer,
    Assessment,
    AssessmentAnswer,
    Branch,
    ChecklistVersion,
    Company,
    Rectification,
    RectificationStatus,
)
from models.clock import today
from policy import acting_as, system_session
from services.checklists import assess
from services.checklists.answers import REVIEW, SELF, falls_short, given_by, state_of
from services.checklists.outline import GroupOutline, ItemOutline, Outline
from services.checklists.versions import clone, new_template, outline_of, publish, save_outline
from services.reports.checklists import BLANK, Reckoner, items_of_versions, mark_group
from tests.conftest import signed_in
from tests.page_lint import problems_of
from tests.test_screens import counted
from tests.world import World, employ

COMPANIES, ITEMS = 8, 20
ROW = re.compile(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', re.DOTALL)
MARK = re.compile(r'<td class="\w"><a title="[^"]*"[^>]*? href="/assess/\?id=(\d+)#item-(\d+)">(\S)[^<]*</a></td>')
SIGNS = {state: sign for state, (_css, sign, _word) in MARKS.items()}
WORDS = {word: state for state, (_css, _sign, word) in MARKS.items()}


@pytest.fixture
def city(office: tuple[Flask, World]) -> Iterator[tuple[FlaskClient, int, int]]:
    """The city administrator's browser, and a round of companies in both sides' branches with its version."""
    app, world = office
    with system_session("demo") as session:
        found = fill_round(session, [world.branches["desk甲"], world.branches["desk乙"]], COMPANIES, ITEMS)
        session.commit()
    yield signed_in(app, "city_admin"), *found


def page_of(client: FlaskClient, address: str) -> str:
    """A page that opens, is well formed, and holds nothing that the content policy blocks."""
    answer = client.get(address)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200 and problems_of(page) == [], address
    return page


def names_on(page: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "", head) for head, _cells in ROW.findall(page)]


def all_rows(client: FlaskClient, address: str) -> list[str]:
    return names_on(page_of(client, unescape(address)))


def stored(round_id: int, branch: int | None = None) -> list[AssessmentAnswer]:
    """The answers of a round as the database has them, each with its assessment and item."""
    with system_session("demo", readonly=True) as session:
        rows = session.scalars(
            select(AssessmentAnswer)
            .join(Assessment, Assessment.id == AssessmentAnswer.assessment_id)
            .where(Assessment.round_id == round_id, *([Assessment.branch_id == branch] if branch else []))
        ).all()
        for row in rows:
            assert row.item.steps is not None and row.assessment.company is not None
        return list(rows)


@pytest.mark.parametrize("side", [REVIEW, SELF])
def test_each_mark_says_what_was_given_and_opens_that_item(side: str, city: tuple[FlaskClient, int, int]) -> None:
    client, round_id, _version = city
    page = page_of(client, f"/matrix/?round={round_id}&side={side}")
    shown = {(int(key), int(item)): sign for key, item, sign in MARK.findall(page)}
    rows = stored(round_id)
    assert shown == {(row.assessment_id, row.item_id): SIGNS[state_of(row.item, given_by(side, row))] for row in rows}
    assert len(shown) == COMPANIES * ITEMS and len(set(shown.values())) >= 4


def test_companies_stand_in_order_of_pinyin_whatever_is_asked(city: tuple[FlaskClient, int, int]) -> None:
    client, round_id, _version = city
    with system_session("demo") as session:
        for place, row in enumerate(session.scalars(select(Assessment).where(Assessment.round_id == round_id))):
            row.review_score = 1_000 * place
        companies = select(Company.short_name).join(Assessment, Assessment.company_id == Company.id)
        by_name = session.scalars(companies.where(Assessment.round_id == round_id).order_by(Company.pinyin)).all()
        session.commit()
    for query in ("", "&view=groups", "&sort=review_score", "&sort=7&desc=1"):
        assert names_on(page_of(client, f"/matrix/?round={round_id}{query}")) == by_name


@pytest.mark.slow
def test_the_numbers_of_each_item_are_those_of_the_rows_that_they_open(city: tuple[FlaskClient, int, int]) -> None:
    client, round_id, version = city
    counts: dict[int, Counter[Any]] = {}
    for row in stored(round_id):
        counts.setdefault(row.item_id, Counter())[state_of(row.item, given_by(REVIEW, row))] += 1
    for address in (f"/matrix/items/?round={round_id}", f"/matrix/items/?version={version}"):
        shown: dict[int, Counter[Any]] = {}
        links = re.findall(
            r'href="([^"]*item=(\d+)[^"]*)"><span aria-hidden="true">.</span> (\S+) (\d+) 家', page_of(client, address)
        )
        for url, item, word, number in links:
            shown.setdefault(int(item), Counter())[WORDS[word]] = int(number)
            if int(item) % 4 == 0:
                assert len(all_rows(client, url)) == int(number), url
        assert shown == counts


def test_what_failed_and_what_was_mended_since_are_counted_and_opened(city: tuple[FlaskClient, int, int]) -> None:
    client, round_id, _version = city
    failed = {
        (row.assessment_id, row.item_id) for row in stored(round_id) if falls_short(row.item, given_by(REVIEW, row))
    }
    with system_session("demo", readonly=True) as session:
        rectified = session.scalars(select(Rectification).where(Rectification.assessment_id.is_not(None))).all()
        mended = {(row.assessment_id, row.item_id) for row in rectified if row.status is RectificationStatus.CLOSED}
        keys = {row.id: (row.assessment_id, row.item_id) for row in rectified}
    page = page_of(client, f"/matrix/mended/?round={round_id}")
    links = re.findall(r'href="([^"]*item=(\d+)&amp;state=(\w+)[^"]*)">(\d+) 家', page)
    shown = Counter({(int(item), state): int(number) for _url, item, state, number in links})
    expected = Counter((item, "short") for _key, item in failed)
    expected += Counter((item, "mended") for key, item in failed & mended)
    expected += Counter((item, "unmended") for key, item in failed - mended)
    assert shown == expected and len(failed) > 5
    for url, _item, _state, number in links[:9]:
        assert len(all_rows(client, url)) == int(number), url
    listed = {keys[int(key)] for key in re.findall(r"/rectification/details/\?id=(\d+)", page)}
    assert listed == failed
    assert sum(map(int, re.findall(r'">(\d+) 项</a>', page))) == len(failed)


def test_an_item_is_mended_only_when_nothing_of_it_is_open_any_more(city: tuple[FlaskClient, int, int]) -> None:
    client, round_id, _version = city
    with system_session("demo") as session:
        closed = session.scalars(
            select(Rectification).where(Rectification.status == RectificationStatus.CLOSED, Rectification.item_id.is_not(None))
        ).first()  # fmt: skip
        item = closed.item_id
        before = page_of(client, f"/matrix/mended/?round={round_id}")
        again = Rectification(company=closed.company, assessment=closed.assessment, item=closed.item, what="又坏了",
                              responsible="某人", due_on=today())  # fmt: skip
        session.add(again)
        session.commit()
    after = page_of(client, f"/matrix/mended/?round={round_id}")
    mended = [
        sum(map(int, re.findall(rf'item={item}&amp;state=mended[^"]*">(\d+) 家', page))) for page in (before, after)
    ]
    assert mended[0] - mended[1] == 1


@pytest.mark.slow
def test_nobody_sees_or_counts_another_branchs_companies(office: tuple[Flask, World], city: Any) -> None:
    app, world = office
    _city, round_id, version = city
    employ(world, "own_branch", [("branch_admin", "desk甲")])
    client = signed_in(app, "own_branch")
    own = stored(round_id, world.branches["desk甲"])
    mine = {row.assessment.company.short_name for row in own}
    others = {row.assessment.company.short_name for row in stored(round_id)} - mine
    assert len(mine) == len(others) == COMPANIES // 2
    for scope in (f"round={round_id}", f"version={version}"):
        for path in ("/matrix/", "/matrix/items/", "/matrix/mended/"):
            page = page_of(client, f"{path}?{scope}")
            assert not [name for name in others if name in page], path
        assert set(names_on(page_of(client, f"/matrix/?{scope}"))) == mine
        counted_items = re.findall(r"</span> \S+ (\d+) 家", page_of(client, f"/matrix/items/?{scope}"))
        assert sum(map(int, counted_items)) == len(own)
        failed = [row for row in own if falls_short(row.item, given_by(REVIEW, row))]
        short = re.findall(r'state=short[^"]*">(\d+) 家', page_of(client, f"/matrix/mended/?{scope}"))
        assert sum(map(int, short)) == len(failed)


def test_what_is_out_of_sight_answers_as_what_there_is_not(office: tuple[Flask, World]) -> None:
    app, world = office
    with system_session("demo") as session:
        foreign, _version = fill_round(session, [world.branches["desk乙"]], 2, 10)
        company = session.scalar(select(Assessment.company_id).where(Assessment.round_id == foreign).limit(1))
        session.commit()
    client = signed_in(app, "branch_admin")
    for path, key in (("/matrix/?round={}", foreign), ("/matrix/items/?round={}", foreign),
                      ("/matrix/mended/?round={}", foreign), ("/matrix/?of=round-{}", foreign),
                      ("/matrix/of/?company={}", company), ("/matrix/of/?branch={}", world.branches["desk乙"])):  # fmt: skip
        answers = [client.get(path.format(one)) for one in (key, 999_999)]
        assert [one.status_code for one in answers] == [404, 404], path
        assert answers[0].get_data() == answers[1].get_data()
    assert f'value="round-{foreign}"' not in client.get("/matrix/").get_data(as_text=True)


@pytest.mark.parametrize("address", ["?round=x", "?round=-1", f"?round={'9' * 30}", "?version=1'--", "?of=version-x",
                                     "?item=999999&state=met", "?page=x", "of/", "of/?company=1%2C2"])  # fmt: skip
def test_a_wrong_address_is_not_found(address: str, app: Flask) -> None:
    assert signed_in(app, "city_admin").get(f"/matrix/{address}").status_code == 404


def test_whoever_may_not_see_assessments_has_no_such_page(app: Flask) -> None:
    client = signed_in(app, "system_admin")
    assert [client.get(f"/matrix/{page}").status_code for page in ("", "items/", "mended/", "of/?company=1")] == [
        403
    ] * 4
    assert "考核总览" not in client.get("/").get_data(as_text=True)
    assert "考核总览" in signed_in(app, "branch_admin").get("/").get_data(as_text=True)


@pytest.mark.slow
def test_two_hundred_companies_by_sixty_items_take_five_statements(office: tuple[Flask, World]) -> None:
    app, world = office
    with system_session("demo") as session:
        few, _version = fill_round(session, [world.branches["desk乙"]], 2, 10, "小批次")
        many, version = fill_round(session, [world.branches["desk甲"]], 200, 60)
        session.commit()
    client = signed_in(app, "city_admin")
    client.get("/matrix/")  # the first page of a process asks whether this is the demo
    numbers = set()
    for address in (f"?round={few}", f"?round={many}", f"?round={many}&view=groups", f"?version={version}&side=self"):
        with counted() as seen:
            page = client.get(f"/matrix/{address}").get_data(as_text=True)
        own = [one for one in seen if "checklist_" in one or "assessment" in one]
        assert len(own) <= 5, own
        numbers.add(len(seen))
    assert len(numbers) == 1
    assert len(MARK.findall(page)) == 200 * 60
    for path in ("items", "mended"):
        with counted() as seen:
            client.get(f"/matrix/{path}/?round={many}")
        assert len([one for one in seen if "checklist_" in one or "assessment" in one]) <= 6


@pytest.mark.slow
def test_more_than_a_page_is_turned_over(office: tuple[Flask, World]) -> None:
    app, world = office
    with system_session("demo") as session:
        many, _version = fill_round(session, [world.branches["desk甲"]], 203, 3)
        session.commit()
    client = signed_in(app, "city_admin")
    first = page_of(client, f"/matrix/?round={many}")
    (following,) = re.findall(r'href="([^"]*)" rel="next"', first)
    second = page_of(client, unescape(following))
    assert [len(names_on(page)) for page in (first, second)] == [200, 3]
    assert len({*names_on(first), *names_on(second)}) == 203 and 'rel="next"' not in second


def test_of_several_assessments_against_a_version_the_latest_counts(city: tuple[FlaskClient, int, int]) -> None:
    client, _round, version = city
    with system_session("demo") as session:
        company = session.scalars(select(Assessment).where(Assessment.checklist_version_id == version)).first().company
        newer = Assessment(company=company, checklist_version_id=version, assessed_on=date(2026, 9, 1))
        session.add(newer)
        session.commit()
        key = newer.id
    page = page_of(client, f"/matrix/?version={version}")
    assert len(names_on(page)) == COMPANIES
    assert {sign for assessment, _item, sign in MARK.findall(page) if int(assessment) == key} == {SIGNS[None]}


# One company over the years

FIRST = Outline(
    "2025 版",
    (
        GroupOutline(
            "阵地",
            (
                ItemOutline("1", "有场所"),
                ItemOutline("2", "有设施"),
                ItemOutline("3", "有标志"),
                ItemOutline("4", "有报刊"),
                ItemOutline("5", "有电话"),
            ),
        ),
    ),
)


def newer_outline(session: Any, version: ChecklistVersion) -> Outline:
    """有场所 is kept, 有设施 is reworded, 有标志 and 有报刊 become one, 有电话 is abolished, 有网络 is new."""
    items = {item.code: item for item in outline_of(session, version).items()}
    return Outline(
        "2026 版",
        (
            GroupOutline(
                "阵地",
                (
                    items["1"],
                    replace(items["2"], text="有设施，能使用"),
                    replace(items["3"], text="有标志和报刊", origins=("3", "4")),
                    ItemOutline("6", "有网络"),
                ),
            ),
        ),
    )


def assess_twice(session: Any, of: dict[str, Any]) -> list[int]:
    """Somebody is assessed by the version of 2025, then by that of 2026 which was made from it; the assessments' keys."""
    first = new_template(session, "连年清单", FIRST)
    publish(session, first)
    session.flush()
    second = clone(session, first, "2026 版")
    save_outline(session, second, newer_outline(session, second))
    publish(session, second)
    session.flush()
    keys = []
    for version, day, met in ((first, date(2025, 6, 1), "14"), (second, date(2026, 6, 1), "126")):
        one = Assessment(**of, checklist_version=version, assessed_on=day)
        session.add(one)
        assess.open_assessment(session, one)
        items = {item.id: item for item in assess.items_of(session, version.id)}
        given = {key: Answer.MET if item.code in met else Answer.NOT_MET for key, item in items.items()}
        assess.answer(session, one, given)
        assess.submit(session, one)
        assess.answer(session, one, given, reviewed=True)
        assess.review(session, one)
        session.flush()
        keys.append(one.id)
    session.commit()
    return keys


def strands_on(page: str) -> dict[str, list[list[str]]]:
    """The items of a page over the years, with their marks each time."""
    table = page.split('class="table card-table strands"')[1].split("</table>")[0]
    found = {}
    for head, cells in ROW.findall(
        re.sub(r'<tr class="gone">', "<tr>", table).replace("\n      ", "").replace("\n    </tr>", "</tr>")
    ):
        found[re.sub(r"<[^>]+>", "", head)] = [
            re.findall(r'<span aria-hidden="true">(.)</span>', cell) for cell in cells.split("<td ")[1:]
        ]
    return found


def test_a_company_is_seen_over_the_years_item_by_item(office: tuple[Flask, World]) -> None:
    app, world = office
    with system_session("demo") as session, acting_as(session.info["actor"]):
        company = session.get(Company, world.rows["company", "甲"])
        keys = assess_twice(session, {"company": company})
        closed = session.scalars(select(Rectification).where(Rectification.assessment_id == keys[0])).first()
        closed.status, closed.closed_on = RectificationStatus.CLOSED, today()
        session.commit()
    client = signed_in(app, "branch_admin")
    page = page_of(client, f"/matrix/of/?company={world.rows['company', '甲']}")
    part = page[page.index("连年清单：考评分") :]
    assert strands_on(part) == {
        "1 有场所": [["✓"], ["✓"]],
        "2 有设施，能使用": [["✕"], ["✓"]],
        "3 有标志和报刊": [["✕", "✓"], ["✕"]],
        "6 有网络": [[], ["✓"]],
        "5 有电话（后来取消了）": [["✕"], []],
    }
    assert [word in part for word in ("内容修改过", "由几项合并", "新增")] == [True] * 3
    shown = re.findall(r'href="/assessment/details/\?id=(\d+)">(\S+)</a>', page)
    assert [(int(key), day) for key, day in shown if int(key) in keys] == [
        (keys[1], "2026-06-01"),
        (keys[0], "2025-06-01"),
    ]
    scores = re.findall(rf'<a href="/assess/\?id=({keys[0]}|{keys[1]})">([\d.]+)<span', part)
    assert scores == [(str(keys[0]), "40.00"), (str(keys[1]), "75.00")] and 'data-chart="line"' in part
    first_row = page[page.index("2025-06-01</a>") :]
    assert "3 项" in first_row[: first_row.index("</tr>")]
    assert "已销号 1，未销号 2" in re.sub(r"</?span[^>]*>", "", first_row[: first_row.index("</tr>")])


def test_a_branch_that_is_itself_assessed_stands_in_the_table_and_has_its_years(office: tuple[Flask, World]) -> None:
    app, world = office
    with system_session("demo") as session, acting_as(session.info["actor"]):
        branch = session.get(Branch, world.branches["desk甲"])
        keys = assess_twice(session, {"branch_id": branch.id})
        version, name = session.get(Assessment, keys[1]).checklist_version_id, branch.name
    client = signed_in(app, "city_admin")
    assert names_on(page_of(client, f"/matrix/?version={version}")) == [name]
    assert "历年考核" in client.get(f"/branch/details/?id={branch.id}").get_data(as_text=True)
    page = page_of(client, f"/matrix/of/?branch={branch.id}")
    assert f"{name}历年考核" in page and strands_on(page)["1 有场所"] == [["✓"], ["✓"]]


def test_statements_of_a_company_do_not_grow_with_the_years(office: tuple[Flask, World]) -> None:
    app, world = office
    numbers = []
    for turn in range(2):
        with system_session("demo") as session, acting_as(session.info["actor"]):
            company = session.get(Company, world.rows["company", "甲"])
            if not turn:
                assess_twice(session, {"company": company})
            else:
                versions = session.scalars(
                    select(ChecklistVersion).where(ChecklistVersion.name.in_(["2025 版", "2026 版"]))
                )
                for version in versions.all():
                    for place in range(5):
                        day = date(2026, 7, 1) + timedelta(days=place)
                        session.add(Assessment(company=company, checklist_version=version, assessed_on=day))
                session.commit()
        client = signed_in(app, "city_admin")
        client.get("/")
        with counted() as seen:
            client.get(f"/matrix/of/?company={world.rows['company', '甲']}")
        numbers.append(len(seen))
    assert numbers[0] == numbers[1]


# Groups


def test_a_group_is_met_when_all_its_points_are_earned_and_failed_by_a_veto(office: tuple[Flask, World]) -> None:
    _app, world = office
    with system_session("demo") as session:
        _round, version = fill_round(session, [world.branches["desk甲"]], 1, 10)
        reckoner = Reckoner(items_of_versions(session, [version]))
    items = reckoner.items
    blank = [reckoner.read(item.id, BLANK) for item in items]

    def marked(**given: tuple[Any, Any, Any]) -> tuple[Any, int, int, int]:
        readings = [reckoner.read(item.id, given.get(f"i{place}", BLANK)) for place, item in enumerate(items)]
        mark = mark_group(readings)
        return mark.state, mark.earned, mark.possible, mark.bonus

    met, none, failed, away = (("met", None, None), BLANK, ("not_met", None, None), ("not_applicable", None, None))
    assert mark_group(blank).state is None
    assert marked(i0=met) == (Answer.PARTLY, 1000, 8000, 0)
    assert marked(i0=failed) == (Answer.NOT_MET, 0, 8000, 0)
    assert marked(**{f"i{place}": away for place in range(8)}) == (Answer.NOT_APPLICABLE, 0, 0, 0)
    full = {f"i{place}": away for place in range(1, 8)} | {"i0": met, "i8": (None, None, 300)}
    assert marked(**full) == (Answer.MET, 1000, 1000, 300)
    assert marked(**full, i9=failed) == (Answer.NOT_MET, 1000, 1000, 300)
    assert marked(**full, i9=none)[0] is Answer.MET


# Ways to these pages


def test_rounds_assessments_and_companies_lead_there(city: tuple[FlaskClient, int, int]) -> None:
    client, round_id, _version = city
    with system_session("demo", readonly=True) as session:
        one = session.scalars(select(Assessment).where(Assessment.round_id == round_id)).first()
    assert f'href="/matrix/?round={round_id}"' in page_of(client, f"/assessment_round/details/?id={round_id}")
    for address in (f"/assessment/details/?id={one.id}", f"/company/details/?id={one.company_id}"):
        assert f'href="/matrix/of/?company={one.company_id}"' in page_of(client, address)
    assert re.search(r'href="/matrix/\?version=\d+"', page_of(client, "/"))
