"""What console.fast replaces in Jinja changes no page: each is the same with it and without it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, render_template_string, url_for
from flask.templating import Environment
from flask_babel import lazy_gettext
from flask_migrate import _MigrateConfig as MigrateConfig
from markupsafe import Markup

from console import create_app, fast, languages
from console.mail import messages
from mfa import i18n
from tests.support.pages import lasting
from tests.support.person import Person

PUBLIC = ["/sign-in", "/sign-up", "/forgot-password", "/nothing"]
OWN = [
    "/",
    "/account/profile",
    "/account/profile/email",
    "/account/profile/data",
    "/account/profile/delete",
    "/account/password",
    "/account/two-step",
    "/account/two-step/reissue",
    "/account/two-step/move/verify",
    "/account/two-step/disable/verify",
    "/account/sessions",
    "/account/activity",
]
ESCAPED = """
{%- macro shown(it) %}{{ it }}{% endmacro -%}
{{ text }}{{ markup }}{{ 3 }}{{ none }}{{ shown(text) }}
{{- _("%(text)s%(markup)s %(number)d %%", text=text, markup=markup, number=3) }}{{ " " }}
{%- autoescape false %}{{ text }}{{ markup }}{% endautoescape %}
{%- filter upper %}{{ text }}{{ markup }}{% endfilter %}
{%- set kept %}{{ text }}{{ markup }}{% endset %}{{ kept }}
{%- if text ~ markup %}{{ text ~ markup }}{% endif -%}
"""
"""What a template prints: text, markup and what is neither, where it is escaped and where not."""
KINDS = [
    {"HX-Request": htmx, "Accept-Language": language} for htmx in ("true", "") for language in ("en", "ko")
]


@pytest.fixture
def ordinary(config: dict[str, Any], app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The same application with nothing replaced."""
    monkeypatch.setattr(fast, "ON", False)
    ordinary = create_app(config)
    assert type(ordinary.jinja_env) is Environment
    return ordinary


def shown(app: Flask, person: Person, url: str) -> list[str]:
    """Return the fragment and the page in each language."""
    client = app.test_client()
    for cookie in person.cookies():
        client.set_cookie(cookie["name"], cookie["value"], domain="127.0.0.1")
    return [lasting(client.get(url, headers=kind).text) for kind in KINDS]


@pytest.mark.parametrize("url", OWN)
def test_page_is_the_same_without_it(app: Flask, ordinary: Flask, protected: Person, url: str) -> None:
    assert shown(app, protected, url) == shown(ordinary, protected, url)


@pytest.mark.parametrize("url", PUBLIC)
def test_public_page_is_the_same_without_it(app: Flask, ordinary: Flask, person: Person, url: str) -> None:
    assert shown(app, person, url) == shown(ordinary, person, url)


@pytest.mark.parametrize("url", ["/account/two-step", "/account/two-step/enroll"])
def test_page_of_enrollment_is_the_same_without_it(
    app: Flask, ordinary: Flask, mina: Person, url: str
) -> None:
    assert shown(app, mina, url) == shown(ordinary, mina, url)


def test_what_is_escaped_is_the_same_without_it(app: Flask, ordinary: Flask) -> None:
    made = []
    for each in (app, ordinary):
        with each.test_request_context("/"):
            made.append(render_template_string(ESCAPED, text="<b>", markup=Markup("<i>")))
    assert made[0] == made[1]
    assert made[0].startswith("&lt;b&gt;<i>3None&lt;b&gt;&lt;b&gt;<i> 3 % <b><i>")


class Text(str):
    """Text that is no Markup, though it isn't plain either."""


class Bold:
    def __html__(self) -> str:
        return "<b>"


@pytest.mark.parametrize(
    ("text", "markup", "shown"),
    [
        (Text("<b>'\""), Bold(), "&lt;b&gt;&#39;&#34;<b>3None"),
        (lazy_gettext("Sign in"), Markup("<i>"), "Sign in<i>3None"),
        (True, Bold(), "True<b>3None"),
    ],
)
def test_what_is_no_plain_text_is_escaped_the_same_without_it(
    app: Flask, ordinary: Flask, text: object, markup: object, shown: str
) -> None:
    for each in (app, ordinary):
        with each.test_request_context("/"):
            assert render_template_string(ESCAPED, text=text, markup=markup).startswith(shown)


@pytest.mark.parametrize("on", [True, False])
def test_address_outside_of_a_request_is_the_same(
    app: Flask, monkeypatch: pytest.MonkeyPatch, on: bool
) -> None:
    monkeypatch.setattr(fast, "ON", on)
    with app.app_context():
        assert url_for("console.home") == f"http://{app.config['SERVER_NAME']}/"


@pytest.mark.parametrize("on", [True, False])
def test_token_is_asked_for_where_a_route_is_not_exempt(
    app: Flask, monkeypatch: pytest.MonkeyPatch, on: bool
) -> None:
    monkeypatch.setattr(fast, "ON", on)
    client = app.test_client()
    answers = [client.post(url, data={"email": "a@b.example"}) for url in ("/sign-in", "/csp-report")]
    assert [answer.status_code for answer in answers] == [400, 415]


def test_mails_are_the_same_without_it(app: Flask, ordinary: Flask) -> None:
    made = []
    for each in (app, ordinary):
        with each.test_request_context("/"), languages.speaking("ko"):
            made.append(messages.sign_up("mina@example.com", token="a<b"))
    assert made[0] == made[1]


def test_language_of_the_extension_is_followed(app: Flask, ordinary: Flask) -> None:
    for each in (app, ordinary):
        with each.test_request_context("/"):
            text = '{{ _("Password") }}'
            said = [render_template_string(text)]
            with i18n.speaking("ko"):
                said.append(render_template_string(text))
            assert [*said, render_template_string(text)] == ["Password", "비밀번호", "Password"]


def test_migrations_are_offered_without_it(ordinary: Flask) -> None:
    assert isinstance(ordinary.extensions["migrate"], MigrateConfig)
    assert "db" in ordinary.cli.commands


def test_relative_endpoint_is_that_of_the_blueprint_at_work(app: Flask, ordinary: Flask) -> None:
    made = []
    for each in (app, ordinary):
        for url in ("/organization/members", "/organization/activity"):
            with each.test_request_context(url):
                made.append(render_template_string("{{ url_for('.tab') }}"))
    assert made == 2 * ["/organization/members", "/organization/activity"]
