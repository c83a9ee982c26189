"""All that the console replaces in a framework for speed; :data:`ON` turns it off.

Counted in the processor's instructions, the tab 2-Step Verification takes 75 % more without it all, its page
twice as many, and the page Sign in half as many again (``python -m bench.instructions``).

The pages are the same both ways, byte for byte (``tests/web/test_fast.py``).
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import cached_property, lru_cache
from types import FunctionType
from typing import Any, cast

import flask.templating
import jinja2
from babel.support import NullTranslations
from flask import Flask, Request, Response, has_request_context
from flask_login import LoginManager
from flask_wtf.csrf import CSRFProtect
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from jinja2.utils import pass_eval_context
from markupsafe import Markup, escape
from werkzeug.routing import MapAdapter

from console import languages
from mfa import at_work

ON = True


class Application(Flask):
    """Flask, with the environment below."""

    def create_jinja_environment(self) -> flask.templating.Environment:
        if ON:
            self.jinja_environment = _Environment
            # Keep all templates. The default keeps those used last, and for that notes each use of one.
            self.jinja_options = {**self.jinja_options, "cache_size": -1}
        return super().create_jinja_environment()

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return Flask's; that of no request is the same each time."""
        if request is not None or not ON:
            return super().create_url_adapter(request)
        return self._url_adapter

    @cached_property
    def _url_adapter(self) -> MapAdapter | None:
        return super().create_url_adapter(None)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return *func*: nothing in the console is asynchronous, and a page asks this of some twenty."""
        return func if ON else super().ensure_sync(func)


class Csrf(CSRFProtect):  # type: ignore[misc]  # Flask-WTF has no types
    """Flask-WTF's, which looks whether a page is exempt only where it would ask for the token."""

    def protect(self, apply_exemptions: bool = False) -> None:
        if not ON or at_work.request().method in at_work.app().config["WTF_CSRF_METHODS"]:
            super().protect(apply_exemptions)


class Logins(LoginManager):  # type: ignore[misc]  # Flask-Login has no types
    """Flask-Login's, which looks at its own cookie only if the session says that there is something to do."""

    def _update_remember_cookie(self, response: Response) -> Response:
        if ON and "_remember" not in at_work.session():
            return response
        return cast("Response", super()._update_remember_cookie(response))


def leave_sessions_alone(manager: LoginManager) -> None:
    """Turn off Flask-Login's session protection, for which it hashes network and browser of each request."""
    manager.session_protection = None
    if ON:
        manager._session_identifier_generator = str  # noqa: SLF001 (there is no other way)


def speed_up(env: jinja2.Environment) -> None:
    """Replace what the templates of *env* call for their texts and links.

    Flask-Babel, or the extension, finds the language for each text; ours once for each request. Flask builds
    the address of a page each time; ours once for each path that the application is mounted at.
    """
    if ON:
        env.globals.update(_=_text, gettext=_text, ngettext=_counted, url_for=_addresses())


class _Context(Context):
    """Jinja's, which asks a function of Python once whether it wants to be given something, and not twice."""

    def call(self, called: Callable[..., Any], /, *args: Any, **values: Any) -> Any:
        if type(called) is not FunctionType or (called is not _text and "jinja_pass_arg" in called.__dict__):
            return super().call(called, *args, **values)
        if values:
            values.pop("_loop_vars", None)
            values.pop("_block_vars", None)
        return called(self.eval_ctx, *args, **values) if called is _text else called(*args, **values)


class _Generator(CodeGenerator):
    """Jinja's, whose code takes markup as it is and escapes the rest; to escape markup makes a copy of it."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("(said if type(said := ")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_post(node, frame, finalize)
        else:
            self.write(") is Markup else escape(said))")


class _Environment(flask.templating.Environment):
    """Flask's, whose templates share one mapping of globals.

    Jinja gives each template a layer of its own over it, and copies both for each include and each import.
    Ours have no globals of their own.
    """

    context_class = _Context
    code_generator_class = _Generator

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


def _addresses() -> Callable[..., str]:
    """Return ``url_for`` for templates, in an application without ``url_defaults``."""
    known: dict[tuple[str, str], str] = {}

    def find(endpoint: str, /, **values: Any) -> str:
        # Which page ".tab" is depends on the blueprint at work.
        if values or endpoint.startswith(".") or not has_request_context():
            return at_work.app().url_for(endpoint, **values)
        key = endpoint, at_work.request().root_path
        if key not in known:
            known[key] = at_work.app().url_for(endpoint)
        return known[key]

    return find


@pass_eval_context
def _text(context: EvalContext, text: str, /, **values: Any) -> str:
    """Return *text* in the language of the request with *values*, which alone are escaped."""
    catalog = languages.catalog()
    found = _markup(catalog, text) if context.autoescape else str(catalog.gettext(text))
    return _filled(context, found, values) if values or "%" in found else found


@pass_eval_context
def _counted(context: EvalContext, one: str, many: str, num: int, /, **values: Any) -> str:
    """Return *one* or *many*, whichever *num* asks for, with *values* and ``num``."""
    found = str(languages.catalog().ngettext(one, many, num))
    return _filled(context, found, {"num": num, **values})


def _filled(context: EvalContext, text: str, values: dict[str, Any]) -> str:
    """Return *text*, of our own catalogs, with *values*; Markup makes two objects to escape each of them."""
    if not context.autoescape:
        return str.__mod__(text, values)
    safe = {name: one if type(one) in (Markup, int) else escape(one) for name, one in values.items()}
    return Markup(str.__mod__(text, safe))  # noqa: S704 (our own text, and what is put in was escaped)


@lru_cache(maxsize=4096)
def _markup(catalog: NullTranslations, text: str) -> Markup:
    # A text of our own templates and catalogs, before any value is put in.
    return Markup(catalog.gettext(text))  # noqa: S704 (our own text)
