"""Many at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from tests.support.person import Person

T = TypeVar("T")
AT_ONCE = 64


def at_once(act: Callable[[int], T], times: int) -> list[T]:
    """Call ``act(0)``, ``act(1)`` … at the same moment, each in a thread of its own."""
    barrier = Barrier(times)

    def together(number: int) -> T:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(together, range(times)))


def copies(person: Person, make_person: Callable[..., Person], times: int) -> list[Person]:
    """The same browser many times over: each with the same cookie and the same page."""
    made = []
    for _ in range(times):
        copy = make_person(htmx=person.htmx)
        copy.put_cookie(person.cookie())
        copy.page, copy.app_on_phone = person.page, person.app_on_phone
        copy.recovery_codes = person.recovery_codes
        copy.email = person.email
        made.append(copy)
    return made
