"""What the extension asks of its host: who somebody is, and how they are signed in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from flask import Flask, Response, flash, request, session, url_for

from mfa import at_work, clock, database
from mfa.database import PERSON_ID_LENGTH
from mfa.errors import Refusal, SetUpWrong
from mfa.i18n import lazy_gettext as _

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from mfa.notices.office import Message

_ACCOUNTS = "mfa_accounts"
PROVED = "two_step_proved"
"""The key in the host's session under which the default adapter notes a proof of identity."""


class SignedOut(Refusal):
    """The host's session ended while something was being done in it. A host may raise it anywhere."""

    says = _("Your session has ended. Sign in again.")


@dataclass(frozen=True)
class Person:
    """Somebody who has an account at the host. Without an address they can't turn 2-step verification on.

    :param id: the host's id as text, at most 64 characters; never given to anybody else later.
    :param email: where mails to them go; empty if they have no address.
    :param name: how they are called in mails; may be empty.
    :param language: the code of the language in which mails are written. If None, a number is mailed in the
        language of the request, and what is told later in the one that the host speaks by default.
    """

    id: str
    email: str
    name: str = ""
    language: str | None = None

    @property
    def label(self) -> str:
        """Return what their account is called on a screen: the address, else the name or the id."""
        return self.email or self.name or self.id


class Accounts(ABC):
    """The host's accounts. A host gives the four abstract methods; the others have defaults."""

    throttles_passwords = False
    """True if :meth:`check_password` itself slows down somebody who guesses; it then raises a
    :class:`~mfa.errors.Refusal`. Else the extension counts the attempts."""

    @abstractmethod
    def current(self) -> Person | None:
        """Return who is signed in; None if nobody is."""

    @abstractmethod
    def get(self, person_id: str) -> Person | None:
        """Return the person with that id; None if there is none, or if they may not sign in."""

    @abstractmethod
    def check_password(self, person: Person, typed: str) -> bool:
        """Return True if *typed* is the person's password."""

    @abstractmethod
    def log_in(self, person: Person, next: str, *, remember: bool = False) -> Response:  # noqa: A002 (the trade's name)
        """Begin the host's session, and answer.

        :param next: a path of this application to lead to, or empty: then the host knows where.
        :param remember: as the host has passed it to ``sign_in``.
        """

    def has_password(self, person: Person) -> bool:  # noqa: ARG002 (for hosts that differ)
        """Return False for somebody who has none that :meth:`check_password` could check.

        They sign in by a mailed link or by another provider; where others type their password, they type a
        number that is mailed to them.
        """
        return True

    def log_out(self) -> None:
        """End the host's session in this browser: somebody is in it who has not shown their second step."""
        raise SetUpWrong("Two-step's guard can't sign anybody out: give the adapter log_out().")

    def is_remembered(self) -> bool:
        """Return True if the host's session began by a cookie that remembers a login, for the guard.

        Then ``log_in`` is called with ``remember`` after the second step, and the browser stays remembered.
        """
        return False

    def identify(self, user: object) -> Person:
        """Return the person that the host's own object *user* stands for."""
        if isinstance(user, Person):
            return user
        raise SetUpWrong(
            f"Two-step got a {type(user).__name__} and not a Person: give the adapter identify()."
        )

    def stamp(self, person: Person) -> str:
        """Return a text that changes whenever the password or the address does.

        What was begun before such a change can't be ended after it. It stays on the server. The default knows
        of the address alone.
        """
        return person.email

    def session_id(self) -> str:
        """Return what names the session of this browser; empty if the host can't tell its sessions apart."""
        return ""

    def proved_at(self) -> datetime | None:
        """Return when the person last proved in this session that it is them, aware and in UTC; else None."""
        noted = session.get(PROVED)
        person = self.current()
        if not isinstance(noted, list) or len(noted) != 2 or person is None or noted[0] != person.id:
            return None
        return datetime.fromtimestamp(noted[1], UTC) if isinstance(noted[1], int) else None

    def note_proof(self, person: Person) -> None:
        """Note in this session that the person has proved now that it is them."""
        session[PROVED] = [person.id, int(clock.now().timestamp())]

    @property
    def ends_other_sessions(self) -> bool:
        """Return True if :meth:`end_other_sessions` does something.

        Pages and mails say so, and that a new password signs out every device, too.
        """
        return type(self).end_other_sessions is not Accounts.end_other_sessions

    def end_other_sessions(self, person: Person) -> None:  # noqa: B027 (nothing, where the host can't)
        """End every session of the person but that of this browser, where the host can.

        The second step was turned on or off, or moved. With a session of the database that the host shares
        with the extension it is called in the transaction of that change, else after its commit.
        """

    def end_sessions(self, person: Person) -> None:  # noqa: B027 (nothing, where the host can't)
        """End every session of the person, where the host can.

        An operator took their second step away, or they made new recovery codes worthless by the link in
        their mail, in a browser where they are not signed in. In the transaction of that, as above.
        """

    def sign_in_url(self, next: str | None = None, *, ended: bool = False) -> str:  # noqa: A002, ARG002 (likewise)
        """Return the address of the host's sign-in page.

        :param next: the path where the person wanted to go.
        :param ended: True if a sign-in took too long, or was used already.
        """
        endpoint = self.pages().get("sign_in")
        if not endpoint:
            raise SetUpWrong("Two-step needs to know the sign-in page: name it in the adapter's pages().")
        return url_for(endpoint, next=next)

    def pages(self) -> Mapping[str, str]:
        """Return the endpoints of the host's pages that ours and the mails link to.

        ``sign_in``, and where the host has them ``forgot_password``, ``change_password``,
        ``change_email`` and ``home``.
        """
        return {}

    def engine(self) -> Engine | None:
        """Return the engine of the database that has the extension's tables; None for Flask-SQLAlchemy's.

        Not asked where ``MFA_DATABASE_URI`` names one.
        """
        return None

    def home_url(self) -> str:
        """Return the address where somebody goes who is signed in already."""
        home = self.pages().get("home")
        return url_for(home) if home else f"{request.root_path}/"

    def say(self, text: str, category: str) -> None:
        """Have the next page of the host say *text*, which may be Markup.

        :param category: ``info``, ``success`` or ``warning``. The default is Flask's own ``flash``.
        """
        flash(text, category)

    def other_addresses(self, person: Person) -> Sequence[str]:  # noqa: ARG002 (likewise)
        """Return more addresses to tell the person at when somebody is let in without their second step.

        Those that they had until lately and could take back: who has stolen the account may have changed it.
        """
        return ()

    def notify(self, person: Person, notice: Message) -> bool:  # noqa: ARG002 (likewise)
        """Tell the person of *notice* by another way than mail; return True if that is done.

        Called when the notice leaves the outbox; with the default it goes out by mail.
        """
        return False


