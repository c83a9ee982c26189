"""A slow line: the pressed button shows that something is on its way, and a second press does nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.journeys.visitor import Visitor
from tests.support.person import Person

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
def without_htmx(visitor: Callable[..., Visitor], person: Person) -> Visitor:
    """Signed in, in a browser for which htmx did not load."""
    mina = visitor()
    mina.page.route(re.compile(r"/(htmx|hx-csp)\b"), lambda route: route.abort())
    return mina.arrive(person.sign_up())


def test_the_pressed_button_is_busy_until_the_answer_comes(mina: Visitor) -> None:
    mina.begin()
    line = Line(mina, SEND)
    send_button(mina).click()
    expect(send_button(mina)).to_have_attribute("aria-busy", "true")
    line.let_go()
    expect(mina.page.get_by_label("Authentication number")).to_be_visible()
    expect(mina.page.locator("[aria-busy]")).to_have_count(0)


def test_a_busy_button_keeps_its_size(mina: Visitor) -> None:
    mina.begin()
    before = send_button(mina).bounding_box()
    Line(mina, SEND)
    send_button(mina).click()
    expect(send_button(mina)).to_have_attribute("aria-busy", "true")
    assert send_button(mina).bounding_box() == before


def test_a_second_press_is_not_sent(mina: Visitor) -> None:
    mina.begin()
    line = Line(mina, SEND)
    press_twice(send_button(mina))
    expect(send_button(mina)).to_have_attribute("aria-busy", "true")
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


def test_after_a_second_a_screen_reader_is_told_to_wait(mina: Visitor) -> None:
    mina.begin()
    Line(mina, SEND)
    send_button(mina).click()
    expect(mina.page.get_by_role("status").get_by_text("One moment…")).to_be_attached()


def test_a_quick_answer_says_nothing_of_waiting(mina: Visitor) -> None:
    mina.page.clock.install()
    mina.begin()
    mina.send_number()
    mina.page.evaluate(
        """new MutationObserver(() => { window.told ||= document.body.textContent.includes("One moment…") })
            .observe(document.body, { childList: true, subtree: true })"""
    )
    mina.page.clock.run_for(5_000)
    assert not mina.page.evaluate("window.told")


def test_after_a_lost_connection_the_button_can_be_pressed_again(mina: Visitor) -> None:
    mina.begin()
    mina.context.set_offline(True)
    send_button(mina).click()
    mina.reads("Connection lost. Check your connection and try again.")
    expect(send_button(mina)).not_to_have_attribute("aria-busy", "true")
    mina.context.set_offline(False)
    mina.send_number()


def test_after_a_lost_connection_the_focus_is_on_the_button_again(mina: Visitor) -> None:
    mina.begin()
    mina.context.set_offline(True)
    send_button(mina).focus()
    mina.page.keyboard.press("Enter")
    mina.reads("Connection lost. Check your connection and try again.")
    expect(send_button(mina)).to_be_focused()
    mina.context.set_offline(False)
