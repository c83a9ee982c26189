"""Watch the routes of a host: lead people to what they must show or set up first."""

from __future__ import annotations

from collections.abc import Collection

from flask import Flask, Response, request, url_for

from mfa import accounts as adapters, at_work, database
from mfa.accounts import Person
from mfa.factors import lacking
from mfa.requirement.leading import TWO_STEP, VERIFICATION, lead
from mfa.sign_in import browser, routes as sign_in, verification as shown
from mfa.sign_in.challenges import Asked
from mfa.web.due import due, note_must_enroll
from mfa.web.visitor import whereabouts

_OURS = "two_step"
_OPEN = frozenset({"two_step.sign_in", "two_step.revocation", "two_step.recovery", "two_step.assets"})
"""Our own blueprints in which people show it, or need not."""


def watch(app: Flask, exempt: Collection[str], *, verification: bool = True) -> None:
    """Have every route of *app* ask for what its visitor has not shown, but for those that are *exempt*.

    :param verification: False to ask for what is required alone.
    """

    @app.before_request
    def _watch() -> Response | None:
        request = at_work.request()
        endpoint, rooms = request.endpoint, request.blueprints
        if endpoint is None or endpoint in exempt or _is_file(endpoint) or _OPEN.intersection(rooms):
            return None
        if request.method == "OPTIONS":
            return None
        try:
            person = adapters.current()
            if person is None:
                shown.forget()
                return None
            way = _to_second_step(person) if verification else None
            return way or (None if _OURS in rooms else _to_what_is_required(person))
        finally:
            database.close()


def _is_file(endpoint: str) -> bool:
    return endpoint == "static" or endpoint.endswith(".static")


def _to_second_step(person: Person) -> Response | None:
    """Lead people to the second step who have not shown theirs in this session."""
    since, must_enroll = lacking.watched(person)
    if must_enroll:
        note_must_enroll(person.id)
    if since is None or shown.is_signed_in_since(person.id, since) or browser.leaves_out(person):
        return None
    host = adapters.accounts()
    asked = Asked(next=whereabouts() or "", remember=host.is_remembered(), is_login=False)
    host.log_out()
    browser.begin(person, asked)
    return lead(sign_in.address(), VERIFICATION)


def _to_what_is_required(person: Person) -> Response | None:
    """Lead people who must set something up before anything else to where they do."""
    found = None if _takes_address(person) else due(person)
    if found is None or not found.is_over:
        return None
    return lead(url_for("two_step.manage.tab" if found.is_on else "two_step.wizard.enroll"), TWO_STEP)


def _takes_address(person: Person) -> bool:
    """Return True where the host takes an address from somebody who has none: the wizard needs one first."""
    return not person.email and request.endpoint == adapters.accounts().pages().get("change_email")
