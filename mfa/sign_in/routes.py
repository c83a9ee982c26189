"""Sign-in's second step: the page between the password and the session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, Response, current_app, request, url_for
from markupsafe import Markup

from mfa import times
from mfa.accounts import SignedOut, accounts
from mfa.attempts.rules import Throttled
from mfa.crypto import recovery_codes
from mfa.errors import Refusal
from mfa.factors import ceremonies, kinds as factors, password_managers
from mfa.factors.models import APP, PASSKEY
from mfa.factors.password_managers import Signal
from mfa.i18n import gettext, ngettext
from mfa.notices.delivery import MailNotSent
from mfa.people import recoveries
from mfa.sign_in import asking, browser, forms, passwordless, rules, verification
from mfa.sign_in.challenges import Asked, Live
from mfa.web import devices, errors, hx, layouts, ranges, visitor
from mfa.web.access import public, signs_in
from mfa.web.forms import Form
from mfa.web.paths import local_path

blueprint = Blueprint("sign_in", __name__)
_BY_NAME = {"code": factors.CODE, "passkey": factors.PASSKEY, "recovery": factors.RECOVERY_CODE}
"""The kinds of factor as the addresses of their pages call them."""
_FORMS: dict[str, type[forms.VerifyForm]] = {
    factors.CODE: forms.VerifyCodeForm,
    factors.PASSKEY: forms.VerifyPasskeyForm,
    factors.RECOVERY_CODE: forms.VerifyRecoveryForm,
}
_TEMPLATES = {
    factors.CODE: "mfa/sign_in/_code.html",
    factors.PASSKEY: "mfa/sign_in/_passkey.html",
    factors.RECOVERY_CODE: "mfa/sign_in/_recovery.html",
}


def _person() -> str | None:
    live = browser.challenge()
    return live.owner.id if live else None


@blueprint.get("")
@public
def verify() -> Response:
    live = browser.challenge()
    if live is None:
        return _sign_in_again()
    if rules.must_confirm(live, devices.here()):
        return _show_confirmation_needed()
    return _show_verify(live)


@blueprint.post("")
@signs_in
@ranges.guesses
@ranges.at(_person)
def complete() -> Response:
    """A code of the app, a passkey, or a recovery code."""
    live = browser.challenge()
    if live is None:
        return _sign_in_again()
    # The address of an app's code is that of the page itself.
    factor = _BY_NAME.get(request.args.get("factor", ""), factors.CODE)
    form = _FORMS[factor]()
    if not form.validate_on_submit():
        return _show_verify(live, factor, form, errors.UNPROCESSABLE)
    field, remembers = form[factor], form.remembers(live.owner.person)
    try:
        with browser.kept_on_failure(), rules.answering(factor):
            passed = rules.answer(live, factor, field.data, here=devices.here())
            return _enter(live, passed, remembers=remembers)
    except factors.ConfirmFirst:
        return _show_confirmation_needed(errors.UNPROCESSABLE)
    except (factors.NotOn, rules.ChallengeEnded, SignedOut):
        return _sign_in_again()
    except Refusal as error:
        return _show_verify(live, factor, form, errors.refuse(field, error))


def _enter(live: Live, passed: rules.Passed, *, remembers: bool) -> Response:
    response = browser.enter(live.owner, live.asked, passed, remembers=remembers)
    if passed.codes_left is not None:
        has_app = any(one.kind == APP for one in factors.authenticators(live.owner.id))
        accounts().say(_codes_left(passed.codes_left, passed.limited_until, has_app=has_app), "warning")
    return response


def onward() -> Response | None:
    """Return the way on from a form of sign-in for somebody who is past it; None if they are not."""
    if visitor.is_signed_in():
        return hx.leave(accounts().home_url())
    return hx.leave(url_for("two_step.sign_in.verify")) if browser.challenge() else None


def way_on() -> Response | None:
    """Return the way on for a form with an old CSRF token: pressed twice, it comes again."""
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "is_of_sign_in", False):
        return onward()
    return None if visitor.is_signed_in() else visitor.to_sign_in()


def address() -> str:
    """Return where the page is that asks for the second step."""
    return url_for("two_step.sign_in.verify")


def show_challenge(*, swap: bool) -> Response:
    """Answer a login with the page that asks for the second step.

    :param swap: to htmx, give the partial, to be put in place of the login form.
    """
    url = address()
    return hx.onward(url, verify) if swap else hx.leave(url)


def _show_verify(
    live: Live, factor: str | None = None, form: forms.VerifyForm | None = None, status: int = 200
) -> Response:
    """Ask for one kind of factor, the one that is named, or that was used last."""
    kept = (live.kept or factors.kept(live.owner.id)) if live.has_passkeys else None
    by_passkey = kept is not None and ceremonies.are_possible()
    has_app = kept is None or bool(kept.apps)
    last = factors.PASSKEY if kept and kept.authenticators[0].kind == PASSKEY else factors.CODE
    can = {factors.CODE: has_app, factors.PASSKEY: by_passkey, factors.RECOVERY_CODE: True}
    wanted = (factor or _BY_NAME.get(request.args.get("factor", "")), last, *_BY_NAME.values())
    kind = next(kind for kind in wanted if kind and can[kind])
    passkeys = kept.passkeys if kept and kind == factors.PASSKEY else ()
    shown = form if form and kind == factor else _FORMS[kind](formdata=None)
    shown.offer(live.owner.person)
    return hx.render(
        _TEMPLATES[kind],
        layouts.SIGN_IN,
        title=gettext("2-step verification"),
        status=status,
        form=shown,
        has_app=has_app,
        has_passkey=by_passkey,
        is_recovering=_is_told_of_recovery(live),
        offers_wait=rules.offers_wait(live),
        ceremony=ceremonies.request(rules.place(live), devices.here().now, passkeys=passkeys)
        if passkeys
        else None,
    )


def _is_told_of_recovery(live: Live) -> bool:
    """Return True if a recovery is open, and this is a device of the person: a stranger is told nothing."""
    here = devices.here()
    return recoveries.is_until(live.recovering_until, here.now) and live.owner.known(here.device) is not None


# By a passkey alone


@blueprint.get("/passkey")
@public
def by_passkey() -> Response:
    """The page that says what was refused, and offers it again."""
    return onward() or _show_passwordless()


@blueprint.post("/passkey")
@signs_in
@ranges.guesses
@ranges.at(ranges.nobody)
def enter_by_passkey() -> Response:
    if not passwordless.is_offered():
        return hx.leave(accounts().sign_in_url())
    form = forms.PasskeySignInForm()
    if not form.validate():
        return _show_passwordless(form, errors.UNPROCESSABLE)
    asked, before = Asked(next=local_path(form.next.data) or ""), browser.challenge()
    try:
        with browser.kept_on_failure(), rules.answering(factors.PASSKEY):
            owner, passed = passwordless.verify(
                form.passkey.data, asking.visitors_place(), here=devices.here(), before=before
            )
            verification.forget()
            return browser.enter(owner, asked, passed)
    except passwordless.UnknownPasskey as error:
        signals = password_managers.unknown(error.credential_id)
        return _show_passwordless(form, errors.refuse(form.passkey, error), signals)
    except Refusal as error:
        if isinstance(error, factors.Ended) and visitor.is_signed_in():
            return hx.leave(accounts().home_url())
        return _show_passwordless(form, errors.refuse(form.passkey, error))


def _show_passwordless(
    form: forms.PasskeySignInForm | None = None, status: int = 200, signals: Sequence[Signal] = ()
) -> Response:
    ceremony = asking.passkey_sign_in()
    if ceremony is None:
        return hx.leave(accounts().sign_in_url())
    return hx.render(
        "mfa/sign_in/_passwordless.html",
        layouts.SIGN_IN,
        title=gettext("Sign in with a passkey"),
        status=status,
        form=form or forms.PasskeySignInForm(formdata=None),
        ceremony=ceremony,
        next=local_path(form.next.data) if form else None,
        once={"signals": signals} if signals else None,
    )


# After a hundred wrong codes: the owner confirms by mail first


@blueprint.post("/confirm")
@signs_in
@ranges.mails
def send_confirmation() -> Response:
    """Mail the link that lets codes be tried again."""
    live = browser.challenge()
    if live is None:
        return _sign_in_again()
    form = Form()
    try:
        rules.request_confirmation(live, devices.here())
    except rules.NothingToConfirm:
        return hx.onward(url_for("two_step.sign_in.verify"), lambda: _show_verify(live))
    except (Throttled, MailNotSent) as error:
        form.form_errors.append(error.sentence)
        return _show_confirmation_needed(error.status, form)
    return _show_confirmation_needed(sent_to=live.owner.email)


@blueprint.get("/confirm/<token>")
@public
def confirmation(token: str) -> Response:
    """The page that the mail's link opens. It changes nothing: mail scanners open links."""
    return (
        _show_confirmation(token, "confirm") if browser.challenge() else _show_confirmation_elsewhere(token)
    )


