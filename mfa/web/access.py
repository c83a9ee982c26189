"""What comes in from outside: whose request it is, and what its body may be.

The functions are for ``blueprint.before_request``. They guard the extension's own routes, and no other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flask import g
from flask_wtf.csrf import CSRFError, validate_csrf
from werkzeug.exceptions import Forbidden, UnsupportedMediaType
from wtforms import ValidationError

from mfa import at_work

P = ParamSpec("P")
R = TypeVar("R")
_READS = ("GET", "HEAD", "OPTIONS")


class FromAnotherSite(Forbidden):
    """Another site had the browser send this."""


class NotAForm(UnsupportedMediaType):
    """A body that is no form, or brings files."""


def same_site() -> None:
    """Refuse what another site makes a browser post.

    Browsers say where a request comes from; a client that says nothing is no browser of today, and has no
    cookies that another site could use.

    :raises FromAnotherSite:
    """
    request = at_work.request()
    origin = request.headers.get("Sec-Fetch-Site", "same-origin")
    if request.method not in _READS and origin not in ("same-origin", "none"):
        raise FromAnotherSite


def forms_alone() -> None:
    """Refuse JSON and files: a form's values are texts, and places that take texts get nothing else.

    :raises NotAForm:
    """
    request = at_work.request()
    # Neither comes without saying so; to look for files in what has no body takes 15 µs.
    if request.content_type and (request.is_json or request.files):
        raise NotAForm


def with_token() -> None:
    """Refuse a post without the CSRF token of this browser's session, where the host has not looked for it.

    :raises CSRFError:
    """
    request, config = at_work.request(), at_work.app().config
    if request.method in _READS or g.get("csrf_valid") or not config.get("WTF_CSRF_ENABLED", True):
        return
    token = request.form.get(str(config.get("WTF_CSRF_FIELD_NAME", "csrf_token")))
    for name in config.get("WTF_CSRF_HEADERS", ["X-CSRFToken", "X-CSRF-Token"]):
        token = token or request.headers.get(name)
    try:
        validate_csrf(token)
    except ValidationError as error:
        raise CSRFError(error.args[0]) from error
    g.csrf_valid = True


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Let anyone call this route."""
    view.is_public = True  # type: ignore[attr-defined]  # a mark on the function
    return view


def signs_in(view: Callable[P, R]) -> Callable[P, R]:
    """Let anyone call this route, which is a step of signing in."""
    view.is_of_sign_in = True  # type: ignore[attr-defined]  # likewise
    return public(view)
