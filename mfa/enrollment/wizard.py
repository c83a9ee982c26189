"""The wizard that turns 2-step verification on, adds an app, or moves one to a new phone: which step is
shown, and what its form may do.

The wizard has no state but the enrollment, so reload, Back, a second tab and an ended session are all
one question: which step has this enrollment reached?
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request, url_for
from markupsafe import Markup

from mfa import clock, names
from mfa.accounts import accounts
from mfa.attempts.hashing import Busy
from mfa.attempts.rules import Throttled
from mfa.crypto import aaguids, qr, totp, webauthn
from mfa.enrollment import authenticators, changes, email_proof, forms, passkeys, proof, rules, sheet, slot
from mfa.enrollment.pending import Pending
from mfa.enrollment.purposes import CODE, EMAIL, NAME, PASSKEY, RECOVERY, SCAN, Purpose
from mfa.errors import Refusal
from mfa.factors import ceremonies, kinds as factors, password_managers
from mfa.factors.models import APP, PASSKEY as PASSKEY_KIND
from mfa.factors.password_managers import Signal
from mfa.i18n import LazyString, gettext, lazy_gettext as _
from mfa.names import BadName
from mfa.notices import delivery
from mfa.notices.delivery import MailNotSent, NoAddress
from mfa.people import required
from mfa.ring import ring
from mfa.settings import settings
from mfa.sign_in import verification
from mfa.web import devices, errors, hx, layouts, ranges, visitor
from mfa.web.due import note_enrolled
from mfa.web.visitor import owner, person

blueprint = Blueprint("wizard", __name__, url_prefix="/enroll")
slot.say_ends(blueprint, restart=True)


# Begin


@blueprint.get("")
def enroll() -> Response:
    """The step that the enrollment of this browser has reached; who must enroll begins here."""
    return start() if _is_led_in() else _move(slot.enrollment())


def _is_led_in() -> bool:
    """Return True for somebody who has nothing to go on with and must turn it on before anything else."""
    here = person()
    return slot.is_empty() and required.is_overdue(here, clock.now()) and not rules.state(here.id).on


@blueprint.post("")
def start() -> Response:
    """Begin, or start over; the password first where its last proof is too old.

    Who has none begins at once: the first step asks for a mailed number anyway.
    """
    delivery.check_settings()
    _must_have_address()
    if accounts().has_password(person()) and not proof.is_fresh(clock.now()):
        return hx.onward(url_for("two_step.wizard.password"), password)
    return _begin()


@blueprint.get("/password")
def password() -> Response:
    if not accounts().has_password(person()):
        return hx.redirect(url_for("two_step.manage.tab"))
    _must_have_address()
    return proof.show(Purpose.ACTIVATE, url_for("two_step.wizard.password"))


@blueprint.post("/password")
@ranges.guesses
def prove_password() -> Response:
    if not accounts().has_password(person()):
        return start()
    _must_have_address()
    return proof.take(Purpose.ACTIVATE, url_for("two_step.wizard.password")) or _begin()


def _must_have_address() -> None:
    if not person().email:
        raise NoAddress


def _begin() -> Response:
    if rules.state(person().id).on:
        raise changes.AlreadyOn
    begun, replaced = slot.start(Purpose.ACTIVATE), slot.passkey_id()
    if authenticators.needs_passkey(person()) and ceremonies.are_possible():
        begun = begun.with_method(PASSKEY_KIND)
    slot.put(begun)
    is_known = replaced is None or passkeys.is_registered(replaced)
    signals = password_managers.unknown(replaced) if replaced and not is_known else []
    return hx.onward(_url(EMAIL), lambda: _show_email(begun, signals=signals))


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
        enrollment = email_proof.send(owner(), enrollment, clock.now())
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
        enrollment = email_proof.confirm_number(owner(), enrollment, form.number.data, clock.now())
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
    signals: Sequence[Signal] = (),
) -> Response:
    sent = enrollment.sending is not None
    return _render(
        enrollment,
        EMAIL,
        status,
        form=forms.NumberForm.naming(enrollment.id, form),
        send_form=forms.StepForm.naming(enrollment.id, send_form),
        email=person().email,
        sent=sent,
        verified=enrollment.email_verified,
        wait_seconds=(0 if enrollment.email_verified else email_proof.wait_for_sending(owner(), clock.now())),
        poll=sent and not enrollment.email_verified,
        next_url=_url(enrollment.steps[1]),
        signals=signals,
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
    secret = enrollment.secret(ring())
    entry = _entry(enrollment)
    uri = totp.uri(secret, account=entry, issuer=settings().product_name)
    key = totp.base32(secret)
    return _render(
        enrollment,
        SCAN,
        200,
        form=forms.StepForm.naming(enrollment.id),
        # Made by our own code from nothing that needs escaping but the label, which it quotes.
        qr=Markup(qr.svg(uri, label=gettext("QR code for your authenticator app"))),  # noqa: S704 (see above)
        key_groups=[key[start : start + 4] for start in range(0, len(key), 4)],
        uri=uri,
        entry=entry,
        back_url=_url(EMAIL) if enrollment.reached(EMAIL) else None,
        offers_passkey=enrollment.purpose is not Purpose.MOVE and ceremonies.are_possible(),
    )


def _entry(enrollment: Pending) -> str:
    """Return what the app calls its entry for this account.

    Some apps silently replace an entry that has the same name. So one that comes beside another, which works
    until the end of a move and longer, has its moment in the name; without a colon, which would end the name
    of the issuer.
    """
    label: str = person().label
    if enrollment.purpose is Purpose.ACTIVATE:
        return label
    return f"{label} ({datetime.fromtimestamp(enrollment.started, UTC):%Y-%m-%d %H%M})"


# In place of the app: create a passkey, and name it


@blueprint.post("/method")
def choose_method() -> Response:
    """Go on with a passkey in place of an app, or the other way round."""
    form = forms.MethodForm()
    enrollment = _posted(form)
    wanted = PASSKEY_KIND if form.method.data == PASSKEY_KIND and ceremonies.are_possible() else APP
    is_open = enrollment.reached(SCAN) or enrollment.reached(PASSKEY)
    if not is_open or enrollment.purpose is Purpose.MOVE or enrollment.method == wanted:
        return _move(enrollment)
    return _move(enrollment.with_method(wanted))


@blueprint.get("/passkey")
def passkey() -> Response:
    return _view(PASSKEY)


@blueprint.post("/passkey")
@ranges.guesses
def create_passkey() -> Response:
    """Take the passkey that the browser has made into the enrollment; nothing is stored."""
    form = forms.PasskeyForm()
    enrollment = _posted(form)
    if not enrollment.reached(PASSKEY):
        return _move(enrollment)
    if not form.validate():
        return _show_passkey(enrollment, form, errors.UNPROCESSABLE)
    try:
        enrollment = passkeys.register(enrollment, form.passkey.data, clock.now())
    except Refusal as error:
        return _show_passkey(enrollment, form, errors.refuse(form.passkey, error))
    return _move(enrollment)


@blueprint.post("/passkey/name")
def name_passkey() -> Response:
    form = forms.NameForm()
    enrollment = _posted(form)
    if not enrollment.reached(PASSKEY) or enrollment.passkey is None:
        return _move(enrollment)
    form.validate()
    try:
        return _move(enrollment.with_name(names.clean(form.name.data or "")))
    except BadName as error:
        return _show_passkey_name(enrollment, form, errors.refuse(form.name, error))


def _show_passkey(enrollment: Pending, form: forms.PasskeyForm | None = None, status: int = 200) -> Response:
    if form is None and enrollment.passkey is not None and NAME not in enrollment.steps:
        return _show_passkey_name(enrollment)
    return _render(
        enrollment,
        PASSKEY,
        status,
        form=forms.PasskeyForm.naming(enrollment.id, form),
        ceremony=passkeys.ask(owner(), enrollment, clock.now()),
        back_url=_url(EMAIL) if enrollment.reached(EMAIL) else None,
    )


def _show_passkey_name(
    enrollment: Pending, form: forms.NameForm | None = None, status: int = 200
) -> Response:
    form = forms.NameForm.naming(enrollment.id, form)
    form.name.data = form.name.data or _suggested(enrollment)
    return _render(
        enrollment,
        PASSKEY,
        status,
        template="mfa/enrollment/_name.html",
        heading=_("Name your passkey"),
        form=form,
        action=url_for("two_step.wizard.name_passkey"),
        is_last=False,
        back_url=_url(EMAIL) if enrollment.reached(EMAIL) else None,
    )


def _suggested(enrollment: Pending) -> str:
    """Return the name of a new passkey that its person may take: what it has, or what makes it."""
    made = enrollment.new_passkey
    if enrollment.name or made is None:
        return enrollment.name
    return aaguids.name_of(made.aaguid) or gettext("Passkey")


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
        enrollment = rules.confirm_code(owner(), enrollment, form.code.data, clock.now())
    except (factors.NotSixDigits, factors.WrongCode, Throttled) as error:
        return _show_code(enrollment, form, errors.refuse(form.code, error))
    return _move(enrollment)


def _show_code(enrollment: Pending, form: forms.CodeForm | None = None, status: int = 200) -> Response:
    form = forms.CodeForm.naming(enrollment.id, form)
    return _render(enrollment, CODE, status, form=form, entry=_entry(enrollment), back_url=_url(SCAN))


# The last step of adding an app: its name


@blueprint.get("/name")
def name() -> Response:
    return _view(NAME)


@blueprint.post("/name")
def complete_adding() -> Response:
    """Keep the new app or passkey beside what there is."""
    form = forms.NameForm()
    enrollment = _posted(form)
    if not enrollment.reached(NAME):
        return _move(enrollment)
    form.validate()
    try:
        authenticators.add(owner(), enrollment, form.name.data or "", here=devices.here())
    except (
        BadName,
        authenticators.TooManyApps,
        authenticators.TooManyPasskeys,
        passkeys.AlreadyRegistered,
    ) as error:
        return _show_name(enrollment, form, errors.refuse(form.name, error))
    visitor.forget_owner()
    slot.clear()
    return hx.onward(url_for("two_step.wizard.added"), _show_added)


@blueprint.get("/added")
def added() -> Response:
    if not rules.state(person().id).on:
        return hx.redirect(url_for("two_step.manage.tab"))
    return _show_added()


def _show_name(enrollment: Pending, form: forms.NameForm | None = None, status: int = 200) -> Response:
    form = forms.NameForm.naming(enrollment.id, form)
    form.name.data = form.name.data or _suggested(enrollment)
    return _render(
        enrollment,
        NAME,
        status,
        heading=_("Name your passkey") if enrollment.method == PASSKEY_KIND else _TITLES[NAME],
        form=form,
        action=url_for("two_step.wizard.name"),
        is_last=True,
        back_url=_before(enrollment, NAME),
    )


def _before(enrollment: Pending, step: str) -> str:
    """Return where the step before is."""
    return _url(enrollment.steps[enrollment.steps.index(step) - 1])


def _show_added() -> Response:
    added = factors.authenticators(person().id)[-1]
    return hx.render(
        "mfa/enrollment/_added.html",
        layouts.ACCOUNT,
        title=gettext("Your passkey was added")
        if added.kind == PASSKEY_KIND
        else gettext("Your authenticator app was added"),
        tab="two-step",
        kind=added.kind,
    )


# The last step of the others: save your recovery codes


@blueprint.get("/recovery")
def recovery() -> Response:
    return _view(RECOVERY)


@blueprint.get("/recovery-codes.txt")
def recovery_file() -> Response:
    """The codes as a file, while their step is open."""
    enrollment = slot.enrollment()
    if not enrollment.reached(RECOVERY):
        return _move(enrollment)
    return sheet.file(enrollment.recovery_codes(ring()), owner(), clock.now())


@blueprint.get("/recovery-codes/print")
def recovery_paper() -> Response:
    """The codes as a page to print, while their step is open."""
    enrollment = slot.enrollment()
    if not enrollment.reached(RECOVERY):
        return _move(enrollment)
    return sheet.paper(enrollment.recovery_codes(ring()), owner(), clock.now())


@blueprint.post("/recovery")
def complete() -> Response:
    """Turn 2-step verification on, or move it."""
    form = forms.SavedForm()
    enrollment = _posted(form)
    if not enrollment.reached(RECOVERY):
        return _move(enrollment)
    try:
        with devices.known_as_before(owner().id):
            rules.complete(owner(), enrollment, saved=form.saved.data, here=devices.here())
    except (rules.NotSaved, passkeys.AlreadyRegistered, Busy) as error:
        return _show_recovery(enrollment, form, errors.refuse(form.saved, error))
    visitor.forget_owner()
    verification.note(person().id, clock.now(), factors.CODE)
    note_enrolled()
    slot.clear()
    if enrollment.purpose is Purpose.MOVE:
        return hx.onward(url_for("two_step.wizard.moved"), _show_moved)
    return hx.onward(url_for("two_step.wizard.done"), _show_done)


@blueprint.get("/done")
def done() -> Response:
    if not rules.state(person().id).on:
        return hx.redirect(url_for("two_step.manage.tab"))
    return _show_done()


@blueprint.get("/moved")
def moved() -> Response:
    if not rules.state(person().id).on:
        return hx.redirect(url_for("two_step.manage.tab"))
    return _show_moved()


def _show_recovery(enrollment: Pending, form: forms.SavedForm | None = None, status: int = 200) -> Response:
    return _render(
        enrollment,
        RECOVERY,
        status,
        form=forms.SavedForm.naming(enrollment.id, form),
        action=url_for("two_step.wizard.recovery"),
        download_url=url_for("two_step.wizard.recovery_file"),
        print_url=url_for("two_step.wizard.recovery_paper"),
        email=person().label,
        back_url=_before(enrollment, RECOVERY),
        by_passkey=enrollment.method == PASSKEY_KIND,
        replaces=False,
        **sheet.context(enrollment.recovery_codes(ring())),
    )


def _show_done() -> Response:
    return hx.render(
        "mfa/enrollment/_done.html",
        layouts.ACCOUNT,
        title=gettext("2-step verification is on"),
        has_app=any(one.kind == APP for one in factors.authenticators(person().id)),
        tab="two-step",
        on=True,
        oob=hx.wanted(),
    )


def _show_moved() -> Response:
    return hx.render(
        "mfa/enrollment/_moved.html",
        layouts.ACCOUNT,
        title=gettext("Your new phone is set up"),
        tab="two-step",
    )


# Give up


@blueprint.post("/cancel")
def cancel() -> Response:
    """Give the enrollment up. Nothing was saved; now no copy of the cookie can save it either."""
    enrollment = slot.enrollment()
    rules.cancel(enrollment, clock.now())
    slot.clear()
    made = enrollment.new_passkey
    return hx.redirect(url_for("two_step.manage.tab", abandoned=made and webauthn.encode(made.credential_id)))


# How a step is shown

_SHOW: dict[str, Callable[[Pending], Response]] = {
    EMAIL: _show_email,
    SCAN: _show_scan,
    CODE: _show_code,
    PASSKEY: _show_passkey,
    NAME: _show_name,
    RECOVERY: _show_recovery,
}
_TITLES = {
    EMAIL: _("Verify your email"),
    SCAN: _("Scan the QR code"),
    CODE: _("Enter the code from your app"),
    PASSKEY: _("Create a passkey"),
    NAME: _("Name your authenticator app"),
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


def _render(
    enrollment: Pending,
    step: str,
    status: int,
    *,
    template: str = "",
    heading: LazyString | None = None,
    **context: Any,
) -> Response:
    due = required.due(person(), clock.now()) if enrollment.purpose is Purpose.ACTIVATE else None
    return hx.render(
        template or f"mfa/enrollment/_{step}.html",
        layouts.ACCOUNT,
        title=heading or _TITLES[step],
        heading=heading or _TITLES[step],
        status=status,
        tab="two-step",
        moves=enrollment.purpose is Purpose.MOVE,
        adds=enrollment.purpose is Purpose.ADD,
        step_number=enrollment.steps.index(step) + 1,
        step_count=len(enrollment.steps),
        due=due,
        must_finish=due is not None and due.is_over,
        **context,
    )


def _url(step: str) -> str:
    return url_for(f"two_step.wizard.{step}")
