"""Long single words in names, addresses and the product's name do not widen a page, however small it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page

from console import create_app
from tests.support.person import PASSWORD, Person
from tests.support.smtp import Inbox
from tests.support.still import settle

pytestmark = pytest.mark.looks

EMAIL = f"{'m' * 60}@{'w' * 60}.example"
NAME = "W" * 80
CARDS = ["/sign-in", "/sign-up", "/forgot-password", "/nothing"]
TABS = [
    "/",
    "/account/profile",
    "/account/profile/email",
    "/account/profile/data",
    "/account/profile/delete",
    "/account/password",
    "/account/two-step",
    "/account/sessions",
    "/account/activity",
    "/account/two-step/disable",
]
SMALLEST = {"width": 320, "height": 640}
# Tabs may be scrolled sideways, and what is cut with an ellipsis is no wider than its box.
TOO_WIDE = """() => [...document.querySelectorAll("body, body *")]
    .filter((part) => part.getBoundingClientRect().right > 321 && part.checkVisibility())
    .filter((part) => !part.closest(".tabs, .visually-hidden, .profile__name"))
    .map((part) => `${part.tagName}.${part.className} ${part.getBoundingClientRect().right}`)
    .concat(document.documentElement.scrollWidth > 320 ? [document.documentElement.scrollWidth] : [])
    .concat([...document.querySelectorAll(".dialog__main")]
        .filter((part) => part.scrollWidth > part.clientWidth).map((part) => `modal ${part.scrollWidth}`))"""


@pytest.fixture
def app(config: dict[str, Any]) -> Iterator[Flask]:
    """An installation whose name is one long word."""
    app = create_app({**config, "PRODUCT_NAME": "P" * 40})
    yield app
    app.extensions["mfa_mail_worker"].stop()


@pytest.fixture
def named(person: Person) -> Person:
    """Somebody with 2-step verification whose name and address are long words."""
    person.sign_up(EMAIL).activate()
    person.get("/account/profile")
    person.post("/account/profile", {"name": NAME})
    return person


@pytest.fixture
def page(open_browser: Callable[..., BrowserContext]) -> Page:
    return open_browser(viewport=SMALLEST).new_page()


def too_wide(page: Page) -> list[str | int]:
    settle(page)
    found: list[str | int] = page.evaluate(TOO_WIDE)
    return found


def test_no_card_is_widened(page: Page) -> None:
    for path in CARDS:
        page.goto(path)
        assert too_wide(page) == [], path


def test_neither_console_nor_modal_is_widened(page: Page, named: Person) -> None:
    page.context.add_cookies(named.cookies())
    for path in TABS:
        page.goto(path)
        assert too_wide(page) == [], path


def test_the_answers_that_name_the_address_are_not_widened(page: Page, inbox: Inbox) -> None:
    page.goto("/sign-up")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("We sent a mail to").wait_for()
    assert too_wide(page) == []
    page.goto(inbox.wait_for("Create your").path)
    assert too_wide(page) == []


def test_recovery_codes_are_not_widened(page: Page, named: Person) -> None:
    named.prove_password("reissue")
    page.context.add_cookies(named.cookies())
    page.goto("/account/two-step/reissue/recovery-codes")
    assert too_wide(page) == []


def test_no_mail_is_widened(page: Page, named: Person, inbox: Inbox) -> None:
    named.get("/account/password")
    named.post("/account/password", {"current_password": PASSWORD, "new_password": "seven boats under glass"})
    named.get("/forgot-password")
    named.post("/forgot-password", {"email": EMAIL})
    letters = [inbox.wait_for(subject) for subject in ("Set a new", "Your password was changed")]
    for letter in letters:
        assert NAME in letter.html
        page.set_content(letter.html)
        assert too_wide(page) == []
