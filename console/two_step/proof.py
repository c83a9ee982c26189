"""The page that asks for the password before something is begun, and what its form does."""

from __future__ import annotations

from flask import Response, url_for
from flask_login import current_user

from console.auth import password as passwords
from console.sessions import browser
from console.two_step import forms, slot
from console.two_step.purposes import Purpose
from console.web import errors, layouts
from mfa.attempts.rules import Throttled
from mfa.web import hx


def show(
    purpose: Purpose, action: str, form: forms.PasswordProofForm | None = None, status: int = 200
) -> Response:
    """Ask for the password for *purpose*, by a form that posts to *action*."""
    ends = slot.open_move()
    resume, resume_of = ends.progress if ends else (None, None)
    return hx.render(
        "mfa/_proof.html",
        layouts.CONSOLE,
        title=purpose.needs.title,
        status=status,
        tab="two-step",
        form=forms.PasswordProofForm.naming(ends.id if ends else "", form),
        action=action,
        heading=purpose.needs.title,
        lead=purpose.needs.lead,
        email=current_user.account.email,
        resume=resume,
        resume_of=resume_of,
        cancel_url=url_for("two_step.tab"),
    )


def take(purpose: Purpose, action: str) -> Response | None:
    """Check the password that was posted, and note the proof in the session; an answer if it was refused."""
    form = forms.PasswordProofForm()
    told_of = form.pending.data
    if not form.validate_on_submit():
        return show(purpose, action, form, errors.UNPROCESSABLE)
    try:
        slot.check_told(told_of)
        passwords.prove(current_user.account, form.password.data, browser.here())
    except (slot.WouldEnd, passwords.WrongPassword, Throttled) as error:
        return show(purpose, action, form, errors.refuse(form.password, error))
    browser.renew(proved=True)
    return None
