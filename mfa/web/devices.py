"""The device that a request comes from, and the signed cookie by which it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Request, Response, g

from mfa import accounts, at_work, clock, devices
from mfa.crypto.links import Signer
from mfa.devices import Device, Mark
from mfa.here import Here
from mfa.people import rules as people
from mfa.ring import signer
from mfa.web import cookies

_KIND = "device"


def here() -> Here:
    """Return this moment, and the device that the request comes from."""
    return Here(clock.now(), device())


def device() -> Device:
    """Return what the request says of the device that it comes from."""
    request, kept = at_work.request(), at_work.kept()
    found: tuple[Request, Device] | None = kept.get("mfa_device")
    # A test may send several requests in one application context.
    if found is None or found[0] is not request:
        mark = _mark(request.cookies.get(cookies.name(_KIND)))
        made = devices.seen(request.headers.get("User-Agent", ""), request.remote_addr or "", mark)
        found = kept.mfa_device = request, made
    return found[1]


def know(person_id: str, epoch: int) -> None:
    """Have the device cookie of this browser say that a person signed in here.

    The answer needs :func:`write`.
    """
    mark = device().mark or Mark.new()
    g.mfa_device_mark = mark.with_account(person_id, epoch)


@contextmanager
def known_as_before(person_id: str) -> Iterator[None]:
    """Keep this browser a known one while every device of a person is forgotten; not if it was none.

    A session alone makes no known device: its thief would press here for one count of guesses after another.
    """
    known = device().known_to(person_id, people.epoch(person_id))
    yield
    if known:
        know(person_id, people.epoch(person_id))


def is_known(whose: Callable[[], Any] | None) -> bool:
    """Return True if this device is known to the person whose id *whose* returns, or who is signed in."""
    found = device()
    if not found.mark:
        return False
    person = None if whose else accounts.current()
    person_id = whose() if whose else person.id if person else None
    return person_id is not None and found.known_to(person_id, people.epoch(person_id)) is not None


def write(response: Response) -> Response:
    """Set the device cookie on *response* if its request called :func:`know`."""
    mark: Mark | None = at_work.kept().pop("mfa_device_mark", None)
    if mark:
        value = _marks().make(mark.payload(), clock.now().timestamp())
        cookies.write(response, _KIND, value, seconds=devices.LIFETIME)
    return response


def _mark(cookie: str | None) -> Mark | None:
    return Mark.read(cookie, _marks(), clock.now().timestamp()) if cookie else None


def _marks() -> Signer:
    return signer(_KIND, devices.LIFETIME)
