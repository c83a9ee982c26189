"""Who knows the first factor alone neither holds up the owner on their way back nor fills their mailbox."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from mfa import database, tidying
from mfa.notices import outbox
from tests.mounted.shop import EMAIL, SHOP, Shop
from tests.support.clock import Clock
from tests.support.person import Person, Response
from tests.support.product import TWO_STEP
from tests.support.smtp import Letter

Make = Callable[..., Person]
WIZARD = f"{TWO_STEP}/enroll"
LOST = f"{TWO_STEP}/recover/lost"
DAYS = 4
NUMBER = "Your Shop authentication number"
HELPED = "Set up 2-step verification again"
READY = "The wait is over: set up 2-step verification again"


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop(password=None, settings={"MFA_RECOVERY_DAYS": DAYS})


@pytest.fixture
def mina(shop: Shop, make_customer: Make, clock: Clock) -> Person:
    """Somebody whose 2-step verification is on, signed in on a device that is known from now on."""
    person = make_customer(shop)
    person.get("/by-link")
    person.begin().verify_email().scan().enter_code().complete()
    person.sign_out()
    person.get("/by-link")
    person.get(SHOP.verify)
    person.verify(person.next_code())
    assert person.is_signed_in()
    clock.advance(minutes=2)
    return person


@pytest.fixture
def stranger(shop: Shop, make_customer: Make, mina: Person) -> Person:
    """Somebody at the second step of sign-in who can't go on, in a browser that nobody knows."""
    return at_second_step(make_customer(shop))


def at_second_step(person: Person) -> Person:
    person.get("/by-link")
    person.get(SHOP.verify)
    return person


def work(shop: Shop) -> None:
    """Do what a worker does: write what is due, and send it."""
    with shop.app.app_context():
        list(tidying.tidy())
        outbox.deliver_due()
        database.close()


def letter(person: Person, subject: str) -> Letter:
    return person.inbox.wait_for(subject, to=EMAIL)


def path_of(mail: Letter) -> str:
    found = re.search(r"https?://[^/]+(/\S+)", mail.text)
    assert found
    return found[1]


def send_number(person: Person, page: str) -> Response:
    """Press what has a number mailed on the page at *page*."""
    person.get(page)
    return person.post(f"{page}/number", follow_redirects=True)


def ask(person: Person, page: str) -> str:
    response = send_number(person, page)
    assert "We sent a mail" in response.text
    return letter(person, NUMBER).number


def guess_wrong(person: Person) -> None:
    """Have a number mailed at the page of the wait, and type others until the next has to wait a minute."""
    number = ask(person, LOST)
    wrong = f"{(int(number) + 1) % 10**6:06}"
    assert [person.post(LOST, {"number": wrong}).status_code for _ in range(6)] == [422] * 5 + [429]
    person.clock.advance(seconds=31)
    assert [person.post(LOST, {"number": wrong}).status_code for _ in range(2)] == [422, 429]


def begin(person: Person) -> None:
    number = ask(person, LOST)
    assert "The wait has begun." in person.post(LOST, {"number": number}, follow_redirects=True).text


def to_the_end(shop: Shop, clock: Clock) -> None:
    for _ in range(DAYS):
        clock.advance(days=1)
        work(shop)


# Who waits for whom


def test_mails_of_a_stranger_do_not_hold_up_who_has_the_link(
    shop: Shop, mina: Person, make_customer: Make, clock: Clock
) -> None:
    begin(at_second_step(make_customer(shop)))
    to_the_end(shop, clock)
    back = path_of(letter(mina, READY))
    assert "The wait is over." in send_number(at_second_step(make_customer(shop)), LOST).text
    lost = make_customer(shop)
    assert lost.post(back, {"number": ask(lost, back)}).location == WIZARD


def test_guesses_of_a_stranger_do_not_hold_up_who_has_the_link(
    shop: Shop, stranger: Person, make_customer: Make
) -> None:
    guess_wrong(stranger)
    with shop.app.app_context():
        shop.two_step.help(shop.user(), by="kim", reason="lost the phone")
    work(shop)
    back = path_of(letter(stranger, HELPED))
    lost = make_customer(shop)
    assert lost.post(back, {"number": ask(lost, back)}).location == WIZARD


def test_known_device_is_not_held_up_at_the_page_of_the_wait(mina: Person, stranger: Person) -> None:
    guess_wrong(stranger)
    assert "We sent a mail" in send_number(stranger, LOST).text
    letter(mina, NUMBER)
    mina.sign_out()
    begin(at_second_step(mina))


def test_stranger_does_not_hold_up_who_is_signed_in(mina: Person, stranger: Person) -> None:
    guess_wrong(stranger)
    assert "We sent a mail" in send_number(stranger, LOST).text
    letter(mina, NUMBER)
    url = f"{TWO_STEP}/reissue"
    mina.post(url, {"number": ask(mina, url)}, follow_redirects=True)
    assert mina.shown_codes()


def test_strangers_share_one_count(shop: Shop, stranger: Person, make_customer: Make) -> None:
    """Otherwise each new browser would have another five guesses, and another mail."""
    guess_wrong(stranger)
    other = at_second_step(make_customer(shop))
    number = ask(other, LOST)
    assert other.post(LOST, {"number": number}).status_code == 429
    assert "A mail was sent a moment ago." in send_number(stranger, LOST).text
