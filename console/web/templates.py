"""What every template has besides what its route gives it."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import lru_cache
from types import FunctionType
from typing import Any
from urllib.parse import quote

import flask.templating
from babel.support import NullTranslations
from flask import Flask, request
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, Macro
from jinja2.utils import pass_eval_context
from markupsafe import Markup

from console import branding, languages
from console.web import notices, times
from mfa import clock, words
from mfa.notices.addresses import in_ascii
from mfa.web import hx


def equip(app: Flask, *, two_step_on: Callable[[], bool]) -> None:
    """Give the templates of *app* their filters and values.

    :param two_step_on: whether the visitor's 2-step verification is on.
    """
    env = app.jinja_env
    env.filters.update(moment=times.moment, day=times.day, device=words.device, in_ascii=in_ascii)
    env.globals.update(
        product_name=app.config["PRODUCT_NAME"],
        support_address=app.config["SUPPORT_ADDRESS"],
        two_step_on=two_step_on,
        accent=app.config["ACCENT_COLOR"],
        on_accent=branding.text_on(app.config["ACCENT_COLOR"]),
        accent_edge=branding.edge_of(app.config["ACCENT_COLOR"]),
        clock_now=clock.now,
        notices=notices.said,
        is_fragment=hx.wanted,
        _=_text,
        gettext=_text,
        ngettext=_counted,
        url_for=_url_for(app),
    )
    env.globals["icon"] = f"data:image/svg+xml,{quote(env.get_template('_icon.svg').render())}"


def _url_for(app: Flask) -> Callable[..., str]:
    """``url_for``, which builds the address of a page without variables once: a whole page has ten of them.

    They are the same for everyone, but for the path under which the server stands.
    """
    built: dict[tuple[str, str], str] = {}

    def url_for(endpoint: str, **values: Any) -> str:
        if values:
            return app.url_for(endpoint, **values)
        place = request.root_path, endpoint
        if place not in built:
            built[place] = app.url_for(endpoint)
        return built[place]

    return url_for


@pass_eval_context
def _text(context: EvalContext, text: str, /, **values: Any) -> str:
    """*text* in the language that is spoken, with *values*, which alone are escaped: as by Jinja's own."""
    catalog = languages.catalog()
    found = _markup(catalog, text) if context.autoescape else str(catalog.gettext(text))
    return found % values if values or "%" in found else found


@pass_eval_context
def _counted(context: EvalContext, one: str, many: str, num: int, /, **values: Any) -> str:
    """*one* or *many*, as *num* asks in the language that is spoken, with *values* and ``num``."""
    found = str(languages.catalog().ngettext(one, many, num))
    return (Markup(found) if context.autoescape else found) % {"num": num, **values}  # noqa: S704


@lru_cache(maxsize=4096)
def _markup(catalog: NullTranslations, text: str) -> Markup:
    return Markup(catalog.gettext(text))  # noqa: S704


_EVAL_CONTEXT = vars(_text)["jinja_pass_arg"]


class _Context(Context):
    """Jinja's, which asks in four ways of all that is called whether it takes the context: one look tells."""

    def call(self, called: Callable[..., Any], /, *args: Any, **values: Any) -> Any:
        kind = type(called)
        takes = called.__dict__.get("jinja_pass_arg") if kind is FunctionType else _EVAL_CONTEXT
        if kind not in (FunctionType, Macro) or takes not in (None, _EVAL_CONTEXT):
            return super().call(called, *args, **values)
        # What a loop or a block adds is for those that take the whole context.
        values.pop("_loop_vars", None)
        values.pop("_block_vars", None)
        return called(*args, **values) if takes is None else called(self.eval_ctx, *args, **values)


class Environment(flask.templating.Environment):
    """Flask's, for many small templates: a call and an include cost little besides what they write."""

    context_class = _Context

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        # Jinja gives each template a layer of its own over what all have, to read both name by name; nothing
        # here has any of its own.
        return super().make_globals(d) if d else self.globals
