"""The requirement in force: the date during the grace, the wizard after it, and the mails that tell of it."""

from __future__ import annotations

from html import unescape

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from console import housekeeping
from console.accounts.models import Account, Role
from console.auth.requirement import OPEN
from console.extensions import db
from console.organization.security import rules, telling
from mfa import clock as app_clock
from mfa.activity.models import ActivityEvent
from mfa.activity.rules import TWO_STEP_OFF
from mfa.database import transaction
from mfa.notices.models import OutboxMail
from tests.organization.people import Make, give, lock, sign_up
from tests.organization.routes import calls, noting
from tests.organization.settings import SECURITY, ask, require, said, save
from tests.support import passkeys
from tests.support.clock import Clock
from tests.support.crowd import AT_ONCE, at_once, copies
from tests.support.database import dump, noting_statements
from tests.support.passkeys import ORIGIN
from tests.support.person import PASSWORD, Person, Response, entered
from tests.support.product import TWO_STEP
from tests.support.software_authenticator import SoftwareAuthenticator

WIZARD = f"{TWO_STEP}/enroll"
REQUIRED = "Your organization requires 2-step verification."
WHOLE = {"HX-Request": ""}
JUN = "jun@example.com"
TABS = ("profile", "password", "two-step", "sessions", "activity")


@pytest.fixture
def owner(protected: Person) -> Person:
    return ask(protected)


@pytest.fixture
def jun(owner: Person, make_person: Make) -> Person:
    """A member whose 2-step verification is off."""
    return sign_up(make_person, JUN)


def way(answer: Response) -> str | None:
    return answer.headers.get("HX-Redirect") or answer.headers.get("Location")


def tell(app: Flask) -> None:
    """Have the worker put into the outbox what is to be told."""
    with app.app_context():
        for _ in housekeeping.tidy():
            pass
        db.session.remove()


def told(app: Flask) -> list[str]:
    """To whom it was mailed, or will be."""
    with app.app_context():
        found = db.session.execute(select(OutboxMail.recipient, OutboxMail.message)).all()
        db.session.remove()
    return sorted(to for to, message in found if message == "two_step_required")


# During the grace


def test_every_page_of_the_console_says_by_when(owner: Person, jun: Person, clock: Clock) -> None:
    assert REQUIRED not in said(jun.get("/", headers=WHOLE))
    require(owner)
    for path in ("/", *(f"/account/{tab}" for tab in TABS)):
        assert f"{REQUIRED} Turn it on by December 1, 2026." in said(jun.get(path, headers=WHOLE)), path
    assert 'href="/account/two-step"' in jun.page
    clock.advance(days=6, hours=1)
    jun.sign_in(JUN)
    assert "Turn it on by December 1, 2026, 12:" in said(jun.get("/", headers=WHOLE))
    assert jun.is_signed_in()


def test_pages_say_it_in_the_language_of_the_reader(owner: Person, make_person: Make) -> None:
    korean = make_person(email=JUN, languages="ko").sign_up()
    require(owner)
    assert "조직에서 2단계 인증을 필수로 정했어요. 2026년 12월 1일까지 켜 주세요." in said(
        korean.get("/", headers=WHOLE)
    )


def test_nothing_is_said_to_who_has_it_on(owner: Person) -> None:
    require(owner)
    assert REQUIRED not in said(owner.get("/", headers=WHOLE))


def test_reason_stands_in_place_of_disable(owner: Person) -> None:
    require(owner)
    assert "so it can’t be turned off" in said(owner.get(TWO_STEP))
    assert "Disable 2-Step Verification" not in owner.page
    assert owner.get(f"{TWO_STEP}/disable").status_code == 409


def test_line_goes_once_it_is_done(owner: Person, jun: Person) -> None:
    require(owner)
    assert 'id="protection" aria-labelledby="protection-title" data-due' in jun.get("/", headers=WHOLE).text
    jun.activate()
    assert "data-due" not in jun.page
    assert REQUIRED not in said(jun.get("/", headers=WHOLE))


def test_grace_of_a_new_member_begins_at_their_first_sign_in(
    owner: Person, make_person: Make, clock: Clock
) -> None:
    require(owner, grace_days="3")
    clock.advance(days=30)
    new = sign_up(make_person, JUN)
    assert "Turn it on by December 27, 2026." in said(new.get("/", headers=WHOLE))
    clock.advance(days=2)
    new.sign_in(JUN)
    assert new.is_signed_in()
    clock.advance(days=2)
    new.sign_in(JUN)
    assert way(new.get("/")) == WIZARD


