"""What is measured: pages under load, the cost of each request of a journey, sign-ins under load, and memory.

Everything that is compared is served at the same time and asked in turn, round after round: what else the
machine does meets all alike. Of the rounds the medians count.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from argon2 import PasswordHasher

from bench import contenders, journeys, load, people
from bench.browser import Browser, Cost, insist
from bench.contenders import CHEAP, GUNICORN, PRODUCTION, Contender, Server, Set
from bench.journeys import Journeys
from mfa.crypto.cost import Cost as HashCost
from tests.support.smtp import Inbox

FLOORS = {
    "floor": {"bare Flask": "/bare", "Flask + SELECT + fragment": "/fragment"},
    "floor_sqlalchemy": {"Flask + Flask-SQLAlchemy + SELECT + fragment": "/fragment"},
}
"""The pages of each floor, by its key."""
CLIENTS = (1, 8, 64)
_SOME = 24
"""Sign-ins before the memory is read."""


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    :param rounds: how often each contender has its turn, for *seconds* each where it is under load.
    :param people: accounts with a second step, and as many without.
    :param accounts: the two sizes of the comparison by size; activity is ten times as many.
    :param rows: the two sizes of the tables that grow with time; accounts are a tenth of it.
    :param soak: seconds of mixed journeys.
    :param members: of the organization.
    :param events: in the organization's activity.
    :param storm: seconds of the storm of sign-ins, and as many without it.
    """

    rounds: int
    seconds: float
    people: int
    accounts: tuple[int, int]
    rows: tuple[int, int]
    soak: float
    storm: float = 8
    members: int = 100_000
    events: int = 1_000_000


FULL = Effort(
    rounds=5,
    seconds=1.5,
    people=3000,
    accounts=(1_000, 1_000_000),
    rows=(10_000, 10_000_000),
    soak=300,
    storm=40,
)
QUICK = Effort(rounds=2, seconds=0.4, people=600, accounts=(1_000, 20_000), rows=(10_000, 200_000), soak=10)


@contextmanager
def served(
    kinds: list[Contender],
    folder: Path,
    effort: Effort,
    inbox: Inbox,
    *,
    server: str = GUNICORN,
    metered: bool = False,
    cost: str = CHEAP,
) -> Iterator[dict[str, Server]]:
    """All of *kinds* at the same time, each with a database of its own, by name."""
    with ExitStack() as stack:
        servers = {}
        for kind in kinds:
            place = folder / kind.name.replace(" ", "-") / cost
            how = Set(effort.people, cost, {"MAIL_PORT": inbox.port})
            if not place.exists():
                contenders.seed(kind, place, how)
            servers[kind.name] = stack.enter_context(
                contenders.serving(kind, place, how, server=server, metered=metered)
            )
        yield servers


def pages(
    servers: dict[str, Server], effort: Effort, inbox: Inbox, *, clients: tuple[int, ...]
) -> dict[str, Any]:
    """Answers a second of each floor and of each settings page, for someone with a second step."""
    asked: dict[str, tuple[Server, list[bytes]]] = {}
    for name, server in servers.items():
        if server.contender.key in FLOORS:
            for page, path in FLOORS[server.contender.key].items():
                asked[page] = (server, [Browser(server.host, server.port).request(path)])
        else:
            asked[name] = (server, _signed_in(journeys.of(server, inbox)))
    return _under_load(asked, effort, clients)


def steps(servers: dict[str, Server], effort: Effort, inbox: Inbox) -> dict[str, Any]:
    """Answers a second of each step of Twostep's wizard, at eight clients."""
    asked = {}
    for name, server in servers.items():
        kind = journeys.of(server, inbox)
        browser = kind.browser()
        email = people.plain(effort.people - 1)
        kind.password(browser, email)
        for step, request in kind.open_steps(browser, email).items():
            asked[f"{name}: {step}"] = (server, [request])
    return _under_load(asked, effort, (8,))


def _signed_in(kind: Journeys, people_at_once: int = 8) -> list[bytes]:
    browsers = [kind.signed_in(number) for number in range(people_at_once)]
    for browser in browsers:
        kind.show(browser)
    return [browser.request(kind.settings, htmx=kind.partial) for browser in browsers]


def _under_load(
    asked: dict[str, tuple[Server, list[bytes]]], effort: Effort, clients: tuple[int, ...]
) -> dict[str, Any]:
    found: dict[str, dict[int, list[load.Load]]] = {
        name: {number: [] for number in clients} for name in asked
    }
    for _ in range(effort.rounds):
        for number in clients:
            for name, (server, requests) in asked.items():
                found[name][number].append(
                    load.measure(server.host, server.port, requests, clients=number, seconds=effort.seconds)
                )
    return {
        name: {str(number): _middle(rounds) for number, rounds in by_clients.items()}
        for name, by_clients in found.items()
    }


def _middle(rounds: list[load.Load]) -> dict[str, float]:
    middle = {key: median(asdict(one)[key] for one in rounds) for key in ("rate", "median", "p99", "busy")}
    return {**middle, "errors": sum(one.errors for one in rounds)}


