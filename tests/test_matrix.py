"""What one branch owns, another never sees: walked over every route, and shown to be able to fail."""

import pytest
from flask import Flask

from policy import read_guard, write_guard
from tests.matrix import EVERYONE, Leak, walk
from tests.world import World


@pytest.mark.matrix
@pytest.mark.parametrize("role", EVERYONE, ids=str)
def test_no_route_leaks_to_or_is_changed_by(role: str | None, app: Flask, world: World) -> None:
    assert walk(app, world, role) > 500


def test_the_matrix_goes_red_without_the_read_guard(app: Flask, world: World) -> None:
    read_guard.switch_off()
    try:
        with pytest.raises(Leak, match=r"sent 秘|found 秘"):
            walk(app, world, "branch_admin", only=lambda method, _address: method == "GET")
    finally:
        read_guard.switch_on()


def test_the_matrix_goes_red_without_the_write_guard(app: Flask, world: World) -> None:
    write_guard.switch_off()
    try:
        with pytest.raises(Leak, match=r"was changed without an audit entry"):
            walk(app, world, "city_admin", only=lambda method, address: method == "POST" and "/edit/" in address)
    finally:
        write_guard.switch_on()
