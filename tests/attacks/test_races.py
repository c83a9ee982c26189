"""Many requests at once with one code: one wins."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import Engine

from console.auth import password
from tests.support.crowd import AT_ONCE, at_once, copies
from tests.support.database import dump
from tests.support.person import PASSWORD, Person, entered


def test_one_code_typed_at_once_in_many_half_sessions_signs_in_once(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    code = protected.next_code()
    people = [make_person() for _ in range(5)]
    for person in people:
        person.sign_in()
    # Five half-sessions, because only five attempts are looked at before the first wait.
    results = at_once(lambda number: entered(people[number].verify(code)), 5)
    assert sum(results) == 1
    assert sum(person.is_signed_in() for person in people) == 1


def test_one_half_session_posted_64_times_at_once_signs_in_once(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    protected.sign_out()
    protected.sign_in()
    code = protected.next_code()
    people = copies(protected, make_person, AT_ONCE)
    results = at_once(lambda number: entered(people[number].verify(code)), AT_ONCE)
    assert sum(results) == 1


def test_a_password_typed_again_while_another_window_enters_the_code_ends_no_whole_session(
    protected: Person, make_person: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    protected.sign_out()
    protected.sign_in()
    (other,) = copies(protected, make_person, 1)
    code, note = protected.next_code(), password.note

    def note_after_the_code(right: password.Right, now: datetime) -> None:
        with ThreadPoolExecutor(1) as pool:
            assert entered(pool.submit(other.verify, code).result())
        note(right, now)

    monkeypatch.setattr(password, "note", note_after_the_code)
    protected.sign_in()
    assert other.is_signed_in()


def test_64_wrong_codes_at_once_are_five_looked_at(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    protected.sign_out()
    protected.sign_in()
    people = copies(protected, make_person, AT_ONCE)
    statuses = at_once(lambda number: people[number].verify("000000").status_code, AT_ONCE)
    assert statuses.count(422) == 5
    assert statuses.count(429) == AT_ONCE - 5


def test_one_recovery_code_at_once_signs_in_once(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    people = [make_person() for _ in range(5)]
    for person in people:
        person.sign_in()
        person.get("/sign-in/verify?factor=recovery")
    code = protected.recovery_codes[0]
    results = at_once(
        lambda number: entered(
            people[number].post("/sign-in/verify?factor=recovery", {"recovery_code": code})
        ),
        5,
    )
    assert sum(results) == 1
    assert "9 of 10 recovery codes left" in protected.get("/account/two-step").text


def test_complete_pressed_64_times_at_once_turns_it_on_once(
    mina: Person, make_person: Callable[..., Person], engine: Engine
) -> None:
    mina.begin().verify_email().scan().enter_code()
    people = copies(mina, make_person, AT_ONCE)
    results = at_once(lambda number: "2-step verification is on." in people[number].complete().text, AT_ONCE)
    assert sum(results) == 1
    assert dump(engine).count("recovery_codes:") == 10


def test_two_windows_that_complete_different_enrollments_turn_on_one(
    mina: Person, make_person: Callable[..., Person], engine: Engine
) -> None:
    other = make_person()
    other.sign_in()
    for person in (mina, other):
        person.clock.advance(minutes=1)
        person.begin().verify_email().scan().enter_code()
    people = (mina, other)
    results = at_once(lambda number: people[number].complete().text, 2)
    assert sum("2-step verification is on." in text for text in results) == 1
    assert dump(engine).count("authenticators:") == 1


def test_disable_at_once_with_two_different_factors_happens_once(
    protected: Person, make_person: Callable[..., Person], engine: Engine
) -> None:
    protected.prove_password("disable")
    code, recovery_code = protected.next_code(), protected.recovery_codes[0]
    first, second = copies(protected, make_person, 2)
    fields = (
        {"code": code},
        {"factor": "recovery_code", "recovery_code": recovery_code},
    )
    # Who is late may read that it is off, too: by 401 or 409.
    results = at_once(lambda number: (first, second)[number].disable(**fields[number]).status_code, 2)
    assert results.count(200) == 1
    events = [row for row in dump(engine).splitlines() if row.startswith("mfa_activity:")]
    assert sum("'two_step_off'" in row for row in events) == 1


def begin_move(person: Person) -> Person:
    """Up to Complete, beside which something else is then done."""
    return person.begin_move().scan().enter_code()


MOVED = "Your new phone is set up."


def test_a_move_completed_64_times_at_once_is_made_once(
    protected: Person, make_person: Callable[..., Person], engine: Engine
) -> None:
    people = copies(begin_move(protected), make_person, AT_ONCE)
    results = at_once(lambda number: MOVED in people[number].complete().text, AT_ONCE)
    assert sum(results) == 1
    assert dump(engine).count("recovery_codes:") == 10


def test_one_code_typed_at_once_with_two_proofs_opens_one_move(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person()
    other.sign_in()
    other.verify(protected.next_code())
    people, code = (protected, other), protected.next_code()
    for person in people:
        person.prove_password("move")
    results = at_once(lambda number: "Step 1 of 3" in people[number].prove_move(code=code).text, 2)
    assert sum(results) == 1


def test_one_proof_posted_many_times_at_once_opens_one_move(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    protected.prove_password("move")
    code = protected.next_code()
    people = copies(protected, make_person, 5)
    results = at_once(lambda number: "Step 1 of 3" in people[number].prove_move(code=code).text, 5)
    assert sum(results) == 1


def test_of_two_moves_that_are_completed_at_once_one_is_made(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person()
    other.app_on_phone = protected.app_on_phone
    other.sign_in()
    other.verify(protected.next_code())
    people = (begin_move(other), begin_move(protected))
    results = at_once(lambda number: MOVED in people[number].complete().text, 2)
    assert sum(results) == 1
    winner = people[results.index(True)]
    winner.sign_out()
    winner.sign_in()
    assert entered(winner.verify(winner.next_code()))


@pytest.mark.parametrize("act", ["reissue", "disable", "password"])
def test_of_a_move_and_another_change_at_once_one_is_made(
    protected: Person, make_person: Callable[..., Person], act: str
) -> None:
    other = make_person()
    other.app_on_phone = protected.app_on_phone
    other.sign_in()
    other.verify(protected.next_code())
    begin_move(protected)
    if act == "password":
        other.get("/account/password")
    else:
        other.prove_password(act)
    code = other.next_code()
    url, fields, done = {
        "reissue": ("reissue/recovery-codes", {"saved": "y"}, "Your new recovery codes are active."),
        "disable": ("disable/verify", {"factor": "code", "code": code}, "verification is off</h3>"),
        "password": (
            "../password",
            {"current_password": PASSWORD, "new_password": "seven boats under glass"},
            "Your password is changed.",
        ),
    }[act]
    url = "/account/password" if act == "password" else f"/account/two-step/{url}"
    results = at_once(
        lambda number: (
            MOVED in protected.complete().text
            if number
            else done in other.post(url, fields, follow_redirects=True).text
        ),
        2,
    )
    assert sum(results) == 1


def test_a_password_change_against_a_sign_in_with_the_old_one_leaves_no_session(
    mina: Person, make_person: Callable[..., Person]
) -> None:
    others = [make_person() for _ in range(8)]
    for other in others:
        other.get("/sign-in")
    mina.get("/account/password")

    def act(number: int) -> None:
        if number == 0:
            mina.post(
                "/account/password",
                {"current_password": PASSWORD, "new_password": "seven boats under glass"},
            )
        else:
            others[number - 1].post("/sign-in", {"email": "mina.park@example.com", "password": PASSWORD})

    at_once(act, 9)
    assert not any(other.is_signed_in() for other in others)
