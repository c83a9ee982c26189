"""Several authenticator apps of one person: added, named, moved and removed one by one."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import Engine

from mfa import signals
from tests.support.authenticator import Authenticator
from tests.support.clock import Clock
from tests.support.crowd import AT_ONCE, at_once, copies
from tests.support.database import dump
from tests.support.person import PASSWORD, Person, entered
from tests.support.smtp import Inbox
from tests.two_step.codes import code_of, sign_in_by

TAB = "/account/two-step"
ENROLL = f"{TAB}/enroll"
CONFIRM = f"{TAB}/confirm"
FIRST, SECOND = "Authenticator app", "Second phone"
STEPS = ("scan", "code", "name")


@pytest.fixture
def second(protected: Person) -> Authenticator:
    """The app that was added to the first one."""
    return protected.add_app(SECOND)


def walk_to(person: Person, step: str) -> Person:
    person.begin_adding()
    if step != "scan":
        person.scan()
    if step == "name":
        person.post(f"{ENROLL}/code", {"code": person.code()}, follow_redirects=True)
    return person


def begin_removal(person: Person, name: str) -> None:
    url = f"{TAB}/remove/{person.authenticators()[name]}"
    person.get(url)
    person.post(url, {"password": PASSWORD}, follow_redirects=True)


def remove(person: Person, name: str, **fields: str) -> str:
    begin_removal(person, name)
    factor = {"factor": "code", **fields}
    return unescape(person.post(f"{TAB}/remove/verify", factor, follow_redirects=True).text)


# Add


def test_both_apps_sign_in(protected: Person, second: Authenticator) -> None:
    assert sign_in_by(protected, code_of(second, protected))
    assert sign_in_by(protected, protected.next_code())


def test_recovery_codes_stay_what_they_are(protected: Person, second: Authenticator) -> None:
    protected.sign_out()
    protected.sign_in()
    assert entered(protected.verify_recovery_code(protected.recovery_codes[0]))


def test_a_used_time_step_is_one_of_its_app(protected: Person, second: Authenticator) -> None:
    """In one half-minute both codes are good, once each."""
    first = protected.next_code()
    other = second.code(protected.clock.seconds)
    assert sign_in_by(protected, first)
    assert sign_in_by(protected, other)
    assert not sign_in_by(protected, first)
    assert "This code was used already." in unescape(protected.page)


def test_guesses_count_together(protected: Person, second: Authenticator) -> None:
    protected.forget_device()
    protected.sign_out()
    protected.sign_in()
    answers = [protected.verify("000000").status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]


def test_the_code_that_confirmed_the_new_app_does_not_sign_in(protected: Person) -> None:
    added = protected.add_app()
    assert not sign_in_by(protected, added.code(protected.clock.seconds))


def test_the_tab_lists_them_with_their_names_and_days(
    protected: Person, second: Authenticator, clock: Clock
) -> None:
    clock.advance(days=2)
    protected.sign_in()
    protected.verify(code_of(second, protected))
    page = protected.get(TAB).text
    assert list(protected.authenticators()) == [FIRST, SECOND]
    assert page.count("not used since") == 1
    assert page.count("last used") == 1
    assert page.count("November 26, 2026") == 1


def test_who_added_it_stays_signed_in_and_so_do_the_others(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person()
    other.sign_in()
    other.verify(protected.next_code())
    protected.add_app()
    assert protected.is_signed_in()
    assert other.is_signed_in()


def test_the_owner_is_told_but_not_the_name(protected: Person, inbox: Inbox) -> None:
    """The mail is ours: who stole a session could have it say what they like."""
    protected.add_app("Call 555 0100 now")
    letter = inbox.wait_for("An authenticator app was added to your account")
    assert "If this was not you" in letter.text
    assert "555" not in letter.text + letter.html


def test_it_stands_among_the_activities(protected: Person, second: Authenticator) -> None:
    assert f"Authenticator app added: {SECOND}" in protected.get("/account/activity").text


def test_its_signal_is_sent(protected: Person) -> None:
    heard = []

    def hear(_app: object, **said: object) -> None:
        heard.append(said)

    with signals.authenticator_added.connected_to(hear):
        protected.add_app(SECOND)
    assert [(one["person_id"], one["details"]) for one in heard] == [("1", {"kind": "app", "name": SECOND})]


@pytest.mark.parametrize("step", STEPS)
def test_leaving_after_any_step_saves_nothing(protected: Person, engine: Engine, step: str) -> None:
    # The mail about the activation leaves when it does.
    but = {"mfa_throttles", "mfa_outbox"}
    before = dump(engine, without=but)
    walk_to(protected, step)
    assert dump(engine, without=but) == before


@pytest.mark.parametrize("step", STEPS)
def test_reload_resumes_at_the_step_reached(protected: Person, step: str) -> None:
    walk_to(protected, step)
    assert f"Step {STEPS.index(step) + 1} of 3" in protected.get(ENROLL).text
    assert f"Continue at step {STEPS.index(step) + 1} of 3" in protected.get(TAB).text


@pytest.mark.parametrize("address", ["email", "code", "name", "recovery"])
def test_a_step_can_not_be_skipped(protected: Person, address: str) -> None:
    protected.begin_adding()
    assert "Step 1 of 3" in protected.get(f"{ENROLL}/{address}", follow_redirects=True).text
    fields = {**protected.hidden(f"{ENROLL}/scan"), "saved": "y", "code": "123456", "name": "x"}
    assert "Step 1 of 3" in protected.post(f"{ENROLL}/{address}", fields, follow_redirects=True).text


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Enter a name."),
        (" \u200b ", "Enter a name."),
        ("x" * 81, "Use at most 80 characters."),
        ("x" * 10_000, "Use at most 80 characters."),
        ("a\x07b", "A name can’t contain the character U+0007"),
    ],
)
def test_a_bad_name_is_refused_and_the_step_stays(protected: Person, name: str, sentence: str) -> None:
    walk_to(protected, "name")
    response = protected.post(f"{ENROLL}/name", {"name": name})
    assert response.status_code == 422
    assert sentence in unescape(response.text)
    protected.post(f"{ENROLL}/name", {"name": SECOND}, follow_redirects=True)
    assert SECOND in protected.authenticators()


def test_a_name_is_shown_as_text(protected: Person) -> None:
    protected.add_app("<b>Pixel</b>")
    assert "<b>Pixel</b>" in protected.authenticators()


def test_the_password_is_asked_for_when_its_proof_is_old(protected: Person, clock: Clock) -> None:
    clock.advance(minutes=16)
    protected.begin_adding()
    assert "It has been a while since you typed your password." in protected.page
    assert protected.post(f"{TAB}/add/proof", {"password": "not my password"}).status_code == 422
    protected.post(f"{TAB}/add/proof", {"password": PASSWORD}, follow_redirects=True)
    assert "Confirm that it is you with what protects your account now." in protected.page


def test_a_code_is_asked_for_when_its_verification_is_old(protected: Person, clock: Clock) -> None:
    clock.advance(minutes=16)
    protected.begin_adding()
    protected.post(f"{TAB}/add/proof", {"password": PASSWORD}, follow_redirects=True)
    assert protected.client.get(f"{ENROLL}/scan").status_code == 409
    wrong = protected.post(f"{TAB}/add/verify", {"factor": "code", "code": "000000"})
    assert wrong.status_code == 422
    code = {"factor": "code", "code": protected.next_code()}
    assert "Step 1 of 3" in protected.post(f"{TAB}/add/verify", code, follow_redirects=True).text


def test_who_has_begun_to_move_is_told_that_the_move_ends(protected: Person) -> None:
    protected.begin_move()
    protected.begin_adding()
    told = "You began to move to a new phone a moment ago. That ends if you go on here."
    assert told in protected.page
    assert "Step 1 of 3" in protected.get(ENROLL, follow_redirects=True).text


def test_no_more_than_five(protected: Person) -> None:
    for number in range(4):
        protected.add_app(f"Phone {number}")
    assert "Add authenticator app" not in protected.get(TAB).text
    protected.get(f"{TAB}/reissue")
    response = protected.post(f"{TAB}/add")
    assert response.status_code == 409
    assert "You have 5 authenticator apps, the most there can be." in unescape(response.text)


def test_of_two_windows_that_add_the_second_hears_that_something_changed(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person()
    other.sign_in()
    other.verify(protected.next_code())
    walk_to(other, "name")
    protected.add_app(SECOND)
    response = other.post(f"{ENROLL}/name", {"name": "Third"})
    assert response.status_code == 409
    assert list(protected.authenticators()) == [FIRST, SECOND]


def test_complete_twice_adds_one(protected: Person) -> None:
    walk_to(protected, "name")
    cookie, fields = protected.cookie(), protected.hidden(f"{ENROLL}/name")
    protected.post(f"{ENROLL}/name", {**fields, "name": SECOND}, follow_redirects=True)
    protected.put_cookie(cookie)
    again = protected.post(f"{ENROLL}/name", {**fields, "name": "Third"}, follow_redirects=True)
    assert again.status_code == 409
    assert list(protected.authenticators()) == [FIRST, SECOND]


def test_canceled_it_can_not_be_completed_by_an_old_cookie(protected: Person) -> None:
    walk_to(protected, "name")
    cookie, fields = protected.cookie(), protected.hidden(f"{ENROLL}/name")
    protected.post(f"{ENROLL}/cancel")
    protected.put_cookie(cookie)
    assert protected.post(f"{ENROLL}/name", {**fields, "name": SECOND}).status_code == 409
    assert list(protected.authenticators()) == [FIRST]


def test_adding_that_is_given_up_again_and_again_has_to_wait(protected: Person) -> None:
    """What is given up is remembered by a row, and neither a password nor a factor was typed for it."""
    for _ in range(20):
        protected.begin_adding()
        protected.post(f"{ENROLL}/cancel")
    protected.get(TAB)
    response = protected.post(f"{TAB}/add")
    assert response.status_code == 429
    assert response.headers["Retry-After"]
    assert "Too many changes in a short time." in response.text


@pytest.mark.parametrize("path", ["add/proof", "add/verify", "remove/1", "rename/1", "move/1"])
def test_nothing_of_it_is_there_while_it_is_off(mina: Person, path: str) -> None:
    assert mina.get(f"{TAB}/{path}").status_code == 409


# Rename


def test_another_name(protected: Person, inbox: Inbox) -> None:
    url = f"{TAB}/rename/{protected.authenticators()[FIRST]}"
    protected.get(url)
    response = protected.post(url, {"name": "  Mina’s\tPixel "}, follow_redirects=True)
    assert "The new name is saved." in response.text
    assert list(protected.authenticators()) == ["Mina’s Pixel"]
    assert inbox.wait_for("An authenticator app was renamed")
    assert "Authenticator app renamed: Mina’s Pixel" in unescape(protected.get("/account/activity").text)
    assert sign_in_by(protected, protected.next_code())


@pytest.fixture
def later(protected: Person, second: Authenticator, clock: Clock) -> Person:
    """The owner of two apps, a quarter of an hour after a factor was last shown in this session."""
    clock.advance(minutes=16)
    return protected


def test_renaming_takes_a_recent_verification(later: Person) -> None:
    """Somebody with a copy of the session could swap the names of two, and have the wrong one removed."""
    url = f"{TAB}/rename/{later.authenticators()[FIRST]}"
    ask = later.get(url).headers["HX-Redirect"]
    assert ask.startswith(CONFIRM)
    later.get(ask)
    assert later.post(ask, {"password": PASSWORD}).status_code == 422
    assert "HX-Redirect" in later.get(url).headers
    later.get(ask)
    later.post(ask, {"factor": "code", "code": later.next_code()})
    later.get(url)
    later.post(url, {"name": "Pixel"}, follow_redirects=True)
    assert list(later.authenticators()) == ["Pixel", SECOND]


def test_the_factor_that_adds_one_counts_for_renaming(later: Person) -> None:
    later.begin_adding()
    later.post(f"{TAB}/add/proof", {"password": PASSWORD}, follow_redirects=True)
    later.post(f"{TAB}/add/verify", {"factor": "code", "code": later.next_code()}, follow_redirects=True)
    url = f"{TAB}/rename/{later.authenticators()[SECOND]}"
    assert 'name="name"' in later.get(url).text


def test_new_name_of_a_page_from_before_waits_for_a_verification(
    protected: Person, second: Authenticator, clock: Clock
) -> None:
    url = f"{TAB}/rename/{protected.authenticators()[FIRST]}"
    plain = {"HX-Request": ""}
    protected.get(url, headers=plain)
    clock.advance(minutes=16)
    ask = protected.post(url, {"name": "Pixel"}, headers=plain).headers["Location"]
    assert list(protected.authenticators()) == [FIRST, SECOND]
    protected.get(ask, headers=plain)
    typed = {"factor": "code", "code": protected.next_code()}
    send = protected.post(ask, typed, headers=plain).headers["Location"]
    assert list(protected.authenticators()) == [FIRST, SECOND]
    assert "Nothing was sent yet" in protected.get(send, headers=plain).text
    protected.post(url, headers=plain)
    assert list(protected.authenticators()) == ["Pixel", SECOND]


def test_names_can_not_be_swapped_with_the_session_alone(later: Person) -> None:
    numbers = later.authenticators()
    for name, other in ((FIRST, SECOND), (SECOND, FIRST)):
        later.get(TAB)
        later.post(f"{TAB}/rename/{numbers[name]}", {"name": other})
    assert later.authenticators() == numbers
    assert "renamed" not in later.get("/account/activity").text


def test_the_same_name_tells_nobody(protected: Person, second: Authenticator, engine: Engine) -> None:
    url = f"{TAB}/rename/{protected.authenticators()[SECOND]}"
    protected.get(url)
    before = dump(engine, without={"mfa_outbox"})
    protected.post(url, {"name": SECOND}, follow_redirects=True)
    assert dump(engine, without={"mfa_outbox"}) == before


def test_renaming_again_and_again_has_to_wait(protected: Person) -> None:
    """Each is an event and a mail."""
    url = f"{TAB}/rename/{protected.authenticators()[FIRST]}"
    protected.get(url)
    for number in range(20):
        assert protected.post(url, {"name": f"Phone {number}"}, follow_redirects=True).status_code == 200
    response = protected.post(url, {"name": "One more"})
    assert response.status_code == 429
    assert response.headers["Retry-After"]
    assert "Too many changes in a short time." in response.text
    assert list(protected.authenticators()) == ["Phone 19"]


@pytest.mark.parametrize("name", ["", "x" * 81, "\x00"])
def test_a_bad_new_name_is_refused(protected: Person, name: str) -> None:
    url = f"{TAB}/rename/{protected.authenticators()[FIRST]}"
    protected.get(url)
    assert protected.post(url, {"name": name}).status_code == 422
    assert list(protected.authenticators()) == [FIRST]


@pytest.mark.parametrize("what", ["rename", "move", "remove"])
def test_another_persons_is_none_of_mine(
    protected: Person, second: Authenticator, make_person: Callable[..., Person], what: str
) -> None:
    number = protected.authenticators()[SECOND]
    jun = make_person().sign_up("jun@example.com").activate()
    jun.add_app()
    jun.get(TAB)
    for answer in (
        jun.post(f"{TAB}/{what}/{number}", {"name": "Mine", "password": PASSWORD}),
        jun.get(f"{TAB}/{what}/{number}"),
    ):
        assert answer.status_code == 409
        assert "This authenticator was removed meanwhile." in answer.text
    assert list(protected.authenticators()) == [FIRST, SECOND]


# Remove


def test_removed_by_another_app_it_never_signs_in(protected: Person, second: Authenticator) -> None:
    assert "It was removed." in remove(protected, SECOND, code=protected.next_code())
    assert list(protected.authenticators()) == [FIRST]
    assert not sign_in_by(protected, code_of(second, protected))
    assert entered(protected.verify(protected.next_code()))


def test_the_first_may_go_as_well(protected: Person, second: Authenticator) -> None:
    remove(protected, FIRST, code=code_of(second, protected))
    assert list(protected.authenticators()) == [SECOND]
    assert not sign_in_by(protected, protected.next_code())
    assert entered(protected.verify(code_of(second, protected)))


def test_its_own_code_does_not_remove_it(protected: Person, second: Authenticator) -> None:
    answer = remove(protected, SECOND, code=code_of(second, protected))
    assert "That code is not right." in answer
    assert list(protected.authenticators()) == [FIRST, SECOND]


def test_a_recovery_code_removes_it_and_is_used_up(
    protected: Person, second: Authenticator, inbox: Inbox
) -> None:
    code = protected.recovery_codes[0]
    assert "9 of 10 recovery codes left" in remove(
        protected, SECOND, factor="recovery_code", recovery_code=code
    )
    assert inbox.wait_for("A recovery code was used")
    assert inbox.wait_for("An authenticator app was removed from your account")
    assert f"Authenticator app removed: {SECOND}" in protected.get("/account/activity").text


def test_the_password_alone_removes_nothing(protected: Person, second: Authenticator) -> None:
    begin_removal(protected, SECOND)
    for fields in ({}, {"factor": "code"}, {"factor": "code", "code": "000000"}, {"factor": "none"}):
        assert protected.post(f"{TAB}/remove/verify", fields).status_code == 422
    assert list(protected.authenticators()) == [FIRST, SECOND]


def test_a_code_without_the_password_removes_nothing(protected: Person, second: Authenticator) -> None:
    code = {"factor": "code", "code": protected.next_code()}
    protected.get(TAB)
    assert protected.post(f"{TAB}/remove/verify", code).status_code == 409
    assert list(protected.authenticators()) == [FIRST, SECOND]


@pytest.mark.parametrize("purpose", ["move", "disable", "reissue"])
def test_the_proof_of_another_purpose_removes_nothing(
    protected: Person, second: Authenticator, purpose: str
) -> None:
    url = f"/{protected.authenticators()[SECOND]}" if purpose == "move" else ""
    protected.prove_password(purpose + url)
    assert protected.get(f"{TAB}/remove/verify").status_code == 409


def test_the_last_one_stays(protected: Person) -> None:
    assert "Remove" not in protected.get(TAB).text
    number = protected.authenticators()[FIRST]
    for answer in (
        protected.post(f"{TAB}/remove/{number}", {"password": PASSWORD}),
        protected.get(f"{TAB}/remove/{number}"),
    ):
        assert answer.status_code == 409
        assert "This is your only authenticator." in answer.text
    assert list(protected.authenticators()) == [FIRST]


def test_of_two_removals_at_once_one_is_made(
    protected: Person, second: Authenticator, make_person: Callable[..., Person]
) -> None:
    """In two browsers, each by the code of the app that the other removes."""
    other = make_person()
    other.sign_in()
    other.verify(protected.next_code())
    begin_removal(protected, SECOND)
    begin_removal(other, FIRST)
    protected.clock.advance(seconds=30)
    typed = [(protected, protected.code()), (other, second.code(protected.clock.seconds))]

    def press(number: int) -> bool:
        person, code = typed[number]
        fields = {"factor": "code", "code": code}
        return "It was removed." in person.post(f"{TAB}/remove/verify", fields, follow_redirects=True).text

    done = at_once(press, 2)
    assert sum(done) == 1
    winner = typed[done.index(True)][0]
    assert list(winner.authenticators()) == [FIRST if winner is protected else SECOND]


def test_one_removal_64_times_at_once_is_made_once(
    protected: Person, second: Authenticator, make_person: Callable[..., Person], engine: Engine
) -> None:
    protected.add_app("Third")
    begin_removal(protected, SECOND)
    fields = {"factor": "code", "code": protected.next_code()}
    rivals = copies(protected, make_person, AT_ONCE)
    at_once(lambda number: rivals[number].post(f"{TAB}/remove/verify", fields), AT_ONCE)
    kept = [line for line in dump(engine).splitlines() if line.startswith("mfa_authenticators:")]
    assert len(kept) == 2
    assert not [line for line in kept if f"'{SECOND}'" in line]


def test_the_other_sessions_end_and_this_one_stays(
    protected: Person, second: Authenticator, make_person: Callable[..., Person]
) -> None:
    other = make_person()
    other.sign_in()
    other.verify(protected.next_code())
    remove(protected, SECOND, code=protected.next_code())
    assert protected.is_signed_in()
    assert not other.is_signed_in()


def test_removed_in_another_window_it_says_so(protected: Person, second: Authenticator) -> None:
    number = protected.authenticators()[SECOND]
    remove(protected, SECOND, code=protected.next_code())
    protected.add_app("Third")
    for what in ("rename", "move", "remove"):
        assert "was removed meanwhile" in protected.get(f"{TAB}/{what}/{number}").text


# What is told


def test_each_change_raises_its_signal_and_names_the_one(
    app: Flask, protected: Person, second: Authenticator
) -> None:
    heard: list[tuple[str, str, str]] = []
    listeners = []
    for name in ("renamed", "moved", "removed"):

        def hear(_app: Flask, *, details: dict[str, str], name: str = name, **_: object) -> None:
            heard.append((name, details.get("kind", ""), details["name"]))

        getattr(signals, f"authenticator_{name}").connect(hear, app)
        listeners.append(hear)
    url = f"{TAB}/rename/{protected.authenticators()[SECOND]}"
    protected.get(url)
    protected.post(url, {"name": "Tablet"}, follow_redirects=True)
    first = protected.app_on_phone
    protected.prove_password(f"move/{protected.authenticators()['Tablet']}")
    protected.prove_move(code=protected.next_code())
    protected.scan().enter_code().complete()
    protected.app_on_phone = first
    remove(protected, "Tablet", code=protected.next_code())
    assert heard == [("renamed", "app", "Tablet"), ("moved", "", "Tablet"), ("removed", "app", "Tablet")]
    said = unescape(protected.get("/account/activity").text)
    assert "Moved to a new authenticator app: Tablet" in said


# Move one of them


def test_a_move_replaces_the_one_that_was_meant(protected: Person, second: Authenticator) -> None:
    first = protected.app_on_phone
    number = protected.authenticators()[SECOND]
    protected.prove_password(f"move/{number}")
    protected.prove_move(code=protected.next_code())
    protected.scan().enter_code().complete()
    moved, protected.app_on_phone = protected.app_on_phone, first
    assert moved
    assert list(protected.authenticators()) == [FIRST, SECOND]
    assert not sign_in_by(protected, code_of(second, protected))
    assert entered(protected.verify(code_of(moved, protected)))
    assert sign_in_by(protected, protected.next_code())


def test_without_saying_which_one_the_tab_asks(protected: Person, second: Authenticator) -> None:
    protected.get(TAB)
    for answer in (protected.post(f"{TAB}/move", {"password": PASSWORD}), protected.get(f"{TAB}/move")):
        assert answer.headers["Location"] == TAB


# Turned off


def test_with_it_off_none_is_left(protected: Person, second: Authenticator, engine: Engine) -> None:
    protected.prove_password("disable")
    protected.disable(code=code_of(second, protected))
    assert "mfa_authenticators:" not in dump(engine)
    assert "mfa_second_steps:" not in dump(engine)
