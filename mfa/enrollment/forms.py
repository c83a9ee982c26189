"""The forms of the wizard, and of reissue, disable and move.

The steps of something pending carry its id: a tab whose steps were started over elsewhere is told so.
"""

from __future__ import annotations

from typing import Self

from wtforms import BooleanField

from mfa.i18n import lazy_gettext as _
from mfa.sign_in.forms import FactorForm
from mfa.web import forms


class StepForm(forms.Form):
    pending = forms.hidden()

    @classmethod
    def naming(cls, pending_id: str, form: Self | None = None) -> Self:
        """Return *form*, or an empty one, that names what it is a step of."""
        form = form or cls(formdata=None)
        form.pending.data = pending_id
        return form


class PasswordProofForm(StepForm):
    """The password that begins something; it names the enrollment that ends by it, if there is one."""

    password = forms.current_password()


class NumberForm(StepForm):
    number = forms.six_digits(_("Authentication number"), _("Enter the 6-digit number from the mail."))


class CodeForm(StepForm):
    code = forms.six_digits(_("Authentication code"), _("Enter the 6-digit code from your app."))


class PasskeyForm(StepForm):
    """What the browser made."""

    passkey = forms.passkey()


class MethodForm(StepForm):
    """Another kind of authenticator for the one that was begun."""

    method = forms.hidden()


class NameForm(StepForm):
    """What a new authenticator is called."""

    shown_again = ("name",)

    name = forms.authenticator_name()


class SavedForm(StepForm):
    saved = BooleanField(_("I have saved my recovery codes on my personal device"))


class ChangeForm(FactorForm, StepForm):
    """The factor that disables, removes, or opens the wizard for another app."""
