"""Sign-up where only invited people can create an account."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, update

from console.accounts.models import Account, Role
from console.extensions import db
from console.policy.models import OrganizationSettings
from mfa.database import transaction
from tests.organization.people import give, roles
from tests.organization.settings import said, save, settings
from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.person import EMAIL, PASSWORD, Person
from tests.support.smtp import Inbox

Make = Callable[..., Person]
OTHER = "jun@example.com"
NETWORKS = ["mfa_network_hits"]
CLOSED = "Only invited people can create an account here. Ask an administrator for an invitation."


def close(app: Flask) -> None:
    """Close it as nothing on a page does."""
    with app.app_context():
        with transaction():
            db.session.execute(update(OrganizationSettings).values(sign_up_closed=True))
        db.session.remove()


@pytest.fixture
def closed(mina: Person) -> Person:
    """Mina, who owns an organization that only invited people can join."""
    close(mina.app)
    return mina


def test_owner_closes_sign_up_and_opens_it_again(mina: Person, make_person: Make) -> None:
    stranger = make_person(email=OTHER)
    assert "The settings are saved." in said(save(mina, sign_up_closed="y"))
    assert settings(mina.app).sign_up_closed
    assert "only invited people can create an account" in said(mina.get("/organization/activity"))
    assert CLOSED in said(stranger.get("/sign-up"))
    assert "The settings are saved." in said(save(mina))
    assert "everybody can create an account" in said(mina.get("/organization/activity"))
    assert CLOSED not in said(stranger.get("/sign-up"))


def test_closing_takes_a_fresh_proof(mina: Person, clock: Clock) -> None:
    mina.get("/organization/security")
    clock.advance(minutes=20)
    response = save(mina, sign_up_closed="y")
    assert response.headers["HX-Redirect"].startswith("/account/two-step/confirm")
    assert not settings(mina.app).sign_up_closed


@pytest.mark.parametrize("email", [EMAIL, OTHER, "no address", ""])
def test_nothing_is_mailed_to_anybody_and_every_answer_is_the_same(
    closed: Person, make_person: Make, inbox: Inbox, engine: Engine, email: str
) -> None:
    stranger = make_person()
    stranger.get("/sign-in")
    # A mail from before may be leaving just now.
    closed.app.extensions["mfa_mail_worker"].stop()
    inbox.take_all()
    before = dump(engine, without=NETWORKS)
    response = stranger.post("/sign-up", {"email": email})
    assert response.status_code == 403
    assert CLOSED in said(response)
    assert dump(engine, without=NETWORKS) == before
    assert inbox.take_all() == []


def test_link_from_before_opens_no_account(mina: Person, make_person: Make, inbox: Inbox) -> None:
    stranger = make_person(email=OTHER)
    stranger.get("/sign-up")
    stranger.post("/sign-up", {"email": OTHER})
    path = inbox.wait_for("Create your Twostep account", to=OTHER).path
    assert "Create your account" in stranger.get(path).text
    close(mina.app)
    response = stranger.post(path, {"name": "Jun", "password": PASSWORD})
    assert response.status_code == 403
    assert CLOSED in said(response)
    assert CLOSED in said(stranger.get(path))
    assert list(roles(mina.app)) == [EMAIL]


def test_no_page_offers_sign_up(closed: Person, make_person: Make) -> None:
    stranger = make_person()
    for path in ("/sign-in", "/forgot-password", "/", "/nothing-here"):
        assert "/sign-up" not in stranger.get(path, headers={"HX-Request": ""}).text, path


def test_no_mail_offers_sign_up(closed: Person, make_person: Make, inbox: Inbox) -> None:
    stranger = make_person()
    stranger.get("/forgot-password")
    stranger.post("/forgot-password", {"email": OTHER})
    letter = inbox.wait_for("No Twostep account with this address", to=OTHER)
    assert "/sign-up" not in letter.text
    assert "ask an administrator for an invitation" in letter.text


def test_import_opens_accounts_all_the_same(closed: Person) -> None:
    csv = "email,name\njun@example.com,Jun\n"
    assert closed.app.test_cli_runner().invoke(args=["users", "import", "-"], input=csv).exit_code == 0
    assert set(roles(closed.app)) == {EMAIL, OTHER}


def test_first_account_can_always_sign_up(closed: Person, make_person: Make, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(delete(Account))
    make_person().sign_up(OTHER)
    assert list(roles(closed.app)) == [OTHER]


def test_member_can_not_close_it(mina: Person) -> None:
    mina.get("/organization/security")
    give(mina.app, EMAIL, Role.MEMBER)
    assert save(mina, stale=True, sign_up_closed="y").status_code == 404
    assert not settings(mina.app).sign_up_closed
