"""The forms of sign-up, sign-in, password and profile."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired

from console import languages
from console.web import forms


def _name(enterkeyhint: str) -> StringField:
    return StringField(
        _("Name"),
        [InputRequired(_("Enter your name."))],
        render_kw={"autocomplete": "name", "enterkeyhint": enterkeyhint},
    )


class SignUpForm(forms.Form):
    email = forms.email()


class CreateAccountForm(forms.Form):
    name = _name("next")
    password = forms.new_password()


class SignInForm(forms.Form):
    email = forms.email(enterkeyhint="next")
    password = forms.current_password()
    next = forms.hidden()


class ForgotPasswordForm(forms.Form):
    email = forms.email()


class ResetPasswordForm(forms.Form):
    new_password = forms.new_password(_("New password"))


class ProfileForm(forms.Form):
    name = _name("done")
    language = SelectField(
        _("Language"), choices=lambda: list(languages.offered().items()), validate_choice=False
    )


class PasswordForm(forms.Form):
    current_password = forms.current_password(_("Current password"), "next")
    new_password = forms.new_password(_("New password"))
