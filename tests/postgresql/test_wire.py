"""What a page costs on the way to PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, make_url, select, text

from console.accounts.models import Account
from console.extensions import db
from mfa.autocommit import WriteOutsideTransaction
from mfa.database import transaction
from tests.mounted.hosts import Shop, shops
from tests.support.person import Person
from tests.support.postgresql import PostgreSQL, address
from tests.support.stores import Stores
from tests.support.wire import Wire

TAB = "/account/two-step"
AROUND = ("BEGIN", "COMMIT", "ROLLBACK", "SET", "DISCARD", "DEALLOCATE")


@pytest.fixture
def wires() -> Iterator[list[Wire]]:
    started: list[Wire] = []
    yield started
    for wire in started:
        wire.stop()


@pytest.fixture
def config(config: dict[str, Any], wires: list[Wire]) -> dict[str, Any]:
    wires.append(Wire(make_url(config["SQLALCHEMY_DATABASE_URI"])))
    return {**config, "SQLALCHEMY_DATABASE_URI": address(wires[0].url)}


@pytest.fixture
def wire(wires: list[Wire]) -> Wire:
    return wires[0]


def around(wire: Wire) -> list[str]:
    return [sent for sent in wire.texts if sent.upper().startswith(AROUND)]


@pytest.mark.parametrize(
    ("path", "trips"),
    [(TAB, 5), ("/account/profile", 3), ("/account/sessions", 3), ("/account/activity", 3)],
)
def test_page_that_reads_sends_its_questions_alone(
    protected: Person, wire: Wire, path: str, trips: int
) -> None:
    """The tab asks for the authenticators, the remembered browsers and what these rest on, too."""
    protected.client.get(path)
    wire.forget()
    assert protected.client.get(path).status_code == 200
    assert around(wire) == []
    assert wire.trips <= trips


def test_what_is_written_is_one_transaction(protected: Person, wire: Wire) -> None:
    wire.forget()
    with protected.app.app_context(), transaction():
        account = db.session.scalars(select(Account)).one()
        account.name = "Mina"
        db.session.flush()
        account.name = "Mina Park"
    assert [sent.split()[0] for sent in around(wire)] == ["BEGIN", "COMMIT"]


def test_rows_are_locked_inside_a_transaction_alone(protected: Person) -> None:
    """Elsewhere the lock would end with the statement, and nobody would see that it did."""
    with protected.app.app_context(), pytest.raises(WriteOutsideTransaction):
        db.session.scalar(select(Account).with_for_update())


def test_after_a_page_the_connection_begins_transactions(protected: Person, engine: Engine) -> None:
    """The commands and the migrations take theirs from the same pool."""
    assert protected.client.get(TAB).status_code == 200
    for _ in range(2):
        with engine.connect() as connection:
            connection.execute(text("UPDATE accounts SET name = 'changed'"))
            connection.rollback()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM accounts WHERE name = 'changed'")) == 0


# A guest


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    yield from shops(tmp_path)


@pytest.fixture
def guest_wire(stores: Stores, postgresql: PostgreSQL, wires: list[Wire]) -> Iterator[Wire]:
    """The wire to an empty database, for a host."""
    url = postgresql.create()
    wires.append(Wire(url))
    yield wires[-1]
    postgresql.drop(url)


@pytest.mark.parametrize("own_pool", [True, False])
def test_guest_reads_in_autocommit_and_its_host_as_before(
    make_shop: Callable[..., Shop], guest_wire: Wire, own_pool: bool
) -> None:
    shop = make_shop(settings={"SQLALCHEMY_DATABASE_URI": address(guest_wire.url), "MFA_OWN_POOL": own_pool})
    who = shop.add()
    shop.protect(who)
    with shop.app.test_request_context("/"):
        shop.two_step.is_on(shop.person(who))
    with shop.app.test_request_context("/"):
        user = shop.person(who)
        guest_wire.forget()
        assert shop.two_step.is_on(user)
        assert around(guest_wire) == []
        # The host's own session has begun a transaction before, and goes on in it.
        user.notes = "written"
        shop.db.session.flush()
        shop.db.session.rollback()
        assert [sent.split()[0] for sent in around(guest_wire)] == ["ROLLBACK"]
        guest_wire.forget()
        assert shop.person(who).notes == ""
        shop.db.session.commit()
        assert [sent.split()[0] for sent in around(guest_wire)] == ["BEGIN", "COMMIT"]
