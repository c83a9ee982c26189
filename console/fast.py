"""All that the console replaces in a framework for speed; :data:`ON` turns it off.

Measured in process on the tab 2-Step Verification, as a fragment (0.75 ms) and as a page (1.14 ms): without
the texts it takes 15 and 31 % more, without the globals 15 and 20 %.

The pages are the same both ways, byte for byte (``tests/web/test_fast.py``).
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any

import flask.templating
import jinja2
from babel.support import NullTranslations
from flask import Flask
from jinja2.nodes import EvalContext
from jinja2.utils import pass_eval_context
from markupsafe import Markup

from console import languages

ON = True


class Application(Flask):
    """Flask, with the environment below."""

    def create_jinja_environment(self) -> flask.templating.Environment:
        if ON:
            self.jinja_environment = _Environment
        return super().create_jinja_environment()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return *func*: nothing in the console is asynchronous, and a page asks this of some twenty."""
        return func if ON else super().ensure_sync(func)


def speed_up_texts(env: jinja2.Environment) -> None:
    """Replace the ``gettext`` that Flask-Babel, or the extension, has given to the templates of *env*.

    Its own finds the language for each text; ours once for each request.
    """
    if ON:
        env.globals.update(_=_text, gettext=_text, ngettext=_counted)


class _Environment(flask.templating.Environment):
    """Flask's, whose templates share one mapping of globals.

    Jinja gives each template a layer of its own over it, and copies both for each include and each import.
    Ours have no globals of their own.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


@pass_eval_context
def _text(context: EvalContext, text: str, /, **values: Any) -> str:
    """Return *text* in the language of the request with *values*, which alone are escaped."""
    catalog = languages.catalog()
    found = _markup(catalog, text) if context.autoescape else str(catalog.gettext(text))
    return found % values if values or "%" in found else found


@pass_eval_context
def _counted(context: EvalContext, one: str, many: str, num: int, /, **values: Any) -> str:
    """Return *one* or *many*, whichever *num* asks for, with *values* and ``num``."""
    found = str(languages.catalog().ngettext(one, many, num))
    # Our catalogs are trusted; Markup escapes the values.
    return (Markup(found) if context.autoescape else found) % {"num": num, **values}  # noqa: S704 (as above)


@lru_cache(maxsize=4096)
def _markup(catalog: NullTranslations, text: str) -> Markup:
    # A text of our own templates and catalogs, before any value is put in.
    return Markup(catalog.gettext(text))  # noqa: S704 (our own text)
