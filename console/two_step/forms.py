"""The forms of the wizard, of reissue, disable and move, and of sign-in's second step.

The steps of something pending carry its id: a tab whose steps were started over elsewhere is told so.
"""

from __future__ import annotations

from typing import ClassVar, Self

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from console.two_step.factors import CODE, RECOVERY_CODE
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


class SavedForm(StepForm):
    saved = BooleanField(_("I have saved my recovery codes on my personal device"))


class VerifyCodeForm(forms.Form):
    code = forms.six_digits(_("Authentication code"), _("Enter the 6-digit code from your app."))


class VerifyRecoveryForm(forms.Form):
    recovery_code = forms.recovery_code()


class FactorForm(forms.Form):
    """Either factor, as the person chooses."""

    shown_again: ClassVar[tuple[str, ...]] = ("factor",)

    factor = RadioField(
        _("Confirm with"),
        [InputRequired(_("Choose how to confirm."))],
        choices=[
            SelectChoice(value=CODE, label=_("Authentication code")),
            SelectChoice(value=RECOVERY_CODE, label=_("Recovery code")),
        ],
        default=CODE,
    )
    code = forms.six_digits(_("Authentication code"), _("Enter the 6-digit code from your app."))
    recovery_code = forms.recovery_code()

    def validate(self, extra_validators: object = None) -> bool:
        """Only the field of the chosen factor has to be filled in."""
        unused = self.recovery_code if self.factor.data == CODE else self.code
        unused.validators = [Optional()]
        return bool(super().validate(extra_validators))

    @property
    def chosen(self) -> StringField:
        """The field of the chosen factor."""
        return self.code if self.factor.data == CODE else self.recovery_code


class ChangeForm(FactorForm, StepForm):
    """The factor that disables, or opens a move."""
