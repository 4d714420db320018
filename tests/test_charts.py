"""The charts of the home page: each number is that of the list it opens, and nobody sees what isn't his."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from models import Company, Posting, Rectification, RectificationStatus, Visit
from models.clock import frozen_at, local, today
from policy import system_session
from services.reports.charts import BY_AGE, BY_STAGE, MONTHS, home_charts
from services.reports.programme import FIGURES
from tests.conftest import signed_in
from tests.matrix import actor_of
from tests.world import World

MARK = re.compile(r'<a href="(/\w+/\?[^"]+)">(\d+)<span class="visually-hidden"> .，看(.*?)的名单')


def marks(client: FlaskClient) -> dict[str, tuple[str, int]]:
    """The numbers of the charts on somebody's home page, with the addresses that they open."""
    page = client.get("/").get_data(as_text=True)
    return {label: (url.replace("&amp;", "&"), int(number)) for url, number, label in MARK.findall(page)}


def rows_listed(client: FlaskClient, address: str) -> int:
    """How many rows a list says that it has."""
    found = re.search(r"共 (\d+) 条", client.get(address).get_data(as_text=True))
    return int(found[1]) if found else 0


def write_rows(days_ago: list[int]) -> None:
    """In each company an open rectification and a visit of each of these ages."""
    with system_session("demo") as session:
        for company in session.scalars(select(Company)):
            posting = session.scalars(select(Posting).where(Posting.company_id == company.id)).first()
            for days in days_ago:
                found = Rectification(company=company, what=f"{days} 天前", responsible="某人", due_on=today())
                found.created_at = datetime.now(UTC) - timedelta(days=days)
                visited = Visit(
                    posting=posting, visited_on=today() - timedelta(days=days), purpose="study", findings="好"
                )
                session.add_all([found, visited])
        session.commit()


@pytest.mark.slow
@pytest.mark.parametrize("role", ["city_admin", "inspector", "branch_admin", "liaison"])
def test_each_mark_opens_as_many_rows_as_it_says(role: str, office: tuple[Flask, World]) -> None:
    write_rows([0, 29, 30, 45, 60, 89, 90, 400])
    client = signed_in(office[0], role)
    found = marks(client)
    assert sum(number for _url, number in found.values()) > 0
    assert {label: rows_listed(client, url) for label, (url, _number) in found.items()} == {
        label: number for label, (_url, number) in found.items()
    }


def test_a_rectification_is_as_old_as_the_assessment_it_came_from(office: tuple[Flask, World]) -> None:
    write_rows([0, 29, 30, 59, 60, 89, 90, 400])
    with system_session("demo", readonly=True) as session:
        charts = {chart.head: chart for chart in home_charts(session, actor_of("city_admin"))}
        rows = session.scalars(select(Rectification).where(Rectification.status == RectificationStatus.OPEN)).all()
        born = [row.assessment.assessed_on if row.assessment else local(row.created_at).date() for row in rows]
    ages = [(today() - day).days for day in born]
    bounds = [(0, 30), (30, 60), (60, 90), (90, 10_000)]
    assert [mark.count for mark in charts["时间"].marks] == [
        sum(low <= age < high for age in ages) for low, high in bounds
    ]
    assert sum(mark.count for mark in charts["时间"].marks) == len(rows)


def test_the_months_of_visits_end_with_the_present_one(office: tuple[Flask, World]) -> None:
    with frozen_at(datetime(2027, 3, 31, 4, tzinfo=UTC)), system_session("demo", readonly=True) as session:
        chart = next(one for one in home_charts(session, actor_of("city_admin")) if one.head == "月份")
    labels = [mark.label for mark in chart.marks]
    assert len(labels) == MONTHS
    assert labels[0] == "4月" and labels[-3:] == ["2027年1月", "2月", "3月"]
    assert chart.marks[-2].url.endswith("flt0_visited_on_from=2027-02-01&flt0_visited_on_until=2027-02-28")


def test_somebody_without_the_rows_gets_no_chart_of_them(office: tuple[Flask, World]) -> None:
    with system_session("demo", readonly=True) as session:
        assert home_charts(session, actor_of("auditor")) == []
        assert [chart.head for chart in home_charts(session, actor_of("city_admin"))] == ["阶段", "月份", "时间"]


def test_charts_compare_times_and_states_and_never_people_or_branches() -> None:
    figures: Any = [FIGURES[key] for key in (*BY_STAGE.values(), *BY_AGE.values())]
    assert {figure.resource for figure in figures} == {"person", "rectification"}
    assert not {"adviser", "branch", "company"} & {figure.resource for figure in figures}
