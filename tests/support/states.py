"""People in a state: what the database holds once they are there, and what their browser does.

The way there is walked once a worker. A test that begins there is given a copy, which takes a fiftieth of the
time; it must not have done anything before, nor set anything that the copy depends on.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, event

from console import create_app
from mfa import clock as app_clock
from tests.support.authenticator import Authenticator
from tests.support.clock import Clock
from tests.support.person import PROTECTED, SIGNED_UP, Person
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
class State:
    """The database, a browser, a phone and the time, as they were once."""

    saved: Any
    cookies: dict[Any, Any]
    page: str
    app_on_phone: Authenticator | None
    recovery_codes: list[str]
    at: datetime

    @classmethod
    def of(cls, person: Person, stores: Stores) -> State:
        """Return the state that *person* is in."""
        return cls(
            stores.copy(person.app),
            dict(person.client._cookies),
            person.page,
            copy.copy(person.app_on_phone),
            list(person.recovery_codes),
            person.clock(),
        )

    def restore(self, person: Person, stores: Stores) -> None:
        """Put *person* into it, and the database of their application; mails that wait there leave."""
        stores.fill(person.app, self.saved)
        person.client._cookies = self.cookies_at(_host(person.app))
        person.page, person.recovery_codes = self.page, list(self.recovery_codes)
        person.app_on_phone = copy.copy(self.app_on_phone)
        person.clock.advance(seconds=(self.at - person.clock()).total_seconds())
        if "mfa_mail_worker" in person.app.extensions:
            person.app.extensions["mfa_mail_worker"].wake()

    def cookies_at(self, host: str) -> dict[Any, Any]:
        """Return what the browser holds, as if it had come to *host*."""
        moved = (replace(cookie, domain=host) for cookie in self.cookies.values())
        return {cookie._storage_key: cookie for cookie in moved}


def _host(app: Flask) -> str:
    return str(app.config["SERVER_NAME"]).partition(":")[0]


class States:
    """The states that people are put in.

    :param settings: those of the installation where the way is walked, and of all that get a copy.
    """

    def __init__(self, folder: Path, stores: Stores, settings: Mapping[str, Any]) -> None:
        self._stores, self._settings = stores, settings
        self._states: dict[str, State] = {}
        self._commits = 0
        inbox, clock = Inbox(), Clock()
        app_clock.install(clock)
        own = {**settings, **stores.fresh(folder), "INSTANCE_PATH": folder, "SERVER_NAME": f"{HOST}:1"}
        quiet = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": inbox.port, "MAIL_WORKER": "none"}
        app = create_app({**own, **quiet, "EVENT_LOG": "none"})
        person = Person(app, inbox, clock)
        person.sign_up()
        self._states[SIGNED_UP] = State.of(person, stores)
        person.activate()
        self._states[PROTECTED] = State.of(person, stores)
        self._config = self._comparable(app)
        inbox.stop()
        app_clock.reset()

    def begin(self) -> None:
        """From here on everything committed is what a test has done."""
        self._commits = _commits

    def put(self, person: Person, state: str, after: str | None = None) -> bool:
        """Put *person* into *state*, unless something has happened before; return whether that was done.

        :param after: the state that *person* was put in before.
        """
        there = self._states[state]
        if (
            _commits != self._commits
            or person.clock() != there.at
            or not self._suits(person.app)
            or (after and person.client._cookies != self._states[after].cookies_at(_host(person.app)))
        ):
            return False
        there.restore(person, self._stores)
        return True

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
