"""Where what is pending lives between two requests: one thing, in the signed session cookie."""

from __future__ import annotations

from blinker import Signal
from flask import Blueprint, Response, request, session, url_for
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from flask_login import current_user

from console.accounts.rules import Changed
from console.sessions.rules import SessionEnded
from console.toolbox import toolbox
from console.two_step import email_proof, factors, rules
from console.two_step.pending import Pending
from console.two_step.purposes import Purpose
from console.web import access, layouts
from mfa import clock
from mfa.errors import Refusal
from mfa.web import hx

reached = Signal()
"""Sent with a step of the wizard when an enrollment comes to it for the first time."""

_SLOT = "pending"


class WouldEnd(Refusal):
    """Going on would end a move of which this page did not tell."""

    says = _("You began to move to a new phone in another window. That ends if you go on here.")


def start(purpose: Purpose) -> Pending:
    """Return something new that is pending in this session; it is not in the cookie yet."""
    account = current_user.account
    return Pending.start(
        purpose,
        account=account.id,
        session=current_user.session.id,
        generation=account.generation,
        ring=toolbox().ring,
        now=clock.now(),
    )


def put(pending: Pending) -> None:
    """Put it into the cookie, in place of what was pending before."""
    before = _read()
    session[_SLOT] = pending.to_cookie()
    if pending.enrolls and (before is None or (before.id, before.step) != (pending.id, pending.step)):
        reached.send(pending.step)


def clear() -> None:
    """Take what is pending out of the cookie."""
    session.pop(_SLOT, None)


def begun() -> Pending | None:
    """The enrollment of this browser, if it could go on."""
    found = _read()
    return email_proof.newest(found) if found and found.enrolls and _problem(found) is None else None


def enrollment(shown: str | None = None) -> Pending:
    """The enrollment of this browser.

    :param shown: the id in the form that was posted, where one was.
    :raises rules.Stale, Changed: there is none that can go on.
    """
    found = _of((Purpose.ACTIVATE, Purpose.MOVE), shown)
    if not found.enrolls:
        raise rules.StartedOver  # another move has come as far as its password
    return email_proof.newest(found)


def change(purpose: Purpose, shown: str | None = None) -> Pending:
    """What this browser has begun for *purpose*, of which the password alone was typed so far.

    :param shown: the id in the form that was posted, where one was.
    :raises rules.Stale, Changed: there is nothing that can go on.
    """
    found = _of((purpose,), shown)
    if found.enrolls:
        raise rules.StartedOver  # the wizard is open for it, in this window or another
    return found


def open_move() -> Pending | None:
    """The enrollment of this browser, if it could go on and moves.

    A factor was used up for it, so nothing else takes its place before the person was told.
    """
    found = begun()
    return found if found and found.purpose is Purpose.MOVE else None


def check_told(of: str | None) -> None:
    """Refuse to begin something else if an enrollment would end by it and the person was not told.

    :param of: the id of the enrollment that the page says will end.
    :raises WouldEnd: there is another one.
    """
    ends = open_move()
    if ends and ends.id != of:
        raise WouldEnd


_ENDINGS: dict[type[Exception], tuple[LazyString, LazyString]] = {
    rules.Stale: (
        _("This step has ended"),
        _("It was completed or given up already. Nothing was changed."),
    ),
    rules.Completed: (
        _("This step was completed already"),
        _("Your change was made, and was not made a second time."),
    ),
    rules.Expired: (
        _("The time for this step is over"),
        _("It was open for too long. Nothing was changed."),
    ),
    rules.StartedOver: (
        _("This step was started over"),
        _("You started it over in another window. Go on there, or start again here."),
    ),
    rules.Displaced: (
        _("This step has ended"),
        _("It ended when you began something else. Nothing was changed by it."),
    ),
    rules.AlreadyOn: (
        _("2-step verification is on already"),
        _("There is nothing more to do here."),
    ),
    factors.NotOn: (_("2-step verification is off"), _("There is nothing to do here while it is off.")),
    Changed: (
        _("Your account was changed"),
        _("Your password, address or 2-step verification was changed elsewhere. Nothing else was changed."),
    ),
}
_OF_ANOTHER = (rules.StartedOver, rules.Displaced, rules.AlreadyOn, factors.NotOn)
"""What a window is told whose own thing is not what the slot holds."""


def say_ends(blueprint: Blueprint, *, restart: bool) -> None:
    """Have the routes of *blueprint* say what happened to something pending, and offer the way on.

    :param restart: offer to activate 2-step verification from the start, where it is off.
    """

    def over(error: Refusal) -> Response:
        # What another window began goes on. A GET leaves the cookie alone: what is over is over at each look.
        if request.method == "POST" and not isinstance(error, _OF_ANOTHER):
            clear()
        return _ended(error, restart=restart)

    for refusal in (rules.Stale, factors.NotOn, Changed):
        blueprint.register_error_handler(refusal, over)
    blueprint.register_error_handler(SessionEnded, lambda _: access.to_sign_in())


def _ended(error: Refusal, *, restart: bool) -> Response:
    heading, sentence = _ENDINGS[type(error)]
    return hx.render(
        "mfa/_ended.html",
        layouts.CONSOLE,
        title=heading,
        status=409,
        once={
            "tab": "two-step",
            "heading": str(heading),
            "sentence": str(sentence),
            "restart": restart and not rules.state(current_user.account.person_id).on,
            "way_url": url_for("two_step.tab"),
        },
    )


def _read() -> Pending | None:
    return Pending.read(session.get(_SLOT))


def _of(purposes: tuple[Purpose, ...], shown: str | None) -> Pending:
    found = _read()
    if found is None:
        raise _none_of(purposes, shown)
    if found.purpose not in purposes:
        raise rules.Displaced
    if shown is not None and shown != found.id:
        raise rules.StartedOver
    problem = _problem(found)
    if problem:
        raise problem
    return found


def _none_of(purposes: tuple[Purpose, ...], shown: str | None) -> Refusal:
    if shown and not rules.is_spent(shown):
        # Neither completed nor given up: something took its place, and was completed since.
        return rules.Displaced()
    if Purpose.ACTIVATE in purposes and rules.state(current_user.account.person_id).on:
        return rules.AlreadyOn()
    return rules.Stale()


def _problem(found: Pending) -> type[Refusal] | None:
    account, here = current_user.account, current_user.session
    if found.account != account.id or found.session != here.id:
        return rules.Stale
    if found.expired(clock.now()):
        return rules.Expired
    if not toolbox().ring.has(found.key):
        return rules.Expired  # the master key that its secrets are derived with was taken off the ring
    if found.generation == account.generation:
        return None
    # An enrollment can also be canceled; all else is used up only by what changes the account with it.
    return rules.Completed if not found.enrolls and rules.is_spent(found.id) else Changed
