"""The throttles of one account at random: known devices, strangers, passwords, codes, and time between them.

A model in plain Python counts for each known device alone and for all strangers together. It foretells of
every attempt whether it is looked at, and of every wait how long it is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import literal, select

from console.accounts.models import Account
from console.auth import password as passwords
from console.auth.adapter import ConsoleAccounts
from console.extensions import db
from console.operator import rules as operator
from console.sessions import rules as sessions
from mfa import clock as app_clock
from mfa.attempts.rules import Throttled, failures_of
from mfa.crypto import totp
from mfa.database import transaction
from mfa.devices import Device, Mark
from mfa.factors import kinds as factors
from mfa.here import Here
from mfa.people import rules as people
from mfa.people.rules import Owner
from tests.support.authenticator import Authenticator
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person
from tests.support.smtp import Inbox
from tests.support.stores import Stores

WAITS = [30, 60, 120, 240, 480, 900]
"""Seconds after the fifth attempt without a success, the sixth …; the last one for all that follow."""
A_DAY = 24 * 3600
MOST_FAILURES = 100
DEVICES = ["laptop", "phone", "tablet"]
"""Marked devices: known to the account at first. Whoever has no mark is a stranger."""
WHO = st.sampled_from([*DEVICES, "stranger", "other stranger"])
STRANGERS = "strangers"
PASSWORD_, CODE = "password", "second step"


@dataclass
class Count:
    """Attempts since the last success, and until when the next one has to wait."""

    attempts: int = 0
    blocked_until: int = 0
    last: int = 0


class Model:
    """What is counted for whom, in seconds of Unix time."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], Count] = {}
        self.failures = 0
        """Wrong codes, whoever typed them, since the account's last right one."""

    def wait(self, who: str, what: str, now: int) -> int:
        return max(0, self._of(who, what).blocked_until - now)

    def try_once(self, who: str, what: str, now: int) -> bool:
        """Count one attempt; whether it is let through to be looked at."""
        count = self._of(who, what)
        if what == PASSWORD_ and count.last < now - A_DAY:
            count.attempts = count.blocked_until = 0
        if now < count.blocked_until:
            return False
        count.attempts, count.last = count.attempts + 1, now
        if count.attempts >= 5:
            count.blocked_until = now + WAITS[min(count.attempts - 5, len(WAITS) - 1)]
        return True

    def try_code(self, who: str, now: int) -> bool:
        """The same for a code: until it is right it is one of the account's failures, too."""
        let_through = self.try_once(who, CODE, now)
        self.failures += let_through
        return let_through

    def must_confirm(self, who: str) -> bool:
        """Whether the owner is asked first: not for a known device that has free attempts left."""
        return self.failures >= MOST_FAILURES and (who == STRANGERS or self._of(who, CODE).attempts >= 5)

    def succeed(self, who: str, what: str) -> None:
        """A success gives its own count back, and one of the second step all failures."""
        self._counts.pop((who, what), None)
        if what == CODE:
            self.failures = 0

    def _of(self, who: str, what: str) -> Count:
        return self._counts.setdefault((who, what), Count())


