"""Sign-up, the first step of sign-in, the forgotten password, and the tabs Profile and Password."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, current_app, g, request, session, url_for
from flask_babel import gettext
from flask_login import current_user

from console import languages
from console.accounts import rules
from console.accounts.addresses import Address, BadAddress
from console.accounts.models import Account
from console.accounts.names import BadName
from console.auth import forms, password as passwords, sign_up as sign_ups
from console.mail import mailbox
from console.passwords.rules import BadPassword
from console.sessions import browser
from console.sessions.rules import Entry, Locked, SessionEnded
from console.web import access, errors, layouts, notices, ranges
from console.web.access import public, signs_in
from mfa import clock
from mfa.attempts.rules import Throttled
from mfa.notices.delivery import MailNotSent
from mfa.web import hx

blueprint = Blueprint("accounts", __name__)


# Sign-up


@blueprint.route("/sign-up", methods=["GET", "POST"])
@public
@ranges.mails
def sign_up() -> Response:
    form = forms.SignUpForm()
    status = 200
    if form.validate_on_submit():
        try:
            return _check_inbox(sign_ups.request(form.email.data, clock.now()))
        except (BadAddress, Throttled, MailNotSent) as error:
            status = errors.refuse(form.email, error)
    elif form.errors:
        status = errors.UNPROCESSABLE
    return hx.render(
        "accounts/_sign_up.html",
        layouts.CARD,
        title=gettext("Create an account"),
        status=status,
        form=form,
    )


@blueprint.route("/sign-up/<token>", methods=["GET", "POST"])
@public
@ranges.guesses
@ranges.at(ranges.nobody)
def create_account(token: str) -> Response:
    form = forms.CreateAccountForm()
    status = 200
    try:
        address = sign_ups.read_link(token, clock.now())
        if form.validate_on_submit():
            try:
                return _enter(
                    sign_ups.create_account(
                        token,
                        name=form.name.data,
                        password=form.password.data,
                        here=browser.here(),
                    )
                )
            except BadName as error:
                status = errors.refuse(form.name, error)
            except BadPassword as error:
                status = errors.refuse(form.password, error)
        elif form.errors:
            status = errors.UNPROCESSABLE
    except rules.LinkEnded:
        return _link_ended(url_for("accounts.sign_up"), gettext("Create an account"))
    return hx.render(
        "accounts/_create_account.html",
        layouts.CARD,
        title=gettext("Create your account"),
        status=status,
        form=form,
        email=address.text,
        action=url_for("accounts.create_account", token=token),
        min_length=current_app.config["PASSWORD_MIN_LENGTH"],
    )


# Sign-in


def _sought() -> passwords.Sought:
    """Return whom the sign-in form of this request names; the database is asked once.

    :raises passwords.WrongCredentials: not an address.
    """
    if "sought" not in g:
        g.sought = passwords.seek(request.form.get("email", ""))
    found: passwords.Sought = g.sought
    return found


def _named() -> Account | None:
    try:
        return _sought().account
    except passwords.WrongCredentials:
        return None


@blueprint.route("/sign-in", methods=["GET", "POST"])
@signs_in
@ranges.guesses
@ranges.at(_named)
def sign_in() -> Response:
    if request.method != "POST" and current_user.is_authenticated:
        return hx.redirect(url_for("console.home"))
    form = forms.SignInForm()
    status = 200
    if form.validate_on_submit():
        try:
            entry = passwords.sign_in(
                _sought(),
                form.password.data,
                here=browser.here(),
            )
            return _enter(entry, access.local_path(form.next.data))
        except (passwords.WrongCredentials, Throttled, Locked, rules.Changed) as error:
            status = errors.refuse(form.password, error)
    elif form.errors:
        status = errors.UNPROCESSABLE
    if request.method != "POST":
        form.next.data = access.local_path(request.args.get("next"))
    return hx.render(
        "accounts/_sign_in.html",
        layouts.CARD,
        title=gettext("Sign in"),
        status=status,
        form=form,
        ended=request.args.get("ended"),
    )


# Forgotten password


@blueprint.route("/forgot-password", methods=["GET", "POST"])
@public
@ranges.mails
def forgot_password() -> Response:
    form = forms.ForgotPasswordForm()
    status = 200
    if form.validate_on_submit():
        try:
            return _check_inbox(passwords.request_reset(form.email.data, clock.now()))
        except (BadAddress, Throttled, MailNotSent) as error:
            status = errors.refuse(form.email, error)
    elif form.errors:
        status = errors.UNPROCESSABLE
    return hx.render(
        "accounts/_forgot_password.html",
        layouts.CARD,
        title=gettext("Forgotten password"),
        status=status,
        form=form,
    )


@blueprint.route("/reset-password/<token>", methods=["GET", "POST"])
@public
@ranges.guesses
@ranges.at(ranges.nobody)
def reset_password(token: str) -> Response:
    form = forms.ResetPasswordForm()
    status = 200
    try:
        account = passwords.read_reset_link(token, clock.now())
        if form.validate_on_submit():
            try:
                return _enter(
                    passwords.reset(
                        token,
                        password=form.new_password.data,
                        here=browser.here(),
                    )
                )
            except (BadPassword, Locked) as error:
                status = errors.refuse(form.new_password, error)
        elif form.errors:
            status = errors.UNPROCESSABLE
    except rules.LinkEnded:
        return _link_ended(url_for("accounts.forgot_password"), gettext("Send a new link"))
    return hx.render(
        "accounts/_reset_password.html",
        layouts.CARD,
        title=gettext("Set a new password"),
        status=status,
        form=form,
        email=account.email,
        action=url_for("accounts.reset_password", token=token),
        min_length=current_app.config["PASSWORD_MIN_LENGTH"],
    )


# The account modal


@blueprint.route("/account/profile", methods=["GET", "POST"])
@ranges.guesses
def profile() -> Response:
    account = current_user.account
    form = forms.ProfileForm(obj=account)
    spoken, status, saved = languages.current(), 200, False
    form.language.data = form.language.data or spoken
    if form.validate_on_submit():
        try:
            rules.change_profile(
                account,
                name=form.name.data,
                language=form.language.data,
                here=browser.here(),
            )
            if account.language != spoken:
                return _speak_anew(form.language.data)
            form.name.data, saved = account.name, True
        except (BadName, Throttled) as error:
            status = errors.refuse(form.name, error)
        except rules.BadLanguage as error:
            status = errors.refuse(form.language, error)
    elif form.errors:
        status = errors.UNPROCESSABLE
    return hx.render(
        "accounts/_profile.html",
        layouts.CONSOLE,
        title=gettext("Profile"),
        status=status,
        tab="profile",
        form=form,
        email=account.email,
        once={"saved": saved} if saved else None,
        oob=saved and hx.wanted(),
    )


def _speak_anew(language: str) -> Response:
    """The whole page anew: what stands around the modal is in the old language."""
    with languages.speaking(language):
        notices.say(gettext("Saved."), "success")
    return hx.leave(url_for("accounts.profile"))


@blueprint.route("/account/password", methods=["GET", "POST"])
@ranges.guesses
def password() -> Response:
    form = forms.PasswordForm()
    status, changed = 200, False
    if form.validate_on_submit():
        try:
            with browser.known_as_before():
                token = passwords.change(
                    current_user.account,
                    current_user.session,
                    current=form.current_password.data,
                    new=form.new_password.data,
                    here=browser.here(),
                )
            browser.keep(token)
            changed = True
        except (passwords.WrongPassword, Throttled) as error:
            status = errors.refuse(form.current_password, error)
        except (BadPassword, rules.Changed) as error:
            status = errors.refuse(form.new_password, error)
        except SessionEnded:
            return access.to_sign_in()
    elif form.errors:
        status = errors.UNPROCESSABLE
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


def _enter(entry: Entry, target: str | None = None) -> Response:
    browser.enter(entry)
    if entry.needs_second_step:
        if target:
            session["next"] = target
        return hx.onward(url_for("second_step.verify"), _show_second_step)
    return hx.leave(target or url_for("console.home"))


def _show_second_step() -> Response:
    # By the name of its page: this room does not know the room of the second step.
    view = current_app.view_functions["second_step.verify"]
    return cast("Response", view())


def _check_inbox(address: Address) -> Response:
    return hx.render(
        "accounts/_check_inbox.html",
        layouts.CARD,
        title=gettext("Check your inbox"),
        once={
            "email": address.text,
            "mailbox_url": url_for("mailbox.index") if mailbox.in_use(current_app.config) else None,
        },
    )


def _link_ended(way_url: str, way_label: str) -> Response:
    return hx.render(
        "_error.html",
        layouts.CARD,
        title=gettext("This link has ended"),
        status=410,
        once={
            "heading": gettext("This link has ended"),
            "sentence": gettext("It was used already, is too old, or your account was changed since."),
            "way_url": way_url,
            "way_label": way_label,
        },
    )
