"""Who makes the journeys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from tests.journeys.visitor import WAYS, Visitor
from tests.support.clock import Clock
from tests.support.person import Person
from tests.support.smtp import Inbox


@pytest.fixture
def make_visitor(
    open_browser: Callable[..., BrowserContext], inbox: Inbox, clock: Clock
) -> Callable[..., Visitor]:
    def make(way: str = "desktop") -> Visitor:
        context = open_browser(**WAYS[way])
        if way == "no-htmx":
            # The script that guards it comes from the same place, and does not come either.
            context.route("**/static/h*.min.*", lambda route: route.abort())
        language = "ko" if way.startswith("korean") else "en"
        return Visitor(context, inbox, clock, language)

    return make


@pytest.fixture
def visitor(make_visitor: Callable[..., Visitor], person: Person) -> Visitor:
    """Signed in, at the console, at a desktop with JavaScript."""
    return make_visitor().arrive(person.sign_up())


@pytest.fixture
def protected_visitor(make_visitor: Callable[..., Visitor], person: Person) -> Visitor:
    """The same with 2-step verification on, at its tab."""
    mina = make_visitor().arrive(person.sign_up().activate())
    mina.open_two_step()
    return mina
