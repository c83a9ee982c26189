"""Sign-up, the first step of sign-in, the forgotten password, and the tabs Profile and Password."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import gettext
from flask_login import current_user

from console import languages
from console.accounts import rules
from console.accounts.addresses import BadAddress
from console.accounts.names import BadName
from console.auth import answers, forms, password as passwords, sign_up as sign_ups
from console.passwords.rules import BadPassword
from console.policy import rules as policy
from console.sessions import browser
from console.sessions.rules import Locked, SessionEnded
from console.web import access, errors, layouts, notices
from console.web.access import public, signs_in
from mfa import at_work, clock
from mfa.attempts.hashing import Busy
from mfa.attempts.rules import Throttled
from mfa.database import transaction
from mfa.errors import NotNow
from mfa.notices.delivery import MailNotSent
from mfa.people.rules import Changed
from mfa.sign_in import asking
from mfa.sign_in.browser import kept_on_failure
from mfa.sign_in.forms import PasskeySignInForm
from mfa.web import devices, hx, ranges
from mfa.web.paths import local_path

blueprint = Blueprint("accounts", __name__)


# Sign-up


@blueprint.get("/sign-up")
@public
def sign_up() -> Response:
    if policy.is_sign_up_closed():
        return _show_closed()
    return _show_sign_up(forms.SignUpForm())


@blueprint.post("/sign-up")
@public
@ranges.mails
def mail_sign_up_link() -> Response:
    form = forms.SignUpForm()
    try:
        sign_ups.must_be_open()
        if not form.validate():
            return _show_sign_up(form, errors.UNPROCESSABLE)
        return answers.check_inbox(sign_ups.request(form.email.data, clock.now()))
    except (BadAddress, Throttled, MailNotSent) as error:
        return _show_sign_up(form, errors.refuse(form.email, error))
    except sign_ups.SignUpClosed as error:
        return _show_closed(error.status)


def _show_sign_up(form: forms.SignUpForm, status: int = 200) -> Response:
    return hx.render(
        "accounts/_sign_up.html",
        layouts.CARD,
        title=gettext("Create an account"),
        status=status,
        form=form,
    )


def _show_closed(status: int = 200) -> Response:
    return hx.render(
        "accounts/_sign_up_closed.html",
        layouts.CARD,
        title=gettext("Create an account"),
        status=status,
        once={},
        sentence=sign_ups.SignUpClosed.says,
    )


@blueprint.get("/sign-up/<token>")
@public
def create_account(token: str) -> Response:
    """The page that the mail's link opens. It creates nothing: mail scanners open links."""
    return _show_create_account(token, forms.CreateAccountForm())


@blueprint.post("/sign-up/<token>")
@public
@ranges.guesses
@ranges.at(ranges.nobody)
def open_account(token: str) -> Response:
    form = forms.CreateAccountForm()
    if not form.validate():
        return _show_create_account(token, form, errors.UNPROCESSABLE)
    try:
        account = sign_ups.create_account(
            token, name=form.name.data, password=form.password.data, here=devices.here()
        )
    except BadName as error:
        return _show_create_account(token, form, errors.refuse(form.name, error))
    except (BadPassword, Busy) as error:
        return _show_create_account(token, form, errors.refuse(form.password, error))
    except rules.LinkEnded:
        return _sign_up_link_ended()
    except sign_ups.SignUpClosed as error:
        return _show_closed(error.status)
    return answers.enter(account, told=True)


def _show_create_account(token: str, form: forms.CreateAccountForm, status: int = 200) -> Response:
    try:
        address = sign_ups.read_link(token, clock.now())
    except rules.LinkEnded:
        return _sign_up_link_ended()
    except sign_ups.SignUpClosed as error:
        return _show_closed(error.status)
    action = url_for("accounts.open_account", token=token)
    return answers.show_create_account(form, address.text, action, status)


def _sign_up_link_ended() -> Response:
    return answers.link_ended(url_for("accounts.sign_up"), gettext("Create an account"))


# Sign-in


def _sought() -> passwords.Sought:
    """Return whom the sign-in form of this request names; the database is asked once.

    :raises passwords.WrongCredentials: not an address.
    """
    kept = at_work.kept()
    found: passwords.Sought | None = kept.get("sought")
    if found is None:
        found = kept.sought = passwords.seek(request.form.get("email", ""))
    return found


def _named() -> str | None:
    try:
        account = _sought().account
    except passwords.WrongCredentials:
        return None
    return account.person_id if account else None


@blueprint.get("/sign-in")
@public
def sign_in() -> Response:
    if browser.visitor():
        return hx.redirect(url_for("console.home"))
    form = forms.SignInForm()
    form.next.data = local_path(request.args.get("next"))
    return _show_sign_in(form)


@blueprint.post("/sign-in")
@signs_in
@ranges.guesses
@ranges.at(_named)
def check_password() -> Response:
    form = forms.SignInForm()
    if not form.validate():
        return _show_sign_in(form, errors.UNPROCESSABLE)
    try:
        right = passwords.check_at_sign_in(_sought(), form.password.data, here=devices.here())
        with kept_on_failure(), transaction():
            passwords.note(right, clock.now())
            return answers.enter(right.account, form.next.data, failures=right.failures)
    except (passwords.WrongCredentials, NotNow, Locked, Changed) as error:
        return _show_sign_in(form, errors.refuse(form.password, error))


