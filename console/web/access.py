"""Who may come in: nobody, unless signed in or the route says that it is public."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar
from urllib.parse import unquote, urlsplit

from flask import Flask, Response, abort, current_app, has_request_context, request, session, url_for
from flask_login import current_user

from mfa.web import hx

NOT_FORMS = ("reports.take",)
"""The endpoints whose body is no form."""

_LONGEST_PATH = 512

P = ParamSpec("P")
R = TypeVar("R")


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Let anyone call this route."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def is_public(endpoint: str | None) -> bool:
    """Whether anyone may call the endpoint; a request for no route at all may be told so."""
    if endpoint is None or endpoint == "static":
        return True
    return getattr(current_app.view_functions.get(endpoint), "is_public", False)


def signs_in(view: Callable[P, R]) -> Callable[P, R]:
    """Let anyone call this route, which is a step of signing in."""
    view.is_of_sign_in = True  # type: ignore[attr-defined]
    return public(view)


def is_of_sign_in(endpoint: str | None) -> bool:
    """Return True if the endpoint is a step of signing in."""
    return getattr(current_app.view_functions.get(endpoint or ""), "is_of_sign_in", False)


def guard(app: Flask) -> None:
    """Close every route of *app* that is not :func:`public` to those who are not signed in."""

    @app.before_request
    def _same_site() -> None:
        # Browsers say where a request comes from; what another site makes them post is not theirs.
        origin = request.headers.get("Sec-Fetch-Site", "same-origin")
        if request.method not in ("GET", "HEAD", "OPTIONS") and origin not in (
            "same-origin",
            "none",
        ):
            abort(403)

    @app.before_request
    def _forms_alone() -> None:
        # A form's values are texts. Files and JSON would bring other things to places that take texts.
        # Neither comes without saying so; to look for files in what has no body takes 15 µs.
        if not request.content_type or request.endpoint in NOT_FORMS:
            return
        if request.is_json or request.files:
            abort(415)

    @app.before_request
    def _closed_by_default() -> Response | None:
        if is_public(request.endpoint) or current_user.is_authenticated:
            return None
        return to_sign_in()


def to_sign_in() -> Response:
    """Lead the window to sign-in, and from there back to where it was.

    It says so in the address and leaves the cookie alone: a poll may come here, and what it wrote
    could overwrite the sign-in of another window.
    """
    # The cookie names a session that has ended.
    ended = "yes" if "_user_id" in session and not current_user.is_authenticated else None
    response = hx.leave(url_for("accounts.sign_in", next=_whereabouts(), ended=ended))
    if hx.wanted():
        response.status_code = 401
    return response


def local_path(target: str | None) -> str | None:
    """Return *target* if it is a path of this application, else None: a link can't send people elsewhere.

    It goes into a header and, past a half-session, into the cookie: so it is ASCII, and not long.
    """
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if "\\" in target or not target.isprintable() or not target.isascii() or len(target) > _LONGEST_PATH:
        return None
    parts = urlsplit(target)
    if (
        parts.scheme
        or parts.netloc
        or not _is_below(request.root_path if has_request_context() else "", parts.path)
    ):
        return None
    return target


def _is_below(root: str, path: str) -> bool:
    """Return whether *path* stays below *root*, where other applications may share the host."""
    if not root:
        return True
    climbs = any(unquote(segment) in (".", "..") for segment in path.split("/"))
    return f"{path}/".startswith(f"{root}/") and not climbs


def _whereabouts() -> str | None:
    if request.method == "GET" and not hx.wanted():
        return local_path(f"{request.root_path}{request.full_path}".removesuffix("?"))
    try:
        shown = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return None
    return local_path(shown.path)
