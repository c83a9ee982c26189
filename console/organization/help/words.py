"""Requests to help a member, in words."""

from __future__ import annotations

from flask_babel import gettext

from console.organization.help.rules import Shown, State


def lead(*, takes_two: bool) -> str:
    """Return what a reset does, before it is asked for."""
    said = gettext(
        "We mail them a link for 24 hours. With it and their password they set 2-step verification up again."
        " Until then nothing changes. Be sure who asks you."
    )
    if takes_two:
        said += " " + gettext("A second administrator has to approve it first, within 72 hours.")
    return said


def asked(state: State | None) -> str:
    """Return what was done when a reset was asked for."""
    if state is State.WAITING:
        return gettext(
            "Your request waits for a second administrator. We have mailed those who may approve it."
        )
    return gettext("The link is on its way to the member.")


def title(shown: Shown) -> str:
    """Return the state of a request."""
    if shown.state is State.WAITING:
        return gettext("A reset waits for approval")
    if shown.state is State.OUT:
        return gettext("A link to reset is out")
    return gettext("The member has stopped a reset")


def lead_of(shown: Shown) -> str:
    """Return what that means."""
    if shown.state is State.WAITING:
        return gettext(
            "Nothing has changed yet. A second administrator approves it, or somebody withdraws it."
        )
    if shown.state is State.OUT:
        return gettext(
            "With the link and their password they set 2-step verification up again. Until then, the one they"
            " have is still asked for."
        )
    return gettext(
        "They pressed “This wasn’t me”. Find out who asked for the reset, and why. If they are"
        " still locked out, the people who run this service can reset it by a command."
    )


def withdrawn(seen: State) -> str:
    """Return what was done when it was withdrawn."""
    return (
        gettext("The request is withdrawn.") if seen is State.WAITING else gettext("The link is withdrawn.")
    )
