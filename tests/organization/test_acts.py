"""What owners and administrators do about one member: who may, what it does, and who is told."""

from __future__ import annotations

import itertools
import re

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update

from console.accounts.models import Account, Role
from console.extensions import db
from console.organization.audit.models import AuditEvent
from console.organization.members import acts
from console.organization.members.acts import Action
from mfa.database import transaction
from tests.organization.people import Make, give, roles, sign_up
from tests.support.clock import Clock
from tests.support.crowd import at_once
from tests.support.database import dump
from tests.support.person import EMAIL, Person, Response, entered
from tests.support.smtp import Inbox

URL = "/organization/members"
JUN, REASON = "jun@example.com", "she asked at the desk"
WRITTEN = {
    Action.REMIND: "member_reminded",
    Action.CHANGE_ROLE: "role_changed",
    Action.SIGN_OUT: "member_signed_out",
    Action.LOCK: "member_locked",
    Action.UNLOCK: "member_unlocked",
    Action.RESET: "reset_approved",
    Action.REMOVE: "member_removed",
}


def act(person: Person, action: str, member: int = 2, **fields: str) -> Response:
    """Open the page of an action and press its button."""
    url = f"{URL}/{member}/{action}"
    person.get(url)
    person.get("/", headers={"HX-Request": ""})
    token = {"csrf_token": person.hidden()["csrf_token"]}
    return person.post(url, {"reason": REASON, **token, **fields})


def fields(action: str, role: str = "administrator") -> dict[str, str]:
    return {"role": role} if action == Action.CHANGE_ROLE else {}


def account(app: Flask, email: str) -> Account:
    with app.app_context():
        found = db.session.scalars(select(Account).where(Account.email == email)).one()
        db.session.remove()
    return found


def written(app: Flask) -> list[tuple[str, int | None, int | None, str]]:
    with app.app_context():
        rows = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
        db.session.remove()
    return [(row.event, row.actor_id, row.subject_id, row.reason) for row in rows]


@pytest.fixture
def jun(mina: Person, make_person: Make) -> Person:
    """A member with 2-step verification on, beside Mina, who owns the organization."""
    return make_person(email=JUN).sign_up(JUN).activate()


def prepare(app: Flask, owner: Person, action: str) -> None:
    """Bring the member into the state in which the action is offered."""
    if action == Action.REMIND:
        given = ["users", "disable-2sv", JUN, "--reason", REASON]
        assert app.test_cli_runner().invoke(args=given).exit_code == 0
    if action == Action.UNLOCK:
        assert act(owner, Action.LOCK).status_code == 200


@pytest.mark.parametrize("action", Action)
def test_owner_does_it_and_it_is_written_down(mina: Person, jun: Person, action: Action) -> None:
    prepare(mina.app, mina, action)
    before = len(written(mina.app))
    response = act(mina, action, **fields(action))
    assert response.status_code == 200, response.text
    assert "done-line" in response.text
    reason = "" if action is Action.REMIND else REASON
    assert written(mina.app)[before:] == [(WRITTEN[action], 1, 2, reason)]


@pytest.mark.parametrize("action", [one for one in Action if one not in (Action.REMIND, Action.RESET)])
def test_member_is_told_by_mail_with_the_reason(
    mina: Person, jun: Person, inbox: Inbox, action: Action
) -> None:
    prepare(mina.app, mina, action)
    if action is Action.UNLOCK:
        inbox.wait_for("An administrator worked on", to=JUN)
    act(mina, action, **fields(action))
    letter = inbox.wait_for("An administrator worked on your Twostep account", to=JUN)
    assert REASON in letter.text
    assert EMAIL not in letter.text


def test_member_reads_in_activity_what_was_done(mina: Person, jun: Person) -> None:
    act(mina, Action.CHANGE_ROLE, role="administrator")
    text = jun.get("/account/activity").text
    assert f"An administrator made you an administrator of the organization: {REASON}" in text


@pytest.mark.parametrize("action", [Action.SIGN_OUT, Action.LOCK, Action.REMOVE])
def test_every_session_of_the_member_ends(mina: Person, jun: Person, action: Action) -> None:
    assert jun.is_signed_in()
    act(mina, action)
    assert not jun.is_signed_in()
    assert mina.is_signed_in()


def test_signed_out_member_signs_in_again(mina: Person, jun: Person) -> None:
    act(mina, Action.SIGN_OUT)
    jun.sign_in()
    assert entered(jun.verify(jun.next_code()))


