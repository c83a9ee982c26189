"""What a page needs that asks for a factor of somebody who is signed in, or for a passkey."""

from __future__ import annotations

from mfa import clock
from mfa.accounts import accounts
from mfa.factors import ceremonies, kinds as factors
from mfa.factors.base import Kept
from mfa.factors.ceremonies import Ceremony
from mfa.sign_in import passwordless
from mfa.sign_in.forms import FactorForm
from mfa.web import csrf
from mfa.web.visitor import person


def passkey_sign_in() -> Ceremony | None:
    """Return what asks somebody who is not signed in for a passkey; None if they can't sign in like that."""
    return passwordless.ask(visitors_place(), clock.now()) if passwordless.is_offered() else None


def visitors_place() -> str:
    """Return what a passkey's challenge is bound to where nobody is signed in: the session of the browser."""
    return f"sign-in by passkey {csrf.raw_half()}"


def place(purpose: str) -> str:
    """Return what a passkey's challenge is bound to where somebody is asked for *purpose* in this session.

    The cookie names it, too: a host may have no session of its own that it could tell apart.
    """
    return f"{purpose} {accounts().session_id()} {csrf.raw_half()} {person().id}"


def offer(form: FactorForm, bound_to: str, found: Kept | None = None, *, but: int | None = None) -> None:
    """Have *form* offer the factors of the person.

    :param bound_to: what a passkey's challenge is good for.
    :param found: what is kept of their second step, where this request has read it already.
    :param but: the id of an authenticator that must not answer.
    """
    kept = found or factors.kept(person().id)
    if kept is None:
        return
    kept = kept.without(but)
    can = kept.passkeys and ceremonies.are_possible()
    form.offer(kept, ceremonies.request(bound_to, clock.now(), passkeys=kept.passkeys) if can else None)
