"""Session cookies that are kept and sent again: what was over stays over, on every process.

Each request is a connection of its own, so that a replay may come to the other process than the original.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.attacks.conftest import Site
from tests.support.person import PASSWORD, Person, entered

Make = Callable[..., Person]
ENROLL = "/account/two-step/enroll"
STEPS = ("begun", "mailed", "verified", "scanned", "coded")
AFTER_SENDING = {"mfa_throttles", "mfa_outbox"}


@dataclass
class Kept:
    """A browser's cookie and page at one moment."""

    cookie: str
    page: str

    @classmethod
    def of(cls, person: Person) -> Kept:
        return cls(person.cookie(), person.page)

    def back_into(self, person: Person) -> None:
        person.put_cookie(self.cookie)
        person.page = self.page


@dataclass
class Walk:
    """Somebody at the wizard's last step, and what the browser held at each step before."""

    person: Person
    kept: dict[str, Kept] = field(default_factory=dict)
    number: str = ""

    def rewind(self, step: str) -> Person:
        self.kept[step].back_into(self.person)
        return self.person


@pytest.fixture
def walk(member: Person) -> Walk:
    walk = Walk(member)
    member.begin()
    walk.kept["begun"] = Kept.of(member)
    member.post(f"{ENROLL}/email/send")
    walk.number = member.inbox.wait_for("authentication number", to=member.email).number
    walk.kept["mailed"] = Kept.of(member)
    member.post(f"{ENROLL}/email", {"number": walk.number})
    walk.kept["verified"] = Kept.of(member)
    member.scan()
    walk.kept["scanned"] = Kept.of(member)
    member.enter_code()
    walk.kept["coded"] = Kept.of(member)
    return walk


def opens(cookie: str, make_visitor: Make) -> bool:
    """Whether somebody with nothing but the cookie is signed in."""
    thief = make_visitor()
    thief.put_cookie(cookie)
    return thief.is_signed_in()


# The wizard


@pytest.mark.parametrize("step", STEPS)
def test_a_cookie_of_the_wizard_opens_nothing_after_complete(
    walk: Walk, make_remote_person: Make, step: str
) -> None:
    walk.person.complete()
    assert not opens(walk.kept[step].cookie, make_remote_person)


def test_complete_sent_again_as_it_was_changes_nothing(
    site: Site, walk: Walk, make_remote_person: Make
) -> None:
    walk.person.complete()
    before = site.dump(without=AFTER_SENDING)
    thief = make_remote_person()
    walk.kept["coded"].back_into(thief)
    thief.complete()
    assert site.dump(without=AFTER_SENDING) == before


@pytest.mark.parametrize("step", STEPS[:-1])
def test_complete_from_an_earlier_steps_cookie_turns_nothing_on(walk: Walk, step: str) -> None:
    walk.rewind(step).complete()
    assert not walk.person.two_step_is_on()


@pytest.mark.parametrize("step", ["begun", "mailed"])
def test_the_apps_code_before_the_mails_number_brings_no_further(walk: Walk, step: str) -> None:
    person = walk.rewind(step)
    person.post(f"{ENROLL}/scan")
    person.post(f"{ENROLL}/code", {"code": person.next_code()})
    assert person.shown_codes() == []


@pytest.mark.parametrize("step", STEPS[:-1])
def test_the_file_of_codes_is_closed_to_an_earlier_steps_cookie(walk: Walk, step: str) -> None:
    answer = walk.rewind(step).get(f"{ENROLL}/recovery-codes.txt", follow_redirects=True)
    assert not [code for code in walk.person.recovery_codes if code in answer.text]


@pytest.mark.parametrize("step", ["verified", "scanned", "coded"])
def test_a_canceled_enrollment_brought_back_by_its_cookie_turns_nothing_on(walk: Walk, step: str) -> None:
    person = walk.person
    person.post(f"{ENROLL}/cancel")
    walk.rewind(step)
    pending = person.hidden(f"{ENROLL}/scan") or person.hidden()
    for path, fields in (
        ("scan", {}),
        ("code", {"code": person.next_code()}),
        ("recovery", {"saved": "y"}),
    ):
        person.post(f"{ENROLL}/{path}", {**pending, **fields})
    assert not person.two_step_is_on()


def test_a_used_number_is_not_taken_again_with_the_cookie_from_before(walk: Walk) -> None:
    answer = walk.rewind("mailed").post(f"{ENROLL}/email", {"number": walk.number})
    assert answer.status_code == 422
    assert "no longer good" in answer.text


