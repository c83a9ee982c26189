"""Where what is pending lives between two requests: one thing, in the signed session cookie."""

from __future__ import annotations

from blinker import Signal
from flask import Blueprint, Response, request, session, url_for

from mfa import at_work, clock
from mfa.accounts import SignedOut, accounts
from mfa.enrollment import changes, email_proof, rules
from mfa.enrollment.pending import Pending
from mfa.enrollment.purposes import Purpose
from mfa.errors import Refusal
from mfa.factors import kinds as factors
from mfa.i18n import LazyString, lazy_gettext as _
from mfa.notices.delivery import NoAddress
from mfa.people.required import MustStayOn
from mfa.people.rules import Changed
from mfa.ring import ring
from mfa.web import hx, layouts, visitor
from mfa.web.visitor import owner, person

reached = Signal()
"""Sent with a step of the wizard when an enrollment comes to it for the first time."""

_SLOT = "two_step_pending"


class WouldEnd(Refusal):
    """Going on would end a move of which this page did not tell."""

    says = _("You began to move to a new phone in another window. That ends if you go on here.")


def start(purpose: Purpose, target: int | None = None) -> Pending:
    """Return something new that is pending in this session; it is not in the cookie yet.

    :param target: the id of the authenticator that it is about, if it is about one that is kept.
    """
    return Pending.start(
        purpose,
        person=owner().id,
        session=accounts().session_id(),
        mark=owner().mark(),
        ring=ring(),
        now=clock.now(),
        target=target,
    )


def is_empty() -> bool:
    """Return True if nothing was begun in this session, or all that was begun is done."""
    return _read() is None


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
    :raises changes.Stale, Changed: there is none that can go on.
    """
    found = _of((Purpose.ACTIVATE, Purpose.ADD, Purpose.MOVE), shown)
    if not found.enrolls:
        raise changes.StartedOver  # another one has come as far as its password
    return email_proof.newest(found)


def change(purpose: Purpose, shown: str | None = None) -> Pending:
    """What this browser has begun for *purpose*, of which the password alone was typed so far.

    :param shown: the id in the form that was posted, where one was.
    :raises changes.Stale, Changed: there is nothing that can go on.
    """
    found = _of((purpose,), shown)
    if found.enrolls:
        raise changes.StartedOver  # the wizard is open for it, in this window or another
    return found


def proof(shown: str) -> Pending:
    """What this browser has begun to prove by a mailed number that it is its person.

    :param shown: the id in the form that was posted.
    :raises changes.Stale, Changed: there is nothing that can go on.
    """
    return email_proof.newest(_of((Purpose.PROVE,), shown))


def begun_proof() -> Pending | None:
    """What :func:`proof` would return, if it could go on."""
    found = _read()
    if found is None or found.purpose is not Purpose.PROVE or _problem(found):
        return None
    return email_proof.newest(found)


def passkey_id() -> bytes | None:
    """The id of the passkey that was made for what is pending, whether or not it could go on."""
    found = _read()
    made = found and found.person == person().id and found.new_passkey
    return made.credential_id if made else None


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
    changes.Stale: (
        _("This step has ended"),
        _("It was completed or given up already. Nothing was changed."),
    ),
    changes.Completed: (
        _("This step was completed already"),
        _("Your change was made, and was not made a second time."),
    ),
    changes.Expired: (
        _("The time for this step is over"),
        _("It was open for too long. Nothing was changed."),
    ),
    changes.StartedOver: (
        _("This step was started over"),
        _("You started it over in another window. Go on there, or start again here."),
    ),
    changes.Displaced: (
        _("This step has ended"),
        _("It ended when you began something else. Nothing was changed by it."),
    ),
    changes.Removed: (
        _("It was removed"),
        _("This authenticator was removed meanwhile. Nothing was changed."),
    ),
    changes.AlreadyOn: (
        _("2-step verification is on already"),
        _("There is nothing more to do here."),
    ),
    factors.NotOn: (_("2-step verification is off"), _("There is nothing to do here while it is off.")),
    MustStayOn: (_("2-step verification is required"), MustStayOn.says),
    NoAddress: (
        _("An e-mail address comes first"),
        _("Your account has no e-mail address that a mail could be sent to. Add one, and begin again."),
    ),
    Changed: (
        _("Your account was changed"),
        _("Your password, address or 2-step verification was changed elsewhere. Nothing else was changed."),
    ),
}
_OF_ANOTHER = (
    changes.StartedOver,
    changes.Displaced,
    changes.Removed,
    changes.AlreadyOn,
    factors.NotOn,
    NoAddress,
)
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

    for refusal in (changes.Stale, factors.NotOn, Changed, NoAddress, MustStayOn):
        blueprint.register_error_handler(refusal, over)
    blueprint.register_error_handler(SignedOut, lambda _: visitor.to_sign_in())


_CHANGED_WITHOUT_PASSWORD = _(
    "Your address or 2-step verification was changed elsewhere. Nothing else was changed."
)


def _ended(error: Refusal, *, restart: bool) -> Response:
    heading, sentence = _ENDINGS[type(error)]
    if isinstance(error, Changed) and not accounts().has_password(person()):
        sentence = _CHANGED_WITHOUT_PASSWORD
    return hx.render(
        "mfa/_ended.html",
        layouts.ACCOUNT,
        title=heading,
        status=409,
        once={
            "tab": "two-step",
            "heading": str(heading),
            "sentence": str(sentence),
            "restart": restart and bool(person().email) and not rules.state(person().id).on,
            "way_url": url_for("two_step.manage.tab"),
        },
    )


def _read() -> Pending | None:
    return Pending.read(at_work.session().get(_SLOT))


def _of(purposes: tuple[Purpose, ...], shown: str | None) -> Pending:
    found = _read()
    if found is None:
        raise _none_of(purposes, shown)
    if found.purpose not in purposes:
        raise changes.Displaced
    if shown is not None and shown != found.id:
        raise changes.StartedOver
    problem = _problem(found)
    if problem:
        raise problem
    return found


def _none_of(purposes: tuple[Purpose, ...], shown: str | None) -> Refusal:
    if shown and not changes.is_spent(shown):
        # Neither completed nor given up: something took its place, and was completed since.
        return changes.Displaced()
    if Purpose.ACTIVATE in purposes and rules.state(person().id).on:
        return changes.AlreadyOn()
    return changes.Stale()


def _problem(found: Pending) -> type[Refusal] | None:
    if found.person != person().id or found.session != accounts().session_id():
        return changes.Stale
    if found.expired(clock.now()):
        return changes.Expired
    if not ring().has(found.key):
        return changes.Expired  # the master key that its secrets are derived with was taken off the ring
    if owner().is_marked(found.mark, found.key):
        return None
    # An enrollment can also be canceled; all else is used up only by what changes the account with it.
    return changes.Completed if not found.enrolls and changes.is_spent(found.id) else Changed
