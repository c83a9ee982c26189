"""The answers to the check-up, which the tab shows: a factor, or that nobody wants to be asked."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from mfa import clock
from mfa.enrollment import check_up as rules, slot
from mfa.errors import NotNow
from mfa.factors import kinds as factors
from mfa.i18n import gettext
from mfa.manage.tab import back_to_tab, check_up_place, show_tab
from mfa.people.rules import Changed
from mfa.sign_in import verification
from mfa.sign_in.forms import FactorForm
from mfa.web import devices, errors, hx, ranges
from mfa.web.visitor import owner, person

blueprint = Blueprint("check_up", __name__)
slot.say_ends(blueprint, restart=False)


@blueprint.post("")
@ranges.guesses
def prove() -> Response:
    """Take a factor as proof that the person can still get in."""
    form = FactorForm()
    if not form.validate():
        return show_tab(check_up=form, status=errors.UNPROCESSABLE)
    try:
        rules.prove(
            factors.Attempt(owner(), devices.here(), place=check_up_place()),
            form.factor.data,
            form.chosen.data,
        )
    except (factors.Refused, NotNow, Changed) as error:
        return show_tab(check_up=form, status=errors.refuse(form.chosen, error))
    verification.note(person().id, clock.now(), form.factor.data)
    return back_to_tab(gettext("It works: you can still get in."))


@blueprint.post("/dismiss")
def dismiss() -> Response:
    """Ask it no more."""
    rules.dismiss(owner(), clock.now())
    return hx.onward(url_for("two_step.manage.tab"), show_tab)
