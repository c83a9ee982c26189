"""Where pending things live between two requests: in the signed session cookie, checked at each step."""

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
from console.two_step.enrollment import Change, Enrollment, Pending
from console.web import access, layouts
from mfa import clock
from mfa.errors import Refusal
from mfa.web import hx

reached = Signal()
"""Sent with a step of the wizard when an enrollment comes to it for the first time."""

_ENROLLMENT, _CHANGE = "enrollment", "change"


def keep(pending: Pending) -> None:
    """Put it into the cookie, in place of the one before."""
    before = Enrollment.read(session.get(_ENROLLMENT))
    session[_key(type(pending))] = pending.keep()
    if isinstance(pending, Enrollment) and (
        before is None or (before.id, before.step) != (pending.id, pending.step)
    ):
        reached.send(pending.step)


def drop(kind: type[Pending]) -> None:
    """Take it out of the cookie."""
    session.pop(_key(kind), None)


def peek() -> Enrollment | None:
    """The enrollment of this browser, if it could go on."""
    enrollment = Enrollment.read(session.get(_ENROLLMENT))
    return email_proof.newest(enrollment) if enrollment and _problem(enrollment) is None else None


def enrollment(shown: str | None = None) -> Enrollment:
    """The enrollment of this browser.

    :param shown: the id in the form that was posted, where one was.
    :raises rules.Stale, Changed: there is none that can go on.
    """
    found = Enrollment.read(session.get(_ENROLLMENT))
    if found is None:
        raise rules.AlreadyOn if rules.state(current_user.account.person_id).on else rules.Stale
    _check(found, shown)
    return email_proof.newest(found)


def change(purpose: str, shown: str | None = None) -> Change:
    """The change of this browser whose password was typed for *purpose*.

    :param shown: the id in the form that was posted, where one was.
    :raises rules.Stale, Changed: there is none that can go on.
    """
    found = Change.read(session.get(_CHANGE))
    if found is None or found.purpose != purpose:
        raise rules.Stale
    _check(found, shown)
    return found


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
    rules.AlreadyOn: (
        _("2-step verification is on already"),
        _("There is nothing more to do here."),
    ),
    factors.NotOn: (_("2-step verification is off"), _("It was turned off in another window.")),
    Changed: (
        _("Your account was changed"),
        _("Your password, address or 2-step verification was changed elsewhere. Nothing else was changed."),
    ),
}


def say_ends(blueprint: Blueprint, kind: type[Pending], *, restart: bool) -> None:
    """Have the routes of *blueprint* say what happened to something pending, and offer the way on.

    :param kind: what it is, to be taken out of the cookie.
    :param restart: offer to activate 2-step verification from the start, where it is off.
    """

    def over(error: Refusal) -> Response:
        # What the other window began goes on, and so does a move while an old window asks to activate.
        # A GET leaves the cookie alone: what is over there is over at each look.
        if request.method == "POST" and not isinstance(error, (rules.StartedOver, rules.AlreadyOn)):
            drop(kind)
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


def _key(kind: type[Pending]) -> str:
    return _ENROLLMENT if kind is Enrollment else _CHANGE


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
    return rules.Completed if isinstance(found, Change) and rules.completed(found) else Changed


def _check(found: Pending, shown: str | None) -> None:
    if shown is not None and shown != found.id:
        raise rules.StartedOver
    problem = _problem(found)
    if problem:
        raise problem
