"""Members who may leave: the first account of an installation owns it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from console.accounts.models import Role
from tests.organization.people import give
from tests.support.applications import Applications
from tests.support.person import EMAIL, Person


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Flask:
    """Without a worker: a test sees to the mails itself, and knows when the outbox is empty."""
    return applications.get({**config, "MAIL_WORKER": "none"})


@pytest.fixture
def mina(person: Person) -> Person:
    """Somebody with an account, signed in, 2-step verification off, who owns nothing."""
    person.sign_up()
    give(person.app, EMAIL, Role.MEMBER)
    return person
