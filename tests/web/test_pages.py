"""What holds on every page: fragment or whole, headers, caching, who may come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine

from mfa import words
from tests.support.clock import Clock
from tests.support.database import noting_statements
from tests.support.pages import static_files
from tests.support.person import Person
from tests.support.product import TWO_STEP

PUBLIC = ["/sign-in", "/sign-up", "/forgot-password"]
TABS = [
    "/account/profile",
    "/account/password",
    "/account/two-step",
    "/account/sessions",
    "/account/activity",
    "/account/profile/email",
    "/account/profile/data",
    "/account/profile/delete",
]


@pytest.mark.parametrize("url", [*PUBLIC, *TABS])
def test_htmx_gets_the_fragment_and_anyone_else_the_page(
    mina: Person, make_person: Callable[..., Person], url: str
) -> None:
    visitor = make_person() if url in PUBLIC else mina
    fragment = visitor.get(url)
    page = visitor.get(url, headers={"HX-Request": ""})
    assert "<html" not in fragment.text
    assert "<html" in page.text
    heading = fragment.text.split("data-focus>")[1].split("<")[0]
    assert heading in page.text


@pytest.mark.parametrize("url", [*PUBLIC, *TABS, "/"])
def test_no_answer_may_be_kept(mina: Person, make_person: Callable[..., Person], url: str) -> None:
    visitor = make_person() if url in PUBLIC else mina
    response = visitor.get(url, headers={"HX-Request": ""})
    assert response.headers["Cache-Control"] == "no-store"
    assert "HX-Request" in response.headers["Vary"]


@pytest.mark.parametrize("url", ["/sign-in", "/nothing", "a static file", "/account/profile"])
def test_the_headers_are_on_every_answer(person: Person, url: str) -> None:
    if url == "a static file":
        url = static_files(person.get("/sign-in", headers={"HX-Request": ""}).text)[0]
    response = person.get(url)
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_every_route_is_closed_but_those_that_say_otherwise(app: Flask, person: Person) -> None:
    open_routes = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "is_public", False)
    }
    assert open_routes == {
        "accounts.sign_up", "accounts.mail_sign_up_link", "accounts.create_account", "accounts.open_account",
        "accounts.sign_in", "accounts.check_password", "accounts.forgot_password", "accounts.mail_reset_link",
        "accounts.reset_password", "accounts.set_password", "invitation.show", "invitation.accept",
        "sessions.sign_out", "two_step.sign_in.verify", "two_step.sign_in.complete",
        "two_step.sign_in.send_confirmation", "two_step.sign_in.confirmation", "two_step.sign_in.confirm",
        "two_step.sign_in.by_passkey", "two_step.sign_in.enter_by_passkey",
        "two_step.link.page", "two_step.link.confirm", "two_step.assets.file", "reports.take",
        "two_step.revocation.page", "two_step.revocation.revoke",
        "two_step.recovery.page", "two_step.recovery.finish", "two_step.recovery.send_number",
        "two_step.recovery.lost", "two_step.recovery.begin_wait", "two_step.recovery.send_wait_number",
        "two_step.recovery.stopping", "two_step.recovery.stop", "two_step.recovery.stop_here",
        "email_change.undoing", "email_change.undo",
        "health.alive", "health.ready", "metrics.show",
    }  # fmt: skip


def test_a_closed_route_sends_strangers_to_sign_in(app: Flask, person: Person) -> None:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if getattr(view, "is_public", False) or rule.endpoint == "static" or rule.arguments:
            continue
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        response = person.client.open(rule.rule, method=method)
        assert response.status_code == 303, rule
        assert response.headers["Location"].startswith("/sign-in")


def test_no_template_holds_inline_script_or_style(app: Flask) -> None:
    for name in app.jinja_env.list_templates():
        if name.startswith(("mail/", "mfa/mail/")) or not name.endswith(".html"):
            continue
        source = app.jinja_env.loader.get_source(app.jinja_env, name)[0]
        assert "style=" not in source, name
        assert "hx-on" not in source, name
        assert "<script>" not in source, name
        assert " js:" not in source, name


def test_the_mailbox_exists_only_without_a_mail_server(person: Person) -> None:
    assert person.get("/dev/mailbox").status_code == 404


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1 second"),
        (30, "30 seconds"),
        (60, "1 minute"),
        (61, "2 minutes"),
        (900, "15 minutes"),
        (3601, "2 hours"),
    ],
)
def test_waits_are_said_in_words(seconds: int, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.fixture
def ran(engine: Engine) -> Iterator[list[str]]:
    """The statements of this thread from now on."""
    with noting_statements(engine) as statements:
        yield statements


@pytest.mark.parametrize("htmx", [True, False], ids=["partial", "page"])
@pytest.mark.parametrize(
    ("url", "statements"), [("/", 1), (TWO_STEP, 2), ("/account/profile", 1), ("/account/sessions", 2)]
)
def test_a_page_asks_for_the_session_and_what_it_shows(
    protected: Person, ran: list[str], url: str, statements: int, *, htmx: bool
) -> None:
    protected.htmx = htmx
    ran.clear()
    assert protected.get(url).status_code == 200
    assert len(ran) == statements, ran


def test_the_tab_asks_for_the_session_and_the_state_while_it_is_off(mina: Person, ran: list[str]) -> None:
    ran.clear()
    mina.get(TWO_STEP)
    assert len(ran) == 2, ran


def test_the_check_up_asks_for_nothing_more(protected: Person, ran: list[str], clock: Clock) -> None:
    protected.sign_out()
    clock.advance(days=28)
    protected.sign_in()
    protected.verify(protected.next_code())
    ran.clear()
    assert "Can you still get in?" in protected.get(TWO_STEP).text
    assert len(ran) == 2, ran


def test_the_tab_asks_for_browsers_only_where_one_is_remembered(protected: Person, ran: list[str]) -> None:
    protected.remember()
    ran.clear()
    assert "1 browser does not ask for your second step." in protected.get(TWO_STEP).text
    assert len(ran) == 3, ran
