"""The console's accounts as the extension knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from flask import Response, g, session, url_for
from flask_babel import gettext
from flask_login import current_user

from console.accounts import rules as accounts, statements
from console.accounts.models import Account
from console.auth import password as passwords
from console.extensions import db, two_step
from console.sessions import browser, rules as sessions
from console.sessions.browser import Visitor, person_of
from console.sessions.rules import SignIn
from console.toolbox import UNDO_LINK_SECONDS
from console.web import notices
from mfa import at_work, clock
from mfa.accounts import Accounts, Person
from mfa.columns import LARGEST_ID
from mfa.database import after_commit, run
from mfa.errors import SetUpWrong
from mfa.factors import kinds as factors
from mfa.web import devices, hx


class ConsoleAccounts(Accounts):
    """Accounts that throttle passwords by themselves, and whose sessions end on the server."""

    throttles_passwords = True

    def current(self) -> Person | None:
        visitor = browser.visitor()
        return visitor.person if visitor else None

    def get(self, person_id: str) -> Person | None:
        account = _find(person_id)
        return person_of(account) if account and _is_open(account) else None

    def identify(self, user: object) -> Person:
        return person_of(user) if isinstance(user, Account) else super().identify(user)

    def check_password(self, person: Person, typed: str) -> bool:
        try:
            passwords.prove(_known(person), typed, devices.here())
        except passwords.WrongPassword:
            return False
        return True

    def log_in(self, person: Person, next: str, *, remember: bool = False) -> Response:  # noqa: A002, ARG002 (the extension's names)
        passed = two_step.passed
        how = SignIn(
            by=passed.by,
            failures=passed.failures,
            new_device=not two_step.is_known_device(person),
            announce=passed.by != "password" or not g.get("told_by_mail", False),
        )
        if browser.sign_in(_known(person), how).kept:
            notices.say(gettext("Welcome back. Your account stays: it is not deleted."), "success")
        return hx.leave(next or url_for("console.home"))

    def stamp(self, person: Person) -> str:
        visitor = _visitor(person.id)
        return visitor.stamp if visitor else str(_known(person).generation)

    def session_id(self) -> str:
        return str(current_user.session.id)

    def proved_at(self) -> datetime | None:
        proved: datetime = current_user.session.proved_at
        return proved

    def note_proof(self, person: Person) -> None:  # noqa: ARG002 (the session knows whose it is)
        browser.renew(proved=True)

    def end_other_sessions(self, person: Person) -> None:
        account, here = _known(person), current_user.session
        # A sign-in at this moment began before this and is ended, or finds another generation.
        accounts.count_change(account, two_step_on=factors.is_on(person.id))
        sessions.end_all(account.id, but=here.id)
        token = sessions.renew(here, clock.now(), proved=False)
        after_commit(lambda: browser.keep(token))

    def end_sessions(self, person: Person) -> None:
        account = _known(person)
        accounts.count_change(account, two_step_on=factors.is_on(person.id))
        sessions.end_all(account.id)
        # A recovery signs them in next, by what the account is then.
        db.session.refresh(account)

    def sign_in_url(self, next: str | None = None, *, ended: bool = False) -> str:  # noqa: A002 (as above)
        # The cookie names a session that has ended.
        signed_out = "_user_id" in session and not current_user.is_authenticated
        why = "sign-in" if ended else "yes" if signed_out else None
        return url_for("accounts.sign_in", next=next, ended=why)

    def pages(self) -> Mapping[str, str]:
        return {
            "sign_in": "accounts.sign_in",
            "forgot_password": "accounts.forgot_password",
            "change_password": "accounts.password",
            "change_email": "email_change.ask",
            "home": "console.home",
        }

    def other_addresses(self, person: Person) -> Sequence[str]:
        """Return the addresses that the account had before changes which can still be undone."""
        oldest = clock.now() - timedelta(seconds=UNDO_LINK_SECONDS)
        found = run(statements.OLD_ADDRESSES, {"whose": int(person.id), "oldest": oldest})
        return [address for address in found.scalars() if address != person.email]

    def say(self, text: str, category: str) -> None:
        notices.say(text, category)


def _is_open(account: Account) -> bool:
    try:
        sessions.check_open(account, clock.now())
    except sessions.Locked:
        return False
    return True


def _find(person_id: str) -> Account | None:
    is_number = person_id.isascii() and person_id.isdecimal() and len(person_id) <= len(str(LARGEST_ID))
    if not is_number or int(person_id) > LARGEST_ID:
        return None
    # Held, so that a request asks the database once for somebody.
    kept = at_work.kept()
    found: Account | None = kept.get("account")
    if found is None or found.person_id != person_id:
        visitor = _visitor(person_id)
        if visitor:
            return visitor.account
        found = kept.account = db.session.get(Account, int(person_id))
    return found


def _visitor(person_id: str) -> Visitor | None:
    """Return who is signed in, if it is that person: they have been read."""
    found = browser.visitor()
    return found if found and found.person.id == person_id else None


def _known(person: Person) -> Account:
    account = _find(person.id)
    if account is None:
        raise SetUpWrong(f"There is no account {person.id}.")
    return account
