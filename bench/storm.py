"""A storm: hundreds sign in without pause at the server of production, and everybody else goes on.

What a page takes meanwhile is set against the same page while another program takes the same processor time:
so what the machine can't do is not held against the server. The crowd is a process of its own
(``python -m bench.storm``), so that the measure does not wait for it. It shares the cores with the server,
and the page says how much of them it took.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from argon2 import PasswordHasher

from bench import people
from bench.browser import Browser, insist, take_other_networks
from bench.contenders import Server
from bench.journeys import POST_CODE, Twostep
from deploy import memory
from mfa.crypto.cost import Cost
from tests.support.smtp import Inbox

CLIENTS = 256
OWNERS = 64
"""People who sign in one after another on known devices, beside the crowd."""
PEOPLE = 1 + OWNERS + 16 * CLIENTS
"""Accounts with a second step: the reader, the owners, and sixteen for each client of the crowd. A code can
be used once, so nobody signs in twice within thirty seconds."""
SETTLES = 7
"""Seconds from the crowd's start until the measure begins: by then, those who were refused first are back."""
_PAUSE = 0.1
"""Seconds between two looks at a page: so that who measures is not the load."""
_OWNER_PAUSE = 0.5
"""Seconds between two owners."""
_MEMORY_PAUSE = 0.5
"""Seconds between two looks at the memory, for which the kernel goes through all pages of the server."""
_LONGEST = 300
"""Seconds after the storm, in which all of the crowd must have come in."""

Looks = dict[str, list[float]]


def measure(server: Server, inbox: Inbox, *, seconds: float, cost: str, places: int) -> dict[str, Any]:
    """Let the storm rage for *seconds*, with half before and half after without it.

    :param places: hashes at once in all processes.
    """
    started = server.pss()
    large_pages = bare(cost, places, seconds / 4, large_pages=True)
    kind = Twostep(server, inbox)
    reader = kind.signed_in(0)
    hashes: list[float] = []
    quiet, noise = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    failed: list[str] = []

    def calm() -> None:
        hashes.append(bare(cost, places, seconds / 4, large_pages=False))
        failed.extend(_look(kind, reader, seconds / 4, quiet))
        with _burning(cost, places):
            failed.extend(_look(kind, reader, seconds / 4, noise))

    calm()
    idle = server.pss()
    during = defaultdict[str, list[float]](list)
    with _crowd(server, SETTLES + seconds) as (finish, peak):
        time.sleep(SETTLES)  # what is measured is a storm under way
        before, own = server.processor(), time.process_time()
        failed.extend(_look(kind, reader, seconds, during, owners=True))
        spent = {"server": server.processor() - before, "looks": time.process_time() - own}
        crowd = finish()
    calm()
    return {
        "clients": CLIENTS,
        "places": places,
        "cores": os.cpu_count(),
        "hashes": sum(hashes) / len(hashes),
        "hashes_in_large_pages": large_pages,
        "rate": crowd["rate"] + len(during["owner"]) / seconds,
        "quiet": _spreads(quiet),
        "noise": _spreads(noise),
        "storm": _spreads(during),
        "crowd": crowd,
        "busy": {**{who: took / seconds for who, took in spent.items()}, "crowd": crowd["busy"]},
        "failed": failed,
        "memory": {
            "started": started,
            "idle": idle,
            "peak": peak.most,
            "place": Cost.parse(cost).memory_kib / 1024,
        },
    }


def bare(cost: str, threads: int, seconds: float, *, large_pages: bool) -> float:
    """How many passwords a second a program checks that does nothing else, at that cost in so many threads.

    :param large_pages: its memory comes in pages of 2 MiB, as that of ``make serve``.
    """
    work = f"from bench import storm; print(storm.hash_for({cost!r}, {threads}, {seconds}))"
    env = {**os.environ, memory.TUNABLES: f"{memory.LARGE_PAGES}={large_pages:d}"}
    return float(subprocess.check_output([sys.executable, "-c", work], env=env, text=True))


