"""The journeys of the product in Firefox and in WebKit, with JavaScript and without, large and small."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browsers.conftest import WAYS
from tests.browsers.guest import Guest

pytestmark = pytest.mark.looks


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("browser", ["firefox", "webkit"])
def test_the_whole_journey(make_guest: Callable[..., Guest], browser: str, way: str) -> None:
    make_guest(browser, way, again=True).go_the_whole_way()
