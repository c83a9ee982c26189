"""What the mails say: one function a message.

Each renders its two templates, ``mail/NAME.txt`` and ``mail/NAME.html``. Links lead to the configured
host (``SERVER_NAME``), whatever host a request named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, render_template

from mfa.toolbox import NUMBER_SECONDS, RESET_LINK_SECONDS, SIGN_UP_LINK_SECONDS


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


# Mails that tell the owner what happened: they go through the outbox


def two_step_on(recipient: str, *, name: str) -> Message:
    return _render("two_step_on", recipient, "2-step verification is on", name=name)


def two_step_off(recipient: str, *, name: str) -> Message:
    return _render("two_step_off", recipient, "2-step verification is off", name=name)


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


NOTIFICATIONS = {
    message.__name__: message
    for message in (
        two_step_on,
        two_step_off,
        recovery_codes_reissued,
        recovery_code_used,
        password_changed,
    )
}


def absolute(endpoint: str, **values: Any) -> str:
    """The address of an endpoint on the configured host."""
    config = current_app.config
    adapter = current_app.url_map.bind(config["SERVER_NAME"], url_scheme=config["PREFERRED_URL_SCHEME"])
    return adapter.build(endpoint, values, force_external=True)


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
