"""The page that asks for a mailed number, where people have no password that could be asked for.

Sending the number puts something pending into the session, in place of what was pending there. The right
number uses it up, and is worth what a right password is.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response

from mfa import clock
from mfa.accounts import accounts
from mfa.attempts.rules import Throttled
from mfa.enrollment import email_proof, forms, slot
from mfa.enrollment.purposes import Purpose
from mfa.factors import kinds as factors
from mfa.i18n import Text
from mfa.notices.delivery import MailNotSent, NoAddress
from mfa.web import errors, hx, layouts
from mfa.web.visitor import owner, person


@dataclass(frozen=True)
class Place:
    """Where the number is asked for.

    :param url: the address of the page, to which its form posts.
    :param send_url: where the form posts that has the number mailed.
    :param cancel_url: the way out.
    :param note: what else is said.
    """

    heading: Text
    lead: Text
    url: str
    send_url: str
    cancel_url: str
    note: Text = ""


def show(
    place: Place,
    form: forms.NumberForm | None = None,
    status: int = 200,
    send_form: forms.StepForm | None = None,
) -> Response:
    """Offer to mail a number or, once one was mailed, ask for it.

    :raises NoAddress: it could be mailed nowhere.
    """
    if not person().email:
        raise NoAddress
    begun = slot.begun_proof()
    ends = slot.open_move()
    resume, resume_of = ends.progress if ends else (None, None)
    pending = begun or ends
    pending_id = pending.id if pending else ""
    return hx.render(
        "mfa/_proof_by_mail.html",
        layouts.ACCOUNT,
        title=place.heading,
        status=status,
        tab="two-step",
        place=place,
        form=forms.NumberForm.naming(pending_id, form),
        send_form=forms.StepForm.naming(pending_id, send_form),
        email=person().email,
        sent=begun is not None,
        wait_seconds=email_proof.wait_for_sending(owner(), clock.now()),
        resume=resume,
        resume_of=resume_of,
    )


def send(place: Place) -> Response:
    """Mail a number; one that was mailed before ends."""
    if accounts().has_password(person()):
        return hx.redirect(place.url)
    form = forms.StepForm()
    try:
        slot.check_told(form.pending.data)
        proof = slot.begun_proof() or slot.start(Purpose.PROVE)
        proof = email_proof.send(owner(), proof, clock.now())
    except (slot.WouldEnd, Throttled, MailNotSent) as error:
        form.form_errors.append(error.sentence)
        return show(place, status=error.status, send_form=form)
    slot.put(proof)
    return hx.onward(place.url, lambda: show(place))


def take(place: Place) -> Response | None:
    """Check the number that was posted, and note the proof in the session; an answer if it was refused.

    :raises changes.Stale, Changed: no number was mailed in this session that is still asked for.
    """
    form = forms.NumberForm()
    proof = slot.proof(shown=form.pending.data or "")
    if not form.validate():
        return show(place, form, errors.UNPROCESSABLE)
    try:
        email_proof.confirm_number(owner(), proof, form.number.data, clock.now())
    except (factors.NotSixDigits, email_proof.WrongNumber, email_proof.NumberEnded, Throttled) as error:
        return show(place, form, errors.refuse(form.number, error))
    slot.clear()
    accounts().note_proof(person())
    return None
