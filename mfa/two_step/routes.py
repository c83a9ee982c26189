"""The tab 2-Step Verification, reissue, disable, and sign-in's second step."""

from __future__ import annotations

from flask import Blueprint, Response, flash, request, session, url_for
from flask_login import current_user
from markupsafe import Markup

from mfa import clock
from mfa.accounts import rules as accounts
from mfa.attempts.rules import Throttled
from mfa.crypto import recovery_codes, totp
from mfa.sessions import browser, rules as sessions
from mfa.toolbox import toolbox
from mfa.two_step import factors, forms, pending, rules, sheet
from mfa.two_step.enrollment import STEPS, Change
from mfa.web import access, errors, hx
from mfa.web.access import public
from mfa.web.forms import Form

blueprint = Blueprint("two_step", __name__)

REISSUE, DISABLE = "reissue", "disable"
_CODE_REFUSALS = (
    factors.NotSixDigits,
    factors.NotARecoveryCode,
    factors.WrongRecoveryCode,
    totp.WrongCode,
    totp.UsedCode,
    Throttled,
)
pending.say_ends(blueprint, Change, restart=False)


@blueprint.get("/account/two-step")
def tab() -> Response:
    return _show_tab()


def _show_tab(message: str | None = None) -> Response:
    state = rules.state(current_user.account.id)
    begun = None if state.on else pending.peek()
    return hx.render(
        "two_step/_tab.html",
        hx.CONSOLE,
        title="2-Step Verification",
        tab="two-step",
        on=state.on,
        since=state.since,
        left=state.codes_left,
        total=recovery_codes.COUNT,
        resume=STEPS.index(begun.step) + 1 if begun else None,
        csrf_form=Form(formdata=None),
        message=message,
        oob=hx.wanted(),
    )


# Reissue


@blueprint.get("/account/two-step/reissue")
def reissue() -> Response:
    return _show_proof(REISSUE)


@blueprint.post("/account/two-step/reissue")
def begin_reissue() -> Response:
    return _prove(REISSUE) or hx.onward(
        url_for("two_step.reissue_codes"), lambda: _show_codes(pending.change(REISSUE))
    )


@blueprint.get("/account/two-step/reissue/recovery-codes")
def reissue_codes() -> Response:
    return _show_codes(pending.change(REISSUE))


@blueprint.get("/account/two-step/reissue/recovery-codes.txt")
def reissue_file() -> Response:
    """The new codes as a file, while their step is open."""
    codes = pending.change(REISSUE).recovery_codes(toolbox().ring)
    return sheet.file(codes, current_user.account, clock.now())


@blueprint.post("/account/two-step/reissue/recovery-codes")
def complete_reissue() -> Response:
    """Put the new codes in the place of the old ones."""
    form = forms.SavedForm()
    change = pending.change(REISSUE, shown=form.pending.data or "")
    try:
        rules.reissue(current_user.account, change, saved=form.saved.data, now=clock.now())
    except rules.NotSaved as error:
        return _show_codes(change, form, errors.refuse(form.saved, error))
    pending.drop(Change)
    message = "Your new recovery codes are active. The old ones no longer work."
    if not hx.wanted():
        flash(message, "success")
    return hx.onward(url_for("two_step.tab"), lambda: _show_tab(message))


def _show_codes(change: Change, form: forms.SavedForm | None = None, status: int = 200) -> Response:
    form = form or forms.SavedForm(formdata=None)
    form.pending.data = change.id
    return hx.render(
        "two_step/_recovery.html",
        hx.CONSOLE,
        title="Save your recovery codes",
        heading="Save your recovery codes",
        status=status,
        tab="two-step",
        step_number=None,
        form=form,
        action=url_for("two_step.reissue_codes"),
        download_url=url_for("two_step.reissue_file"),
        back_url=None,
        cancel_url=url_for("two_step.tab"),
        replaces=True,
        **sheet.context(change.recovery_codes(toolbox().ring)),
    )


# Disable


@blueprint.get("/account/two-step/disable")
def disable() -> Response:
    return _show_proof(DISABLE)


@blueprint.post("/account/two-step/disable")
def begin_disable() -> Response:
    return _prove(DISABLE) or hx.onward(
        url_for("two_step.disable_verify"), lambda: _show_disable(pending.change(DISABLE))
    )


@blueprint.get("/account/two-step/disable/verify")
def disable_verify() -> Response:
    return _show_disable(pending.change(DISABLE))


@blueprint.post("/account/two-step/disable/verify")
def complete_disable() -> Response:
    """Turn 2-step verification off."""
    form = forms.DisableForm()
    change = pending.change(DISABLE, shown=form.pending.data or "")
    if not form.validate():
        return _show_disable(change, form, errors.UNPROCESSABLE)
    account, here, now = current_user.account, current_user.session, clock.now()
    try:
        if form.factor.data == forms.CODE:
            token = rules.disable_with_code(account, here, change, form.code.data, now)
        else:
            token = rules.disable_with_recovery_code(account, here, change, form.recovery_code.data, now)
    except _CODE_REFUSALS as error:
        chosen = form.code if form.factor.data == forms.CODE else form.recovery_code
        return _show_disable(change, form, errors.refuse(chosen, error))
    browser.keep(token)
    pending.drop(Change)
    return hx.onward(url_for("two_step.tab"), _show_tab)


