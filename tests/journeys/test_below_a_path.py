"""The application below a path of its host, behind nginx and behind Caddy: nothing leads out of that path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Response

from tests.journeys.visitor import WAYS, Visitor
from tests.support.expecting import expect
from tests.support.proxies import Caddy, Nginx, Proxy
from tests.support.smtp import Inbox, Letter
from tests.support.workers import Workers

pytestmark = [pytest.mark.process, pytest.mark.looks]

ROOT = "/two-step"
LINK = re.compile(r"https?://[^\s\"<>]+")


class Below(Visitor):
    """Somebody whose product stands at *url*, which has a path.

    :ivar asked: all addresses that the browser asked for, on whatever page.
    :ivar answers: what it got.
    """

    def __init__(self, context: BrowserContext, url: str, inbox: Inbox, behind: Workers) -> None:
        super().__init__(context, inbox, behind.clock)
        self.url = url
        self.asked: list[str] = []
        self.answers: list[Response] = []
        context.on("request", lambda request: self.asked.append(request.url))
        context.on("response", lambda answer: self.answers.append(answer))  # noqa: PLW0108

    def open(self, url: str) -> None:
        super().open(self.url + url if url.startswith("/") else url)

    def is_on(self, path: str) -> None:
        expect(self.page).to_have_url(self.url + path)
        self.page.wait_for_load_state()

    def letter(self, subject: str, to: str = "") -> Letter:
        letter = super().letter(subject, to)
        links = LINK.findall(letter.text + letter.html)
        assert links
        assert [link for link in links if not link.startswith(f"{self.url}/")] == []
        return letter

    def stayed_below(self) -> None:
        """Fail if a request or a cookie left the path, a file was missing or a page broke its policy."""
        asked = [url for url in self.asked if not url.startswith(("data:", "blob:"))]
        assert [url for url in asked if not url.startswith(f"{self.url}/")] == []
        assert [url for url in asked if url.endswith("/csp-report")] == []
        files = [answer for answer in self.answers if answer.url.startswith(f"{self.url}/static/")]
        assert {answer.status for answer in files} == {200}
        assert {cookie["path"] for cookie in self.context.cookies()} == {ROOT}


@pytest.fixture(params=[Nginx, Caddy])
def proxy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Proxy]:
    """nginx, which hands the whole path on; Caddy, which cuts it off."""
    started: Proxy = request.param(tmp_path, ROOT)
    yield started
    started.stop()


@pytest.fixture
def behind(proxy: Proxy, config: dict[str, Any]) -> Iterator[Workers]:
    """The server of production, behind the proxy."""
    scheme, _, name = proxy.url.partition("://")
    settings = {
        **config,
        "APPLICATION_ROOT": ROOT,
        "PREFERRED_URL_SCHEME": scheme,
        "TRUSTED_PROXIES": 1,
    }
    server = Workers(Path(config["INSTANCE_PATH"]), settings, processes=1)
    server.settings["SERVER_NAME"] = name
    try:
        server.start()
        proxy.start([f"{server.host}:{server.port}"] * 2)
        yield server
    finally:
        server.stop()


@pytest.fixture
def server(behind: Workers, proxy: Proxy) -> str:
    """The address at which browsers find the product."""
    return proxy.url + ROOT


@pytest.fixture
def make_below(
    open_browser: Callable[..., BrowserContext], server: str, inbox: Inbox, behind: Workers
) -> Callable[..., Below]:
    def make(way: str = "desktop") -> Below:
        return Below(open_browser(ignore_https_errors=True, **WAYS[way]), server, inbox, behind)

    return make


@pytest.fixture
def below(make_below: Callable[..., Below]) -> Below:
    return make_below()


@pytest.mark.parametrize("way", ["desktop", "no-js"])
def test_whole_journey_stays_below_the_path(make_below: Callable[..., Below], way: str) -> None:
    mina = make_below(way)
    mina.go_the_whole_way()
    mina.stayed_below()


def test_dialog_and_ended_session_stay_below_the_path(below: Below) -> None:
    below.page.goto(below.url)  # without its slash
    below.sees("Sign in")

    below.sign_up()
    below.page.evaluate("window.stayed = true")
    below.begin()
    below.is_on("/account/two-step/enroll/email")
    below.page.keyboard.press("Escape")
    below.is_on("/")
    expect(below.page.get_by_role("button", name="Account management")).to_be_focused()
    below.open_two_step()
    below.sees("2-step verification is off")
    assert below.page.evaluate("window.stayed")
    below.page.go_back()
    below.is_on("/account/profile")
    below.sees("Profile")
    below.page.go_back()
    below.is_on("/")
    expect(below.page.get_by_role("dialog")).to_be_hidden()
    below.asked.remove(below.url)
    below.stayed_below()

    below.open_two_step()
    below.sees("2-step verification is off")
    below.clock.advance(days=1)
    below.press("Activate 2-Step Verification")
    below.reads("Your session has ended. Sign in to go on.")
    below.type_password()
    below.is_on("/account/two-step")
    below.sees("2-step verification is off")
    below.stayed_below()
