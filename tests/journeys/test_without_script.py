"""Without JavaScript: nothing is shown that needs it, and Back works after every post."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.journeys.visitor import EMAIL, PASSWORD, Visitor
from tests.journeys.walks import SAVED
from tests.support.expecting import expect
from tests.support.person import Person

pytestmark = pytest.mark.looks

WRONG = "not my password at all"


@pytest.fixture
def scriptless(make_visitor: Callable[..., Visitor], person: Person) -> Visitor:
    """Signed in, at the console, with JavaScript off."""
    return make_visitor("no-js").arrive(person.sign_up())


def shown_for_script(visitor: Visitor) -> list[str]:
    return visitor.texts(".js-only:visible, [data-copy]:visible")


def test_nothing_is_shown_that_needs_script(scriptless: Visitor) -> None:
    scriptless.begin()
    scriptless.verify_email()
    scriptless.open_help("Can't scan it?")
    seen = shown_for_script(scriptless)
    scriptless.scan()
    seen += shown_for_script(scriptless)
    scriptless.enter_code()
    scriptless.sees("Save your recovery codes")
    seen += shown_for_script(scriptless)
    assert seen == []


def test_after_refused_posts_back_survives(make_visitor: Callable[..., Visitor]) -> None:
    mina = make_visitor("no-js")
    mina.page.goto("/sign-up")
    mina.page.goto("/sign-in")
    for _ in range(2):
        mina.type("Email", EMAIL)
        mina.type("Password", WRONG)
        mina.press("Sign in")
        mina.is_refused()
    mina.follow("Create an account")
    mina.sees("Create an account")
    headings = []
    mina.page.go_back()
    while mina.page.url != "about:blank":
        headings += mina.page.locator("h1").all_inner_texts()
        mina.page.go_back()
    assert set(headings) == {"Sign in", "Create an account"}


def test_refused_address_is_there_to_be_corrected(make_visitor: Callable[..., Visitor]) -> None:
    mina = make_visitor("no-js")
    mina.page.goto("/sign-up")
    mina.type("Email", "mina.park")
    mina.press("Continue")
    mina.reads("Enter one complete e-mail address, like name@example.com.")
    expect(mina.page.get_by_label("Email")).to_have_value("mina.park")


REFUSED: dict[str, tuple[dict[str, str], str, str]] = {
    "/sign-in": ({"Email": EMAIL, "Password": WRONG}, "Sign in", "Password"),
    "/account/profile": ({"Name": " "}, "Save", "Name"),
    "/account/password": (
        {"Current password": PASSWORD, "New password": "short"},
        "Change password",
        "New password",
    ),
    "/account/profile/email": ({"New email": "x", "Password": WRONG}, "Send link", "New email"),
}


@pytest.mark.parametrize("path", REFUSED)
def test_refused_field_has_the_focus(make_visitor: Callable[..., Visitor], person: Person, path: str) -> None:
    typed, button, refused = REFUSED[path]
    mina = make_visitor("no-js")
    if path != "/sign-in":
        mina.arrive(person.sign_up())
    mina.page.goto(path)
    for label, text in typed.items():
        mina.type(label, text)
    mina.press(button)
    mina.is_refused()
    expect(mina.page.get_by_label(refused, exact=True)).to_be_focused()


def test_new_account_that_is_refused_has_the_focus_in_the_password(
    make_visitor: Callable[..., Visitor],
) -> None:
    mina = make_visitor("no-js")
    mina.page.goto("/sign-up")
    mina.type("Email", EMAIL)
    mina.press("Continue")
    mina.page.goto(mina.letter("Create your %(product)s account").link)
    expect(mina.page.get_by_label("Name")).to_be_focused()
    mina.type("Name", "Mina Park")
    mina.type("Password", "short")
    mina.press("Create account")
    mina.is_refused()
    expect(mina.page.get_by_label("Password", exact=True)).to_be_focused()


def test_codes_that_are_not_saved_are_refused_in_sight(
    make_visitor: Callable[..., Visitor], person: Person
) -> None:
    mina = make_visitor("no-js-phone").arrive(person.sign_up().begin().verify_email().scan().enter_code())
    mina.page.goto("/account/two-step/enroll/recovery")
    mina.press("Complete")
    expect(mina.page.locator(".error")).to_be_in_viewport()
    expect(mina.page.get_by_label(SAVED)).to_be_focused()


def test_after_accepted_post_back_survives(scriptless: Visitor) -> None:
    scriptless.page.goto("/account/password")
    scriptless.type("Current password", PASSWORD)
    scriptless.type("New password", f"{PASSWORD} again")
    scriptless.press("Change password")
    scriptless.reads("Your password is changed. Your other devices are signed out.")
    scriptless.follow("Sessions")
    scriptless.page.go_back()
    scriptless.sees("Password")
