"""The parts that tests are made with: all real, but for the clock."""

from __future__ import annotations

import gc
import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import settings
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
    sync_playwright,
)
from sqlalchemy import Engine

from console import database
from console.extensions import db
from console.sessions import rules as sessions
from mfa import clock as app_clock
from mfa.people import rules as people
from tests.support import chromium, logos, patience, routes, statements, templates
from tests.support.applications import Applications, Place
from tests.support.clock import Clock
from tests.support.database import hang_up
from tests.support.person import Person
from tests.support.server import serving
from tests.support.smtp import Inbox, free_port
from tests.support.states import States
from tests.support.stores import Servers, Sqlite, Stores

# A loaded machine is slow, not wrong; and a change is judged by the same examples each time it lands.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")
expect.set_options(timeout=patience.MILLISECONDS)
templates.compile_once()
routes.compile_once()
statements.compile_once()
SHIPPED_BUSY_MILLISECONDS = database.BUSY_MILLISECONDS
database.BUSY_MILLISECONDS = patience.LOCK_MILLISECONDS
SHIPPED_PATIENCE = sessions.PATIENCE
SHIPPED_PATIENCE_OF_PEOPLE = people.PATIENCE
sessions.PATIENCE = sessions.URGENT_PATIENCE = people.PATIENCE = patience.LOCK_MILLISECONDS / 1000

TESTS = Path(__file__).parent
CHEAP_HASH = "t=1,m=8,p=1"
SETTINGS: dict[str, Any] = {
    "MODE": "development",
    "SECRET_KEY": "0123456789abcdef" * 4,
    "PASSWORD_HASH_COST": CHEAP_HASH,
    "RECOVERY_HASH_COST": CHEAP_HASH,
    "MAIL_TIMEOUT": 3,
    "DRAIN_SECONDS": 0,
    "HASHES_AT_ONCE": 64,  # what is sent at once here is to be answered; the line has tests of its own
}


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    moved = Clock()
    app_clock.install(moved)
    yield moved
    app_clock.reset()


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the texts that are brought into a normal form from now on, by whatever library."""
    lengths = [0]
    normalize = unicodedata.normalize

    def counted(form: Any, text: str) -> str:
        lengths.append(len(text))
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", counted)
    return lengths


@pytest.fixture(scope="module")
def mail_port() -> int:
    return free_port()


@pytest.fixture
def inbox(mail_port: int) -> Iterator[Inbox]:
    server = Inbox(mail_port)
    yield server
    server.stop()


def pytest_make_parametrize_id(val: object) -> str | None:
    """A hash with a salt of its own is called by its kind: every process must give a test the same name."""
    return "$".join(val.split("$")[:2]) if isinstance(val, str) and val.startswith("$") else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--servers", action="store_true", help="on PostgreSQL and Redis, not on SQLite")
    parser.addoption(
        "--one-case", action="store_true", help="each test with the first of its parameters alone"
    )


MARKS_BY_FOLDER = {
    "attacks": "attack",
    "browsers": "browser",
    "fuzz": "slow",
    "journeys": "browser",
    "mounted": "mounted",
    "postgresql": "process",
    "properties": "slow",
    "scale": "slow",
}
MARKS_BY_FIXTURE = {
    "playwright": "browser",
    "processes": "process",
    "servers": "process",
    "redis": "process",
}
"""What a test needs says where it runs: see the marks in pyproject.toml."""
ON_SERVERS = "postgresql"
"""The folder whose tests are about PostgreSQL."""


SECONDS_BY_MARK = {"machine": 20, "servers": 5, "browser": 3, "process": 2, "slow": 1}
"""About how long a test with that mark takes; the others take a tenth of a second."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Mark what needs a browser or another process. With ``--servers`` keep only what stores something."""
    for item in items:
        _mark(item)
    chosen = list(filter(_is_for_servers, items)) if config.getoption("--servers") else list(items)
    if config.getoption("--one-case"):
        # What runs on the servers alone has no other run for the rest of its cases.
        cases = {
            item.nodeid if item.get_closest_marker("servers") else item.nodeid.partition("[")[0]: item
            for item in reversed(chosen)
        }
        chosen = list(cases.values())[::-1]
    kept = set(chosen)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = chosen
    yield
    if hasattr(config, "workerinput"):
        _sort_by_length(items)


def _sort_by_length(items: list[pytest.Item]) -> None:
    """Put the files that take longest first: of several workers none is left alone with one at the end."""
    seconds: dict[Path, float] = defaultdict(float)
    for item in items:
        marked = (length for mark, length in SECONDS_BY_MARK.items() if item.get_closest_marker(mark))
        seconds[item.path] += max(marked, default=0.1)
    items.sort(key=lambda item: -seconds[item.path])


