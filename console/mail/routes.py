"""The development mailbox in the browser. These routes exist only while :func:`mailbox.in_use`."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, request
from werkzeug.exceptions import SecurityError
from werkzeug.sansio.utils import host_is_trusted

from console.mail import mailbox
from console.web.access import public
from mfa.web import hx

blueprint = Blueprint("mailbox", __name__, url_prefix="/dev/mailbox")


_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@blueprint.before_request
def _configured_host() -> None:
    """Refuse a host that is not configured: another site may have its own name lead here, and read it."""
    trusted = current_app.config["TRUSTED_HOSTS"]
    own = urlsplit(f"//{current_app.config['SERVER_NAME']}").hostname
    if urlsplit(f"//{request.host}").hostname in (own, *_LOOPBACK):
        return
    if not trusted or not host_is_trusted(request.host, trusted):
        raise SecurityError


@blueprint.get("")
@public
def index() -> Response:
    return hx.page("dev/mailbox.html", title="Development mailbox", mails=mailbox.letters())


@blueprint.get("/<name>")
@public
def letter(name: str) -> Response:
    mail = mailbox.letter(name) or abort(404)
    return hx.page("dev/mail.html", title=mail.subject, mail=mail)
