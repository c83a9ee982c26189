"""Firefox and WebKit, each started for one test, with a home of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request

from tests.browsers.guest import Guest
from tests.support import display, firefox, webkit
from tests.support.clock import Clock
from tests.support.page import Page
from tests.support.smtp import Inbox

DESKTOP, PHONE = (1280, 800), (390, 844)
WAYS = ("desktop", "phone", "no-js", "no-js-phone")


@pytest.fixture(scope="session")
def screen() -> Iterator[str]:
    """The X server of this process, which WebKit can't do without."""
    with display.showing() as name:
        yield name


@pytest.fixture
def reports(app: Flask) -> list[str]:
    """What browsers have reported of the Content-Security-Policy so far."""
    seen: list[str] = []

    @app.before_request
    def _note() -> None:
        if request.path == "/csp-report":
            seen.append(request.get_data(as_text=True))

    return seen


@pytest.fixture
def open_page(tmp_path: Path, screen: str) -> Iterator[Callable[..., Page]]:
    """Return a page in a browser of its own, for a person who comes in one of the WAYS."""
    with ExitStack() as browsers:

        def start(browser: str, way: str, **options: Any) -> Page:
            home = tmp_path / f"{browser}-{way}"
            home.mkdir()
            script = not way.startswith("no-js")
            opened = (
                firefox.opened(home, script=script, **options)
                if browser == "firefox"
                else webkit.opened(home, screen, script=script)
            )
            page: Page = browsers.enter_context(opened)
            page.resize(*(PHONE if way.endswith("phone") else DESKTOP))
            return page

        yield start


@pytest.fixture
def make_guest(
    open_page: Callable[..., Page], server: str, inbox: Inbox, clock: Clock, reports: list[str]
) -> Iterator[Callable[..., Guest]]:
    """Return somebody at a browser, ``firefox`` or ``webkit``, who comes in one of the WAYS.

    What the browser reports to ``/csp-report`` fails the test.
    """

    def make(browser: str, way: str = "desktop", **options: Any) -> Guest:
        page = open_page(browser, way, **options)
        return Guest(page, server, inbox, clock, script=not way.startswith("no-js"))

    yield make
    assert reports == []
