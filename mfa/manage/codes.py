"""New recovery codes in place of the old ones: the password, then the codes, then Complete."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, url_for

from mfa import clock, times
from mfa.attempts.hashing import Busy
from mfa.enrollment import forms, proof, rules, sheet, slot
from mfa.enrollment.pending import Pending
from mfa.enrollment.purposes import Purpose
from mfa.i18n import gettext
from mfa.manage import password
from mfa.manage.tab import back_to_tab
from mfa.ring import ring
from mfa.sign_in import verification
from mfa.web import devices, errors, hx, layouts, ranges
from mfa.web.visitor import owner, person

blueprint = Blueprint("codes", __name__)

slot.say_ends(blueprint, restart=False)


@blueprint.get("")
def reissue() -> Response:
    return password.show(Purpose.REISSUE, url_for("two_step.codes.reissue"))


@blueprint.post("")
@ranges.guesses
def begin() -> Response:
    return password.begin(
        Purpose.REISSUE, url_for("two_step.codes.reissue"), url_for("two_step.codes.new_codes"), _show_codes
    )


@blueprint.post("/number")
@ranges.mails
def send_number() -> Response:
    """Mail the number that stands for a password where there is none."""
    return password.send_number(Purpose.REISSUE, url_for("two_step.codes.reissue"))


@blueprint.get("/recovery-codes")
def new_codes() -> Response:
    return _show_codes(slot.change(Purpose.REISSUE))


@blueprint.get("/recovery-codes.txt")
def file() -> Response:
    """The new codes as a file, while their step is open."""
    codes = slot.change(Purpose.REISSUE).recovery_codes(ring())
    return sheet.file(codes, owner(), clock.now())


@blueprint.get("/recovery-codes/print")
def paper() -> Response:
    """The new codes as a page to print, while their step is open."""
    codes = slot.change(Purpose.REISSUE).recovery_codes(ring())
    return sheet.paper(codes, owner(), clock.now())


@blueprint.post("/recovery-codes")
def complete() -> Response:
    """Put the new codes in place of the old ones."""
    form = forms.SavedForm()
    change = slot.change(Purpose.REISSUE, shown=form.pending.data or "")
    try:
        until = rules.reissue(
            owner(),
            change,
            saved=form.saved.data,
            limited=_is_limited(change),
            here=devices.here(),
        )
    except (rules.NotSaved, Busy) as error:
        return _show_codes(change, form, errors.refuse(form.saved, error))
    slot.clear()
    message = gettext("Your new recovery codes are active. The old ones no longer work.")
    if until:
        limit = gettext("Until %(date)s they open sign-in only.", date=times.moment(until))
        message = f"{message} {limit}"
    return back_to_tab(message)


def _is_limited(change: Pending) -> bool:
    """Return True if no authenticator was shown shortly before the password that has begun it, or since."""
    recent = datetime.fromtimestamp(change.started, UTC) - proof.FRESH
    return not verification.is_by_authenticator_since(person().id, recent)


def _show_codes(change: Pending, form: forms.SavedForm | None = None, status: int = 200) -> Response:
    here = url_for("two_step.codes.new_codes")
    return hx.render(
        "mfa/enrollment/_recovery.html",
        layouts.ACCOUNT,
        title=gettext("Save your recovery codes"),
        heading=gettext("Save your recovery codes"),
        status=status,
        tab="two-step",
        step_number=None,
        form=forms.SavedForm.naming(change.id, form),
        action=here,
        email=person().label,
        download_url=url_for("two_step.codes.file"),
        print_url=url_for("two_step.codes.paper"),
        back_url=None,
        cancel_url=url_for("two_step.manage.tab"),
        replaces=True,
        confirm_url=password.confirm_url(here) if _is_limited(change) else None,
        **sheet.context(change.recovery_codes(ring())),
    )
