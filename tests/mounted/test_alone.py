"""The pages that stand in no layout of a host, in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext

from tests.journeys.visitor import PHONE
from tests.mounted.hosts import PASSWORD, Shop, shops
from tests.support.expecting import expect
from tests.support.smtp import free_port

TAB = "/account/two-step"
pytestmark = pytest.mark.looks


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    for make in shops(tmp_path):
        made = make(settings={"SERVER_NAME": f"127.0.0.1:{free_port()}"})
        made.add()
        yield made


@pytest.fixture
def app(shop: Shop) -> Flask:
    return shop.app


@pytest.mark.parametrize("on_a_phone", [True, False])
def test_page_is_as_wide_as_a_phone_and_a_card_elsewhere(
    open_browser: Callable[..., BrowserContext], on_a_phone: bool
) -> None:
    context = open_browser(**PHONE if on_a_phone else {})
    context.request.post("/login", form={"email": "mina@example.com", "password": PASSWORD})
    page = context.new_page()
    page.goto(TAB)
    card = page.locator(".frame__page")
    expect(card).to_have_css("border-left-width", "0px" if on_a_phone else "1px")
    expect(card).to_have_css("border-top-left-radius", "0px" if on_a_phone else "16px")
