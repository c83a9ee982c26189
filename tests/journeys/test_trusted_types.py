"""Markup and script that somebody planted: the browser and htmx leave them alone."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from logging.handlers import QueueHandler
from queue import SimpleQueue

import pytest
from playwright.sync_api import Browser, Error, Route

from tests.journeys.visitor import Visitor
from tests.support import patience
from tests.support.clock import Clock
from tests.support.expecting import expect
from tests.support.person import Person
from tests.support.smtp import Inbox

pytestmark = pytest.mark.looks


@pytest.fixture
def free_visitor(
    browser: Browser, server: str, inbox: Inbox, clock: Clock, person: Person
) -> Iterator[Visitor]:
    """Signed in, at the console; what her browser blocks it may complain of."""
    context = browser.new_context(base_url=server)
    context.set_default_timeout(patience.MILLISECONDS)
    yield Visitor(context, inbox, clock).arrive(person.sign_up())
    context.close()


def plant(mina: Visitor, url: str, markup: str | Callable[[str], str]) -> None:
    """Let the server's answers at *url* end in *markup*.

    :param markup: the text, or what makes it of the nonce of the answer.
    """

    def answer(route: Route) -> None:
        response = route.fetch()
        nonce = re.findall("'nonce-([^']+)'", response.headers["content-security-policy"])[0]
        planted = markup if isinstance(markup, str) else markup(nonce)
        whole = response.text().replace("</body>", f"{planted}</body>")
        route.fulfill(
            response=response, body=whole if "</body>" in whole else f"<div>{response.text()}{planted}</div>"
        )

    mina.page.route(url, answer)


def open_profile(mina: Visitor) -> None:
    mina.press("Account management")
    mina.sees("Profile")


# What works


def test_the_browser_has_nothing_to_block_in_the_whole_wizard(make_visitor: Callable[..., Visitor]) -> None:
    """A complaint in the console fails the test: see ``open_browser``."""
    mina = make_visitor()
    mina.sign_up()
    mina.activate()
    assert mina.page.evaluate("'nonce' in document.body && trustedTypes.defaultPolicy === null")


# Text of our own scripts


def test_text_does_not_become_markup(free_visitor: Visitor) -> None:
    with pytest.raises(Error, match=r"TypeError.*TrustedHTML"):
        free_visitor.page.evaluate("document.body.innerHTML = '<b>planted</b>'")


def test_text_does_not_become_script(free_visitor: Visitor) -> None:
    # Not at once: what Playwright itself evaluates may.
    tried = free_visitor.page.evaluate(
        """new Promise((done) => setTimeout(() => {
            try { done(Function("return 'ran'")()); } catch (error) { done(error.name); }
        }))"""
    )
    assert tried == "EvalError"


@pytest.mark.parametrize("name", ["htmx", "default", "planted"])
def test_no_other_policy_can_be_made(free_visitor: Visitor, name: str) -> None:
    with pytest.raises(Error, match=rf"TypeError.*{name}"):
        free_visitor.page.evaluate(
            "name => trustedTypes.createPolicy(name, { createHTML: text => text })", name
        )


def test_a_blocked_attempt_is_a_line_in_the_log(free_visitor: Visitor) -> None:
    lines: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler = QueueHandler(lines)
    logging.getLogger("twostep.csp").addHandler(handler)
    with pytest.raises(Error):
        free_visitor.page.evaluate("document.body.innerHTML = '<b>planted</b>'")
    line = vars(lines.get(timeout=patience.SECONDS))
    logging.getLogger("twostep.csp").removeHandler(handler)
    assert (line["directive"], line["blocked"], line["document"]) == (
        "require-trusted-types-for",
        "trusted-types-sink",
        "/",
    )


# Planted markup


def test_htmx_does_not_obey_what_was_planted_in_a_fragment(free_visitor: Visitor) -> None:
    plant(free_visitor, "**/account/profile", '<p id="planted" hx-get="/" hx-trigger="load">planted</p>')
    open_profile(free_visitor)
    free_visitor.reads("planted")
    expect(free_visitor.page.locator("#planted[hx-get]")).to_have_count(0)


def test_what_stands_beside_it_still_works(free_visitor: Visitor) -> None:
    plant(free_visitor, "**/account/profile", '<p id="planted" hx-get="/" hx-trigger="load">planted</p>')
    open_profile(free_visitor)
    free_visitor.fill("Name", "Mina K. Park")
    free_visitor.press("Save")
    free_visitor.reads("Saved.")


def test_htmx_does_not_obey_what_was_planted_in_a_page(free_visitor: Visitor) -> None:
    plant(free_visitor, "**/", '<p id="planted" hx-post="/sign-out" hx-trigger="load">planted</p>')
    free_visitor.page.goto("/")
    free_visitor.reads("planted")
    expect(free_visitor.page.locator("#planted[hx-post]")).to_have_count(0)
    free_visitor.page.reload()
    free_visitor.is_in()


def test_the_nonce_of_the_page_is_of_no_use_in_a_fragment(free_visitor: Visitor) -> None:
    stolen = free_visitor.page.locator("body").get_attribute("hx-nonce")
    plant(free_visitor, "**/account/profile", f'<p id="planted" hx-get="/" hx-nonce="{stolen}">planted</p>')
    open_profile(free_visitor)
    free_visitor.reads("planted")
    expect(free_visitor.page.locator("#planted[hx-get]")).to_have_count(0)


def test_among_our_elements_it_inherits_no_nonce(free_visitor: Visitor) -> None:
    plant(free_visitor, "**/account/profile", '<form hx-post="/sign-out"><button>planted</button></form>')
    open_profile(free_visitor)
    free_visitor.reads("planted")
    expect(free_visitor.page.locator("form[hx-post='/sign-out']:has-text('planted')")).to_have_count(0)


# Planted scripts


def test_a_planted_tag_does_not_load_even_a_script_of_ours(free_visitor: Visitor) -> None:
    """A second htmx would not be guarded."""
    htmx = free_visitor.page.locator("script[src*='htmx.min']").get_attribute("src")
    plant(free_visitor, "**/", f'<script src="{htmx}?second"></script><p>planted</p>')
    asked: list[str] = []
    free_visitor.page.on("requestfinished", lambda request: asked.append(request.url))
    free_visitor.page.goto("/")
    free_visitor.reads("planted")
    assert any("htmx.min." in url for url in asked)
    assert not any(url.endswith("?second") for url in asked)


def test_planted_text_does_not_run_by_another_nonce(free_visitor: Visitor) -> None:
    stolen = free_visitor.page.locator("body").get_attribute("hx-nonce")
    plant(free_visitor, "**/", f'<script nonce="{stolen}">window.ran = true</script><p>planted</p>')
    free_visitor.page.goto("/")
    free_visitor.reads("planted")
    assert free_visitor.page.evaluate("window.ran") is None


def test_a_script_planted_in_a_fragment_does_not_run(free_visitor: Visitor) -> None:
    plant(free_visitor, "**/account/profile", "<script>window.ran = true</script><p>planted</p>")
    open_profile(free_visitor)
    free_visitor.reads("planted")
    assert free_visitor.page.evaluate("window.ran") is None
