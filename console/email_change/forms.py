"""The form that asks for another address."""

from __future__ import annotations

from typing import ClassVar

from flask_babel import lazy_gettext as _

from console.web import fields
from mfa.sign_in.forms import FactorForm
from mfa.web import forms


class EmailChangeForm(forms.Form):
    shown_again: ClassVar[tuple[str, ...]] = ("email",)

    email = fields.email(_("New email"), enterkeyhint="next")
    password = forms.current_password(enterkeyhint="send")


class EmailChangeWithFactorForm(FactorForm, EmailChangeForm):
    """While 2-step verification is on: the same, and either factor."""

    shown_again = (*EmailChangeForm.shown_again, *FactorForm.shown_again)

    password = forms.current_password(enterkeyhint="next")
