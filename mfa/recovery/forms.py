"""The form of the page that leads back."""

from __future__ import annotations

from mfa.i18n import lazy_gettext as _
from mfa.web import forms


class PasswordForm(forms.Form):
    password = forms.current_password()


class NumberForm(forms.Form):
    """For somebody without a password: the number that was mailed while the page was open."""

    number = forms.six_digits(_("Authentication number"), _("Enter the 6-digit number from the mail."))
