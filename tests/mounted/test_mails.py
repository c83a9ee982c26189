"""Mails of the second step in an application that has nothing of the console, no Flask-Mail and no Babel."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import flask_mail
import pytest
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

from mfa import clock, database, ring, site
from mfa.crypto.keys import KeyRing
from mfa.errors import BadSetting
from mfa.notices import background, delivery, messages, outbox, worker
from mfa.notices.office import Message, Office, by_name, office
from mfa.web import templates
from mfa.web.host import Host
from tests.mounted import tables
from tests.support.smtp import Inbox, free_port

TO = "mina@example.com"
SEEN = {"at": "2026-11-24T12:00:10+00:00", "device": "Chrome on Windows", "network": "203.0.113.0/24"}
EXAMPLES: dict[Callable[..., Any], dict[str, Any]] = {
    messages.enrollment_number: {"number": "123456", "token": "a-token"},
    messages.confirm_second_step: {"token": "a-token"},
    messages.two_step_on: {},
    messages.two_step_off: {},
    messages.authenticator_added: {"kind": "app"},
    messages.authenticator_renamed: {"kind": "passkey"},
    messages.authenticator_removed: {"kind": "passkey"},
    messages.authenticator_moved: {},
    messages.recovery_codes_reissued: {
        "revokes": ("7f0c", "a-set", "2026-11-24T12:00:10+00:00"),
        "limited_until": "2026-11-25T12:00:10+00:00",
    },
    messages.recovery_codes_revoked: {},
    messages.recovery_code_used: {"codes_left": 3},
    messages.browser_remembered: {"days": 30, **SEEN},
    messages.sign_in_unfinished: SEEN,
    messages.second_step_guessed: SEEN,
    messages.passkey_copied: SEEN,
}
PAGES = {
    "sign_in": "login",
    "forgot_password": "forgot",
    "enrollment_link": "link",
    "confirm_second_step": "sure",
    "revoke_codes": "revoke",
}
FORGOT = "https://shop.example/store/forgot"


@dataclass(frozen=True)
class Reader:
    id: str = "7f0c"
    email: str = TO
    name: str = "Mina"
    language: str | None = None


@pytest.fixture
def make_host(tmp_path: Path, inbox: Inbox) -> Iterator[Callable[..., Flask]]:
    """Make a host with settings of its own; its page of a forgotten password may be left out."""
    engine = create_engine(f"sqlite:///{tmp_path / 'host.sqlite'}")
    tables.upgrade(engine)
    session = scoped_session(sessionmaker(engine))
    made: list[Flask] = []

    def make(*, forgot: bool = True, **settings: Any) -> Flask:
        app = Flask("host")
        app.config.update(
            SECRET_KEY="a host's own key",
            MAIL_SERVER="127.0.0.1",
            MAIL_PORT=inbox.port,
            MAIL_DEFAULT_SENDER=("The Shop, Inc.", "shop@shop.example"),
            SERVER_NAME="shop.example",
            APPLICATION_ROOT="/store",
            PREFERRED_URL_SCHEME="https",
        )
        app.config.update(settings)
        for name in ("login", "forgot", "link/<token>", "sure/<token>", "revoke/<token>"):
            app.add_url_rule(f"/{name}", name.partition("/")[0], lambda **_: "")
        database.use(app, session)
        app.teardown_appcontext(lambda _error: session.remove())
        keys = KeyRing([b"0123456789abcdef" * 2])
        ring.use(app, keys)
        Host(product="Shop", ring=keys, posted_cookie="posted").take_in(app)
        Office(
            product="Shop",
            notices=by_name(messages.NOTICES),
            render=templates.render,
            pages={page: view for page, view in PAGES.items() if forgot or view != "forgot"},
            support_address="help@shop.example",
            accent="#00ff88",
        ).open(app)
        background.set_up(app)
        made.append(app)
        return app

    yield make
    for app in made:
        if "mfa_mail_worker" in app.extensions:
            app.extensions["mfa_mail_worker"].stop()
    session.remove()
    engine.dispose()


def post(app: Flask, notice: Callable[..., Any] = messages.two_step_on, **details: Any) -> None:
    with app.app_context(), database.transaction():
        outbox.post(notice, Reader(), clock.now(), **details)


def test_notice_leaves_after_the_commit_with_links_of_the_settings(
    make_host: Callable[..., Flask], inbox: Inbox
) -> None:
    app = make_host()
    with app.test_request_context("/", headers={"Host": "evil.example"}), database.transaction():
        outbox.post(messages.two_step_on, Reader(), clock.now())
    letter = inbox.wait_for("2-step verification is on", to=TO)
    assert f"\n{FORGOT}\n" in letter.text
    assert f'href="{FORGOT}"' in letter.html
    assert "Hello Mina," in letter.text
    assert "mailto:help@shop.example" in letter.html
    assert letter.text.endswith("-- \nShop\n")
    assert "evil" not in letter.message.as_string()


LETTER = Message(TO, "Your number", "It is 123456.", "<p>It is 123456.</p>")


def test_in_debug_mode_without_a_server_mails_are_printed(
    make_host: Callable[..., Flask], inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_host(MAIL_SERVER=None)
    app.debug = True
    with app.app_context():
        assert delivery.send(LETTER)
    assert TO in caplog.text
    assert "It is 123456." in caplog.text
    assert not inbox.take_all()


@pytest.mark.parametrize(
    "settings", [{"MAIL_SERVER": None}, {"DEBUG": True}, {"DEBUG": True, "TESTING": True}]
)
def test_nowhere_else_is_a_mail_printed(
    make_host: Callable[..., Flask], caplog: pytest.LogCaptureFixture, settings: dict[str, Any]
) -> None:
    app = make_host(**settings)
    with app.app_context(), suppress(delivery.MailNotSent):
        delivery.send(LETTER)
    assert "123456" not in caplog.text


def test_notice_is_in_the_language_of_its_reader(make_host: Callable[..., Flask], inbox: Inbox) -> None:
    app = make_host()
    with app.app_context(), database.transaction():
        outbox.post(messages.sign_in_unfinished, Reader(language="ko"), clock.now(), **SEEN)
    letter = inbox.wait_for()
    assert '<html lang="ko">' in letter.html
    assert "2026년 11월 24일" in letter.text
    assert "If this was not you" not in letter.text


def test_sender_and_id_are_the_hosts(make_host: Callable[..., Flask], inbox: Inbox) -> None:
    post(make_host())
    letter = inbox.wait_for()
    (sender,) = letter.message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("The Shop, Inc.", "shop@shop.example")
    assert letter.message["Message-ID"].endswith("@shop.example>")


def test_mail_that_is_not_sent_names_the_server(
    make_host: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    with make_host(MAIL_PORT=port).app_context(), pytest.raises(delivery.MailNotSent):
        delivery.send(LETTER)
    assert caplog.messages == [f"mail not sent: ConnectionRefusedError (127.0.0.1:{port})"]


def test_mail_that_is_not_sent_names_the_setting_that_is_missing(
    make_host: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    with make_host(MAIL_SERVER=None).app_context(), pytest.raises(delivery.MailNotSent):
        delivery.send(LETTER)
    assert caplog.messages == ["mail not sent: SMTPServerDisconnected (MAIL_SERVER is not set)"]


def test_mail_is_in_the_language_of_its_reader(make_host: Callable[..., Flask], inbox: Inbox) -> None:
    app = make_host()
    with app.test_request_context(headers={"Accept-Language": "en"}), database.transaction():
        outbox.post(messages.two_step_on, Reader(language="ko"), clock.now())
    letter = inbox.wait_for("2단계 인증 켜짐", to=TO)
    assert "Mina 님, 안녕하세요." in letter.text
    assert '<html lang="ko">' in letter.html


def test_button_takes_the_color_of_the_host(make_host: Callable[..., Flask]) -> None:
    with make_host().app_context():
        html = messages.confirm_second_step(TO, name="Mina", token="a-token").html
    assert 'href="https://shop.example/store/sure/a-token"' in html
    assert "background:#00ff88;color:#000000;" in html


def test_every_outbox_notice_is_known_by_its_name(make_host: Callable[..., Flask]) -> None:
    with make_host().app_context():
        assert set(office().notices.values()) == set(messages.NOTICES)


def test_mail_about_new_codes_says_what_they_open_and_how_to_revoke_them(
    make_host: Callable[..., Flask],
) -> None:
    with make_host().app_context():
        mail = messages.recovery_codes_reissued(TO, **EXAMPLES[messages.recovery_codes_reissued])
    link = re.search(r"https://shop.example/store/revoke/\S+", mail.text)
    assert link
    assert mail.html.count(link[0]) == 2
    assert mail.text == (
        "Your recovery codes were reissued\n\n"
        "You have ten new recovery codes. The old ones no longer work.\n\n"
        "Nobody confirmed with your authenticator. Until November 25, 2026, 12:00\N{NARROW NO-BREAK SPACE}PM"
        " UTC the new codes open sign-in only: they can’t turn 2-step verification off, move it, or change"
        " your email.\n\n"
        f"If this was not you, make the new codes worthless:\n\n{link[0]}\n\n"
        "The link works once, for 7 days.\n\n"
        f"If this was not you: set a new password now. That signs out every device.\n{FORGOT}\n"
        "\nNeed help? help@shop.example\n\n-- \nShop"
    )


def test_mail_of_an_earlier_release_waits_without_its_link(make_host: Callable[..., Flask]) -> None:
    with make_host().app_context():
        mail = messages.recovery_codes_reissued(TO, name="Mina")
    assert "worthless" not in mail.text + mail.html
    assert "sign-in only" not in mail.text + mail.html


@pytest.mark.parametrize("make", EXAMPLES)
def test_mail_needs_nothing_of_the_host(make_host: Callable[..., Flask], make: Callable[..., Any]) -> None:
    with make_host().app_context():
        mail = make(TO, name="Mina", **EXAMPLES[make])
    assert FORGOT in mail.text and FORGOT in mail.html
    assert "Chrome on Windows" in mail.text or EXAMPLES[make] is not SEEN


@pytest.mark.parametrize("make", EXAMPLES)
def test_host_without_forgotten_password_has_no_link_to_it(
    make_host: Callable[..., Flask], make: Callable[..., Any]
) -> None:
    with make_host(forgot=False).app_context():
        mail = make(TO, name="Mina", **EXAMPLES[make])
    for said in (mail.text, mail.html):
        assert "forgot" not in said
        assert "set a new password" not in said
        assert 'href=""' not in said
        assert "Then ask" not in said
        assert "ask support for help" in said or make is messages.enrollment_number


ENDS = ("signs out", "signed out")


@pytest.mark.parametrize("make", EXAMPLES)
@pytest.mark.parametrize("ends_sessions", [True, False])
def test_only_of_a_host_that_ends_sessions_a_mail_says_so(
    make_host: Callable[..., Flask], make: Callable[..., Any], ends_sessions: bool
) -> None:
    app = make_host()
    with app.app_context():
        replace(office(), ends_sessions=ends_sessions).open(app)
        mail = make(TO, name="Mina", **EXAMPLES[make])
    for said in (mail.text, mail.html):
        tells = any(words in said for words in ENDS)
        assert tells is (ends_sessions and make is not messages.enrollment_number)
        assert "set a new password" in said
    assert f"now.{' That signs out every device.' * ends_sessions}\n{FORGOT}\n" in mail.text or (
        make is messages.enrollment_number
    )


def test_flask_mail_of_the_host_is_used_where_it_is_set_up(make_host: Callable[..., Flask]) -> None:
    app = make_host(TESTING=True, MFA_MAIL_WORKER="none")
    mail = flask_mail.Mail(app)
    with app.app_context(), mail.record_messages() as recorded:
        delivery.send(messages.two_step_on(TO, name="Mina"))
    assert [message.subject for message in recorded] == ["2-step verification is on"]
    assert "Hello Mina," in recorded[0].body


def test_flask_mail_is_not_set_up_for_the_host(make_host: Callable[..., Flask], inbox: Inbox) -> None:
    app = make_host()
    post(app)
    inbox.wait_for()
    assert "mail" not in app.extensions


def test_two_hosts_write_from_their_own_addresses(make_host: Callable[..., Flask], inbox: Inbox) -> None:
    for name in ("one.example", "two.example"):
        app = make_host(SERVER_NAME=name, MAIL_DEFAULT_SENDER=f"shop@{name}", MFA_MAIL_WORKER="none")
        with app.app_context():
            delivery.send(messages.two_step_on(TO, name="Mina"))
        letter = inbox.wait_for()
        assert letter.message["From"] == f"shop@{name}"
        assert f"https://{name}/store/forgot" in letter.text


# The worker


def test_notices_wait_where_a_process_of_its_own_delivers(
    make_host: Callable[..., Flask], inbox: Inbox
) -> None:
    app = make_host(MFA_MAIL_WORKER="none")
    post(app)
    with app.app_context():
        worker.start()
        assert outbox.waiting() == 1
        assert outbox.deliver_due() == 1
    inbox.wait_for()


def test_what_an_earlier_process_left_leaves_at_the_start(
    make_host: Callable[..., Flask], inbox: Inbox
) -> None:
    post(make_host(MFA_MAIL_WORKER="none"))
    with make_host().app_context():
        worker.start()
    inbox.wait_for()


def test_worker_is_no_thread_before_the_first_mail(make_host: Callable[..., Flask]) -> None:
    app = make_host()
    assert not app.extensions["mfa_mail_worker"].is_running


def test_misspelled_way_to_deliver_is_named(make_host: Callable[..., Flask]) -> None:
    with pytest.raises(BadSetting, match="MFA_MAIL_WORKER must be"):
        make_host(MFA_MAIL_WORKER="process")


# Settings


def test_own_name_for_links_wins_over_server_name(make_host: Callable[..., Flask]) -> None:
    with make_host(MFA_SERVER_NAME="Straße.example:8443").app_context():
        assert site.absolute("login") == "https://xn--strae-oqa.example:8443/store/login"
        assert site.host().name == "xn--strae-oqa.example"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"SERVER_NAME": None}, "MFA_SERVER_NAME is not set: "),
        ({"MFA_SERVER_NAME": "https://shop.example"}, "MFA_SERVER_NAME must be the host"),
        ({"SERVER_NAME": "shop_1.example"}, "SERVER_NAME must be the host"),
        ({"MAIL_DEFAULT_SENDER": None}, "MAIL_DEFAULT_SENDER is not set: "),
        ({"MAIL_DEFAULT_SENDER": "nobody"}, "MAIL_DEFAULT_SENDER must be an e-mail address"),
    ],
)
def test_missing_setting_is_named(
    make_host: Callable[..., Flask], settings: dict[str, Any], said: str
) -> None:
    with make_host(**settings).app_context():
        with pytest.raises(BadSetting, match=f"^{said}"):
            delivery.check_settings()
        with pytest.raises(BadSetting, match=f"^{said}"):
            delivery.send(messages.two_step_on(TO, name="Mina"))


def test_notice_waits_until_a_missing_setting_is_given(
    make_host: Callable[..., Flask], inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_host(MAIL_DEFAULT_SENDER=None, MFA_MAIL_WORKER="none")
    post(app)
    with app.app_context():
        assert outbox.deliver_due() == 0
        assert "MAIL_DEFAULT_SENDER is not set" in caplog.messages[-1]
        assert caplog.records[-1].exc_info is None
