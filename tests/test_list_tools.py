"""Lists as tools: several values in a filter, chosen columns, saved views, all that match, values edited in the table."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from admin.bulk import MOST_AT_ONCE
from models import Account, AuditEntry, Company, Holiday, Problem, SavedView, Trash, Visit
from policy import system_session
from services.saved_views import MOST_VIEWS
from tests import test_lists
from tests.conftest import signed_in
from tests.test_lists import add_companies, read, rows_of
from tests.test_screens import counted
from tests.typed_forms import screens_of
from tests.world import World, canary

SignIn = Callable[[str], FlaskClient]
branches = test_lists.branches


def chips_of(page: str) -> list[str]:
    """What the chips of a list say."""
    found = re.findall(r'class="chip"><span>(.*?)</span> <b>(.*?)</b>', page)
    return [unescape(f"{label} {value}") for label, value in found]


def heads_of(page: str) -> list[str]:
    """The names of the columns of a list."""
    return re.findall(r'data-name="([^"]+)"', page)


def stored(model: Any, key: int, name: str) -> Any:
    """A column of a row as the database holds it."""
    with system_session("demo", readonly=True) as session:
        return session.scalar(select(getattr(model, name)).where(model.id == key))


# Filters


@pytest.mark.parametrize("written", ["flt0_status=open,closed", "flt0_status=open&flt0_status=closed"])
def test_a_filter_takes_several_values_joined_or_each_by_itself(
    written: str, world: World, sign_in: SignIn, app: Flask
) -> None:
    client = sign_in("city_admin")
    with app.app_context(), system_session("demo") as session:
        session.get(Company, world.rows["company", "乙"]).status = "closed"
        session.commit()
    page = read(client, f"/company/?{written}&sort=0")
    assert set(rows_of(page)) == {world.rows["company", side] for side in "甲乙"}
    assert chips_of(page) == ["经营状况 正常经营、注销"]
    assert "flt0_status=open%2Cclosed" in re.search(r'href="([^"]*)">导出表格', page)[1]
    assert rows_of(read(client, "/company/?flt0_status=closed")) == [world.rows["company", "乙"]]


def test_two_filters_stay_both_when_the_list_is_sorted(world: World, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    page = read(client, f"/company/?flt0_status=open&flt0_branch={world.branches['desk甲']}")
    link = unescape(re.search(r'data-name="short_name"[^>]*>\s*<a href="([^"]*)"', page)[1])
    assert chips_of(read(client, link)) == chips_of(page)
    assert rows_of(read(client, link)) == [world.rows["company", "甲"]]


def test_a_record_out_of_sight_in_a_filter_is_as_one_that_never_was(world: World, sign_in: SignIn) -> None:
    client, desk = sign_in("company_clerk"), world.branches
    own, hidden = desk["desk甲"], desk["desk乙"]
    seen = read(client, f"/company/?flt0_branch={own},{hidden}")
    assert rows_of(seen) == [world.rows["company", "甲"]]
    assert chips_of(seen) == [f"所属党组织 {canary('branch', '甲')}企业支部、无此记录"]
    alone = read(client, f"/company/?flt0_branch={hidden}")
    assert rows_of(alone) == [] and chips_of(alone) == ["所属党组织 无此记录"]
    never = read(client, "/company/?flt0_branch=999999")
    assert without_tokens(alone).replace(str(hidden), "?") == without_tokens(never).replace("999999", "?")


def without_tokens(page: str) -> str:
    """A page without its form tokens, which hold the second they were made in."""
    return re.sub(r'(name="csrf_token"[^>]* value=)"[^"]+"', r"\1", page)


def test_a_date_that_is_none_finds_nothing_and_says_why(sign_in: SignIn) -> None:
    page = read(sign_in("city_admin"), "/problem/?flt0_found_on_from=昨天")
    assert rows_of(page) == [] and chips_of(page) == ["提出日期 从 昨天（不是日期）"]


def test_each_chip_has_an_address_without_it_alone(world: World, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    page = read(client, f"/company/?search=秘&flt0_status=open&flt0_branch={world.branches['desk甲']}&sort=0")
    links = [unescape(link) for link in re.findall(r'<a href="([^"]*)" aria-label="去掉', page)]
    everything = chips_of(page)
    assert len(everything) == len(links) == 3
    for gone, link in zip(everything, links, strict=True):
        assert chips_of(read(client, link)) == [chip for chip in everything if chip != gone]
        assert "sort=0" in link


# Columns


def test_columns_are_chosen_from_the_declared_ones_and_the_first_always_stays(world: World, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    page = read(client, "/company/?cols=employees&cols=status&cols=contact_phone,password_hash")
    assert heads_of(page) == ["short_name", "status", "employees"]
    assert "138" not in page
    assert heads_of(read(client, "/company/?cols=")) == heads_of(read(client, "/company/"))
    assert heads_of(read(client, "/company/?cols=nothing")) == ["short_name"]


def test_a_chosen_column_shows_what_it_shows_among_all(office: tuple[Flask, World], branches: list[int]) -> None:
    add_companies(20, branches)
    client = signed_in(office[0], "city_admin")
    whole, some = (read(client, f"/company/{asked}") for asked in ("?sort=5", "?sort=5&cols=employees"))
    numbers = [re.findall(r'data-label="职工人数"[^>]*><div>([^<]*)', page) for page in (whole, some)]
    assert numbers[0] == numbers[1] and len(numbers[0]) == 22


def test_a_file_has_the_columns_of_the_list(sign_in: SignIn) -> None:
    table = read(sign_in("city_admin"), "/company/export/csv/?cols=status").removeprefix("\ufeff")
    assert next(csv.reader(io.StringIO(table))) == ["企业简称", "经营状况", "编号"]


# Saved views


def save(client: FlaskClient, address: str, **form: str) -> Any:
    """Save the list of an address as a view; what comes back."""
    resource, _, query = address.partition("?")
    return client.post(f"/views/?list={resource.strip('/')}&{query}", data=form)


def key_of(answer: Any) -> str:
    """The key of a view by the address that it was opened at."""
    return parse_qs(urlsplit(answer.location).query)["view"][0]


def test_a_view_keeps_filters_words_order_and_columns(world: World, sign_in: SignIn) -> None:
    client = sign_in("branch_admin")
    asked = f"search=秘&flt0_status=open&flt0_company={world.rows['company', '甲']}&sort=2&desc=1&cols=subject,status"
    answer = save(client, f"/problem/?{asked}", name="  我的  难题 ")
    assert answer.status_code == 302
    opened = client.get(f"/views/{key_of(answer)}/")
    assert opened.location == answer.location
    page = read(client, opened.location)
    assert "视图：我的 难题" in page
    assert heads_of(page) == ["subject", "status"]
    assert chips_of(page) == chips_of(read(client, f"/problem/?{asked}"))
    assert {"sort": ["2"], "desc": ["1"]}.items() <= parse_qs(urlsplit(opened.location).query).items()


def test_a_shared_view_opens_in_the_readers_own_sight_and_carries_nothing_he_cannot_see(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    """The administrator of the whole city is in the branch for once, and knows a company that its people don't see."""
    with app.app_context(), system_session("demo") as session:
        session.get(Account, world.accounts["city_admin"]).branch_id = world.branches["home甲"]
        session.commit()
    own, hidden = (world.rows["company", side] for side in "甲乙")
    city, branch = sign_in("city_admin"), sign_in("branch_admin")
    asked = f"search=王德海&flt0_status=open&flt0_company={hidden},{own}&flt0_found_on_from=2020"
    key = key_of(save(city, f"/problem/?{asked}", name="各家", shared="on"))
    assert "各家" in read(branch, "/views/?list=problem")
    opened = branch.get(f"/views/{key}/")
    assert str(hidden) not in opened.location
    query = parse_qs(urlsplit(opened.location).query)
    assert query == {
        "flt0_status": ["open"],
        "flt0_company": [f"{own},0"],
        "flt0_found_on_from": ["2020"],
        "view": [key],
    }
    page = read(branch, opened.location)
    assert rows_of(page) == [world.rows["problem", "甲"]] and "无此记录" in page and "王德海" not in page
    assert "search=" in city.get(f"/views/{key}/").location and str(hidden) in city.get(f"/views/{key}/").location


