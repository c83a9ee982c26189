"""What the mails say: one function a message.

Each renders its two templates, ``mail/NAME.txt`` and ``mail/NAME.html``. Links lead to the configured
host and path (``SERVER_NAME``, ``APPLICATION_ROOT``), whatever a request named.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app, render_template
from flask_babel import gettext, lazy_gettext as _, ngettext
from flask_babel.speaklater import LazyString

from console.activity import events
from console.toolbox import (
    CONFIRM_LINK_SECONDS,
    EMAIL_CHANGE_LINK_SECONDS,
    NUMBER_SECONDS,
    RESET_LINK_SECONDS,
    SIGN_UP_LINK_SECONDS,
    UNDO_LINK_SECONDS,
    toolbox,
)
from mfa.notices.office import Message

# Mails that carry a link or a number: sent at once, never kept


def sign_up(recipient: str, *, token: str) -> Message:
    return _render(
        "sign_up",
        recipient,
        _("Create your %(product)s account"),
        link=absolute("accounts.create_account", token=token),
        minutes=SIGN_UP_LINK_SECONDS // 60,
    )


def already_signed_up(recipient: str, *, name: str) -> Message:
    return _render("already_signed_up", recipient, _("You already have a %(product)s account"), name=name)


def address_reserved(recipient: str) -> Message:
    return _render(
        "address_reserved",
        recipient,
        _("No %(product)s account can have this address yet"),
        days=UNDO_LINK_SECONDS // 86400,
    )


def reset_password(recipient: str, *, name: str, token: str) -> Message:
    return _render(
        "reset_password",
        recipient,
        _("Set a new password for %(product)s"),
        name=name,
        link=absolute("accounts.reset_password", token=token),
        minutes=RESET_LINK_SECONDS // 60,
    )


def no_account(recipient: str) -> Message:
    return _render("no_account", recipient, _("No %(product)s account with this address"))


def enrollment_number(recipient: str, *, name: str, number: str, token: str) -> Message:
    return _render(
        "enrollment_number",
        recipient,
        _("Your %(product)s authentication number"),
        name=name,
        number=number,
        link=absolute("enrollment_link.page", token=token),
        minutes=NUMBER_SECONDS // 60,
    )


def confirm_email(recipient: str, *, token: str) -> Message:
    """Without a name: it goes to an address that may be a stranger's, and a name can be any text."""
    return _render(
        "confirm_email",
        recipient,
        _("Confirm your new %(product)s address"),
        link=absolute("email_change.confirm", token=token),
        minutes=EMAIL_CHANGE_LINK_SECONDS // 60,
    )


def email_taken(recipient: str) -> Message:
    return _render("email_taken", recipient, _("Your %(product)s address was entered for another account"))


def confirm_second_step(recipient: str, *, name: str, token: str) -> Message:
    return _render(
        "confirm_second_step",
        recipient,
        _("Confirm that you are signing in to %(product)s"),
        name=name,
        link=absolute("second_step.confirm", token=token),
        minutes=CONFIRM_LINK_SECONDS // 60,
    )


# Mails that tell the owner what happened: they go through the outbox, so they are given nothing secret. The
# token of a link is made when the mail is.


def two_step_on(recipient: str, *, name: str) -> Message:
    return _render("two_step_on", recipient, _("2-step verification is on"), name=name)


def two_step_off(recipient: str, *, name: str) -> Message:
    return _render("two_step_off", recipient, _("2-step verification is off"), name=name)


def authenticator_moved(recipient: str, *, name: str) -> Message:
    return _render("authenticator_moved", recipient, _("Your authenticator app was changed"), name=name)


def recovery_codes_reissued(recipient: str, *, name: str) -> Message:
    return _render("recovery_codes_reissued", recipient, _("Your recovery codes were reissued"), name=name)


def recovery_code_used(recipient: str, *, name: str, codes_left: int) -> Message:
    return _render(
        "recovery_code_used",
        recipient,
        _("A recovery code was used"),
        name=name,
        codes_left=codes_left,
    )


def password_changed(recipient: str, *, name: str) -> Message:
    return _render("password_changed", recipient, _("Your password was changed"), name=name)


def new_sign_in(
    recipient: str, *, name: str, at: str, device: str, network: str, failures: int, new_device: bool
) -> Message:
    return _render(
        "new_sign_in",
        recipient,
        _("New sign-in to %(product)s"),
        name=name,
        what=_signed_in(failures, new_device),
        **_seen(at, device, network),
    )


