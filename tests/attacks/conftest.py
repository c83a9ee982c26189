"""The application as an attacker meets it: two processes, and nothing of it in this one.

On SQLite both stand behind one port. With ``--servers`` each is a server of its own, with its own folder, and
they share nothing but PostgreSQL and Redis.

The same for all tests, so each makes an account of its own, and the clock only moves forward.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from console import create_app, housekeeping
from console.extensions import db
from mfa import clock
from tests.conftest import SETTINGS
from tests.support.database import dump
from tests.support.person import Person
from tests.support.redis import Redis
from tests.support.remote import RemoteClient
from tests.support.smtp import Inbox
from tests.support.stores import Servers, Stores
from tests.support.workers import PROCESSES, Workers


@dataclass
class Site:
    """The servers, what they use, and a twin of it in this process that is only looked at.

    :param app: made of the same settings: its routes, its configuration; it answers no request.
    :param engine: the database that the server's processes share.
    """

    servers: list[Workers]
    inbox: Inbox
    redis: Redis
    app: Flask
    engine: Engine
    people: int = 0
    clients: int = 0

    @property
    def workers(self) -> Workers:
        """The server whose name all have."""
        return self.servers[0]

    def log(self) -> str:
        """What the servers said."""
        return "".join(server.log.read_text() for server in self.servers)

    def dump(self, *, without: Collection[str] = ()) -> str:
        """All that the database keeps, but for what is over: the servers delete that whenever they like."""
        clock.install(self.workers.clock)
        try:
            with self.app.app_context():
                list(housekeeping.tidy())
        finally:
            clock.reset()
        return dump(self.engine, without=without)

    def client(self, address: str | None = None) -> RemoteClient:
        """A browser that is led to the next server, as a balancer does it."""
        self.clients += 1
        server = self.servers[self.clients % len(self.servers)]
        return RemoteClient(server.url, address=address, host=self.workers.name)

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
    """Sites with a database of their own, each of the settings given."""
    started: list[Site] = []

    def start(server: type[Workers] = Workers, *, apart: bool = False, **settings: Any) -> Site:
        folder = tmp_path_factory.mktemp("site")
        own = {
            **SETTINGS,
            **stores.fresh(folder),
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": mail.port,
            "RATELIMIT_STORAGE_URI": redis.url,
            **settings,
        }
        own = {name: value for name, value in own.items() if value is not None}
        servers = [server(folder, own, processes=1 if apart else PROCESSES)]
        if apart:
            there = tmp_path_factory.mktemp("site")
            servers.append(server(there, own, processes=1, behind=servers[0]))
        for one in servers:
            one.start()
        app = create_app({**servers[0].settings, "MAIL_WORKER": "none"})
        with app.app_context():
            site = Site(servers, mail, redis, app, db.engine)
        started.append(site)
        return site

    yield start
    for site in started:
        for server in site.servers:
            server.stop()
        site.engine.dispose()


@pytest.fixture(scope="session")
def site(start_site: Callable[..., Site], stores: Stores) -> Site:
    return start_site(apart=isinstance(stores, Servers))


@pytest.fixture
def make_remote_person(site: Site) -> Iterator[Callable[..., Person]]:
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
def remote_person(make_remote_person: Callable[..., Person]) -> Person:
    """Somebody without an account."""
    return make_remote_person()


@pytest.fixture
def member(remote_person: Person) -> Person:
    """Somebody with an account, signed in, 2-step verification off."""
    return remote_person.sign_up()


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
