"""Invitations in words."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from console.organization.invitations.listing import Show, State

SHOWN = {Show.OPEN: _("Open"), Show.ALL: _("All")}
STATES = {
    State.WAITING: _("Waiting"),
    State.EXPIRED: _("Expired"),
    State.ACCEPTED: _("Accepted"),
    State.WITHDRAWN: _("Withdrawn"),
    State.HAS_ACCOUNT: _("Has an account"),
    State.ENDED: _("Ended"),
}
WHY = {
    State.HAS_ACCOUNT: _("The address got an account in another way. You can withdraw the invitation."),
    State.ENDED: _(
        "The person who sent it may no longer invite to this role. If you send it again, it works."
    ),
}
"""What is said about a state that doesn't explain itself."""
MARKS = {
    State.WITHDRAWN: " mark--role",
    State.EXPIRED: " mark--off",
    State.HAS_ACCOUNT: " mark--off",
    State.ENDED: " mark--trouble",
}
"""The classes that color a state; the others need no color."""
