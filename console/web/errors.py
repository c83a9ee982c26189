"""From refusals and HTTP errors to what people read: a sentence at its field, or a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from flask import Flask, Response, current_app, g, request, url_for
from flask_babel import gettext, lazy_gettext as _
from flask_limiter import RateLimitExceeded
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, SecurityError
from wtforms import Field

from console.extensions import limiter
from console.web import access, layouts, ranges
from mfa import database, words
from mfa.errors import Refusal
from mfa.web import hx

UNPROCESSABLE = 422
TOO_MANY = 429
_DATABASE_BACK_AFTER = 10
"""Seconds."""


def refuse(field: Field, error: Refusal) -> int:
    """Put the sentence of *error* at *field*; the status to answer with."""
    field.errors = [error.sentence]
    return error.status


HTTP_SENTENCES = {
    400: (_("This request did not make sense"), _("Go back and try again.")),
    403: (_("This is not allowed"), _("The request came from another site.")),
    404: (_("There is nothing here"), _("The address may be mistyped, or the page has moved.")),
    405: (_("This can’t be done here"), _("Go back and try again.")),
    415: (_("This can’t be read"), _("It was not sent as a form.")),
    413: (
        _("That is too much"),
        _("Something that was entered is far too long. Shorten it and try again."),
    ),
    500: (
        _("Something went wrong"),
        _("That was our fault. Nothing was changed. Try again in a moment."),
    ),
}


def handle(app: Flask, *, onward: Callable[[], Response | None]) -> None:
    """Answer every error of *app* with a calm page, or, to htmx, with a notice beside what is open.

    :param onward: returns the way on for a form of sign-in that comes again after it; else None.
    """

    @app.errorhandler(CSRFError)
    def _csrf(_error: CSRFError) -> Response:
        if not access.is_public(request.endpoint) and not current_user.is_authenticated:
            return access.to_sign_in()
        # Pressed twice, a form of sign-in comes a second time with the token from before it.
        return onward() or _without_cookie() or _out_of_date()

    @app.errorhandler(RateLimitExceeded)
    def _range(_error: RateLimitExceeded) -> Response:
        wait = ranges.wait(limiter.current_limit)
        answer = _answer(
            TOO_MANY,
            gettext("Too many attempts"),
            gettext(
                "They came from your network. Try again in %(wait)s.",
                wait=words.duration(wait),
            ),
        )
        answer.headers["Retry-After"] = str(wait)
        return answer

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        if error.response is not None:
            return cast("Response", error.response)
        if isinstance(error, SecurityError):
            # An untrusted Host: no address can be built for it, so no page either.
            return Response(gettext("This host is not served here."), 400, content_type="text/plain")
        code = error.code or 500
        heading, text = HTTP_SENTENCES.get(code, HTTP_SENTENCES[400 if code < 500 else 500])
        answer = _answer(code, str(heading), str(text))
        for name, value in error.get_headers():
            if name == "Allow":
                answer.headers[name] = value
        return answer

    app.register_error_handler(SQLAlchemyError, _database_failed)
    app.register_error_handler(Exception, _unhandled)


def _out_of_date() -> Response:
    return _answer(400, gettext("This page is out of date"), gettext("Reload the page and try again."))


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
        return _answer(
            400,
            gettext("The address must begin with https"),
            gettext(
                "Your browser sends the cookies of this site over https alone. Open %(address)s, or, if you"
                " are there, allow cookies for this site.",
                address=start,
            ),
            way_url=start,
        )
    return _answer(
        400,
        gettext("Cookies are needed"),
        gettext(
            "Your browser sent none, and without them nobody can sign in. Allow cookies for this site, then"
            " reload the page and try again."
        ),
    )


def _unhandled(error: Exception) -> Response:
    current_app.logger.error("unhandled error in %s", request.endpoint, exc_info=error)
    return _failed(500)


def _database_failed(error: SQLAlchemyError) -> Response:
    if not database.is_away(error):
        return _unhandled(error)
    orig = getattr(error, "orig", error)
    # It happens to every request meanwhile: a line for each, and no traceback.
    said = str(orig).partition("\n")[0]
    current_app.logger.error("the database failed in %s: %s", request.endpoint, said)
    answer = _failed(503)
    answer.headers["Retry-After"] = str(_DATABASE_BACK_AFTER)
    return answer


def _failed(code: int) -> Response:
    # The page must not ask the database who is signed in, as Flask-Login does for every template.
    g.setdefault("_login_user", AnonymousUserMixin())
    return _answer(code, *map(str, HTTP_SENTENCES[500]))


def _answer(code: int, heading: str, text: str, way_url: str | None = None) -> Response:
    response = hx.render(
        "_error.html",
        layouts.CARD,
        title=heading,
        status=code,
        once={
            "heading": heading,
            "sentence": text,
            "way_url": way_url or url_for("console.home"),
            "way_label": gettext("Go to the start"),
        },
    )
    if hx.wanted():
        # Not into the modal: what was typed there stays.
        response = Response(f"{heading}. {text}", code, content_type="text/html; charset=utf-8")
        response.headers["HX-Retarget"] = "#notice"
        response.headers["HX-Reswap"] = "innerHTML"
        response.headers["HX-Push-Url"] = "false"
        response.headers["Cache-Control"] = "no-store"
    return response
