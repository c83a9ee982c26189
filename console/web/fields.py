"""The fields that the console's forms have besides those of the extension."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

_EMAIL, _PASSWORD = _("Email"), _("Password")


def email(label: LazyString = _EMAIL, **attributes: str) -> StringField:
    # Not type="email": Chromium sends "strasse.example" where "straße.example" was typed (IDNA 2003).
    return StringField(
        label,
        [InputRequired(_("Enter your e-mail address."))],
        render_kw={
            "autocomplete": "email",
            "inputmode": "email",
            "enterkeyhint": "send",
            "autocapitalize": "none",
            "spellcheck": "false",
            **attributes,
        },
    )


def new_password(label: LazyString = _PASSWORD) -> PasswordField:
    return PasswordField(
        label,
        [InputRequired(_("Choose a password."))],
        render_kw={"autocomplete": "new-password", "enterkeyhint": "done"},
    )