@blueprint.post("/confirm/<token>")
@public
def confirm(token: str) -> Response:
    live = browser.challenge()
    if live is None:
        return _show_confirmation_elsewhere(token)
    try:
        rules.confirm(live, token, devices.here())
    except rules.NothingToConfirm:
        return _show_confirmation(token, "ended", 410)
    return hx.onward(url_for("two_step.sign_in.verify"), lambda: _show_verify(live))


def _show_confirmation_needed(
    status: int = 200, form: Form | None = None, sent_to: str | None = None
) -> Response:
    return hx.render(
        "mfa/sign_in/_confirm.html",
        layouts.SIGN_IN,
        title=gettext("2-step verification"),
        status=status,
        form=form or Form(formdata=None),
        once={"sent_to": sent_to},
    )


def _show_confirmation_elsewhere(token: str) -> Response:
    try:
        link = rules.read_link(token, devices.here().now)
    except rules.NothingToConfirm:
        return _show_confirmation(token, "ended", 410)
    return _show_confirmation(token, "elsewhere", has_password=link.has_password)


def _show_confirmation(token: str, state: str, status: int = 200, *, has_password: bool = True) -> Response:
    return hx.render(
        "mfa/sign_in/_confirm_link.html",
        layouts.SIGN_IN,
        title=gettext("2-step verification"),
        status=status,
        action=url_for("two_step.sign_in.confirm", token=token),
        once={"state": state, "has_password": has_password},
    )


