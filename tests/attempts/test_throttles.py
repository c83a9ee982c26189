"""Throttles: five attempts, then waits that grow, never a lock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings, strategies as st
from sqlalchemy import update

from console.extensions import db
from mfa.attempts import rules
from mfa.attempts.models import Throttle
from mfa.attempts.policy import Policy
from mfa.attempts.rules import EMAIL_SENDING, LOST_SENDING, RESET_SENDING, SECOND_STEP, Throttled
from mfa.database import transaction

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def admitted(subject: str, policy: Policy, now: datetime) -> bool:
    try:
        rules.count(subject, policy, now)
    except Throttled:
        return False
    return True


def test_waits_grow_from_thirty_seconds_to_fifteen_minutes() -> None:
    waits = [SECOND_STEP.wait_after(attempts) for attempts in range(1, 13)]
    assert waits == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]


def test_the_database_counts_the_same_waits(app: Flask) -> None:
    with app.app_context():
        now = NOW
        for attempt in range(1, 13):
            rules.count("a", SECOND_STEP, now)
            wait = SECOND_STEP.wait_after(attempt)
            assert rules.wait("a", SECOND_STEP, now) == wait
            if wait:
                assert not admitted("a", SECOND_STEP, now + timedelta(seconds=wait - 1))
            now += timedelta(seconds=wait)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.builds(
        Policy,
        st.just("second_step"),
        free=st.integers(1, 2**30),
        first_wait=st.integers(1, 2000),
        longest_wait=st.integers(1, 100_000),
    ),
    st.integers(-3, 40) | st.integers(0, 2**31 - 2),
)
@example(Policy("second_step", free=1, first_wait=1, longest_wait=2**31 - 1), 2**31 - 3)
@example(Policy("second_step", free=1, first_wait=2**30, longest_wait=2**31 - 1), 1)
def test_any_policy_waits_as_long_in_the_database(app: Flask, policy: Policy, past: int) -> None:
    """*past*: attempts beyond the free ones."""
    attempts = min(max(policy.free + past, 2), 2**31 - 1)
    with app.app_context():
        rules.count("any", policy, NOW)
        with transaction():
            db.session.execute(update(Throttle).values(attempts=attempts - 1, blocked_until=0))
        assert rules.count("any", policy, NOW) == attempts
        assert rules.wait("any", policy, NOW) == policy.wait_after(attempts)
        with transaction():
            rules.reset(("any", policy))
        db.session.remove()


@pytest.mark.parametrize("doublings", range(12))
@pytest.mark.parametrize("longest", [1, 29, 30, 31, 60, 61, 900, 960, 961])
def test_a_wait_doubles_until_it_is_the_longest(longest: int, doublings: int) -> None:
    policy = Policy("second_step", free=5, first_wait=30, longest_wait=longest)
    assert policy.wait_after(5 + doublings) == min(30 * 2**doublings, longest)


def test_a_refused_attempt_is_not_counted(app: Flask) -> None:
    with app.app_context():
        for _ in range(5):
            rules.count("a", SECOND_STEP, NOW)
        for _ in range(20):
            assert not admitted("a", SECOND_STEP, NOW)
        assert rules.wait("a", SECOND_STEP, NOW) == 30


def test_the_refusal_says_how_long_to_wait(app: Flask) -> None:
    with app.app_context():
        for _ in range(5):
            rules.count("a", SECOND_STEP, NOW)
        with pytest.raises(Throttled) as refusal:
            rules.count("a", SECOND_STEP, NOW + timedelta(seconds=11))
        assert refusal.value.wait == 19


def test_a_success_takes_the_count_away(app: Flask) -> None:
    with app.app_context():
        for _ in range(5):
            rules.count("a", SECOND_STEP, NOW)
        with transaction():
            rules.reset(("a", SECOND_STEP))
        assert admitted("a", SECOND_STEP, NOW)


def test_one_subject_and_purpose_does_not_count_for_another(app: Flask) -> None:
    with app.app_context():
        for _ in range(5):
            rules.count("a", SECOND_STEP, NOW)
        assert admitted("b", SECOND_STEP, NOW)
        assert admitted("a", rules.PASSWORD, NOW)


def test_codes_are_never_forgotten_by_time(app: Flask) -> None:
    with app.app_context():
        for _ in range(4):
            rules.count("a", SECOND_STEP, NOW)
        later = NOW + timedelta(days=365)
        rules.count("a", SECOND_STEP, later)
        assert not admitted("a", SECOND_STEP, later)


def test_mails_are_forgotten_after_an_hour(app: Flask) -> None:
    with app.app_context():
        for _ in range(5):
            rules.count("a", RESET_SENDING, NOW)
        later = NOW + timedelta(hours=1, seconds=1)
        assert [admitted("a", RESET_SENDING, later) for _ in range(6)] == [True] * 5 + [False]


def test_each_mail_with_a_number_makes_the_next_one_wait(app: Flask) -> None:
    with app.app_context():
        now = NOW
        for wait in (30, 60, 120):
            rules.count("a", EMAIL_SENDING, now)
            assert rules.wait("a", EMAIL_SENDING, now) == wait
            now += timedelta(seconds=wait)


def test_stranger_has_at_most_120_numbers_mailed_a_day(app: Flask) -> None:
    """However many they ask for at once before they pause until that is forgotten."""
    with app.app_context():
        assert max(_sent_in_a_day(f"stranger {run}", run) for run in range(1, 12)) <= 120


def _sent_in_a_day(subject: str, run: int) -> int:
    """Return how many mails leave if after so many without a pause comes one of an hour."""
    now, sent, end = NOW, 0, NOW + timedelta(days=1)
    while now < end:
        rules.count(subject, LOST_SENDING, now)
        sent += 1
        pause = 3601 if sent % run == 0 else 0
        now += timedelta(seconds=max(pause, rules.wait(subject, LOST_SENDING, now)))
    return sent


def test_of_sixty_four_attempts_at_once_five_are_looked_at(app: Flask) -> None:
    def attempt(_: int) -> bool:
        with app.app_context():
            return admitted("a", SECOND_STEP, NOW)

    with ThreadPoolExecutor(64) as pool:
        assert sum(pool.map(attempt, range(64))) == 5


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 1000), st.booleans()), max_size=40), st.integers(0, 2**30))
def test_no_interleaving_gives_more_attempts_than_the_policy(
    app: Flask, steps: list[tuple[int, bool]], subject: int
) -> None:
    """A model of the rule in plain Python decides the same as the database, whatever happens when."""
    with app.app_context():
        now, failures, blocked = NOW, 0, NOW
        for pause, success in steps:
            now += timedelta(seconds=pause)
            expected = now >= blocked
            assert admitted(f"s{subject}", SECOND_STEP, now) == expected
            if expected and success:
                with transaction():
                    rules.reset((f"s{subject}", SECOND_STEP))
                failures, blocked = 0, now
            elif expected:
                failures += 1
                blocked = now + timedelta(seconds=SECOND_STEP.wait_after(failures))
        with transaction():
            rules.reset((f"s{subject}", SECOND_STEP))
        db.session.remove()


def test_a_reference_is_spent_once_by_one_of_many(app: Flask) -> None:
    def spend(_: int) -> bool:
        with app.app_context():
            try:
                with transaction():
                    rules.spend("number", "x", NOW)
            except rules.AlreadySpent:
                return False
            return True

    with ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(spend, range(32))) == 1
