"""The forms of what is decided about a request."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import AnyOf
from wtforms.widgets import HiddenInput

from console.organization.help.rules import State
from mfa.web.forms import Form


class WithdrawForm(Form):
    """
    :param seen: where the request stood on the page that was pressed.
    """

    seen = StringField("", [AnyOf([State.WAITING, State.OUT])], widget=HiddenInput())
