"""The environment in which the extension renders its own templates, in any application.

It is an overlay of the application's: it finds the same templates, so that one of the host's named ``mfa/…``
wins over ours, and has the host's globals, filters and tags beside our own. What the host has set up
otherwise (delimiters, escaping, undefined names) holds for its own templates alone. The application's
environment is never changed, and its context processors are not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, url_for
from jinja2 import Environment, Undefined, defaults

from mfa import at_work, clock, i18n, times, words
from mfa.notices.addresses import in_ascii
from mfa.web import assets, csrf, fragments, pieces
from mfa.web.host import host
from mfa.web.nonce import nonce

_EXTENSION = "mfa.templates"
_TEXTS = "jinja2.ext.i18n"


GLOBALS: dict[str, Any] = {
    "nonce": nonce,
    "csrf_token": csrf.token,
    "clock_now": clock.now,
    "is_fragment": fragments.wanted,
    "url_for": url_for,
    "asset": assets.url,
    "pieces": pieces,
    "language": lambda: host().language(),
}
"""What the extension's templates call, besides texts. A host that imports their macros into templates of its
own gives these to its own environment."""
FILTERS: dict[str, Callable[..., Any]] = {
    "moment": times.moment,
    "day": times.day,
    "device": words.device,
    "in_ascii": in_ascii,
}
"""Its filters; likewise."""


def environment(app: Flask) -> Environment:
    """Return the environment of the extension in *app*, made when it is first asked for.

    Globals and filters that the host adds later are not found in it.
    """
    found: Environment | None = app.extensions.get(_EXTENSION)
    if found is None:
        found = app.extensions.setdefault(_EXTENSION, _overlay(app.jinja_env))
    return found


def render(template: str, **context: Any) -> str:
    """Return what the extension's environment makes of the template of that name."""
    return environment(at_work.app()).get_template(template).render(context)


def _overlay(theirs: Environment) -> Environment:
    env = theirs.overlay(
        block_start_string=defaults.BLOCK_START_STRING,
        block_end_string=defaults.BLOCK_END_STRING,
        variable_start_string=defaults.VARIABLE_START_STRING,
        variable_end_string=defaults.VARIABLE_END_STRING,
        comment_start_string=defaults.COMMENT_START_STRING,
        comment_end_string=defaults.COMMENT_END_STRING,
        line_statement_prefix=None,
        line_comment_prefix=None,
        trim_blocks=False,
        lstrip_blocks=False,
        keep_trailing_newline=False,
        undefined=Undefined,
        finalize=None,
        autoescape=_is_markup,
        enable_async=False,
    )
    # An overlay shares these with what it lies over.
    env.globals = {**theirs.globals, **GLOBALS}
    env.filters = {**theirs.filters, **FILTERS}
    env.tests = dict(theirs.tests)
    env.policies = {**theirs.policies, "ext.i18n.trimmed": False}
    _add_texts(env)
    return env


def _add_texts(env: Environment) -> None:
    """Let the templates of *env* say their texts in the language that is spoken."""
    # The host's may have been there: what it left would install our texts in its environment.
    for name in ("install_gettext_callables", "newstyle_gettext"):
        env.__dict__.pop(name, None)
    env.add_extension(_TEXTS)
    # The extension of Jinja above has added this method.
    env.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.globals["_"] = env.globals["gettext"]


def _gettext(text: str) -> str:
    return i18n.gettext(text)


def _ngettext(one: str, many: str, num: int) -> str:
    return str(i18n.catalog().ngettext(one, many, num))


def _is_markup(template: str | None) -> bool:
    return template is None or template.endswith((".html", ".svg"))