@pytest.mark.parametrize(
    ("reader", "view", "status"),
    [
        ("branch_admin", "甲享", 302), ("liaison", "甲享", 302), ("branch_admin", "甲", 404), ("liaison", "甲己", 404),
        ("branch_admin", "甲己", 302), ("branch_admin", "乙享", 404), ("city_admin", "甲享", 404), ("auditor", "甲享", 404),
    ],
)  # fmt: skip
def test_a_view_is_seen_by_its_owner_and_once_shared_by_the_owners_branch(
    reader: str, view: str, status: int, world: World, sign_in: SignIn
) -> None:
    assert sign_in(reader).get(f"/views/{world.rows['saved_view', view]}/").status_code == status


def test_nobody_but_the_owner_changes_or_deletes_a_view(app: Flask, world: World, sign_in: SignIn) -> None:
    key = world.rows["saved_view", "甲享"]
    for reader, status in (("branch_admin", 403), ("city_admin", 404)):
        for form in ({"name": "改名", "version_seen": "1"}, {"do": "delete", "version_seen": "1"}):
            assert sign_in(reader).post(f"/views/{key}/edit/", data=form).status_code == status
    own = world.rows["saved_view", "甲己"]
    client = sign_in("branch_admin")
    assert client.post(f"/views/{own}/edit/", data={"name": "改名", "version_seen": "1"}).status_code == 302
    assert client.post(f"/views/{own}/edit/", data={"name": "又改", "version_seen": "1"}).status_code == 409
    with app.app_context():
        assert stored(SavedView, own, "name") == "改名"
        assert client.post(f"/views/{own}/edit/", data={"do": "delete", "version_seen": "2"}).status_code == 302
        assert stored(SavedView, own, "id") is None and stored(SavedView, key, "id") == key


