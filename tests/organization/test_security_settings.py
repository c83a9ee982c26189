"""The tab Security settings: who may require what, and how it is saved."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from console.accounts.models import Role
from console.extensions import db
from console.organization.audit.models import AuditEvent
from console.organization.security import rules
from mfa.people import rules as people
from tests.organization.people import Make, give, lock, sign_up
from tests.organization.settings import SECURITY, ask, chosen, said, save, settings
from tests.support import passkeys
from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.passkeys import ORIGIN
from tests.support.person import EMAIL, PASSWORD, Person
from tests.support.software_authenticator import SoftwareAuthenticator


@pytest.fixture
def owner(protected: Person) -> Person:
    """The owner, whose 2-step verification is on and who has just shown it."""
    return ask(protected)


def written(app: Flask) -> list[tuple[str, int | None, str]]:
    """What is written down of the settings: the event, who did it, and the details."""
    with app.app_context():
        found = db.session.execute(
            select(AuditEvent.event, AuditEvent.actor_id, AuditEvent.detail).order_by(AuditEvent.id)
        ).all()
        db.session.remove()
    return [(event, actor, detail) for event, actor, detail in found]


# What the page says


def test_nothing_is_required_at_first(owner: Person) -> None:
    owner.get(SECURITY)
    assert chosen(owner) == {
        "required": False,
        "scope": "everybody",
        "grace_days": "7",
        "passkeys": False,
        "remembers_browsers": True,
        "approves_resets": None,
    }


def test_page_says_how_many_do_not_have_it_yet(app: Flask, owner: Person, make_person: Make) -> None:
    sign_up(make_person, "jun@example.com")
    sign_up(make_person, "ada@example.com", Role.ADMINISTRATOR)
    page = said(owner.get(SECURITY))
    assert "2 of 3 members don’t have it yet." in page
    assert "1 of 2 members doesn’t have it yet." in page
    assert "2 of 2 have none yet." in page


def test_page_says_that_all_have_it(owner: Person) -> None:
    assert said(owner.get(SECURITY)).count("The 1 member has it.") == 2


def test_locked_people_are_not_counted(app: Flask, owner: Person, make_person: Make, clock: Clock) -> None:
    sign_up(make_person, "jun@example.com")
    sign_up(make_person, "ada@example.com", Role.ADMINISTRATOR)
    lock(app, "jun@example.com", clock())
    lock(app, "ada@example.com", clock())
    page = said(owner.get(SECURITY))
    assert page.count("The 1 member has it.") == 2
    assert "1 of 1 has none yet." in page


# Who may require it


def test_who_has_it_off_is_offered_to_turn_it_on_and_can_not_require_it(app: Flask, mina: Person) -> None:
    page = said(mina.get(SECURITY))
    assert "Your own 2-step verification is off. Turn it on first" in page
    assert 'href="/account/two-step"' in mina.page
    assert chosen(mina)["required"] is None
    answer = save(mina, required="y")
    assert answer.status_code == 422
    assert "Your own 2-step verification is off." in said(answer)
    assert not settings(app).required
    assert written(app) == []


def test_who_has_it_off_may_change_the_rest(app: Flask, mina: Person) -> None:
    mina.get(SECURITY)
    assert "The settings are saved." in said(save(mina, remembers_browsers=None))
    assert not settings(app).remembers_browsers


def test_administrator_may_require_it(app: Flask, owner: Person) -> None:
    give(app, EMAIL, Role.ADMINISTRATOR)
    assert "The settings are saved." in said(save(owner, required="y"))
    assert settings(app).required


def test_passkeys_take_one_of_their_own(app: Flask, owner: Person) -> None:
    answer = save(owner, required="y", passkeys="y")
    assert answer.status_code == 422
    assert "You have no passkey yourself." in said(answer)
    passkeys.give(app, "1", SoftwareAuthenticator(ORIGIN))
    assert "The settings are saved." in said(save(owner, required="y", passkeys="y"))


def test_passkeys_take_the_requirement(app: Flask, owner: Person) -> None:
    passkeys.give(app, "1", SoftwareAuthenticator(ORIGIN))
    answer = save(owner, passkeys="y")
    assert answer.status_code == 422
    assert "This takes the requirement above" in said(answer)


# Saving


def test_saving_asks_for_a_recent_verification_and_brings_the_form_back(
    app: Flask, owner: Person, clock: Clock
) -> None:
    owner.get(SECURITY, headers={"HX-Request": ""})
    clock.advance(minutes=11)
    way = save(owner, required="y", grace_days="3").headers["HX-Redirect"]
    assert "/account/two-step/confirm" in way
    owner.get(way)
    assert "Nothing was sent yet" in owner.page
    assert not settings(app).required
    sends = owner.post(way, {"factor": "code", "code": owner.next_code()}).headers["HX-Redirect"]
    owner.get(sends)
    answer = owner.post(SECURITY, headers={"HX-Request": ""})
    assert answer.status_code == 303
    assert settings(app).required
    assert settings(app).grace_days == 3
    assert "The settings are saved." in owner.get(answer.headers["Location"], headers={"HX-Request": ""}).text


def test_settings_are_shown_as_they_were_saved(owner: Person) -> None:
    save(owner, required="y", scope="managers", grace_days="14", remembers_browsers=None)
    owner.get(SECURITY)
    assert chosen(owner) == {
        "required": True,
        "scope": "managers",
        "grace_days": "14",
        "passkeys": False,
        "remembers_browsers": False,
        "approves_resets": None,
    }


def test_what_changes_nothing_writes_nothing(app: Flask, owner: Person, engine: Engine) -> None:
    # The mail of an earlier change may leave meanwhile.
    before = dump(engine, without={"mfa_outbox"})
    assert "Nothing was changed." in said(save(owner))
    assert "Nothing was changed." in said(save(owner, scope="managers"))
    assert dump(engine, without={"mfa_outbox"}) == before


@pytest.mark.parametrize(
    "field",
    [{"grace_days": "5"}, {"grace_days": "x"}, {"scope": "nobody"}, {"version": ""}, {"version": "x"}],
    ids=str,
)
def test_what_is_not_offered_is_refused(app: Flask, owner: Person, field: dict[str, Any]) -> None:
    assert save(owner, required="y", **field).status_code == 422
    assert not settings(app).required


def test_who_has_not_seen_the_last_change_can_not_make_another(app: Flask, owner: Person) -> None:
    owner.get(SECURITY)
    page = owner.page
    save(owner, required="y")
    owner.page = page
    answer = save(owner, grace_days="30", stale=True)
    assert answer.status_code == 409
    assert "Somebody else has changed these settings meanwhile." in said(answer)
    assert settings(app).required
    assert settings(app).grace_days == 7


# Written down


def test_switches_are_written_down(app: Flask, owner: Person) -> None:
    save(owner, required="y", grace_days="3")
    save(owner, required="y", grace_days="3", scope="managers")
    save(owner, grace_days="3", remembers_browsers=None)
    assert [(event, actor) for event, actor, _ in written(app)] == [
        ("requirement_on", 1),
        ("settings_changed", 1),
        ("requirement_on", 1),
        ("requirement_off", 1),
        ("settings_changed", 1),
    ]
    details = "".join(detail for _, _, detail in written(app))
    for told in ('"grace_days": "3"', '"scope": "managers"', '"remembers_browsers": "false"'):
        assert told.replace(": ", ":") in details.replace(": ", ":")


def test_password_stands_for_the_second_step_of_who_has_none(app: Flask, mina: Person, clock: Clock) -> None:
    mina.get(SECURITY, headers={"HX-Request": ""})
    clock.advance(minutes=11)
    way = save(mina, remembers_browsers=None).headers["HX-Redirect"]
    mina.get(way)
    mina.get(mina.post(way, {"password": PASSWORD}).headers["HX-Redirect"])
    assert mina.post(SECURITY, headers={"HX-Request": ""}).status_code == 303
    assert not settings(app).remembers_browsers


def test_owner_who_is_made_a_member_at_that_moment_changes_nothing(
    app: Flask, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for = people.wait_for

    def demoted(person_id: str) -> None:
        give(app, EMAIL, Role.MEMBER)
        wait_for(person_id)

    with monkeypatch.context() as patch:
        patch.setattr(rules.people, "wait_for", demoted)
        assert save(owner, required="y").status_code == 404
    assert written(app) == []
    with app.app_context():
        assert not rules.settings().required
