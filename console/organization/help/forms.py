"""The forms of what is decided about a request."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import AnyOf
from wtforms.widgets import HiddenInput

from console.organization.help.rules import State
from mfa.web.forms import Form


class WithdrawForm(Form):
    """
    :param seen: the state of the request as the page has shown it.
    """

    seen = StringField("", [AnyOf([State.WAITING, State.OUT])], widget=HiddenInput())
