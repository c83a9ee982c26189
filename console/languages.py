"""The languages of the interface and of the mails.

English stands in the code. Each other language is a folder, ``console/translations/CODE/LC_MESSAGES``, and is
offered as soon as it is there. The texts of the extension are in its own catalogs: see :mod:`mfa.i18n`, which
follows the locale that is set here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from babel import Locale
from babel.support import NullTranslations
from flask import Flask, g
from flask_babel import Babel, force_locale, get_locale, get_translations

from mfa import at_work, i18n

FOLDER = Path(__file__).resolve().parent / "translations"
SOURCE = "en"
CODE_LENGTH = 16


def set_up(app: Flask, choose: Callable[[], str | None]) -> None:
    """Have *app* speak the language that *choose* returns, where it is offered."""
    # The console renders the templates of the extension, so it needs their texts too. If both catalogs have a
    # text, Flask-Babel takes the last one's translation.
    Babel(
        app,
        default_locale=SOURCE,
        default_domain=f"{i18n.DOMAIN};messages",
        default_translation_directories=f"{i18n.FOLDER};{FOLDER}",
        locale_selector=lambda: _locale(known(choose()) or SOURCE),
    )
    app.jinja_env.globals["language"] = current
    i18n.follow(app, current)


@cache
def codes() -> tuple[str, ...]:
    """The code of each language that is offered."""
    return SOURCE, *(catalog.parent.parent.name for catalog in FOLDER.glob("*/LC_MESSAGES/messages.mo"))


@cache
def offered() -> dict[str, str]:
    """The code of each language with its own name for itself, by name.

    For this babel reads all that it knows of each of them, which stays: up to 4 MB a language.
    """
    names = {code: str(Locale.parse(code).get_display_name()) for code in codes()}
    return dict(sorted(names.items(), key=lambda item: item[1]))


def known(code: str | None) -> str | None:
    """*code* if it is offered, else None."""
    return code if code in codes() else None


def current() -> str:
    """The code of the language that is spoken now."""
    return _spoken().code


def catalog() -> NullTranslations:
    """What says a text in the language that is spoken now."""
    return _spoken().catalog


class _Spoken(NamedTuple):
    code: str
    catalog: NullTranslations


def _spoken() -> _Spoken:
    """Return the language that is spoken now; Flask-Babel is asked once a request."""
    try:
        kept = at_work.kept()
    except RuntimeError:  # outside of any application
        return _Spoken(SOURCE, get_translations())
    found: _Spoken | None = kept.get(i18n.KEPT)
    if found is None:
        found = _with_catalog(_code(get_locale()))
        setattr(kept, i18n.KEPT, found)
    return found


@cache
def _with_catalog(code: str) -> _Spoken:
    """Return the language that is spoken now, which is *code*, with its catalog.

    To find a catalog that it has read, Flask-Babel asks Flask's proxies a dozen times.
    """
    return _Spoken(code, get_translations())


@cache
def _locale(code: str) -> Locale:
    """Return the locale of a language that is offered; to make one, babel looks for its file."""
    return Locale.parse(code)


@cache
def _code(locale: Locale | None) -> str:
    return str(locale or SOURCE)


@contextmanager
def speaking(code: str | None) -> Iterator[None]:
    """Speak the language *code* inside; what is spoken anyway, where it is None or no longer offered."""
    g.pop(i18n.KEPT, None)
    try:
        with force_locale(known(code) or current()):
            yield
    finally:
        g.pop(i18n.KEPT, None)
