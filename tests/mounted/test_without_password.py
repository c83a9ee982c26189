"""People without a password, who sign in by a link or another provider: a mailed number stands for it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import unquote

import pytest

from mfa import FlaskLoginAccounts, database
from mfa.attempts import rules as attempts
from tests.mounted.shop import EMAIL, SHOP, Shop
from tests.support.person import Person, entered
from tests.support.product import TWO_STEP

CONFIRM = f"{TWO_STEP}/confirm"
ASKING = ["reissue", "disable", "move"]


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop(password=None)


def enter(person: Person) -> Person:
    assert entered(person.get("/by-link"))
    return person


@pytest.fixture
def mina(shop: Shop, make_customer: Callable[..., Person]) -> Person:
    return enter(make_customer(shop))


@pytest.fixture
def protected(mina: Person) -> Person:
    """Signed in, with 2-step verification on, at a time when another mail may be sent."""
    assert "2-step verification is on" in mina.begin().verify_email().scan().enter_code().complete().text
    return mina


def number(person: Person) -> str:
    return person.inbox.wait_for("Your Shop authentication number", to=EMAIL).number


def ask(person: Person, url: str) -> str:
    """Have a number mailed on the page at *url*, and return it."""
    person.get(url)
    assert "We sent a mail" in person.post(f"{url}/number", follow_redirects=True).text
    return number(person)


def prove(person: Person, purpose: str) -> str:
    url = f"{TWO_STEP}/{purpose}"
    typed = ask(person, url)
    return person.post(url, {"number": typed}, follow_redirects=True).text


def other_than(digits: str) -> str:
    return f"{(int(digits) + 1) % 10**6:06}"


# The journeys


@pytest.mark.parametrize("htmx", [True, False])
def test_every_journey_is_walked(shop: Shop, make_customer: Callable[..., Person], htmx: bool) -> None:
    mina = enter(make_customer(shop, htmx=htmx))
    mina.begin().verify_email().scan().enter_code().complete()
    assert mina.two_step_is_on()
    prove(mina, "reissue")
    assert len(mina.shown_codes()) == 10
    mina.recovery_codes = mina.shown_codes()
    mina.post(f"{TWO_STEP}/reissue/recovery-codes", {"saved": "y"}, follow_redirects=True)
    prove(mina, "move")
    mina.prove_move(code=mina.next_code())
    mina.scan().enter_code()
    assert "Your new phone is set up." in mina.complete().text
    mina.sign_out()
    assert mina.get("/by-link").status_code in (200, 303)
    assert not mina.is_signed_in()
    mina.get(SHOP.verify)
    assert entered(mina.verify(mina.next_code()))
    prove(mina, "disable")
    mina.disable(code=mina.next_code())
    assert not mina.two_step_is_on()


def test_activation_asks_for_one_number_however_long_ago_the_sign_in_was(mina: Person) -> None:
    mina.clock.advance(hours=3)
    mina.begin()
    assert "Verify your email" in mina.page
    assert mina.get(f"{TWO_STEP}/enroll/password").headers["Location"] == TWO_STEP


def test_page_asks_for_no_password(protected: Person) -> None:
    for purpose in ASKING:
        page = protected.get(f"{TWO_STEP}/{purpose}").text
        assert "Send authentication number" in page
        assert 'type="password"' not in page
        assert "our password" not in page
    assert "our password" not in protected.get(TWO_STEP).text


def test_words_fit_a_person_with_a_password(
    make_shop: Callable[..., Shop], make_customer: Callable[..., Person]
) -> None:
    mina = make_customer(make_shop()).sign_up().activate()
    assert 'type="password"' in mina.get(f"{TWO_STEP}/reissue").text
    assert "Your password alone would then open your account." in mina.get(TWO_STEP).text


# Step-up


def test_step_up_asks_for_a_number_where_nothing_else_is(mina: Person) -> None:
    assert mina.get("/careful").text == "careful"  # the link of the sign-in is proof enough for a while
    mina.clock.advance(minutes=11)
    assert mina.get("/careful").headers["Location"] == f"{CONFIRM}?next=/careful"
    url = f"{CONFIRM}?next=/careful"
    mina.get(url)
    assert "Confirm it is you" in mina.page
    mina.post(f"{CONFIRM}/number?next=/careful", follow_redirects=True)
    assert mina.post(url, {"number": number(mina)}).headers["Location"] == "/careful"
    assert mina.get("/careful").text == "careful"


def test_step_up_keeps_its_way_when_a_mail_is_refused(mina: Person) -> None:
    url = f"{CONFIRM}?next=/careful"
    mina.get(url)
    for _ in range(2):
        answer = mina.post(f"{CONFIRM}/number?next=/careful", headers={"Sec-Fetch-Mode": "navigate"})
        assert unquote(answer.headers["Location"]) == url
    page = mina.get(url, headers={"Sec-Fetch-Mode": "navigate"}).text
    assert "A mail was sent a moment ago." in page


def test_step_up_takes_no_number_once_it_is_on(protected: Person) -> None:
    protected.get(CONFIRM)
    assert protected.post(f"{CONFIRM}/number").headers["Location"] == CONFIRM
    protected.post(CONFIRM, {"number": "123456"})
    assert "Authentication code" in protected.page


# No way around


@pytest.mark.parametrize("purpose", ASKING)
@pytest.mark.parametrize("typed", [{}, {"password": ""}, {"password": "x"}, {"number": "123456"}])
def test_nothing_opens_without_a_mail(protected: Person, purpose: str, typed: dict[str, str]) -> None:
    url = f"{TWO_STEP}/{purpose}"
    protected.get(url)
    assert protected.post(url, typed, follow_redirects=True).status_code == 409
    behind = {"reissue": "recovery-codes"}.get(purpose, "verify")
    assert protected.get(f"{url}/{behind}").status_code == 409


def test_mail_alone_opens_nothing(protected: Person) -> None:
    ask(protected, f"{TWO_STEP}/reissue")
    assert protected.get(f"{TWO_STEP}/reissue/recovery-codes").status_code == 409


def test_number_is_good_once_whatever_the_cookie(protected: Person) -> None:
    url = f"{TWO_STEP}/reissue"
    typed = ask(protected, url)
    waiting, page = protected.cookie(), protected.page
    protected.post(url, {"number": typed}, follow_redirects=True)
    assert protected.shown_codes()
    protected.put_cookie(waiting)
    protected.page = page
    answer = protected.post(url, {"number": typed}, follow_redirects=True)
    assert "This number is no longer good. Send a new one." in answer.text
    assert not protected.shown_codes()


def test_number_of_an_earlier_mail_ends(protected: Person) -> None:
    url = f"{TWO_STEP}/reissue"
    first = ask(protected, url)
    protected.clock.advance(seconds=40)
    protected.post(f"{url}/number", follow_redirects=True)
    second = number(protected)
    answer = protected.post(url, {"number": first}, follow_redirects=True)
    assert "That is not the number in the newest mail." in answer.text
    assert "Save your recovery codes" in protected.post(url, {"number": second}, follow_redirects=True).text


def test_number_is_good_for_ten_minutes(protected: Person) -> None:
    url = f"{TWO_STEP}/reissue"
    typed = ask(protected, url)
    protected.clock.advance(seconds=601)
    answer = protected.post(url, {"number": typed}, follow_redirects=True)
    assert "This number is no longer good. Send a new one." in answer.text


def test_wrong_numbers_are_counted(protected: Person) -> None:
    url = f"{TWO_STEP}/reissue"
    typed = ask(protected, url)
    for _ in range(5):
        answer = protected.post(url, {"number": other_than(typed)}, follow_redirects=True)
        assert "That is not the number in the newest mail." in answer.text
    answer = protected.post(url, {"number": typed}, follow_redirects=True)
    assert "Too many attempts." in answer.text
    protected.clock.advance(seconds=31)
    assert "Save your recovery codes" in protected.post(url, {"number": typed}, follow_redirects=True).text


def test_mails_wait_for_each_other(protected: Person) -> None:
    url = f"{TWO_STEP}/reissue"
    ask(protected, url)
    assert "A mail was sent a moment ago." in protected.post(f"{url}/number", follow_redirects=True).text
    assert protected.post(f"{TWO_STEP}/move/number", follow_redirects=True).status_code in (200, 429)
    assert not [one for one in protected.inbox.take_all() if "number" in one.subject]


def test_proofs_are_counted_like_right_passwords(shop: Shop, protected: Person) -> None:
    with shop.app.test_request_context():
        subject = attempts.account_subject(shop.user().id)
        for _ in range(attempts.PROOFS.free - 1):
            with database.transaction():
                attempts.count_success(subject, attempts.PROOFS, protected.clock())
    prove(protected, "reissue")
    assert protected.shown_codes()
    assert "Too many changes in a short time." in prove(protected, "reissue")
    assert not protected.shown_codes()


def test_number_of_the_wizard_proves_nothing(mina: Person) -> None:
    mina.clock.advance(minutes=11)
    mina.begin()
    mina.post(f"{TWO_STEP}/enroll/email/send", follow_redirects=True)
    url = f"{CONFIRM}?next=/careful"
    assert mina.post(url, {"number": number(mina)}, follow_redirects=True).status_code == 409
    assert mina.get("/careful").headers["Location"] == url


def test_number_of_one_browser_is_not_good_in_another(
    shop: Shop, protected: Person, make_customer: Callable[..., Person]
) -> None:
    elsewhere = make_customer(shop)
    elsewhere.get("/by-link")
    elsewhere.get(SHOP.verify)
    elsewhere.verify(protected.next_code())
    url = f"{TWO_STEP}/reissue"
    typed = ask(protected, url)
    elsewhere.get(url)
    assert elsewhere.post(url, {"number": typed}, follow_redirects=True).status_code == 409


def test_number_ends_with_a_change_of_the_account(shop: Shop, protected: Person) -> None:
    url = f"{TWO_STEP}/reissue"
    typed = ask(protected, url)
    with shop.app.test_request_context():
        shop.two_step.account_changed(shop.user())
    answer = protected.post(url, {"number": typed}, follow_redirects=True)
    assert "Your account was changed" in answer.text


def test_of_many_at_once_one_is_taken(shop: Shop, protected: Person) -> None:
    url = f"{TWO_STEP}/reissue"
    typed = ask(protected, url)
    cookie, fields = protected.cookie(), {**protected.hidden(url), "number": typed}

    def post(_: int) -> bool:
        client = shop.app.test_client()
        client.set_cookie(SHOP.session_cookie, cookie, domain="127.0.0.1")
        answer = client.post(url, data=fields)
        return str(answer.headers.get("Location", "")).endswith("recovery-codes")

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(post, range(64))) == 1


# Who has one


def test_host_says_who_has_a_password(
    make_shop: Callable[..., Shop], make_customer: Callable[..., Person]
) -> None:
    accounts = partial(FlaskLoginAccounts, has_password=lambda _user: False)
    mina = make_customer(make_shop(accounts=accounts)).sign_up().activate()
    assert "Send authentication number" in mina.get(f"{TWO_STEP}/reissue").text


def test_person_with_a_password_gets_no_number_instead(
    make_shop: Callable[..., Shop], make_customer: Callable[..., Person]
) -> None:
    mina = make_customer(make_shop()).sign_up().activate()
    mina.get(f"{TWO_STEP}/reissue")
    assert mina.post(f"{TWO_STEP}/reissue/number").headers["Location"] == f"{TWO_STEP}/reissue"
    mina.get(f"{TWO_STEP}/reissue")
    mina.post(f"{TWO_STEP}/reissue", {"number": "123456"}, follow_redirects=True)
    assert not mina.shown_codes()
