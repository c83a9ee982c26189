"""A form of sign-in that is sent twice, as by a double press without JavaScript: one sign-in, no failure."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from mfa.extensions import db
from mfa.sessions.models import AccountSession
from mfa.two_step import factors
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person, Response


@pytest.fixture
def halfway(protected: Person) -> Person:
    """Somebody whose password was right, without JavaScript, before the second step."""
    protected.sign_out()
    protected.htmx = False
    protected.sign_in()
    protected.get("/sign-in/verify")
    return protected


def code_form(person: Person) -> tuple[str, dict[str, str]]:
    return "/sign-in/verify", {"code": person.next_code()}


def recovery_form(person: Person) -> tuple[str, dict[str, str]]:
    person.get("/sign-in/verify?factor=recovery")
    return "/sign-in/verify?factor=recovery", {"recovery_code": person.recovery_codes[0]}


Form = Callable[[Person], tuple[str, dict[str, str]]]
FORMS = pytest.mark.parametrize("form", [code_form, recovery_form])


WRONG = "code entered"


def is_fine(person: Person, answer: Response) -> None:
    """The answer leads on, the browser is signed in, and Activity tells of no wrong code."""
    assert answer.status_code == 303
    assert "Hello, Mina Park" in person.client.get(answer.headers["Location"], follow_redirects=True).text
    activity = person.client.get("/account/activity").text
    assert "Signed in" in activity
    assert WRONG not in activity


@FORMS
def test_the_second_post_signs_in_though_the_first_answer_was_lost(halfway: Person, form: Form) -> None:
    url, fields = form(halfway)
    again = send_and_lose(halfway, url, fields)
    is_fine(halfway, again())
    assert sessions(halfway) == 1


@FORMS
def test_the_first_answer_is_as_good_as_the_second(halfway: Person, form: Form) -> None:
    url, fields = form(halfway)
    again = send_and_lose(halfway, url, fields)
    first = halfway.client.get_cookie("lost")
    again()
    assert first
    halfway.put_cookie(first.value)
    assert halfway.is_signed_in()


@FORMS
@pytest.mark.parametrize("other", [{"User-Agent": "Another/1.0"}, {"X-Forwarded-For": "203.0.113.7"}])
def test_another_browser_with_that_cookie_and_code_is_not_let_in(
    halfway: Person, form: Form, other: dict[str, str]
) -> None:
    halfway.app.wsgi_app = ProxyFix(halfway.app.wsgi_app)  # type: ignore[method-assign]
    url, fields = form(halfway)
    again = send_and_lose(halfway, url, fields)
    assert again(headers=other).headers["Location"] == "/sign-in?ended=sign-in"
    assert not halfway.is_signed_in()


@FORMS
def test_ten_seconds_later_the_code_is_used(halfway: Person, form: Form, clock: Clock) -> None:
    url, fields = form(halfway)
    again = send_and_lose(halfway, url, fields)
    clock.advance(seconds=10)
    assert again().headers["Location"] == "/sign-in?ended=sign-in"
    assert not halfway.is_signed_in()


@FORMS
def test_after_sign_out_the_second_post_signs_nobody_in(halfway: Person, form: Form) -> None:
    url, fields = form(halfway)
    again = send_and_lose(halfway, url, fields)
    cookie, page = halfway.cookie(), halfway.page
    lost = halfway.client.get_cookie("lost")
    assert lost
    halfway.put_cookie(lost.value)
    halfway.sign_out()
    halfway.put_cookie(cookie)
    halfway.page = page
    assert again().headers["Location"] == "/sign-in?ended=sign-in"
    assert not halfway.is_signed_in()


def test_another_code_in_a_used_half_session_signs_nobody_in(halfway: Person) -> None:
    url, fields = code_form(halfway)
    again = send_and_lose(halfway, url, fields)
    for digits in ("000000", "111111", "222222", "333333", "444444"):
        assert again({"code": digits}).headers["Location"] == "/sign-in?ended=sign-in"
    # Nor are there more guesses than five.
    assert again().headers["Location"] == "/sign-in?ended=sign-in"
    assert not halfway.is_signed_in()


def send_and_lose(person: Person, url: str, fields: dict[str, str]) -> Callable[..., Response]:
    """Post a form whose answer is lost; what posts it again."""
    cookie, page = person.cookie(), person.page
    person.post(url, fields)
    person.client.set_cookie("lost", person.cookie())

    def again(others: dict[str, str] = fields, **options: Any) -> Response:
        person.put_cookie(cookie)
        person.page = page
        return person.post(url, others, **options)

    return again


def sessions(person: Person) -> int:
    with person.app.app_context():
        return db.session.query(AccountSession).count()


@FORMS
def test_the_second_post_with_the_new_cookie_leads_on(halfway: Person, form: Form) -> None:
    url, fields = form(halfway)
    page = halfway.page
    halfway.post(url, fields)
    halfway.page = page
    is_fine(halfway, halfway.post(url, fields))


@FORMS
def test_two_posts_at_the_same_moment_are_one_sign_in(
    halfway: Person, make_person: Callable[..., Person], monkeypatch: pytest.MonkeyPatch, form: Form
) -> None:
    """Both are halfway when they are checked; the second is told only after the first has signed in."""
    url, fields = form(halfway)
    twin = make_person(htmx=False)
    twin.put_cookie(halfway.cookie())
    twin.page = halfway.page
    both_are_halfway, first_is_in = threading.Barrier(2), threading.Event()
    check = factors.check

    def check_when_both_are_here(*given: object) -> factors.Factor:
        both_are_halfway.wait(30)
        if threading.current_thread() is not threading.main_thread():
            assert first_is_in.wait(30)
        return check(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(factors, "check", check_when_both_are_here)
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(twin.post, url, fields)
        halfway.post(url, fields)
        first_is_in.set()
        is_fine(halfway, second.result())


@FORMS
def test_two_posts_that_were_both_right_are_one_sign_in(
    halfway: Person, make_person: Callable[..., Person], monkeypatch: pytest.MonkeyPatch, form: Form
) -> None:
    """The later one finds its code used only when it would use it."""
    url, fields = form(halfway)
    twin = make_person(htmx=False)
    twin.put_cookie(halfway.cookie())
    twin.page = halfway.page
    check = factors.check

    def check_and_let_the_other_pass(*given: object) -> factors.Factor:
        found = check(*given)  # type: ignore[arg-type]
        monkeypatch.setattr(factors, "check", check)
        halfway.post(url, fields)
        return found

    monkeypatch.setattr(factors, "check", check_and_let_the_other_pass)
    is_fine(halfway, twin.post(url, fields))


def test_the_password_sent_again_with_the_new_cookie_leads_to_the_start(mina: Person) -> None:
    mina.sign_out()
    mina.htmx = False
    mina.get("/sign-in")
    page = mina.page
    mina.sign_in()
    mina.page = page
    answer = mina.post("/sign-in", {"email": EMAIL, "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_the_password_sent_again_while_halfway_leads_to_the_code(protected: Person) -> None:
    protected.sign_out()
    protected.htmx = False
    protected.get("/sign-in")
    page = protected.page
    protected.sign_in()
    protected.page = page
    answer = protected.post("/sign-in", {"email": EMAIL, "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in/verify")


def test_a_used_code_of_another_sign_in_still_counts(
    halfway: Person, make_person: Callable[..., Person]
) -> None:
    code = halfway.next_code()
    other = make_person(htmx=False)
    other.sign_in()
    other.get("/sign-in/verify")
    halfway.verify(code)
    assert (
        "This code was used already."
        in other.client.post(
            "/sign-in/verify", data={**other.hidden(), "code": code}, follow_redirects=True
        ).text
    )
    assert WRONG in halfway.client.get("/account/activity").text
