"""What a member sees and does about a request to help them: they stop it before anybody approves it.

Once it is approved, the extension shows that a way back is open, with a press of its own.
"""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from flask_babel import gettext

from console.organization.help import rules
from console.organization.help.rules import Shown, State
from console.sessions import browser
from console.web import notices
from mfa import clock
from mfa.web import devices, hx, visitor

blueprint = Blueprint("help", __name__, url_prefix="/account/help")


@blueprint.post("/stop")
def stop() -> Response:
    """Stop the request: this wasn't me."""
    if rules.stop(visitor.person(), devices.here()):
        notices.say(gettext("It is stopped. Your 2-step verification stays as it is."), "success")
    else:
        notices.say(gettext("It had ended already."), "info")
    return hx.leave(url_for("two_step.manage.tab"))


def waiting() -> Shown | None:
    """For the tab 2-Step Verification: the request for its visitor that waits for approval."""
    here = browser.visitor()
    shown = rules.of(here.account.id, clock.now()) if here and here.may_be_helped else None
    return shown if shown is not None and shown.state is State.WAITING else None
