"""The tab 2-Step Verification, the way into a move to a new phone, reissue, and disable."""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from flask_babel import gettext
from flask_login import current_user

from console.sessions import browser
from console.toolbox import toolbox
from console.two_step import factors, forms, proof, rules, sheet, slot
from console.two_step.pending import Pending
from console.two_step.purposes import Purpose
from console.web import errors, layouts, notices, ranges
from mfa import clock
from mfa.attempts.rules import Throttled
from mfa.crypto import recovery_codes
from mfa.web import hx

blueprint = Blueprint("two_step", __name__)

slot.say_ends(blueprint, restart=False)


@blueprint.get("/account/two-step")
def tab() -> Response:
    return _show_tab()


def _show_tab(message: str | None = None) -> Response:
    state = rules.state(current_user.account.person_id)
    begun = slot.begun()
    resume, resume_of = begun.progress if begun else (None, None)
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
        resume=resume,
        resume_of=resume_of,
        message=message,
        oob=hx.wanted(),
    )


# Reissue


@blueprint.get("/account/two-step/reissue")
def reissue() -> Response:
    return _show_proof(Purpose.REISSUE)


@blueprint.post("/account/two-step/reissue")
@ranges.guesses
def begin_reissue() -> Response:
    return _prove(Purpose.REISSUE) or hx.onward(
        url_for("two_step.reissue_codes"), lambda: _show_codes(slot.change(Purpose.REISSUE))
    )


@blueprint.get("/account/two-step/reissue/recovery-codes")
def reissue_codes() -> Response:
    return _show_codes(slot.change(Purpose.REISSUE))


@blueprint.get("/account/two-step/reissue/recovery-codes.txt")
def reissue_file() -> Response:
    """The new codes as a file, while their step is open."""
    codes = slot.change(Purpose.REISSUE).recovery_codes(toolbox().ring)
    return sheet.file(codes, current_user.account, clock.now())


@blueprint.get("/account/two-step/reissue/recovery-codes/print")
def reissue_paper() -> Response:
    """The new codes as a page to print, while their step is open."""
    codes = slot.change(Purpose.REISSUE).recovery_codes(toolbox().ring)
    return sheet.paper(codes, current_user.account, clock.now())


@blueprint.post("/account/two-step/reissue/recovery-codes")
def complete_reissue() -> Response:
    """Put the new codes in place of the old ones."""
    form = forms.SavedForm()
    change = slot.change(Purpose.REISSUE, shown=form.pending.data or "")
    try:
        rules.reissue(
            current_user.account,
            change,
            saved=form.saved.data,
            here=browser.here(),
        )
    except rules.NotSaved as error:
        return _show_codes(change, form, errors.refuse(form.saved, error))
    slot.clear()
    message = gettext("Your new recovery codes are active. The old ones no longer work.")
    if not hx.wanted():
        notices.say(message, "success")
    return hx.onward(url_for("two_step.tab"), lambda: _show_tab(message))


def _show_codes(change: Pending, form: forms.SavedForm | None = None, status: int = 200) -> Response:
    return hx.render(
        "mfa/enrollment/_recovery.html",
        layouts.CONSOLE,
        title=gettext("Save your recovery codes"),
        heading=gettext("Save your recovery codes"),
        status=status,
        tab="two-step",
        step_number=None,
        form=forms.SavedForm.naming(change.id, form),
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
    return _show_proof(Purpose.DISABLE)


@blueprint.post("/account/two-step/disable")
@ranges.guesses
def begin_disable() -> Response:
    return _prove(Purpose.DISABLE) or hx.onward(
        url_for("two_step.disable_verify"), lambda: _show_disable(slot.change(Purpose.DISABLE))
    )


@blueprint.get("/account/two-step/disable/verify")
def disable_verify() -> Response:
    return _show_disable(slot.change(Purpose.DISABLE))


@blueprint.post("/account/two-step/disable/verify")
@ranges.guesses
def complete_disable() -> Response:
    """Turn 2-step verification off."""
    form = forms.ChangeForm()
    change = slot.change(Purpose.DISABLE, shown=form.pending.data or "")
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
    except (factors.Refused, Throttled) as error:
        return _show_disable(change, form, errors.refuse(form.chosen, error))
    browser.keep(token)
    slot.clear()
    return hx.onward(url_for("two_step.tab"), _show_tab)


def _show_disable(change: Pending, form: forms.ChangeForm | None = None, status: int = 200) -> Response:
    return hx.render(
        "mfa/manage/_disable.html",
        layouts.CONSOLE,
        title=gettext("Disable 2-Step Verification"),
        status=status,
        tab="two-step",
        form=forms.ChangeForm.naming(change.id, form),
        cancel_url=url_for("two_step.tab"),
    )


# Move to a new phone: the password, then a factor, then the wizard


@blueprint.get("/account/two-step/move")
def move() -> Response:
    return _show_proof(Purpose.MOVE)


@blueprint.post("/account/two-step/move")
@ranges.guesses
def begin_move() -> Response:
    return _prove(Purpose.MOVE) or hx.onward(
        url_for("two_step.move_verify"), lambda: _show_move(slot.change(Purpose.MOVE))
    )


@blueprint.get("/account/two-step/move/verify")
def move_verify() -> Response:
    return _wizard_if_open() or _show_move(slot.change(Purpose.MOVE))


@blueprint.post("/account/two-step/move/verify")
@ranges.guesses
def open_wizard() -> Response:
    """Begin an enrollment that moves. What protects the account stays as it is until that is completed."""
    open_already = _wizard_if_open()
    if open_already:
        return open_already
    form = forms.ChangeForm()
    change = slot.change(Purpose.MOVE, shown=form.pending.data or "")
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
    except (factors.Refused, Throttled) as error:
        return _show_move(change, form, errors.refuse(form.chosen, error))
    slot.put(enrollment)
    return hx.redirect(url_for("wizard.enroll"))


def _wizard_if_open() -> Response | None:
    """Lead on from a factor that was right already: its form was sent twice, or gone back to."""
    return hx.redirect(url_for("wizard.enroll")) if slot.open_move() else None


def _show_move(change: Pending, form: forms.ChangeForm | None = None, status: int = 200) -> Response:
    return hx.render(
        "mfa/manage/_move.html",
        layouts.CONSOLE,
        title=gettext("Move to a new phone"),
        status=status,
        tab="two-step",
        form=forms.ChangeForm.naming(change.id, form),
        left=rules.state(current_user.account.person_id).codes_left,
        total=recovery_codes.COUNT,
        cancel_url=url_for("two_step.tab"),
    )


# The password that opens reissue, disable and move


def _prove(purpose: Purpose) -> Response | None:
    """Check the password and keep its proof for *purpose* alone; an answer if it was refused."""
    _must_be_on()
    refused = proof.take(purpose, _proof_url(purpose))
    if refused:
        return refused
    slot.put(slot.start(purpose))
    return None


def _show_proof(purpose: Purpose) -> Response:
    _must_be_on()
    return proof.show(purpose, _proof_url(purpose))


def _proof_url(purpose: Purpose) -> str:
    return url_for(f"two_step.{purpose.value}")


def _must_be_on() -> None:
    if not rules.state(current_user.account.person_id).on:
        raise factors.NotOn
