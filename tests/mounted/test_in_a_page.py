"""The dialog and the pages of the extension in hosts that are not made for it.

One has no policy and no styles; one has Bootstrap 5, an htmx 2 and a policy with nonces; one has a policy
that knows no nonce. See examples/ for what is in them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask, Response, render_template_string
from playwright.sync_api import BrowserContext, Locator, Page

from mfa.notices import worker
from mfa.people import required
from tests.journeys.visitor import ASKS_EVERY, WAYS, Visitor
from tests.journeys.walks import SAVED
from tests.mounted.examples.conftest import EXAMPLES
from tests.support.authenticator import Authenticator
from tests.support.clock import Clock
from tests.support.database import hang_up
from tests.support.expecting import expect
from tests.support.smtp import Inbox, free_port
from tests.support.still import settle

pytestmark = pytest.mark.looks

SHOP, NOTES, SELF_ONLY = "flask_login", "bootstrap_csp", "self_only"
EMAIL, PASSWORD = "mina@example.com", "orange kettle drives north"
TAB = "/account/two-step"
OURS = ".dialog, .dialog :not(.visually-hidden)"
"""What is seen. The rest is of a class that Bootstrap has, too, and makes important."""
LOOKS = """([scope, ours]) => [...document.querySelectorAll(scope)]
  .filter((one) => ours || (!one.closest(".mfa") && !one.matches("style, script, link")))
  .map((one) => getComputedStyle(one))
  .map((all) => [...all].filter((name) => !name.startsWith("--")).map((name) => `${name}: ${all[name]}`))
  .map((looks) => looks.join("; "))"""


@pytest.fixture
def motion() -> str:
    """Dialogs move, as for most people."""
    return "no-preference"


class Guest(Visitor):
    """Mina, at a host of the extension."""

    def __init__(self, context: BrowserContext, inbox: Inbox, clock: Clock) -> None:
        super().__init__(context, inbox, clock)
        self.app: Authenticator

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog", name="Account Management")

    def sign_in(self) -> Guest:
        self.page.goto("/login")
        self.type("Email", EMAIL)
        self.type("Password", PASSWORD)
        self.press("Sign in")
        expect(self.page).to_have_url(re.compile("[0-9]/$"))
        self.page.wait_for_load_state()  # its styles, too
        return self

    def open_tab(self) -> None:
        if self.runs_script():
            self.page.wait_for_load_state()  # styles may hide what opens a menu
            for opener in (".navbar-toggler", ".dropdown-toggle"):
                if self.page.locator(opener).is_visible():
                    self.page.locator(opener).click()
            self.follow("2-Step Verification")
        else:
            self.open(TAB)  # the menu of Bootstrap is closed for good
        self.sees("2-step verification is off")

    def begin(self) -> None:
        self.press("Activate 2-Step Verification")
        self.sees("Verify your email")

    def send_number(self) -> None:
        self.press("Send authentication number")
        self.is_offered("Authentication number")

    def verify_email(self) -> None:
        self.send_number()
        self.enter("Authentication number", self.inbox.wait_for("authentication number").number, "Next")
        self.sees("Scan the QR code")

    def activate(self) -> None:
        self.begin()
        self.verify_email()
        self.app = Authenticator(self.scans("QR code for your authenticator app"))
        self.press("Next")
        self.sees("Enter the code from your app")
        self.enter("Authentication code", self.app.code(self.clock.seconds), "Next")
        self.sees("Save your recovery codes")
        self.tick(SAVED)
        self.press("Complete")
        self.sees("2-step verification is on.")
        self.press("Done")
        self.sees("2-step verification is on")


@pytest.fixture(params=[SHOP, NOTES])
def host_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def app(host_name: str, tmp_path: Path, inbox: Inbox) -> Iterator[Flask]:
    name = f"127.0.0.1:{free_port()}"
    app = EXAMPLES[SHOP if host_name == SELF_ONLY else host_name].make(
        tmp_path,
        SERVER_NAME=name,
        MFA_SERVER_NAME=name,
        MFA_ACCENT_COLOR="#0d6efd",
        MFA_RECOVERY_HASH_COST="t=1,m=8,p=1",
        MAIL_SERVER="127.0.0.1",
        MAIL_PORT=inbox.port,
    )
    if host_name == SELF_ONLY:

        @app.after_request
        def protect(response: Response) -> Response:
            policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"
            response.headers["Content-Security-Policy"] = (
                f"{policy}; img-src 'self' data:; form-action 'self'"
            )
            return response

    yield app
    if worker._WORKER in app.extensions:
        app.extensions[worker._WORKER].stop()
    hang_up()


@pytest.fixture
def make_guest(
    open_browser: Callable[..., BrowserContext], inbox: Inbox, clock: Clock
) -> Callable[..., Guest]:
    def make(way: str = "desktop", **options: Any) -> Guest:
        return Guest(open_browser(**{**WAYS[way], **options}), inbox, clock).sign_in()

    return make


@pytest.fixture
def guest(make_guest: Callable[..., Guest]) -> Guest:
    """Mina, signed in, at a desktop with JavaScript."""
    return make_guest()


# The journey


@pytest.mark.parametrize("way", ["desktop", "phone"])
def test_wizard_goes_to_its_end_in_the_dialog(make_guest: Callable[..., Guest], way: str) -> None:
    guest = make_guest(way)
    title = guest.page.title()
    guest.page.evaluate("window.stayed = true")
    guest.open_tab()
    expect(guest.dialog).to_be_visible()
    guest.activate()
    guest.is_on(TAB)
    guest.page.keyboard.press("Escape")
    expect(guest.dialog).to_be_hidden()
    expect(guest.page).to_have_url(re.compile("[0-9]/$"))
    assert guest.page.evaluate("window.stayed")
    expect(guest.page).to_have_title(title)


@pytest.mark.parametrize("host_name", [SELF_ONLY], indirect=True)
def test_policy_without_a_nonce_is_enough(guest: Guest) -> None:
    guest.page.evaluate("window.stayed = true")
    guest.open_tab()
    guest.activate()
    assert guest.page.evaluate("window.stayed")


@pytest.mark.parametrize("way", ["no-js", "no-js-phone"])
def test_without_script_wizard_goes_to_its_end_in_pages(
    make_guest: Callable[..., Guest], way: str, host_name: str
) -> None:
    guest = make_guest(way)
    guest.open_tab()
    guest.activate()
    if host_name == NOTES:
        expect(guest.page.locator(".navbar-brand")).to_be_visible()
        expect(guest.page).to_have_title("2-Step Verification | Notes")


def test_tab_opened_by_its_address_is_a_page_with_htmx(guest: Guest) -> None:
    guest.page.goto(TAB)
    guest.page.evaluate("window.stayed = true")
    guest.activate()
    assert guest.page.evaluate("window.stayed")
    expect(guest.page.get_by_role("dialog")).to_have_count(0)


def test_link_that_was_mailed_moves_the_wizard_on(guest: Guest) -> None:
    guest.page.clock.install()
    guest.open_tab()
    guest.begin()
    guest.send_number()
    other = guest.context.new_page()
    other.goto(guest.inbox.wait_for("authentication number").link)
    other.get_by_role("button", name="Confirm").click()
    expect(other.get_by_role("heading", name="Your email is confirmed")).to_be_visible()
    guest.page.clock.run_for(ASKS_EVERY)
    guest.sees("Scan the QR code")
    expect(guest.dialog).to_be_visible()


# A form of the host that comes before the verification


@pytest.mark.parametrize("host_name", [NOTES], indirect=True)
@pytest.mark.parametrize("way", ["desktop", "phone", "no-js"])
def test_form_of_the_host_waits_for_the_password(
    app: Flask, make_guest: Callable[..., Guest], way: str
) -> None:
    """Sent by an htmx 2 of the host, or plain where there is no script."""
    verified = app.extensions["two_step"].verified(timedelta(minutes=10))
    app.view_functions["notes.add"] = verified(app.view_functions["notes.add"])
    guest = make_guest(way)
    guest.clock.advance(minutes=11)
    guest.fill("Note", "Buy <milk> & bread")
    guest.press("Add")
    guest.sees("Confirm it is you")
    guest.type("Password", PASSWORD)
    guest.press("Next")
    guest.sees("Nothing was sent yet")
    assert "milk" not in guest.page.content()
    guest.press("Send now")
    expect(guest.page.get_by_role("link", name="Buy <milk> & bread")).to_be_visible()
    expect(guest.page).to_have_url(re.compile("[0-9]/$"))
    guest.page.go_back()
    guest.page.go_forward()
    expect(guest.page.get_by_role("link", name="Buy <milk> & bread")).to_have_count(1)


@pytest.mark.parametrize("host_name", [NOTES], indirect=True)
def test_fetch_of_the_host_is_told_where_to_confirm(app: Flask, guest: Guest) -> None:
    verified = app.extensions["two_step"].verified(timedelta(minutes=10))
    app.view_functions["notes.add"] = verified(app.view_functions["notes.add"])
    guest.clock.advance(minutes=11)
    told = guest.page.evaluate(
        """async () => {
            const body = new FormData(document.querySelector("form[hx-post]"));
            const answer = await fetch("/notes", { method: "POST", body });
            return [answer.status, await answer.json()];
        }"""
    )
    assert told == [401, {"error": "verification_required", "location": f"{TAB}/confirm?next=/"}]


# The place


def test_reload_goes_on_at_the_step_in_a_page(guest: Guest) -> None:
    guest.open_tab()
    guest.begin()
    guest.verify_email()
    guest.is_on(f"{TAB}/enroll/scan")
    guest.page.reload()
    guest.sees("Scan the QR code")
    guest.page.go_back()
    expect(guest.page).to_have_url(re.compile("[0-9]/$"))


def test_back_closes_the_dialog_and_forward_opens_the_page(guest: Guest) -> None:
    guest.open_tab()
    guest.begin()
    guest.page.go_back()
    expect(guest.dialog).to_be_hidden()
    expect(guest.page).to_have_url(re.compile("[0-9]/$"))
    guest.page.go_forward()
    guest.sees("Verify your email")


def test_dialog_opens_and_closes_again(guest: Guest) -> None:
    before = guest.page.evaluate("history.length")
    for _ in range(2):
        guest.open_tab()
        guest.press("Close")
        expect(guest.dialog).to_be_hidden()
        expect(guest.page).to_have_url(re.compile("[0-9]/$"))
    assert guest.page.evaluate("history.length") == before + 1


@pytest.mark.parametrize("host_name", [SHOP], indirect=True)
def test_keyboard_opens_the_dialog_and_comes_back_to_the_link(guest: Guest) -> None:
    link = guest.page.get_by_role("link", name="2-Step Verification")
    expect(link).to_have_attribute("aria-haspopup", "dialog")
    link.press("Enter")
    expect(guest.page.get_by_role("heading", name="2-step verification is off")).to_be_focused()
    guest.page.keyboard.press("Escape")
    expect(link).to_be_focused()


@pytest.mark.parametrize("host_name", [SHOP], indirect=True)
def test_reminder_opens_the_dialog_and_has_the_day_of_the_reader(
    app: Flask, make_guest: Callable[..., Guest]
) -> None:
    required.use(app, required.Requirement(lambda _person: True, timedelta(days=7)))
    told = "{{ two_step.reminder() }}{{ two_step.modal() }}"
    app.add_url_rule("/told", view_func=lambda: render_template_string(told))
    page = make_guest(timezone_id="Pacific/Kiritimati").page
    page.goto("/told")
    expect(page.locator("[data-mfa-reminder]")).to_have_text(
        "Your organization requires 2-step verification. Turn it on by December 2, 2026."
    )
    page.get_by_role("link", name="Turn it on").press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("heading", name="2-step verification is off")).to_be_focused()
    expect(page.get_by_role("dialog")).to_contain_text("Turn it on by December 2, 2026.")


@pytest.mark.parametrize("host_name", [NOTES], indirect=True)
def test_focus_comes_back_to_the_menu_that_the_link_is_in(guest: Guest) -> None:
    guest.open_tab()
    guest.page.keyboard.press("Escape")
    expect(guest.page.get_by_role("button", name="Mina Park")).to_be_focused()


def test_line_that_is_down_is_told_by_the_browser(guest: Guest) -> None:
    guest.page.route(f"**{TAB}", lambda route: route.abort(), times=1)
    guest.open_tab()  # asked for a second time, as a page
    expect(guest.page.get_by_role("dialog")).to_have_count(0)


# Two htmx on one page

of_notes = pytest.mark.parametrize("host_name", [NOTES], indirect=True)


@of_notes
def test_htmx_of_the_host_stays_what_it_is(guest: Guest) -> None:
    assert guest.page.evaluate("htmx.version").startswith("2.")
    assert guest.page.evaluate("htmx.config.includeIndicatorStyles") is False
    assert guest.page.locator("[data-mfa-for-htmx]").count() == 0
    form = guest.page.locator("form[hx-post]").first
    expect(form).to_have_attribute("hx-target", "#notes")
    guest.open_tab()
    guest.press("Close")
    guest.page.evaluate("window.stayed = true")
    guest.fill("Note", "buy milk")
    guest.press("Add")
    expect(guest.page.get_by_role("link", name="buy milk")).to_be_visible()
    assert guest.page.evaluate("window.stayed")


@of_notes
def test_each_form_is_sent_by_one_htmx(guest: Guest) -> None:
    posted: list[str] = []
    guest.page.on("request", lambda sent: posted.append(sent.url) if sent.method == "POST" else None)
    guest.open_tab()
    guest.begin()
    guest.press("Close")
    guest.fill("Note", "buy milk")
    guest.press("Add")
    expect(guest.page.get_by_role("link", name="buy milk")).to_be_visible()
    assert [url.rpartition("/")[2] for url in posted] == ["enroll", "notes"]


@of_notes
def test_back_to_a_page_that_the_hosts_htmx_pushed_restores_nothing(guest: Guest) -> None:
    """It would load the page again, and store one that shows the dialog."""
    guest.page.evaluate("history.replaceState({htmx: true}, '')")
    guest.page.evaluate("window.stayed = true; document.querySelector('h1').textContent = 'Typed'")
    guest.open_tab()
    guest.page.go_back()
    expect(guest.dialog).to_be_hidden()
    expect(guest.page.get_by_role("heading", name="Typed")).to_be_visible()
    assert guest.page.evaluate("sessionStorage.getItem('htmx-history-cache')") is None


@of_notes
def test_dialog_opens_on_what_the_hosts_htmx_brings(guest: Guest) -> None:
    guest.fill("Note", "buy milk")
    guest.press("Add")
    guest.follow("buy milk")
    expect(guest.page.locator("p.lead")).to_have_text("buy milk")
    guest.open_tab()
    expect(guest.dialog).to_be_visible()
    guest.press("Close")
    expect(guest.page).to_have_url(re.compile("/notes/1$"))


@pytest.mark.parametrize("host_name", [SHOP], indirect=True)
def test_link_leads_to_the_page_where_a_host_replaced_its_body(guest: Guest) -> None:
    # Our script has run: what comes in place of the body later is news to it.
    expect(guest.page.locator("[data-mfa-opens]")).to_have_attribute("aria-haspopup", "dialog")
    guest.page.evaluate("document.body.innerHTML = document.body.innerHTML")
    guest.open_tab()
    expect(guest.page.get_by_role("dialog")).to_have_count(0)


# Looks


def differences(some: list[str], others: list[str]) -> list[list[tuple[str, str]]]:
    """Return which properties differ, for each element that has such."""
    assert len(some) == len(others)
    pairs = (
        zip(one.split("; "), other.split("; "), strict=True) for one, other in zip(some, others, strict=True)
    )
    return [found for found in ([(a, b) for a, b in pair if a != b] for pair in pairs) if found]


def looks(page: Page, scope: str = "*", *, ours: bool = False) -> list[str]:
    found: list[str] = page.evaluate(LOOKS, [scope, ours])
    return found


def test_elements_of_the_host_look_the_same_with_the_dialog(guest: Guest) -> None:
    settle(guest.page)
    with_it = looks(guest.page)
    guest.page.evaluate("""() => {
      for (const ours of document.querySelectorAll(".mfa, link[href*='/host.']")) ours.remove();
    }""")
    assert differences(looks(guest.page), with_it) == []
    assert len(with_it) > 5


def test_dialog_looks_the_same_in_all_hosts(guest: Guest, request: pytest.FixtureRequest) -> None:
    """Bootstrap has rules for the classes card, badge and progress, and for every heading and label."""
    guest.open_tab()
    guest.begin()
    guest.page.mouse.move(0, 0)
    expect(guest.page.get_by_role("heading", name="Verify your email")).to_be_focused()
    settle(guest.page)
    found = looks(guest.page, OURS, ours=True)
    kept = request.config.stash.setdefault(SEEN, found)
    assert differences(found, kept) == []


SEEN = pytest.StashKey[list[str]]()
HOSTILE = """
  html { font-size: 10px; text-align: center }
  body { font: italic 30px/3 serif; letter-spacing: 5px; text-transform: uppercase; color: red }
  #main div.mfa *, body .dialog *, button, input { color: lime; padding: 40px; float: right }
  h3, label, p { margin: 50px; font-size: 3rem } * { border: 3px solid lime }
