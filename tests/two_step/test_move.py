"""Move to a new phone: the old app and codes work until Complete, not after it."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from sqlalchemy import Engine, select

from console.accounts.models import Account
from console.auth.adapter import ConsoleAccounts
from console.extensions import db
from mfa import clock as app_clock
from mfa.enrollment import rules
from mfa.enrollment.pending import Pending
from mfa.enrollment.purposes import Purpose
from mfa.here import Here
from mfa.people import rules as people
from mfa.people.rules import Changed
from tests.support.authenticator import Authenticator
from tests.support.clock import Clock
from tests.support.cookies import read_cookie
from tests.support.database import dump
from tests.support.person import PASSWORD, Person, entered
from tests.support.smtp import Inbox
from tests.two_step.codes import code_of, sign_in_by

TAB = "/account/two-step"
ENROLL = "/account/two-step/enroll"
VERIFY = "/account/two-step/move/verify"
MAY_CHANGE = {
    "mfa_outbox",
    "mfa_throttles",
    "mfa_spent",
    "sqlite_sequence",
    "sessions.token_hash",
    "sessions.seen_at",
    "sessions.proved_at",
    "mfa_authenticators.used_step",
    "mfa_authenticators.last_used_at",
}
STEPS = ("scan", "code", "recovery")


def walk_to(person: Person, step: str) -> Person:
    person.begin_move()
    for name, act in (("scan", person.scan), ("code", person.enter_code)):
        if name == step:
            break
        act()
    return person


def old_app(person: Person) -> Authenticator:
    assert person.app_on_phone
    return person.app_on_phone


# The whole way


def test_after_complete_the_new_app_signs_in(protected: Person) -> None:
    protected.move()
    assert sign_in_by(protected, protected.next_code())


def test_after_complete_the_old_app_never_signs_in(protected: Person) -> None:
    old = old_app(protected)
    protected.move()
    assert not sign_in_by(protected, code_of(old, protected))


def test_after_complete_the_old_recovery_codes_never_work(protected: Person) -> None:
    old = protected.recovery_codes
    protected.move()
    protected.sign_out()
    protected.sign_in()
    assert [protected.verify_recovery_code(code).status_code for code in old[:2]] == [422, 422]


def test_after_complete_the_new_recovery_codes_work(protected: Person) -> None:
    protected.move().sign_out()
    protected.sign_in()
    assert entered(protected.verify_recovery_code(protected.recovery_codes[0]))


@pytest.mark.parametrize("step", STEPS)
def test_the_old_app_works_at_every_step_before_complete(protected: Person, step: str) -> None:
    old = old_app(protected)
    walk_to(protected, step)
    assert sign_in_by(protected, code_of(old, protected))


@pytest.mark.parametrize("step", STEPS)
def test_the_old_recovery_codes_work_at_every_step_before_complete(protected: Person, step: str) -> None:
    old = protected.recovery_codes
    walk_to(protected, step).sign_out()
    protected.sign_in()
    assert entered(protected.verify_recovery_code(old[0]))


@pytest.mark.parametrize("step", STEPS)
def test_leaving_after_any_step_changes_nothing(protected: Person, engine: Engine, step: str) -> None:
    before = dump(engine, without=MAY_CHANGE)
    walk_to(protected, step)
    assert dump(engine, without=MAY_CHANGE) == before


def test_cancel_changes_nothing(protected: Person, engine: Engine) -> None:
    before = dump(engine, without=MAY_CHANGE)
    walk_to(protected, "recovery").post(f"{ENROLL}/cancel")
    assert dump(engine, without=MAY_CHANGE) == before


def test_a_recovery_code_opens_the_wizard_too(protected: Person) -> None:
    protected.prove_password("move")
    response = protected.prove_move(factor="recovery_code", recovery_code=protected.recovery_codes[0])
    assert "Step 1 of 3" in response.text


def test_a_recovery_code_that_opened_the_wizard_is_used_up(protected: Person) -> None:
    protected.prove_password("move")
    protected.prove_move(factor="recovery_code", recovery_code=protected.recovery_codes[0])
    assert "9 of 10 recovery codes left" in protected.get(TAB).text


def test_the_owner_is_told_by_mail_of_a_recovery_code_that_opened_the_wizard(
    protected: Person, inbox: Inbox
) -> None:
    protected.prove_password("move")
    protected.prove_move(factor="recovery_code", recovery_code=protected.recovery_codes[0])
    assert inbox.wait_for("A recovery code was used")


def test_a_code_that_opened_the_wizard_does_not_sign_in(protected: Person) -> None:
    protected.prove_password("move")
    code = protected.next_code()
    protected.prove_move(code=code)
    assert not sign_in_by(protected, code)


def test_a_code_that_confirmed_the_new_app_does_not_sign_in(protected: Person) -> None:
    protected.move()
    assert not sign_in_by(protected, protected.code())


def test_the_new_secret_is_another_one(protected: Person) -> None:
    old = old_app(protected)
    assert old_app(protected.move()).secret != old.secret


def test_the_tab_still_says_since_when_it_is_on(protected: Person, clock: Clock) -> None:
    clock.advance(days=40)
    protected.sign_in()
    protected.verify(protected.next_code())
    protected.move()
    assert "November 24, 2026" in protected.get(TAB).text


def test_after_complete_ten_codes_are_left(protected: Person) -> None:
    protected.prove_password("move")
    protected.prove_move(factor="recovery_code", recovery_code=protected.recovery_codes[0])
    protected.scan().enter_code().complete()
    assert "10 of 10 recovery codes left" in protected.get(TAB).text


def test_the_owner_is_told_by_mail_of_a_move(protected: Person, inbox: Inbox) -> None:
    protected.move()
    letter = inbox.wait_for("Your authenticator app was changed")
    assert "If this was not you" in letter.text
    assert "If this was not you" in letter.html


def test_a_move_stands_among_the_activities(protected: Person) -> None:
    assert "Moved to a new authenticator app" in protected.move().get("/account/activity").text


def test_a_move_signs_the_other_sessions_out(protected: Person, make_person: Callable[..., Person]) -> None:
    other = make_person()
    other.sign_in()
    other.verify(protected.next_code())
    assert other.is_signed_in()
    protected.move()
    assert not other.is_signed_in()


def test_a_move_keeps_the_session_in_which_it_is_made(protected: Person) -> None:
    assert protected.move().is_signed_in()


def test_a_move_makes_other_devices_strangers(
    protected: Person, make_person: Callable[..., Person], inbox: Inbox
) -> None:
    other = make_person()
    other.sign_in()
    other.verify(protected.next_code())
    protected.move()
    inbox.take_all()
    other.sign_in()
    other.verify(protected.next_code())
    assert inbox.wait_for("New sign-in")


def test_a_move_keeps_its_own_device_known(protected: Person, inbox: Inbox) -> None:
    protected.move()
    assert inbox.wait_for("Your authenticator app was changed")
    assert sign_in_by(protected, protected.next_code())
    assert "on a new device" not in protected.get("/account/activity").text.partition("Moved to")[0]


# The steps


@pytest.mark.parametrize("step", STEPS)
def test_reload_resumes_at_the_step_reached(protected: Person, step: str) -> None:
    walk_to(protected, step)
    assert f"Step {STEPS.index(step) + 1} of 3" in protected.get(ENROLL).text


@pytest.mark.parametrize("step", STEPS)
def test_the_tab_offers_to_continue(protected: Person, step: str) -> None:
    walk_to(protected, step)
    assert f"Continue at step {STEPS.index(step) + 1} of 3" in protected.get(TAB).text


def test_the_tab_offers_nothing_to_continue_after_complete(protected: Person) -> None:
    assert "Continue at step" not in protected.move().get(TAB).text


@pytest.mark.parametrize("address", ["email", "code", "recovery"])
def test_a_step_can_not_be_skipped_by_its_address(protected: Person, address: str) -> None:
    protected.begin_move()
    assert "Step 1 of 3" in protected.get(f"{ENROLL}/{address}", follow_redirects=True).text


@pytest.mark.parametrize("address", ["email", "email/send", "code", "recovery"])
def test_a_step_can_not_be_skipped_by_its_post(protected: Person, address: str) -> None:
    protected.begin_move()
    fields = {**protected.hidden(f"{ENROLL}/scan"), "saved": "y", "number": "123456", "code": "123456"}
    assert "Step 1 of 3" in protected.post(f"{ENROLL}/{address}", fields, follow_redirects=True).text


def test_a_move_mails_no_number(protected: Person, inbox: Inbox) -> None:
    protected.begin_move()
    inbox.take_all()
    protected.post(f"{ENROLL}/email/send", protected.hidden(f"{ENROLL}/scan"))
    # The mail of the activation before may come late; a number is mailed before the answer.
    assert not [letter for letter in inbox.take_all() if "number" in letter.subject]


def test_the_first_step_has_no_back(protected: Person) -> None:
    assert "wizard-back" not in protected.begin_move().page


def test_the_first_step_says_that_leaving_changes_nothing(protected: Person) -> None:
    assert "If you exit before that, nothing is changed." in protected.begin_move().page


def test_the_last_step_says_that_the_old_codes_end(protected: Person) -> None:
    assert "your old recovery codes work until you press Complete" in walk_to(protected, "recovery").page


def test_a_code_of_the_old_app_does_not_confirm_the_new_one(protected: Person) -> None:
    old = old_app(protected)
    walk_to(protected, "code")
    assert protected.post(f"{ENROLL}/code", {"code": code_of(old, protected)}).status_code == 422


def test_complete_is_refused_without_the_tick(protected: Person) -> None:
    response = walk_to(protected, "recovery").post(f"{ENROLL}/recovery")
    assert response.status_code == 422
    assert "Save the codes first, then tick this box." in response.text


def test_the_last_page_needs_it_on(mina: Person) -> None:
    assert mina.get(f"{ENROLL}/moved").headers["Location"].endswith(TAB)


# What opens it


def test_a_wrong_password_opens_nothing(protected: Person) -> None:
    response = protected.prove_password("move", "not my password at all")
    assert response.status_code == 422
    assert protected.get(VERIFY).status_code == 409


def test_the_password_alone_opens_no_wizard(protected: Person) -> None:
    protected.prove_password("move")
    assert protected.get(f"{ENROLL}/scan").status_code == 409


@pytest.mark.parametrize("purpose", ["reissue", "disable"])
def test_the_proof_of_another_purpose_opens_no_move(protected: Person, purpose: str) -> None:
    protected.prove_password(purpose)
    assert protected.get(VERIFY).status_code == 409


def test_the_proof_of_a_move_disables_nothing(protected: Person) -> None:
    protected.prove_password("move")
    assert protected.get("/account/two-step/disable/verify").status_code == 409


def test_a_wrong_code_opens_nothing(protected: Person) -> None:
    protected.prove_password("move")
    assert protected.prove_move(code="000000").status_code == 422
    assert protected.get(f"{ENROLL}/scan").status_code == 409


def test_a_wrong_recovery_code_opens_nothing(protected: Person) -> None:
    protected.prove_password("move")
    response = protected.prove_move(factor="recovery_code", recovery_code="0000-0000-0000-0000")
    assert response.status_code == 422
    assert "That recovery code is not right" in response.text


def test_a_code_of_the_future_tells_nothing(protected: Person) -> None:
    protected.prove_password("move")
    assert "That code is not right." in protected.prove_move(code=protected.code(seconds=600)).text


def test_wrong_codes_count_like_those_at_sign_in(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    stolen = make_person()
    stolen.put_cookie(protected.cookie())
    stolen.prove_password("move")
    for _ in range(5):
        stolen.prove_move(code="000000")
    thief = make_person()
    thief.sign_in()
    assert thief.verify(protected.code(seconds=30)).status_code == 429


def test_wrong_codes_of_the_new_app_do_not_count_at_sign_in(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    """They are guesses at a secret that whoever guesses was shown."""
    old = old_app(protected)
    walk_to(protected, "code")
    for _ in range(6):
        protected.post(f"{ENROLL}/code", {"code": "000000"})
    other = make_person()
    other.sign_in()
    assert entered(other.verify(code_of(old, protected)))


def test_a_cookie_copied_before_the_factor_holds_no_part_of_the_move(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    protected.prove_password("move")
    thief = make_person()
    thief.put_cookie(protected.cookie())
    protected.prove_move(code=protected.next_code())
    assert thief.get("/account/two-step/enroll/scan").status_code == 409


def test_a_cookie_copied_before_complete_is_dead_after_it(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    protected.begin_move().scan().enter_code()
    thief = make_person()
    thief.put_cookie(protected.cookie())
    protected.complete()
    assert not thief.is_signed_in()


def test_there_is_nothing_to_move_while_it_is_off(mina: Person) -> None:
    response = mina.get("/account/two-step/move")
    assert response.status_code == 409
    assert "2-step verification is off" in response.text


def test_the_proof_ends_after_five_minutes(protected: Person, clock: Clock) -> None:
    protected.prove_password("move")
    clock.advance(minutes=5)
    assert "The time for this step is over" in protected.get(VERIFY).text


def test_a_move_ends_after_fifteen_minutes(protected: Person, clock: Clock) -> None:
    old = old_app(protected)
    walk_to(protected, "recovery")
    clock.advance(minutes=15)
    assert "The time for this step is over" in protected.complete().text
    assert sign_in_by(protected, code_of(old, protected))


def test_a_move_that_is_over_does_not_offer_to_activate(protected: Person, clock: Clock) -> None:
    walk_to(protected, "scan")
    clock.advance(minutes=15)
    assert "Activate 2-Step Verification" not in protected.get(ENROLL).text


def test_without_codes_it_says_that_they_can_be_reissued_first(protected: Person, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE mfa_recovery_codes SET used_at = '2026-11-24 12:00:00'")
    assert "You have no recovery codes left." in protected.prove_password("move").text


# Replays


def test_a_proof_opens_one_wizard(protected: Person) -> None:
    protected.prove_password("move")
    page = protected.page
    kept = read_cookie(protected.cookie())["two_step_pending"]
    protected.prove_move(code=protected.next_code())
    with protected.client.session_transaction() as session:
        session["two_step_pending"] = kept
    protected.page = page
    assert protected.prove_move(code=protected.next_code()).status_code == 409


def bring_back(person: Person, enrollment: dict[str, object], page: str) -> None:
    """An old enrollment in a living session's cookie, and the page that went with it."""
    with person.client.session_transaction() as session:
        session["two_step_pending"] = enrollment
    person.page = page