def sign_in_unfinished(recipient: str, *, name: str, at: str, device: str, network: str) -> Message:
    return _render(
        "sign_in_unfinished",
        recipient,
        _("Somebody entered your %(product)s password"),
        name=name,
        **_seen(at, device, network),
    )


def second_step_guessed(recipient: str, *, name: str, at: str, device: str, network: str) -> Message:
    return _render(
        "second_step_guessed",
        recipient,
        _("Wrong codes were entered for your %(product)s account"),
        name=name,
        **_seen(at, device, network),
    )


def email_changed(recipient: str, *, name: str, new_email: str, change: int | None, at: str) -> Message:
    """To the old address.

    :param change: the id of the change, which the link undoes; None if only an earlier one can be undone.
    """
    link = None
    if change is not None:
        token = toolbox().undo_links.make({"change": change}, datetime.fromisoformat(at).timestamp())
        link = absolute("email_change.undo", token=token)
    return _render(
        "email_changed",
        recipient,
        _("Your %(product)s address was changed"),
        name=name,
        new_email=new_email,
        link=link,
        days=UNDO_LINK_SECONDS // (24 * 3600),
    )


def email_is_new(recipient: str, *, name: str) -> Message:
    """To the new address."""
    return _render("email_is_new", recipient, _("This is your %(product)s address now"), name=name)


def email_change_undone(recipient: str, *, name: str) -> Message:
    return _render(
        "email_change_undone", recipient, _("The change of your %(product)s address was undone"), name=name
    )


def by_support(recipient: str, *, name: str, what: str, reason: str) -> Message:
    """What an operator did.

    :param what: the event in the tab Activity.
    """
    return _render(
        "by_support",
        recipient,
        _("%(product)s support worked on your account"),
        name=name,
        what=_BY_SUPPORT[what],
        reason=reason,
    )


NOTICES = (
    two_step_on,
    two_step_off,
    authenticator_moved,
    recovery_codes_reissued,
    recovery_code_used,
    password_changed,
    new_sign_in,
    sign_in_unfinished,
    second_step_guessed,
    email_changed,
    email_is_new,
    email_change_undone,
    by_support,
)


_BY_SUPPORT = {
    events.SUPPORT_LOOKED: _("Support looked at the settings of your account."),
    events.SUPPORT_DISABLED: _("Support turned 2-step verification off for your account."),
    events.SUPPORT_SIGNED_OUT: _("Support signed you out on every device."),
    events.SUPPORT_LOCKED: _("Support locked your account."),
    events.SUPPORT_UNLOCKED: _("Support unlocked your account."),
}


def absolute(endpoint: str, **values: Any) -> str:
    """Return the address of an endpoint on the configured host, below the configured path."""
    config = current_app.config
    adapter = current_app.url_map.bind(
        config["SERVER_NAME"],
        script_name=config["APPLICATION_ROOT"],
        url_scheme=config["PREFERRED_URL_SCHEME"],
    )
    return adapter.build(endpoint, values, force_external=True)


def _signed_in(failures: int, new_device: bool) -> str:
    if not failures:
        if new_device:
            return gettext(
                "Somebody signed in to your account on a device that had not signed in to it before:"
            )
        return gettext("Somebody signed in to your account:")
    if new_device:
        return ngettext(
            "Somebody signed in to your account on a device that had not signed in to it before, after"
            " %(num)d failed attempt:",
            "Somebody signed in to your account on a device that had not signed in to it before, after"
            " %(num)d failed attempts:",
            failures,
        )
    return ngettext(
        "Somebody signed in to your account, after %(num)d failed attempt:",
        "Somebody signed in to your account, after %(num)d failed attempts:",
        failures,
    )


def _seen(at: str, device: str, network: str) -> dict[str, Any]:
    return {"at": datetime.fromisoformat(at), "device": device, "network": network}


def _render(template: str, recipient: str, subject: LazyString, **context: Any) -> Message:
    context |= {
        "product_name": current_app.config["PRODUCT_NAME"],
        "support_address": current_app.config["SUPPORT_ADDRESS"],
        "sign_in_url": absolute("accounts.sign_in"),
        "reset_url": absolute("accounts.forgot_password"),
        "sign_up_url": absolute("accounts.sign_up"),
    }
    return Message(
        recipient=recipient,
        subject=str(subject) % {"product": context["product_name"]},
        text=render_template(f"mail/{template}.txt", **context),
        html=render_template(f"mail/{template}.html", **context),
    )
