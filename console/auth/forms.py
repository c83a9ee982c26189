"""The forms of sign-up, sign-in, password and profile."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired

from console import languages
from console.web import fields
from mfa.web import forms


def _name(enterkeyhint: str) -> StringField:
    return StringField(
        _("Name"),
        [InputRequired(_("Enter your name."))],
        render_kw={"autocomplete": "name", "enterkeyhint": enterkeyhint},
    )


class SignUpForm(forms.Form):
    shown_again = ("email",)

    email = fields.email()


class CreateAccountForm(forms.Form):
    shown_again = ("name",)

    name = _name("next")
    password = fields.new_password()


class SignInForm(forms.Form):
    shown_again = ("email", "next")

    email = fields.email(enterkeyhint="next", autocomplete="username webauthn")
    password = forms.current_password()
    next = forms.hidden()


class ForgotPasswordForm(forms.Form):
    shown_again = ("email",)

    email = fields.email()


class ResetPasswordForm(forms.Form):
    new_password = fields.new_password(_("New password"))


class ProfileForm(forms.Form):
    shown_again = ("name", "language")

    name = _name("done")
    language = SelectField(
        _("Language"), choices=lambda: list(languages.offered().items()), validate_choice=False
    )


class PasswordForm(forms.Form):
    current_password = forms.current_password(_("Current password"), "next")
    new_password = fields.new_password(_("New password"))