def use(app: Flask, accounts: Accounts) -> None:
    """Let the extension in *app* ask *accounts*."""
    app.extensions[_ACCOUNTS] = accounts


def current() -> Person | None:
    """Return who is signed in at the host.

    :raises SetUpWrong: the adapter gives somebody without an id.
    """
    person = accounts().current()
    return _checked(person) if person else None


def find(person_id: str) -> Person | None:
    """Return the person with that id, if they may sign in.

    :raises SetUpWrong: the adapter gives somebody else.
    """
    person = accounts().get(person_id)
    if person and person.id != person_id:
        raise SetUpWrong(f"The adapter's get({person_id!r}) returned the person {person.id!r}.")
    return _checked(person) if person else None


def identify(user: object) -> Person:
    """Return the person that the host's own object stands for.

    :raises SetUpWrong: it stands for nobody with an id.
    """
    return _checked(accounts().identify(user))


def _checked(person: Person) -> Person:
    """Return *person*, with an empty address in place of none and of a text that is no address."""
    person_id: object = person.id
    if not isinstance(person_id, str) or not 0 < len(person_id) <= PERSON_ID_LENGTH:
        raise SetUpWrong(
            f"The id of a person must be a text of 1 to {PERSON_ID_LENGTH} characters, not {person.id!r}."
        )
    email: object = person.email
    if not isinstance(email, str | None):
        raise SetUpWrong(f"The e-mail address of the person {person.id!r} must be a text, not {email!r}.")
    return person if email and "@" in email else replace(person, email="")


def accounts() -> Accounts:
    """Return the adapter of the application at work."""
    database.release()
    return cast("Accounts", at_work.app().extensions[_ACCOUNTS])
