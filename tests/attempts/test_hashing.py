"""The line for hashes: its bound, its order, who is sent away, and that this counts as no attempt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from console import create_app
from console.passwords.rules import Hasher
from console.toolbox import toolbox
from mfa.attempts.hashing import LATEST, SOONEST, Busy, Line
from mfa.crypto import recovery_codes
from tests.support import patience
from tests.support.database import dump
from tests.support.hashing import Noticed, taken
from tests.support.person import EMAIL, PASSWORD, Person, entered
from tests.support.smtp import Inbox

HOME, CAFE, STORE = "203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"


class Queue:
    """A line, and requests in threads of their own that are sent to it one after another."""

    def __init__(self, places: int = 1, waiting: int = 2, longest_wait: float = patience.SECONDS) -> None:
        self.line = Line(places, waiting=waiting, longest_wait=longest_wait)
        self.line._waiting = Noticed()
        self.hashed: list[str] = []
        self.refused: list[str] = []
        self.most = 0
        self._inside = 0
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def send(self, name: str, network: str = HOME, *, known: bool = False) -> None:
        """Send a request, and return once it waits or was sent away."""
        thread = threading.Thread(target=self._come, args=(name, network, known))
        self._threads.append(thread)
        thread.start()
        assert self.line._waiting.came.acquire(timeout=patience.SECONDS)  # type: ignore[attr-defined]

    def end(self) -> None:
        for thread in self._threads:
            thread.join(patience.SECONDS)
            assert not thread.is_alive()

    def _come(self, name: str, network: str, known: bool) -> None:
        try:
            with self.line.place(network, known=known):
                with self._lock:
                    self._inside += 1
                    self.most = max(self.most, self._inside)
                    self.hashed.append(name)
                with self._lock:
                    self._inside -= 1
        except Busy:
            with self._lock:
                self.refused.append(name)


@contextmanager
def full(queue: Queue, network: str = STORE) -> Iterator[None]:
    """The only place is taken, and nobody leaves until the block ends; then all that wait are let in."""
    with queue.line.place(network, known=False):
        yield
    queue.end()


def test_so_many_hash_at_once_and_no_more() -> None:
    queue = Queue(places=2, waiting=40)
    with queue.line.place(HOME, known=False):
        other = threading.Thread(
            target=_hold, args=(queue, entered := threading.Event(), over := threading.Event())
        )
        other.start()
        assert entered.wait(patience.SECONDS)
        for number in range(40):
            queue.send(str(number))
    over.set()
    other.join()
    queue.end()
    assert len(queue.hashed) == 40
    assert queue.most <= 2


def _hold(queue: Queue, entered: threading.Event, over: threading.Event) -> None:
    with queue.line.place(HOME, known=False):
        entered.set()
        over.wait(patience.SECONDS)


def test_they_are_let_in_as_they_came() -> None:
    queue = Queue(waiting=3)
    with full(queue):
        for name in ("first", "second", "third"):
            queue.send(name)
    assert queue.hashed == ["first", "second", "third"]


def test_a_known_device_goes_before_the_others() -> None:
    queue = Queue(waiting=3)
    with full(queue):
        queue.send("stranger", CAFE)
        queue.send("another", STORE)
        queue.send("owner", HOME, known=True)
    assert queue.hashed == ["owner", "stranger", "another"]


def test_where_too_many_wait_the_last_to_come_is_sent_away() -> None:
    queue = Queue(waiting=2)
    with full(queue):
        for name in ("first", "second", "third"):
            queue.send(name, name)
        queue._threads[2].join(patience.SECONDS)
        assert queue.refused == ["third"]
    assert queue.hashed == ["first", "second"]


def test_a_known_device_takes_the_place_of_the_last_unknown_one() -> None:
    queue = Queue(waiting=2)
    with full(queue):
        queue.send("first", CAFE)
        queue.send("second", STORE)
        queue.send("owner", HOME, known=True)
    assert queue.refused == ["second"]
    assert queue.hashed == ["owner", "first"]


def test_one_network_does_not_fill_the_line() -> None:
    queue = Queue(waiting=2)
    with full(queue, CAFE):
        queue.send("guess", CAFE)
        queue.send("next guess", CAFE)
        queue.send("somebody", HOME)
        queue.send("one more guess", CAFE)
        queue.send("somebody else", STORE)
    assert sorted(queue.refused) == ["guess", "next guess", "one more guess"]
    assert queue.hashed == ["somebody", "somebody else"]


def test_known_devices_of_one_network_do_not_fill_it_either() -> None:
    queue = Queue(waiting=2)
    with full(queue):
        queue.send("one", CAFE, known=True)
        queue.send("two", CAFE, known=True)
        queue.send("owner", HOME, known=True)
    assert queue.refused == ["two"]
    assert queue.hashed == ["one", "owner"]


def test_nobody_waits_for_longer_than_the_bound() -> None:
    queue = Queue(longest_wait=0)
    with full(queue):
        queue.send("impatient")
        queue.end()
        assert queue.refused == ["impatient"]
        assert queue.line.waiting == 0
    with queue.line.place(HOME, known=False):
        assert queue.line.is_held


def test_the_refusal_says_when_to_try_again() -> None:
    line = Line(1, waiting=0)
    refused: list[Busy] = []

    def come() -> None:
        with pytest.raises(Busy) as error, line.place(HOME, known=True):
            raise AssertionError
        refused.append(error.value)

    with line.place(HOME, known=False):
        thread = threading.Thread(target=come)
        thread.start()
        thread.join(patience.SECONDS)
    assert refused[0].status == 503
    assert refused[0].sentence == "Many people are signing in. Try again in a few seconds."
    assert refused[0].wait > 0


def test_a_crowd_is_told_to_come_again_later_than_a_few_people() -> None:
    clock = [0.0]
    line = Line(1, waiting=0, now=lambda: clock[0])
    with line.place(HOME, known=False):
        clock[0] += 1.0  # a hash takes a second
    with line.place(HOME, known=False):
        few = [_sent_away(line) for _ in range(4)]
        crowd = [_sent_away(line) for _ in range(200)]
        clock[0] += LATEST  # by then all of them have come again
        few += [_sent_away(line) for _ in range(4)]
    assert set(few) <= {SOONEST, SOONEST + 1, SOONEST + 2}
    # While it grows, some are told less. One in six is told the last one: 150 miss it once in 10^11 runs.
    assert set(crowd[50:]) <= set(range(LATEST // 2, LATEST + 1))
    assert LATEST in crowd[50:]


def _sent_away(line: Line) -> int:
    """Have somebody come while all places are taken; return the seconds after which to come again."""
    told: list[int] = []

    def come() -> None:
        with pytest.raises(Busy) as error, line.place(STORE, known=False):
            raise AssertionError
        told.append(error.value.wait)

    thread = threading.Thread(target=come)
    thread.start()
    thread.join(patience.SECONDS)
    return told[0]


def test_a_thread_that_has_a_place_keeps_it() -> None:
    line = Line(1, waiting=0)
    with line.place(HOME, known=False):
        with line.place(HOME, known=False):
            assert line.is_held
        assert line.is_held
    assert not line.is_held


def test_a_place_is_given_back_by_whatever_fails_in_it() -> None:
    line = Line(1, waiting=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), line.place(HOME, known=False):
            raise ZeroDivisionError
    assert not line.is_held


# In the console


@pytest.fixture
def line(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Line:
    """The console's line, with one place and nobody who waits."""
    made = Line(1, waiting=0)
    monkeypatch.setitem(app.extensions, "mfa_hashing", made)
    return made


