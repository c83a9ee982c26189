"""What the first page costs somebody who was never here, over the wire."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext

from tests.journeys.visitor import PHONE
from tests.support.person import Person
from tests.support.smtp import Inbox
from tests.support.still import differ, picture

pytestmark = pytest.mark.looks

README = Path(__file__).resolve().parents[2] / "README.md"
MOST_REQUESTS = 5
CARDS = [
    "/sign-in",
    "/sign-in?ended=sign-in",
    "/sign-up",
    "/forgot-password",
    "/nothing",
    "/sign-up/ended",
    "/reset-password/ended",
    "/account/profile/email/undo/ended",
    "/account/two-step/enroll/link/ended",
    "/sign-in/verify/confirm/ended",
]
"""Pages that somebody opens who was never here."""
LOOKS: list[dict[str, Any]] = [
    {"color_scheme": "light"},
    {**PHONE, "color_scheme": "dark"},
    {"forced_colors": "active"},
]


def load(context: BrowserContext, url: str) -> dict[str, int]:
    """The bytes that came for each address, headers included, until the page was quiet."""
    page = context.new_page()
    wire = context.new_cdp_session(page)
    addresses: dict[str, str] = {}
    came: dict[str, int] = {}

    def asked(event: dict[str, Any]) -> None:
        addresses[event["requestId"]] = event["request"]["url"]

    def finished(event: dict[str, Any]) -> None:
        asked_for = addresses[event["requestId"]]
        if not asked_for.startswith("data:"):
            came[asked_for] = event["encodedDataLength"]

    wire.on("Network.requestWillBeSent", asked)
    wire.on("Network.loadingFinished", finished)
    wire.send("Network.enable")
    page.goto(url, wait_until="networkidle")
    return came


def test_the_sign_in_page_is_small(open_browser: Callable[..., BrowserContext]) -> None:
    came = load(open_browser(), "/sign-in")
    assert len(came) <= MOST_REQUESTS, came
    (promised,) = re.findall(r"at most (\d+) KB on the wire", README.read_text())
    assert sum(came.values()) <= int(promised) * 1024, came


def test_the_second_page_costs_its_own_bytes_alone(open_browser: Callable[..., BrowserContext]) -> None:
    context = open_browser()
    load(context, "/sign-in")
    came = load(context, "/forgot-password")
    assert [url.rpartition("/")[2] for url, size in came.items() if size] == ["forgot-password"]


def screen(context: BrowserContext, url: str, *, stylesheet: bool) -> Image.Image:
    page = context.new_page()
    if stylesheet:
        page.goto(url)
        page.wait_for_function("[...document.styleSheets].some(({ href }) => href?.includes('/main.'))")
    else:
        page.route("**/main.*.css", lambda route: route.abort())
        with page.expect_event("requestfailed"):
            page.goto(url)
    assert page.locator("style").count() == 1  # which only a browser gets that was never here
    found = picture(page)
    page.close()
    context.clear_cookies()
    return found


def assert_stylesheet_changes_nothing(open_browser: Callable[..., BrowserContext], *urls: str) -> None:
    for look in LOOKS:
        without, with_it = open_browser(**look), open_browser(**look)
        for url in urls:
            painted = screen(without, url, stylesheet=False)
            whole = screen(with_it, url, stylesheet=True)
            assert differ(painted, whole) is None, (url, look)


def test_first_paint_of_a_card_is_final(open_browser: Callable[..., BrowserContext]) -> None:
    assert_stylesheet_changes_nothing(open_browser, *CARDS)


def test_first_paint_of_a_mailed_link_is_final(
    open_browser: Callable[..., BrowserContext], mina: Person, inbox: Inbox
) -> None:
    mina.sign_out()
    mina.get("/forgot-password")
    mina.post("/forgot-password", {"email": mina.email})
    assert_stylesheet_changes_nothing(open_browser, inbox.wait_for("Set a new password").path)


def test_second_page_waits_for_the_stylesheet_in_the_cache(
    open_browser: Callable[..., BrowserContext],
) -> None:
    context = open_browser()
    found = []
    for _ in range(2):
        page = context.new_page()
        page.goto("/sign-in")
        found.append((page.locator("style").count(), page.locator("head link[rel=stylesheet]").count()))
    assert found == [(1, 0), (0, 1)]