def test_a_completed_move_is_not_completed_again(protected: Person) -> None:
    walk_to(protected, "recovery")
    kept, page = read_cookie(protected.cookie())["two_step_pending"], protected.page
    protected.complete()
    bring_back(protected, kept, page)
    assert protected.complete().status_code == 409


def test_a_canceled_move_brought_back_by_its_cookie_moves_nothing(protected: Person) -> None:
    old = old_app(protected)
    walk_to(protected, "recovery")
    cookie, page = protected.cookie(), protected.page
    protected.post(f"{ENROLL}/cancel")
    protected.put_cookie(cookie)
    protected.page = page
    assert protected.complete().status_code == 409
    assert sign_in_by(protected, code_of(old, protected))


def test_an_activation_begun_while_off_does_nothing_once_it_is_on(mina: Person, clock: Clock) -> None:
    mina.begin().verify_email().scan().enter_code()
    kept, page = read_cookie(mina.cookie())["two_step_pending"], mina.page
    clock.advance(minutes=1)
    mina.activate()
    app = old_app(mina)
    bring_back(mina, kept, page)
    assert mina.complete().status_code == 409
    assert sign_in_by(mina, code_of(app, mina))


def test_a_move_begun_while_on_does_nothing_once_it_is_off(protected: Person) -> None:
    old = old_app(protected)
    walk_to(protected, "recovery")
    kept, page = read_cookie(protected.cookie())["two_step_pending"], protected.page
    protected.prove_password("disable")
    protected.disable(code=code_of(old, protected))
    bring_back(protected, kept, page)
    assert protected.complete().status_code == 409
    assert not protected.two_step_is_on()