def hash_for(cost: str, threads: int, seconds: float) -> float:
    """Check passwords for *seconds* in this process; return how many a second."""
    chosen = Cost.parse(cost)
    hasher = PasswordHasher(chosen.passes, chosen.memory_kib, chosen.lanes)
    hashed = hasher.hash(people.PASSWORD)
    done = count()
    began = time.perf_counter()

    def work() -> None:
        while time.perf_counter() < began + seconds:
            hasher.verify(hashed, people.PASSWORD)
            next(done)

    _together([work] * threads)
    return next(done) / (time.perf_counter() - began)


@contextmanager
def _burning(cost: str, threads: int) -> Iterator[None]:
    """Another program that hashes inside, with as many threads as the server has places."""
    work = f"from bench import storm; print(flush=True); storm.hash_for({cost!r}, {threads}, 3600)"
    other = subprocess.Popen([sys.executable, "-c", work], stdout=subprocess.PIPE)
    assert other.stdout
    try:
        other.stdout.readline()
        yield
    finally:
        other.kill()
        other.communicate()


def _look(kind: Twostep, reader: Browser, seconds: float, took: Looks, *, owners: bool = False) -> list[str]:
    """Note the seconds that a page, ``/readyz`` and, if asked for, whole sign-ins on known devices take.

    :returns: what failed; what a page is refused is a failure too.
    """
    # A connection that nobody used for a while, the server has closed.
    page, probe = (Browser(kind.server.host, kind.server.port, cookies=reader.cookies) for _ in range(2))
    end = time.perf_counter() + seconds
    failed: list[str] = []

    def watch(what: str, act: Callable[[], object], pause: float) -> None:
        while time.perf_counter() < end:
            began = time.perf_counter()
            try:
                act()
                took[what].append(time.perf_counter() - began)
            except (AssertionError, OSError) as error:
                failed.append(f"{what}: {type(error).__name__}: {str(error)[:200]}")
            time.sleep(pause)  # who looks without pause is a load

    number = count(1)

    def own() -> None:
        owner = next(number) % OWNERS + 1
        browser = kind.browser(owner)
        try:
            _sign_in(kind, browser, owner)
        finally:
            browser.close()
        took["code"] += _codes(browser)

    watched = [
        functools.partial(watch, "page", lambda: page.get(kind.settings, htmx=True), _PAUSE),
        functools.partial(watch, "readyz", lambda: probe.get("/readyz"), _PAUSE),
        *([functools.partial(watch, "owner", own, _OWNER_PAUSE)] if owners else []),
    ]
    _together(watched)
    page.close()
    probe.close()
    return failed


def _sign_in(kind: Twostep, browser: Browser, number: int, until: float = float("inf")) -> int:
    """Sign in, however often the password is refused for the moment, but not after *until*.

    :returns: how often it was refused.
    """
    browser.get("/sign-in")
    refused = insist(lambda: kind.send_password(browser, people.protected(number)), until)
    kind.second_step(browser)
    return refused


def _codes(browser: Browser) -> list[float]:
    """Return the seconds that the code took, without the page behind it."""
    return [cost.took for cost in browser.costs if cost.name == POST_CODE]


class _Peak:
    """The most memory that all processes of a server had at once, in MB."""

    def __init__(self, server: Server) -> None:
        self.most, self._over = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(server,))
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self, server: Server) -> None:
        while not self._over.wait(_MEMORY_PAUSE):
            self.most = max(self.most, server.pss())


