"""The answers that the ways to an account share: sign-up, sign-in, the forgotten password, an invitation."""

from __future__ import annotations

from flask import Response, current_app, g, url_for
from flask_babel import gettext, lazy_gettext as _

from console.accounts.addresses import Address
from console.accounts.models import Account
from console.auth.forms import CreateAccountForm
from console.extensions import two_step
from console.mail import mailbox
from console.sessions import browser
from console.web import errors, layouts
from mfa.i18n import Text
from mfa.web import hx

WHY_ENDED = _("It was used already, is too old, or your account was changed since.")


def enter(account: Account, target: str | None = None, *, failures: int = 0, told: bool = False) -> Response:
    """Answer a right password, or a link that has set one: the second step is asked for where it is on.

    :param told: a mail about the same press goes out anyway.
    """
    g.told_by_mail = told
    browser.leave()
    return two_step.sign_in(account, target, failures=failures, swap=True)


def check_inbox(address: Address) -> Response:
    """Say that a mail was sent; the same whether or not the address has an account."""
    return hx.render(
        "accounts/_check_inbox.html",
        layouts.CARD,
        title=gettext("Check your inbox"),
        once={
            "email": address.text,
            "mailbox_url": url_for("mailbox.index") if mailbox.in_use(current_app.config) else None,
        },
    )


def show_create_account(
    form: CreateAccountForm, email: str, action: str, status: int = 200, *, note: str | None = None
) -> Response:
    """Show the page of a mailed link that opens an account.

    :param action: where the form posts to.
    :param note: what the account will be besides.
    """
    return hx.render(
        "accounts/_create_account.html",
        layouts.CARD,
        title=gettext("Create your account"),
        status=status,
        form=form,
        email=email,
        note=note,
        action=action,
        min_length=current_app.config["PASSWORD_MIN_LENGTH"],
    )


def link_ended(way_url: str, way_label: str, why: Text = WHY_ENDED) -> Response:
    """Say that a mailed link opens nothing any more, and lead on."""
    return hx.render(
        errors.ERROR,
        layouts.CARD,
        title=gettext("This link has ended"),
        status=410,
        once={
            "heading": gettext("This link has ended"),
            "sentence": str(why),
            "way_url": way_url,
            "way_label": way_label,
        },
    )
