"""From typed errors to what people read: one sentence at the right field, with the right status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from flask import Flask, Response, current_app, g, request, url_for
from flask_babel import gettext, lazy_gettext as _
from flask_babel.speaklater import LazyString
from flask_limiter import RateLimitExceeded
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, SecurityError
from wtforms import Field

from console.accounts import names, password, rules as accounts
from console.accounts.addresses import BadAddress, InternalDomain, JoinedDomain
from console.email_change import rules as email_change
from console.extensions import limiter
from console.passwords import rules as passwords
from console.sessions.rules import Locked, SessionEnded
from console.two_step import drifts, email_proof, factors, rules as two_step
from console.web import access, layouts, ranges, words
from mfa import database
from mfa.attempts import rules as attempts
from mfa.crypto import totp
from mfa.notices.delivery import MailNotSent
from mfa.web import hx

UNPROCESSABLE = 422
TOO_MANY = 429
_DATABASE_BACK_AFTER = 10
"""Seconds."""


def _throttled(error: attempts.Throttled) -> str:
    wait = words.duration(error.wait)
    if error.policy is attempts.EMAIL_SENDING:
        return gettext("A mail was sent a moment ago. Try again in %(wait)s.", wait=wait)
    if error.policy is attempts.SIGN_INS:
        return gettext("You signed in too often. Try again in %(wait)s.", wait=wait)
    if error.policy in (attempts.PROOFS, attempts.PROFILE_CHANGES):
        return gettext("Too many changes in a short time. Try again in %(wait)s.", wait=wait)
    return gettext("Too many attempts. Try again in %(wait)s.", wait=wait)


def _wrong_code(error: totp.WrongCode) -> str:
    if drifts.server_is_off() is not None:
        # Whatever was typed: so it says nothing of the code.
        return gettext(
            "That code is not right. The clock of this site seems to be wrong, not your phone’s. Try again"
            " later, or ask support."
        )
    if error.drift is None:
        return gettext("That code is not right. Enter the newest code from your app.")
    drift = words.about(error.drift)
    if error.drift > 0:
        return gettext(
            "Your phone’s clock is about %(drift)s fast. Set its date and time to automatic, then enter the"
            " next code.",
            drift=drift,
        )
    return gettext(
        "Your phone’s clock is about %(drift)s slow. Set its date and time to automatic, then enter the next"
        " code.",
        drift=drift,
    )


def _internal_domain(error: InternalDomain) -> str:
    return gettext(
        "This site can’t send mail to “%(domain)s”, a name for internal networks. Use another address.",
        domain=error.domain,
    )


def _too_short(_error: passwords.TooShort) -> str:
    minimum = current_app.config["PASSWORD_MIN_LENGTH"]
    return gettext("That is too short. Use at least %(minimum)d characters.", minimum=minimum)


def _unshowable(error: names.Unshowable) -> str:
    return gettext(
        "A name can’t contain the character %(code_point)s, which no screen shows. Leave it out.",
        code_point=error.code_point,
    )


SENTENCES: dict[type[Exception], LazyString | Callable[[Any], str]] = {
    attempts.Throttled: _throttled,
    JoinedDomain: _(
        "The part after the @ contains an invisible joiner. We can’t send mail to such a domain."
    ),
    InternalDomain: _internal_domain,
    BadAddress: _("Enter one complete e-mail address, like name@example.com."),
    password.WrongCredentials: _("The e-mail address or the password is not right."),
    password.WrongPassword: _("That is not your current password."),
    names.EmptyName: _("Enter your name."),
    names.NameTooLong: _("Use at most %(maximum)d characters.", maximum=names.NAME_LENGTH),
    names.Unshowable: _unshowable,
    accounts.BadLanguage: _("Choose one of these languages."),
    email_change.SameAddress: _("This is your address already."),
    accounts.Changed: _("Your account was changed elsewhere at this moment. Try again."),
    MailNotSent: _("We could not send the mail. Try again."),
    SessionEnded: _("Your session has ended. Sign in again."),
    Locked: _("This account is locked. Ask support to open it again."),
    passwords.TooShort: _too_short,
    passwords.TooLong: _("Use at most %(maximum)d characters.", maximum=passwords.MAX_LENGTH),
    passwords.NotTypable: _("A password can’t contain control characters."),
    passwords.TooCommon: _("This password is among the first that anyone would try. Choose another."),
    passwords.TooObvious: _("A password can’t contain your address or the name of this site."),
    totp.WrongCode: _wrong_code,
    totp.UsedCode: _("This code was used already. Wait for the next one in your app."),
    factors.OtherDigits: _(
        "Enter the digits as 0 to 9. These are full-width digits, or of another script: switch your keyboard"
        " first."
    ),
    factors.OtherLetters: _(
        "Enter the code in plain letters and digits. These are full-width ones: switch your keyboard first."
    ),
    factors.NotSixDigits: _("Enter the 6 digits."),
    factors.NotARecoveryCode: _("A recovery code has 16 letters and digits, like 7HQK-2M9D-XW4T-0B6R."),
    factors.WrongRecoveryCode: _("That recovery code is not right, or was used already."),
    factors.ConfirmFirst: _(
        "Too many wrong codes were entered for your account. Sign out and in again: there you can confirm by"
        " mail that it is you."
    ),
    email_proof.WrongNumber: _("That is not the number in the newest mail."),
    email_proof.NumberEnded: _("This number is no longer good. Send a new one."),
    two_step.NotSaved: _("Save the codes first, then tick this box."),
}


def sentence(error: Exception) -> str:
    """What to tell the person about *error*.

    :raises KeyError: an error that nobody has put into words: a bug.
    """
    for kind in type(error).__mro__:
        if kind in SENTENCES:
            words_for = SENTENCES[kind]
            return str(words_for) if isinstance(words_for, LazyString) else words_for(error)
    raise KeyError(type(error).__name__)


def status(error: Exception) -> int:
    """The HTTP status of a refusal."""
    return TOO_MANY if isinstance(error, attempts.Throttled) else UNPROCESSABLE


def refuse(field: Field, error: Exception) -> int:
    """Put the sentence for *error* at *field*; the status to answer with."""
    field.errors = [sentence(error)]
    return status(error)


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


def handle(app: Flask) -> None:
    """Answer every error of *app* with a calm page, or, to htmx, with a notice beside what is open."""

    @app.errorhandler(CSRFError)
    def _csrf(_error: CSRFError) -> Response:
        if not access.is_public(request.endpoint) and not current_user.is_authenticated:
            return access.to_sign_in()
        # Pressed twice, a form of sign-in comes a second time with the token from before it.
        return access.onward() or _without_cookie() or _out_of_date()

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
