"""The page that the link of an enrollment's mail opens, in whatever browser that happens."""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from flask_babel import gettext
from flask_login import current_user

from console.toolbox import toolbox
from console.two_step import email_proof, slot
from console.web import layouts
from console.web.access import public
from mfa import clock
from mfa.web import hx

blueprint = Blueprint("enrollment_link", __name__, url_prefix="/account/two-step/enroll/link")


@blueprint.get("/<token>")
@public
def page(token: str) -> Response:
    """The page that the mail's link opens. It changes nothing: mail scanners open links."""
    return _answer(token, confirm=False)


@blueprint.post("/<token>")
@public
def confirm(token: str) -> Response:
    return _answer(token, confirm=True)


def _answer(token: str, *, confirm: bool) -> Response:
    status, number, now = 200, None, clock.now()
    try:
        linked = email_proof.read_link(token, now)
        here = slot.begun() if current_user.is_authenticated else None
        if here is None or (here.id, here.sending) != (linked.id, linked.sending):
            # Another browser, or another enrollment: this link brings nothing any further here.
            state, number = "number", linked.number(toolbox().ring)
        elif not confirm:
            state = "confirm"
        else:
            slot.put(email_proof.confirm_link(current_user.account, here, linked, now))
            state = "confirmed"
    except email_proof.NumberEnded:
        state, status = "ended", 410
    return hx.render(
        "mfa/enrollment/_link.html",
        layouts.CARD,
        title=gettext("Verify your email"),
        status=status,
        # Never the number: the page of the link finds it out again.
        once={} if number else {"state": state},
        state=state,
        number=number,
        action=url_for("enrollment_link.page", token=token),
    )
