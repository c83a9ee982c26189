"""The tab 2-Step Verification, the way into a move to a new phone, reissue, and disable."""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from flask_babel import gettext, lazy_gettext as _
from flask_login import current_user

from console.auth import password as passwords
from console.sessions import browser
from console.toolbox import toolbox
from console.two_step import factors, forms, pending, rules, sheet
from console.two_step.enrollment import Change
from console.web import errors, layouts, notices, ranges
from mfa import clock
from mfa.attempts.rules import Throttled
from mfa.crypto import recovery_codes
from mfa.web import hx

blueprint = Blueprint("two_step", __name__)

REISSUE, DISABLE, MOVE = "reissue", "disable", "move"
CODE_REFUSALS = (
    factors.NotSixDigits,
    factors.NotARecoveryCode,
    factors.WrongRecoveryCode,
    factors.ConfirmFirst,
    factors.WrongCode,
    factors.UsedCode,
    Throttled,
)
pending.say_ends(blueprint, Change, restart=False)


@blueprint.get("/account/two-step")
def tab() -> Response:
    return _show_tab()


def _show_tab(message: str | None = None) -> Response:
    state = rules.state(current_user.account.person_id)
    begun = pending.peek()
    return hx.render(
        "mfa/manage/_tab.html",
        layouts.CONSOLE,
        title=gettext("2-Step Verification"),
        tab="two-step",
        on=state.on,
        since=state.since,
        left=state.codes_left,
        total=recovery_codes.COUNT,
        code_used_at=state.code_used_at,
        resume=begun.steps.index(begun.step) + 1 if begun else None,
        resume_of=len(begun.steps) if begun else None,
        message=message,
        oob=hx.wanted(),
    )


# Reissue


@blueprint.get("/account/two-step/reissue")
def reissue() -> Response:
    return _show_proof(REISSUE)


@blueprint.post("/account/two-step/reissue")
@ranges.guesses
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


@blueprint.get("/account/two-step/reissue/recovery-codes/print")
def reissue_paper() -> Response:
    """The new codes as a page to print, while their step is open."""
    codes = pending.change(REISSUE).recovery_codes(toolbox().ring)
    return sheet.paper(codes, current_user.account, clock.now())


@blueprint.post("/account/two-step/reissue/recovery-codes")
def complete_reissue() -> Response:
    """Put the new codes in place of the old ones."""
    form = forms.SavedForm()
    change = pending.change(REISSUE, shown=form.pending.data or "")
    try:
        rules.reissue(
            current_user.account,
            change,
            saved=form.saved.data,
            here=browser.here(),
        )
    except rules.NotSaved as error:
        return _show_codes(change, form, errors.refuse(form.saved, error))
    pending.drop(Change)
    message = gettext("Your new recovery codes are active. The old ones no longer work.")
    if not hx.wanted():
        notices.say(message, "success")
    return hx.onward(url_for("two_step.tab"), lambda: _show_tab(message))


