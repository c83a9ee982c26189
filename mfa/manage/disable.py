"""2-step verification is turned off: the password, then a factor."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from mfa.accounts import accounts
from mfa.enrollment import forms, rules, slot
from mfa.enrollment.pending import Pending
from mfa.enrollment.purposes import Purpose
from mfa.errors import NotNow
from mfa.factors import kinds as factors, password_managers
from mfa.i18n import gettext
from mfa.manage import password
from mfa.manage.tab import show_tab
from mfa.sign_in import asking
from mfa.web import devices, errors, hx, layouts, ranges, visitor
from mfa.web.visitor import owner, person

blueprint = Blueprint("disable", __name__)

slot.say_ends(blueprint, restart=False)


@blueprint.get("")
def disable() -> Response:
    return password.show(Purpose.DISABLE, url_for("two_step.disable.disable"))


@blueprint.post("")
@ranges.guesses
def begin() -> Response:
    action, url = url_for("two_step.disable.disable"), url_for("two_step.disable.verify")
    return password.begin(Purpose.DISABLE, action, url, _show_disable)


@blueprint.post("/number")
@ranges.mails
def send_number() -> Response:
    """Mail the number that stands for a password where there is none."""
    return password.send_number(Purpose.DISABLE, url_for("two_step.disable.disable"))


@blueprint.get("/verify")
def verify() -> Response:
    change = slot.change(Purpose.DISABLE)
    password.must_be_open(Purpose.DISABLE)
    return _show_disable(change)


@blueprint.post("/verify")
@ranges.guesses
def complete() -> Response:
    """Turn 2-step verification off."""
    form = forms.ChangeForm()
    change = slot.change(Purpose.DISABLE, shown=form.pending.data or "")
    if not form.validate():
        return _show_disable(change, form, errors.UNPROCESSABLE)
    kept = factors.kept(person().id)
    handle = kept and kept.second_step.user_handle
    try:
        rules.disable(
            owner(),
            change,
            form.factor.data,
            form.chosen.data,
            here=devices.here(),
        )
    except (factors.Refused, NotNow) as error:
        return _show_disable(change, form, errors.refuse(form.chosen, error))
    visitor.forget_owner()
    slot.clear()
    signals = password_managers.accepted(handle, []) if handle else []
    return hx.onward(url_for("two_step.manage.tab"), lambda: show_tab(signals=signals))


def _show_disable(change: Pending, form: forms.ChangeForm | None = None, status: int = 200) -> Response:
    form = forms.ChangeForm.naming(change.id, form)
    asking.offer(form, change.place)
    return hx.render(
        "mfa/manage/_disable.html",
        layouts.ACCOUNT,
        title=gettext("Disable 2-Step Verification"),
        status=status,
        tab="two-step",
        form=form,
        has_password=accounts().has_password(person()),
        cancel_url=url_for("two_step.manage.tab"),
    )