def test_locked_member_stays_out_until_unlocked(mina: Person, jun: Person) -> None:
    act(mina, Action.LOCK)
    assert "This account is locked" in jun.sign_in().text
    act(mina, Action.UNLOCK)
    jun.sign_in()
    assert entered(jun.verify(jun.next_code()))


def test_removed_member_is_locked_and_listed_nowhere(mina: Person, jun: Person) -> None:
    give(mina.app, JUN, Role.ADMINISTRATOR)
    assert "jun@example.com" not in act(mina, Action.REMOVE).text
    assert mina.get(f"{URL}/2").status_code == 404
    assert "This account is locked" in jun.sign_in().text
    found = account(mina.app, JUN)
    assert (found.role, bool(found.locked_at), bool(found.removed_at)) == (Role.MEMBER, True, True)


def test_operator_brings_a_removed_member_back(mina: Person, jun: Person) -> None:
    act(mina, Action.REMOVE)
    result = mina.app.test_cli_runner().invoke(args=["users", "unlock", JUN, "--reason", "a mistake"])
    assert result.exit_code == 0, result.output
    assert JUN in mina.get(URL).text
    jun.sign_in()
    assert entered(jun.verify(jun.next_code()))


def test_new_role_holds_at_once(mina: Person, jun: Person) -> None:
    assert jun.get(URL).status_code == 404
    act(mina, Action.CHANGE_ROLE, role="administrator")
    assert jun.get(URL).status_code == 200
    act(mina, Action.CHANGE_ROLE, role="member")
    assert jun.get(URL).status_code == 404


def test_reminder_leads_to_the_tab_and_comes_once_a_day(
    mina: Person, make_person: Make, inbox: Inbox, clock: Clock
) -> None:
    make_person(email=JUN).sign_up(JUN)
    assert act(mina, Action.REMIND).status_code == 200
    letter = inbox.wait_for("Turn on 2-step verification for", to=JUN)
    assert letter.path == "/account/two-step"
    clock.advance(hours=23)
    mina.sign_out()
    mina.sign_in()
    response = act(mina, Action.REMIND)
    assert (response.status_code, "less than a day ago" in response.text) == (422, True)
    clock.advance(hours=1)
    assert act(mina, Action.REMIND).status_code == 200


# Who may


@pytest.mark.slow
@pytest.mark.parametrize("ranks", list(itertools.product([Role.OWNER, Role.ADMINISTRATOR], Role)))
@pytest.mark.parametrize("action", Action)
def test_owners_act_on_everybody_and_administrators_on_all_but_owners(
    mina: Person, jun: Person, engine: Engine, action: Action, ranks: tuple[Role, Role]
) -> None:
    own, other = ranks
    prepare(mina.app, mina, action)
    give(mina.app, EMAIL, own)
    give(mina.app, JUN, other)
    role = "member" if other is Role.ADMINISTRATOR else "administrator"
    before = dump(engine, without={"mfa_outbox", "sessions", "mfa_network_hits"})
    response = act(mina, action, **fields(action, role))
    if other is Role.OWNER and own is not Role.OWNER:
        assert response.status_code == 403
        assert "Only an owner may do that." in response.text
        assert dump(engine, without={"mfa_outbox", "sessions", "mfa_network_hits"}) == before
    else:
        assert response.status_code == 200, response.text


def test_administrators_make_no_owners(mina: Person, jun: Person) -> None:
    give(mina.app, EMAIL, Role.ADMINISTRATOR)
    mina.get(f"{URL}/2/role")
    assert 'value="owner"' not in mina.page
    assert act(mina, Action.CHANGE_ROLE, role="owner").status_code == 403
    assert roles(mina.app)[JUN] is Role.MEMBER


@pytest.mark.parametrize("action", Action)
def test_nobody_does_it_to_themselves(protected: Person, engine: Engine, action: Action) -> None:
    protected.get(f"{URL}/1")
    assert "This is you." in protected.page
    before = dump(engine, without={"mfa_outbox", "sessions"})
    response = act(protected, action, member=1, **fields(action))
    assert (response.status_code, "your own account" in response.text) == (403, True)
    assert dump(engine, without={"mfa_outbox", "sessions"}) == before


@pytest.mark.parametrize("action", Action)
def test_it_takes_a_fresh_proof(mina: Person, jun: Person, clock: Clock, action: Action) -> None:
    prepare(mina.app, mina, action)
    clock.advance(minutes=16)
    before = written(mina.app)
    response = act(mina, action, **fields(action))
    assert "/account/two-step/confirm" in response.headers["HX-Redirect"]
    assert written(mina.app) == before


