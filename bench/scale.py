"""Many accounts: the same requests at a thousand and at a million, with ten times as much activity."""

from __future__ import annotations

from itertools import count
from statistics import median
from typing import Any

from bench import journeys
from bench.contenders import Server
from bench.stages import Effort
from tests.support.smtp import Inbox


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
            walked = {"sign-in": list(browser.costs)}
            for what, url in (("tab", "/account/two-step"), ("Activity", "/account/activity")):
                browser.costs = []
                browser.get(url, htmx=True)
                walked[what] = browser.costs
            browser.close()
            if round_ > 1:
                for what, noted in walked.items():
                    pair = (sum(one.wall for one in noted), sum(one.processor for one in noted))
                    taken.setdefault(name, {}).setdefault(what, []).append(pair)
    return {
        name: {
            what: {"wall": median(one[0] for one in pairs), "processor": median(one[1] for one in pairs)}
            for what, pairs in by_page.items()
        }
        for name, by_page in taken.items()
    }
