"""Mixed journeys from many clients for minutes: errors, and memory at the begin and at the end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

from bench import people
from bench.contenders import Server
from bench.journeys import Twostep
from bench.stages import Effort
from tests.support.smtp import Inbox

CLIENTS = 64
_TABS = ("two-step", "profile", "sessions", "activity", "password")
_ENROLL_EVERY = 4
_SAMPLE_SECONDS = 5


def measure(server: Server, effort: Effort, inbox: Inbox) -> dict[str, Any]:
    """People who sign in, look around, sometimes turn their second step on, and sign out."""
    kind = Twostep(server, inbox)
    end = time.perf_counter() + effort.soak
    done: Counter[str] = Counter()
    complaints: list[str] = []
    threads = [
        threading.Thread(
            target=_work, args=(kind, range(client, effort.people, CLIENTS), end, done, complaints)
        )
        for client in range(CLIENTS)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    samples = []
    while time.perf_counter() < end:
        time.sleep(min(_SAMPLE_SECONDS, effort.soak / 10))  # between two samples
        samples.append(sum(rss for rss, _ in server.memory()) / len(server.memory()))
    for thread in threads:
        thread.join()
    warm = samples[len(samples) // 5 :]
    part = max(1, len(warm) // 5)
    return {
        "seconds": time.perf_counter() - began,
        "requests": done["requests"],
        "sign-ins": done["sign-ins"],
        "enrollments": done["enrollments"],
        "errors": len(complaints),
        "complaints": complaints[:5],
        "memory_begin": sum(warm[:part]) / part,
        "memory_end": sum(warm[-part:]) / part,
        "memory": samples,
    }


def _work(kind: Twostep, own: range, end: float, done: Counter[str], complaints: list[str]) -> None:
    walks = 0
    while time.perf_counter() < end:
        number = own[walks % len(own)]
        walks += 1
        browser = kind.browser(number)
        try:
            kind.sign_in(browser, number)
            done["sign-ins"] += 1
            for tab in _TABS * 2:
                browser.get(f"/account/{tab}", htmx=True)
            browser.get("/")
            browser.post("/sign-out", {})
            if walks % _ENROLL_EVERY == 0 and walks // _ENROLL_EVERY <= len(own):
                _enroll(kind, own[walks // _ENROLL_EVERY - 1], done)
        except Exception as error:
            complaints.append(f"{type(error).__name__}: {str(error)[:300]}")
        done["requests"] += len(browser.costs)
        browser.close()


def _enroll(kind: Twostep, number: int, done: Counter[str]) -> None:
    browser = kind.browser()
    kind.password(browser, people.plain(number))
    kind.enroll(browser, people.plain(number))
    done["enrollments"] += 1
    done["requests"] += len(browser.costs)
    browser.close()
