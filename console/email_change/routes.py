"""Another address for the account: asked for in the tab Profile, confirmed and undone by e-mailed links."""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from flask_babel import gettext
from flask_login import current_user

from console.accounts.addresses import BadAddress
from console.accounts.rules import LinkEnded
from console.auth.password import WrongPassword
from console.email_change import forms, rules
from console.sessions import browser
from console.sessions.rules import Locked, SessionEnded
from console.web import access, errors, layouts
from console.web.access import public
from mfa import clock
from mfa.attempts import rules as attempts
from mfa.attempts.hashing import Busy
from mfa.attempts.rules import Throttled
from mfa.errors import NotNow
from mfa.factors import kinds as factors
from mfa.notices.delivery import MailNotSent
from mfa.people.rules import Changed
from mfa.sign_in import asking
from mfa.web import devices, hx, ranges
from mfa.web.visitor import owner

blueprint = Blueprint("email_change", __name__, url_prefix="/account/profile/email")
blueprint.register_error_handler(SessionEnded, lambda _: access.to_sign_in())
AnyForm = forms.EmailChangeForm | forms.EmailChangeWithFactorForm


# Ask


@blueprint.get("")
def ask() -> Response:
    return _show_form(_form())


@blueprint.post("")
@ranges.guesses
@ranges.mails
def send() -> Response:
    """Mail the link to the new address. Nothing is changed before it comes back."""
    form = _form()
    if not form.validate():
        return _show_form(form, errors.UNPROCESSABLE)
    with_factor = isinstance(form, forms.EmailChangeWithFactorForm)
    try:
        address = rules.request(
            current_user.account,
            owner(),
            form.email.data,
            password=form.password.data,
            factor=form.factor.data if with_factor else factors.CODE,
            typed=form.chosen.data if with_factor else None,
            place=_place(),
            here=devices.here(),
        )
    except (BadAddress, rules.SameAddress, MailNotSent, Changed) as error:
        return _show_form(form, errors.refuse(form.email, error))
    except WrongPassword as error:
        return _show_form(form, errors.refuse(form.password, error))
    except (factors.Refused, NotNow) as error:
        return _show_form(form, errors.refuse(_field(form, error), error))
    except factors.NotOn:
        return _show_form(_form(), errors.UNPROCESSABLE)
    return hx.render(
        "email_change/_sent.html",
        layouts.CONSOLE,
        title=gettext("Check your inbox"),
        once={"tab": "profile", "email": address.text},
    )


def _form() -> AnyForm:
    return forms.EmailChangeWithFactorForm() if current_user.protected else forms.EmailChangeForm()


def _field(form: AnyForm, error: Exception) -> object:
    """Where the sentence of a refusal belongs: a throttle tells by its purpose what was tried."""
    if isinstance(error, Throttled) and error.policy is attempts.EMAIL_CHANGE_SENDING:
        return form.email
    if not isinstance(form, forms.EmailChangeWithFactorForm) or (
        isinstance(error, Busy) or (isinstance(error, Throttled) and error.policy is attempts.PASSWORD)
    ):
        return form.password
    return form.chosen


def _place() -> str:
    return asking.place("change of address")


def _show_form(form: AnyForm, status: int = 200) -> Response:
    if isinstance(form, forms.EmailChangeWithFactorForm):
        asking.offer(form, _place())
    return hx.render(
        "email_change/_form.html",
        layouts.CONSOLE,
        title=gettext("Change your email"),
        status=status,
        tab="profile",
        form=form,
        with_factor=isinstance(form, forms.EmailChangeWithFactorForm),
        email=current_user.account.email,
        cancel_url=url_for("accounts.profile"),
    )


# Confirm: by somebody who is signed in


@blueprint.get("/confirm/<token>")
def confirmation(token: str) -> Response:
    """The page that the mail's link opens. It changes nothing: mail scanners open links."""
    try:
        address = rules.read_link(owner(), token, clock.now())
    except LinkEnded:
        return _ended(layouts.CONSOLE, "email_change/_ended.html", tab="profile")
    return hx.render(
        "email_change/_confirm.html",
        layouts.CONSOLE,
        title=gettext("Confirm your new email"),
        tab="profile",
        action=url_for("email_change.confirm", token=token),
        old_email=current_user.account.email,
        email=address.text,
        cancel_url=url_for("accounts.profile"),
    )


@blueprint.post("/confirm/<token>")
def confirm(token: str) -> Response:
    try:
        browser.keep(
            rules.confirm(current_user.account, owner(), current_user.session, token, devices.here())
        )
    except (LinkEnded, rules.Taken):
        return _ended(layouts.CONSOLE, "email_change/_ended.html", tab="profile")
    return hx.render(
        "email_change/_done.html",
        layouts.CONSOLE,
        title=gettext("Your email is changed"),
        once={"tab": "profile", "email": current_user.account.email},
    )


# Undo: by the reader of the old address


@blueprint.get("/undo/<token>")
@public
def undoing(token: str) -> Response:
    """The page that the old address's link opens. It changes nothing."""
    try:
        change = rules.read_undo_link(token, clock.now())
    except LinkEnded:
        return _ended(layouts.CARD, errors.ERROR)
    return hx.render(
        "email_change/_undo.html",
        layouts.CARD,
        title=gettext("Undo the change of your email"),
        action=url_for("email_change.undo", token=token),
        old_email=change.old_email,
    )


@blueprint.post("/undo/<token>")
@public
def undo(token: str) -> Response:
    """Give the old address back, and lead to a new password."""
    try:
        reset_token = rules.undo(token, devices.here())
    except rules.Taken:
        return _ended(
            layouts.CARD,
            errors.ERROR,
            gettext(
                "Another account has this address now. If it is yours, sign in to it, change its address, and"
                " open this link again."
            ),
        )
    except LinkEnded:
        return _ended(layouts.CARD, errors.ERROR)
    except Locked as error:
        return _ended(layouts.CARD, errors.ERROR, error.sentence)
    browser.leave()
    return hx.leave(url_for("accounts.reset_password", token=reset_token))


def _ended(
    layout: str,
    template: str,
    sentence: str | None = None,
    tab: str | None = None,
) -> Response:
    return hx.render(
        template,
        layout,
        title=gettext("This link has ended"),
        status=410,
        once={
            "tab": tab,
            "heading": gettext("This link has ended"),
            "sentence": sentence
            or gettext("It was used already, is too old, or your account was changed since."),
            "way_url": url_for("accounts.profile") if tab else url_for("accounts.sign_in"),
            "way_label": gettext("Back to Profile") if tab else gettext("Go to sign-in"),
        },
    )
