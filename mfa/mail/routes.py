"""The development mailbox in the browser. These routes exist only while :func:`mailbox.in_use`."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from mfa.mail import mailbox
from mfa.web import hx
from mfa.web.access import public

blueprint = Blueprint("mailbox", __name__, url_prefix="/dev/mailbox")


@blueprint.get("")
@public
def index() -> Response:
    return hx.page("dev/mailbox.html", title="Development mailbox", mails=mailbox.letters())


@blueprint.get("/<name>")
@public
def letter(name: str) -> Response:
    mail = mailbox.letter(name) or abort(404)
    return hx.page("dev/mail.html", title=mail.subject, mail=mail)