def costs(servers: dict[str, Server], effort: Effort, inbox: Inbox) -> dict[str, Any]:
    """Each request of each journey: statements, commits, round trips, time in the server, bytes."""
    found: dict[str, dict[str, list[list[Cost]]]] = {}
    number = count(10)
    for round_ in range(effort.rounds * 2 + 2):
        turn = next(number)
        for name, server in servers.items():
            kind = journeys.of(server, inbox)
            taken = _walk(kind, turn)
            # The first two fill what each worker keeps.
            if round_ > 1:
                for journey, noted in taken.items():
                    found.setdefault(name, {}).setdefault(journey, []).append(noted)
    return {
        name: {journey: _summary(walks) for journey, walks in by_journey.items()}
        for name, by_journey in found.items()
    }


def _walk(kind: Journeys, number: int) -> dict[str, list[Cost]]:
    taken = {}
    browser = kind.browser(number)
    kind.sign_in(browser, number)
    taken["sign-in"], browser.costs = browser.costs, []
    kind.show(browser)
    taken["settings page"] = browser.costs
    new = kind.browser()
    kind.password(new, people.plain(number))
    new.costs = []
    kind.enroll(new, people.plain(number))
    taken["enrollment"] = new.costs
    new.close()
    browser.close()
    return taken


def _summary(walks: list[list[Cost]]) -> dict[str, Any]:
    """The median of each number over all walks, request by request, and their sums."""
    numbers = ("statements", "commits", "trips", "wall", "processor", "head", "size", "gzipped")
    requests = [
        {"name": same[0].name, **{key: median(getattr(one, key) for one in same) for key in numbers}}
        for same in zip(*walks, strict=True)
    ]
    sums = {key: sum(request[key] for request in requests) for key in numbers}
    return {"requests": len(requests), **sums, "steps": requests}


def hash_cost(effort: Effort) -> dict[str, float]:
    """Seconds of checking one password at the cost of production, wall and processor."""
    cost = HashCost.parse(PRODUCTION)
    hasher = PasswordHasher(cost.passes, cost.memory_kib, cost.lanes)
    hashed = hasher.hash(people.PASSWORD)
    taken = []
    for _ in range(effort.rounds * 2):
        wall, processor = time.perf_counter(), time.process_time()
        hasher.verify(hashed, people.PASSWORD)
        taken.append((time.perf_counter() - wall, time.process_time() - processor))
    return {"wall": median(one[0] for one in taken), "processor": median(one[1] for one in taken)}


def sign_ins(
    servers: dict[str, Server], effort: Effort, inbox: Inbox, *, clients: tuple[int, ...] = CLIENTS
) -> dict[str, Any]:
    """Whole sign-ins a second, with the second step, at known devices."""
    found: dict[str, dict[str, list[dict[str, float]]]] = {}
    numbers = {name: count(100) for name in servers}
    for _ in range(max(1, effort.rounds // 2)):
        for amount in clients:
            for name, server in servers.items():
                kind = journeys.of(server, inbox)
                one = _sign_ins(kind, numbers[name], amount, effort)
                found.setdefault(name, {}).setdefault(str(amount), []).append(one)
    return {
        name: {
            amount: {
                **{key: median(one[key] for one in rounds) for key in ("rate", "median", "p99")},
                "errors": sum(one["errors"] for one in rounds),
            }
            for amount, rounds in by_clients.items()
        }
        for name, by_clients in found.items()
    }


def _sign_ins(kind: Journeys, numbers: count[int], clients: int, effort: Effort) -> dict[str, float]:
    end = time.perf_counter() + effort.seconds * 2

    def work(_: int) -> tuple[list[float], int]:
        took, errors = [], 0
        while time.perf_counter() < end:
            number = next(numbers) % (effort.people - 100) + 100
            browser, began = kind.browser(number), time.perf_counter()
            try:
                kind.sign_in(browser, number)
                took.append(time.perf_counter() - began)
            except (AssertionError, OSError):
                errors += 1
            browser.close()
        return took, errors

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        done = list(pool.map(work, range(clients)))
    wall = time.perf_counter() - began
    took = sorted(seconds for one, _ in done for seconds in one)
    return {
        "rate": len(took) / wall,
        "median": took[len(took) // 2] if took else 0.0,
        "p99": took[int(len(took) * 0.99)] if took else 0.0,
        "errors": float(sum(errors for _, errors in done)),
    }


def sign_in_some(server: Server, inbox: Inbox) -> None:
    """Have a few people sign in, two at a time, so that each process has hashed."""
    kind = journeys.of(server, inbox)

    def work(number: int) -> None:
        # On a busy machine, a hash takes longer than the next one may wait for it.
        insist(lambda: kind.signed_in(number).close())

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(100, 100 + _SOME)))


def memory(servers: dict[str, Server]) -> dict[str, Any]:
    """RSS and PSS of a worker in MB, after what it was asked: the mean of the workers."""
    found = {}
    for name, server in servers.items():
        workers = server.memory()
        found[name] = {
            "rss": sum(rss for rss, _ in workers) / len(workers),
            "pss": sum(pss for _, pss in workers) / len(workers),
        }
    return found
