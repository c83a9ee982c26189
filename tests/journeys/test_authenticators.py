"""Several authenticator apps in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.journeys.visitor import PASSWORD, Visitor
from tests.support.expecting import expect
from tests.support.person import Person
from tests.support.still import settle

pytestmark = pytest.mark.looks


def add(mina: Visitor, name: str) -> None:
    """Add an app, from the tab to the tab; ``app`` is the new one then."""
    mina.press("Add authenticator app")
    mina.scan(1, of=3)
    mina.enter_code(2, of=3)
    mina.is_at(3, of=3)
    mina.sees("Name your authenticator app")
    mina.fill("Name", name)
    mina.press("Complete")
    mina.sees("Your authenticator app was added.")
    mina.press("Done")
    mina.sees("2-step verification is on")


def press_of(mina: Visitor, name: str, button: str) -> None:
    """Press a button of the authenticator of this name."""
    of_it = mina.page.locator(".authenticators__one", has_text=name)
    of_it.get_by_role("button", name=mina.say(button), exact=True).click()


@pytest.mark.parametrize("way", ["desktop", "phone", "no-js", "no-htmx", "korean-phone"])
def test_add_rename_and_remove(
    make_visitor: Callable[..., Visitor], make_person: Callable[..., Person], way: str
) -> None:
    mina = make_visitor(way)
    mina.arrive(make_person(languages=mina.language).sign_up().activate()).open_two_step()
    first = mina.app
    add(mina, "Tablet")
    second = mina.app

    press_of(mina, "Tablet", "Rename")
    mina.holds("Name", "Tablet")
    mina.fill("Name", "Kitchen tablet")
    mina.press("Save")
    mina.reads("The new name is saved.")

    mina.sign_out()
    mina.type_password()
    mina.enter("Authentication code", mina.next_code(), "Verify")
    mina.is_in()

    mina.open_two_step()
    press_of(mina, mina.say("Authenticator app"), "Remove")
    mina.type("Password", PASSWORD)
    mina.press("Next")
    mina.clock.advance(seconds=30)
    mina.fill("Authentication code", first.code(mina.clock.seconds))
    mina.press("Remove")
    mina.is_refused()
    mina.fill("Authentication code", second.code(mina.clock.seconds))
    mina.press("Remove")
    mina.reads("It was removed. It no longer opens your account.")
    expect(mina.page.locator(".authenticators__name")).to_have_text(["Kitchen tablet"])
    expect(mina.page.get_by_role("button", name=mina.say("Remove"), exact=True)).to_have_count(0)

    mina.sign_out()
    mina.type_password()
    mina.clock.advance(seconds=30)
    mina.enter("Authentication code", first.code(mina.clock.seconds), "Verify")
    mina.is_refused()
    mina.enter("Authentication code", second.code(mina.clock.seconds), "Verify")
    mina.is_in()


def test_it_stays_in_the_modal(protected_visitor: Visitor) -> None:
    protected_visitor.page.evaluate("window.stayed = true")
    add(protected_visitor, "Tablet")
    press_of(protected_visitor, "Tablet", "Rename")
    protected_visitor.press("Save")
    protected_visitor.reads("The new name is saved.")
    press_of(protected_visitor, "Tablet", "Remove")
    protected_visitor.sees("Remove an authenticator")
    protected_visitor.follow("Cancel")
    protected_visitor.sees("2-step verification is on")
    assert protected_visitor.page.evaluate("window.stayed")


def test_closed_on_the_way_it_is_gone_on_with(protected_visitor: Visitor) -> None:
    protected_visitor.press("Add authenticator app")
    protected_visitor.scan(1, of=3)
    protected_visitor.press("Close")
    protected_visitor.open_two_step()
    protected_visitor.reads("You began to add one a moment ago. Add authenticator app starts over.")
    protected_visitor.follow("Continue at step %(step)s of %(steps)s", step=2, steps=3)
    protected_visitor.sees("Enter the code from your app")
    protected_visitor.press("Cancel")
    protected_visitor.sees("2-step verification is on")
    expect(protected_visitor.page.locator(".authenticators__one")).to_have_count(1)


@pytest.mark.parametrize("way", ["desktop", "phone"])
def test_nobody_is_left_out(make_visitor: Callable[..., Visitor], person: Person, way: str) -> None:
    mina = make_visitor(way).arrive(person.sign_up().activate())
    mina.open_two_step()
    wrong = []

    def check() -> None:
        settle(mina.page)
        found = Axe().run(mina.page).response["violations"]
        wrong.extend((one["id"], one["nodes"][0]["html"]) for one in found)
        wide = mina.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide == 0

    add(mina, "A telephone with a name that is quite long, as some people like them to be")
    check()
    press_of(mina, "telephone", "Rename")
    mina.sees("Rename")
    check()
    mina.follow("Cancel")
    press_of(mina, "telephone", "Remove")
    mina.type("Password", PASSWORD)
    mina.press("Next")
    mina.sees("Remove an authenticator")
    check()
    assert wrong == []
