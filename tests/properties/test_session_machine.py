"""Sessions begun, renewed, ended and idle at random, in several browsers: which cookie opens the account?

A model in plain Python knows of each session when it began, when it was last seen and which token it has now.
After every step each cookie that any browser ever held opens the account if the model says so, and only then.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
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

from console.operator import rules as operator
from mfa import clock as app_clock
from tests.properties.walks import everywhere
from tests.support.authenticator import Authenticator
from tests.support.clock import Clock
from tests.support.cookies import read_cookie
from tests.support.person import EMAIL, PASSWORD, Person, Response, entered
from tests.support.smtp import Inbox
from tests.support.stores import Stores

IDLE, ABSOLUTE, HALFWAY = timedelta(hours=12), timedelta(days=30), timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=5)
BROWSERS = 3
NEIGHBOR = "neighbor@example.com"
OPENINGS = ["codes", "others", "time", "locked", "reset", "changes"]
BROWSER = st.integers(0, BROWSERS - 1)
PAUSE = st.sampled_from(
    [
        timedelta(minutes=1),
        timedelta(minutes=4, seconds=59),
        timedelta(minutes=5),
        timedelta(minutes=11),
        timedelta(hours=1),
        timedelta(hours=7),
        IDLE - timedelta(seconds=1),
        IDLE,
        IDLE,
    ]
)


@dataclass
class Session:
    """What the model knows of a session, or of half of one."""

    token: str
    half: bool
    begun: datetime
    seen: datetime

    def open(self, now: datetime) -> bool:
        lifetime = HALFWAY if self.half else ABSOLUTE
        return now - self.begun < lifetime and now - self.seen < IDLE


class Model:
    """Which sessions there are; each ends once, and none comes back."""

    def __init__(self) -> None:
        self._sessions: list[Session] = []

    def of(self, token: str | None, now: datetime, *, half: bool = False) -> Session | None:
        """The session that *token* opens."""
        found = [session for session in self._sessions if (session.token, session.half) == (token, half)]
        return found[0] if found and found[0].open(now) else None

    def begin(self, token: str, now: datetime, *, half: bool) -> None:
        self._sessions.append(Session(token, half, now, now))

    def end(self, *ended: Session | None) -> None:
        self._sessions = [session for session in self._sessions if session not in ended]

    def end_all(self, but: Session | None = None) -> None:
        self._sessions = [session for session in self._sessions if session is but]

    def listed(self, now: datetime, but: Session) -> list[Session]:
        """The full sessions beside *but* that could be used, the last seen first, then the last begun."""
        full = [session for session in reversed(self._sessions) if not session.half and session.open(now)]
        others = [session for session in full if session is not but]
        return sorted(others, key=lambda session: session.seen, reverse=True)


class Browser(Person):
    """A browser that writes its cookies down."""

    wrote: Callable[[str], None]

    def _keep(self, response: Response) -> Response:
        self.wrote(self.cookie())
        return super()._keep(response)

    def token(self, *, half: bool = False) -> str | None:
        cookie = self.cookie()
        return read_cookie(cookie).get("two_step_challenge" if half else "_user_id") if cookie else None


class Sessions(RuleBasedStateMachine):
    inbox: Inbox
    stores: Stores
    app: Flask
    prepared: Any
    """What its database holds when a walk begins."""
    reached: Counter[str]
    """How often each place was come to at random; what is never reached is not tested."""

    def __init__(self) -> None:
        super().__init__()
        self.stores.fill(self.app, self.prepared)
        self.clock = Clock()
        app_clock.install(self.clock)
        self.inbox.take_all()
        self.model = Model()
        self.cookies: dict[str, list[str]] = {}
        """Of each token, the first cookie with it and the newest."""
        self.browsers = [self.open_browser() for _ in range(BROWSERS)]
        self.looker = Person(self.app, self.inbox, self.clock)
        self.password = PASSWORD
        self.on = self.locked = False
        self.phone: Authenticator | None = None
        self.recovery_codes: list[str] = []
        self.typed = ["000000"]
        """Codes that were accepted once, and one that never was."""

    @initialize(protected=st.booleans(), opening=st.sampled_from(OPENINGS))
    def an_account_and_a_neighbors(self, protected: bool, opening: str) -> None:
        """And an opening, so that chance begins in the middle of something."""
        neighbor = Person(self.app, self.inbox, self.clock, email=NEIGHBOR)
        assert entered(neighbor.sign_in())
        self.neighbor = Session("the neighbor's", False, self.now, self.now)
        self.neighbors_cookie = neighbor.cookie()
        self.type_the_password(0, right=True)
        if protected:
            self.turn_on(0)
        getattr(self, f"open_with_{opening}")()

    def open_with_codes(self) -> None:
        for kind in ("right", "wrong", "reused", "late", "recovery"):
            self.sign_in(1, kind)

    def open_with_others(self) -> None:
        self.sign_in_everywhere(range(BROWSERS))
        self.end_one(1, 1)
        self.end_others(2)
        self.an_operator_signs_everybody_out()
        self.sign_in(0, "wrong")
        self.sign_in(1, "right")

    def open_with_time(self) -> None:
        """At the edges of what keeps a session from being idle: being seen, and being renewed."""
        almost = IDLE - timedelta(seconds=1)
        self.sign_in_everywhere(range(BROWSERS))
        self.time_passes([(SEEN_EVERY, {0}), (almost, {0, 1})])
        self.time_passes([(timedelta(minutes=4), set())])
        self.change_the_password(0, right=True)
        self.time_passes([(almost, {0})])
        self.sign_in_everywhere(range(BROWSERS))
        self.time_passes([(timedelta(hours=7), {0, 1}), (timedelta(hours=7), {1})])
        self.one_is_used_day_by_day(1, 31)

    def open_with_locked(self) -> None:
        self.sign_in(1, "reused")
        old = self.browsers[0].cookie()
        self.lock_out()
        self.type_a_password(1, right=True)
        self.browsers[2].put_cookie(old)

    def open_with_reset(self) -> None:
        self.type_a_password(1, right=True)
        self.reset_the_password(2)
        self.sign_out(2)
        if self.on:
            self.type_a_code(1, "right")

    def open_with_changes(self) -> None:
        """With the second step on, that is turned off; else the password is changed."""
        self.sign_in(1, "right")
        self.replay(self.browsers[1].cookie(), 2)
        self.turn_off(2) if self.on else self.change_the_password(2, right=True)
        self.sign_out(2)
        self.sign_in_everywhere(range(BROWSERS))
        self.end_one(1, 1)
        self.end_others(2)

    # What the model and the machine share

    @property
    def now(self) -> datetime:
        return self.clock()

    def open_browser(self) -> Browser:
        browser = Browser(self.app, self.inbox, self.clock)
        browser.wrote = self.remember
        return browser

    def remember(self, cookie: str) -> None:
        if cookie:
            said = read_cookie(cookie)
            token = str(said.get("_user_id") or said.get("two_step_challenge") or "nobody's")
            self.cookies[token] = [*self.cookies.get(token, [])[:1], cookie]

    def session(self, browser: Browser, *, half: bool = False) -> Session | None:
        """The session that this browser is in, by the model."""
        return self.model.of(browser.token(half=half), self.now, half=half)

    def see(self, session: Session | None) -> None:
        if session and self.now - session.seen >= SEEN_EVERY:
            session.seen = self.now

    def visit(self, browser: Browser) -> Session | None:
        """Open a page of the account, or else the sign-in page: for its form, and to be seen."""
        session = self.session(browser)
        signed_in = browser.get("/account/profile").status_code == 200
        assert signed_in == (session is not None)
        if not signed_in:
            browser.get("/sign-in")
        self.see(session)
        return session

    def begin(self, browser: Browser, *, half: bool) -> None:
        token = browser.token(half=half)
        assert token
        self.model.begin(token, self.now, half=half)

    def renewed(self, browser: Browser, session: Session) -> None:
        """The session has a new token, and every cookie with the old one is dead."""
        token = browser.token()
        assert token and token != session.token
        session.token, session.seen = token, self.now
        self.reached["renewed"] += 1

    def signed_in(self) -> list[int]:
        return [number for number, browser in enumerate(self.browsers) if self.session(browser)]

    def waiting(self) -> list[int]:
        """The browsers that hold half a session, whatever has become of it."""
        return [n for n, browser in enumerate(self.browsers) if self.phone and browser.token(half=True)]

    def throttled(self, response: Response) -> bool:
        """Whether it was not even looked at; how long that lasts is the matter of another machine."""
        self.reached["throttled"] += response.status_code == 429
        return response.status_code == 429

    def next_code(self, browser: Browser) -> str:
        """The code of a time step that was not used yet; to be called before anything is asked."""
        browser.app_on_phone = self.phone
        return browser.next_code()

    # In, and out

    @rule(number=BROWSER, kind=st.sampled_from(["right", "right", "recovery", "wrong", "reused", "late"]))
    def sign_in(self, number: int, kind: str) -> None:
        if self.type_the_password(number, right=True) and self.on:
            self.type_a_code(number, kind)

    @rule(numbers=st.permutations(range(BROWSERS)))
    @precondition(lambda self: not self.locked)
    def sign_in_everywhere(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.sign_in(number, "right")

    @rule(number=BROWSER, right=st.booleans())
    def type_a_password(self, number: int, right: bool) -> None:
        self.type_the_password(number, right=right)

    def type_the_password(self, number: int, *, right: bool) -> bool:
        """Whether the browser is in, or halfway."""
        browser = self.browsers[number]
        before, half = self.visit(browser), self.session(browser, half=True)
        password = self.password if right else "not the password at all"
        response = browser.post("/sign-in", {"email": EMAIL, "password": password})
        if self.throttled(response):
            return False
        if not right or self.locked:
            assert response.status_code == 422
            self.reached["wrong password" if not right else "refused while locked"] += 1
            return False
        assert entered(response) != self.on
        self.model.end(before, half)
        self.begin(browser, half=self.on)
        self.reached["half a sign-in" if self.on else "sign-in by password"] += 1
        return True

    @rule(data=st.data(), kind=st.sampled_from(["right", "recovery", "wrong", "reused"]))
    @precondition(lambda self: self.waiting())
    def second_step(self, data: Any, kind: str) -> None:
        self.type_a_code(data.draw(st.sampled_from(self.waiting())), kind)

    def type_a_code(self, number: int, kind: str) -> None:
        browser = self.browsers[number]
        if kind == "late":
            self.clock.advance(minutes=10)
        code = self.next_code(browser)
        half = self.session(browser, half=True)
        browser.get("/sign-in")
        if kind == "recovery" and self.recovery_codes:
            recovery = {"recovery_code": self.recovery_codes[-1]}
            response = browser.post("/sign-in/verify?factor=recovery", recovery)
        else:
            typed = {"wrong": "000000", "reused": self.typed[-1]}.get(kind, code)
            response = browser.verify(typed)
        if self.throttled(response):
            return
        if half is None:
            assert "/sign-in" in response.headers["HX-Redirect"]
            self.reached["too late for the second step"] += 1
        elif kind in ("wrong", "reused"):
            assert response.status_code == 422
            self.reached[f"{kind} code"] += 1
        else:
            assert entered(response)
            if kind == "recovery" and self.recovery_codes:
                self.recovery_codes.pop()
            else:
                self.typed.append(code)
            self.model.end(half)
            self.begin(browser, half=False)
            self.reached["sign-in by two steps"] += 1

    @rule(number=BROWSER)
    def sign_out(self, number: int) -> None:
        browser = self.browsers[number]
        session, half = self.visit(browser), self.session(browser, half=True)
        browser.post("/sign-out")
        assert browser.token() is None
        self.model.end(session, half)
        self.reached["signed out"] += session is not None

    @rule(data=st.data())
    @precondition(lambda self: self.signed_in())
    def sign_out_one_other_device(self, data: Any) -> None:
        self.end_one(data.draw(st.sampled_from(self.signed_in())), data.draw(st.integers(0, BROWSERS)))

    def end_one(self, number: int, at: int) -> None:
        browser = self.browsers[number]
        here = self.visit(browser)
        assert here
        text = browser.get("/account/sessions").text
        ids = re.findall(r'name="session" type="hidden" value="([0-9]+)"', text)
        others = self.model.listed(self.now, here)
        assert len(ids) == len(others)
        if others:
            at %= len(others)
            if self.press(browser, here, "/account/sessions/end", {"session": ids[at]}):
                self.model.end(others[at])
                self.reached["one other signed out"] += 1

    @rule(data=st.data(), later=st.booleans())
    @precondition(lambda self: self.signed_in())
    def sign_out_everywhere_else(self, data: Any, later: bool) -> None:
        if later:
            # By then it takes another verification.
            self.clock.advance(minutes=16)
        self.end_others(data.draw(st.sampled_from(self.signed_in())))

    def end_others(self, number: int) -> None:
        browser = self.browsers[number]
        here = self.visit(browser)
        assert here
        if self.press(browser, here, "/account/sessions/end-others"):
            self.reached["others signed out"] += len(self.model.listed(self.now, here)) > 0
            self.model.end_all(but=here)

    def press(self, browser: Browser, here: Session, url: str, fields: dict[str, str] | None = None) -> bool:
        """Press a button that may ask for a verification first; whether it was let through."""
        ask = browser.post(url, fields).headers.get("HX-Redirect")
        if not ask:
            return True
        code = self.next_code(browser) if self.on else ""
        browser.get(ask)
        proof = {"factor": "code", "code": code} if self.on else {"password": self.password}
        response = browser.post(ask, proof)
        if self.throttled(response):
            return False
        if self.on:
            self.typed.append(code)
        else:
            self.renewed(browser, here)
        browser.get(response.headers["HX-Redirect"])
        assert browser.post(url).status_code == 200
        self.reached["verified again"] += 1
        return True

    # What is changed

    @rule(data=st.data(), right=st.booleans())
    @precondition(lambda self: self.signed_in())
    def change_a_password(self, data: Any, right: bool) -> None:
        self.change_the_password(data.draw(st.sampled_from(self.signed_in())), right=right)

    def change_the_password(self, number: int, *, right: bool) -> None:
        browser = self.browsers[number]
        here, new = self.visit(browser), self.another_password()
        assert here
        browser.get("/account/password")
        current = self.password if right else "not the password at all"
        response = browser.post("/account/password", {"current_password": current, "new_password": new})
        if self.throttled(response):
            return
        assert (response.status_code == 200) == right
        if right:
            self.password = new
            self.model.end_all(but=here)
            self.renewed(browser, here)
            self.reached["password changed"] += 1

    @rule(number=BROWSER)
    def reset_the_password(self, number: int) -> None:
        browser, new = self.browsers[number], self.another_password()
        browser.get("/forgot-password")
        if self.throttled(browser.post("/forgot-password", {"email": EMAIL})):
            return
        path = self.inbox.wait_for("Set a new", to=EMAIL).path
        browser.get(path)
        response = browser.post(path, {"new_password": new})
        if self.locked:
            assert response.status_code == 422
            return
        assert entered(response) != self.on
        self.password = new
        self.model.end_all()
        self.begin(browser, half=self.on)
        self.reached["password reset"] += 1

    @rule(data=st.data())
    @precondition(lambda self: not self.on and self.signed_in())
    def walk_the_wizard(self, data: Any) -> None:
        self.turn_on(data.draw(st.sampled_from(self.signed_in())))

    def turn_on(self, number: int) -> None:
        browser = self.browsers[number]
        here = self.visit(browser)
        assert here
        browser.begin()
        if "Confirm it is you" in browser.page:
            response = browser.post("/account/two-step/enroll/password", {"password": self.password})
            if self.throttled(response):
                return
            self.renewed(browser, here)
        browser.verify_email().scan().enter_code()
        assert browser.token() == here.token
        assert "2-step verification is on." in browser.complete().text
        self.on, self.phone, self.recovery_codes = True, browser.app_on_phone, browser.recovery_codes
        self.typed.append(browser.code())
        self.model.end_all(but=here)
        self.renewed(browser, here)
        self.reached["turned on"] += 1

    @rule(data=st.data(), right=st.sampled_from([True, True, False]))
    @precondition(lambda self: self.on and self.signed_in())
    def disable(self, data: Any, right: bool) -> None:
        self.turn_off(data.draw(st.sampled_from(self.signed_in())), right=right)

    def turn_off(self, number: int, *, right: bool = True) -> None:
        browser = self.browsers[number]
        code = self.next_code(browser)
        here = self.visit(browser)
        if here is None or self.throttled(browser.prove_password("disable", self.password)):
            return
        self.renewed(browser, here)
        response = browser.disable(code=code if right else "000000")
        if self.throttled(response):
            return
        assert (response.status_code == 200) == right
        if right:
            self.on = False
            self.model.end_all(but=here)
            self.renewed(browser, here)
            self.reached["turned off"] += 1

    def another_password(self) -> str:
        return f"{self.clock.seconds:.0f} boats under dark glass {len(self.cookies)}"

    # Operators

    def act(self) -> operator.Act:
        return operator.Act("ops", "asked for by the owner", self.now)

    @rule()
    @precondition(lambda self: self.signed_in())
    def an_operator_signs_everybody_out(self) -> None:
        with self.app.app_context():
            operator.sign_out(operator.find(EMAIL), self.act())
        self.model.end_all()
        self.reached["signed out by an operator"] += 1

    @rule()
    @precondition(lambda self: self.signed_in() and not self.locked)
    def an_operator_locks(self) -> None:
        self.lock_out()

    def lock_out(self) -> None:
        with self.app.app_context():
            operator.lock(operator.find(EMAIL), self.act())
        self.locked = True
        self.model.end_all()
        self.reached["locked"] += 1

    @rule(number=BROWSER)
    @precondition(lambda self: self.locked)
    def an_operator_unlocks(self, number: int) -> None:
        with self.app.app_context():
            operator.unlock(operator.find(EMAIL), self.act())
        self.locked = False
        self.sign_in(number, "right")

    # Time, and mischief

    @rule(pauses=st.lists(st.tuples(PAUSE, st.sets(BROWSER)), min_size=1, max_size=3))
    def time_passes(self, pauses: list[tuple[timedelta, set[int]]]) -> None:
        """Some browsers are used meanwhile, the others lie idle."""
        for pause, used in pauses:
            idle = self.signed_in()
            self.clock.advance(seconds=pause.total_seconds())
            self.reached["idle too long"] += len(set(idle) - set(self.signed_in())) > 0
            for number in used:
                self.visit(self.browsers[number])

    @rule(number=BROWSER, days=st.sampled_from([1, 10, 31]))
    @precondition(lambda self: self.signed_in())
    def one_is_used_day_by_day(self, number: int, days: int) -> None:
        browser = self.browsers[number]
        for _ in range(days * 24 // 11):
            self.clock.advance(hours=11)
            if self.visit(browser) is None and days > 29:
                self.reached["too old"] += 1
                break

    @rule(data=st.data(), number=BROWSER)
    @precondition(lambda self: self.cookies)
    def replay_an_old_cookie(self, data: Any, number: int) -> None:
        token = data.draw(st.sampled_from(list(self.cookies)))
        self.replay(data.draw(st.sampled_from(self.cookies[token])), number)

    def replay(self, cookie: str, number: int) -> None:
        browser = self.browsers[number]
        browser.put_cookie(cookie)
        alive = self.session(browser) or self.session(browser, half=True)
        self.reached["live cookie replayed" if alive else "dead cookie replayed"] += 1

    @rule(data=st.data(), url=st.sampled_from(["/account/sessions/end-others", "/account/password"]))
    @precondition(lambda self: self.cookies)
    def act_with_a_dead_cookie(self, data: Any, url: str) -> None:
        """What was ended ends nothing else."""
        dead = [token for token in self.cookies if not self.model.of(token, self.now)]
        dead = [token for token in dead if not self.model.of(token, self.now, half=True)]
        if dead:
            thief = Person(self.app, self.inbox, self.clock)
            thief.put_cookie(self.cookies[data.draw(st.sampled_from(dead))][-1])
            thief.get("/sign-in")
            thief.post(url, {"current_password": self.password, "new_password": self.another_password()})

    @invariant()
    def a_cookie_opens_the_account_if_its_session_goes_on(self) -> None:
        for token, cookies in self.cookies.items():
            session = self.model.of(token, self.now)
            for cookie in cookies if session else cookies[-1:]:
                self.looker.put_cookie(cookie)
                assert self.looker.is_signed_in() == (session is not None)
            self.see(session)

    @invariant()
    def the_neighbors_session_is_ended_by_time_alone(self) -> None:
        if hasattr(self, "neighbor"):
            self.looker.put_cookie(self.neighbors_cookie)
            assert self.looker.is_signed_in() == self.neighbor.open(self.now)
            if self.neighbor.open(self.now):
                self.see(self.neighbor)


@pytest.fixture
def given(app: Flask, inbox: Inbox, stores: Stores, clock: Clock) -> dict[str, Any]:
    """What each walk begins with: a database with two accounts, nobody signed in to either."""
    for email in (EMAIL, NEIGHBOR):
        Person(app, inbox, clock).sign_up(email).sign_out()
    return {
        "app": app,
        "inbox": inbox,
        "stores": stores,
        "prepared": stores.copy(app),
        "reached": Counter[str](),
    }


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("protected", [False, True])
def test_every_opening_goes_as_foretold(given: dict[str, Any], opening: str, protected: bool) -> None:
    machine = type("Machine", (Sessions,), given)()
    machine.an_account_and_a_neighbors(protected, opening)
    machine.a_cookie_opens_the_account_if_its_session_goes_on()
    machine.the_neighbors_session_is_ended_by_time_alone()


@pytest.mark.machine
def test_a_cookie_is_worth_what_its_session_is(given: dict[str, Any]) -> None:
    machine = type("Machine", (Sessions,), given)
    places = [
        "sign-in by password", "half a sign-in", "sign-in by two steps", "wrong password", "wrong code",
        "reused code", "too late for the second step", "signed out", "one other signed out",
        "others signed out", "password changed", "password reset", "turned on", "turned off", "renewed",
        "signed out by an operator", "locked", "refused while locked", "idle too long", "too old",
        "verified again", "live cookie replayed", "dead cookie replayed",
    ]  # fmt: skip
    everywhere(machine, given["reached"], places, examples=10, steps=20)
