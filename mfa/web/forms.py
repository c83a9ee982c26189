"""Fields as everyone needs them: attributes that browsers, password managers and phones understand."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired

from mfa.accounts.models import EMAIL_LENGTH
from mfa.crypto.passwords import MAX_LENGTH


class Form(FlaskForm):  # type: ignore[misc]
    """A form that was posted, with its CSRF token; with no fields of its own, just a button."""


def email(label: str = "Email", **attributes: Any) -> EmailField:
    return EmailField(
        label,
        [InputRequired("Enter your e-mail address.")],
        render_kw={
            "autocomplete": "email",
            "inputmode": "email",
            "enterkeyhint": "send",
            "maxlength": EMAIL_LENGTH,
            "autocapitalize": "none",
            "spellcheck": "false",
            **attributes,
        },
    )


def current_password(label: str = "Password", enterkeyhint: str = "go") -> PasswordField:
    return PasswordField(
        label,
        [InputRequired("Enter your password.")],
        render_kw={
            "autocomplete": "current-password",
            "maxlength": MAX_LENGTH,
            "enterkeyhint": enterkeyhint,
        },
    )


def new_password(label: str = "Password") -> PasswordField:
    # No maxlength: a password cut silently while pasting is one that never works again.
    return PasswordField(
        label,
        [InputRequired("Choose a password.")],
        render_kw={"autocomplete": "new-password", "enterkeyhint": "done"},
    )


def six_digits(label: str, missing: str) -> StringField:
    return StringField(
        label,
        [InputRequired(missing)],
        render_kw={
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "enterkeyhint": "go",
            "maxlength": 32,
            "class": "digits",
            "spellcheck": "false",
        },
    )


def recovery_code(label: str = "Recovery code") -> StringField:
    return StringField(
        label,
        [InputRequired("Enter one of your recovery codes.")],
        render_kw={
            "autocomplete": "off",
            "autocapitalize": "characters",
            "autocorrect": "off",
            "enterkeyhint": "go",
            "maxlength": 64,
            "class": "recovery-code",
            "spellcheck": "false",
        },
    )


def hidden() -> HiddenField:
    return HiddenField()
