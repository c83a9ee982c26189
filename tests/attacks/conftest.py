"""The application as an attacker meets it: two processes behind a port, and nothing of it in this one.

One server for all tests, so each makes an account of its own, and the clock only moves forward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from mfa import create_app
from mfa.extensions import db
from tests.conftest import SETTINGS
from tests.support.person import Person
from tests.support.redis import Redis
from tests.support.remote import RemoteClient
from tests.support.smtp import Inbox
from tests.support.stores import Stores
from tests.support.workers import Workers


@dataclass
class Site:
    """The server, what it uses, and a twin of it in this process that is only looked at.

    :param app: made of the same settings: its routes, its configuration; it answers no request.
    :param engine: the database that the server's processes share.
    """

    workers: Workers
    inbox: Inbox
    redis: Redis
    app: Flask
    engine: Engine
    people: int = 0

    def client(self, address: str | None = None) -> RemoteClient:
        return RemoteClient(self.workers.url, address=address)

    def person(self, *, email: str | None = None, address: str | None = None, htmx: bool = True) -> Person:
        """A browser in a network of its own; of a new person if no e-mail address is given."""
        self.people += 1
        return Person(
            self.app,
            self.inbox,
            self.workers.clock,
            htmx=htmx,
            email=email or f"visitor{self.people}@example.com",
            client=self.client(address),
        )


@pytest.fixture(scope="session")
def mail() -> Iterator[Inbox]:
    """The inbox of the servers that outlive a test."""
    server = Inbox()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def start_site(
    tmp_path_factory: pytest.TempPathFactory, stores: Stores, mail: Inbox, redis: Redis
) -> Iterator[Callable[..., Site]]:
    """Servers with a database of their own, each of the settings given."""
    started: list[Site] = []

    def start(server: type[Workers] = Workers, **settings: Any) -> Site:
        folder = tmp_path_factory.mktemp("site")
        own = {
            **SETTINGS,
            **stores.fresh(folder),
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": mail.port,
            "RATELIMIT_STORAGE_URI": redis.url,
            **settings,
        }
        workers = server(folder, {name: value for name, value in own.items() if value is not None})
        workers.start()
        app = create_app({**workers.settings, "MAIL_WORKER": "none"})
        with app.app_context():
            site = Site(workers, mail, redis, app, db.engine)
        started.append(site)
        return site

    yield start
    for site in started:
        site.workers.stop()
        site.engine.dispose()


@pytest.fixture(scope="session")
def site(start_site: Callable[..., Site]) -> Site:
    return start_site()


@pytest.fixture
def make_visitor(site: Site) -> Iterator[Callable[..., Person]]:
    """People, each with a browser, an e-mail address and a network of their own."""
    made: list[Person] = []

    def make(**options: Any) -> Person:
        made.append(site.person(**options))
        return made[-1]

    yield make
    for person in made:
        assert isinstance(person.client, RemoteClient)
        person.client.close()


@pytest.fixture
def visitor(make_visitor: Callable[..., Person]) -> Person:
    """Somebody without an account."""
    return make_visitor()


@pytest.fixture
def member(visitor: Person) -> Person:
    """Somebody with an account, signed in, 2-step verification off."""
    return visitor.sign_up()


@pytest.fixture
def guarded(member: Person) -> Person:
    """Somebody with an account, signed in, 2-step verification on."""
    return member.activate()


@pytest.fixture
def halfway(guarded: Person) -> Person:
    """The same, signed out and in again with the right password, before the second step."""
    guarded.sign_out()
    assert "2-step verification" in guarded.sign_in().text
    return guarded
