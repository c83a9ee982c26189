"""The language that the extension speaks in a host, with and without Flask-Babel."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import flask_babel
import pytest
from babel.messages.catalog import Catalog
from flask import Flask, request
from flask_babel import Babel, force_locale
from flask_wtf import FlaskForm
from jinja2 import DictLoader
from markupsafe import escape
from wtforms import StringField

from mfa import i18n, words
from mfa.attempts import rules as attempts
from mfa.i18n import gettext, language, lazy_gettext, ngettext, speaking
from mfa.web import templates
from tests.support import catalogs

KOREAN = {"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.8"}
PASSWORD = lazy_gettext("Password")
TEMPLATE = (
    "{{ _('Password') }} · {{ ngettext('%(num)d second', '%(num)d seconds', seconds) }} · {{ when|day }}"
)
WITHOUT_BABEL = """
import importlib, pkgutil, sys
sys.modules["flask_babel"] = None
import flask, mfa
from mfa import words
for found in pkgutil.walk_packages(mfa.__path__, "mfa."):
    importlib.import_module(found.name)
with flask.Flask("host").test_request_context(headers={"Accept-Language": "ko"}):
    print(words.duration(61) == "2분")
"""


@pytest.fixture
def bare() -> Flask:
    """A host without Flask-Babel."""
    return Flask("host")


def with_babel(
    selector: Callable[[], str | None] = lambda: None, folder: Path | None = None, **options: str
) -> Flask:
    app = Flask("host")
    where = str(folder or "translations")
    Babel(app, locale_selector=selector, default_translation_directories=where, **options)
    return app


def write_catalog(folder: Path, code: str, texts: Mapping[str, str], domain: str = "mfa") -> None:
    catalog = Catalog(code)
    for text, translation in texts.items():
        catalog.add(text, translation)
    path = folder / code / "LC_MESSAGES" / f"{domain}.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(catalogs.compiled(catalog))


# A host without Flask-Babel


@pytest.mark.process
def test_extension_speaks_where_flask_babel_is_not_installed() -> None:
    command = [sys.executable, "-c", WITHOUT_BABEL]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "True\n"


def test_extension_speaks_as_the_browser_asks(bare: Flask) -> None:
    with bare.test_request_context(headers=KOREAN):
        assert (language(), gettext("Password"), words.duration(61)) == ("ko", "비밀번호", "2분")


def test_templates_of_the_extension_speak_it_too(bare: Flask) -> None:
    bare.jinja_loader = DictLoader({"mfa/_beside.html": TEMPLATE})
    with bare.test_request_context(headers=KOREAN):
        said = templates.render("mfa/_beside.html", seconds=2, when=datetime(2026, 11, 24, 12, tzinfo=UTC))
    assert said == "비밀번호 · 2초 · 2026년 11월 24일"


@pytest.mark.parametrize(
    ("said", "spoken"),
    [
        ("fr", "en"),
        ("fr,ko;q=0.5", "ko"),
        ("en-GB,ko;q=0.9", "en"),
        ("ko;q=0,*", "en"),
        ("", "en"),
        ("*;q=x,,;", "en"),
    ],
)
def test_languages_of_the_browser_are_tried_one_by_one(bare: Flask, said: str, spoken: str) -> None:
    with bare.test_request_context(headers={"Accept-Language": said}):
        assert language() == spoken


@pytest.mark.parametrize(
    ("own", "spoken"), [("ko", "ko"), ("ko-KR", "ko"), ("fr", "en"), (None, "en"), ("_" * 9999, "en")]
)
def test_language_of_the_person_comes_before_the_browser(bare: Flask, own: str | None, spoken: str) -> None:
    i18n.use(bare, lambda: own)
    with bare.test_request_context(headers={"Accept-Language": "en"}):
        assert language() == spoken


def test_person_is_asked_for_once_a_request(bare: Flask) -> None:
    asked: list[str] = []
    i18n.use(bare, lambda: asked.append("ko") or "ko")
    with bare.test_request_context():
        assert [gettext("Password"), language(), words.duration(3600)] == ["비밀번호", "ko", "1시간"]
    assert asked == ["ko"]


def test_nothing_is_registered_in_the_host(bare: Flask) -> None:
    with bare.test_request_context(headers=KOREAN):
        gettext("Password")
    assert "babel" not in bare.extensions
    assert {"gettext", "ngettext", "_"} & set(bare.jinja_env.globals) == set()
    assert bare.jinja_env.extensions.keys() == Flask("other").jinja_env.extensions.keys()


def test_english_is_spoken_outside_a_request(bare: Flask) -> None:
    i18n.use(bare, lambda: "ko")
    assert (language(), gettext("Password"), str(PASSWORD)) == ("en", "Password", "Password")
    with bare.app_context():
        assert (language(), ngettext("%(num)d second", "%(num)d seconds", 2)) == ("en", "2 seconds")


# A host with Flask-Babel


def test_locale_of_the_host_is_spoken() -> None:
    with with_babel(lambda: "ko").test_request_context(headers={"Accept-Language": "en"}):
        assert (language(), gettext("Password"), words.duration(61)) == ("ko", "비밀번호", "2분")


def test_locale_of_a_region_is_spoken_as_its_language() -> None:
    with with_babel(lambda: "ko_KR").test_request_context():
        assert (language(), gettext("Password")) == ("ko", "비밀번호")


def test_locale_comes_before_the_language_of_the_person() -> None:
    app = with_babel(lambda: "en_GB")
    i18n.use(app, lambda: "ko")
    with app.test_request_context(headers=KOREAN):
        assert language() == "en"


def test_locale_that_is_not_offered_leaves_it_to_the_browser() -> None:
    app = with_babel(lambda: "fr")
    with app.test_request_context(headers=KOREAN):
        assert language() == "ko"
    with app.test_request_context():
        assert language() == "en"


def test_force_locale_is_followed() -> None:
    with with_babel(lambda: "en").test_request_context():
        assert gettext("Password") == "Password"
        with force_locale("ko"):
            assert (language(), gettext("Password")) == ("ko", "비밀번호")
        assert (language(), gettext("Password")) == ("en", "Password")


def test_selector_that_needs_a_request_is_not_in_the_way_of_a_worker() -> None:
    app = with_babel(lambda: request.accept_languages.best_match(["en", "ko"]))
    with app.app_context():
        assert language() == "en"
        with speaking("ko"):
            assert gettext("Password") == "비밀번호"
    with app.test_request_context(headers=KOREAN):
        assert language() == "ko"


def test_worker_speaks_the_default_of_a_host_whose_selector_needs_a_request() -> None:
    app = with_babel(lambda: request.accept_languages.best_match(["en", "ko"]), default_locale="ko")
    with app.app_context():
        assert (language(), gettext("Password")) == ("ko", "비밀번호")
        with speaking("en"):
            assert gettext("Password") == "Password"


def test_error_of_the_selector_is_not_hidden_in_a_request() -> None:
    def selector() -> str:
        raise RuntimeError("broken")

    with with_babel(selector).test_request_context(), pytest.raises(RuntimeError, match="broken"):
        language()


# Texts of the host


def test_catalog_of_the_host_wins_text_by_text(tmp_path: Path) -> None:
    write_catalog(tmp_path, "ko", {"Password": "암호"})
    with with_babel(lambda: "ko", tmp_path).test_request_context():
        assert (gettext("Password"), gettext("Recovery code")) == ("암호", "복구 코드")


def test_catalog_of_the_host_replaces_english(tmp_path: Path) -> None:
    write_catalog(tmp_path, "en", {"Password": "Passphrase"})
    with with_babel(folder=tmp_path).app_context():
        assert (gettext("Password"), gettext("Recovery code")) == ("Passphrase", "Recovery code")


def test_catalog_of_the_host_adds_a_language(tmp_path: Path) -> None:
    write_catalog(tmp_path, "de", {"Password": "Passwort"})
    with with_babel(lambda: "de", tmp_path).test_request_context(headers=KOREAN):
        assert (language(), gettext("Password"), gettext("Continue")) == ("de", "Passwort", "Continue")
        assert i18n.codes() == ("en", "de", "ko")


def test_texts_of_another_domain_are_left_alone(tmp_path: Path) -> None:
    write_catalog(tmp_path, "ko", {"Password": "암호"}, domain="messages")
    with with_babel(lambda: "ko", tmp_path).test_request_context():
        assert gettext("Password") == "비밀번호"
        assert flask_babel.gettext("Password") == "암호"


@pytest.mark.parametrize("named", ["texts", ["texts"], [Path("texts")]], ids=["name", "names", "paths"])
def test_setting_names_a_folder_of_the_host(bare: Flask, tmp_path: Path, named: object) -> None:
    write_catalog(tmp_path / "texts", "ko", {"Password": "암호"})
    bare.root_path = str(tmp_path)
    bare.config["MFA_TRANSLATIONS"] = named
    with bare.test_request_context(headers=KOREAN):
        assert (gettext("Password"), gettext("Recovery code")) == ("암호", "복구 코드")


def test_two_hosts_in_one_process_have_their_own_texts(bare: Flask, tmp_path: Path) -> None:
    write_catalog(tmp_path, "ko", {"Password": "암호"})
    other = with_babel(lambda: "ko", tmp_path)
    for _ in range(2):
        with bare.test_request_context(headers=KOREAN):
            assert (gettext("Password"), i18n.codes()) == ("비밀번호", ("en", "ko"))
            with other.test_request_context():
                assert gettext("Password") == "암호"
            assert gettext("Password") == "비밀번호"


# A block in one language


@pytest.mark.parametrize("app", [Flask("host"), with_babel(lambda: "en")], ids=["bare", "babel"])
def test_block_speaks_its_language_and_ends(app: Flask) -> None:
    with app.test_request_context():
        with speaking("ko"):
            assert (language(), gettext("Password")) == ("ko", "비밀번호")
            with speaking("en"):
                assert gettext("Password") == "Password"
            assert gettext("Password") == "비밀번호"
        assert (language(), gettext("Password")) == ("en", "Password")


@pytest.mark.parametrize("code", [None, "fr", "xx", "../ko", "ko\0", "k" * 5000, "_" * 5000])
@pytest.mark.parametrize("app", [Flask("host"), with_babel(lambda: "ko")], ids=["bare", "babel"])
def test_block_with_a_language_that_is_not_offered_changes_nothing(app: Flask, code: str | None) -> None:
    with app.test_request_context(headers=KOREAN), speaking(code):
        assert language() == "ko"


def test_block_ends_when_it_raises(bare: Flask) -> None:
    with bare.app_context():
        with pytest.raises(ZeroDivisionError), speaking("ko"):
            _ = 1 / 0
        assert language() == "en"


def test_texts_of_the_host_follow_a_block(tmp_path: Path) -> None:
    write_catalog(tmp_path, "ko", {"Shop": "가게"}, domain="messages")
    with with_babel(folder=tmp_path).app_context(), speaking("ko"):
        assert flask_babel.gettext("Shop") == "가게"


def test_block_needs_no_application() -> None:
    with speaking("ko"):
        assert (language(), gettext("Password")) == ("ko", "비밀번호")
        with with_babel(lambda: "en").test_request_context():
            assert language() == "ko"
    assert language() == "en"


# Lazy strings


def test_lazy_string_follows_the_language_of_the_request(bare: Flask) -> None:
    with bare.test_request_context(headers=KOREAN):
        assert str(PASSWORD) == "비밀번호"
        assert attempts.Throttled(attempts.PASSWORD, 61).sentence.startswith("시도 횟수가 너무 많아요. 2분")
    with bare.test_request_context():
        assert str(PASSWORD) == "Password"


def test_lazy_string_is_used_like_a_string() -> None:
    text = lazy_gettext("Try again in %(wait)s.")
    assert text == "Try again in %(wait)s."
    assert text != "Try again"
    assert text % {"wait": "1 minute"} == "Try again in 1 minute."
    assert ("<" + text + ">", f"{text:.3}", text[:3], len(text)) == (
        "<Try again in %(wait)s.>",
        "Try",
        "Try",
        22,
    )
    assert "again" in text
    assert "".join(text) == text
    assert lazy_gettext("Try again in %(wait)s.", wait=PASSWORD) == "Try again in Password."


def test_lazy_string_is_escaped() -> None:
    assert escape(lazy_gettext("%(name)s & you", name="<b>")) == "&lt;b&gt; &amp; you"


def test_lazy_string_stays_the_same_key_in_each_language(bare: Flask) -> None:
    seen = {PASSWORD: 1}
    with bare.test_request_context(headers=KOREAN):
        assert seen[lazy_gettext("Password")] == 1
    assert seen["Password"] == 1  # type: ignore[index]
    assert lazy_gettext("Password") not in {lazy_gettext("Recovery code"): 1}


def test_lazy_string_is_the_label_of_a_field(bare: Flask) -> None:
    bare.secret_key = "a host's own key"

    class PasswordForm(FlaskForm):  # type: ignore[misc]
        password = StringField(PASSWORD)

    with bare.test_request_context(headers=KOREAN):
        assert PasswordForm().password.label() == '<label for="password">비밀번호</label>'
    with bare.test_request_context():
        assert PasswordForm().password.label() == '<label for="password">Password</label>'
