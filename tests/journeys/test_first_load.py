"""What the first page costs somebody who was never here, over the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

pytestmark = pytest.mark.looks

MOST_BYTES = 45 * 1024
MOST_REQUESTS = 5


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
    assert sum(came.values()) <= MOST_BYTES, came


def test_the_second_page_costs_its_own_bytes_alone(open_browser: Callable[..., BrowserContext]) -> None:
    context = open_browser()
    load(context, "/sign-in")
    came = load(context, "/forgot-password")
    assert [url.rpartition("/")[2] for url, size in came.items() if size] == ["forgot-password"]
