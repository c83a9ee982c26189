"""Sign-in's second step: the page between the password and the session."""

from __future__ import annotations

from flask import Blueprint, Response, request, session, url_for
from flask_babel import gettext, ngettext
from flask_login import current_user
from markupsafe import Markup

from console.accounts.models import Account
from console.sessions import browser
from console.sessions.rules import SessionEnded
from console.two_step import factors, forms, second_step
from console.web import access, errors, layouts, notices, ranges
from console.web.access import public, signs_in
from mfa.attempts.rules import Throttled
from mfa.crypto import recovery_codes
from mfa.notices.delivery import MailNotSent
from mfa.web import hx
from mfa.web.forms import Form

blueprint = Blueprint("second_step", __name__, url_prefix="/sign-in/verify")


def _half_account() -> Account | None:
    half = browser.half()
    return half.account if half else None


@blueprint.get("")
@public
def verify() -> Response:
    half = browser.half()
    if half is None:
        return _sign_in_again()
    if second_step.must_confirm(half, browser.here()):
        return _show_confirmation_needed()
    return _show_verify(request.args.get("factor") == "recovery")


@blueprint.post("")
@signs_in
@ranges.guesses
@ranges.at(_half_account)
def complete() -> Response:
    """A code of the app, or a recovery code."""
    half = browser.half()
    if half is None:
        return _sign_in_again()
    by_recovery_code = request.args.get("factor") == "recovery"
    form = forms.VerifyRecoveryForm() if by_recovery_code else forms.VerifyCodeForm()
    if not form.validate_on_submit():
        return _show_verify(by_recovery_code, form, errors.UNPROCESSABLE)
    field = form.recovery_code if by_recovery_code else form.code
    factor = factors.RECOVERY_CODE if by_recovery_code else factors.CODE
    try:
        passed = second_step.sign_in(half, factor, field.data, here=browser.here())
    except factors.ConfirmFirst:
        return _show_confirmation_needed(errors.UNPROCESSABLE)
    except (factors.Refused, Throttled) as error:
        return _show_verify(by_recovery_code, form, errors.refuse(field, error))
    except (factors.NotOn, SessionEnded):
        return _sign_in_again()
    target = access.local_path(session.get("next")) or url_for("console.home")
    browser.enter(passed.entry)
    if passed.codes_left is not None:
        notices.say(_codes_left(passed.codes_left), "warning")
    return hx.leave(target)


def onward() -> Response | None:
    """Return the way on from a form of sign-in for somebody who is past it; None if they are not."""
    if not access.is_of_sign_in(request.endpoint):
        return None
    if current_user.is_authenticated:
        return hx.leave(url_for("console.home"))
    return hx.leave(url_for("second_step.verify")) if browser.half() else None


def _show_verify(by_recovery_code: bool, form: Form | None = None, status: int = 200) -> Response:
    template, kind = (
        ("mfa/sign_in/_recovery.html", forms.VerifyRecoveryForm)
        if by_recovery_code
        else ("mfa/sign_in/_code.html", forms.VerifyCodeForm)
    )
    return hx.render(
        template,
        layouts.CARD,
        title=gettext("2-step verification"),
        status=status,
        form=form or kind(formdata=None),
    )


# After a hundred wrong codes: the owner confirms by mail first


@blueprint.post("/confirm")
@signs_in
@ranges.mails
def send_confirmation() -> Response:
    """Mail the link that lets codes be tried again."""
    half = browser.half()
    if half is None:
        return _sign_in_again()
    form = Form()
    try:
        second_step.request_confirmation(half, browser.here())
    except second_step.NothingToConfirm:
        return hx.onward(url_for("second_step.verify"), lambda: _show_verify(False))
    except (Throttled, MailNotSent) as error:
        form.form_errors.append(error.sentence)
        return _show_confirmation_needed(error.status, form)
    return _show_confirmation_needed(sent_to=half.account.email)


@blueprint.get("/confirm/<token>")
@public
def confirmation(token: str) -> Response:
    """The page that the mail's link opens. It changes nothing: mail scanners open links."""
    return _show_confirmation(token, "elsewhere" if browser.half() is None else "confirm")


@blueprint.post("/confirm/<token>")
@public
def confirm(token: str) -> Response:
    half = browser.half()
    if half is None:
        return _show_confirmation(token, "elsewhere")
    try:
        second_step.confirm(half, token, browser.here())
    except second_step.NothingToConfirm:
        return _show_confirmation(token, "ended", 410)
    return hx.onward(url_for("second_step.verify"), lambda: _show_verify(False))


def _show_confirmation_needed(
    status: int = 200, form: Form | None = None, sent_to: str | None = None
) -> Response:
    return hx.render(
        "mfa/sign_in/_confirm.html",
        layouts.CARD,
        title=gettext("2-step verification"),
        status=status,
        form=form or Form(formdata=None),
        once={"sent_to": sent_to},
    )


def _show_confirmation(token: str, state: str, status: int = 200) -> Response:
    return hx.render(
        "mfa/sign_in/_confirm_link.html",
        layouts.CARD,
        title=gettext("2-step verification"),
        status=status,
        action=url_for("second_step.confirm", token=token),
        once={"state": state},
    )


def _sign_in_again() -> Response:
    """Lead to sign-in, which leads to the start if the browser is signed in by then.

    Leave the cookie alone: of two posts of one code the first signs in, and the second has the cookie from
    before that.
    """
    if current_user.is_authenticated:
        return hx.leave(url_for("console.home"))
    ended = "sign-in" if browser.was_halfway() else None
    return hx.leave(url_for("accounts.sign_in", ended=ended))


def _codes_left(left: int) -> Markup:
    said = ngettext(
        "You signed in with a recovery code. %(num)s of %(total)s recovery code left.",
        "You signed in with a recovery code. %(num)s of %(total)s recovery codes left.",
        left,
        total=recovery_codes.COUNT,
    )
    return Markup(
        '{said} <span class="notice__ways"><a href="{reissue}">{reissue_label}</a>'
        ' <a href="{move}">{move_label}</a></span>'
    ).format(
        said=said,
        reissue=url_for("two_step.reissue"),
        reissue_label=gettext("Reissue Recovery Code"),
        move=url_for("two_step.move"),
        move_label=gettext("Move to a new phone"),
    )
