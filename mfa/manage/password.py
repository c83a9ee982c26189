"""The password that opens a change of the second step, or what stands for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Response, url_for

from mfa.enrollment import proof, rules, slot
from mfa.enrollment.pending import Pending
from mfa.enrollment.purposes import Purpose
from mfa.factors import kinds as factors
from mfa.people import required
from mfa.sign_in import verification
from mfa.web import hx
from mfa.web.visitor import person


def show(purpose: Purpose, action: str) -> Response:
    """Ask for it on the page at *action*."""
    return _comes_first(purpose, action) or proof.show(purpose, action)


def begin(
    purpose: Purpose,
    action: str,
    url: str,
    show: Callable[[Pending], Response],
    target: int | None = None,
) -> Response:
    """Check what was posted, keep it for *purpose* alone, and *show* the page at *url* that it opens.

    :param action: where it was asked for.
    :param target: the id of the authenticator that it is about, if it is about one.
    """
    refused = _comes_first(purpose, action) or proof.take(purpose, action)
    if refused:
        return refused
    begun = slot.start(purpose, target)
    slot.put(begun)
    return hx.onward(url, lambda: show(begun))


def send_number(purpose: Purpose, action: str) -> Response:
    """Mail the number that stands for a password where there is none."""
    must_be_open(purpose)
    return proof.send(purpose, action)


def _comes_first(purpose: Purpose, action: str) -> Response | None:
    """Lead to the second step where the password alone would be enough, in a session that has not shown it.

    A session may be older than the second step, or remembered: with the password it could make itself codes.
    """
    since = must_be_open(purpose)
    if purpose is Purpose.REISSUE and not verification.is_since(person().id, since):
        return hx.leave(confirm_url(action))
    return None


def confirm_url(way_back: str) -> str:
    """Return where the person confirms by their second step, and then goes on at *way_back*."""
    return url_for("two_step.step_up.ask", next=way_back)


def must_be_open(purpose: Purpose) -> datetime:
    """Return since when 2-step verification is on.

    :raises factors.NotOn: it is off.
    :raises required.MustStayOn: *purpose* is to turn it off, and that may not be.
    """
    since = rules.state(person().id).since
    if since is None:
        raise factors.NotOn
    if purpose is Purpose.DISABLE and required.of(person()):
        raise required.MustStayOn
    return since
