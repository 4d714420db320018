"""Exporting with a choice: what stands in a file, who gets whole numbers and why, and files that wait for their fetching."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from models import AuditEntry, Company, Grant, Role, Subscription
from policy import system_session
from services import export_files
from tests.world import ID_NUMBERS, PHONES, World

SignIn = Callable[[str], FlaskClient]
BRANCH_ADMIN, CITY_ADMIN = "branch_admin", "city_admin"


def table(answer: Any) -> list[list[str]]:
    """The rows of a CSV file."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def choose(client: FlaskClient, resource: str, *names: str, query: str = "", **form: str) -> Any:
    """Post the choices of the export page."""
    return client.post(f"/{resource}/export/{query}", data={"kind": "csv", "names": list(names), **form})


def make_in_background(client: FlaskClient, resource: str, *names: str, query: str = "", **form: str) -> str:
    """The address of the job that made the file."""
    answer = choose(client, resource, *names, query=query, background="1", **form)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return answer.location


def entries(action: str) -> list[AuditEntry]:
    with system_session("demo", readonly=True) as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


def give(world: World, username: str, code: str, place: str) -> None:
    """Grant somebody a role at a branch."""
    with system_session("demo") as session:
        role = session.scalar(select(Role).where(Role.code == code))
        session.add(Grant(account_id=world.accounts[username], role_id=role.id, branch_id=world.branches[place]))
        session.commit()


# What stands in a file


def test_the_page_offers_the_lists_columns_ticked_and_the_forms_others(sign_in: SignIn) -> None:
    page = sign_in(CITY_ADMIN).get("/company/export/?cols=status").get_data(as_text=True)
    assert 'value="short_name" checked' in page and 'value="status" checked' in page
    assert 'value="employees">' in page and 'value="note">' in page


def test_a_chosen_column_that_no_list_reads_stands_in_the_file(world: World, sign_in: SignIn) -> None:
    rows = table(choose(sign_in("company_clerk"), "company", "short_name", "note"))
    assert rows == [
        ["企业简称", "备注", "编号"],
        ["秘company甲short_name", "秘company甲note", str(world.rows["company", "甲"])],
    ]


def test_a_file_follows_the_filter_of_the_list(sign_in: SignIn) -> None:
    client = sign_in(CITY_ADMIN)
    assert len(table(choose(client, "company", "short_name"))) == 3
    assert len(table(choose(client, "company", "short_name", query="?search=秘company甲"))) == 2


def test_without_a_column_there_is_no_file(sign_in: SignIn) -> None:
    answer = choose(sign_in(CITY_ADMIN), "company")
    assert answer.status_code == 422 and "请至少选一列" in answer.get_data(as_text=True)


