"""The forms of sign-up, sign-in, password and profile."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired

from mfa import languages
from mfa.accounts.models import NAME_LENGTH
from mfa.web import forms


def _name() -> StringField:
    return StringField(
        _("Name"),
        [InputRequired(_("Enter your name."))],
        render_kw={"autocomplete": "name", "maxlength": NAME_LENGTH},
    )


class SignUpForm(forms.Form):
    email = forms.email()


class CreateAccountForm(forms.Form):
    name = _name()
    password = forms.new_password()


class SignInForm(forms.Form):
    email = forms.email(autofocus=True)
    password = forms.current_password()
    next = forms.hidden()


class ForgotPasswordForm(forms.Form):
    email = forms.email()


class ResetPasswordForm(forms.Form):
    new_password = forms.new_password(_("New password"))


class ProfileForm(forms.Form):
    name = _name()
    language = SelectField(
        _("Language"), choices=lambda: list(languages.offered().items()), validate_choice=False
    )


class PasswordForm(forms.Form):
    current_password = forms.current_password(_("Current password"))
    new_password = forms.new_password(_("New password"))
