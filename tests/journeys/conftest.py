"""Who makes the journeys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from tests.journeys.visitor import WAYS, Visitor
from tests.support.clock import Clock
from tests.support.person import Person
from tests.support.product import TWO_STEP
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


WIZARD: dict[str, tuple[str, Callable[[Person], object]]] = {
    "scan": ("Scan the QR code", lambda person: person.begin().verify_email()),
    "code": ("Enter the code from your app", lambda person: person.begin().verify_email().scan()),
    "recovery": (
        "Save your recovery codes",
        lambda person: person.begin().verify_email().scan().enter_code(),
    ),
}
"""The steps of activation after its first: their headings, and the ways there."""


@pytest.fixture
def at_step(make_visitor: Callable[..., Visitor], person: Person) -> Callable[..., Visitor]:
    """Somebody at a step of activation, in its dialog; the whole journey walks those before it."""

    def make(step: str, way: str = "desktop") -> Visitor:
        heading, come = WIZARD[step]
        person.sign_up().reach(f"come to the step {step}", come)
        mina = make_visitor(way).arrive(person, f"{TWO_STEP}/enroll/{step}")
        mina.sees(heading)
        return mina

    return make


@pytest.fixture
def protected_visitor(make_visitor: Callable[..., Visitor], person: Person) -> Visitor:
    """The same with 2-step verification on, at its tab."""
    mina = make_visitor().arrive(person.sign_up().activate())
    mina.open_two_step()
    return mina