def test_text_that_looks_like_a_formula_is_text_in_a_file_made_in_the_background(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    with app.app_context(), system_session("demo") as session:
        session.get(Company, world.rows["company", "甲"]).note = "=1+1"
        session.commit()
    client = sign_in("company_clerk")
    assert table(client.get(make_in_background(client, "company", "note") + "file/"))[1][0] == "'=1+1"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_made_in_the_background_is_the_one_that_is_sent_at_once(kind: str, sign_in: SignIn) -> None:
    client, names = sign_in(CITY_ADMIN), ("short_name", "branch.name", "employees", "note")
    at_once = choose(client, "company", *names, kind=kind)
    later = client.get(make_in_background(client, "company", *names, kind=kind) + "file/")
    if kind == "csv":
        assert later.get_data() == at_once.get_data()
    else:
        assert len(later.get_data()) == len(at_once.get_data())
    assert later.headers["Content-Disposition"] == at_once.headers["Content-Disposition"]
    assert later.content_type == at_once.content_type


def test_it_takes_the_right_to_export(sign_in: SignIn) -> None:
    client = sign_in("auditor")
    assert client.get("/company/export/").status_code == 403
    assert choose(client, "company", "short_name").status_code == 403


# Whole numbers


def test_numbers_are_masked_for_whoever_asks_for_no_more(app: Flask, sign_in: SignIn) -> None:
    text = choose(sign_in(BRANCH_ADMIN), "person", "name", "id_number", "phone").get_data(as_text=True)
    assert "秘person甲name" in text
    assert ID_NUMBERS["甲"] not in text and PHONES["甲"] not in text
    with app.app_context():
        assert entries("unmask") == []


def test_whole_numbers_take_a_reason_which_is_logged_before_the_file_is_sent(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(BRANCH_ADMIN)
    refused = choose(client, "person", "name", "id_number", whole="y", reason="")
    assert refused.status_code == 422 and "请写明导出完整号码的原因" in refused.get_data(as_text=True)
    answer = choose(client, "person", "name", "id_number", whole="y", reason="年度核对档案")
    with app.app_context():
        (entry,) = entries("unmask")
    assert ID_NUMBERS["甲"] in answer.get_data(as_text=True)
    assert (entry.actor_name, entry.resource, entry.channel) == ("用户branch_admin", "person", "网页")
    assert entry.changes["reason"] == "年度核对档案" and entry.changes["field"] == "身份证号"
    assert entry.record_title == f"导出人员 {len(answer.get_data(as_text=True).splitlines()) - 1} 条"


def test_numbers_are_whole_only_where_the_role_may_see_them_so(world: World, app: Flask, sign_in: SignIn) -> None:
    with app.app_context():
        give(world, BRANCH_ADMIN, "inspector", "root")
    rows = table(choose(sign_in(BRANCH_ADMIN), "person", "phone", whole="y", reason="核对电话"))
    by_key = {row[-1]: row[0] for row in rows[1:]}
    assert by_key[str(world.rows["person", "甲"])] == PHONES["甲"]
    assert "****" in by_key[str(world.rows["person", "乙"])]


def test_whoever_may_see_no_number_whole_is_not_offered_it_and_gets_none(sign_in: SignIn) -> None:
    client = sign_in("inspector")
    assert "完整号码" not in client.get("/person/export/").get_data(as_text=True)
    text = choose(client, "person", "id_number", whole="y", reason="想看看").get_data(as_text=True)
    assert ID_NUMBERS["甲"] not in text and ID_NUMBERS["乙"] not in text


# Fetching


def test_a_file_lies_encrypted_and_its_page_leads_to_it(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(CITY_ADMIN)
    job = make_in_background(client, "company", "short_name", "note")
    assert f'href="{job}file/"' in client.get(job).get_data(as_text=True)
    (path,) = (Path(app.config["SETTINGS"].files_dir) / export_files.FOLDER).iterdir()
    stored = path.read_bytes()
    assert "秘company".encode() not in stored and "秘company甲note" in client.get(f"{job}file/").get_data(as_text=True)


def test_another_does_not_find_a_file(sign_in: SignIn) -> None:
    job = make_in_background(sign_in(CITY_ADMIN), "company", "short_name")
    assert sign_in("inspector").get(f"{job}file/").status_code == 404


def test_a_file_is_refused_after_the_grant_has_ended(world: World, app: Flask, sign_in: SignIn) -> None:
    client = sign_in(CITY_ADMIN)
    job = make_in_background(client, "company", "short_name")
    with app.app_context(), system_session("demo") as session:
        session.delete(session.scalar(select(Grant).where(Grant.account_id == world.accounts[CITY_ADMIN])))
        session.commit()
    with app.app_context():
        give(world, CITY_ADMIN, "city_admin", "home甲")
    answer = client.get(f"{job}file/")
    assert answer.status_code == 403 and "您的权限已经改变" in answer.get_data(as_text=True)


def move_away(session: Any, row: Any, world: World) -> None:
    row.branch_id = world.branches["home乙"]


def delete(session: Any, row: Any, _world: World) -> None:
    session.delete(row)


@pytest.mark.parametrize("part_with", [move_away, delete])
def test_a_file_is_refused_after_a_row_moved_away_or_was_deleted(
    part_with: Any, world: World, app: Flask, sign_in: SignIn
) -> None:
    client = sign_in(BRANCH_ADMIN)
    job = make_in_background(client, "subscription", "name")
    assert "秘subscription甲name" in client.get(f"{job}file/").get_data(as_text=True)
    with app.app_context(), system_session("demo") as session:
        part_with(session, session.get(Subscription, world.rows["subscription", "甲"]), world)
        session.commit()
    answer = client.get(f"{job}file/")
    assert answer.status_code == 403 and export_files.GONE in answer.get_data(as_text=True)


def test_whole_numbers_are_refused_after_the_right_to_see_them_has_ended(
    world: World, app: Flask, sign_in: SignIn
) -> None:
    client = sign_in(BRANCH_ADMIN)
    job = make_in_background(client, "person", "phone", whole="y", reason="核对电话")
    assert PHONES["甲"] in client.get(f"{job}file/").get_data(as_text=True)
    with app.app_context(), system_session("demo") as session:
        session.delete(session.scalar(select(Grant).where(Grant.account_id == world.accounts[BRANCH_ADMIN])))
        session.commit()
    with app.app_context():
        give(world, BRANCH_ADMIN, "inspector", "root")
    answer = client.get(f"{job}file/")
    assert answer.status_code == 403 and PHONES["甲"] not in answer.get_data(as_text=True)


def test_a_file_goes_with_its_job(app: Flask, sign_in: SignIn) -> None:
    job = make_in_background(sign_in(CITY_ADMIN), "company", "short_name")
    folder = app.config["SETTINGS"].files_dir
    with app.app_context(), system_session("tidy") as session:
        export_files.remove_files_of(session, [int(job.strip("/").rpartition("/")[2])], folder)
        session.commit()
    assert list((folder / export_files.FOLDER).iterdir()) == []


def test_a_file_that_was_changed_or_cut_short_is_not_sent_as_if_whole(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(CITY_ADMIN)
    job = make_in_background(client, "company", "short_name")
    (path,) = (app.config["SETTINGS"].files_dir / export_files.FOLDER).iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InvalidTag):
        client.get(f"{job}file/")


# The command


def test_the_command_writes_what_the_account_may_export(app: Flask, world: World, tmp_path: Path) -> None:
    place = tmp_path / "out.csv"
    run = app.test_cli_runner().invoke
    result = run(
        args=["export", "company", "--as", "company_clerk", "--to", str(place), "--columns", "short_name,note"]
    )
    assert result.exit_code == 0, result.output
    rows = list(csv.reader(io.StringIO(place.read_bytes().decode("utf-8-sig"))))
    assert [row[-1] for row in rows[1:]] == [str(world.rows["company", "甲"])]
    again = run(args=["export", "company", "--as", "company_clerk", "--to", str(place)])
    assert again.exit_code != 0 and "已经存在" in again.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["company", "--as", "auditor"], "没有导出这类记录的权限"),
        (["company", "--as", "nobody"], "没有这个账号"),
        (["nothing", "--as", "city_admin"], "没有这种记录"),
        (["company", "--as", "city_admin", "--columns", "short_name,password"], "没有这样的列：password"),
        (["company", "--as", "city_admin", "--filter", "colour=red"], "没有这个筛选"),
    ],
)
def test_the_command_refuses_in_words(app: Flask, tmp_path: Path, arguments: list[str], words: str) -> None:
    result = app.test_cli_runner().invoke(args=["export", *arguments, "--to", str(tmp_path / "out.csv")])
    assert result.exit_code != 0 and words in result.output
    assert not (tmp_path / "out.csv").exists()


def test_the_command_filters_and_searches_as_the_list_does(app: Flask, tmp_path: Path) -> None:
    place = tmp_path / "out.csv"
    asked = ["--search", "秘company甲", "--filter", "status=open"]
    result = app.test_cli_runner().invoke(args=["export", "company", "--as", "city_admin", "--to", str(place), *asked])
    assert result.exit_code == 0 and place.read_bytes().count(b"\n") == 2
