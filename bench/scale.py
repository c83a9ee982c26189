"""Many accounts: the same requests at a thousand and at a million, with ten times as much activity."""

from __future__ import annotations

from itertools import count
from statistics import median
from typing import Any

from bench import journeys
from bench.contenders import Server
from bench.stages import Effort
from tests.support.smtp import Inbox

_LOOKS = 5
"""How often somebody looks at a page: one request alone says little of a few milliseconds."""


def measure(servers: dict[str, Server], effort: Effort, inbox: Inbox) -> dict[str, Any]:
    """Sign-in, tab and Activity on each of *servers* in turn: medians of wall and processor, in seconds."""
    taken: dict[str, dict[str, list[tuple[float, float]]]] = {}
    numbers = count(0)
    for round_ in range(effort.rounds * 3 + 2):
        number = next(numbers)
        for name, server in servers.items():
            kind = journeys.of(server, inbox)
            browser = kind.browser(number)
            kind.sign_in(browser, number)
            walked = {"sign-in": [browser.costs]}
            for what, url in (("tab", "/account/two-step"), ("Activity", "/account/activity")):
                browser.costs = []
                for _ in range(_LOOKS):
                    browser.get(url, htmx=True)
                walked[what] = [[one] for one in browser.costs]
            browser.close()
            if round_ > 1:
                taken_here = taken.setdefault(name, {})
                for what, walks in walked.items():
                    for noted in walks:
                        pair = (sum(one.wall for one in noted), sum(one.processor for one in noted))
                        taken_here.setdefault(what, []).append(pair)
    return {
        name: {
            what: {"wall": median(one[0] for one in pairs), "processor": median(one[1] for one in pairs)}
            for what, pairs in by_page.items()
        }
        for name, by_page in taken.items()
    }
