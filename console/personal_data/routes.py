"""Download my data: the page that says what is in the file, and the file. Both take a fresh verification."""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from flask_babel import gettext
from flask_login import current_user

from console.extensions import two_step
from console.personal_data import rules
from console.web import layouts
from mfa.attempts.rules import Throttled
from mfa.enrollment.proof import FRESH
from mfa.web import devices, downloads, hx
from mfa.web.forms import Form

blueprint = Blueprint("personal_data", __name__, url_prefix="/account/profile/data")


@blueprint.get("")
@two_step.verified(within=FRESH)
def ask() -> Response:
    return _show(Form())


@blueprint.post("")
@two_step.verified(within=FRESH)
def download() -> Response:
    """The file. By a post, as it is noted in Activity and mailed."""
    try:
        text = rules.make_file(current_user.account, current_user.session, devices.here())
    except Throttled as error:
        form = Form()
        form.form_errors.append(error.sentence)
        return _show(form, error.status)
    return downloads.file("my-data.json", text, "application/json")


def _show(form: Form, status: int = 200) -> Response:
    return hx.render(
        "personal_data/_ask.html",
        layouts.CONSOLE,
        title=gettext("Download my data"),
        status=status,
        tab="profile",
        form=form,
        cancel_url=url_for("accounts.profile"),
    )
