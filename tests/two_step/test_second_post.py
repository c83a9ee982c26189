"""A form of sign-in that is sent twice, as by a double press without JavaScript: one sign-in, no failure."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mfa.factors import kinds as factors
from mfa.sign_in import rules
from tests.support import patience
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


def twin_of(person: Person, make_person: Callable[..., Person]) -> Person:
    """Return the same browser once more, with its cookie and its page."""
    twin = make_person(htmx=False)
    twin.put_cookie(person.cookie())
    twin.page = person.page
    return twin


def before_it_is_held(form: Form) -> tuple[Any, str]:
    """Return the function that is called when the challenge was read, and before rows are held.

    A code of the app is looked at and used up in one transaction, a recovery code is looked at before.
    """
    return (rules, "_attempt") if form is code_form else (factors, "check")


def is_fine(person: Person, answer: Response) -> None:
    """The answer leads on, the browser is signed in, and Activity tells of no wrong code."""
    assert (answer.status_code, answer.headers.get("Set-Cookie")) == (303, None)
    assert "Hello, Mina Park" in person.client.get(answer.headers["Location"], follow_redirects=True).text
    activity = person.client.get("/account/activity").text
    assert "Signed in" in activity
    assert WRONG not in activity


@FORMS
def test_the_second_post_with_the_cookie_of_the_first_leads_on(halfway: Person, form: Form) -> None:
    url, fields = form(halfway)
    cookie, page = halfway.cookie(), halfway.page
    halfway.post(url, fields)
    signed_in = halfway.cookie()
    halfway.put_cookie(cookie)
    halfway.page = page
    answer = halfway.post(url, fields)
    # The browser has kept what the first answer brought, as the second brings nothing.
    assert halfway.cookie() == cookie
    halfway.put_cookie(signed_in)
    is_fine(halfway, answer)


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
    twin = twin_of(halfway, make_person)
    both_are_halfway, first_is_in = threading.Barrier(2), threading.Event()
    module, name = before_it_is_held(form)
    real = getattr(module, name)

    def go_on_when_both_are_here(*given: object) -> object:
        both_are_halfway.wait(patience.SECONDS)
        if threading.current_thread() is not threading.main_thread():
            assert first_is_in.wait(patience.SECONDS)
        return real(*given)

    monkeypatch.setattr(module, name, go_on_when_both_are_here)
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
    twin = twin_of(halfway, make_person)
    module, name = before_it_is_held(form)
    real = getattr(module, name)

    def do_and_let_the_other_pass(*given: object) -> object:
        found = real(*given)
        monkeypatch.setattr(module, name, real)
        # In the same thread it would have the same session of the database.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(halfway.post, url, fields).result()
        return found

    monkeypatch.setattr(module, name, do_and_let_the_other_pass)
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
