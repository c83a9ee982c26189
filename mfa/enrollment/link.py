"""The page that the link of an enrollment's mail opens, in whatever browser that happens."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from mfa import clock
from mfa.enrollment import email_proof, slot
from mfa.enrollment.pending import Pending
from mfa.i18n import gettext
from mfa.ring import ring
from mfa.web import hx, layouts, visitor
from mfa.web.access import public

blueprint = Blueprint("link", __name__, url_prefix="/enroll/link")


@blueprint.get("/<token>")
@public
def page(token: str) -> Response:
    """The page that the mail's link opens. It changes nothing: mail scanners open links."""
    try:
        linked = email_proof.read_link(token, clock.now())
    except email_proof.NumberEnded:
        return _show(token, "ended", 410)
    return _show(token, "confirm") if _enrollment_of(linked) else _show_number(token, linked)


@blueprint.post("/<token>")
@public
def confirm(token: str) -> Response:
    now = clock.now()
    try:
        linked = email_proof.read_link(token, now)
        here = _enrollment_of(linked)
        if here is None:
            return _show_number(token, linked)
        slot.put(email_proof.confirm_link(visitor.owner(), here, linked, now))
    except email_proof.NumberEnded:
        return _show(token, "ended", 410)
    return _show(token, "confirmed")


def _enrollment_of(linked: Pending) -> Pending | None:
    """Return the enrollment of this browser, if the link is of its newest mail.

    In another browser, or of another enrollment, it brings nothing any further.
    """
    here = slot.begun() if visitor.is_signed_in() else None
    return here if here and (here.id, here.sending) == (linked.id, linked.sending) else None


def _show_number(token: str, linked: Pending) -> Response:
    # The number is not said to the page that a plain post leads to: that page finds it out again.
    return _show(token, "number", number=linked.number(ring()), once={})


def _show(
    token: str, state: str, status: int = 200, *, number: str = "", once: dict[str, str] | None = None
) -> Response:
    return hx.render(
        "mfa/enrollment/_link.html",
        layouts.SIGN_IN,
        title=gettext("Verify your email"),
        status=status,
        once={"state": state} if once is None else once,
        state=state,
        number=number,
        action=url_for("two_step.link.page", token=token),
    )