SENTENCE = "Many people are signing in. Try again in a few seconds."


def refused(response: Any) -> bool:
    return (
        response.status_code == 503 and SENTENCE in response.text and int(response.headers["Retry-After"]) > 0
    )


@pytest.fixture(params=["htmx", "plain"])
def stranger(request: pytest.FixtureRequest, make_person: Callable[..., Person], mina: Person) -> Person:
    """Somebody with an account, and a browser in which nobody has signed in, with and without JavaScript."""
    return make_person(htmx=request.param == "htmx")


def test_who_finds_the_line_full_has_not_tried(stranger: Person, line: Line, engine: Engine) -> None:
    stranger.get("/sign-in")
    # A mail from before may be leaving just now.
    stranger.app.extensions["mfa_mail_worker"].stop()
    before = dump(engine)
    with taken(line):
        for _ in range(40):
            assert refused(stranger.sign_in(EMAIL))
            assert refused(stranger.sign_in(EMAIL, "not the password at all"))
            assert refused(stranger.sign_in("nobody@example.com"))
    assert dump(engine) == before
    assert entered(stranger.sign_in(EMAIL))


def test_what_was_typed_stays(make_person: Callable[..., Person], mina: Person, line: Line) -> None:
    scripted, plain = make_person(), make_person(htmx=False)
    scripted.get("/sign-in")
    plain.get("/sign-in")
    with taken(line):
        notice, form = scripted.sign_in(EMAIL), plain.sign_in(EMAIL)
    assert notice.headers["HX-Retarget"] == "#mfa-notice"
    assert "<form" not in notice.text
    assert f'value="{EMAIL}"' in form.text
    assert PASSWORD not in form.text


def test_pages_and_codes_are_not_in_the_line(protected: Person, line: Line) -> None:
    other = protected.sign_out()
    protected.sign_in(EMAIL)
    with taken(line):
        assert protected.get("/readyz").status_code == 200
        assert protected.get("/sign-in").status_code in (200, 302)
        assert entered(protected.verify(protected.next_code()))
        assert protected.get("/account/two-step").status_code == 200
    assert other


