"""The whole journey of the product in a real browser, with a real mail server and an app that is not ours.

Of the journeys in browsers it is walked on the servers, too; what each of its rules stores is tested there
over HTTP.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.journeys.visitor import WAYS, Visitor


@pytest.fixture
def motion() -> str:
    """Dialogs move, as for most people."""
    return "no-preference"


@pytest.mark.parametrize(
    "way", [pytest.param(way, marks=[pytest.mark.seed] if way == "desktop" else []) for way in WAYS]
)
def test_the_whole_journey(make_visitor: Callable[..., Visitor], way: str) -> None:
    make_visitor(way).go_the_whole_way()
