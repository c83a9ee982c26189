"""Carry what is said once to the next page, in a cookie of its own.

Flask's ``flash`` keeps it in the session, which the page that shows it then has to write: a GET that is
answered late would undo what a post has put there meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g
from markupsafe import Markup, escape

from console.toolbox import NOTICE_SECONDS, toolbox
from mfa import at_work, clock
from mfa.crypto import links
from mfa.web import hx


def say(text: str, category: str) -> None:
    """Have the next page that the browser opens say *text*.

    :param text: plain text, or Markup.
    :param category: ``info``, ``success`` or ``warning``.
    """
    g.notices = [*g.get("notices", []), (category, str(escape(text)))]


def onward(message: str, url: str, show: Callable[[str], Response]) -> Response:
    """After a post that was accepted, say *message* on the page at *url*.

    :param show: returns the partial of that page with the message in it, which htmx gets at once.
    """
    if not hx.wanted():
        say(message, "success")
    return hx.onward(url, lambda: show(message))


def said() -> list[tuple[str, Markup]]:
    """Return the category and text of each notice that this page has to show."""
    kept = at_work.kept()
    kept.notices_shown = True
    # What was said in this request stands in no cookie yet.
    notices = _carried() + kept.pop("notices", [])
    return [(category, Markup(text)) for category, text in notices]  # noqa: S704 (escaped when it was said)


def carry(app: Flask) -> None:
    """Set and delete the cookie of notices on the answers of *app*."""
    cookie: dict[str, Any] = {
        "key": app.config["NOTICE_COOKIE_NAME"],
        "path": app.config["SESSION_COOKIE_PATH"],
        "secure": app.config["SESSION_COOKIE_SECURE"],
        "httponly": True,
        "samesite": "Lax",
    }

    @app.after_request
    def _carry(response: Response) -> Response:
        kept, asked = at_work.kept(), at_work.request()
        notices = kept.pop("notices", None)
        if notices:
            made = toolbox().notices.make({"said": notices}, clock.now().timestamp())
            response.set_cookie(value=made, max_age=NOTICE_SECONDS, **cookie)
        elif kept.pop("notices_shown", False) and cookie["key"] in asked.cookies and asked.method != "HEAD":
            response.delete_cookie(**cookie)
        return response


def _carried() -> list[tuple[str, str]]:
    cookie = at_work.request().cookies.get(at_work.app().config["NOTICE_COOKIE_NAME"])
    if not cookie:
        return []
    try:
        read = toolbox().notices.read(cookie, clock.now().timestamp())
    except links.BadToken:
        return []
    return [(category, text) for category, text in read["said"]]