def _show_sign_in(form: forms.SignInForm, status: int = 200) -> Response:
    passkey = asking.passkey_sign_in()
    return hx.render(
        "accounts/_sign_in.html",
        layouts.CARD,
        title=gettext("Sign in"),
        status=status,
        form=form,
        ended=request.args.get("ended"),
        signs_up=not policy.is_sign_up_closed(),
        passkey=passkey,
        passkey_form=PasskeySignInForm(formdata=None) if passkey else None,
    )


# Forgotten password


@blueprint.get("/forgot-password")
@public
def forgot_password() -> Response:
    return _show_forgot_password(forms.ForgotPasswordForm())


@blueprint.post("/forgot-password")
@public
@ranges.mails
def mail_reset_link() -> Response:
    form = forms.ForgotPasswordForm()
    if not form.validate():
        return _show_forgot_password(form, errors.UNPROCESSABLE)
    try:
        return answers.check_inbox(passwords.request_reset(form.email.data, clock.now()))
    except (BadAddress, Throttled, MailNotSent) as error:
        return _show_forgot_password(form, errors.refuse(form.email, error))


def _show_forgot_password(form: forms.ForgotPasswordForm, status: int = 200) -> Response:
    return hx.render(
        "accounts/_forgot_password.html",
        layouts.CARD,
        title=gettext("Forgotten password"),
        status=status,
        form=form,
    )


@blueprint.get("/reset-password/<token>")
@public
def reset_password(token: str) -> Response:
    """The page that the mail's link opens. It changes nothing: mail scanners open links."""
    return _show_reset_password(token, forms.ResetPasswordForm())


@blueprint.post("/reset-password/<token>")
@public
@ranges.guesses
@ranges.at(ranges.nobody)
def set_password(token: str) -> Response:
    form = forms.ResetPasswordForm()
    if not form.validate():
        return _show_reset_password(token, form, errors.UNPROCESSABLE)
    try:
        account = passwords.reset(token, password=form.new_password.data, here=devices.here())
    except (BadPassword, Locked, Busy) as error:
        return _show_reset_password(token, form, errors.refuse(form.new_password, error))
    except rules.LinkEnded:
        return _reset_link_ended()
    return answers.enter(account, told=True)


def _show_reset_password(token: str, form: forms.ResetPasswordForm, status: int = 200) -> Response:
    try:
        account = passwords.read_reset_link(token, clock.now())
    except rules.LinkEnded:
        return _reset_link_ended()
    return hx.render(
        "accounts/_reset_password.html",
        layouts.CARD,
        title=gettext("Set a new password"),
        status=status,
        form=form,
        email=account.email,
        action=url_for("accounts.set_password", token=token),
        min_length=current_app.config["PASSWORD_MIN_LENGTH"],
    )


def _reset_link_ended() -> Response:
    return answers.link_ended(url_for("accounts.forgot_password"), gettext("Send a new link"))


# The account modal


@blueprint.get("/account/profile")
def profile() -> Response:
    return _show_profile(_profile_form())


@blueprint.post("/account/profile")
@ranges.guesses
def change_profile() -> Response:
    account, spoken = current_user.account, languages.current()
    form = _profile_form()
    if not form.validate():
        return _show_profile(form, errors.UNPROCESSABLE)
    try:
        rules.change_profile(account, name=form.name.data, language=form.language.data, here=devices.here())
    except (BadName, Throttled) as error:
        return _show_profile(form, errors.refuse(form.name, error))
    except rules.BadLanguage as error:
        return _show_profile(form, errors.refuse(form.language, error))
    if account.language != spoken:
        return _reload_in(account.language)
    form.name.data = account.name
    return _show_profile(form, saved=True)


def _profile_form() -> forms.ProfileForm:
    form = forms.ProfileForm(obj=current_user.account)
    form.language.data = form.language.data or languages.current()
    return form


def _show_profile(form: forms.ProfileForm, status: int = 200, *, saved: bool = False) -> Response:
    return hx.render(
        "accounts/_profile.html",
        layouts.CONSOLE,
        title=gettext("Profile"),
        status=status,
        tab="profile",
        form=form,
        email=current_user.account.email,
        once={"saved": saved} if saved else None,
        oob=saved and hx.wanted(),
    )


def _reload_in(language: str) -> Response:
    """Load the whole page: what stands around the modal is in the old language."""
    with languages.speaking(language):
        notices.say(gettext("Saved."), "success")
    return hx.leave(url_for("accounts.profile"))


@blueprint.get("/account/password")
def password() -> Response:
    return _show_password(forms.PasswordForm())


@blueprint.post("/account/password")
@ranges.guesses
def change_password() -> Response:
    form = forms.PasswordForm()
    if not form.validate():
        return _show_password(form, errors.UNPROCESSABLE)
    try:
        with browser.known_as_before():
            token = passwords.change(
                current_user.account,
                current_user.session,
                current=form.current_password.data,
                new=form.new_password.data,
                here=devices.here(),
            )
    except (passwords.WrongPassword, NotNow) as error:
        return _show_password(form, errors.refuse(form.current_password, error))
    except (BadPassword, Changed) as error:
        return _show_password(form, errors.refuse(form.new_password, error))
    except SessionEnded:
        return access.to_sign_in()
    browser.keep(token)
    return _show_password(form, changed=True)


def _show_password(form: forms.PasswordForm, status: int = 200, *, changed: bool = False) -> Response:
    return hx.render(
        "accounts/_password.html",
        layouts.CONSOLE,
        title=gettext("Password"),
        status=status,
        tab="password",
        form=form,
        email=current_user.account.email,
        min_length=current_app.config["PASSWORD_MIN_LENGTH"],
        once={"changed": changed} if changed else None,
    )