"""


@pytest.mark.parametrize("host_name", [SHOP], indirect=True)
def test_hostile_styles_of_a_host_do_not_reach_the_dialog(guest: Guest) -> None:
    guest.open_tab()
    guest.begin()
    settle(guest.page)
    before = looks(guest.page, OURS, ours=True)
    guest.page.add_style_tag(content=HOSTILE)
    settle(guest.page)
    assert differences(looks(guest.page, OURS, ours=True), before) == []


@pytest.mark.parametrize("host_name", [SHOP], indirect=True)
def test_host_changes_the_looks_by_custom_properties(guest: Guest) -> None:
    guest.page.add_style_tag(content=".mfa { --sans: Georgia; --radius: 1px } button { border-radius: 9px }")
    guest.open_tab()
    button = guest.page.get_by_role("button", name="Activate 2-Step Verification")
    expect(button).to_have_css("font-family", "Georgia")
    expect(button).to_have_css("border-radius", "1px")


def background(guest: Guest, css: str) -> float:
    """Return how light the background is, from 0 to 1."""
    settle(guest.page)
    lightness: float = guest.page.locator(css).evaluate(
        "(one) => Number(getComputedStyle(one).backgroundColor.match(/[\\d.]+/)[0])"
    )
    return lightness


@of_notes
def test_dialog_is_as_dark_as_the_page(make_guest: Callable[..., Guest]) -> None:
    """Bootstrap's page is light where the system is dark, until the host says that it is dark."""
    guest = make_guest(color_scheme="dark")
    guest.open_tab()
    assert background(guest, ".dialog") == 1
    guest.context.add_cookies([{"name": "theme", "value": "dark", "domain": "127.0.0.1", "path": "/"}])
    guest.page.goto("/")
    guest.open_tab()
    assert background(guest, ".dialog") < 0.3
    guest.page.goto(TAB)
    assert background(guest, ".frame__page") < 0.3


