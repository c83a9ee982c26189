"""Guessing the second step: how often one may, what does not give guesses back, and the odds."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.attacks.conftest import Site
from tests.support.person import PASSWORD, Person, Response, entered

Make = Callable[..., Person]
ENROLL = "/account/two-step/enroll"
WAITS = (30, 60, 120, 240, 480)
LONGEST_WAIT = 900
DAY = 24 * 3600
HIT = 3 / 1_000_000
"""Three codes are right at any time, that of now and of one step before and after: one in 333,333."""


def looked_at(answer: Response) -> bool:
    """Whether the guess was compared with the codes, and was wrong."""
    return answer.status_code == 422 and "That code is not right" in answer.text


def guess_until(site: Site, person: Person, until: float) -> int:
    """Guess from a new network and browser each time, each at the first second at which one may.

    How many guesses the server looked at.
    """
    waits = itertools.chain([0] * 5, WAITS, itertools.repeat(LONGEST_WAIT))
    guesses = 0
    for wait in waits:
        if person.clock.seconds + wait >= until:
            return guesses
        person.clock.advance(seconds=wait)
        thief = site.person(email=person.email)
        thief.sign_in()
        guesses += looked_at(thief.verify("000000"))
    raise AssertionError("there is no end of waits")


@dataclass
class Guessed:
    """Somebody at whose second step a thief with the password guessed for a day.

    :param guesses: how many of them the server looked at.
    """

    owner: Person
    guesses: int


@pytest.fixture(scope="module")
def guessed(site: Site) -> Guessed:
    owner = site.person().sign_up().activate()
    return Guessed(owner, guess_until(site, owner, owner.clock.seconds + DAY))


def test_a_day_of_guessing_is_a_hundred_guesses(guessed: Guessed) -> None:
    """Five guesses are free; then come waits of 30, 60, 120, 240 and 480 seconds, and 900 for ever.

    So the tenth guess is made after 930 seconds, and until the day's end there are
    (86,400 - 930) / 900 = 94 more: 104 on the first day, 96 on each later one.  Each hits with
    3/1,000,000, so the odds are

    * of the first day  1 - (1 - 3e-6)^104            = 0.031 %, one in 3,205;
    * of a later day    1 - (1 - 3e-6)^96             = 0.029 %, one in 3,473;
    * of a year         1 - (1 - 3e-6)^(104 + 364*96) = 10.0 %, if the waits were all there is.

    They are not: after 100 failures in a row codes are looked at only once the owner has confirmed by mail,
    which makes it 1 - (1 - 3e-6)^100 = 0.030 %, one in 3,334, in all.
    """
    assert guessed.guesses == 100
    assert 1 - (1 - HIT) ** guessed.guesses < 1 / 3333


def test_after_a_hundred_wrong_codes_no_more_are_looked_at(site: Site, guessed: Guessed) -> None:
    """Not on any later day either, until the owner confirms by mail."""
    owner = guessed.owner
    owner.clock.advance(days=1)
    assert guess_until(site, owner, owner.clock.seconds + DAY / 8) == 0


def test_after_a_hundred_wrong_codes_a_right_one_is_not_looked_at(
    guessed: Guessed, make_remote_person: Make
) -> None:
    owner = guessed.owner
    owner.clock.advance(hours=1)
    thief = make_remote_person(email=owner.email)
    thief.sign_in()
    assert not entered(thief.verify(owner.code()))


def test_the_mail_that_lets_guesses_go_on_is_of_no_use_to_who_can_not_read_it(
    guessed: Guessed, make_remote_person: Make
) -> None:
    """The owner, curious, follows the link that a thief had sent: it opens nothing for the thief."""
    owner, thief = (
        make_remote_person(email=guessed.owner.email),
        make_remote_person(email=guessed.owner.email),
    )
    owner.clock.advance(hours=1)
    thief.sign_in()
    thief.get("/sign-in/verify")
    thief.post("/sign-in/verify/confirm")
    path = owner.inbox.wait_for("Confirm that you", to=owner.email).path
    owner.sign_in()
    owner.get(path)
    owner.post(path)
    assert not entered(thief.verify(guessed.owner.code()))


def test_the_mail_lets_its_owner_in(guessed: Guessed, make_remote_person: Make) -> None:
    owner = make_remote_person(email=guessed.owner.email)
    owner.clock.advance(hours=1)
    owner.sign_in()
    owner.get("/sign-in/verify")
    owner.post("/sign-in/verify/confirm")
    path = owner.inbox.wait_for("Confirm that you", to=owner.email).path
    owner.get(path)
    owner.post(path)
    assert entered(owner.verify(guessed.owner.code()))


def test_a_guess_a_second_too_early_is_not_looked_at(guarded: Person, make_remote_person: Make) -> None:
    thief = make_remote_person(email=guarded.email)
    thief.sign_in()
    for _ in range(5):
        thief.verify("000000")
    statuses = []
    for wait in WAITS:
        guarded.clock.advance(seconds=wait - 1)
        thief.sign_in()
        statuses.append(thief.verify("000000").status_code)
        guarded.clock.advance(seconds=1)
        statuses.append(thief.verify("000000").status_code)
    assert statuses == [429, 422] * len(WAITS)


def test_a_right_code_is_not_looked_at_while_one_waits(halfway: Person) -> None:
    for _ in range(5):
        halfway.verify("000000")
    assert halfway.verify(halfway.code(seconds=30)).status_code == 429


# What does not give guesses back


@pytest.fixture
def thief(guarded: Person, make_remote_person: Make) -> Person:
    """Somebody with the password, elsewhere, whose five guesses are spent."""
    thief = make_remote_person(email=guarded.email)
    thief.app_on_phone, thief.recovery_codes = guarded.app_on_phone, guarded.recovery_codes
    thief.sign_in()
    for _ in range(5):
        assert thief.verify("000000").status_code == 422
    return thief


def is_made_to_wait(person: Person) -> bool:
    """Even a right code is not looked at."""
    return person.verify(person.code(seconds=30)).status_code == 429


def test_the_right_password_typed_again_gives_no_guesses_back(thief: Person) -> None:
    thief.sign_in()
    assert is_made_to_wait(thief)


def test_a_wrong_password_then_the_right_one_gives_no_guesses_back(thief: Person) -> None:
    thief.sign_in(password="not the password at all")
    thief.sign_in()
    assert is_made_to_wait(thief)


def test_another_browser_and_network_gives_no_guesses_back(thief: Person, make_remote_person: Make) -> None:
    other = make_remote_person(email=thief.email)
    other.app_on_phone = thief.app_on_phone
    other.sign_in()
    assert is_made_to_wait(other)


def test_a_device_that_signed_in_to_another_account_gives_no_guesses_back(
    thief: Person, make_remote_person: Make
) -> None:
    other = make_remote_person().sign_up()
    other.sign_out()
    other.email, other.app_on_phone = thief.email, thief.app_on_phone
    other.sign_in()
    assert is_made_to_wait(other)


def test_giving_the_half_session_up_gives_no_guesses_back(thief: Person) -> None:
    thief.post("/sign-out")
    thief.sign_in()
    assert is_made_to_wait(thief)


def test_a_code_of_the_wrong_shape_gives_no_guesses_back(thief: Person) -> None:
    thief.verify("12345")
    assert is_made_to_wait(thief)


def test_a_reset_of_the_password_gives_no_guesses_back(thief: Person) -> None:
    """The way of somebody who reads the owner's mail."""
    thief.get("/forgot-password")
    thief.post("/forgot-password", {"email": thief.email})
    path = thief.inbox.wait_for("Set a new", to=thief.email).path
    thief.get(path)
    thief.post(path, {"new_password": "seven boats under glass"}, follow_redirects=True)
    assert is_made_to_wait(thief)


