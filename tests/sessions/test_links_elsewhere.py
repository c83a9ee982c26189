"""Mailed links that are opened in a browser in which somebody else is signed in."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.email_change.test_email_change import NEW_PASSWORD, change, undo_path
from tests.organization.inviting import invite, link
from tests.organization.test_invitations import remove
from tests.recovery.steps import help_back, is_led_to_wizard, links
from tests.support.person import EMAIL, PASSWORD, Person, Response
from tests.support.product import TWO_STEP
from tests.support.smtp import Inbox
from tests.two_step.test_young_codes import REISSUED, reissue

Make = Callable[..., Person]
JUN, KIM = "jun@example.com", "kim@example.com"


@pytest.fixture(params=[True, False], ids=["htmx", "plain"])
def jun(request: pytest.FixtureRequest, make_person: Make) -> Person:
    """Somebody else, who is signed in in the browser that opens the link."""
    return make_person(htmx=request.param, email=JUN).sign_up(JUN)


def has_ended(jun: Person, cookie: str) -> bool:
    """Return True if no copy of Jun's cookie opens his account."""
    jun.put_cookie(cookie)
    return not jun.is_signed_in()


def way(response: Response) -> str:
    return response.headers.get("HX-Redirect") or response.headers["Location"]


def test_undoing_a_change_of_address_ends_somebody_elses_session(
    mina: Person, jun: Person, inbox: Inbox
) -> None:
    change(mina)
    path, cookie = undo_path(inbox), jun.cookie()
    jun.get(path)
    reset = way(jun.post(path))
    jun.get(reset)
    jun.post(reset, {"new_password": NEW_PASSWORD})
    assert EMAIL in jun.get("/account/profile", headers={"HX-Request": ""}).text
    assert has_ended(jun, cookie)


def test_coming_in_without_the_second_step_ends_somebody_elses_session(
    protected: Person, jun: Person, inbox: Inbox
) -> None:
    help_back(protected.app)
    back, cookie = links(inbox)[0], jun.cookie()
    jun.get(back)
    assert is_led_to_wizard(jun.post(back, {"password": PASSWORD}))
    assert has_ended(jun, cookie)


def test_coming_back_leads_to_sign_in_and_not_into_somebody_elses_account(
    mina: Person, make_person: Make, jun: Person, inbox: Inbox
) -> None:
    remove(mina)
    invite(mina, JUN)
    kim = make_person(htmx=jun.htmx, email=KIM).sign_up(KIM)
    path, cookie = link(inbox, JUN), kim.cookie()
    kim.get(path)
    assert way(kim.post(path)) == "/sign-in"
    page = kim.get("/sign-in", headers={"HX-Request": ""})
    assert page.status_code == 200
    assert "You are back. Sign in as before." in page.text
    assert has_ended(kim, cookie)


def test_stopping_a_way_back_offers_no_change_of_somebody_elses_password(
    protected: Person, jun: Person, inbox: Inbox
) -> None:
    for person, href in ((jun, "/forgot-password"), (protected, "/account/password")):
        help_back(protected.app)
        path = links(inbox)[1]
        person.get(path)
        page = person.page
        for status in (200, 410):
            person.page = page
            answer = person.post(path)
            assert answer.status_code == status
            assert f'href="{href}"' in answer.text
        assert person.is_signed_in()


def test_revoking_codes_offers_no_change_of_somebody_elses_password(
    protected: Person, jun: Person, inbox: Inbox
) -> None:
    protected.clock.advance(minutes=16)
    reissue(protected)
    found = re.search(rf"{TWO_STEP}/revoke/\S+", inbox.wait_for(REISSUED).text)
    assert found
    jun.get(found[0])
    assert 'href="/forgot-password"' in jun.post(found[0]).text
    assert jun.is_signed_in()
    assert not protected.is_signed_in()
