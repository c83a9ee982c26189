"""Who asks for a page of the extension: a person who is signed in at the host, or nobody."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, g, request

from mfa import accounts, at_work
from mfa.accounts import Person, SignedOut
from mfa.people import rules as people
from mfa.people.rules import Owner
from mfa.web import hx
from mfa.web.paths import local_path


def is_signed_in() -> bool:
    """Return True if somebody is signed in at the host."""
    return accounts.current() is not None


def has_signed_in(person: Person) -> bool:
    """Return True if *person* is who is signed in at the host."""
    here = accounts.current()
    return here is not None and here.id == person.id


def person() -> Person:
    """Return who is signed in, as the host says.

    :raises SignedOut: nobody is.
    """
    found = accounts.current()
    if found is None:
        raise SignedOut
    return found


def owner() -> Owner:
    """Return who is signed in, as the database has them; it is asked once a request for each person.

    :raises SignedOut: nobody is.
    """
    here = person()
    found: Owner | None = g.get("mfa_owner")
    # The host may sign somebody else in before this request is over.
    if found is None or found.person != here:
        person_id, *counts = g.get("mfa_counts", (None,))
        found = people.owner_of(here, *counts) if person_id == here.id else people.owner(here)
        g.mfa_owner = found
    return found


def note_counts(person_id: str, generation: int, device_epoch: int) -> None:
    """Have :func:`owner` not ask for what another statement has read."""
    at_work.kept().mfa_counts = (person_id, generation, device_epoch)


def forget_owner(_error: BaseException | None = None) -> None:
    """Have :func:`owner` ask the database again: something was changed, or the request is over."""
    kept = at_work.kept()
    kept.pop("mfa_owner", None)
    kept.pop("mfa_counts", None)


def to_sign_in() -> Response:
    """Lead the window to the host's sign-in page, and from there back to where it was.

    The cookie is left alone: a poll may come here, and what it wrote could overwrite the sign-in of another
    window.
    """
    response = hx.leave(accounts.accounts().sign_in_url(whereabouts()))
    if hx.wanted():
        response.status_code = 401
    return response


def whereabouts() -> str | None:
    """Return the path of the page that the visitor has open, or is on the way to."""
    if request.method in ("GET", "HEAD") and not hx.wanted():
        return destination()
    try:
        shown, page = urlsplit(request.headers.get("HX-Current-URL", "")), urlsplit(request.referrer or "")
    except ValueError:
        return None
    return local_path(shown.path or (page.path if page.netloc == request.host else None))


def destination() -> str | None:
    """Return the path that the request at work asks for, with its query."""
    return local_path(f"{request.root_path}{request.full_path}".removesuffix("?"))