def test_recovery_codes_are_no_second_row_of_guesses(thief: Person) -> None:
    """The app's code and the recovery codes guard one door, and are counted together."""
    thief.get("/sign-in/verify?factor=recovery")
    answer = thief.post("/sign-in/verify?factor=recovery", {"recovery_code": "0000-0000-0000-0000"})
    assert answer.status_code == 429


def test_the_door_of_disable_is_no_second_row_of_guesses(guarded: Person, thief: Person) -> None:
    """A stolen session, elsewhere than its device, guesses no more than a stolen password."""
    thief.put_cookie(guarded.cookie())
    thief.prove_password("disable")
    assert thief.disable(code=thief.code(seconds=30)).status_code == 429


def test_a_new_sending_gives_no_guesses_of_the_number_back(member: Person) -> None:
    member.begin().post(f"{ENROLL}/email/send")
    for _ in range(5):
        assert member.post(f"{ENROLL}/email", {"number": "000000"}).status_code == 422
    member.inbox.wait_for("authentication number", to=member.email)
    # The sixth may come after 30 seconds and makes the next wait for 60, in which the mail is sent.
    member.clock.advance(seconds=30)
    assert member.post(f"{ENROLL}/email", {"number": "000000"}).status_code == 422
    member.post(f"{ENROLL}/email/send")
    number = member.inbox.wait_for("authentication number", to=member.email).number
    assert member.post(f"{ENROLL}/email", {"number": number}).status_code == 429


def test_a_new_enrollment_gives_no_guesses_of_the_number_back(member: Person) -> None:
    member.begin().post(f"{ENROLL}/email/send")
    for _ in range(6):
        member.post(f"{ENROLL}/email", {"number": "000000"})
    member.post(f"{ENROLL}/cancel")
    member.begin()
    assert member.post(f"{ENROLL}/email", {"number": "000000"}).status_code == 429


def test_a_new_enrollment_gives_no_guesses_of_the_apps_code_back(member: Person) -> None:
    member.begin().verify_email().scan()
    for _ in range(5):
        assert member.post(f"{ENROLL}/code", {"code": "000000"}).status_code == 422
    member.post(f"{ENROLL}/cancel")
    member.begin().verify_email().scan()
    assert member.post(f"{ENROLL}/code", {"code": member.code()}).status_code == 429


def test_guessing_the_password_inside_counts_as_outside(member: Person, make_remote_person: Make) -> None:
    """A stolen session is no place to guess the password at leisure: what is counted there, counts here."""
    member.activate()
    for _ in range(5):
        assert member.prove_password("disable", "not the password at all").status_code == 422
    assert member.prove_password("disable", PASSWORD).status_code == 429


# Whoever guesses does not lock the owner out


def test_the_right_code_after_the_wait_signs_in(thief: Person) -> None:
    thief.clock.advance(seconds=30)
    assert entered(thief.verify(thief.code()))