def test_shorter_grace_counts_from_the_same_day(owner: Person, jun: Person, clock: Clock) -> None:
    require(owner, grace_days="14")
    jun.get("/", headers=WHOLE)
    clock.advance(days=3, minutes=1)
    jun.sign_in(JUN)
    assert jun.is_signed_in()
    owner.sign_in()
    owner.verify(owner.next_code())
    require(owner, grace_days="3")
    assert way(jun.get("/")) == WIZARD


def test_switching_it_off_and_on_begins_the_grace_again(owner: Person, jun: Person, clock: Clock) -> None:
    require(owner, grace_days="0")
    assert way(jun.get("/")) == WIZARD
    assert "The settings are saved." in said(save(owner, grace_days="0"))
    assert jun.is_signed_in()
    clock.advance(minutes=1)
    require(owner, grace_days="1")
    assert jun.is_signed_in()
    clock.advance(hours=23)
    jun.sign_in(JUN)
    assert jun.is_signed_in()
    clock.advance(hours=1, minutes=1)
    assert way(jun.get("/")) == WIZARD


def test_administrators_only_leaves_members_alone(app: Flask, owner: Person, jun: Person) -> None:
    require(owner, grace_days="0", scope="managers")
    assert jun.is_signed_in()
    give(app, JUN, Role.ADMINISTRATOR)
    assert way(jun.get("/")) == WIZARD
    assert way(jun.get(SECURITY)) == WIZARD


# After it


def test_who_signs_in_is_led_to_the_wizard_until_complete(owner: Person, jun: Person) -> None:
    require(owner, grace_days="0")
    jun.sign_out()
    jun.sign_in(JUN)
    assert way(jun.get("/")) == WIZARD
    jun.get(WIZARD, follow_redirects=True)
    assert "Step 1 of 4" in jun.page
    jun.verify_email().scan().enter_code()
    assert way(jun.get("/account/profile")) == WIZARD
    jun.complete()
    assert jun.is_signed_in()


def test_form_and_json_are_not_executed(owner: Person, jun: Person) -> None:
    jun.get("/account/profile")
    require(owner, grace_days="0")
    answer = jun.post("/account/profile", {"name": "Other", "language": "en"})
    assert way(answer) == WIZARD
    told = jun.client.get("/account/profile", headers={"Accept": "application/json"})
    assert (told.status_code, told.json) == (403, {"error": "two_step_required", "location": WIZARD})


def test_who_must_enroll_signs_out(owner: Person, jun: Person) -> None:
    jun.get("/", headers=WHOLE)
    require(owner, grace_days="0")
    assert way(jun.post("/sign-out")) == "/sign-in"
    assert "You are signed out." in jun.get("/sign-in", headers=WHOLE).text


ROOMS = {
    *("assets", "link", "recovery", "revocation", "sign_in", "step_up", "wizard"),
    # The tab.
    *("manage", "authenticators", "browsers", "check_up", "codes", "disable"),
}
"""The rooms of the extension that stay open: what there is to manage does nothing for who has none."""
FIELDS = {
    "name": "Other",
    "language": "en",
    "email": "other@example.com",
    "saved": "y",
    "password": PASSWORD,
    "new_password": "seven boats under glass",
    "reason": "why not",
    "role": "owner",
    "code": "000000",
    "factor": "code",
    "session": "1",
    "required": "",
    "version": "1",
    "grace_days": "7",
}
"""What any form may ask for."""
WORK = ("two_step.wizard.", "two_step.step_up.")
"""What is there for them to do, with the right fields."""
COUNTS = {"mfa_throttles", "mfa_spent", "mfa_network_hits", "sessions.seen_at", "mfa_outbox"}
"""What may be written where nothing is done, and what the mail worker empties meanwhile."""


def is_open(endpoint: str) -> bool:
    """Whether somebody who must enroll gets there."""
    room = endpoint.split(".")[1] if endpoint.startswith("two_step.") else ""
    return room in ROOMS or endpoint in {"static", *OPEN}