def _sign_in_again() -> Response:
    """Lead to sign-in, which leads to the start if the browser is signed in by then.

    Leave the cookie alone: of two posts of one code the first signs in, and the second has the cookie from
    before that.
    """
    if visitor.is_signed_in():
        return hx.leave(accounts().home_url())
    return hx.leave(accounts().sign_in_url(ended=browser.had_challenge()))


def _codes_left(left: int, limited_until: datetime | None, *, has_app: bool) -> Markup:
    """Say how many there are, and offer what they open now."""
    said = ngettext(
        "You signed in with a recovery code. %(num)s of %(total)s recovery code left.",
        "You signed in with a recovery code. %(num)s of %(total)s recovery codes left.",
        left,
        total=recovery_codes.COUNT,
    )
    reissue = url_for("two_step.codes.reissue")
    ways = [(reissue, gettext("Reissue Recovery Code"))]
    if limited_until is None and has_app:
        ways.append((url_for("two_step.authenticators.move"), gettext("Move to a new phone")))
    elif limited_until:
        # Until then, both take an authenticator.
        said = f"{said} {_until(limited_until, left)}"
        ways = [(url_for("two_step.step_up.ask", next=reissue), gettext("Confirm with your authenticator"))]
    links = Markup(" ").join(Markup('<a href="{}">{}</a>').format(url, label) for url, label in ways)
    return Markup('{} <span class="notice__ways">{}</span>').format(said, links)


def _until(limited_until: datetime, left: int) -> str:
    if not left:
        return gettext("It opened sign-in only, because your authenticator did not confirm it.")
    return gettext(
        "Until %(date)s they open sign-in only. If your phone is lost, you can move to a new one then, with"
        " one of them.",
        date=times.moment(limited_until),
    )