def _show_codes(change: Change, form: forms.SavedForm | None = None, status: int = 200) -> Response:
    form = form or forms.SavedForm(formdata=None)
    form.pending.data = change.id
    return hx.render(
        "mfa/enrollment/_recovery.html",
        layouts.CONSOLE,
        title=gettext("Save your recovery codes"),
        heading=gettext("Save your recovery codes"),
        status=status,
        tab="two-step",
        step_number=None,
        form=form,
        action=url_for("two_step.reissue_codes"),
        email=current_user.account.email,
        download_url=url_for("two_step.reissue_file"),
        print_url=url_for("two_step.reissue_paper"),
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
@ranges.guesses
def begin_disable() -> Response:
    return _prove(DISABLE) or hx.onward(
        url_for("two_step.disable_verify"), lambda: _show_disable(pending.change(DISABLE))
    )


@blueprint.get("/account/two-step/disable/verify")
def disable_verify() -> Response:
    return _show_disable(pending.change(DISABLE))


@blueprint.post("/account/two-step/disable/verify")
@ranges.guesses
def complete_disable() -> Response:
    """Turn 2-step verification off."""
    form = forms.ChangeForm()
    change = pending.change(DISABLE, shown=form.pending.data or "")
    if not form.validate():
        return _show_disable(change, form, errors.UNPROCESSABLE)
    try:
        token = rules.disable(
            current_user.account,
            current_user.session,
            change,
            form.factor.data,
            form.chosen.data,
            here=browser.here(),
        )
    except CODE_REFUSALS as error:
        return _show_disable(change, form, errors.refuse(form.chosen, error))
    browser.keep(token)
    pending.drop(Change)
    return hx.onward(url_for("two_step.tab"), _show_tab)


def _show_disable(change: Change, form: forms.ChangeForm | None = None, status: int = 200) -> Response:
    form = form or forms.ChangeForm(formdata=None)
    form.pending.data = change.id
    return hx.render(
        "mfa/manage/_disable.html",
        layouts.CONSOLE,
        title=gettext("Disable 2-Step Verification"),
        status=status,
        tab="two-step",
        form=form,
        cancel_url=url_for("two_step.tab"),
    )


# Move to a new phone: the password, then a factor, then the wizard


@blueprint.get("/account/two-step/move")
def move() -> Response:
    return _show_proof(MOVE)


@blueprint.post("/account/two-step/move")
@ranges.guesses
def begin_move() -> Response:
    return _prove(MOVE) or hx.onward(
        url_for("two_step.move_verify"), lambda: _show_move(pending.change(MOVE))
    )


@blueprint.get("/account/two-step/move/verify")
def move_verify() -> Response:
    return _show_move(pending.change(MOVE))


@blueprint.post("/account/two-step/move/verify")
@ranges.guesses
def open_wizard() -> Response:
    """Begin an enrollment that moves. What protects the account stays as it is until that is completed."""
    form = forms.ChangeForm()
    change = pending.change(MOVE, shown=form.pending.data or "")
    if not form.validate():
        return _show_move(change, form, errors.UNPROCESSABLE)
    try:
        enrollment = rules.begin_move(
            current_user.account,
            change,
            form.factor.data,
            form.chosen.data,
            here=browser.here(),
        )
    except CODE_REFUSALS as error:
        return _show_move(change, form, errors.refuse(form.chosen, error))
    pending.drop(Change)
    pending.keep(enrollment)
    return hx.redirect(url_for("wizard.enroll"))


def _show_move(change: Change, form: forms.ChangeForm | None = None, status: int = 200) -> Response:
    form = form or forms.ChangeForm(formdata=None)
    form.pending.data = change.id
    return hx.render(
        "mfa/manage/_move.html",
        layouts.CONSOLE,
        title=gettext("Move to a new phone"),
        status=status,
        tab="two-step",
        form=form,
        left=rules.state(current_user.account.person_id).codes_left,
        total=recovery_codes.COUNT,
        cancel_url=url_for("two_step.tab"),
    )


# The password that opens reissue, disable and move

_LEADS = {
    REISSUE: (
        _("Reissue Recovery Code"),
        _("Enter your password to get ten new recovery codes. The old ones work until you complete."),
    ),
    DISABLE: (
        _("Disable 2-Step Verification"),
        _("Enter your password. After the next step, a password alone opens your account again."),
    ),
    MOVE: (
        _("Move to a new phone"),
        _("Enter your password. Your old app and codes keep working until you complete."),
    ),
}


def _prove(purpose: str) -> Response | None:
    """Check the password and keep its proof for *purpose* alone; an answer if it was refused."""
    form = forms.PasswordProofForm()
    if not form.validate_on_submit():
        return _show_proof(purpose, form, errors.UNPROCESSABLE)
    account, here = current_user.account, browser.here()
    try:
        passwords.prove(account, form.password.data, here)
    except (passwords.WrongPassword, Throttled) as error:
        return _show_proof(purpose, form, errors.refuse(form.password, error))
    browser.renew(proved=True)
    pending.keep(
        Change.start(
            account=account.id,
            session=current_user.session.id,
            generation=account.generation,
            ring=toolbox().ring,
            now=here.now,
            purpose=purpose,
        )
    )
    return None


def _show_proof(purpose: str, form: forms.PasswordProofForm | None = None, status: int = 200) -> Response:
    if not rules.state(current_user.account.person_id).on:
        raise factors.NotOn
    heading, lead = _LEADS[purpose]
    return hx.render(
        "mfa/_proof.html",
        layouts.CONSOLE,
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
