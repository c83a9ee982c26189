"""The extension's templates in a host whose own environment is like none of ours."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask, render_template, session
from flask_babel import Babel
from jinja2 import DictLoader, StrictUndefined, nodes
from jinja2.ext import Extension
from markupsafe import Markup

from mfa.crypto.keys import KeyRing
from mfa.web import nonce, templates
from mfa.web.host import Host
from tests.support.pages import lasting

TAB: dict[str, Any] = {"on": False, "has_address": True}
SNAPSHOT = ("globals", "filters", "tests", "extensions", "policies")


class Shout(Extension):
    """A tag of the host's own."""

    tags = {"shout"}  # noqa: RUF012 (so Jinja has it)

    def parse(self, parser: Any) -> nodes.Node:
        line = next(parser.stream).lineno
        return nodes.Output([nodes.TemplateData("HEY")], lineno=line)


def make_host(texts: dict[str, str] | None = None) -> Flask:
    app = Flask("host")
    app.config["SECRET_KEY"] = "a host's own key"
    app.jinja_loader = DictLoader(texts or {})
    Babel(app)
    ring = KeyRing([b"0123456789abcdef" * 2])
    Host(product="Shop", ring=ring, posted_cookie="shop-posted").take_in(app)

    @app.get("/tab", endpoint="two_step.wizard.enroll")
    def tab() -> str:
        return templates.render("mfa/manage/_tab.html", **TAB)

    for page in ("two_step.wizard.scan", "two_step.wizard.cancel", "two_step.manage.tab"):
        app.add_url_rule(f"/{page}", page)

    return app


@pytest.fixture
def app() -> Flask:
    return make_host()


def parts(app: Flask) -> dict[str, dict[str, Any]]:
    return {name: dict(getattr(app.jinja_env, name)) for name in SNAPSHOT} | {
        "all": dict(vars(app.jinja_env))
    }


def test_environment_of_the_host_is_not_changed(app: Flask) -> None:
    before = parts(app)
    assert "2-step verification is off" in app.test_client().get("/tab").text
    assert parts(app) == before
    assert "nonce" not in app.jinja_env.globals


def test_texts_need_no_extension_of_the_host() -> None:
    text = (
        "{% trans left, name %}{{ left }} for {{ name }}{% pluralize %}{{ left }} of {{ name }}{% endtrans %}"
    )
    app = make_host({"mfa/_beside.html": text})
    del app.jinja_env.extensions["jinja2.ext.InternationalizationExtension"]
    with app.test_request_context():
        shown = [templates.render("mfa/_beside.html", left=left, name="<b>") for left in (1, 2)]
    assert shown == ["1 for &lt;b&gt;", "2 of &lt;b&gt;"]


def test_page_is_the_same_in_a_host_of_other_habits(app: Flask) -> None:
    plain = normal(app.test_client().get("/tab").text)
    other = make_host()
    env = other.jinja_env
    env.block_start_string, env.block_end_string = "<%", "%>"
    env.variable_start_string, env.variable_end_string = "[[", "]]"
    env.trim_blocks = env.lstrip_blocks = True
    env.line_statement_prefix = "#"
    env.undefined = StrictUndefined
    env.autoescape = False
    env.finalize = lambda _value: "?"
    env.policies["ext.i18n.trimmed"] = True
    env.globals.update(nonce="theirs", csrf_token="theirs", _=None, gettext=None)
    env.filters.update(day=None, moment=None)
    assert normal(other.test_client().get("/tab").text) == plain


def test_values_are_escaped(app: Flask) -> None:
    with app.test_request_context():
        shown = templates.render("mfa/_ended.html", heading="<b>", sentence="<i>", way_url="/")
    assert "&lt;b&gt;" in shown
    assert "<i>" not in shown


def test_values_of_a_text_are_escaped(app: Flask) -> None:
    with app.test_request_context():
        shown = templates.render(
            "mfa/enrollment/_scan.html", moves=True, entry="<b>", qr=Markup("<svg>"), form={}, key_groups=[]
        )
    assert 'called <span class="address" translate="no">&lt;b&gt;</span>' in shown


def test_text_file_is_not_escaped(app: Flask) -> None:
    with app.test_request_context():
        shown = templates.render(
            "mfa/recovery_codes.txt", host={"product": "A & B"}, email="o'hara@example.com"
        )
    assert "A & B recovery codes" in shown
    assert "o'hara@example.com" in shown


def test_template_of_the_host_wins_and_has_its_globals_and_tags() -> None:
    app = make_host({"mfa/_beside.html": "{{ badge() }}{% shout %}{{ nonce() }}"})
    app.jinja_env.globals["badge"] = lambda: "badge "
    app.jinja_env.add_extension(Shout)
    nonce.use(app, lambda: " theirs")
    with app.test_request_context():
        assert templates.render("mfa/_beside.html") == "badge HEY theirs"


def test_context_processors_of_the_host_are_not_asked(app: Flask) -> None:
    @app.context_processor
    def _asks() -> dict[str, Any]:
        raise AssertionError

    assert app.test_client().get("/tab").status_code == 200


def test_host_gives_the_nonce(app: Flask) -> None:
    given = iter("abc")
    nonce.use(app, lambda: next(given))
    answers = [app.test_client().get("/tab").text for _ in range(2)]
    assert ['hx-nonce="a"' in answers[0], 'hx-nonce="b"' in answers[1]] == [True, True]
    assert 'hx-nonce="b"' not in answers[0]


def test_nonce_of_our_own_differs_from_answer_to_answer(app: Flask) -> None:
    @app.get("/nonces")
    def nonces() -> list[str]:
        return [nonce.nonce(), nonce.nonce()]

    first, second = (app.test_client().get("/nonces").json for _ in range(2))
    assert first
    assert first[0] == first[1]
    assert first != second


def test_forms_name_the_csrf_field_as_the_host_does(app: Flask) -> None:
    app.config.update(WTF_CSRF_FIELD_NAME="token", WTF_CSRF_HEADERS=["X-Token"])
    with app.test_request_context():
        shown = templates.render("mfa/_ended.html", restart=True)
        assert 'name="token" value="' in shown
        assert session["token"]


def test_two_hosts_have_an_environment_each(app: Flask) -> None:
    other = make_host({"mfa/_beside.html": "the other's"})
    for each, expected in ((app, ""), (other, "the other's")):
        with each.test_request_context():
            assert templates.render("mfa/_beside.html") == expected


def test_host_without_our_globals_cannot_render_them_itself(app: Flask) -> None:
    """This is why there is an environment of our own."""
    with app.test_request_context(), pytest.raises(Exception, match="undefined"):
        render_template("mfa/manage/_tab.html", **TAB)


def normal(page: str) -> str:
    return re.sub('value="[^"]*"', "", lasting(page))
