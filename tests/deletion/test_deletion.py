"""Delete my account: locked at once, taken back by a whole sign-in, deleted at its moment with all it has."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert, inspect, select

from console.accounts.models import Account, Role
from console.activity import events
from console.deletion import rules
from console.extensions import db
from console.operator import restore
from console.sessions.models import AccountSession
from mfa import database
from mfa.database import Model, transaction
from mfa.notices.models import OutboxMail
from mfa.sign_in.models import RememberedBrowser
from tests.deletion.steps import (
    CONFIRM,
    DELETE,
    account,
    ask,
    delete_at,
    delete_due,
    deliver,
    keep_house,
    traces,
)
from tests.organization.people import sign_up
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person, entered
from tests.support.smtp import Letter

ASKED = "Your Twostep account will be deleted"
NEAR = "Your Twostep account will be deleted soon"
KEPT = "Your Twostep account is not deleted"
GONE = "Your Twostep account was deleted"
OTHER = "other@example.com"


def subjects(person: Person) -> list[str]:
    deliver(person.app)
    return [str(letter.subject) for letter in person.inbox.take_all()]


def told(person: Person, subject: str, to: str = EMAIL) -> Letter:
    deliver(person.app)
    return person.inbox.wait_for(subject, to=to)


# Asked for


def test_page_says_what_happens_and_when(mina: Person, clock: Clock) -> None:
    page = mina.get(DELETE).text
    assert "At once you are signed out on every device, and the account is locked." in page
    assert f'datetime="{(clock() + timedelta(days=14)).isoformat()}"' in page
    assert "sign in, and the account is yours again" in page


def test_looking_at_the_page_deletes_nothing(mina: Person) -> None:
    mina.get(DELETE)
    found = account(mina.app)
    assert found
    assert found.delete_at is None


def test_press_locks_the_account_at_once(
    protected: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    phone = make_person()
    phone.sign_in()
    phone.verify(protected.next_code())
    protected.remember()
    at = clock() + timedelta(days=14)
    response = ask(protected)
    assert response.headers["HX-Redirect"] == "/sign-in"
    assert (
        "Your account is locked. It is deleted on December 8, 2026"
        in protected.get("/sign-in", headers={"HX-Request": ""}).text
    )
    assert not protected.is_signed_in()
    assert not phone.is_signed_in()
    assert delete_at(protected.app) == at
    with protected.app.app_context():
        assert db.session.scalar(select(AccountSession.id)) is None
        assert db.session.scalar(select(RememberedBrowser.id)) is None


def test_owner_is_told_when_and_how_to_take_it_back(mina: Person) -> None:
    ask(mina)
    letter = told(mina, ASKED, EMAIL)
    assert "On December 8, 2026" in letter.text
    assert "To keep the account, sign in before that:" in letter.text
    assert "/sign-in" in letter.text


def test_address_that_can_take_the_account_back_is_told_too(mina: Person) -> None:
    mina.get("/account/profile/email")
    mina.post("/account/profile/email", {"email": OTHER, "password": PASSWORD})
    path = mina.inbox.wait_for("Confirm your new Twostep address", to=OTHER).path
    mina.get(path)
    mina.post(path)
    ask(mina)
    assert "sign in before that" in told(mina, ASKED, OTHER).text
    former = told(mina, ASKED, EMAIL).text
    assert "use the link in our mail about the change of your address" in former


@pytest.mark.parametrize("htmx", [True, False])
def test_stolen_session_is_asked_to_confirm_first(
    make_person: Callable[..., Person], protected: Person, clock: Clock, htmx: bool
) -> None:
    clock.advance(minutes=16)
    headers = {} if htmx else {"HX-Request": ""}
    assert protected.get(DELETE, headers=dict(headers)).status_code == 200
    response = protected.post(DELETE, headers=dict(headers))
    leads = response.headers.get("HX-Redirect") or response.headers["Location"]
    assert leads.startswith(f"{CONFIRM}?next={DELETE}")
    assert protected.is_signed_in()
    found = account(protected.app)
    assert found
    assert found.delete_at is None


def test_press_without_a_token_is_refused(mina: Person) -> None:
    mina.get(DELETE)
    assert mina.client.post(DELETE).status_code == 400
    assert mina.is_signed_in()


def test_cookie_from_before_deletes_nothing_later(mina: Person, clock: Clock) -> None:
    mina.get(DELETE)
    cookie, page = mina.cookie(), mina.page
    ask(mina)
    at = delete_at(mina.app)
    clock.advance(minutes=1)
    mina.put_cookie(cookie)
    mina.page = page
    assert mina.post(DELETE).headers["HX-Redirect"].startswith("/sign-in")
    assert delete_at(mina.app) == at


# Taken back


def test_sign_in_takes_it_back(mina: Person, clock: Clock) -> None:
    ask(mina)
    mina.inbox.take_all()
    clock.advance(days=14, seconds=-1)
    assert entered(mina.sign_in())
    assert "Your account stays: it is not deleted." in mina.get("/", headers={"HX-Request": ""}).text
    found = account(mina.app)
    assert found
    assert (found.delete_at, found.delete_reminded_at) == (None, None)
    assert told(mina, KEPT, EMAIL)
    activity = mina.get("/account/activity").text
    assert "Deletion of the account asked for" in activity
    assert "Deletion of the account taken back by signing in" in activity
    clock.advance(days=2)
    keep_house(mina.app)
    assert account(mina.app)


def test_taking_it_back_brings_one_mail(mina: Person) -> None:
    ask(mina)
    keep_house(mina.app)
    mina.inbox.take_all()
    mina.sign_in()
    assert subjects(mina) == [KEPT]


def test_password_alone_takes_nothing_back_where_the_second_step_is_on(
    protected: Person, clock: Clock
) -> None:
    ask(protected)
    at = delete_at(protected.app)
    protected.sign_in()
    assert protected.verify("000000").status_code == 422
    assert delete_at(protected.app) == at
    assert entered(protected.verify(protected.next_code()))
    found = account(protected.app)
    assert found
    assert found.delete_at is None
    assert protected.two_step_is_on()


def test_remembered_browser_is_asked_for_the_second_step(protected: Person) -> None:
    protected.remember()
    ask(protected)
    assert not entered(protected.sign_in())
    assert delete_at(protected.app)


def test_wrong_password_takes_nothing_back(mina: Person) -> None:
    ask(mina)
    assert mina.sign_in(password="not the password at all").status_code == 422
    assert delete_at(mina.app)


def test_new_password_by_mail_takes_it_back_once_signed_in(mina: Person) -> None:
    ask(mina)
    mina.get("/forgot-password")
    mina.post("/forgot-password", {"email": EMAIL})
    path = mina.inbox.wait_for("Set a new password for Twostep", to=EMAIL).path
    mina.get(path)
    assert delete_at(mina.app)
    assert entered(mina.post(path, {"new_password": "seven boats under glass"}))
    found = account(mina.app)
    assert found
    assert found.delete_at is None


def test_nobody_gets_in_from_the_moment_on(protected: Person, clock: Clock) -> None:
    ask(protected)
    protected.sign_in()
    clock.advance(minutes=5)
    clock.advance(seconds=(delete_at(protected.app) - clock()).total_seconds())
    assert not entered(protected.verify(protected.code()))
    protected.sign_in()
    assert "This account is being deleted." in protected.page
    assert delete_at(protected.app)
    keep_house(protected.app)
    assert account(protected.app) is None


# Told of, and done


def test_owner_is_told_a_day_before_and_once(mina: Person, clock: Clock) -> None:
    ask(mina)
    keep_house(mina.app)
    mina.inbox.take_all()
    clock.advance(days=13, seconds=-1)
    keep_house(mina.app)
    assert subjects(mina) == []
    clock.advance(seconds=1)
    keep_house(mina.app)
    keep_house(mina.app)
    (letter,) = mina.inbox.take_all()
    assert letter.subject == NEAR
    assert "December 8, 2026" in letter.text
    clock.advance(days=1)
    keep_house(mina.app)
    assert subjects(mina) == [GONE]


def test_nothing_is_deleted_before_its_moment(mina: Person, clock: Clock) -> None:
    ask(mina)
    clock.advance(days=14, seconds=-1)
    keep_house(mina.app)
    assert account(mina.app)
    clock.advance(seconds=1)
    keep_house(mina.app)
    assert account(mina.app) is None


def test_nothing_is_left_of_the_account(
    app: Flask, make_person: Callable[..., Person], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with app.app_context():
        restore.after_restore(clock())
        db.session.remove()
    owner = sign_up(make_person, "owner@example.org", Role.OWNER)
    mina = sign_up(make_person, EMAIL)
    mina.activate()
    mina.add_app()
    mina.remember()
    mina.get("/account/profile/email")
    fields = {"email": OTHER, "password": PASSWORD, "factor": "code", "code": mina.next_code()}
    mina.post("/account/profile/email", fields)
    path = mina.inbox.wait_for("Confirm your new Twostep address", to=OTHER).path
    mina.get(path)
    mina.post(path)
    mina.email = OTHER
    mina.post("/forgot-password", {"email": OTHER})
    stranger = make_person()
    stranger.sign_in(OTHER, "not the password at all")
    stranger.sign_in(OTHER)
    clock.advance(minutes=16)
    mina.get("/account/sessions")
    mina.post("/account/sessions/end-others")
    mina.get(DELETE)
    held = mina.post(DELETE).headers["HX-Redirect"]
    mina.get(held)
    send = mina.post(held, {"factor": "code", "code": mina.next_code()}).headers["HX-Redirect"]
    mina.get(send, headers={"HX-Request": ""})
    mina.post(DELETE, headers={"HX-Request": ""})
    number = str((account(app, OTHER) or Account(id=0)).id)
    assert int(number) > restore.LEAP
    own = (number, OTHER, EMAIL)
    assert len({table for table, _ in traces(app, *own)}) >= 8
    clock.advance(days=13)
    keep_house(app)
    clock.advance(days=1)
    caplog.set_level(logging.INFO, "twostep.events")
    keep_house(app)
    assert traces(app, OTHER, EMAIL) == []
    # The organization's chain names accounts by their numbers alone.
    assert {table for table, _ in traces(app, number)} == {"audit_events"}
    assert told(mina, GONE, OTHER)
    assert owner.is_signed_in() or entered(owner.sign_in())
    lines = [record for record in caplog.records if record.getMessage() == events.ACCOUNT_DELETED]
    assert [line.__dict__["account"] for line in lines] == [number]


def test_what_refers_to_an_account_goes_with_it(app: Flask) -> None:
    """A table that another room adds must say what becomes of its rows."""
    for table in (*db.metadata.sorted_tables, *Model.metadata.sorted_tables):
        for key in table.foreign_keys:
            if key.column.table is inspect(Account).local_table:
                assert key.ondelete in ("CASCADE", "SET NULL"), f"{table.name}.{key.parent.name}"


def test_deleted_address_can_sign_up_again(mina: Person, make_person: Callable[..., Person]) -> None:
    ask(mina)
    before = account(mina.app)
    mina.clock.advance(days=14)
    keep_house(mina.app)
    assert mina.sign_in().status_code == 422
    mina.inbox.take_all()
    again = sign_up(make_person, EMAIL)
    assert again.is_signed_in()
    after = account(mina.app)
    assert before
    assert after
    assert after.id > before.id
    assert not again.two_step_is_on()


def test_deletions_are_done_one_by_one_and_go_on_where_they_stopped(
    app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "_AT_ONCE", 2)
    row = {"name": "A", "password_hash": "none", "created_at": clock(), "delete_at": clock()}
    with app.app_context():
        with transaction():
            emails = [f"a{number}@example.com" for number in range(5)]
            db.session.execute(insert(Account), [{**row, "email": one, "email_key": one} for one in emails])
        commits: list[object] = []

        def note(connection: object) -> None:
            commits.append(connection)

        event.listen(db.engine, "commit", note)
        deletions = rules.delete_due(clock())
        assert next(deletions) == 1
        deletions.close()
        assert list(rules.delete_due(clock())) == [1] * 4
        event.remove(db.engine, "commit", note)
        db.session.remove()
    assert len(commits) >= 5


def test_reminders_go_out_in_batches(app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BATCH", 2)
    row = {"name": "A", "password_hash": "none", "created_at": clock()}
    with app.app_context():
        with transaction():
            emails = [f"a{number}@example.com" for number in range(5)]
            rows = [{**row, "email": one, "email_key": one} for one in emails]
            soon = clock() + timedelta(hours=23)
            db.session.execute(insert(Account), [{**one, "delete_at": soon} for one in rows])
        assert list(rules.remind(clock())) == [2, 2, 1]
        assert db.session.query(OutboxMail).count() == 5
        db.session.remove()


# Settings


@pytest.fixture
def days(request: pytest.FixtureRequest, app: Flask) -> Iterator[int]:
    """``DELETION_DAYS`` of the installation."""
    box = app.extensions["twostep"]
    app.extensions["twostep"] = type(box)(**{**box.__dict__, "deletion_days": request.param})
    yield request.param
    app.extensions["twostep"] = box


@pytest.mark.parametrize("days", [0], indirect=True)
def test_without_days_it_is_deleted_at_once(mina: Person, days: int) -> None:
    assert "this happens at once, and can’t be taken back" in mina.get(DELETE).text
    ask(mina)
    assert "Your account is being deleted." in mina.get("/sign-in", headers={"HX-Request": ""}).text
    assert not entered(mina.sign_in())
    mina.inbox.take_all()
    keep_house(mina.app)
    assert account(mina.app) is None
    assert GONE in subjects(mina)


@pytest.mark.parametrize("days", [1], indirect=True)
def test_one_day_brings_no_second_mail_at_once(mina: Person, days: int, clock: Clock) -> None:
    ask(mina)
    keep_house(mina.app)
    assert NEAR not in subjects(mina)
    clock.advance(days=1)
    keep_house(mina.app)
    assert account(mina.app) is None


# The organization


def test_only_owner_can_not_leave(make_person: Callable[..., Person]) -> None:
    owner = sign_up(make_person, "owner@example.com", Role.OWNER)
    sign_up(make_person, OTHER, Role.ADMINISTRATOR)
    page = owner.get(DELETE).text
    assert "You are the only owner of the organization." in page
    assert "<form" not in page
    owner.get("/account/profile")
    refused = owner.post(DELETE)
    assert refused.status_code == 422
    assert "Make somebody else an owner first." in refused.text
    assert owner.is_signed_in()


def test_one_of_two_owners_can_leave_and_then_the_other_can_not(make_person: Callable[..., Person]) -> None:
    one = sign_up(make_person, "owner@example.com", Role.OWNER)
    two = sign_up(make_person, OTHER, Role.OWNER)
    ask(one)
    assert delete_at(one.app, "owner@example.com")
    two.get("/account/profile")
    assert two.post(DELETE).status_code == 422
    assert two.is_signed_in()


def test_owner_beside_one_who_is_locked_can_not_leave(make_person: Callable[..., Person]) -> None:
    owner = sign_up(make_person, "owner@example.com", Role.OWNER)
    sign_up(make_person, OTHER, Role.OWNER)
    assert "is locked" in run(owner.app, "lock", OTHER, "--reason", "stolen")
    assert "You are the only owner of the organization." in owner.get(DELETE).text
    owner.get("/account/profile")
    assert owner.post(DELETE).status_code == 422
    assert owner.is_signed_in()


# Operators


def run(app: Flask, *words: str) -> str:
    return app.test_cli_runner().invoke(args=["users", *words]).output


def test_locked_account_is_not_deleted_and_gets_its_days_again(mina: Person, clock: Clock) -> None:
    ask(mina)
    clock.advance(days=10)
    assert "It is not deleted while it is locked." in run(mina.app, "lock", EMAIL, "--reason", "stolen")
    assert "asked for; not while the account is locked" in run(mina.app, "show", EMAIL, "--reason", "look")
    clock.advance(days=30)
    keep_house(mina.app)
    assert account(mina.app)
    assert "This account is locked." in mina.sign_in().text
    mina.inbox.take_all()
    assert "unless the owner signs in before" in run(mina.app, "unlock", EMAIL, "--reason", "it is hers")
    assert delete_at(mina.app) == clock() + timedelta(days=14)
    keep_house(mina.app)
    assert ASKED in subjects(mina)
    assert entered(mina.sign_in())


def test_show_list_and_export_say_when(app: Flask, mina: Person, tmp_path: Any, clock: Clock) -> None:
    assert "deletion    no" in run(app, "show", EMAIL, "--reason", "look")
    ask(mina)
    assert "deletion    on 2026-12-08" in run(app, "show", EMAIL, "--reason", "look")
    assert EMAIL in run(app, "list", "--deletion")
    assert "2026-12-08" in run(app, "list", "--deletion")
    assert EMAIL not in run(app, "list", "--no-deletion")
    file = tmp_path / "accounts.csv"
    run(app, "export", str(file))
    assert delete_at(app).isoformat() in file.read_text()


def test_import_takes_the_moment_over(app: Flask, tmp_path: Any, clock: Clock) -> None:
    file = tmp_path / "accounts.csv"
    at = clock() + timedelta(days=3)
    file.write_text(f"email,delete_at\nsoon@example.com,{at.isoformat()}\nlate@example.com,2026-01-01\n")
    output = run(app, "import", str(file))
    assert "delete_at: not within the next 90 days" in output
    assert delete_at(app, "soon@example.com") == at
    assert account(app, "late@example.com") is None


def test_account_that_leaves_is_made_no_owner(mina: Person) -> None:
    ask(mina)
    assert "Its owner has to sign in first" in run(mina.app, "make-owner", EMAIL, "--reason", "asked")


def test_after_a_restore_owners_have_their_days_again(mina: Person, clock: Clock) -> None:
    """They may have taken it back after the back-up was made."""
    ask(mina)
    clock.advance(days=20)
    mina.app.test_cli_runner().invoke(args=["backup", "restored"])
    assert delete_at(mina.app) == clock() + timedelta(days=14)
    keep_house(mina.app)
    assert entered(mina.sign_in())


def test_deletion_of_a_server_ahead_waits_for_nobody(mina: Person, clock: Clock) -> None:
    ask(mina)
    assert delete_due(mina.app, clock() + timedelta(days=13)) == 0
