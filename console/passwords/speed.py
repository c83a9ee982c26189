"""How fast this machine hashes passwords, for a choice of costs."""

from __future__ import annotations

import statistics
import threading
import time
from dataclasses import dataclass

from argon2 import PasswordHasher

from mfa.crypto.cost import Cost

CHOICES = {
    "RFC 9106, second": Cost(passes=3, memory_kib=65536, lanes=4),
    "the same, one lane": Cost(passes=3, memory_kib=65536, lanes=1),
    "OWASP": Cost(passes=1, memory_kib=47104, lanes=1),
    "OWASP, second": Cost(passes=2, memory_kib=19456, lanes=1),
    "OWASP, third": Cost(passes=3, memory_kib=12288, lanes=1),
    "OWASP, fourth": Cost(passes=4, memory_kib=9216, lanes=1),
    "OWASP, fifth": Cost(passes=5, memory_kib=7168, lanes=1),
}
"""RFC 9106 §4, whose first choice takes 2 GiB, and OWASP's Password Storage Cheat Sheet."""
_LEAST_ALONE = 3
_TYPED = "orange kettle drives north"


@dataclass(frozen=True)
class Speed:
    """What hashes of a cost take here.

    :param alone: seconds that one takes while nothing else hashes.
    :param rate: hashes a second while as many are made at once as there are places.
    """

    alone: float
    rate: float


def measure(cost: Cost, places: int, seconds: float) -> Speed:
    """Hash for *seconds* one after the other, then for as long in *places* threads at once."""
    hasher = PasswordHasher(cost.passes, cost.memory_kib, cost.lanes)
    took: list[float] = []
    end = time.perf_counter() + seconds
    while len(took) < _LEAST_ALONE or time.perf_counter() < end:
        began = time.perf_counter()
        hasher.hash(_TYPED)
        took.append(time.perf_counter() - began)
    return Speed(statistics.median(took), _rate(hasher, places, seconds))


def _rate(hasher: PasswordHasher, places: int, seconds: float) -> float:
    counts = [0] * places
    began = time.perf_counter()

    def work(place: int) -> None:
        while not counts[place] or time.perf_counter() - began < seconds:
            hasher.hash(_TYPED)
            counts[place] += 1

    threads = [threading.Thread(target=work, args=(place,)) for place in range(places)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)
