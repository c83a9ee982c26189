"""The language that the extension speaks, and its texts in that language.

English stands in the code. Each other language is a catalog of the domain ``mfa``: the extension's own are in
``mfa/translations``, as ``CODE/LC_MESSAGES/mfa.mo``. The host may have some in the folders that its
``MFA_TRANSLATIONS`` names, or in those of its Flask-Babel: they add a language, or replace single texts.

The host needs no Flask-Babel. If it has one, the extension follows its locale, as ``force_locale`` does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from flask import Flask, current_app, g, has_app_context, has_request_context, request
from werkzeug.datastructures import LanguageAccept

from mfa import at_work

DOMAIN = "mfa"
FOLDER = Path(__file__).resolve().parent / "translations"
SOURCE = "en"
_EXTENSION = "mfa_language"
_FOLLOWED = "mfa_language_followed"
_FOUND = "_mfa_language"

KEPT = "mfa_kept_for_language"
"""The name in ``g`` of what a host keeps for the language that is spoken; :func:`speaking` removes it."""

_in_block: ContextVar[str | None] = ContextVar("mfa_language", default=None)


class Text(Protocol):
    """What a person reads, as it stands in the code: a string, or a lazy one of whatever library."""

    def __str__(self) -> str: ...
    def __len__(self) -> int: ...
    def __mod__(self, values: Any, /) -> str: ...


class LazyString:
    """A text that is translated each time it is used as a string, into the language that is spoken then.

    It is not markup: a template escapes it.
    """

    __slots__ = ("_text", "_values")

    def __init__(self, text: str, values: dict[str, Any]) -> None:
        self._text, self._values = text, values

    def __str__(self) -> str:
        return gettext(self._text, **self._values)

    def __repr__(self) -> str:
        return f"LazyString({self._text!r})"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, LazyString):
            return (self._text, self._values) == (other._text, other._values)
        return isinstance(other, str) and str(self) == other

    def __hash__(self) -> int:
        # Not of the translation: a dictionary may be filled in one language and read in another.
        return hash(self._text)

    def __len__(self) -> int:
        return len(str(self))

    def __contains__(self, part: str) -> bool:
        return part in str(self)

    def __iter__(self) -> Iterator[str]:
        return iter(str(self))

    def __getitem__(self, key: int | slice) -> str:
        return str(self)[key]

    def __add__(self, other: str) -> str:
        return str(self) + str(other)

    def __radd__(self, other: str) -> str:
        return other + str(self)

    def __mod__(self, values: Any) -> str:
        return str(str(self) % values)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def use(app: Flask, choose: Callable[[], str | None]) -> None:
    """Let *app* speak the language that *choose* returns, if it is offered.

    *choose* is asked once a request, unless the host has Flask-Babel: for the code of the language of the
    person who is signed in, or None. It must not ask the database, because an error page speaks too.
    """
    app.extensions[_EXTENSION] = choose


def follow(app: Flask, locale: Callable[[], object]) -> None:
    """Let *app* speak the language that *locale* returns, in place of the locale of its Flask-Babel.

    For a host that knows sooner what Flask-Babel would say: it is asked for each text.

    :param locale: returns a code or a locale, the same object until the language changes.
    """
    app.extensions[_FOLLOWED] = locale


def gettext(text: str, /, **values: Any) -> str:
    """Return *text* in the language that is spoken, with *values* in it, if any."""
    found = str(catalog().gettext(text))
    return found % values if values else found


def ngettext(one: str, many: str, num: int, /, **values: Any) -> str:
    """Return the form of the text that *num* asks for, with *values* and ``num`` in it."""
    return str(catalog().ngettext(one, many, num)) % {"num": num, **values}


def lazy_gettext(text: str, /, **values: Any) -> LazyString:
    """Return a string that is translated each time it is used."""
    return LazyString(text, values)


def language() -> str:
    """Return the code of the language that is spoken now."""
    return _now().language


def catalog() -> NullTranslations:
    """Return what translates into the language that is spoken now; looked for once a request."""
    return _now().catalog


def codes() -> tuple[str, ...]:
    """Return the codes of the languages that are offered, English first."""
    return _codes(_folders())


def known(code: str | None) -> str | None:
    """Return the offered language that is closest to *code*: ``ko`` for ``ko-KR``. None if there is none."""
    return _match(code, codes()) if code else None


@contextmanager
def speaking(code: str | None) -> Iterator[None]:
    """Speak the language *code* inside; what is spoken anyway if that is None or not offered.

    The host's own texts follow if it has Flask-Babel.
    """
    spoken = known(code)
    babel = _flask_babel()
    if spoken is None:
        yield
    elif babel:
        g.pop(KEPT, None)
        try:
            with babel.force_locale(spoken):
                yield
        finally:
            g.pop(KEPT, None)
    else:
        before = _in_block.set(spoken)
        try:
            yield
        finally:
            _in_block.reset(before)


@dataclass(frozen=True)
class _Spoken:
    """A language and its texts."""

    language: str
    catalog: NullTranslations


def _now() -> _Spoken:
    if not has_app_context():
        return _find(_in_block.get())
    # What decides about the language is asked for each time, and is the same object until it changes.
    kept = at_work.kept()
    found: tuple[Callable[[], object], object, _Spoken] | None = kept.get(_FOUND)
    if found is None or found[0]() is not found[1]:
        follows = _FOLLOWED in at_work.app().extensions or _flask_babel()
        ask = _block_or_locale if follows else _in_block.get
        answer = ask()
        found = ask, answer, _find(answer)
        setattr(kept, _FOUND, found)
    return found[2]


def _find(answer: object) -> _Spoken:
    """Return the language that *answer* means: the code of a block, or a locale. Else the one asked for."""
    folders = _folders()
    offered = _codes(folders)
    code = _match(answer, offered) if answer else None
    return _spoken(code or _asked_for(offered) or SOURCE, folders)


def _asked_for(offered: tuple[str, ...]) -> str | None:
    """Return the language of the person who is signed in, else the best that the browser asks for."""
    if not has_request_context():
        return None
    choose: Callable[[], str | None] | None = current_app.extensions.get(_EXTENSION)
    own = choose() if choose else None
    if own and (code := _match(own, offered)):
        return code
    # One by one: of all together, "ko" would be a better match for "en-GB, ko" than "en" is.
    asked = (LanguageAccept([one]).best_match(offered) for one in request.accept_languages)
    return next(filter(None, asked), None)


def _block_or_locale() -> object:
    """Return the code of the block of :func:`speaking`, else what the host follows."""
    code = _in_block.get()
    if code:
        return code
    followed: Callable[[], object] | None = at_work.app().extensions.get(_FOLLOWED)
    if followed:
        return followed()
    try:
        return sys.modules["flask_babel"].get_locale()
    except RuntimeError:
        if has_request_context():
            raise
        # The host's selector reads the request: what it speaks by default is in its mails, too.
        return current_app.extensions["babel"].default_locale


def _flask_babel() -> ModuleType | None:
    """Return Flask-Babel if the application at work has initialized it."""
    if has_app_context() and "babel" in current_app.extensions:
        return sys.modules.get("flask_babel")
    return None


def _folders() -> tuple[Path, ...]:
    """Return where catalogs are, those of the application at work first."""
    if not has_app_context():
        return (FOLDER,)
    app = at_work.app()
    named = app.config.get("MFA_TRANSLATIONS") or ()
    named = (named,) if isinstance(named, str | Path) else tuple(named)
    babel = app.extensions.get("babel")
    return _resolved(app.root_path, *named, *getattr(babel, "translation_directories", ()))


@lru_cache(maxsize=64)
def _resolved(root: str, *folders: str | Path) -> tuple[Path, ...]:
    return *(path for each in folders if (path := Path(root, each)) != FOLDER), FOLDER


@lru_cache(maxsize=64)
def _codes(folders: tuple[Path, ...]) -> tuple[str, ...]:
    found = {path.parts[-3] for folder in folders for path in folder.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")}
    return SOURCE, *sorted(found - {SOURCE})


@lru_cache(maxsize=256)
def _spoken(code: str, folders: tuple[Path, ...]) -> _Spoken:
    """Return *code* with its catalogs as one: what one does not hold is looked for in the next."""
    paths = (folder / one / "LC_MESSAGES" / f"{DOMAIN}.mo" for folder in folders for one in _wider(code))
    found: NullTranslations | None = None
    for path in paths:
        if path.is_file():
            with path.open("rb") as file:
                texts = GNUTranslations(file)
            if found is None:
                found = texts
            else:
                found.add_fallback(texts)
    return _Spoken(code, found or NullTranslations())


@lru_cache(maxsize=256)
def _match(code: object, offered: tuple[str, ...]) -> str | None:
    """Return the offered language that is closest to *code*, which may be a locale."""
    by_name = {one.lower(): one for one in offered}
    wider = _wider(str(code).lower().replace("-", "_"))
    return next((by_name[one] for one in wider if one in by_name), None)


def _wider(code: str) -> list[str]:
    """``zh_Hant_TW`` → it, ``zh_Hant`` and ``zh``."""
    parts = code.split("_")[:4]
    return ["_".join(parts[:length]) for length in range(len(parts), 0, -1)]