@pytest.mark.parametrize("way", ["desktop", "phone"])
def test_nobody_is_left_out(make_guest: Callable[..., Guest], way: str) -> None:
    guest = make_guest(way)
    wrong: list[Any] = []

    def check() -> None:
        settle(guest.page)
        result = Axe().run(guest.page, context=".mfa")
        wrong.extend((found["id"], found["nodes"][0]["html"]) for found in result.response["violations"])

    guest.open_tab()
    check()
    guest.begin()
    check()
    guest.verify_email()
    check()
    guest.page.goto(TAB)
    check()
    assert wrong == []


# Without a browser


def test_nobody_signed_in_gets_no_dialog(app: Flask) -> None:
    page = app.test_client().get("/login").text
    assert "mfa" not in page


@pytest.mark.process
def test_autogenerate_of_the_host_leaves_the_tables_alone(tmp_path: Path) -> None:
    run = "from examples.bootstrap_csp import create_app\n"
    run += f"app = create_app(SQLALCHEMY_DATABASE_URI='sqlite:///{tmp_path / 'host.db'}')\n"
    run += "for args in ['db', 'upgrade'], ['two-step', 'db', 'upgrade'], ['db', 'check']:\n"
    run += "    found = app.test_cli_runner().invoke(args=args)\n"
    run += "    assert found.exit_code == 0, (args, found.output)\n"
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", run], cwd=root, check=True, env={**os.environ})