def test_a_recovery_code_waits_in_it_and_stays_good(protected: Person, line: Line, engine: Engine) -> None:
    protected.sign_out()
    protected.sign_in(EMAIL)
    # A mail from before may be leaving just now.
    protected.app.extensions["mfa_mail_worker"].stop()
    before = dump(engine)
    with taken(line):
        assert refused(protected.verify_recovery_code(protected.recovery_codes[0]))
    assert dump(engine) == before
    assert entered(protected.verify_recovery_code(protected.recovery_codes[0]))


def test_complete_waits_in_it_and_saves_nothing_until_it_is_pressed_again(
    mina: Person, line: Line, engine: Engine
) -> None:
    mina.begin().verify_email().scan().enter_code()
    # A mail from before may be leaving just now.
    mina.app.extensions["mfa_mail_worker"].stop()
    before = dump(engine)
    with taken(line):
        assert refused(mina.complete())
    assert dump(engine) == before
    assert "2-step verification is on." in mina.complete().text


def test_what_a_link_opens_stays_open(person: Person, inbox: Inbox, line: Line, engine: Engine) -> None:
    person.get("/sign-up")
    person.post("/sign-up", {"email": EMAIL})
    path = inbox.wait_for("Create your").path
    person.get(path)
    with taken(line):
        assert refused(person.post(path, {"name": "Mina", "password": PASSWORD}))
    assert "accounts:" not in dump(engine)
    assert entered(person.post(path, {"name": "Mina", "password": PASSWORD}))


def test_a_new_password_by_link_too(
    mina: Person, make_person: Callable[..., Person], inbox: Inbox, line: Line
) -> None:
    other = make_person()
    other.get("/forgot-password")
    other.post("/forgot-password", {"email": EMAIL})
    path = inbox.wait_for("Set a new password").path
    other.get(path)
    with taken(line):
        assert refused(other.post(path, {"new_password": "seven boats under glass"}))
    assert entered(other.post(path, {"new_password": "seven boats under glass"}))


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("/account/password", {"current_password": PASSWORD, "new_password": "seven boats under glass"}),
        ("/account/profile/email", {"email": "other@example.com", "password": PASSWORD}),
        ("/account/two-step/enroll/password", {"password": PASSWORD}),
    ],
)
def test_a_password_inside_the_account_too(
    mina: Person, line: Line, engine: Engine, url: str, fields: dict[str, str]
) -> None:
    mina.get(url)
    # A mail from before may be leaving just now.
    mina.app.extensions["mfa_mail_worker"].stop()
    before = dump(engine)
    with taken(line):
        assert refused(mina.post(url, fields))
    assert dump(engine) == before
    assert mina.post(url, fields).status_code == 200


def test_who_must_wait_never_reaches_the_hash(
    mina: Person, make_person: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_person()
    for _ in range(5):
        other.sign_in(EMAIL, "not the password at all")
    monkeypatch.setattr(Hasher, "verify", _never)
    assert other.sign_in(EMAIL).status_code == 429


def test_nor_does_a_recovery_code(protected: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    protected.sign_out()
    protected.forget_device()
    protected.sign_in(EMAIL)
    for _ in range(5):
        protected.verify_recovery_code("0000-0000-0000-0000")
    monkeypatch.setattr(recovery_codes, "digest", _never)
    assert protected.verify_recovery_code(protected.recovery_codes[0]).status_code == 429


def _never(*_: Any, **__: Any) -> bool:
    raise AssertionError("this must not be hashed")


def test_a_hash_outside_the_line_is_an_error(app: Flask) -> None:
    with app.app_context(), pytest.raises(RuntimeError, match="outside the line"):
        toolbox().hasher.hash(PASSWORD)
    with app.app_context(), pytest.raises(RuntimeError, match="outside the line"):
        toolbox().hasher.verify(None, PASSWORD)


@pytest.mark.parametrize(
    ("settings", "places", "waiting"),
    [
        ({"WORKERS": 1, "THREADS": 4, "HASHES_AT_ONCE": 2}, 2, 1),
        ({"WORKERS": 1, "THREADS": 4, "HASHES_AT_ONCE": 1}, 1, 2),
        ({"WORKERS": 256, "THREADS": 4, "HASHES_AT_ONCE": None}, 1, 2),
        ({"WORKERS": 256, "THREADS": 1, "HASHES_AT_ONCE": None}, 1, 0),
        ({"WORKERS": 256, "THREADS": 2, "HASHES_AT_ONCE": None}, 1, 0),
        ({"WORKERS": 256, "THREADS": 12, "HASHES_AT_ONCE": 4}, 4, 7),
    ],
)
def test_one_thread_of_those_that_serve_is_left(
    config: dict[str, Any], settings: dict[str, Any], places: int, waiting: int
) -> None:
    app = create_app({**config, **settings, "EVENT_LOG": "none", "MAIL_WORKER": "none"})
    line = app.extensions["mfa_hashing"]
    assert (line.places, line.room) == (places, waiting)
