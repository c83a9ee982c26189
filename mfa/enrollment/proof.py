"""The page that asks for the password or a mailed number before something begins, and what its form does."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Response, url_for

from mfa import clock
from mfa.accounts import SignedOut, accounts
from mfa.attempts import rules as attempts
from mfa.crypto import ages
from mfa.database import transaction
from mfa.enrollment import forms, mailed_proof, slot
from mfa.enrollment.purposes import Purpose
from mfa.errors import Refusal
from mfa.here import Here
from mfa.i18n import lazy_gettext as _
from mfa.people import required
from mfa.people.rules import Owner
from mfa.web import devices, errors, hx, layouts
from mfa.web.visitor import owner, person

FRESH = timedelta(minutes=15)
"""For so long somebody who has proved that it is them need not do it again to begin."""


class WrongPassword(Refusal):
    """Not the password of this person."""

    says = _("That is not your current password.")


def show(
    purpose: Purpose, action: str, form: forms.PasswordProofForm | None = None, status: int = 200
) -> Response:
    """Ask for the password for *purpose*, by a form that posts to *action*; or for a mailed number."""
    if not accounts().has_password(person()):
        return mailed_proof.show(_place(purpose, action))
    ends = slot.open_move()
    resume, resume_of = ends.progress if ends else (None, None)
    return hx.render(
        "mfa/_proof.html",
        layouts.ACCOUNT,
        title=purpose.needs.title,
        status=status,
        tab="two-step",
        form=forms.PasswordProofForm.naming(ends.id if ends else "", form),
        action=action,
        heading=purpose.needs.title,
        lead=purpose.needs.lead,
        email=person().label,
        resume=resume,
        resume_of=resume_of,
        cancel_url=url_for("two_step.manage.tab"),
        due=required.due(person(), clock.now()) if purpose is Purpose.ACTIVATE else None,
    )


def take(purpose: Purpose, action: str) -> Response | None:
    """Check the password or number that was posted, and note the proof in the session; an answer if it was
    refused."""
    if not accounts().has_password(person()):
        return mailed_proof.take(_place(purpose, action))
    form = forms.PasswordProofForm()
    told_of = form.pending.data
    if not form.validate_on_submit():
        return show(purpose, action, form, errors.UNPROCESSABLE)
    try:
        slot.check_told(told_of)
        check_password(owner(), form.password.data, devices.here())
    except SignedOut:
        raise
    except Refusal as error:
        return show(purpose, action, form, errors.refuse(form.password, error))
    accounts().note_proof(person())
    return None


def send(purpose: Purpose, action: str) -> Response:
    """Mail the number that is asked for in place of a password."""
    return mailed_proof.send(_place(purpose, action))


def _place(purpose: Purpose, action: str) -> mailed_proof.Place:
    needs = purpose.needs
    return mailed_proof.Place(
        heading=needs.title,
        lead=needs.lead_by_mail or needs.lead,
        url=action,
        send_url=f"{action}/number",
        cancel_url=url_for("two_step.manage.tab"),
    )


def is_fresh(now: datetime) -> bool:
    """Return True if the person proved within :data:`FRESH` in this session that it is them."""
    proved_at = accounts().proved_at()
    return proved_at is not None and ages.is_current(
        proved_at.timestamp(), now.timestamp(), FRESH.total_seconds()
    )


def check_password(owner: Owner, typed: str, here: Here) -> None:
    """Check the password; counted before it is checked, unless the host does that.

    :raises WrongPassword: it is not.
    :raises attempts.Throttled: too many wrong ones, or too many right ones, of which each is for a change.
    """
    if accounts().throttles_passwords:
        if not accounts().check_password(owner.person, typed):
            raise WrongPassword
        return
    subject = attempts.account_subject(owner.id, owner.known(here.device))
    attempts.count(subject, attempts.PASSWORD, here.now)
    if not accounts().check_password(owner.person, typed):
        raise WrongPassword
    with transaction():
        attempts.count_success(subject, attempts.PROOFS, here.now)
        attempts.reset((subject, attempts.PASSWORD))