@contextmanager
def _crowd(server: Server, seconds: float) -> Iterator[tuple[Callable[[], dict[str, Any]], _Peak]]:
    """Have a crowd sign in for *seconds*.

    :returns: what waits until all have come in and says what came of it, and the memory meanwhile.
    """
    command = [sys.executable, "-m", "bench.storm", str(server.port), str(server.folder), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    process.stdout.readline()  # now it begins
    peak = _Peak(server)

    def finish() -> dict[str, Any]:
        told, _ = process.communicate(timeout=seconds + 2 * _LONGEST)
        found: dict[str, Any] = json.loads(told)
        return found

    try:
        yield finish, peak
    finally:
        peak.stop()
        process.kill()
        process.communicate()


def _together(acts: list[Callable[[], object]]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _spreads(looks: Looks) -> dict[str, dict[str, float]]:
    return {what: _spread(took) for what, took in looks.items() if took}


def _spread(took: list[float]) -> dict[str, float]:
    ordered = sorted(took) or [0.0]
    return {
        "count": len(took),
        "median": ordered[len(ordered) // 2],
        "p99": ordered[int(len(ordered) * 0.99)],
        "most": ordered[-1],
    }


# The crowd


class _Crowd:
    """Clients in threads, each with people of its own, and what came of their sign-ins."""

    def __init__(self, kind: Twostep, seconds: float) -> None:
        self._kind = kind
        began = time.perf_counter()
        self._measured, self._end = began + SETTLES, began + seconds
        self._lock = threading.Lock()
        self.finished: list[float] = []
        self.codes: list[float] = []
        self.waits: list[float] = []
        self.refused = self.begun = 0
        self.errors: list[str] = []
        self.busy = 0.0

    def rage(self) -> None:
        """Sign in until the end; who has begun then goes on until they are in."""
        _together([self._watch, *(functools.partial(self._work, client) for client in range(CLIENTS))])

    def _watch(self) -> None:
        """Note the processor time of this process while it is measured."""
        # These sleeps are the measurement: it begins and ends at fixed times, and no event marks them.
        time.sleep(max(0, self._measured - time.perf_counter()))
        before = time.process_time()
        time.sleep(max(0, self._end - time.perf_counter()))
        self.busy = (time.process_time() - before) / (self._end - self._measured)

    def _work(self, client: int) -> None:
        for number in range(1 + OWNERS + client, PEOPLE, CLIENTS):
            began = time.perf_counter()
            if began > self._end:
                return
            with self._lock:
                self.begun += 1
            browser = Browser(self._kind.server.host, self._kind.server.port)
            try:
                refused = _sign_in(self._kind, browser, number, self._end + _LONGEST)
            except (AssertionError, OSError) as error:
                with self._lock:
                    self.errors.append(f"{type(error).__name__}: {str(error)[:200]}")
            else:
                now = time.perf_counter()
                with self._lock:
                    self.finished.append(now)
                    self.waits.append(now - began)
                    self.refused += refused
                    if self._measured <= now <= self._end:
                        self.codes += _codes(browser)
            browser.close()
        # Nobody is left for this client: then the storm is smaller than it says.
        if time.perf_counter() < self._end:
            with self._lock:
                self.errors.append("a client has run out of people")

    def told(self) -> dict[str, Any]:
        inside = [moment for moment in self.finished if self._measured <= moment <= self._end]
        return {
            "rate": len(inside) / (self._end - self._measured),
            "begun": self.begun,
            "sign_ins": len(self.finished),
            "refused": self.refused,
            "errors": len(self.errors),
            "complaints": self.errors[:5],
            "code": _spread(self.codes),
            "whole": _spread(self.waits),
            "busy": self.busy,
        }


def main() -> None:
    port, folder, seconds = sys.argv[1:]
    take_other_networks()
    # Of a server that another process has started, all that a journey needs.
    server: Any = SimpleNamespace(host="127.0.0.1", port=int(port), folder=Path(folder))
    kind = Twostep(server, cast("Any", None))
    print(flush=True)
    crowd = _Crowd(kind, float(seconds))
    crowd.rage()
    print(json.dumps(crowd.told()))


if __name__ == "__main__":
    main()