def test_a_name_is_needed_and_taken_once_and_views_are_not_endless(world: World, sign_in: SignIn) -> None:
    client = sign_in("branch_admin")
    for name, words in ((" ", "请给视图起个名字"), ("长" * 31, "最多 30 个字")):
        answer = save(client, "/problem/", name=name)
        assert answer.status_code == 422 and words in answer.get_data(as_text=True)
    assert save(client, "/problem/", name="一").status_code == 302
    assert "同名的视图" in save(client, "/problem/", name="一").get_data(as_text=True)
    for number in range(MOST_VIEWS - 2):
        assert save(client, "/problem/", name=f"视图{number}").status_code == 302
    assert f"最多保存 {MOST_VIEWS} 个" in save(client, "/problem/", name="太多").get_data(as_text=True)
    assert save(client, "/company/", name="一").status_code == 302


def test_somebody_is_told_that_words_are_not_shared(world: World, sign_in: SignIn) -> None:
    client = sign_in("branch_admin")
    assert "不会共享" in read(client, "/views/?list=problem&search=某人")
    assert "不会共享" not in read(client, "/views/?list=problem&flt0_status=open")


def test_views_of_a_list_that_one_may_not_open_are_closed_with_it(world: World, sign_in: SignIn) -> None:
    assert sign_in("auditor").get("/views/?list=problem").status_code == 403
    assert sign_in("auditor").get("/views/?list=nothing").status_code == 404


def test_a_view_moves_to_another_branch_with_its_owner(app: Flask, world: World, sign_in: SignIn) -> None:
    view = world.rows["saved_view", "甲享"]
    with app.app_context(), system_session("demo") as session:
        session.get(Account, world.rows["account", "甲"]).branch_id = world.branches["root"]
        session.commit()
    assert sign_in("branch_admin").get(f"/views/{view}/").status_code == 404
    assert sign_in("city_admin").get(f"/views/{view}/").status_code == 302


def test_what_a_view_asks_for_is_not_written_into_the_log(app: Flask, sign_in: SignIn) -> None:
    save(sign_in("branch_admin"), "/problem/?search=某位老同志", name="一")
    with app.app_context(), system_session("demo", readonly=True) as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert entry.resource == "saved_view" and entry.action == "create"
    assert "某位老同志" not in str(entry.changes)


def test_a_list_asks_the_database_no_more_for_having_views(world: World, sign_in: SignIn) -> None:
    client = sign_in("branch_admin")
    read(client, "/problem/")
    with counted() as before:
        read(client, "/problem/")
    save(client, "/problem/", name="一")
    with counted() as after:
        read(client, "/problem/")
    assert len(before) == len(after)


# All that match


@pytest.fixture
def many(office: tuple[Flask, World]) -> FlaskClient:
    """The city administrator, among more holidays than a page holds."""
    with system_session("demo") as session:
        session.add_all(Holiday(day=date(2030, 1, 1) + timedelta(days=one), name="试") for one in range(120))
        session.commit()
    return signed_in(office[0], "city_admin")


