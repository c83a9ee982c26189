"""The errors of the whole console, as the extension answers its own; and what only the console knows."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, current_app, g, request, url_for
from flask_babel import gettext
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, SecurityError

from console.web import access, layouts
from mfa import database
from mfa.attempts.hashing import Busy
from mfa.web import errors
from mfa.web.errors import ERROR, UNPROCESSABLE, refuse
from mfa.web.ranges import TooManyFromNetwork

__all__ = ["ERROR", "UNPROCESSABLE", "handle", "refuse"]


def handle(app: Flask, *, onward: Callable[[], Response | None]) -> None:
    """Answer every error of *app* with a calm page, or, to htmx, with a notice beside what is open.

    :param onward: returns the way on for a form of sign-in that comes again after it; else None.
    """

    @app.errorhandler(CSRFError)
    def _csrf(_error: CSRFError) -> Response:
        if not access.is_public(request.endpoint) and not current_user.is_authenticated:
            return access.to_sign_in()
        # Pressed twice, a form of sign-in comes a second time with the token from before it.
        way = onward() if access.is_of_sign_in(request.endpoint) else None
        return way or _without_cookie() or errors.out_of_date()

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        if isinstance(error, SecurityError):
            # An untrusted Host: no address can be built for it, so no page either.
            return Response(gettext("This host is not served here."), 400, content_type="text/plain")
        return errors.http(error)

    app.register_error_handler(TooManyFromNetwork, errors.network)
    app.register_error_handler(Busy, errors.busy)
    app.register_error_handler(SQLAlchemyError, _database_failed)
    app.register_error_handler(Exception, _unhandled)


def _without_cookie() -> Response | None:
    """Say why a form came without any cookie of ours, so that reloading its page is no help; else None."""
    own = {current_app.config["SESSION_COOKIE_NAME"], current_app.config["DEVICE_COOKIE_NAME"]}
    if not own.isdisjoint(request.cookies):
        return None
    if current_app.config["SESSION_COOKIE_SECURE"] and not request.is_secure:
        current_app.logger.warning(
            "A form came over plain HTTP without its cookie, which browsers send over https alone. Serve the"
            " site by https; behind a proxy that ends TLS, set MFA_TRUSTED_PROXIES."
        )
        start = f"https://{current_app.config['SERVER_NAME']}{url_for('console.home')}"
        return errors.answer(
            400,
            gettext("The address must begin with https"),
            gettext(
                "Your browser sends the cookies of this site over https alone. Open %(address)s, or, if you"
                " are there, allow cookies for this site.",
                address=start,
            ),
            way_url=start,
        )
    return errors.answer(
        400,
        gettext("Cookies are needed"),
        gettext(
            "Your browser sent none, and without them nobody can sign in. Allow cookies for this site, then"
            " reload the page and try again."
        ),
    )


def _unhandled(error: Exception) -> Response:
    current_app.logger.error("unhandled error in %s", request.endpoint, exc_info=error)
    _ask_nobody()
    return errors.failed(500, layout=layouts.CARD)


def _database_failed(error: SQLAlchemyError) -> Response:
    if not database.is_away(error):
        return _unhandled(error)
    _ask_nobody()
    return errors.database_is_away(error, layout=layouts.CARD)


def _ask_nobody() -> None:
    # The page must not ask the database who is signed in, as Flask-Login does for every template.
    g.setdefault("_login_user", AnonymousUserMixin())