def _show_disable(change: Change, form: forms.DisableForm | None = None, status: int = 200) -> Response:
    form = form or forms.DisableForm(formdata=None)
    form.pending.data = change.id
    return hx.render(
        "two_step/_disable.html",
        hx.CONSOLE,
        title="Disable 2-Step Verification",
        status=status,
        tab="two-step",
        form=form,
        cancel_url=url_for("two_step.tab"),
    )


# The password that opens reissue and disable

_LEADS = {
    REISSUE: (
        "Reissue Recovery Code",
        "Enter your password to get ten new recovery codes. The old ones work until you complete.",
    ),
    DISABLE: (
        "Disable 2-Step Verification",
        "Enter your password. After the next step, a password alone opens your account again.",
    ),
}


def _prove(purpose: str) -> Response | None:
    """Check the password and keep its proof for *purpose* alone; an answer if it was refused."""
    form = forms.PasswordProofForm()
    if not form.validate_on_submit():
        return _show_proof(purpose, form, errors.UNPROCESSABLE)
    account, now = current_user.account, clock.now()
    try:
        accounts.prove_password(account, form.password.data, now)
    except (accounts.WrongPassword, Throttled) as error:
        return _show_proof(purpose, form, errors.refuse(form.password, error))
    browser.renew(proved=True)
    pending.keep(
        Change.start(
            account=account.id,
            session=current_user.session.id,
            generation=account.generation,
            ring=toolbox().ring,
            now=now,
            purpose=purpose,
        )
    )
    return None


def _show_proof(purpose: str, form: forms.PasswordProofForm | None = None, status: int = 200) -> Response:
    if not rules.state(current_user.account.id).on:
        raise rules.NotOn
    heading, lead = _LEADS[purpose]
    return hx.render(
        "two_step/_proof.html",
        hx.CONSOLE,
        title=heading,
        status=status,
        tab="two-step",
        form=form or forms.PasswordProofForm(formdata=None),
        action=url_for(f"two_step.{purpose}"),
        heading=heading,
        lead=lead,
        email=current_user.account.email,
        cancel_url=url_for("two_step.tab"),
    )


# Sign-in's second step


@blueprint.get("/sign-in/verify")
@public
def verify() -> Response:
    if browser.half() is None:
        return _sign_in_again()
    return _show_verify(request.args.get("factor") == "recovery")


@blueprint.post("/sign-in/verify")
@public
def complete_sign_in() -> Response:
    """The second step: a code of the app, or a recovery code."""
    half = browser.half()
    if half is None:
        return _sign_in_again()
    by_recovery_code = request.args.get("factor") == "recovery"
    form = forms.VerifyRecoveryForm() if by_recovery_code else forms.VerifyCodeForm()
    if not form.validate_on_submit():
        return _show_verify(by_recovery_code, form, errors.UNPROCESSABLE)
    now, device = clock.now(), browser.device()
    try:
        if by_recovery_code:
            passed = rules.sign_in_with_recovery_code(*half, form.recovery_code.data, now=now, device=device)
        else:
            passed = rules.sign_in_with_code(half[0], form.code.data, now=now, device=device)
    except _CODE_REFUSALS as error:
        field = form.recovery_code if by_recovery_code else form.code
        return _show_verify(by_recovery_code, form, errors.refuse(field, error))
    except (rules.NotOn, sessions.SessionEnded):
        return _sign_in_again()
    target = access.local_path(session.get("next")) or url_for("console.home")
    browser.enter(passed.entry)
    if passed.codes_left is not None:
        flash(_codes_left(passed.codes_left), "warning")
    return hx.leave(target)


def _show_verify(by_recovery_code: bool, form: Form | None = None, status: int = 200) -> Response:
    template, kind = (
        ("two_step/_verify_recovery.html", forms.VerifyRecoveryForm)
        if by_recovery_code
        else ("two_step/_verify_code.html", forms.VerifyCodeForm)
    )
    return hx.render(
        template,
        hx.CARD,
        title="2-step verification",
        status=status,
        form=form or kind(formdata=None),
    )


def _sign_in_again() -> Response:
    browser.empty()
    flash("Your sign-in took too long or was used already. Sign in again.", "info")
    return hx.leave(url_for("accounts.sign_in"))


def _codes_left(left: int) -> Markup:
    codes = "code" if left == 1 else "codes"
    return Markup(
        "You signed in with a recovery code. {left} of {total} recovery {codes} left."
        ' <a href="{url}">Reissue Recovery Code</a>'
    ).format(left=left, total=recovery_codes.COUNT, codes=codes, url=url_for("two_step.reissue"))
