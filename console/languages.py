"""The languages of the interface and of the mails.

English stands in the code. Each other language is a folder, ``console/translations/CODE/LC_MESSAGES``, and is
offered as soon as it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from babel import Locale
from babel.support import NullTranslations
from flask import Flask, g
from flask_babel import Babel, force_locale, get_locale, get_translations

FOLDER = Path(__file__).resolve().parent / "translations"
SOURCE = "en"
CODE_LENGTH = 16


def set_up(app: Flask, choose: Callable[[], str | None]) -> None:
    """Have *app* speak the language that *choose* returns, where it is offered."""
    Babel(
        app,
        default_locale=SOURCE,
        default_translation_directories=str(FOLDER),
        locale_selector=lambda: known(choose()) or SOURCE,
    )
    app.jinja_env.globals["language"] = current


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
    return _code(get_locale())


def catalog() -> NullTranslations:
    """What says a text in the language that is spoken now; looked for once a request."""
    found: NullTranslations | None = g.get("catalog")
    if found is None:
        found = g.catalog = get_translations()
    return found


@cache
def _code(locale: Locale | None) -> str:
    return str(locale or SOURCE)


@contextmanager
def speaking(code: str | None) -> Iterator[None]:
    """Speak the language *code* inside; what is spoken anyway, where it is None or no longer offered."""
    g.pop("catalog", None)
    try:
        with force_locale(known(code) or current()):
            yield
    finally:
        g.pop("catalog", None)
