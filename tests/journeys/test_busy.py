"""A slow line: the pressed button shows that something is on its way, and a second press does nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Route

from tests.journeys.visitor import Visitor
from tests.support.expecting import expect
from tests.support.person import Person
from tests.support.still import settle

pytestmark = pytest.mark.looks

SEND = "**/enroll/email/send"


class Line:
    """A line that keeps what is sent on it until it is let go."""

    def __init__(self, visitor: Visitor, url: str) -> None:
        self.held: list[Route] = []
        visitor.page.route(url, self._hold)

    def _hold(self, route: Route) -> None:
        self.held.append(route)

    def let_go(self) -> None:
        for route in self.held:
            route.continue_()


def send_button(mina: Visitor) -> Locator:
    return mina.page.locator("button", has_text="Send authentication number")


def press_twice(button: Locator) -> None:
    button.evaluate("button => { button.click(); button.click(); }")


@pytest.fixture
def without_htmx(make_visitor: Callable[..., Visitor], person: Person) -> Visitor:
    """Signed in, in a browser for which htmx did not load."""
    mina = make_visitor()
    mina.page.route(re.compile(r"/(htmx|hx-csp)\b"), lambda route: route.abort())
    return mina.arrive(person.sign_up())


def test_the_pressed_button_is_busy_until_the_answer_comes(visitor: Visitor) -> None:
    visitor.begin()
    line = Line(visitor, SEND)
    send_button(visitor).click()
    expect(send_button(visitor)).to_have_attribute("aria-busy", "true")
    line.let_go()
    expect(visitor.page.get_by_label("Authentication number")).to_be_visible()
    expect(visitor.page.locator("[aria-busy]")).to_have_count(0)


def test_a_busy_button_keeps_its_size(visitor: Visitor) -> None:
    visitor.begin()
    settle(visitor.page)
    before = send_button(visitor).bounding_box()
    Line(visitor, SEND)
    send_button(visitor).click()
    expect(send_button(visitor)).to_have_attribute("aria-busy", "true")
    assert send_button(visitor).bounding_box() == before


def test_a_second_press_is_not_sent(visitor: Visitor) -> None:
    visitor.begin()
    line = Line(visitor, SEND)
    press_twice(send_button(visitor))
    expect(send_button(visitor)).to_have_attribute("aria-busy", "true")
    assert len(line.held) == 1


def test_a_second_press_is_not_sent_where_htmx_did_not_load(without_htmx: Visitor) -> None:
    without_htmx.page.goto("/account/two-step")
    without_htmx.press("Activate 2-Step Verification")
    without_htmx.sees("Verify your email")
    press_twice(send_button(without_htmx))
    without_htmx.page.get_by_label("Authentication number").wait_for()
    without_htmx.inbox.wait_for("authentication number")
    assert without_htmx.inbox.take_all() == []


def test_where_htmx_did_not_load_the_focus_is_on_what_was_refused(without_htmx: Visitor) -> None:
    without_htmx.page.goto("/sign-up")
    without_htmx.sign_out()
    without_htmx.page.goto("/sign-up")
    without_htmx.fill("Email", "mina")
    without_htmx.press("Continue")
    expect(without_htmx.page.locator("[aria-invalid=true]")).to_be_focused()


def test_after_a_second_a_screen_reader_is_told_to_wait(visitor: Visitor) -> None:
    visitor.begin()
    Line(visitor, SEND)
    send_button(visitor).click()
    expect(visitor.page.get_by_role("status").get_by_text("One moment…")).to_be_attached()


def test_a_quick_answer_says_nothing_of_waiting(visitor: Visitor) -> None:
    visitor.page.clock.install()
    visitor.begin()
    visitor.send_number()
    visitor.page.evaluate(
        """new MutationObserver(() => { window.told ||= document.body.textContent.includes("One moment…") })
            .observe(document.body, { childList: true, subtree: true })"""
    )
    visitor.page.clock.run_for(5_000)
    assert not visitor.page.evaluate("window.told")


def test_after_a_lost_connection_the_button_can_be_pressed_again(visitor: Visitor) -> None:
    visitor.begin()
    visitor.context.set_offline(True)
    send_button(visitor).click()
    visitor.reads("Connection lost. Check your connection and try again.")
    expect(send_button(visitor)).not_to_have_attribute("aria-busy", "true")
    visitor.context.set_offline(False)
    visitor.send_number()


def test_after_a_lost_connection_the_focus_is_on_the_button_again(visitor: Visitor) -> None:
    visitor.begin()
    visitor.context.set_offline(True)
    send_button(visitor).focus()
    visitor.page.keyboard.press("Enter")
    visitor.reads("Connection lost. Check your connection and try again.")
    expect(send_button(visitor)).to_be_focused()
    visitor.context.set_offline(False)
