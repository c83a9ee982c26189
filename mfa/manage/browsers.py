"""Remembered browsers, forgotten one by one or all at once."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from mfa.i18n import gettext
from mfa.manage.forms import ForgetBrowserForm
from mfa.manage.tab import back_to_tab
from mfa.sign_in import remembered
from mfa.web import devices
from mfa.web.visitor import person

blueprint = Blueprint("browsers", __name__)


@blueprint.post("/forget")
def forget() -> Response:
    """Ask for the second step again in one browser."""
    form = ForgetBrowserForm()
    if not form.validate():
        abort(400)
    remembered.forget_one(person().id, form.browser.data, devices.here())
    return back_to_tab(gettext("That browser is forgotten."))


@blueprint.post("/forget-all")
def forget_all() -> Response:
    """Ask for the second step again in every browser."""
    remembered.forget_every(person().id, devices.here())
    return back_to_tab(gettext("Every browser is forgotten. Signing in takes both steps everywhere."))
