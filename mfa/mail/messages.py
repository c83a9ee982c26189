"""What the mails say: one function a message.

Each renders its two templates, ``mail/NAME.txt`` and ``mail/NAME.html``. Links lead to the configured
host (``SERVER_NAME``), whatever host a request named.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, render_template
from flask_babel import gettext

from mfa.toolbox import (
    CONFIRM_LINK_SECONDS,
    EMAIL_CHANGE_LINK_SECONDS,
    NUMBER_SECONDS,
    RESET_LINK_SECONDS,
    SIGN_UP_LINK_SECONDS,
    UNDO_LINK_SECONDS,
    toolbox,
)


@dataclass(frozen=True)
class Message:
    recipient: str
    subject: str
    text: str
    html: str


# Mails that carry a link or a number: sent at once, never kept


def sign_up(recipient: str, *, token: str) -> Message:
    return _render(
        "sign_up",
        recipient,
        "Create your {product} account",
        link=absolute("accounts.create_account", token=token),
        minutes=SIGN_UP_LINK_SECONDS // 60,
    )


def already_signed_up(recipient: str, *, name: str) -> Message:
    return _render("already_signed_up", recipient, "You already have a {product} account", name=name)


def reset_password(recipient: str, *, name: str, token: str) -> Message:
    return _render(
        "reset_password",
        recipient,
        "Set a new password for {product}",
        name=name,
        link=absolute("accounts.reset_password", token=token),
        minutes=RESET_LINK_SECONDS // 60,
    )


def no_account(recipient: str) -> Message:
    return _render("no_account", recipient, "No {product} account with this address")


def enrollment_number(recipient: str, *, name: str, number: str, token: str) -> Message:
    return _render(
        "enrollment_number",
        recipient,
        "Your {product} authentication number",
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
        "Confirm your new {product} address",
        link=absolute("email_change.confirm", token=token),
        minutes=EMAIL_CHANGE_LINK_SECONDS // 60,
    )


def email_taken(recipient: str) -> Message:
    return _render("email_taken", recipient, "Your {product} address was entered for another account")


def confirm_second_step(recipient: str, *, name: str, token: str) -> Message:
    return _render(
        "confirm_second_step",
        recipient,
        "Confirm that you are signing in to {product}",
        name=name,
        link=absolute("second_step.confirm", token=token),
        minutes=CONFIRM_LINK_SECONDS // 60,
    )


# Mails that tell the owner what happened: they go through the outbox, so they are given nothing secret. The
# token of a link is made when the mail is.


def two_step_on(recipient: str, *, name: str) -> Message:
    return _render("two_step_on", recipient, "2-step verification is on", name=name)


def two_step_off(recipient: str, *, name: str) -> Message:
    return _render("two_step_off", recipient, "2-step verification is off", name=name)


def authenticator_moved(recipient: str, *, name: str) -> Message:
    return _render("authenticator_moved", recipient, gettext("Your authenticator app was changed"), name=name)


def recovery_codes_reissued(recipient: str, *, name: str) -> Message:
    return _render("recovery_codes_reissued", recipient, "Your recovery codes were reissued", name=name)


def recovery_code_used(recipient: str, *, name: str, codes_left: int) -> Message:
    return _render(
        "recovery_code_used",
        recipient,
        "A recovery code was used",
        name=name,
        codes_left=codes_left,
    )


def password_changed(recipient: str, *, name: str) -> Message:
    return _render("password_changed", recipient, "Your password was changed", name=name)


def new_sign_in(
    recipient: str, *, name: str, at: str, device: str, network: str, failures: int, new_device: bool
) -> Message:
    return _render(
        "new_sign_in",
        recipient,
        "New sign-in to {product}",
        name=name,
        failures=failures,
        new_device=new_device,
        **_seen(at, device, network),
    )


def sign_in_unfinished(recipient: str, *, name: str, at: str, device: str, network: str) -> Message:
    return _render(
        "sign_in_unfinished",
        recipient,
        "Somebody entered your {product} password",
        name=name,
        **_seen(at, device, network),
    )


def second_step_guessed(recipient: str, *, name: str, at: str, device: str, network: str) -> Message:
    return _render(
        "second_step_guessed",
        recipient,
        "Wrong codes were entered for your {product} account",
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
        "Your {product} address was changed",
        name=name,
        new_email=new_email,
        link=link,
        days=UNDO_LINK_SECONDS // (24 * 3600),
    )


def email_is_new(recipient: str, *, name: str) -> Message:
    """To the new address."""
    return _render("email_is_new", recipient, "This is your {product} address now", name=name)


def email_change_undone(recipient: str, *, name: str) -> Message:
    return _render(
        "email_change_undone", recipient, "The change of your {product} address was undone", name=name
    )


def by_support(recipient: str, *, name: str, what: str, reason: str) -> Message:
    return _render(
        "by_support", recipient, "{product} support changed your account", name=name, what=what, reason=reason
    )


NOTIFICATIONS = {
    message.__name__: message
    for message in (
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
}


def absolute(endpoint: str, **values: Any) -> str:
    """The address of an endpoint on the configured host."""
    config = current_app.config
    adapter = current_app.url_map.bind(config["SERVER_NAME"], url_scheme=config["PREFERRED_URL_SCHEME"])
    return adapter.build(endpoint, values, force_external=True)


def _seen(at: str, device: str, network: str) -> dict[str, Any]:
    return {"at": datetime.fromisoformat(at), "device": device, "network": network}


def _render(template: str, recipient: str, subject: str, **context: Any) -> Message:
    context |= {
        "product_name": current_app.config["PRODUCT_NAME"],
        "support_address": current_app.config["SUPPORT_ADDRESS"],
        "sign_in_url": absolute("accounts.sign_in"),
        "reset_url": absolute("accounts.forgot_password"),
        "sign_up_url": absolute("accounts.sign_up"),
    }
    return Message(
        recipient=recipient,
        subject=subject.format(product=context["product_name"]),
        text=render_template(f"mail/{template}.txt", **context),
        html=render_template(f"mail/{template}.html", **context),
    )
