"""From refusals and HTTP errors to what people read: a sentence at its field, or a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from flask import Blueprint, Response, after_this_request, current_app, request
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from wtforms import Field

from mfa import database
from mfa.attempts.hashing import Busy
from mfa.errors import NotNow, Refusal
from mfa.i18n import gettext, lazy_gettext as _
from mfa.web import hx, layouts
from mfa.web.access import FromAnotherSite
from mfa.web.host import host
from mfa.web.ranges import TooManyFromNetwork

UNPROCESSABLE = 422
ERROR = "mfa/_error.html"
"""Shows ``heading``, ``sentence``, and the way on: ``way_url`` and ``way_label``."""
_DATABASE_BACK_AFTER = 10
"""Seconds."""
_SENTENCES = {
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


def refuse(field: Field, error: Refusal) -> int:
    """Put the sentence of *error* at *field*; return the status to answer with.

    :raises Busy: that is *error*, and the form is in a page that htmx can leave as it is: see :func:`busy`.
    """
    if isinstance(error, Busy) and hx.wanted():
        raise error
    if isinstance(error, NotNow):
        after_this_request(lambda response: _after(error, response))
    field.errors = [error.sentence]
    return error.status


def handle(blueprint: Blueprint, onward: Callable[[], Response | None] = lambda: None) -> None:
    """Answer the errors of *blueprint* with a calm page, or, to htmx, with a notice beside what is open.

    :param onward: returns the way on for a form that comes with an old CSRF token; None if there is none.

    What the host refuses on its own (401, 403, 429 of its own hooks) is answered as everywhere in the host.
    What nobody expected is logged, reported and, while somebody debugs, raised by Flask as ever; only the
    page is ours.
    """
    for code in (400, 404, 405, 413, 415):
        blueprint.register_error_handler(code, http)
    blueprint.register_error_handler(FromAnotherSite, http)
    blueprint.register_error_handler(CSRFError, lambda _error: onward() or out_of_date())
    blueprint.register_error_handler(TooManyFromNetwork, network)
    blueprint.register_error_handler(Busy, busy)
    blueprint.register_error_handler(SQLAlchemyError, _database_failed)
    blueprint.register_error_handler(500, lambda _error: failed(500))


def http(error: HTTPException) -> Response:
    """Answer with the page of an HTTP error."""
    if error.response is not None:
        return cast("Response", error.response)
    code = error.code or 500
    heading, text = _SENTENCES.get(code, _SENTENCES[400 if code < 500 else 500])
    response = answer(code, str(heading), str(text))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def network(error: TooManyFromNetwork) -> Response:
    """Say how long a network has to wait."""
    return _after(error, answer(error.status, error.heading, error.sentence))


def busy(error: Busy) -> Response:
    """Say that too many people are signing in. To htmx beside the form, which keeps all that was typed."""
    heading, text = gettext("Many people are signing in"), gettext("Try again in a few seconds.")
    return _after(error, answer(error.status, heading, text))


def _after(error: NotNow, response: Response) -> Response:
    """Say in a header when to try again."""
    response.headers.update(error.headers)
    return response


def out_of_date() -> Response:
    """Say that the token of a form is not that of the browser's session."""
    return answer(400, gettext("This page is out of date"), gettext("Reload the page and try again."))


def database_is_away(error: SQLAlchemyError, *, layout: str = layouts.STANDALONE) -> Response:
    """Say that the database can't be used for now."""
    # It happens to every request meanwhile: a line for each, and no traceback.
    said = str(getattr(error, "orig", error)).partition("\n")[0]
    current_app.logger.error("the database failed in %s: %s", request.endpoint, said)
    response = failed(503, layout=layout)
    response.headers["Retry-After"] = str(_DATABASE_BACK_AFTER)
    return response


def failed(code: int, *, layout: str = layouts.STANDALONE) -> Response:
    """Say that it was our fault, on a page of our own: a layout of the host may ask what has just failed."""
    return answer(code, *map(str, _SENTENCES[500]), layout=layout)


def answer(
    code: int, heading: str, text: str, *, layout: str = layouts.SIGN_IN, way_url: str | None = None
) -> Response:
    """Answer with the page of an error or, to htmx, with a notice."""
    if hx.wanted():
        return _notice(code, f"{heading}. {text}")
    return hx.render(
        ERROR,
        layout,
        title=heading,
        status=code,
        once={
            "heading": heading,
            "sentence": text,
            "way_url": way_url or host().home(),
            "way_label": gettext("Go to the start"),
        },
    )


def _notice(code: int, text: str) -> Response:
    # Not into the modal: what was typed there stays.
    response = Response(escape(text), code, content_type="text/html; charset=utf-8")
    response.headers["HX-Retarget"] = "#mfa-notice"
    response.headers["HX-Reswap"] = "innerHTML"
    response.headers["HX-Push-Url"] = "false"
    response.headers["Cache-Control"] = "no-store"
    return response


def _database_failed(error: SQLAlchemyError) -> Response:
    if not database.is_away(error):
        raise error
    return database_is_away(error)
