"""The form that forgets a remembered browser."""

from __future__ import annotations

from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange
from wtforms.widgets import HiddenInput

from mfa.columns import LARGEST_ID
from mfa.web import forms


class ForgetBrowserForm(forms.Form):
    browser = IntegerField("", validators=[InputRequired(), NumberRange(1, LARGEST_ID)], widget=HiddenInput())