# What is refused


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "two\nlines", "\u202e"])
@pytest.mark.parametrize("action", [Action.LOCK, Action.CHANGE_ROLE])
def test_without_a_reason_nothing_is_done(mina: Person, jun: Person, action: Action, reason: str) -> None:
    response = act(mina, action, **{**fields(action), "reason": reason})
    assert response.status_code == 422
    assert "Give a reason of 1 to 200 characters." in response.text
    assert written(mina.app) == []


@pytest.mark.parametrize("role", ["king", "", "Owner"])
def test_unknown_role_is_refused(mina: Person, jun: Person, role: str) -> None:
    assert act(mina, Action.CHANGE_ROLE, role=role).status_code == 422
    assert roles(mina.app)[JUN] is Role.MEMBER


@pytest.mark.parametrize("action", [Action.REMIND, Action.UNLOCK])
def test_page_of_what_is_not_offered_leads_to_the_member(mina: Person, jun: Person, action: Action) -> None:
    response = mina.get(f"{URL}/2/{action}")
    assert (response.status_code, response.headers["Location"]) == (303, f"{URL}/2")
    assert act(mina, action).status_code == 422


@pytest.mark.parametrize("number", ["3", "0", "9223372036854775807", "9223372036854775808", "x", "-1"])
def test_nobody_is_nobody(mina: Person, jun: Person, number: str) -> None:
    assert mina.get(f"{URL}/{number}").status_code == 404
    assert mina.get(f"{URL}/{number}/lock").status_code == 404


def test_without_script_the_page_says_what_was_done(make_person: Make) -> None:
    plain = make_person(htmx=False).sign_up()
    sign_up(make_person, JUN)
    response = act(plain, Action.LOCK)
    assert response.status_code == 303
    assert "The account is locked." in plain.get(response.headers["Location"]).text


# At once


def press_at_once(people: list[Person], presses: list[tuple[str, int, dict[str, str]]]) -> list[int]:
    for person, (action, member, _) in zip(people, presses, strict=True):
        person.get(f"{URL}/{member}/{action}")

    def press(number: int) -> int:
        action, member, given = presses[number]
        url = f"{URL}/{member}/{action}"
        return people[number].post(url, {"reason": REASON, **given}).status_code

    return at_once(press, len(people))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Action.CHANGE_ROLE, Action.CHANGE_ROLE),
        (Action.LOCK, Action.CHANGE_ROLE),
        (Action.REMOVE, Action.REMOVE),
        (Action.LOCK, Action.LOCK),
    ],
)
def test_two_owners_who_turn_on_each_other_leave_one(
    mina: Person, make_person: Make, first: Action, second: Action
) -> None:
    jun = sign_up(make_person, JUN, Role.OWNER)
    statuses = press_at_once(
        [mina, jun], [(first, 2, fields(first, "member")), (second, 1, fields(second, "member"))]
    )
    owners = [account(mina.app, email) for email in (EMAIL, JUN)]
    assert len([one for one in owners if one.role is Role.OWNER and not one.locked_at]) == 1
    assert min(statuses) == 200
    assert len(written(mina.app)) == 1


def test_owner_who_leaves_at_that_moment_takes_no_other_owner_along(
    mina: Person, make_person: Make, clock: Clock
) -> None:
    sign_up(make_person, JUN, Role.OWNER)
    with mina.app.app_context():
        leaving, staying = db.session.scalars(select(Account).order_by(Account.id)).all()
        request = acts.Request(leaving, staying, clock(), REASON, Role.MEMBER)
        with transaction():
            db.session.execute(update(Account).where(Account.id == leaving.id).values(delete_at=clock()))
        with pytest.raises(acts.NotAllowed):
            acts.do(Action.CHANGE_ROLE, request)
    assert account(mina.app, JUN).role is Role.OWNER


def test_reminded_by_many_at_once_somebody_gets_one_mail(mina: Person, make_person: Make) -> None:
    sign_up(make_person, JUN)
    helpers = [sign_up(make_person, f"helper{n}@example.com", Role.ADMINISTRATOR) for n in range(6)]
    statuses = press_at_once(helpers, [(Action.REMIND, 2, {})] * 6)
    assert sorted(statuses) == [200] + [422] * 5
    assert [event for event, *_ in written(mina.app)] == ["member_reminded"]


def test_page_names_no_script(mina: Person, make_person: Make) -> None:
    sign_up(make_person, JUN)
    assert not re.search(r"<script|style=", mina.get(f"{URL}/2").text)
