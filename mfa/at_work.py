"""What Flask's proxies stand for at this moment, for what every page asks.

An attribute that is asked of a proxy takes 8,000 of the processor's instructions, as Python first looks for
it in the proxy itself, in vain; a page asks for some hundred. Here it takes 1,000.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Request, current_app, g, request as request_, session as session_
from flask.ctx import _AppCtxGlobals
from flask.sessions import SessionMixin

# Werkzeug documents what is called here. A function around each would take as long again.

app: Callable[[], Flask] = current_app._get_current_object  # type: ignore[attr-defined]  # noqa: SLF001
"""Return the application."""

kept: Callable[[], _AppCtxGlobals] = g._get_current_object  # noqa: SLF001
"""Return what is kept until the request is answered: ``g``."""

request: Callable[[], Request] = request_._get_current_object  # type: ignore[attr-defined]  # noqa: SLF001
"""Return the request."""

session: Callable[[], SessionMixin] = session_._get_current_object  # type: ignore[attr-defined]  # noqa: SLF001
"""Return the session of the browser."""
