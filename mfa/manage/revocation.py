"""The page that the link in the mail about new recovery codes opens: it makes them worthless."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from mfa import accounts as adapters, clock
from mfa.accounts import Person
from mfa.enrollment import revocation as rules
from mfa.i18n import gettext
from mfa.people.rules import Changed
from mfa.web import devices, hx, layouts, visitor
from mfa.web.access import public
from mfa.web.forms import Form

blueprint = Blueprint("revocation", __name__)


@blueprint.get("/<token>")
@public
def page(token: str) -> Response:
    """The page that the mail's link opens. It changes nothing: mail scanners open links."""
    try:
        rules.find_owner(token, clock.now())
    except rules.LinkEnded:
        return _show(token, "ended", 410)
    return _show(token, "confirm")


@blueprint.post("/<token>")
@public
def revoke(token: str) -> Response:
    here = adapters.current()
    try:
        owner = rules.revoke(token, devices.here(), signed_in=here.id if here else None)
    except rules.LinkEnded:
        return _show(token, "ended", 410)
    except Changed as error:
        form = Form()
        form.form_errors.append(error.sentence)
        return _show(token, "confirm", error.status, form=form)
    visitor.forget_owner()
    return _show(token, "done", owner=owner)


def _show(
    token: str, state: str, status: int = 200, *, form: Form | None = None, owner: Person | None = None
) -> Response:
    return hx.render(
        "mfa/manage/_revocation.html",
        layouts.SIGN_IN,
        title=gettext("Recovery codes"),
        status=status,
        form=form or Form(formdata=None),
        action=url_for("two_step.revocation.page", token=token),
        ends_sessions=adapters.accounts().ends_other_sessions,
        # Somebody else may be: their password is not the one to change.
        signed_in=owner is not None and visitor.has_signed_in(owner),
        once={
            "state": state,
            "has_password": owner is not None and adapters.accounts().has_password(owner),
        },
    )
