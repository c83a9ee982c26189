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


class Opener:
    """Opens pages, each in a browser of its own, for people who come in one of the WAYS.

    :param home: the folder below which each browser keeps everything.
    :param browsers: what ends them.
    """

    def __init__(self, home: Path, screen: str, browsers: ExitStack) -> None:
        self._home, self._screen, self._browsers = home, screen, browsers
        self._kept: dict[str, Page] = {}

    def open(self, browser: str, way: str, **options: Any) -> Page:
        """Start a browser, ``firefox`` or ``webkit``."""
        home = self._home / f"{browser}-{way}-{len(list(self._home.iterdir()))}"
        home.mkdir()
        script = not way.startswith("no-js")
        opened = (
            firefox.opened(home, script=script, **options)
            if browser == "firefox"
            else webkit.opened(home, self._screen, script=script)
        )
        page: Page = self._browsers.enter_context(opened)
        page.home = home
        self._fit(page, way)
        return page

    def open_again(self, browser: str, way: str, **options: Any) -> Page:
        """Return a browser that an earlier test may have had, in another size; nobody is signed in there."""
        kind = repr((browser, way.startswith("no-js"), options))
        if kind not in self._kept:
            self._kept[kind] = self.open(browser, way, **options)
            return self._kept[kind]
        page = self._kept[kind]
        page.driver.delete_all_cookies()
        self._fit(page, way)
        return page

    @staticmethod
    def _fit(page: Page, way: str) -> None:
        page.resize(*(PHONE if way.endswith("phone") else DESKTOP))


@pytest.fixture(scope="module")
def opener_of_module(tmp_path_factory: pytest.TempPathFactory, screen: str) -> Iterator[Opener]:
    with ExitStack() as browsers:
        yield Opener(tmp_path_factory.mktemp("browsers"), screen, browsers)


@pytest.fixture
def open_page(tmp_path: Path, screen: str, opener_of_module: Opener) -> Iterator[Callable[..., Page]]:
    """Return a page in a browser, ``firefox`` or ``webkit``, for a person who comes in one of the WAYS.

    Starting a browser takes seconds, so tests that need no history and no storage of their own ask for one
    ``again``.
    """
    with ExitStack() as browsers:
        opener = Opener(tmp_path, screen, browsers)

        def start(browser: str, way: str, *, again: bool = False, **options: Any) -> Page:
            return (opener_of_module.open_again if again else opener.open)(browser, way, **options)

        yield start


@pytest.fixture
def make_guest(
    open_page: Callable[..., Page], server: str, inbox: Inbox, clock: Clock, reports: list[str]
) -> Iterator[Callable[..., Guest]]:
    """Return somebody at a browser that :func:`open_page` opens.

    What the browser reports to ``/csp-report`` fails the test.
    """

    def make(browser: str, way: str = "desktop", **options: Any) -> Guest:
        page = open_page(browser, way, **options)
        return Guest(page, server, inbox, clock, script=not way.startswith("no-js"))

    yield make
    assert reports == []