def test_who_must_enroll_finds_the_wizard_the_tab_sign_out_and_help_alone(
    app: Flask, owner: Person, jun: Person, engine: Engine
) -> None:
    """At every route, by every method; and nothing that is posted on the way is done."""
    jun.get("/account/profile", headers=WHOLE)
    token = {"csrf_token": jun.hidden()["csrf_token"]}
    require(owner, grace_days="0")
    assert way(jun.get("/")) == WIZARD
    # Later the worker would do it, at any moment of the walk.
    tell(app)
    kept, before, wrong = jun.cookie(), dump(engine, without=COUNTS), []
    # A test of its own signs out: after it there is nobody to walk on.
    with noting(app, instead={"sessions.sign_out"}) as entered:
        for call in calls(app):
            jun.put_cookie(kept)
            entered.clear()
            fields = token if call.endpoint.startswith(WORK) else {**FIELDS, **token}
            answer = jun.client.open(
                call.path, method=call.method, data=fields if call.method == "POST" else None
            )
            if call.method == "OPTIONS":  # Flask answers by itself
                is_right = answer.status_code in (200, 404) and not entered
            elif is_open(call.endpoint):
                is_right = answer.status_code < 500 and entered == {call.endpoint}
            else:
                is_right = (answer.status_code, way(answer)) == (303, WIZARD) and not entered
            if not is_right:
                wrong.append((call, answer.status_code, way(answer)))
    assert wrong == []
    assert dump(engine, without=COUNTS) == before


def test_page_costs_one_statement_more_at_most(
    app: Flask, owner: Person, jun: Person, engine: Engine
) -> None:
    jun.get("/", headers=WHOLE)

    def statements(person: Person) -> int:
        with noting_statements(engine) as ran:
            assert person.get("/", headers=WHOLE).status_code == 200
        return len([statement for statement in ran if not statement.startswith("PRAGMA")])

    before = statements(jun)
    require(owner)
    jun.get("/", headers=WHOLE)
    assert statements(jun) == before + 1
    assert statements(owner) == before + 1
    save(owner, scope="managers", required="y")
    assert statements(jun) == before


# Mails


@pytest.fixture
def unsent(app: Flask) -> None:
    """No mail leaves: what waits in the outbox is counted."""
    app.extensions["mfa_mail_worker"].stop()


@pytest.mark.usefixtures("unsent")
def test_each_member_without_it_is_mailed_once(
    app: Flask, owner: Person, jun: Person, make_person: Make, clock: Clock
) -> None:
    sign_up(make_person, "ada@example.com", Role.ADMINISTRATOR)
    sign_up(make_person, "lea@example.com")
    lock(app, "lea@example.com", clock())
    require(owner)
    assert told(app) == []
    tell(app)
    tell(app)
    assert told(app) == ["ada@example.com", JUN]
    save(owner, required="y", grace_days="3")
    tell(app)
    assert len(told(app)) == 2
    save(owner)
    require(owner)
    tell(app)
    assert len(told(app)) == 4


@pytest.mark.usefixtures("unsent")
def test_only_those_are_mailed_of_whom_it_is_new(
    app: Flask, owner: Person, jun: Person, make_person: Make
) -> None:
    sign_up(make_person, "ada@example.com", Role.ADMINISTRATOR)
    require(owner, scope="managers")
    tell(app)
    assert told(app) == ["ada@example.com"]
    save(owner, required="y")
    tell(app)
    assert told(app) == ["ada@example.com", JUN]