class Throttles(RuleBasedStateMachine):
    stores: Stores
    app: Flask
    prepared: Any
    """What its database holds when a walk begins."""
    phone: Authenticator
    codes: list[str]
    reached: Counter[str]
    """How often each place was come to at random; what is never reached is not tested."""

    def __init__(self) -> None:
        super().__init__()
        self.stores.fill(self.app, self.prepared)
        self.clock = Clock()
        self.clock.advance(hours=1)
        app_clock.install(self.clock)
        with self.app.app_context():
            account = operator.find(EMAIL)
            self.epoch, account_id = people.epoch(account.person_id), account.id
        self.marks = {name: Mark(f"{name:x<22}", {str(account_id): self.epoch}) for name in DEVICES}
        self.model = Model()
        self.used_step = totp.time_step(self.clock.seconds) - 1
        self.unused, self.used = list(self.codes), ["7HQK2M9DXW4T0B6R"]
        self.looks: dict[tuple[str, str], list[int]] = {}
        """When attempts were looked at, since the last success of the same count."""

    @initialize(known=st.sets(st.sampled_from(DEVICES), min_size=1))
    def some_devices_are_known(self, known: set[str]) -> None:
        for name in set(DEVICES) - known:
            self.marks[name] = Mark(self.marks[name].id, {})

    # Who asks, and what the model calls him

    @property
    def now(self) -> int:
        return int(self.clock.seconds)

    def here(self, who: str) -> Here:
        return Here(self.clock(), Device("", "203.0.113.0/24", self.marks.get(who)))

    def counted_as(self, who: str) -> str:
        known = who in self.marks and self.epoch in self.marks[who].known.values()
        return who if known else STRANGERS

    def account(self) -> Account:
        return operator.find(EMAIL)

    def owner(self) -> Owner:
        return people.owner(ConsoleAccounts().identify(self.account()))

    def wrong_code(self) -> str:
        """Six digits that the phone shows at no time near."""
        near = {self.phone.code(self.clock.seconds + seconds) for seconds in (-30, 0, 30)}
        return next(digits for digits in ("000000", "111111", "222222", "333333") if digits not in near)

    # What is tried

    @rule(who=WHO, right=st.sampled_from([False, False, True]), times=st.integers(1, 7))
    def type_a_password(self, who: str, right: bool, times: int) -> None:
        for _ in range(1 if right else times):
            self.try_password(who, right=right)

    def try_password(self, who: str, *, right: bool) -> None:
        typed, owner = (PASSWORD if right else "not the password at all"), self.counted_as(who)
        wait, told = self.model.wait(owner, PASSWORD_, self.now), 0
        expected = self.model.try_once(owner, PASSWORD_, self.now)
        with self.app.app_context():
            try:
                here = self.here(who)
                found = passwords.check_at_sign_in(passwords.seek(EMAIL), typed, here=here)
                with transaction():
                    passwords.note(found, here.now)
                outcome = "right"
            except passwords.WrongCredentials:
                outcome = "wrong"
            except Throttled as refusal:
                outcome, told = "throttled", refusal.wait
        assert told == (0 if expected else wait)
        assert outcome == (("right" if right else "wrong") if expected else "throttled")
        self.write_down(owner, PASSWORD_, looked_at=expected)
        if outcome == "right":
            self.succeed(owner, PASSWORD_)

    @rule(
        who=WHO,
        kind=st.sampled_from(["wrong", "wrong", "wrong", "right", "recovery", "used"]),
        times=st.integers(1, 7),
        confirmed=st.sampled_from([False, False, False, True]),
    )
    def type_a_code(self, who: str, kind: str, times: int, confirmed: bool) -> None:
        for _ in range(times if kind == "wrong" else 1):
            if self.model.must_confirm(self.counted_as(who)) and not confirmed:
                self.ask_the_owner(who)
                break
            self.try_code(who, kind, confirmed=confirmed)

    def ask_the_owner(self, who: str) -> None:
        """After a hundred failures a right code is not looked at, however long one waits; with a yes it is.

        What is counted of the code that is not looked at, if anything is, the right one gives back.
        """
        pause = WAITS[-1] + totp.STEP_SECONDS
        self.clock.advance(seconds=pause)
        with self.app.app_context(), pytest.raises(factors.ConfirmFirst):
            self.look_at(factors.CODE, self.phone.code(self.clock.seconds), who, confirmed=False)
        self.clock.advance(seconds=pause)
        self.try_code(who, "right", confirmed=True)
        assert self.model.failures == 0
        self.reached["confirmed"] += 1

    def look_at(self, factor: str, typed: str, who: str, *, confirmed: bool) -> None:
        """Try a code, and use it up if it is right."""
        attempt = factors.Attempt(self.owner(), self.here(who), confirmed)
        found = factors.check(factor, attempt, typed)
        with transaction():
            found.use_up()

    def try_code(self, who: str, kind: str, *, confirmed: bool = False) -> None:
        factor, typed, right = self.typed(kind)
        owner = self.counted_as(who)
        wait, told = self.model.wait(owner, CODE, self.now), 0
        expected = self.model.try_code(owner, self.now)
        with self.app.app_context():
            try:
                self.look_at(factor, typed, who, confirmed=confirmed)
                outcome = "right"
            except (factors.WrongCode, factors.UsedCode, factors.WrongRecoveryCode):
                outcome = "wrong"
            except Throttled as refusal:
                outcome, told = "throttled", refusal.wait
        assert told == (0 if expected else wait)
        assert outcome == (("right" if right else "wrong") if expected else "throttled")
        self.write_down(owner, CODE, looked_at=expected)
        if outcome == "right":
            self.reached[f"{kind} code"] += 1
            self.spend(factor)
            self.succeed(owner, CODE)

    def typed(self, kind: str) -> tuple[str, str, bool]:
        """The factor, what is typed, and whether it is right."""
        if kind == "right":
            fresh = totp.time_step(self.clock.seconds) > self.used_step
            return factors.CODE, self.phone.code(self.clock.seconds), fresh
        if kind == "recovery" and self.unused:
            return factors.RECOVERY_CODE, self.unused[-1], True
        if kind == "used":
            return factors.RECOVERY_CODE, self.used[-1], False
        return factors.CODE, self.wrong_code(), False

    def spend(self, factor: str) -> None:
        if factor == factors.CODE:
            self.used_step = totp.time_step(self.clock.seconds)
        else:
            self.used.append(self.unused.pop())

    @rule(who=WHO, typed=st.sampled_from(["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "half a code"]))
    def type_what_can_be_no_code(self, who: str, typed: str) -> None:
        """It is refused by its shape alone, and counts for nothing; the model hears nothing of it."""
        with self.app.app_context():
            attempt = factors.Attempt(self.owner(), self.here(who))
            with pytest.raises(factors.NotSixDigits):
                factors.check(factors.CODE, attempt, typed)
            with pytest.raises(factors.NotARecoveryCode):
                factors.check(factors.RECOVERY_CODE, attempt, typed)

    @rule(who=WHO, kind=st.sampled_from(["right", "recovery"]))
    def wait_and_be_right(self, who: str, kind: str) -> None:
        wait = self.model.wait(self.counted_as(who), CODE, self.now)
        self.clock.advance(seconds=max(wait, totp.STEP_SECONDS))
        self.type_a_code(who, kind, times=1, confirmed=True)

    @rule(who=WHO, times=st.integers(10, 60))
    def guess_codes_patiently(self, who: str, times: int) -> None:
        for _ in range(times):
            if self.model.must_confirm(self.counted_as(who)):
                self.reached["a hundred failures"] += 1
                break
            self.clock.advance(seconds=self.model.wait(self.counted_as(who), CODE, self.now))
            self.try_code(who, "wrong")

    @rule(who=WHO)
    @precondition(lambda self: self.model.failures >= MOST_FAILURES // 3)
    def guess_until_the_owner_is_asked(self, who: str) -> None:
        self.guess_codes_patiently(who, MOST_FAILURES)
        self.ask_the_owner(who)

    @rule(who=WHO, other=WHO, what=st.sampled_from([PASSWORD_, CODE]))
    def one_guesses_and_another_is_right(self, who: str, other: str, what: str) -> None:
        """Whoever guesses waits; his waiting is his own."""
        if what == PASSWORD_:
            for right in [*[False] * 6, True]:
                self.try_password(who if right else other, right=right)
        else:
            self.clock.advance(seconds=totp.STEP_SECONDS)
            self.type_a_code(other, "wrong", times=6, confirmed=False)
            self.type_a_code(who, "right", times=1, confirmed=False)

    def write_down(self, owner: str, what: str, *, looked_at: bool) -> None:
        self.reached[f"{what} {'looked at' if looked_at else 'throttled'}"] += 1
        if looked_at:
            self.looks.setdefault((owner, what), []).append(self.now)

    def succeed(self, owner: str, what: str) -> None:
        self.model.succeed(owner, what)
        self.looks.pop((owner, what), None)
        blocked = [name for name in (*DEVICES, STRANGERS) if self.model.wait(name, what, self.now)]
        self.reached["a success while others wait"] += len(blocked) > 0

    # Time, and which devices are known

    @rule(seconds=st.sampled_from([1, 29, 30, 31, 60, 120, 899, 900, A_DAY - 1, A_DAY, A_DAY + 1]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @rule(who=WHO, what=st.sampled_from([PASSWORD_, CODE]), early=st.sampled_from([0, 0, 1]))
    def wait_as_long_as_told(self, who: str, what: str, early: int) -> None:
        """Or a second less."""
        wait = self.model.wait(self.counted_as(who), what, self.now)
        self.clock.advance(seconds=max(0, wait - early))

    @rule()
    @precondition(lambda self: any(self.counted_as(name) == name for name in DEVICES))
    def the_account_forgets_its_devices(self) -> None:
        with self.app.app_context(), transaction():
            sessions.forget_devices(self.account())
        self.epoch += 1
        self.reached["forgotten"] += 1

    @rule(name=st.sampled_from(DEVICES))
    @precondition(lambda self: any(self.counted_as(name) == "strangers" for name in DEVICES))
    def a_device_is_known_again(self, name: str) -> None:
        with self.app.app_context():
            self.marks[name] = self.marks[name].with_account(self.account().id, self.epoch)

    # What must hold

    @invariant()
    def no_day_has_more_looks_than_the_waits_leave_room_for(self) -> None:
        """Five, those at the ends of the first five waits, and one a quarter of an hour."""
        for looks in self.looks.values():
            for at, first in enumerate(looks):
                day = [look for look in looks[at:] if look < first + A_DAY]
                assert len(day) <= 5 + 5 + A_DAY // 900

    @invariant()
    def the_owner_is_asked_to_confirm_after_a_hundred_failures(self) -> None:
        with self.app.app_context():
            failures = db.session.scalar(select(failures_of(literal(self.account().id)))) or 0
        assert (failures >= MOST_FAILURES) == (self.model.failures >= MOST_FAILURES)


@pytest.mark.machine
def test_each_count_throttles_its_own_and_nobody_else(
    app: Flask, inbox: Inbox, stores: Stores, clock: Clock
) -> None:
    owner = Person(app, inbox, clock).sign_up().activate()
    reached: Counter[str] = Counter()
    given = {
        "app": app,
        "stores": stores,
        "prepared": stores.copy(app),
        "phone": owner.app_on_phone,
        "codes": owner.recovery_codes,
        "reached": reached,
    }
    run_state_machine_as_test(
        type("Machine", (Throttles,), given),
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    places = [
        "password looked at",
        "password throttled",
        "second step looked at",
        "second step throttled",
        "right code",
        "recovery code",
        "a success while others wait",
        "a hundred failures",
        "confirmed",
        "forgotten",
    ]
    assert [place for place in places if not reached[place]] == [], reached
