"""Recovery codes that were reissued without an authenticator: for a day they open sign-in only."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from sqlalchemy import Engine

from mfa.notices.revoke_link import RevokeLink
from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.person import PASSWORD, Person, entered
from tests.support.product import TWO_STEP
from tests.support.smtp import Inbox

CODES = f"{TWO_STEP}/reissue/recovery-codes"
CONFIRM = f"{TWO_STEP}/confirm"
MOVE = f"{TWO_STEP}/move/verify"
EMAIL_CHANGE = "/account/profile/email"
REFUSED = (
    "Until November 25, 2026, 12:16\N{NARROW NO-BREAK SPACE}PM UTC your recovery codes open sign-in only."
)
LIMITED = "open sign-in only"
REISSUED = "recovery codes were reissued"
Make = Callable[..., Person]


def reissue(person: Person) -> list[str]:
    """Reissue the recovery codes by the password, and return them."""
    person.prove_password("reissue")
    codes = person.shown_codes()
    assert "Your new recovery codes are active." in complete(person)
    return codes


def complete(person: Person) -> str:
    return person.post(CODES, {"saved": "y"}, follow_redirects=True).text


def disable(person: Person, code: str) -> str:
    person.prove_password("disable")
    return unescape(person.disable(factor="recovery_code", recovery_code=code).text)


def move(person: Person, code: str) -> str:
    person.prove_password("move")
    return unescape(person.prove_move(factor="recovery_code", recovery_code=code).text)


def add(person: Person, code: str) -> str:
    person.begin_adding()
    typed = {"factor": "recovery_code", "recovery_code": code}
    return unescape(person.post(f"{TWO_STEP}/add/verify", typed, follow_redirects=True).text)


def remove(person: Person, code: str) -> str:
    url = f"{TWO_STEP}/remove/{max(person.authenticators().values())}"
    person.get(url)
    person.post(url, {"password": PASSWORD}, follow_redirects=True)
    typed = {"factor": "recovery_code", "recovery_code": code}
    return unescape(person.post(f"{TWO_STEP}/remove/verify", typed, follow_redirects=True).text)


def change_address(person: Person, code: str) -> str:
    person.get(EMAIL_CHANGE)
    fields = {"password": PASSWORD, "factor": "recovery_code", "recovery_code": code}
    return unescape(person.post(EMAIL_CHANGE, {"email": "thief@example.com", **fields}).text)


def step_up(person: Person, code: str) -> str:
    person.get(CONFIRM)
    return unescape(person.post(CONFIRM, {"factor": "recovery_code", "recovery_code": code}).text)


DOORS = [disable, move, add, change_address, step_up]


@pytest.fixture
def thief(protected: Person, make_person: Make, clock: Clock) -> Person:
    """Somebody with a copy of the session and the password, a quarter of an hour after its second step."""
    clock.advance(minutes=16)
    found = make_person()
    found.put_cookie(protected.cookie())
    return found


# What they open


@pytest.mark.parametrize("door", DOORS)
def test_codes_of_the_password_alone_open_sign_in_only(
    thief: Person, engine: Engine, door: Callable[[Person, str], str]
) -> None:
    codes = reissue(thief)
    assert REFUSED in door(thief, codes[0])
    assert "used_at: 2026" not in dump(engine)
    assert thief.two_step_is_on()
    thief.sign_out()
    thief.sign_in()
    assert entered(thief.verify_recovery_code(codes[0]))


@pytest.mark.parametrize("door", DOORS)
def test_a_sign_in_by_such_a_code_opens_no_more_than_that(
    thief: Person, make_person: Make, door: Callable[[Person, str], str]
) -> None:
    codes = reissue(thief)
    again = make_person()
    again.sign_in()
    assert entered(again.verify_recovery_code(codes[0]))
    assert REFUSED in door(again, codes[1])


def test_a_sign_in_by_such_a_code_is_not_remembered(thief: Person, make_person: Make) -> None:
    """Else they would open a later sign-in, too, and outlive the press that makes them worthless."""
    codes = reissue(thief)
    again = make_person()
    again.sign_in()
    again.get("/sign-in/verify?factor=recovery")
    typed = {"recovery_code": codes[0], "remember_browser": "y"}
    assert entered(again.post("/sign-in/verify?factor=recovery", typed))
    assert again.remembered_cookie() is None
    again.sign_out()
    assert "Authentication code" in again.sign_in().text


def test_they_remove_no_authenticator(protected: Person, clock: Clock) -> None:
    clock.advance(minutes=1)
    protected.add_app("Second phone")
    clock.advance(minutes=16)
    assert LIMITED in remove(protected, reissue(protected)[0])
    assert len(protected.authenticators()) == 2


def test_they_are_not_counted_as_guesses(thief: Person) -> None:
    codes = reissue(thief)
    thief.prove_password("disable")
    answers = [thief.disable(factor="recovery_code", recovery_code=codes[0]) for _ in range(12)]
    assert {answer.status_code for answer in answers} == {422}
    thief.sign_out()
    thief.sign_in()
    assert entered(thief.verify_recovery_code(codes[0]))


def test_what_is_no_code_at_all_is_said_to_be_none(thief: Person) -> None:
    reissue(thief)
    assert "A recovery code has 16 letters and digits" in disable(thief, "abc")


def test_a_wrong_one_is_answered_like_a_right_one(thief: Person) -> None:
    reissue(thief)
    assert REFUSED in disable(thief, "7HQK-2M9D-XW4T-0B6R")


def test_after_a_day_they_open_everything(thief: Person, clock: Clock) -> None:
    codes = reissue(thief)
    clock.advance(hours=23, minutes=59, seconds=59)
    thief.sign_in()
    thief.verify_recovery_code(codes[0])
    assert REFUSED in disable(thief, codes[1])
    clock.advance(seconds=1)
    assert "2-step verification is off" in disable(thief, codes[1])


def test_their_session_gets_no_further_codes(thief: Person, make_person: Make) -> None:
    codes = reissue(thief)
    again = make_person()
    again.sign_in()
    again.verify_recovery_code(codes[0])
    answer = again.get(f"{TWO_STEP}/reissue")
    assert answer.headers["HX-Redirect"].startswith(CONFIRM)


def test_their_session_stays_limited_after_the_day(thief: Person, make_person: Make, clock: Clock) -> None:
    codes = reissue(thief)
    clock.advance(hours=23, minutes=59)
    again = make_person()
    again.sign_in()
    again.verify_recovery_code(codes[0])
    clock.advance(minutes=2)
    assert again.get(f"{TWO_STEP}/reissue").headers["HX-Redirect"].startswith(CONFIRM)
    assert "Confirm it is you" not in step_up(again, codes[1])
    assert again.get(f"{TWO_STEP}/reissue").status_code == 200


def limited(thief: Person, make_person: Make, *, left: int) -> Person:
    """Somebody who has just signed in by one of the young codes, with so many left."""
    codes = reissue(thief)
    for code in codes[: len(codes) - left]:
        found = make_person()
        found.sign_in()
        assert entered(found.verify_recovery_code(code))
    return found


def test_after_a_sign_in_by_one_the_notice_offers_what_they_open(thief: Person, make_person: Make) -> None:
    found = limited(thief, make_person, left=9)
    text = unescape(found.get("/", headers={"HX-Request": ""}).text)
    assert "Until November 25, 2026, 12:16" in text
    assert "they open sign-in only. If your phone is lost, you can move to a new one then" in text
    notice = text.partition("notice__ways")[2].partition("</span>")[0]
    assert "Confirm with your authenticator" in notice
    assert "Move to a new phone" not in notice
    way = re.search(r'href="([^"]+)"', notice)
    assert way
    assert "Confirm it is you" in found.get(way[1]).text


def test_after_the_last_of_them_the_notice_promises_no_move(thief: Person, make_person: Make) -> None:
    found = limited(thief, make_person, left=0)
    text = unescape(found.get("/", headers={"HX-Request": ""}).text)
    assert "0 of 10 recovery codes left. It opened sign-in only" in text
    assert "Confirm with your authenticator" in text
    assert "one of them" not in text


def test_the_tab_offers_no_move_that_they_do_not_open(thief: Person, make_person: Make, clock: Clock) -> None:
    found = limited(thief, make_person, left=9)
    text = unescape(found.get(TWO_STEP).text)
    assert "you can move to a new one after that date, with one of them." in text
    assert "move to a new one</a>" not in text
    clock.advance(hours=11)
    found.get(TWO_STEP)
    clock.advance(hours=11)
    found.get(TWO_STEP)
    clock.advance(hours=2)
    text = unescape(found.get(TWO_STEP).text)
    assert "move to a new one</a>" in text
    assert "after that date" not in text


def test_a_code_of_the_app_opens_everything_meanwhile(thief: Person, protected: Person) -> None:
    reissue(thief)
    protected.sign_in()
    protected.verify(protected.next_code())
    protected.prove_password("disable")
    assert "2-step verification is off" in protected.disable(code=protected.next_code()).text


# When they are limited


def test_a_code_of_the_app_just_before_makes_them_open_everything(protected: Person, clock: Clock) -> None:
    clock.advance(minutes=15)
    codes = reissue(protected)
    assert "2-step verification is off" in disable(protected, codes[0])


def test_an_older_one_does_not(protected: Person, clock: Clock) -> None:
    clock.advance(minutes=15, seconds=1)
    assert LIMITED in disable(protected, reissue(protected)[0])


def test_a_recovery_code_just_before_does_not(protected: Person) -> None:
    protected.sign_out()
    protected.sign_in()
    protected.verify_recovery_code(protected.recovery_codes[0])
    assert "open sign-in only" in disable(protected, reissue(protected)[0])


def test_a_code_of_the_app_is_good_enough_while_they_are_shown(protected: Person, clock: Clock) -> None:
    clock.advance(minutes=16)
    text = unescape(protected.prove_password("reissue").text)
    codes = protected.shown_codes()
    assert "for a day the new codes open sign-in only" in text
    way = re.search(rf'href="({CONFIRM}[^"]+)"', text)
    assert way
    protected.get(way[1])
    answer = protected.post(way[1], {"factor": "code", "code": protected.next_code()})
    assert answer.headers["HX-Redirect"] == CODES
    page = unescape(protected.get(CODES).text)
    assert "open sign-in only" not in page
    assert protected.shown_codes() == codes
    assert LIMITED not in complete(protected)
    assert "2-step verification is off" in disable(protected, codes[0])


def test_codes_of_before_are_never_limited(protected: Person, clock: Clock) -> None:
    clock.advance(days=40)
    protected.sign_in()
    protected.verify_recovery_code(protected.recovery_codes[0])
    assert "2-step verification is off" in disable(protected, protected.recovery_codes[1])


def test_a_reissue_with_an_authenticator_ends_it(thief: Person, protected: Person) -> None:
    reissue(thief)
    protected.sign_in()
    protected.verify(protected.next_code())
    assert "2-step verification is off" in disable(protected, reissue(protected)[0])


def test_a_move_ends_it(thief: Person, protected: Person, clock: Clock) -> None:
    reissue(thief)
    protected.sign_in()
    protected.verify(protected.next_code())
    protected.move()
    clock.advance(minutes=1)
    assert "2-step verification is off" in disable(protected, protected.recovery_codes[0])


def test_a_session_of_before_the_upgrade_does_not_count_as_an_authenticator(protected: Person) -> None:
    with protected.client.session_transaction() as session:
        session["two_step_verified"] = session["two_step_verified"][:2]
    assert LIMITED in disable(protected, reissue(protected)[0])


# What is said


def test_the_answer_and_the_tab_say_until_when(thief: Person, clock: Clock) -> None:
    thief.prove_password("reissue")
    codes = thief.shown_codes()
    said = unescape(complete(thief))
    assert f"Until November 25, 2026, 12:16\N{NARROW NO-BREAK SPACE}PM UTC they {LIMITED}." in said
    assert 'Until <time datetime="2026-11-25T12:16:10+00:00"' in unescape(thief.get(TWO_STEP).text)
    clock.advance(days=1)
    thief.sign_in()
    assert entered(thief.verify_recovery_code(codes[0]))
    assert LIMITED not in thief.get(TWO_STEP).text


def test_the_mail_says_until_when(thief: Person, inbox: Inbox) -> None:
    reissue(thief)
    text = inbox.wait_for(REISSUED).text
    assert (
        "Until November 25, 2026, 12:16\N{NARROW NO-BREAK SPACE}PM UTC the new codes open sign-in only"
        in text
    )


def test_the_mail_about_others_says_nothing_of_it(protected: Person, inbox: Inbox) -> None:
    reissue(protected)
    text = inbox.wait_for(REISSUED).text
    assert "sign-in only" not in text
    assert "make the new codes worthless" in text


# The link that makes them worthless


@pytest.fixture
def link(thief: Person, inbox: Inbox) -> str:
    """The path in the mail about the codes that a thief has."""
    thief.recovery_codes = reissue(thief)
    text = inbox.wait_for(REISSUED).text
    found = re.search(rf"https?://[^/\s]+({TWO_STEP}/revoke/\S+)", text)
    assert found
    return found[1]


@pytest.fixture
def reader(make_person: Make) -> Person:
    """The owner at another machine, with the mail and nothing else."""
    return make_person()


def press(person: Person, link: str) -> int:
    """Press the button, also where the page says that the link has ended; the status of the answer."""
    person.get("/sign-in" if person.get(link).status_code == 410 else link)
    return person.post(link).status_code


def test_the_link_makes_them_worthless(thief: Person, reader: Person, link: str, make_person: Make) -> None:
    assert "Make the new recovery codes worthless?" in reader.get(link).text
    text = unescape(reader.post(link).text)
    assert "The new recovery codes no longer work" in text
    assert 'href="/forgot-password"' in text
    assert not reader.is_signed_in()
    again = make_person()
    again.sign_in()
    assert again.verify_recovery_code(thief.recovery_codes[0]).status_code == 422


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_opening_it_changes_nothing(reader: Person, engine: Engine, link: str, method: str) -> None:
    before = dump(engine, without={"mfa_outbox"})
    assert reader.client.open(link, method=method).status_code == 200
    assert dump(engine, without={"mfa_outbox"}) == before


def test_it_signs_everybody_out(thief: Person, protected: Person, reader: Person, link: str) -> None:
    protected.sign_in()
    protected.verify(protected.next_code())
    assert thief.is_signed_in() and protected.is_signed_in()
    press(reader, link)
    assert not thief.is_signed_in() and not protected.is_signed_in()


def test_it_forgets_remembered_browsers(protected: Person, reader: Person, inbox: Inbox) -> None:
    protected.remember()
    protected.clock.advance(minutes=16)
    reissue(protected)
    found = re.search(rf"{TWO_STEP}/revoke/\S+", inbox.wait_for(REISSUED).text)
    assert found
    assert press(reader, found[0]) == 200
    assert not entered(protected.sign_in())
    assert entered(protected.verify(protected.next_code()))


def test_pressed_by_the_owner_it_signs_the_others_out(
    protected: Person, make_person: Make, inbox: Inbox
) -> None:
    thief = make_person()
    thief.sign_in()
    thief.verify(protected.next_code())
    protected.clock.advance(minutes=16)
    reissue(thief)
    found = re.search(rf"({TWO_STEP}/revoke/\S+)", inbox.wait_for(REISSUED).text)
    assert found
    assert press(protected, found[1]) == 200
    assert protected.is_signed_in() and not thief.is_signed_in()
    assert "No recovery codes are left." in protected.get(TWO_STEP).text


def test_a_sign_in_that_waits_for_its_code_ends(
    thief: Person, reader: Person, link: str, make_person: Make, protected: Person
) -> None:
    waiting = make_person()
    waiting.sign_in()
    press(reader, link)
    assert not entered(waiting.verify(protected.next_code()))


def test_what_the_thief_has_begun_ends(thief: Person, reader: Person, link: str) -> None:
    thief.prove_password("disable")
    press(reader, link)
    thief.disable(code="000000")
    assert not thief.is_signed_in()


def test_the_owner_is_told(protected: Person, reader: Person, link: str, inbox: Inbox) -> None:
    press(reader, link)
    assert "You have no recovery codes now" in inbox.wait_for("new recovery codes no longer work").text
    protected.sign_in()
    protected.verify(protected.next_code())
    assert "Made the new recovery codes worthless" in protected.get("/account/activity").text


def test_the_owner_gets_new_ones_by_the_app(protected: Person, reader: Person, link: str) -> None:
    press(reader, link)
    protected.sign_in()
    assert entered(protected.verify(protected.next_code()))
    assert "2-step verification is off" in disable(protected, reissue(protected)[0])


def test_it_works_once(reader: Person, link: str, engine: Engine) -> None:
    page = reader.get(link)
    assert press(reader, link) == 200
    before = dump(engine, without={"mfa_outbox"})
    reader.page = page.text
    assert reader.post(link).status_code == 410
    assert press(reader, link) == 410
    assert dump(engine, without={"mfa_outbox"}) == before


def test_it_works_for_its_own_codes_alone(protected: Person, reader: Person, link: str) -> None:
    protected.sign_in()
    protected.verify(protected.next_code())
    codes = reissue(protected)
    assert press(reader, link) == 410
    assert "2-step verification is off" in disable(protected, codes[0])


def test_it_ends_after_a_week(reader: Person, link: str, clock: Clock) -> None:
    clock.advance(days=6, hours=23, minutes=59)
    assert reader.get(link).status_code == 200
    clock.advance(minutes=2)
    assert press(reader, link) == 410


def test_that_of_somebody_else_does_nothing_to_others(
    reader: Person, link: str, make_person: Make, engine: Engine
) -> None:
    leo = make_person()
    leo.sign_up("leo@example.com").activate()
    with leo.app.test_request_context():
        named = RevokeLink.read(link.rpartition("/")[2], leo.clock())
        forged = RevokeLink("2", named.codes).token(leo.clock())
    assert reader.get(f"{TWO_STEP}/revoke/{forged}").status_code == 410
    assert press(leo, link) == 200
    assert leo.is_signed_in()
    assert "10 of 10 recovery codes left" in leo.get(TWO_STEP).text


@pytest.mark.parametrize("token", ["x", "a.b.c", "%00", "é", "a" * 5000])
def test_what_is_no_link_is_said_to_have_ended(reader: Person, token: str) -> None:
    assert reader.get(f"{TWO_STEP}/revoke/{token}").status_code == 410


def test_a_reissue_that_is_pressed_twice_keeps_its_link(thief: Person, reader: Person, link: str) -> None:
    thief.post(CODES, {"saved": "y"})
    assert press(reader, link) == 200


def test_a_changed_link_is_refused(reader: Person, link: str) -> None:
    # Not its last letter: that has bits which mean nothing.
    assert reader.get(link[:-2] + ("A" if link[-2] != "A" else "B") + link[-1]).status_code == 410


def test_without_htmx_it_is_a_page(link: str, make_person: Make) -> None:
    reader = make_person(htmx=False)
    assert "<html" in reader.get(link).text
    navigates = {"Sec-Fetch-Mode": "navigate"}
    answer = reader.post(link, headers=navigates)
    assert (answer.status_code, answer.headers["Location"]) == (303, link)
    text = reader.get(link, headers=navigates).text
    assert "The new recovery codes no longer work" in text


def test_the_outbox_keeps_no_token(thief: Person, engine: Engine, inbox: Inbox) -> None:
    inbox.stop()
    reissue(thief)
    kept = dump(engine)
    assert "recovery_codes_reissued" in kept and "revokes" in kept
    assert "revoke/" not in kept
