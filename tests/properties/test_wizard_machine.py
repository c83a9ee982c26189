"""The wizard, move, reissue and disable walked at random: exits, reloads, stale windows, replayed cookies.

Whatever is done, as long as nothing is completed, the database is byte for byte what it was. Left out of
the comparison is what may change while something is abandoned (security.md, trap 30): attempts and their
events, what was used up, and when and under which token a session goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from console.extensions import db
from mfa import clock as app_clock
from mfa.enrollment.purposes import WIZARD
from tests.properties.walks import everywhere
from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.person import PASSWORD, Person, entered
from tests.support.smtp import Inbox
from tests.support.states import State
from tests.support.stores import Stores

ENROLL = "/account/two-step/enroll"
REISSUE = "/account/two-step/reissue"
DISABLE = "/account/two-step/disable"
MOVE = "/account/two-step/move"
MAY_CHANGE = {
    "mfa_activity",
    "mfa_throttles",
    "mfa_spent",
    "mfa_outbox",
    "sqlite_sequence",
    "sessions.token_hash",
    "sessions.seen_at",
    "sessions.proved_at",
}


class Journeys(RuleBasedStateMachine):
    app: Flask
    inbox: Inbox
    stores: Stores
    beginnings: Mapping[bool, State]
    """Somebody without 2-step verification, and with it."""
    reached: Counter[str]
    """How often each place was come to at random; what is never reached is not tested."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        app_clock.install(self.clock)
        with self.app.app_context():
            self.engine = db.engine
        self.inbox.take_all()
        self.person = Person(self.app, self.inbox, self.clock)
        self.cookies: list[str] = []
        self.pages: list[str] = []

    @initialize(protected=st.booleans())
    def an_account(self, protected: bool) -> None:
        self.beginnings[protected].restore(self.person, self.stores)
        self.on = protected
        self.app_that_works = self.person.app_on_phone
        self.settle()

    def settle(self) -> None:
        """What was meant to change has changed: compare with this from now on."""
        self.kept = dump(self.engine, without=MAY_CHANGE)

    def working_code(self) -> str:
        """The next code of the app that guards the account, which a move may be about to replace."""
        assert self.app_that_works
        self.clock.advance(seconds=30)
        return self.app_that_works.code(self.clock.seconds)

    def remember(self) -> None:
        self.cookies.append(self.person.cookie())
        self.pages.append(self.person.page)

    # The way as it is meant, as far as chance lets it go

    def forward(self) -> str:
        """Do what the step that is reached asks for, but never press Complete; where that leads."""
        text = self.person.get(ENROLL).text
        step = next((n for n in range(1, 5) if f"Step {n} of 4" in text or f"Step {n - 1} of 3" in text), 0)
        if step == 1:
            self.clock.advance(minutes=1)  # past the cool-down
            self.inbox.take_all()
            self.person.get(f"{ENROLL}/email")
            self.person.post(f"{ENROLL}/email/send")
            letters = [letter for letter in self.inbox.take_all() if "number" in letter.subject]
            if letters:
                self.person.post(f"{ENROLL}/email", {"number": letters[-1].number})
        elif step == 2:
            self.person.scan()
        elif step == 3:
            if "otpauth://" in self.person.get(f"{ENROLL}/scan").text:
                self.person.scan()
            self.clock.advance(minutes=1)
            self.person.get(f"{ENROLL}/code")
            self.person.post(f"{ENROLL}/code", {"code": self.person.code()})
        self.reached[f"{'move ' if ' of 3' in text else ''}step {step}"] += 1
        self.remember()
        return str(step)

    @rule(steps=st.integers(1, 4))
    @precondition(lambda self: not self.on)
    def walk_the_wizard_some_steps(self, steps: int) -> None:
        self.begin()
        for _ in range(steps):
            self.forward()

    @rule(steps=st.integers(1, 3))
    @precondition(lambda self: self.on)
    def walk_a_move_some_steps(self, steps: int) -> None:
        self.begin_move()
        for _ in range(steps):
            self.forward()

    @rule()
    def go_on_one_step(self) -> None:
        self.forward()

    # Single acts, in any order

    @rule()
    def begin(self) -> None:
        self.person.begin()
        if "Confirm it is you" in self.person.page:
            self.person.post(f"{ENROLL}/password", {"password": PASSWORD})
        self.remember()

    @rule()
    @precondition(lambda self: self.on)
    def begin_move(self) -> None:
        """A code is used up by it, and nothing else changes."""
        but_for_the_code = {*MAY_CHANGE, "mfa_authenticators.used_step", "mfa_authenticators.last_used_at"}
        before = dump(self.engine, without=but_for_the_code)
        self.person.prove_password("move")
        if "Step 1 of 3" in self.person.prove_move(code=self.working_code()).text:
            self.reached["move begun"] += 1
            assert dump(self.engine, without=but_for_the_code) == before
            self.settle()
        self.remember()

    @rule()
    @precondition(lambda self: self.on)
    def a_wrong_code_for_a_move(self) -> None:
        self.person.get(f"{MOVE}/verify")
        self.person.prove_move(code="000000")

    @rule()
    def mail_a_number(self) -> None:
        self.person.get(f"{ENROLL}/email")
        self.person.post(f"{ENROLL}/email/send")
        self.remember()

    @rule(wrong=st.booleans())
    def type_a_number(self, wrong: bool) -> None:
        letters = [letter for letter in self.inbox.take_all() if "number" in letter.subject]
        number = "000000" if wrong or not letters else letters[-1].number
        self.person.get(f"{ENROLL}/email")
        self.person.post(f"{ENROLL}/email", {"number": number})
        self.remember()

    @rule()
    def open_the_link(self) -> None:
        letters = [letter for letter in self.inbox.take_all() if "number" in letter.subject]
        if letters:
            self.person.get(letters[-1].path)
            self.person.post(letters[-1].path)
        self.remember()

    @rule()
    def scan(self) -> None:
        self.person.get(f"{ENROLL}/scan")
        if "otpauth://" in self.person.page:
            self.person.scan()
        self.remember()

    @rule(seconds=st.sampled_from([0, 0, 0, -420, 600]))
    @precondition(lambda self: self.person.app_on_phone)
    def type_a_code(self, seconds: int) -> None:
        self.person.get(f"{ENROLL}/code")
        self.person.post(f"{ENROLL}/code", {"code": self.person.code(seconds=seconds)})
        self.remember()

    @rule(step=st.sampled_from([*WIZARD, "email/wait", "done", "moved", "../../two-step", "../move/verify"]))
    def go_to(self, step: str) -> None:
        self.person.get(f"{ENROLL}/{step}")

    @rule()
    def press_complete_without_the_tick(self) -> None:
        self.person.get(f"{ENROLL}/recovery")
        self.person.post(f"{ENROLL}/recovery")

    @rule()
    def download(self) -> None:
        self.person.client.get(f"{ENROLL}/recovery-codes.txt")
        self.person.client.get(f"{REISSUE}/recovery-codes.txt")

    @rule()
    def cancel(self) -> None:
        self.person.get(ENROLL)
        self.person.post(f"{ENROLL}/cancel")

    @rule(purpose=st.sampled_from(["reissue", "disable", "move"]), wrong=st.booleans())
    def type_the_password(self, purpose: str, wrong: bool) -> None:
        self.person.prove_password(purpose, "not my password at all" if wrong else PASSWORD)
        self.remember()

    @rule()
    def press_complete_of_reissue_without_the_tick(self) -> None:
        self.person.get(f"{REISSUE}/recovery-codes")
        self.person.post(f"{REISSUE}/recovery-codes")

    @rule()
    def disable_with_a_wrong_code(self) -> None:
        self.person.get(f"{DISABLE}/verify")
        self.person.disable(code="000000")

    # Mischief

    @rule(data=st.data())
    @precondition(lambda self: self.cookies)
    def replay_an_old_cookie(self, data: Any) -> None:
        self.person.put_cookie(data.draw(st.sampled_from(self.cookies)))

    @rule(data=st.data(), where=st.sampled_from(["email", "scan", "code", "email/send"]))
    @precondition(lambda self: self.pages)
    def post_from_an_old_window(self, data: Any, where: str) -> None:
        self.person.page = data.draw(st.sampled_from(self.pages))
        self.person.post(f"{ENROLL}/{where}", {"number": "000000", "code": "000000"})

    @rule(minutes=st.sampled_from([1, 4, 6, 11, 16]))
    def wait(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)

    @rule()
    def sign_in_again(self) -> None:
        """In a browser of its own, so that the account is never left without one."""
        self.person.client = self.app.test_client()
        response = self.person.sign_in()
        if response.status_code == 200 and self.on:
            entered(self.person.verify(self.working_code()))
        # A session begun, a time step used: not part of what is abandoned.
        self.settle()

    # The four presses that are meant to change something

    @rule(walk=st.booleans())
    @precondition(lambda self: not self.on)
    def complete(self, walk: bool) -> None:
        if walk:
            self.begin()
            for _ in range(4):
                self.forward()
        self.person.get(f"{ENROLL}/recovery")
        codes = self.person.shown_codes()
        if "2-step verification is on." in self.person.complete().text:
            self.on, self.person.recovery_codes = True, codes
            self.app_that_works = self.person.app_on_phone
            self.reached["completed"] += 1
            self.settle()

    @rule(walk=st.sampled_from([True, True, False]))
    @precondition(lambda self: self.on)
    def complete_a_move(self, walk: bool) -> None:
        if walk:
            self.begin_move()
            for _ in range(2):
                self.forward()
        self.person.get(f"{ENROLL}/recovery")
        codes = self.person.shown_codes()
        if "Your new phone is set up." in self.person.complete().text:
            self.person.recovery_codes, self.app_that_works = codes, self.person.app_on_phone
            self.reached["moved"] += 1
            self.settle()

    @rule(prove=st.sampled_from([True, True, False]))
    @precondition(lambda self: self.on)
    def complete_the_reissue(self, prove: bool) -> None:
        if prove:
            self.person.prove_password("reissue")
        self.person.get(f"{REISSUE}/recovery-codes")
        response = self.person.post(f"{REISSUE}/recovery-codes", {"saved": "y"})
        if "Your new recovery codes are active." in response.text:
            self.reached["reissued"] += 1
            self.settle()

    @rule(prove=st.sampled_from([True, False, False, False]))
    @precondition(lambda self: self.on)
    def disable(self, prove: bool) -> None:
        if prove:
            self.person.prove_password("disable")
        self.person.get(f"{DISABLE}/verify")
        response = self.person.disable(code=self.working_code())
        if "2-step verification is off</h3>" in response.text:
            self.on = False
            self.reached["disabled"] += 1
            self.settle()

    @invariant()
    def nothing_was_saved(self) -> None:
        if hasattr(self, "kept"):
            assert dump(self.engine, without=MAY_CHANGE) == self.kept


@pytest.mark.machine
def test_whatever_is_abandoned_saves_nothing(app: Flask, inbox: Inbox, stores: Stores, clock: Clock) -> None:
    person = Person(app, inbox, clock).sign_up()
    off = State.of(person, stores)
    on = State.of(person.activate(), stores)
    reached: Counter[str] = Counter()
    given = {"app": app, "inbox": inbox, "stores": stores, "reached": reached}
    machine = type("Machine", (Journeys,), {**given, "beginnings": {False: off, True: on}})
    places = ["step 1", "step 2", "step 3", "step 4", "completed", "reissued", "disabled"]
    places += ["move begun", "move step 2", "move step 3", "move step 4", "moved"]
    everywhere(machine, reached, places, examples=14, steps=40)