def _mark(item: pytest.Item) -> None:
    folder = item.path.relative_to(TESTS).parts[0]
    fixtures = set(getattr(item, "fixturenames", []))
    found = {mark for fixture, mark in MARKS_BY_FIXTURE.items() if fixture in fixtures}
    if folder == ON_SERVERS:
        found.add("servers")
    for mark in found | {MARKS_BY_FOLDER.get(folder, "")} - {""}:
        item.add_marker(mark)


def _is_for_servers(item: pytest.Item) -> bool:
    fixtures: list[str] = getattr(item, "fixturenames", [])
    return "stores" in fixtures and not item.get_closest_marker("sqlite")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What stands there from the beginning is not looked through again and again for what nobody needs."""
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Sqlite:
    return Sqlite(tmp_path_factory.mktemp("sqlite"), SETTINGS)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    started = Servers(tmp_path_factory.mktemp("servers"), SETTINGS)
    yield started
    started.stop()


@pytest.fixture(scope="session")
def stores(request: pytest.FixtureRequest) -> Stores:
    """What the installations under test keep things in."""
    chosen = "servers" if request.config.getoption("--servers") else "sqlite"
    found: Stores = request.getfixturevalue(chosen)
    return found


@pytest.fixture(scope="session")
def states_by_stores() -> dict[int, States]:
    return {}


@pytest.fixture(scope="module")
def states(
    tmp_path_factory: pytest.TempPathFactory, stores: Stores, states_by_stores: dict[int, States]
) -> States:
    """People in a state, for those whom ``make_person`` makes; once for each kind of store."""
    if id(stores) not in states_by_stores:
        states_by_stores[id(stores)] = States(tmp_path_factory.mktemp("states"), stores, SETTINGS)
    return states_by_stores[id(stores)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("instance"), f"127.0.0.1:{free_port()}")


@pytest.fixture
def config(  # noqa: PLR0917 (pytest gives them by name)
    request: pytest.FixtureRequest,
    place: Place,
    inbox: Inbox,
    stores: Stores,
    states: States,
    applications: Applications,
) -> Iterator[dict[str, Any]]:
    """The settings of a new installation, whose instance folder is empty."""
    place.clear()
    own = stores.fresh(place.folder)
    states.begin(is_patched="monkeypatch" in request.fixturenames)
    yield {
        **own,
        **SETTINGS,
        "INSTANCE_PATH": place.folder,
        "SERVER_NAME": place.server_name,
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": inbox.port,
    }
    applications.stop_workers()
    hang_up()
    stores.take_back(own)


@pytest.fixture(scope="module")
def applications() -> Applications:
    return Applications()


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Flask:
    return applications.get(config)


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def make_person(app: Flask, inbox: Inbox, clock: Clock, states: States) -> Callable[..., Person]:
    """People, each with a browser of their own."""

    def make(**options: Any) -> Person:
        return Person(app, inbox, clock, states=states, **options)

    return make


@pytest.fixture
def person(make_person: Callable[..., Person]) -> Person:
    """Somebody without an account."""
    return make_person()


@pytest.fixture
def mina(person: Person) -> Person:
    """Somebody with an account, signed in, 2-step verification off."""
    return person.sign_up()


@pytest.fixture
def protected(mina: Person) -> Person:
    """Somebody with an account, signed in, 2-step verification on."""
    return mina.activate()


@pytest.fixture
def logo(tmp_path: Path) -> Callable[[str], Path]:
    """Makes the file of a company's logo, of one of the kinds that are taken."""
    return lambda kind: logos.write(tmp_path, kind)


# The browser


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = chromium.launch(playwright)
    yield browser
    browser.close()


@pytest.fixture
def chromium_with_page_cache(playwright: Playwright) -> Iterator[Browser]:
    browser = chromium.launch(playwright, ignore_default_args=["--disable-back-forward-cache"])
    yield browser
    browser.close()


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    with serving(app) as url:
        yield url


@pytest.fixture
def motion() -> str:
    """What people want of motion. Every frame of a dialog that fades in is drawn: an eighth of the time."""
    return "reduce"


@pytest.fixture
def open_browser(browser: Browser, server: str, motion: str) -> Iterator[Callable[..., BrowserContext]]:
    """Browser profiles that share nothing. What they complain of in their consoles fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # A refused form is a 4xx, and a line can drop: the browser reports both, the page is not to blame.
        of_the_line = ("Failed to load resource", "Failed to fetch")
        if message.type == "error" and not any(text in message.text for text in of_the_line):
            complaints.append(message.text)

    def watch(page: Page) -> None:
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))

    def open_one(**options: Any) -> BrowserContext:
        settings = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": motion, "base_url": server}
        context = browser.new_context(**{**settings, **options})
        context.set_default_timeout(patience.MILLISECONDS)
        context.on("page", watch)
        contexts.append(context)
        return context

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []
