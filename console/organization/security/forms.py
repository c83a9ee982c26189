"""The form of the tab Security settings."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, IntegerField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange
from wtforms.widgets import HiddenInput

from console.organization.security.rules import EVERYBODY, GRACE_DAYS, MANAGERS
from mfa.columns import LARGEST_ID
from mfa.web import forms

_GRACE = {
    0: _("None"),
    1: _("1 day"),
    3: _("3 days"),
    7: _("7 days"),
    14: _("14 days"),
    30: _("30 days"),
}


class SecurityForm(forms.Form):
    """What there is to set.

    :param version: of the settings that the page has shown.
    """

    shown_again = (
        "version",
        "required",
        "scope",
        "grace_days",
        "passkeys",
        "remembers_browsers",
        "sign_up_closed",
        "approves_resets",
    )

    version = IntegerField("", validators=[InputRequired(), NumberRange(0, LARGEST_ID)], widget=HiddenInput())
    required = BooleanField(_("Require 2-step verification for all users"))
    scope = RadioField(
        _("Who must have it"),
        choices=[
            SelectChoice(value=EVERYBODY, label=_("Everybody")),
            SelectChoice(value=MANAGERS, label=_("Owners and administrators only")),
        ],
        default=EVERYBODY,
    )
    grace_days = SelectField(
        _("Grace period"),
        coerce=int,
        choices=[SelectChoice(value=days, label=_GRACE[days]) for days in GRACE_DAYS],
    )
    passkeys = BooleanField(_("Passkeys only for administrators"))
    remembers_browsers = BooleanField(_("Remembered browsers allowed"))
    sign_up_closed = BooleanField(_("Only invited people can create an account"))
    approves_resets = BooleanField(_("A second administrator approves a reset"))