@pytest.mark.usefixtures("unsent")
def test_mails_go_on_where_they_stopped(app: Flask, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [f"p{number}@example.com" for number in range(7)]
    with app.app_context():
        with transaction():
            for each in people:
                values = {"email": each, "email_key": each, "name": "P", "password_hash": "none"}
                db.session.add(Account(**values, created_at=app_clock.now()))
        db.session.remove()
    monkeypatch.setattr(telling, "BATCH", 3)
    require(owner)
    with app.app_context():
        batches = telling.tell(app_clock.now())
        assert (next(batches), next(batches)) == (1, 3)
        db.session.remove()
    assert told(app) == people[:3]
    tell(app)
    assert told(app) == people


@pytest.mark.usefixtures("unsent")
def test_nothing_is_mailed_of_what_was_switched_off(app: Flask, owner: Person, jun: Person) -> None:
    require(owner)
    save(owner)
    tell(app)
    assert told(app) == []


@pytest.mark.usefixtures("unsent")
def test_several_servers_that_tell_at_once_tell_each_once(
    app: Flask, owner: Person, jun: Person, make_person: Make
) -> None:
    sign_up(make_person, "ada@example.com")
    require(owner)
    at_once(lambda _: tell(app), 8)
    assert told(app) == ["ada@example.com", JUN]


def test_mail_says_how_long_there_is(app: Flask, owner: Person, jun: Person) -> None:
    require(owner)
    tell(app)
    letter = owner.inbox.wait_for("Turn on 2-step verification", to=JUN)
    assert "From your next visit on, you have 7 days to turn it on." in letter.text
    assert letter.path == TWO_STEP


# Races


def test_of_64_who_disable_while_it_is_switched_on_nobody_is_without_and_at_rest(
    app: Flask, owner: Person, make_person: Make
) -> None:
    """Each is refused, or is off and told the date: nobody is both without it and left alone."""
    members = [sign_up(make_person, f"m{number}@example.com") for number in range(7)]
    windows: list[tuple[Person, str]] = []
    for member in members:
        member.activate()
        member.prove_password("disable")
    for member in members:
        code = member.next_code()
        windows += [(copy, code) for copy in copies(member, make_person, (AT_ONCE - 1) // len(members))]
    ask(owner)
    owner.get(SECURITY)

    def act(number: int) -> Response:
        if number == 0:
            return save(owner, stale=True, required="y")
        window, code = windows[number - 1]
        return window.disable(code=code)

    results = at_once(act, AT_ONCE)
    assert "The settings are saved." in said(results[0])
    with app.app_context():
        disabled = db.session.scalars(
            select(ActivityEvent.person_id).where(ActivityEvent.event == TWO_STEP_OFF)
        ).all()
        db.session.remove()
    assert len(set(disabled)) == len(disabled)
    for number, member in enumerate(members, start=2):
        member.sign_in()
        assert member.is_signed_in() == (str(number) in disabled)
        if str(number) in disabled:
            assert "Turn it on by" in said(member.get("/", headers=WHOLE))
        else:
            assert entered(member.verify(member.next_code()))
            assert "is required" in member.get(f"{TWO_STEP}/disable").text


def test_of_64_who_save_at_once_one_does(app: Flask, owner: Person, make_person: Make) -> None:
    owner.get(SECURITY)
    people = copies(owner, make_person, AT_ONCE)
    results = at_once(lambda number: save(people[number], stale=True, required="y"), AT_ONCE)
    assert sum(answer.status_code == 200 for answer in results) == 1
    assert sum(answer.status_code == 409 for answer in results) == AT_ONCE - 1
    with app.app_context():
        assert rules.settings().version == 1


# Passkeys only for administrators


def test_administrator_with_an_app_alone_is_led_to_add_a_passkey(
    app: Flask, owner: Person, make_person: Make, clock: Clock
) -> None:
    passkeys.give(app, "1", SoftwareAuthenticator(ORIGIN))
    require(owner)
    clock.advance(minutes=1)
    ada = make_person(email=JUN)
    ada.sign_up(JUN)
    give(app, JUN, Role.ADMINISTRATOR)
    ada.activate()
    clock.advance(days=8)
    owner.sign_in()
    owner.verify(owner.next_code())
    require(owner, passkeys="y")
    ada.sign_in(JUN)
    ada.verify(ada.next_code())
    assert "Your organization requires a passkey. Add one by December 9, 2026." in said(
        ada.get("/", headers=WHOLE)
    )
    clock.advance(days=8)
    ada.sign_in(JUN)
    ada.verify(ada.next_code())
    assert way(ada.get("/")) == TWO_STEP
    assert "Your organization requires a passkey. Add one now." in said(ada.get(TWO_STEP))
    give(app, JUN, Role.MEMBER)
    assert ada.is_signed_in()
    give(app, JUN, Role.ADMINISTRATOR)
    passkeys.give(app, "2", SoftwareAuthenticator(ORIGIN))
    assert ada.is_signed_in()


def test_who_requires_passkeys_can_not_remove_their_last(app: Flask, owner: Person) -> None:
    one = passkeys.give(app, "1", SoftwareAuthenticator(ORIGIN))
    require(owner, passkeys="y")
    answer = owner.get(f"{TWO_STEP}/remove/{one}")
    assert answer.status_code == 409
    assert "this is your only one" in said(answer)


# Remembered browsers


def test_remembered_browsers_count_no_more_and_are_offered_no_more(app: Flask, owner: Person) -> None:
    owner.remember()
    owner.sign_out()
    assert entered(owner.sign_in())
    save(ask(owner), remembers_browsers=None)
    owner.sign_out()
    owner.sign_in()
    assert "Don’t ask again in this browser" not in unescape(owner.page)
    assert entered(owner.verify(owner.next_code()))
    assert "Remembered browsers" not in owner.get(TWO_STEP).text