def test_a_password_that_was_changed_meanwhile_ends_it(protected: Person) -> None:
    old = old_app(protected)
    walk_to(protected, "recovery")
    page = protected.page
    protected.get("/account/password")
    protected.post(
        "/account/password", {"current_password": PASSWORD, "new_password": "seven boats under glass"}
    )
    protected.page = page
    assert "Your account was changed" in protected.complete().text
    protected.sign_out()
    protected.sign_in(password="seven boats under glass")
    assert entered(protected.verify(code_of(old, protected)))


def test_a_reissue_that_came_first_ends_it(protected: Person) -> None:
    walk_to(protected, "recovery")
    kept, page = read_cookie(protected.cookie())["two_step_pending"], protected.page
    protected.prove_password("reissue")
    new = protected.shown_codes()
    protected.post("/account/two-step/reissue/recovery-codes", {"saved": "y"})
    protected.page = page
    assert "It ended when you began something else." in protected.complete().text
    bring_back(protected, kept, page)
    assert "Your account was changed" in protected.complete().text
    protected.sign_out()
    protected.sign_in()
    assert entered(protected.verify_recovery_code(new[0]))


def test_of_two_moves_the_second_is_told_that_the_account_was_changed(protected: Person) -> None:
    """One is completed in another window of the same session: each ends what the other began."""
    old = old_app(protected)
    walk_to(protected, "recovery")
    kept, page = read_cookie(protected.cookie())["two_step_pending"], protected.page
    protected.prove_password("move")
    protected.prove_move(code=code_of(old, protected))
    protected.scan().enter_code().complete()
    app = old_app(protected)
    bring_back(protected, kept, page)
    assert "Your account was changed" in protected.complete().text
    assert sign_in_by(protected, code_of(app, protected))


