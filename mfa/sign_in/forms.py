"""The forms that ask for a factor."""

from __future__ import annotations

from typing import ClassVar

from wtforms import BooleanField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from mfa.accounts import Person
from mfa.factors.ceremonies import Ceremony
from mfa.factors.kinds import CODE, PASSKEY, RECOVERY_CODE, Kept
from mfa.factors.models import APP
from mfa.i18n import lazy_gettext as _, ngettext
from mfa.sign_in import remembered
from mfa.web import forms


class VerifyForm(forms.Form):
    """A factor at sign-in, and whether this browser shall be remembered.

    ``mfa/sign_in/_remember.html`` has the box.
    """

    shown_again: ClassVar[tuple[str, ...]] = ("remember_browser",)

    remember_browser = BooleanField("")

    def offer(self, person: Person) -> None:
        """Show the box to *person*, unless their browsers may not be remembered."""
        if not remembered.may_be(person):
            del self.remember_browser
            return
        days = remembered.days()
        self.remember_browser.label.text = ngettext(
            "Don’t ask again in this browser for %(num)s day",
            "Don’t ask again in this browser for %(num)s days",
            days,
        )

    def remembers(self, person: Person) -> bool:
        """Return True if *person* has ticked the box, and their browsers may be remembered."""
        return bool(self.remember_browser.data) and remembered.may_be(person)


class VerifyCodeForm(VerifyForm):
    code = forms.six_digits(_("Authentication code"), _("Enter the 6-digit code from your app."))


class VerifyPasskeyForm(VerifyForm):
    passkey = forms.passkey()


class PasskeySignInForm(forms.Form):
    passkey = forms.passkey()
    next = forms.hidden()


class VerifyRecoveryForm(VerifyForm):
    recovery_code = forms.recovery_code()


class FactorForm(forms.Form):
    """Any factor of the person, as they choose."""

    shown_again: ClassVar[tuple[str, ...]] = ("factor",)
    ceremony: Ceremony | None = None
    """What asks the browser for a passkey, if the person has one."""
    has_app = True
    passkey_first = False
    """The script chooses a passkey, where the browser has them."""

    factor = RadioField(
        _("Confirm with"),
        [InputRequired(_("Choose how to confirm."))],
        choices=[
            SelectChoice(value=CODE, label=_("Authentication code")),
            SelectChoice(value=PASSKEY, label=_("Passkey")),
            SelectChoice(value=RECOVERY_CODE, label=_("Recovery code")),
        ],
    )
    code = forms.six_digits(_("Authentication code"), _("Enter the 6-digit code from your app."))
    passkey = forms.passkey()
    recovery_code = forms.recovery_code()

    def offer(self, kept: Kept, ceremony: Ceremony | None) -> None:
        """Show the kinds of factor that the person has, the one used last first.

        :param ceremony: what asks for one of their passkeys.
        """
        kinds = [CODE if one.kind == APP else PASSKEY for one in kept.authenticators]
        self.ceremony = ceremony if PASSKEY in kinds else None
        self.has_app = CODE in kinds
        offered = [*dict.fromkeys(kind for kind in kinds if kind != PASSKEY or self.ceremony), RECOVERY_CODE]
        named = {choice.value: choice for choice in self.factor.choices}
        self.factor.choices = [named[kind] for kind in offered]
        chosen = self.factor.data if self.factor.data in offered else offered[0]
        # Where there is no script, or no passkey in the browser, the choice of one is not shown.
        self.passkey_first = chosen == PASSKEY
        self.factor.data = next(kind for kind in (chosen, *offered) if kind != PASSKEY)

    def validate(self, extra_validators: object = None) -> bool:
        """Only the field of the chosen factor has to be filled in."""
        for field in self._fields_of.values():
            if field is not self.chosen:
                field.validators = [Optional()]
        return bool(super().validate(extra_validators))

    @property
    def chosen(self) -> StringField:
        """The field of the chosen factor."""
        return self._fields_of.get(self.factor.data, self.code)

    @property
    def _fields_of(self) -> dict[str, StringField]:
        return {CODE: self.code, PASSKEY: self.passkey, RECOVERY_CODE: self.recovery_code}
