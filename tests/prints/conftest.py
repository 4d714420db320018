"""An assessment to print, and the browsers of those who print it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import signed_in
from tests.world import World


@pytest.fixture
def opened(app: Flask, world: World) -> tuple[int, int]:
    """The keys of an assessment that was reviewed, and of its round."""
    # Here, so that without what reads a PDF the tests are skipped and nothing else is.
    from tests.printed import make_round

    return make_round(app, world)


@pytest.fixture
def clerk(app: Flask) -> FlaskClient:
    """The browser of the company's clerk on side 甲."""
    return signed_in(app, "company_clerk")


@pytest.fixture
def city(app: Flask) -> FlaskClient:
    """The browser of the city administrator."""
    return signed_in(app, "city_admin")
