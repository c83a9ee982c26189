"""Counters are deleted once they say nothing more, and nobody gets a guess by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings, strategies as st

from console.extensions import db
from mfa.attempts import rules
from mfa.attempts.policy import NEVER_FORGOTTEN, Policy
from mfa.database import transaction
from tests.attempts.test_throttles import NOW, admitted

POLICIES = [policy for policy in vars(rules).values() if isinstance(policy, Policy)]
NEVER = [policy for policy in POLICIES if policy.forget_after is None]
IN_TIME = [policy for policy in POLICIES if policy.forget_after is not None]
YEARS = timedelta(days=3650)


def forget(now: datetime) -> int:
    return sum(rules.forget_counts(now))


@pytest.fixture
def at_work(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.mark.parametrize("policy", NEVER, ids=lambda policy: policy.purpose)
def test_wrong_codes_are_never_forgotten(at_work: None, policy: Policy) -> None:
    for _ in range(4):
        rules.count("a", policy, NOW)
    assert forget(NOW + YEARS) == 0
    assert rules.counted("a", policy) == 4


@pytest.mark.parametrize("policy", IN_TIME, ids=lambda policy: policy.purpose)
def test_any_other_count_goes_a_day_after_its_last_attempt(at_work: None, policy: Policy) -> None:
    rules.count("a", policy, NOW)
    assert forget(NOW + timedelta(days=1)) == 0
    assert forget(NOW + timedelta(days=1, seconds=10)) == 1
    assert rules.counted("a", policy) == 0


def test_counts_stay_for_as_long_as_the_setting_says(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        monkeypatch.setattr(rules, "settings", Kept)
        rules.count("a", rules.PASSWORD, NOW)
        assert forget(NOW + timedelta(days=6)) == 0
        assert forget(NOW + timedelta(days=8)) == 1


class Kept:
    throttle_days = 7


def test_each_count_that_never_ends_in_time_is_named() -> None:
    assert {policy.purpose for policy in NEVER} == set(NEVER_FORGOTTEN)


@pytest.mark.parametrize(
    ("purpose", "after"), [("new", None), ("new", 25 * 3600), ("second_step", 3600)], ids=str
)
def test_a_policy_that_housekeeping_would_break_can_not_be_made(purpose: str, after: int | None) -> None:
    with pytest.raises(ValueError, match=purpose):
        Policy(purpose, forget_after=after)


PAUSES = st.sampled_from([0, 1, 29, 60, 899, 3599, 3601, 86_399, 86_400, 86_401, 86_406, 200_000])
STEPS = st.lists(st.tuples(PAUSES, st.sampled_from(POLICIES), st.booleans()), max_size=25)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_who_waits_is_the_same_with_and_without_it(app: Flask, steps: list[tuple[int, Policy, bool]]) -> None:
    """The same attempts and successes twice, once with everything deleted after each that may be deleted."""

    def walk(*, tidied: bool) -> list[tuple[bool, int]]:
        now, seen = NOW, []
        for pause, policy, succeeds in steps:
            now += timedelta(seconds=pause)
            if tidied:
                forget(now)
            may = admitted("a", policy, now)
            if may and succeeds:
                with transaction():
                    rules.reset(("a", policy))
            seen.append((may, rules.wait("a", policy, now)))
        with transaction():
            rules.reset(*(("a", policy) for policy in POLICIES))
        return seen

    with app.app_context():
        assert walk(tidied=False) == walk(tidied=True)
        db.session.remove()
