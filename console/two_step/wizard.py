"""The wizard that turns 2-step verification on, or moves it to a new phone: which step is shown, and what its
form may do.

The wizard has no state but the enrollment, so reload, Back, a second tab and an ended session are all
one question: which step has this enrollment reached?
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext, lazy_gettext as _
from flask_login import current_user
from markupsafe import Markup

from console.sessions import browser, rules as sessions
from console.toolbox import toolbox
from console.two_step import email_proof, factors, forms, proof, rules, sheet, slot
from console.two_step.pending import Pending
from console.two_step.purposes import CODE, EMAIL, RECOVERY, SCAN, Purpose
from console.web import errors, layouts, ranges
from mfa import clock
from mfa.attempts.rules import Throttled
from mfa.crypto import qr, totp
from mfa.notices.delivery import MailNotSent
from mfa.web import hx

blueprint = Blueprint("wizard", __name__, url_prefix="/account/two-step/enroll")
slot.say_ends(blueprint, restart=True)


# Begin


@blueprint.get("")
def enroll() -> Response:
    """The step that the enrollment of this browser has reached."""
    return _move(slot.enrollment())


@blueprint.post("")
def start() -> Response:
    """Begin, or start over; the password first where its last proof is too old."""
    if not sessions.recently_proved(current_user.session, clock.now()):
        return hx.onward(url_for("wizard.password"), password)
    return _begin()


@blueprint.get("/password")
def password() -> Response:
    return proof.show(Purpose.ACTIVATE, url_for("wizard.password"))


@blueprint.post("/password")
@ranges.guesses
def prove_password() -> Response:
    return proof.take(Purpose.ACTIVATE, url_for("wizard.password")) or _begin()


def _begin() -> Response:
    if rules.state(current_user.account.person_id).on:
        raise rules.AlreadyOn
    return _move(slot.start(Purpose.ACTIVATE))


# Step 1: verify your email


@blueprint.get("/email")
def email() -> Response:
    return _view(EMAIL)


@blueprint.post("/email/send")
@ranges.mails
def send() -> Response:
    """Mail a number and a link; a number that was mailed before ends."""
    form = forms.StepForm()
    enrollment = _posted(form)
    if enrollment.step != EMAIL:
        return _move(enrollment)
    try:
        enrollment = email_proof.send(current_user.account, enrollment, clock.now())
    except (Throttled, MailNotSent) as error:
        form.form_errors.append(error.sentence)
        return _show_email(enrollment, status=error.status, send_form=form)
    return _move(enrollment)


@blueprint.post("/email")
@ranges.guesses
def confirm_number() -> Response:
    form = forms.NumberForm()
    enrollment = _posted(form)
    if enrollment.step != EMAIL:
        return _move(enrollment)
    if not form.validate():
        return _show_email(enrollment, form, errors.UNPROCESSABLE)
    try:
        enrollment = email_proof.confirm_number(
            current_user.account, enrollment, form.number.data, clock.now()
        )
    except (
        factors.NotSixDigits,
        email_proof.WrongNumber,
        email_proof.NumberEnded,
        Throttled,
    ) as error:
        return _show_email(enrollment, form, errors.refuse(form.number, error))
    return _move(enrollment)


@blueprint.get("/email/wait")
def wait() -> Response:
    """Answer the open step, which asks every few seconds whether the link came back, and after an answer that
    was lost (``sent=no``) whether the mail was sent all the same. It reads and never writes."""
    enrollment = slot.enrollment()
    if enrollment.step == EMAIL:
        if request.args.get("sent") == "no" and enrollment.sending:
            return _show_email(enrollment)
        return Response(status=204, headers={"Cache-Control": "no-store"})
    return hx.onward(_url(enrollment.step), lambda: _SHOW[enrollment.step](enrollment))


def _show_email(
    enrollment: Pending,
    form: forms.NumberForm | None = None,
    status: int = 200,
    send_form: forms.StepForm | None = None,
) -> Response:
    sent = enrollment.sending is not None
    return _render(
        enrollment,
        EMAIL,
        status,
        form=forms.NumberForm.naming(enrollment.id, form),
        send_form=forms.StepForm.naming(enrollment.id, send_form),
        email=current_user.account.email,
        sent=sent,
        verified=enrollment.email_verified,
        wait_seconds=(
            0
            if enrollment.email_verified
            else email_proof.wait_for_sending(current_user.account, clock.now())
        ),
        poll=sent and not enrollment.email_verified,
        next_url=_url(SCAN),
    )


# Step 2: scan the QR code


@blueprint.get("/scan")
def scan() -> Response:
    return _view(SCAN)


@blueprint.post("/scan")
def scanned() -> Response:
    enrollment = _posted(forms.StepForm())
    if not enrollment.reached(SCAN):
        return _move(enrollment)
    return _move(enrollment.with_scanned(), to=CODE)


def _show_scan(enrollment: Pending) -> Response:
    secret = enrollment.secret(toolbox().ring)
    entry = _entry(enrollment)
    uri = totp.uri(secret, account=entry, issuer=toolbox().product_name)
    key = totp.base32(secret)
    return _render(
        enrollment,
        SCAN,
        200,
        form=forms.StepForm.naming(enrollment.id),
        # Made by our own code from nothing that needs escaping but the label, which it quotes.
        qr=Markup(qr.svg(uri, label=gettext("QR code for your authenticator app"))),  # noqa: S704
        key_groups=[key[start : start + 4] for start in range(0, len(key), 4)],
        uri=uri,
        entry=entry,
        back_url=_url(EMAIL) if enrollment.reached(EMAIL) else None,
    )


def _entry(enrollment: Pending) -> str:
    """Return what the app calls its entry for this account.

    Some apps silently replace an entry that has the same name. So a move, whose old entry works until the
    end, brings one with its moment in the name; without a colon, which would end the name of the issuer.
    """
    email: str = current_user.account.email
    if enrollment.purpose is not Purpose.MOVE:
        return email
    return f"{email} ({datetime.fromtimestamp(enrollment.started, UTC):%Y-%m-%d %H%M})"


# Step 3: enter the code from your app


@blueprint.get("/code")
def code() -> Response:
    return _view(CODE)


@blueprint.post("/code")
@ranges.guesses
def confirm_code() -> Response:
    form = forms.CodeForm()
    enrollment = _posted(form)
    if not enrollment.reached(CODE):
        return _move(enrollment)
    if not form.validate():
        return _show_code(enrollment, form, errors.UNPROCESSABLE)
    try:
        enrollment = rules.confirm_code(current_user.account, enrollment, form.code.data, clock.now())
    except (factors.NotSixDigits, factors.WrongCode, Throttled) as error:
        return _show_code(enrollment, form, errors.refuse(form.code, error))
    return _move(enrollment)


def _show_code(enrollment: Pending, form: forms.CodeForm | None = None, status: int = 200) -> Response:
    form = forms.CodeForm.naming(enrollment.id, form)
    return _render(enrollment, CODE, status, form=form, entry=_entry(enrollment), back_url=_url(SCAN))


# Step 4: save your recovery codes


@blueprint.get("/recovery")
def recovery() -> Response:
    return _view(RECOVERY)


@blueprint.get("/recovery-codes.txt")
def recovery_file() -> Response:
    """The codes as a file, while their step is open."""
    enrollment = slot.enrollment()
    if not enrollment.reached(RECOVERY):
        return _move(enrollment)
    return sheet.file(enrollment.recovery_codes(toolbox().ring), current_user.account, clock.now())


@blueprint.get("/recovery-codes/print")
def recovery_paper() -> Response:
    """The codes as a page to print, while their step is open."""
    enrollment = slot.enrollment()
    if not enrollment.reached(RECOVERY):
        return _move(enrollment)
    return sheet.paper(enrollment.recovery_codes(toolbox().ring), current_user.account, clock.now())


@blueprint.post("/recovery")
def complete() -> Response:
    """Turn 2-step verification on, or move it."""
    form = forms.SavedForm()
    enrollment = _posted(form)
    if not enrollment.reached(RECOVERY):
        return _move(enrollment)
    try:
        with browser.known_as_before():
            token = rules.complete(
                current_user.account,
                current_user.session,
                enrollment,
                saved=form.saved.data,
                here=browser.here(),
            )
    except rules.NotSaved as error:
        return _show_recovery(enrollment, form, errors.refuse(form.saved, error))
    browser.keep(token)
    slot.clear()
    if enrollment.purpose is Purpose.MOVE:
        return hx.onward(url_for("wizard.moved"), _show_moved)
    return hx.onward(url_for("wizard.done"), _show_done)


@blueprint.get("/done")
def done() -> Response:
    if not rules.state(current_user.account.person_id).on:
        return hx.redirect(url_for("two_step.tab"))
    return _show_done()


@blueprint.get("/moved")
def moved() -> Response:
    if not rules.state(current_user.account.person_id).on:
        return hx.redirect(url_for("two_step.tab"))
    return _show_moved()


def _show_recovery(enrollment: Pending, form: forms.SavedForm | None = None, status: int = 200) -> Response:
    return _render(
        enrollment,
        RECOVERY,
        status,
        form=forms.SavedForm.naming(enrollment.id, form),
        action=url_for("wizard.recovery"),
        download_url=url_for("wizard.recovery_file"),
        print_url=url_for("wizard.recovery_paper"),
        email=current_user.account.email,
        back_url=_url(CODE),
        replaces=False,
        **sheet.context(enrollment.recovery_codes(toolbox().ring)),
    )


def _show_done() -> Response:
    return hx.render(
        "mfa/enrollment/_done.html",
        layouts.CONSOLE,
        title=gettext("2-step verification is on"),
        tab="two-step",
        on=True,
        oob=hx.wanted(),
    )


def _show_moved() -> Response:
    return hx.render(
        "mfa/enrollment/_moved.html",
        layouts.CONSOLE,
        title=gettext("Your new phone is set up"),
        tab="two-step",
    )


# Give up


@blueprint.post("/cancel")
def cancel() -> Response:
    """Give the enrollment up. Nothing was saved; now no copy of the cookie can save it either."""
    rules.cancel(slot.enrollment(), clock.now())
    slot.clear()
    return hx.redirect(url_for("two_step.tab"))


# How a step is shown

_SHOW: dict[str, Callable[[Pending], Response]] = {
    EMAIL: _show_email,
    SCAN: _show_scan,
    CODE: _show_code,
    RECOVERY: _show_recovery,
}
_TITLES = {
    EMAIL: _("Verify your email"),
    SCAN: _("Scan the QR code"),
    CODE: _("Enter the code from your app"),
    RECOVERY: _("Save your recovery codes"),
}


def _view(step: str) -> Response:
    enrollment = slot.enrollment()
    if not enrollment.reached(step):
        return hx.redirect(_url(enrollment.step))
    return _SHOW[step](enrollment)


def _move(enrollment: Pending, to: str | None = None) -> Response:
    """Keep the enrollment and show the step that it has reached, or an earlier one."""
    if request.method == "POST":
        slot.put(enrollment)
    step = to or enrollment.step
    return hx.onward(_url(step), lambda: _SHOW[step](enrollment))


def _posted(form: forms.StepForm) -> Pending:
    return slot.enrollment(shown=form.pending.data or "")


def _render(enrollment: Pending, step: str, status: int, **context: Any) -> Response:
    return hx.render(
        f"mfa/enrollment/_{step}.html",
        layouts.CONSOLE,
        title=_TITLES[step],
        heading=_TITLES[step],
        status=status,
        tab="two-step",
        moves=enrollment.purpose is Purpose.MOVE,
        step_number=enrollment.steps.index(step) + 1,
        step_count=len(enrollment.steps),
        **context,
    )


def _url(step: str) -> str:
    return url_for(f"wizard.{step}")
