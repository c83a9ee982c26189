"""The challenge of this browser, whether it is remembered, and the hand-over from the host's login to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from flask import Response, flash, g, get_flashed_messages, request, session, url_for

from mfa import at_work, clock
from mfa.accounts import Person, accounts, find
from mfa.crypto.links import Signer
from mfa.database import run, transaction
from mfa.people import rules as people
from mfa.people.rules import Owner, owner_of
from mfa.ring import signer
from mfa.sign_in import challenges, remembered, statements, verification
from mfa.sign_in.challenges import Asked, Live
from mfa.sign_in.remembered import REMEMBERED_BROWSER, Tokens
from mfa.sign_in.rules import PASSWORD, Passed
from mfa.web import cookies, devices, hx
from mfa.web.due import note_must_enroll

TOKEN_KEY = "two_step_challenge"  # noqa: S105 (its name)
"""The key in the host's session."""
_SAID = "two_step_said"
"""Likewise, of what the host has flashed for somebody who is signed in: it waits for that."""
_KIND = "remembered"
_A_DAY = 24 * 3600


class LetIn(NamedTuple):
    """Somebody for whom the password was enough."""

    owner: Owner
    passed: Passed


def challenge() -> Live | None:
    """Return the challenge of this browser."""
    token, kept = at_work.session().get(TOKEN_KEY), at_work.kept()
    if not isinstance(token, str):
        return None
    found: tuple[str, Live | None] | None = kept.get("mfa_challenge")
    if found is None or found[0] != token:
        found = kept.mfa_challenge = token, challenges.load(token, clock.now())
    return found[1]


def had_challenge() -> bool:
    """Return True if the cookie names a challenge, one that has ended included."""
    return TOKEN_KEY in session


def forget_challenge() -> None:
    """Take the challenge out of the cookie, without ending it."""
    session.pop(TOKEN_KEY, None)
    session.pop(_SAID, None)


def end_challenge() -> None:
    """End the challenge of this browser, if it has one."""
    live = challenge()
    if live:
        with transaction():
            challenges.break_off(live.id)
    forget_challenge()


@contextmanager
def kept_on_failure() -> Iterator[None]:
    """Leave the host's session as it was if what is done inside fails: it may not have been committed."""
    session = at_work.session()
    before = dict(session)
    try:
        yield
    except BaseException:
        if dict(session) != before:
            session.clear()
            session.update(before)
        raise


def begin(person: Person, asked: Asked) -> LetIn | None:
    """Begin a challenge, if the person's 2-step verification is on and this browser isn't remembered.

    Else return the person: the password was enough.
    """
    here = devices.here()
    before = challenge()
    forget_challenge()
    verification.forget()
    standing = run(statements.STANDING, {"whose": person.id}).one()
    is_on, has_passkeys, generation, epoch, failures, must_enroll_at, recovering_until = standing
    owner = g.mfa_owner_at_sign_in = owner_of(person, generation, epoch)
    if not is_on:
        if must_enroll_at:
            must_enroll(owner)
        return LetIn(owner, Passed(PASSWORD, asked.failures))
    token = remembered_token(person.id)
    if token and remembered.opens(owner, token, here):
        if before and before.owner.id == owner.id:
            with transaction():
                challenges.finish(before)
        verification.note(owner.id, here.now, REMEMBERED_BROWSER)
        return LetIn(owner, Passed(REMEMBERED_BROWSER, asked.failures))
    with transaction():
        # Of somebody else's challenge the owner is still told: it was not they who typed this password.
        own = before if before and before.owner.id == owner.id else None
        token, challenge_id = challenges.begin(owner, asked, here, own)
    session[TOKEN_KEY] = token
    said = get_flashed_messages(with_categories=True)
    if said:
        session[_SAID] = said
    live = Live(challenge_id, asked, False, owner, None, failures or 0, has_passkeys, recovering_until)
    g.mfa_challenge = (token, live)
    return None


def must_enroll(owner: Owner) -> None:
    """Have the person who signs in now be led into the wizard, and to nothing else."""
    g.mfa_must_enroll = owner.id
    # Where the host begins its session by itself, which it may do by emptying the old one.
    note_must_enroll(owner.id)


def enter(owner: Owner, asked: Asked, passed: Passed, *, remembers: bool = False) -> Response:
    """Have the host begin its session; the device is known from now on.

    :param remembers: the person wants the second step left out in this browser from now on.
    """
    g.mfa_owner_at_sign_in, g.mfa_passed = owner, passed
    said = session.get(_SAID, [])
    forget_challenge()
    here = devices.here()
    # A code that opens sign-in only opens no later one.
    is_kept = remembers and not passed.is_limited
    token = remembered.remember(owner, remembered_token(owner.id), here) if is_kept else None
    must_enroll = g.get("mfa_must_enroll") == owner.id
    way = url_for("two_step.wizard.enroll") if must_enroll else asked.next
    response = accounts().log_in(owner.person, way, remember=asked.remember)
    if must_enroll:
        note_must_enroll(owner.id)
    if passed.by != PASSWORD:
        by = verification.LIMITED_CODE if passed.is_limited else passed.by
        verification.note(owner.id, here.now, by)
    # Who may not sign in has typed a password all the same.
    if find(owner.id) is not None:
        devices.know(owner.id, owner.device_epoch)
        if token:
            _keep(owner.id, token, response)
        for category, message in said:
            flash(message, category)
    return devices.write(hx.for_window(response))


def passed() -> Passed:
    """Return how the person at sign-in was verified.

    :raises RuntimeError: nobody is signing in.
    """
    found: Passed | None = g.get("mfa_passed")
    if found is None:
        raise RuntimeError("nobody is signing in")
    return found


def is_known_device(person_id: str) -> bool:
    """Return True if the person at sign-in has signed in on this device before."""
    owner: Owner | None = g.get("mfa_owner_at_sign_in")
    return owner is not None and owner.id == person_id and owner.known(devices.device()) is not None


def leaves_out(person: Person) -> bool:
    """Return True if this browser is remembered for somebody whom the host has signed in by itself.

    The second step is left out in their session from now on, as at a sign-in.
    """
    token, here = remembered_token(person.id), devices.here()
    if token is None or not remembered.opens(people.owner(person), token, here):
        return False
    verification.note(person.id, here.now, REMEMBERED_BROWSER)
    return True


def remembered_token(person_id: str) -> str | None:
    """Return the token by which this browser is remembered for a person; None if it has none."""
    return _tokens().of(person_id)


def _tokens() -> Tokens:
    cookie = request.cookies.get(cookies.name(_KIND))
    return Tokens.read(cookie, _signer(), clock.now().timestamp()) if cookie else Tokens()


def _keep(person_id: str, token: str, response: Response) -> None:
    signed = _signer()
    value = signed.make(_tokens().with_person(person_id, token).payload(), clock.now().timestamp())
    cookies.write(response, _KIND, value, seconds=signed.lifetime)


def _signer() -> Signer:
    return signer("remembered-browser", remembered.days() * _A_DAY)
