"""Fields as everyone needs them: attributes that browsers, password managers and phones understand."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired

from mfa.accounts.models import EMAIL_LENGTH
from mfa.crypto.passwords import MAX_LENGTH

_EMAIL, _PASSWORD, _RECOVERY_CODE = _("Email"), _("Password"), _("Recovery code")


class Form(FlaskForm):  # type: ignore[misc]
    """A form that was posted, with its CSRF token; with no fields of its own, just a button."""


def email(label: LazyString = _EMAIL, **attributes: Any) -> EmailField:
    return EmailField(
        label,
        [InputRequired(_("Enter your e-mail address."))],
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


def current_password(label: LazyString = _PASSWORD, enterkeyhint: str = "go") -> PasswordField:
    return PasswordField(
        label,
        [InputRequired(_("Enter your password."))],
        render_kw={
            "autocomplete": "current-password",
            "maxlength": MAX_LENGTH,
            "enterkeyhint": enterkeyhint,
        },
    )


def new_password(label: LazyString = _PASSWORD) -> PasswordField:
    # No maxlength: a password cut silently while pasting is one that never works again.
    return PasswordField(
        label,
        [InputRequired(_("Choose a password."))],
        render_kw={"autocomplete": "new-password", "enterkeyhint": "done"},
    )


def six_digits(label: LazyString, missing: LazyString) -> StringField:
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


def recovery_code(label: LazyString = _RECOVERY_CODE) -> StringField:
    return StringField(
        label,
        [InputRequired(_("Enter one of your recovery codes."))],
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