def complete_as(person: Person, purpose: Purpose) -> None:
    """Complete the enrollment that *person* has as if it were for that, begun at the account as it is."""
    kept = read_cookie(person.cookie())["two_step_pending"]
    enrollment = Pending.read({**kept, "purpose": purpose.value, "email_verified": True, "verified": True})
    assert enrollment
    with person.app.app_context():
        account = db.session.scalars(select(Account)).one()
        own = people.owner(ConsoleAccounts().identify(account))
        rules.complete(own, enrollment, saved=True, here=Here(app_clock.now()))


def test_what_activates_replaces_no_app(protected: Person, engine: Engine) -> None:
    walk_to(protected, "recovery")
    # The mail of the activation before may leave meanwhile.
    before = dump(engine, without={"mfa_outbox"})
    with pytest.raises(Changed):
        complete_as(protected, Purpose.ACTIVATE)
    assert dump(engine, without={"mfa_outbox"}) == before


def test_what_moves_turns_nothing_on(mina: Person, engine: Engine) -> None:
    mina.begin().verify_email().scan().enter_code()
    # A mail from before may be leaving just now.
    mina.app.extensions["mfa_mail_worker"].stop()
    before = dump(engine)
    with pytest.raises(Changed):
        complete_as(mina, Purpose.MOVE)
    assert dump(engine) == before


def test_a_move_of_another_session_is_no_move_here(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person()
    other.sign_in()
    other.verify(protected.next_code())
    walk_to(protected, "recovery")
    bring_back(other, read_cookie(protected.cookie())["two_step_pending"], protected.page)
    assert other.complete().status_code in (400, 409)
    assert other.get(f"{ENROLL}/scan").status_code == 409


def test_the_entry_of_a_new_phone_has_a_name_of_its_own(protected: Person) -> None:
    """Some apps silently replace an entry that has the same name, and the old one works until Complete."""
    page = protected.begin_move().page
    new = re.findall(r"otpauth://totp/([^?\"]+)", page)
    assert len(set(new)) == 1
    label = unquote(new[0])
    assert label.startswith(f"Twostep:{protected.email} (")
    assert label.count(":") == 1
    assert f'<span class="address" translate="no">{label.partition(":")[2]}</span>' in page


def test_two_moves_of_one_day_bring_two_names(protected: Person, clock: Clock) -> None:
    names = set()
    for _ in range(2):
        clock.advance(minutes=5)
        page = protected.begin_move().page
        names.update(re.findall(r"otpauth://totp/([^?\"]+)", page))
        protected.post("/account/two-step/enroll/cancel")
    assert len(names) == 2
