"""Who may come in: nobody, unless signed in or the route says that it is public."""

from __future__ import annotations

from flask import Flask, Response, current_app
from flask_login import current_user

from mfa import at_work
from mfa.web import access
from mfa.web.access import public, signs_in
from mfa.web.visitor import to_sign_in

__all__ = ["guard", "is_of_sign_in", "is_public", "public", "signs_in", "to_sign_in"]

NOT_FORMS = ("reports.take",)
"""The endpoints whose body is no form."""


def is_public(endpoint: str | None) -> bool:
    """Whether anyone may call the endpoint; a request for no route at all may be told so."""
    if endpoint is None or endpoint == "static":
        return True
    return getattr(at_work.app().view_functions.get(endpoint), "is_public", False)


def is_of_sign_in(endpoint: str | None) -> bool:
    """Return True if the endpoint is a step of signing in."""
    return getattr(current_app.view_functions.get(endpoint or ""), "is_of_sign_in", False)


def guard(app: Flask) -> None:
    """Close every route of *app* that is not :func:`public` to those who are not signed in."""

    app.before_request(access.same_site)

    @app.before_request
    def _forms_alone() -> None:
        if at_work.request().endpoint not in NOT_FORMS:
            access.forms_alone()

    @app.before_request
    def _closed_by_default() -> Response | None:
        if is_public(at_work.request().endpoint) or current_user.is_authenticated:
            return None
        return to_sign_in()
