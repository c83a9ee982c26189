"""The examples, each served as a developer would, and the people who try them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext
from werkzeug.security import generate_password_hash

from mfa.notices import worker
from tests.journeys.visitor import WAYS, Visitor
from tests.support.clock import Clock
from tests.support.database import hang_up
from tests.support.person import Person
from tests.support.product import Product, host
from tests.support.smtp import Inbox, free_port

CHEAP_HASH = "pbkdf2:sha256:1"
"""Of a password: what Werkzeug takes for it by default is a tenth of a second, at each sign-in."""


@dataclass(frozen=True)
class Example:
    """
    :param module: what ``flask --app`` takes.
    :param product: what it is to the people in it.
    :param database: the setting that names its database.
    :param form: how that names a file.
    :param is_migrated: whether its own tables are made by migrations, and filled by a command.
    """

    module: str
    product: Product
    database: str = "SQLALCHEMY_DATABASE_URI"
    form: str = "sqlite:///{}"
    is_migrated: bool = False

    def make(self, folder: Path, **settings: Any) -> Flask:
        """Return the application with a new database in *folder*, made as its README says."""
        file, module = folder / "host.db", importlib.import_module(self.module)
        is_first = self.module not in _MADE
        if not is_first:
            file.write_bytes(_MADE[self.module])
        with patch.object(generate_password_hash, "__defaults__", (CHEAP_HASH, 16)):
            app: Flask = module.create_app(**{self.database: self.form.format(file), **settings})
            if is_first and self.is_migrated:
                with app.app_context():  # its migrations set the logging of the whole process up
                    module.db.create_all()
                    module.fill()
        if is_first:
            upgraded = app.test_cli_runner().invoke(args=["two-step", "db", "upgrade"])
            assert upgraded.exit_code == 0, upgraded.output
            hang_up()
            _MADE[self.module] = file.read_bytes()
        return app


_MADE: dict[str, bytes] = {}
"""The files of the databases that were made so far, which the next applications get copies of."""


EXAMPLES = {
    "flask_login": Example("examples.flask_login", host("Shop")),
    "plain": Example("examples.plain", host("Notebook"), "DATABASE", "{}"),
    "bootstrap_csp": Example(
        "examples.bootstrap_csp", host("Notes", folded=("Menu", "Mina Park")), is_migrated=True
    ),
}


@pytest.fixture(params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> Example:
    """Each of them, or the one that a test names."""
    return EXAMPLES[request.param]


@pytest.fixture
def server_name() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
def app(example: Example, server_name: str, tmp_path: Path, inbox: Inbox) -> Iterator[Flask]:
    app = example.make(
        tmp_path,
        SERVER_NAME=server_name,
        MFA_SERVER_NAME=server_name,
        MFA_RECOVERY_HASH_COST="t=1,m=8,p=1",
        MAIL_SERVER="127.0.0.1",
        MAIL_PORT=inbox.port,
    )
    yield app
    app.extensions[worker._WORKER].stop()
    hang_up()


@pytest.fixture
def make_person(example: Example, app: Flask, inbox: Inbox, clock: Clock) -> Callable[..., Person]:
    def make(**options: Any) -> Person:
        return Person(app, inbox, clock, product=example.product, **options)

    return make


@pytest.fixture
def person(make_person: Callable[..., Person]) -> Person:
    """Mina, who has an account there, and is not signed in."""
    return make_person()


@pytest.fixture
def make_visitor(
    open_browser: Callable[..., BrowserContext], example: Example, inbox: Inbox, clock: Clock
) -> Callable[..., Visitor]:
    def make(way: str = "desktop") -> Visitor:
        context = open_browser(**WAYS[way])
        if way == "no-htmx":
            context.route("**/assets/h*.min.*", lambda route: route.abort())
        return Visitor(context, inbox, clock, product=example.product)

    return make
