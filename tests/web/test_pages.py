"""What holds on every page: fragment or whole, headers, caching, who may come in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from mfa import words
from tests.support.pages import static_files
from tests.support.person import Person

PUBLIC = ["/sign-in", "/sign-up", "/forgot-password"]
TABS = [
    "/account/profile",
    "/account/password",
    "/account/two-step",
    "/account/sessions",
    "/account/activity",
    "/account/profile/email",
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
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_every_route_is_closed_but_those_that_say_otherwise(app: Flask, person: Person) -> None:
    open_routes = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "is_public", False)
    }
    assert open_routes == {
        "accounts.sign_up", "accounts.mail_sign_up_link", "accounts.create_account", "accounts.open_account",
        "accounts.sign_in", "accounts.check_password", "accounts.forgot_password", "accounts.mail_reset_link",
        "accounts.reset_password", "accounts.set_password",
        "sessions.sign_out", "second_step.verify", "second_step.complete",
        "second_step.send_confirmation", "second_step.confirmation", "second_step.confirm",
        "enrollment_link.page", "enrollment_link.confirm", "reports.take",
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
        if name.startswith("mail/") or not name.endswith(".html"):
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


def test_a_page_asks_the_database_for_the_session_and_what_it_shows(mina: Person, app: Flask) -> None:
    from sqlalchemy import event

    from console.extensions import db

    statements: list[str] = []
    # The thread that sends mails asks besides.
    app.extensions["mail_worker"].stop()
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    mina.get("/account/two-step")
    assert len(statements) == 2, statements
