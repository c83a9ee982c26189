"""Organization Management in Firefox and in WebKit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browsers.guest import Guest
from tests.organization.people import sign_up
from tests.support.person import Person

pytestmark = pytest.mark.looks
NAME = "Jun Seo"


@pytest.mark.parametrize("browser", ["firefox", "webkit"])
def test_owner_goes_through_every_tab(
    make_guest: Callable[..., Guest], person: Person, make_person: Callable[..., Person], browser: str
) -> None:
    person.sign_up().activate()
    jun = sign_up(make_person, "jun@example.com")
    jun.get("/account/profile")
    jun.post("/account/profile", {"name": NAME, "language": "en"})
    owner = make_guest(browser).arrive(person)
    owner.press("Organization management")
    owner.sees("Organization Management")
    owner.fill("Name or address", "jun@")
    owner.press("Search")
    owner.is_on("sort=name")
    owner.follow(NAME)
    owner.follow("Lock")
    owner.press("Lock")
    owner.reads("Give a reason of 1 to 200 characters.")
    owner.fill("Reason", "left a laptop in a train")
    owner.press("Lock")
    owner.reads("The account is locked.")
    owner.follow("Security settings")
    owner.tick("Require 2-step verification for all users")
    owner.press("Save")
    owner.reads("The settings are saved.")
    owner.follow("Activity")
    owner.reads("left a laptop in a train")
    owner.press("Close")
    owner.is_on("/")
