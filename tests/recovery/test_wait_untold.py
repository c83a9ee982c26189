"""A wait opens nothing before its owner was told, whatever stood still meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from mfa.recovery import waiting as rules
from tests.recovery.steps import finish, is_led_to_wizard, press, recoveries
from tests.recovery.test_wait import (
    DAYS,
    LOST,
    MIDDLE,
    NEAR,
    READY,
    app,
    back_of,
    begin,
    letter,
    waiting,
    work,
)
from tests.support.clock import Clock
from tests.support.person import EMAIL, Person

__all__ = ["app", "waiting"]
Make = Callable[..., Person]


def subjects(person: Person) -> list[str]:
    work(person.app)
    return [mail.subject for mail in person.inbox.take_all()]


def test_link_is_not_sent_before_the_owner_was_told_that_it_will_be(
    waiting: Person, make_person: Make, clock: Clock
) -> None:
    """Nobody wrote the mails of the wait; who asks for the link at that moment gets none."""
    clock.advance(days=DAYS, hours=1)
    mina = make_person(email=EMAIL)
    mina.sign_in(EMAIL)
    assert "The wait is over." not in mina.get(LOST).text
    mina.post(f"{LOST}/number")
    assert READY not in subjects(waiting)
    clock.advance(days=1)
    assert is_led_to_wizard(finish(make_person(), back_of(letter(waiting, READY))))


@pytest.mark.parametrize("trouble", ["fails", "knows nobody", "lacks the key"])
def test_put_off_it_ends_a_day_after_the_last_mail(
    waiting: Person, make_person: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """The host can't be asked for the owner, or says that nobody is there, or this server lacks a new key."""
    waiting.inbox.take_all()
    with monkeypatch.context() as patched:
        _make_trouble(patched, trouble)
        for _ in range(2 * DAYS + 1):
            clock.advance(hours=12)
            work(waiting.app)
    assert not {MIDDLE, NEAR, READY}.intersection(subjects(waiting))
    clock.advance(hours=1)
    letter(waiting, NEAR)
    clock.advance(hours=23)
    assert READY not in subjects(waiting)
    clock.advance(hours=1)
    assert is_led_to_wizard(finish(make_person(), back_of(letter(waiting, READY))))


def _make_trouble(patched: pytest.MonkeyPatch, trouble: str) -> None:
    def find(person_id: str) -> None:
        if trouble == "fails":
            raise RuntimeError(person_id)

    class Lacking:
        has = staticmethod(lambda _: False)

    if trouble == "lacks the key":
        patched.setattr(rules, "ring", Lacking)
    else:
        patched.setattr(rules, "find", find)


def test_given_up_where_the_owner_can_never_be_told(
    waiting: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "find", lambda _: None)
    for _ in range(21):
        clock.advance(days=3)
        work(waiting.app)
    (found,) = recoveries(waiting.app)
    assert found.tell_at is None
    assert found.ends_at <= clock()


def test_begun_by_a_clock_that_was_ahead_it_keeps_nobody_waiting(
    protected: Person, make_person: Make, clock: Clock
) -> None:
    clock.advance(days=300)
    begin(make_person(email=EMAIL))
    clock.advance(days=-300, hours=1)
    begin(make_person(email=EMAIL))
    first, second = recoveries(protected.app)
    assert first.stopped_at
    assert second.begun_at == clock()


def test_late_mail_stops_it_as_long_as_it_goes_on(
    waiting: Person, make_person: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its link is good from when the mail was written, not from when the wait was begun."""
    with monkeypatch.context() as patched:
        _make_trouble(patched, "fails")
        for _ in range(19):
            clock.advance(days=3)
            work(waiting.app)
    waiting.inbox.take_all()
    clock.advance(hours=1)
    mail = letter(waiting, NEAR)
    clock.advance(hours=80)
    (stop,) = set(re.findall(r"https?://[^/]+(/\S+/stop/\S+)", mail.text))
    assert "It was stopped" in press(make_person(), stop).text