def holidays(name: str = "试") -> int:
    with system_session("demo", readonly=True) as session:
        return session.scalar(select(func.count(Holiday.id)).where(Holiday.name == name)) or 0


def test_all_that_match_are_offered_named_and_then_done(many: FlaskClient) -> None:
    assert 'name="all" value="120"' in read(many, "/holiday/?search=试")
    address = "/holiday/action/?search=试"
    asked = many.post(address, data={"action": "delete", "all": "120"})
    assert asked.status_code == 200 and "对全部 120 条节假日：删除？" in asked.get_data(as_text=True)
    assert holidays() == 120
    done = many.post(address, data={"action": "delete", "all": "120", "confirmed": "yes"})
    assert done.status_code == 302 and holidays() == 0
    assert "没有符合条件的记录了" in many.post(
        address, data={"action": "delete", "all": "120", "confirmed": "yes"}, follow_redirects=True
    ).get_data(as_text=True)


@pytest.mark.parametrize("shown", ["119", "0", "", "x", "１２０"])
def test_another_number_than_was_shown_is_asked_again(shown: str, many: FlaskClient) -> None:
    form = {"action": "delete", "all": shown, "confirmed": "yes"}
    asked = many.post("/holiday/action/?search=试", data=form)
    assert asked.status_code == 200 and 'name="all" value="120"' in asked.get_data(as_text=True)
    assert holidays() == 120


def test_only_rows_in_sight_are_among_all(office: tuple[Flask, World]) -> None:
    app, world = office
    client = signed_in(app, "branch_admin")
    page = client.post("/problem/action/", data={"action": "delete", "all": "2"}).get_data(as_text=True)
    assert canary("problem", "乙") not in page
    client.post("/problem/action/", data={"action": "delete", "all": "2", "confirmed": "yes"})
    assert stored(Problem, world.rows["problem", "乙"], "id") is not None


def test_more_than_can_be_done_at_once_is_said_and_nothing_done(
    office: tuple[Flask, World],
    branches: list[int],
) -> None:
    add_companies(MOST_AT_ONCE + 1, branches)
    client = signed_in(office[0], "city_admin")
    assert f"一次最多处理 {MOST_AT_ONCE} 条" in read(client, "/company/")
    answer = client.post(
        "/company/action/", data={"action": "delete", "all": "9", "confirmed": "yes"}, follow_redirects=True
    )
    assert f"一次最多处理 {MOST_AT_ONCE} 条" in answer.get_data(as_text=True)


# Values edited in the list


def change(client: FlaskClient, resource: str, key: int, name: str, value: str, version: int = 1) -> Any:
    """Post one value as the list's script does."""
    return client.post(
        f"/{resource}/ajax/update/", data={"id": key, "name": name, "value": value, "version_seen": version}
    )


def test_a_value_is_changed_in_the_list_with_one_entry_in_the_log(app: Flask, world: World, sign_in: SignIn) -> None:
    client, key = sign_in("company_clerk"), world.rows["company", "甲"]
    inputs = client.get(f"/company/ajax/update/?id={key}").json
    row = inputs["rows"][str(key)]
    assert inputs["fields"]["status"]["options"][1] == ["open", "正常经营"]
    assert row["values"]["status"] == "open" and "contact_phone" not in inputs["fields"]
    with app.app_context(), system_session("demo", readonly=True) as session:
        before = session.scalar(select(func.max(AuditEntry.id)))
    answer = change(client, "company", key, "employees", "37", row["version"])
    assert answer.status_code == 200 and answer.json["texts"]["employees"] == "37 人"
    assert answer.json["version"] == row["version"] + 1
    with app.app_context(), system_session("demo", readonly=True) as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.id > before)).all()
        assert [(one.action, one.record_id, one.changes) for one in entries] == [
            ("update", key, {"employees": [1, 37]})
        ]


def test_a_wrong_value_is_refused_with_the_forms_own_words(app: Flask, world: World, sign_in: SignIn) -> None:
    client, key = sign_in("company_clerk"), world.rows["company", "甲"]
    for name, value, words in (
        ("employees", "三十", "请填写整数"), ("short_name", "", "请填写企业简称"), ("status", "wild", "选择无效"),
        ("branch.name", str(world.branches["desk乙"]), "不存在"), ("short_name", "长" * 500, "最多"),
    ):  # fmt: skip
        answer = change(client, "company", key, name, value)
        assert answer.status_code == 422 and words in answer.json["message"], name
    with app.app_context():
        assert stored(Company, key, "version") == 1


