"""The form that ends a session."""

from __future__ import annotations

from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange
from wtforms.widgets import HiddenInput

from mfa.web import forms

_LARGEST_ID = 2**31 - 1


class EndSessionForm(forms.Form):
    session = IntegerField(validators=[InputRequired(), NumberRange(1, _LARGEST_ID)], widget=HiddenInput())
