"""People in a state: what the database holds once they are there, and what their browsers do.

Each way to a state is walked once a worker, in an installation of its own. A test that would walk it gets a
copy of where it leads, in a fiftieth of the time, if it has done nothing else before and sets nothing that
the copy depends on.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, event

from console import create_app
from console.extensions import db
from mfa import clock as app_clock
from mfa.notices.models import OutboxMail
from tests.support.authenticator import Authenticator
from tests.support.clock import Clock
from tests.support.person import Person
from tests.support.smtp import Inbox
from tests.support.stores import Stores

HOST = "127.0.0.1"
HOSTS = (HOST, "localhost")
"""Where a copy is good; browsers make passkeys at the second alone."""
MAY_DIFFER = {
    *("INSTANCE_PATH", "SERVER_NAME", "SQLALCHEMY_DATABASE_URI", "METRICS_TOKEN", "EVENT_LOG"),
    *("MAIL_SERVER", "MAIL_PORT", "MAIL_WORKER", "RATELIMIT_STORAGE_URI", "RATELIMIT_REFUSED"),
    *("RATELIMIT_MAILS",),
}
"""Settings that nothing in a copy depends on."""

_commits = 0


@event.listens_for(Engine, "commit")
def _count(_connection: Connection) -> None:
    global _commits  # noqa: PLW0603
    _commits += 1


@dataclass(frozen=True)
class Browser:
    """What somebody has in the hand: a browser, a page in it, a phone and a sheet with recovery codes."""

    cookies: dict[Any, Any]
    page: str
    app_on_phone: Authenticator | None
    recovery_codes: list[str]

    @classmethod
    def of(cls, person: Person) -> Browser:
        """Return what *person* has."""
        return cls(
            dict(person.client._cookies),
            person.page,
            copy.copy(person.app_on_phone),
            list(person.recovery_codes),
        )

    def give(self, person: Person) -> None:
        """Let *person* have it, in a browser that has come to their host."""
        person.client._cookies = self.cookies_at(_host(person.app))
        person.page, person.recovery_codes = self.page, list(self.recovery_codes)
        person.app_on_phone = copy.copy(self.app_on_phone)

    def cookies_at(self, host: str) -> dict[Any, Any]:
        """Return what the browser holds, as if it had come to *host*."""
        moved = (replace(cookie, domain=host) for cookie in self.cookies.values())
        return {cookie._storage_key: cookie for cookie in moved}


@dataclass(frozen=True)
class State:
    """The database, a browser and the time, as they were once."""

    saved: Any
    browser: Browser
    at: datetime
    has_mails: bool = True
    """Whether mails wait, which a worker may send meanwhile."""

    @classmethod
    def of(cls, person: Person, stores: Stores) -> State:
        """Return the state that *person* is in."""
        with person.app.app_context():
            has_mails = db.session.query(OutboxMail.id).first() is not None
            db.session.remove()
        return cls(stores.copy(person.app), Browser.of(person), person.clock(), has_mails)

    def restore(self, person: Person, stores: Stores) -> None:
        """Put *person* into it, and the database of their application; mails that wait there leave."""
        global _commits  # noqa: PLW0603
        stores.fill(person.app, self.saved)
        _commits += 1
        self.browser.give(person)
        person.clock.advance(seconds=(self.at - person.clock()).total_seconds())
        if "mfa_mail_worker" in person.app.extensions:
            person.app.extensions["mfa_mail_worker"].wake()


def _host(app: Flask) -> str:
    return str(app.config["SERVER_NAME"]).partition(":")[0]


Step = tuple[str, str]
"""The address of who does something, and its name."""
MOST_STEPS = 4
"""Longer ways are those of one test."""


class States:
    """The states that people are put in, by the steps that lead there.

    :param settings: those of the installation where the way is walked, and of all that get a copy.
    """

    def __init__(self, folder: Path, stores: Stores, settings: Mapping[str, Any]) -> None:
        self._stores = stores
        self._inbox, self._clock = Inbox(), Clock()
        own = {**settings, **stores.fresh(folder), "INSTANCE_PATH": folder, "SERVER_NAME": f"{HOST}:1"}
        quiet = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": self._inbox.port, "MAIL_WORKER": "none"}
        self._app = create_app({**own, **quiet, "EVENT_LOG": "none"})
        self._config = self._comparable(self._app)
        nobody = State.of(Person(self._app, self._inbox, self._clock), stores)
        self._inbox.stop()
        self._states: dict[tuple[Step, ...], State] = {(): nobody}
        self.begin()
        Person(self._app, self._inbox, self._clock, states=self).sign_up().activate()
        app_clock.reset()
        self._made_ahead = set(self._states)

    def begin(self, *, is_patched: bool = False) -> None:
        """From here on everything committed is what a test has done.

        :param is_patched: the test may change the code: what it walks is not for others.
        """
        self._commits, self._is_patched = _commits, is_patched
        self._done: tuple[Step, ...] = ()
        self._people: dict[str, Person] = {}

    def put(self, person: Person, name: str, way: Callable[[Person], object]) -> bool:
        """Put *person* where *way* leads, unless something else has happened; return whether that was done.

        :param name: of what they do on the way.
        """
        done = (*self._done, (person.email, name))
        if len(done) > MOST_STEPS or (self._is_patched and done not in self._made_ahead):
            return False
        # People who come at once come in threads.
        if current_thread() is not main_thread() or not self._is_where_it_was(person):
            return False
        if done not in self._states:
            self._states[done] = self._walk(done, way, person.clock)
        self._states[done].restore(person, self._stores)
        self._commits, self._done = _commits, done
        self._people[person.email] = person
        return True

    def _is_where_it_was(self, person: Person) -> bool:
        there = self._states[self._done]
        mails_may_leave = there.has_mails and "mfa_mail_worker" in person.app.extensions
        if _commits != self._commits or person.clock() != there.at or mails_may_leave:
            return False
        if person.email in self._people:
            last = self._last(self._done, person.email)
            same = self._people[person.email] is person and last is not None
            if not same or person.client._cookies != last.cookies_at(_host(person.app)):
                return False
        return self._suits(person.app)

    def _last(self, done: tuple[Step, ...], email: str) -> Browser | None:
        """Return what somebody had in the hand after their last step."""
        ends = (end for end in range(len(done), 0, -1) if done[end - 1][0] == email)
        return next((self._states[done[:end]].browser for end in ends), None)

    def _walk(self, done: tuple[Step, ...], way: Callable[[Person], object], clock: Clock) -> State:
        """Walk the last step of *done*, in silence and beside the installation of the test."""
        *before, (email, _) = done
        person = Person(self._app, self._inbox, self._clock, email=email)
        self._states[tuple(before)].restore(person, self._stores)
        last = self._last(tuple(before), email) or Browser({}, "", None, [])
        last.give(person)
        self._inbox.start()
        app_clock.install(self._clock)
        # Counted by the real clock: on a fast machine, many ways are walked in one of its minutes.
        self._app.extensions["mfa_ranges"].reset()
        logging.disable(logging.CRITICAL)
        try:
            way(person)
            return State.of(person, self._stores)
        finally:
            logging.disable(logging.NOTSET)
            app_clock.install(clock)
            self._inbox.stop()
            self._inbox.take_all()

    def _suits(self, app: Flask) -> bool:
        # A log file is there to be read: it must tell of the whole way.
        logs_into_a_file = app.config["EVENT_LOG"] not in ("stderr", "none")
        return _host(app) in HOSTS and not logs_into_a_file and self._comparable(app) == self._config

    def _comparable(self, app: Flask) -> dict[str, Any]:
        return {
            name: value
            for name, value in app.config.items()
            if name not in MAY_DIFFER
            and not name.startswith(
                ("SQLALCHEMY_", "WTF_", "RATELIMIT_", "MFA_LIMIT_", "PASSKEY_", "MFA_PASSKEY_")
            )
        }