def test_whoever_comes_second_sees_what_the_first_one_wrote(app: Flask, world: World, sign_in: SignIn) -> None:
    client, key = sign_in("company_clerk"), world.rows["company", "甲"]
    assert change(sign_in("city_admin"), "company", key, "employees", "40").status_code == 200
    answer = change(client, "company", key, "employees", "41")
    assert answer.status_code == 409
    assert "40 人" in answer.json["message"] and answer.json["value"] == "40"
    with app.app_context():
        assert stored(Company, key, "employees") == 40
    assert change(client, "company", key, "employees", "41", answer.json["version"]).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["contact_phone", "credit_code", "version", "branch_id", "id", "active_posting.adviser_name", "", "__class__"],
)
def test_only_columns_of_the_list_that_stand_on_the_form_can_be_changed(
    name: str, world: World, sign_in: SignIn
) -> None:
    answer = change(sign_in("city_admin"), "company", world.rows["company", "甲"], name, "1")
    assert answer.status_code == 404


def test_rows_that_one_may_not_edit_have_no_inputs(app: Flask, world: World, sign_in: SignIn) -> None:
    key = world.rows["company", "甲"]
    for reader, status in (("adviser", 403), ("inspector", 403)):
        assert sign_in(reader).get(f"/company/ajax/update/?id={key}").status_code == status
        assert change(sign_in(reader), "company", key, "employees", "9").status_code == status
        assert "data-edit-in-list" not in read(sign_in(reader), "/company/")
    handed_in = world.rows["monthly_report", "甲交"]
    client = sign_in("city_admin")
    assert client.get(f"/monthly_report/ajax/update/?id={handed_in}").json["rows"] == {}
    answer = change(client, "monthly_report", handed_in, "month", "2026-03")
    assert answer.status_code == 422 and answer.json["message"]


def test_a_row_out_of_sight_has_no_inputs_and_takes_no_value(world: World, sign_in: SignIn) -> None:
    client, own, hidden = sign_in("company_clerk"), world.rows["company", "甲"], world.rows["company", "乙"]
    assert client.get(f"/company/ajax/update/?id={own}&id={hidden}").status_code == 404
    assert change(client, "company", hidden, "employees", "9").status_code == 404


def test_the_inputs_of_a_page_are_asked_for_with_few_statements(
    office: tuple[Flask, World], branches: list[int]
) -> None:
    keys = add_companies(50, branches)
    client = signed_in(office[0], "city_admin")
    needed = []
    for some in (keys[:1], keys[:10], keys):
        asked = "&".join(f"id={key}" for key in some)
        with counted() as statements:
            assert len(client.get(f"/company/ajax/update/?{asked}").json["rows"]) == len(some)
        needed.append(len(statements))
    assert needed[1] == needed[2]


# Nothing to show


def test_an_empty_list_says_what_to_do_next(app: Flask, world: World, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    page = read(client, "/company/?search=zzzz&flt0_status=closed")
    assert "没有符合条件的企业" in page and "去掉“查找 zzzz”" in page and "看全部" in page
    over = read(client, "/problem/?after=1~1900-01-01&page=3")
    assert "这一页没有记录了" in over and "回到第一页" in over
    with app.app_context(), system_session("demo") as session:
        for row in session.scalars(select(Holiday)):
            session.delete(row)
        session.commit()
    assert "还没有节假日" in read(client, "/holiday/") and "/holiday/new/" in read(client, "/holiday/")
    with app.app_context(), system_session("demo") as session:
        for row in (*session.scalars(select(Visit)), *session.scalars(select(Trash))):
            session.delete(row)
        session.commit()
    thrown_away = read(client, "/trash/")
    assert "回收站是空的" in thrown_away and "还没有" not in thrown_away
    empty = read(sign_in("company_clerk"), "/visit/")
    assert "还没有走访" in empty and "/visit/new/" not in empty


def test_a_set_of_rows_opened_from_home_can_be_kept_as_a_view(app: Flask, sign_in: SignIn) -> None:
    client = sign_in("city_admin")
    figure, screen = next((next(iter(one.figures)), one) for one in screens_of(app).values() if one.figures)
    answer = save(client, f"/{screen.resource}/?figure={figure}", name="首页数字")
    assert f"figure={figure}" in answer.location
    assert f"只列出“{screen.figures[figure].title}”" in read(client, answer.location)
