"""Firefox and WebKit, each started for one test, with a home of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request as asked_for

from tests.browsers.guest import Guest
from tests.support import display, firefox, webkit
from tests.support.clock import Clock
from tests.support.smtp import Inbox

DESKTOP, PHONE = (1280, 800), (390, 844)
WAYS = ("desktop", "phone", "no-js", "no-js-phone")


@pytest.fixture(scope="session")
def screen() -> Iterator[str]:
    """The X server of this process, which WebKit can't do without."""
    with display.showing() as name:
        yield name


@pytest.fixture
def asked(app: Flask) -> list[str]:
    """Every request so far, by method and path."""
    seen: list[str] = []

    @app.before_request
    def _note() -> None:
        seen.append(f"{asked_for.method} {asked_for.path}")

    return seen


@pytest.fixture
def make_guest(
    server: str, inbox: Inbox, clock: Clock, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Guest]]:
    """Return somebody at a browser, ``firefox`` or ``webkit``, who comes in one of the WAYS."""
    with ExitStack() as browsers:

        def start(browser: str, way: str = "desktop", **options: Any) -> Guest:
            home = tmp_path / f"{browser}-{way}"
            home.mkdir()
            script = not way.startswith("no-js")
            if browser == "firefox":
                page = browsers.enter_context(firefox.opened(home, script=script, **options))
            else:
                shown_on = request.getfixturevalue("screen")
                page = browsers.enter_context(webkit.opened(home, shown_on, script=script))
            page.resize(*(PHONE if way.endswith("phone") else DESKTOP))
            return Guest(page, server, inbox, clock, script=script)

        yield start