def test_a_rewound_cookie_gives_no_guesses_of_the_number_back(member: Person) -> None:
    member.begin().post(f"{ENROLL}/email/send")
    number = member.inbox.wait_for("authentication number", to=member.email).number
    kept = Kept.of(member)
    for _ in range(5):
        kept.back_into(member)
        member.post(f"{ENROLL}/email", {"number": "000000"})
    kept.back_into(member)
    assert member.post(f"{ENROLL}/email", {"number": number}).status_code == 429


def test_an_enrollment_begun_before_another_was_completed_turns_nothing_more_on(
    site: Site, walk: Walk, make_remote_person: Make
) -> None:
    other = make_remote_person(email=walk.person.email)
    other.sign_in()
    walk.person.clock.advance(minutes=1)
    other.activate()
    before = site.dump(without=AFTER_SENDING)
    walk.rewind("coded").complete()
    assert site.dump(without=AFTER_SENDING) == before


# Reissue and disable


def test_a_reissue_brought_back_by_its_cookie_does_nothing_more(site: Site, guarded: Person) -> None:
    guarded.prove_password("reissue")
    kept = Kept.of(guarded)
    guarded.post("/account/two-step/reissue/recovery-codes", {"saved": "y"})
    before = site.dump(without=AFTER_SENDING)
    kept.back_into(guarded)
    answer = guarded.post("/account/two-step/reissue/recovery-codes", {"saved": "y"})
    assert answer.status_code == 409
    assert site.dump(without=AFTER_SENDING) == before


def test_a_reissue_brought_back_by_its_cookie_shows_the_codes_no_more(guarded: Person) -> None:
    guarded.prove_password("reissue")
    kept, codes = Kept.of(guarded), guarded.shown_codes()
    assert len(codes) == 10
    guarded.post("/account/two-step/reissue/recovery-codes", {"saved": "y"})
    kept.back_into(guarded)
    answer = guarded.get("/account/two-step/reissue/recovery-codes.txt")
    assert not [code for code in codes if code in answer.text]


def test_a_disable_sent_again_after_it_was_turned_on_again_leaves_it_on(guarded: Person) -> None:
    guarded.prove_password("disable")
    kept = Kept.of(guarded)
    guarded.disable(code=guarded.next_code())
    guarded.clock.advance(minutes=1)
    guarded.activate()
    signed_in = guarded.cookie()
    kept.back_into(guarded)
    guarded.disable(code=guarded.next_code())
    guarded.put_cookie(signed_in)
    assert guarded.two_step_is_on()


# Sign-in and sign-out


@pytest.mark.parametrize("step", STEPS)
def test_a_cookie_of_the_wizard_opens_nothing_after_sign_out(
    walk: Walk, make_remote_person: Make, step: str
) -> None:
    walk.person.sign_out()
    assert not opens(walk.kept[step].cookie, make_remote_person)


def test_the_cookie_after_complete_opens_nothing_after_sign_out(
    guarded: Person, make_remote_person: Make
) -> None:
    cookie = guarded.cookie()
    guarded.sign_out()
    assert not opens(cookie, make_remote_person)


def test_the_half_sessions_cookie_opens_nothing_after_the_second_step(
    halfway: Person, make_remote_person: Make
) -> None:
    cookie = halfway.cookie()
    halfway.verify(halfway.next_code())
    assert not opens(cookie, make_remote_person)


def test_the_half_sessions_cookie_takes_no_second_code(halfway: Person, make_remote_person: Make) -> None:
    thief = make_remote_person()
    Kept.of(halfway).back_into(thief)
    halfway.verify(halfway.next_code())
    assert not entered(thief.verify(halfway.next_code()))


def test_a_half_session_given_up_takes_no_code(halfway: Person) -> None:
    kept = Kept.of(halfway)
    halfway.post("/sign-out")
    kept.back_into(halfway)
    assert not entered(halfway.verify(halfway.next_code()))


def test_the_answer_to_a_right_code_sent_again_signs_nobody_in(
    halfway: Person, make_remote_person: Make
) -> None:
    """The whole post, byte for byte: cookie, token and code."""
    thief, code = make_remote_person(), halfway.next_code()
    Kept.of(halfway).back_into(thief)
    halfway.verify(code)
    assert not entered(thief.verify(code))


def test_a_cookie_of_before_a_password_change_opens_nothing(member: Person, make_remote_person: Make) -> None:
    cookie = member.cookie()
    member.get("/account/password")
    member.post(
        "/account/password", {"current_password": PASSWORD, "new_password": "seven boats under glass"}
    )
    assert not opens(cookie, make_remote_person)


def test_a_cookie_that_its_owner_signed_out_from_afar_opens_nothing(
    member: Person, make_remote_person: Make
) -> None:
    other = make_remote_person(email=member.email)
    other.sign_in()
    cookie = other.cookie()
    member.get("/account/sessions")
    member.post("/account/sessions/end-others")
    assert not opens(cookie, make_remote_person)
