"""Throttles by address range, beside those of each account: whoever guesses at many accounts is slowed too.

They are counted by Flask-Limiter: in the database, or in Redis. A device that signed in to the
account before is left alone: it has a count of its own, and its owner may share a network with an attacker.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from flask import Response, current_app, g, request
from flask_limiter import RequestLimit
from flask_login import current_user

from console.extensions import limiter
from console.web import devices
from console.web.devices import Known
from mfa import clock
from mfa.attempts import networks

_REFUSALS = (401, 403, 422, 429)
View = TypeVar("View", bound=Callable[..., object])


def _range() -> str:
    return devices.device().address or "unknown"


def _was_refused(response: Response) -> bool:
    # What the range's own limit refused was not checked: it doesn't count, and costs no write.
    looked_at = not any(limit.breached for limit in limiter.current_limits)
    return looked_at and response.status_code in _REFUSALS


def _is_known() -> bool:
    # Asked once for each limit of a route.
    if "is_known" not in g:
        device = devices.device()
        account = _account() if device.mark else None
        g.is_known = bool(account and device.known_to(account.id, account.device_epoch))
    return bool(g.is_known)


def at(whose: Callable[[], Known | None]) -> Callable[[View], View]:
    """Say at whose account a route guesses, where that is not the account that is signed in.

    :param whose: returns None for no account at all.
    """

    def mark(view: View) -> View:
        view.guesses_at = whose  # type: ignore[attr-defined]
        return view

    return mark


def nobody() -> None:
    """What an e-mailed link opens guesses at no account that the browser could be known to."""


def _account() -> Known | None:
    view = current_app.view_functions[request.endpoint or ""]
    whose: Callable[[], Known | None] = getattr(view, "guesses_at", _own)
    return whose()


def _own() -> Known | None:
    return current_user.account if current_user.is_authenticated else None


guesses = limiter.shared_limit(
    lambda: str(current_app.config["RATELIMIT_REFUSED"]),
    scope="refused",
    key_func=_range,
    methods=["POST"],
    deduct_when=_was_refused,
    exempt_when=_is_known,
)
"""For routes that take a password or a code: what they refuse counts against the range that it came from."""

mails = limiter.shared_limit(
    lambda: str(current_app.config["RATELIMIT_MAILS"]),
    scope="mails",
    key_func=_range,
    methods=["POST"],
)
"""For routes that send a mail to whoever is named: each counts."""

reports = limiter.shared_limit("60 per minute", scope="reports", key_func=_range, methods=["POST"])
"""For what browsers report: enough to hear of a fault, too few to fill the log."""


def wait(limit: RequestLimit | None) -> int:
    """Seconds until the range that was just refused may try again, by the clock of the limiter's store."""
    if limit is None:
        return 60
    own = isinstance(limiter.storage, networks.DatabaseStorage)
    now = clock.now().timestamp() if own else time.time()
    # A hit that a clock ahead of ours has dated makes nobody wait longer than its window is.
    return max(1, min(int(limit.reset_at - now), limit.limit.get_expiry()))
