"""How many bytes a page costs over the wire, and what is sent along with it."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import as_new, signed_in
from tests.databases import Office
from tests.site import PASSWORD, demo_app

KB = 1000
COLD, WARM = 150 * KB, 30 * KB
CODINGS = pytest.mark.parametrize("coding", ["br", "gzip"])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The demo as ``make run`` loads it, with form tokens."""
    return demo_app(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def desk(demo: Flask) -> FlaskClient:
    """A browser in which the city administrator has signed in."""
    client = demo.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").get_data(as_text=True))
    assert token
    form = {"username": "city_admin", "password": PASSWORD, "csrf_token": token[1]}
    assert client.post("/sign-in", data=form).status_code == 302
    return client


@pytest.fixture
def client(on_sqlite: Office) -> FlaskClient:
    """The city administrator's browser in the test world."""
    return signed_in(as_new(on_sqlite).app, "city_admin")


def fetch(client: FlaskClient, address: str, coding: str) -> TestResponse:
    """An answer as a browser gets it that reads this coding."""
    return client.get(address, headers={"Accept-Encoding": coding}, buffered=True)


def weight(answer: TestResponse) -> int:
    """The bytes of an answer, its headers included."""
    return len(answer.get_data()) + len(str(answer.headers).encode())


def files_of(client: FlaskClient, address: str) -> list[str]:
    """The style sheets, scripts and pictures that a page loads."""
    page = client.get(address).get_data(as_text=True)
    return re.findall(r'<(?:link rel="stylesheet" href|script src|img [^>]*src)="(/[^"]+)"', page)


@CODINGS
@pytest.mark.parametrize("address", ["/person/", "/visit/"])
def test_a_list_of_fifty_rows_is_light(address: str, coding: str, desk: FlaskClient) -> None:
    assert desk.get(address).get_data(as_text=True).count('name="rowid"') == 50
    warm = weight(fetch(desk, address, coding))
    cold = warm + sum(weight(fetch(desk, file, coding)) for file in files_of(desk, address))
    assert warm <= WARM
    assert cold <= COLD


@CODINGS
def test_what_a_page_loads_is_kept_for_a_year(coding: str, desk: FlaskClient) -> None:
    for file in {*files_of(desk, "/"), *files_of(desk, "/person/")}:
        answer = fetch(desk, file, coding)
        assert answer.headers["Content-Encoding"] == coding, file
        assert "immutable" in answer.headers["Cache-Control"], file
        assert "Accept-Encoding" in answer.headers["Vary"], file
        assert fetch(desk, file, coding).get_data() == answer.get_data()


def test_widgets_come_only_with_pages_that_hold_them(desk: FlaskClient) -> None:
    def loads(address: str, name: str) -> bool:
        return any(name in file for file in files_of(desk, address))

    assert loads("/key_post/new/", "tom-select") and not loads("/password", "tom-select")
    assert loads("/", "echarts") and not loads("/person/", "echarts")


def test_exports_are_streamed_as_they_are(client: FlaskClient) -> None:
    for kind in ("csv", "xlsx"):
        answer = client.get(f"/company/export/{kind}/", headers={"Accept-Encoding": "br, gzip"})
        assert answer.is_streamed and "Content-Encoding" not in answer.headers
        assert next(iter(answer.response))
        answer.close()


@CODINGS
def test_the_length_of_a_compressed_page_tells_nothing(coding: str, desk: FlaskClient) -> None:
    lengths = {len(fetch(desk, "/company/?search=%E4%B8%9C", coding).get_data()) for _ in range(20)}
    assert max(lengths) - min(lengths) > 20


def test_a_browser_that_reads_no_coding_gets_the_page_as_it_is(client: FlaskClient) -> None:
    answer = client.get("/company/")
    assert "Content-Encoding" not in answer.headers
    assert answer.get_data(as_text=True).startswith("<!doctype html>")
    assert client.get("/company/").get_data() == answer.get_data()


def test_static_files_are_named_with_their_version_and_come_with_their_licence(app: Flask) -> None:
    vendor = Path(app.static_folder or "") / "vendor"
    for file in vendor.glob("*.min.*"):
        name, version = re.match(r"([a-z-]+)-(\d+\.\d+\.\d+)\.", file.name).groups()  # type: ignore[union-attr]
        assert version and (vendor / f"{name}-LICENSE.txt").exists(), file.name
