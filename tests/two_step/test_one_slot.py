"""One thing is pending at a time: what begins in one window while another is open, and what each is told."""

from __future__ import annotations

import pytest

from tests.support.person import PASSWORD, Person

TAB = "/account/two-step"
ENROLL = f"{TAB}/enroll"
CODES = f"{TAB}/reissue/recovery-codes"
DISABLE = f"{TAB}/disable/verify"
MOVE = f"{TAB}/move/verify"
ENDS = "You began to move to a new phone a moment ago. That ends if you go on here."
WOULD_END = "You began to move to a new phone in another window. That ends if you go on here."
DISPLACED = "It ended when you began something else."
PURPOSES = ("reissue", "disable", "move")


@pytest.fixture
def moving(protected: Person) -> Person:
    """Somebody who has come to the second step of a move, for which a code was used up."""
    return protected.begin_move().scan()


# Before something ends


@pytest.mark.parametrize("purpose", PURPOSES)
def test_password_page_says_that_a_begun_move_ends(moving: Person, purpose: str) -> None:
    text = moving.get(f"{TAB}/{purpose}").text
    assert ENDS in text
    assert "Continue at step 2 of 3" in text


@pytest.mark.parametrize("purpose", PURPOSES)
def test_password_page_says_nothing_of_it_otherwise(protected: Person, purpose: str) -> None:
    text = protected.get(f"{TAB}/{purpose}").text
    assert "You began" not in text
    assert "Continue at step" not in text


@pytest.mark.parametrize("purpose", PURPOSES)
def test_looking_at_another_purpose_ends_no_move(moving: Person, purpose: str) -> None:
    window = moving.page
    moving.get(f"{TAB}/{purpose}")
    moving.page = window
    assert "Your new phone is set up." in moving.enter_code().complete().text


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_wrong_password_ends_no_move(moving: Person, purpose: str) -> None:
    window = moving.page
    assert moving.prove_password(purpose, "not my password at all").status_code == 422
    moving.page = window
    assert "Your new phone is set up." in moving.enter_code().complete().text


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_page_from_before_the_move_does_not_end_it(protected: Person, purpose: str, htmx: bool) -> None:
    """Nobody was told on it that the move would end, for which a factor may have been used up."""
    protected.htmx = htmx
    protected.get(f"{TAB}/{purpose}")
    before = protected.page
    protected.prove_password("move")
    protected.prove_move(code=protected.next_code())
    window = protected.page
    protected.page = before
    answer = protected.post(f"{TAB}/{purpose}", {"password": PASSWORD}, follow_redirects=True)
    assert WOULD_END in answer.text
    assert ENDS in answer.text
    protected.page = window
    assert "Your new phone is set up." in protected.scan().enter_code().complete().text


def test_after_it_was_told_the_same_page_goes_on(protected: Person) -> None:
    protected.get(f"{TAB}/reissue")
    before = protected.page
    protected.begin_move()
    protected.page = before
    protected.post(f"{TAB}/reissue", {"password": PASSWORD})
    answer = protected.post(f"{TAB}/reissue", {"password": PASSWORD})
    assert "Save your recovery codes" in answer.text


@pytest.mark.parametrize("purpose", PURPOSES[:2])
def test_what_needs_it_on_ends_no_activation(mina: Person, purpose: str) -> None:
    mina.begin()
    window = mina.page
    assert mina.post(f"{TAB}/{purpose}", {"password": PASSWORD}).status_code == 409
    mina.page = window
    assert "Step 2 of 4" in mina.verify_email().page


# After it ended


def displace(person: Person, purpose: str = "reissue") -> tuple[str, str]:
    """Begin something else in a second window; the pages of both."""
    first = person.page
    person.prove_password(purpose)
    return first, person.page


@pytest.mark.parametrize("purpose", PURPOSES[:2])
def test_the_window_of_the_move_is_told_that_it_ended(moving: Person, purpose: str) -> None:
    moving.page, _ = displace(moving, purpose)
    assert DISPLACED in moving.post(f"{ENROLL}/code", {"code": moving.code()}).text
    assert DISPLACED in moving.get(ENROLL).text


def test_a_move_that_was_started_over_says_so_in_its_first_window(moving: Person) -> None:
    moving.page, _ = displace(moving, "move")
    assert "You started it over" in moving.post(f"{ENROLL}/code", {"code": moving.code()}).text
    assert "You started it over" in moving.get(ENROLL).text


def test_what_was_begun_instead_goes_on(moving: Person) -> None:
    """The window of the move asks on, and leaves alone what the other has begun."""
    first, second = displace(moving)
    moving.page = first
    moving.post(f"{ENROLL}/code", {"code": moving.code()})
    moving.post(f"{ENROLL}/cancel")
    moving.page = second
    assert "Your new recovery codes are active." in moving.post(CODES, {"saved": "y"}).text


def test_the_move_is_told_of_its_end_after_the_other_was_completed(moving: Person) -> None:
    """Not that 2-step verification is on and nothing is left to do: the old phone is still the one."""
    first, _ = displace(moving)
    moving.post(CODES, {"saved": "y"})
    moving.page = first
    assert DISPLACED in moving.post(f"{ENROLL}/code", {"code": moving.code()}).text


def test_a_move_ends_a_reissue_and_says_so(protected: Person) -> None:
    protected.prove_password("reissue")
    window = protected.page
    protected.begin_move()
    second = protected.page
    protected.page = window
    assert DISPLACED in protected.post(CODES, {"saved": "y"}).text
    protected.page = second
    assert "Your new phone is set up." in protected.scan().enter_code().complete().text


def test_disable_ends_a_reissue_and_says_so(protected: Person) -> None:
    protected.prove_password("reissue")
    window, _ = displace(protected, "disable")
    assert DISPLACED in protected.get(CODES).text
    protected.page, second = window, protected.page
    assert DISPLACED in protected.post(CODES, {"saved": "y"}).text
    protected.page = second
    protected.get(DISABLE)
    assert "2-step verification is off" in protected.disable(code=protected.next_code()).text


# The page of a move's factor, after the factor was right


@pytest.mark.parametrize("htmx", [True, False])
def test_the_factor_of_a_move_sent_twice_leads_into_the_wizard(protected: Person, htmx: bool) -> None:
    protected.htmx = htmx
    protected.prove_password("move")
    window, code = protected.page, protected.next_code()
    protected.prove_move(code=code)
    protected.page = window
    assert "Step 1 of 3" in protected.prove_move(code=code).text


def test_going_back_to_the_factor_of_a_move_leads_into_the_wizard(moving: Person) -> None:
    assert "Step 2 of 3" in moving.get(MOVE, follow_redirects=True).text
