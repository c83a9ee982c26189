"""How the server of production reads bodies before they take a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from deploy.bodies import Bodies, CutShort, TooMany, TooSlow
from tests.support import loops

LONGEST = 10


class Sent:
    """A body as Granian gives it: parts, and then the end or nothing."""

    def __init__(self, *parts: bytes, ends: bool = True) -> None:
        self._parts, self._ends = parts, ends

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part
        if not self._ends:
            await asyncio.Event().wait()


def bodies(*, seconds: float = 60, per_network: int | None = 2) -> Bodies:
    return Bodies(longest=LONGEST, seconds=seconds, per_network=per_network)


def read(sent: Sent, announced: int = 0) -> bytes:
    return loops.run(bodies().read(sent, "192.0.2.1", announced))


def test_body_is_all_parts() -> None:
    assert read(Sent(b"ab", b"c"), 3) == b"abc"


def test_no_more_is_read_than_shows_that_it_is_too_long() -> None:
    assert read(Sent(b"a" * 8, b"a" * 8, ends=False), 100) == b"a" * 16


def test_body_that_breaks_off_is_refused() -> None:
    with pytest.raises(CutShort):
        read(Sent(b"ab"), 3)


@pytest.mark.parametrize("parts", [(), (b"a", b"b")])
def test_body_that_does_not_end_in_time_is_refused(parts: tuple[bytes, ...]) -> None:
    with pytest.raises(TooSlow):
        loops.run(bodies(seconds=0).read(Sent(*parts, ends=False), "192.0.2.1", 3))


async def hanging(reader: Bodies, *clients: str) -> list[asyncio.Task[bytes]]:
    """Let a body of each of *clients* hang."""
    tasks = [asyncio.create_task(reader.read(Sent(ends=False), client, 1)) for client in clients]
    await asyncio.sleep(0)
    return tasks


def test_network_with_too_many_bodies_under_way_is_refused_one_more() -> None:
    async def scene() -> None:
        reader = bodies()
        tasks = await hanging(reader, "192.0.2.1", "192.0.2.2")
        with pytest.raises(TooMany):
            await reader.read(Sent(b"a"), "192.0.2.3", 1)
        assert await reader.read(Sent(b"a"), "192.0.3.1", 1) == b"a"
        tasks[0].cancel()
        await asyncio.wait(tasks[:1])
        assert await reader.read(Sent(b"a"), "192.0.2.3", 1) == b"a"

    loops.run(scene())


def test_ipv6_network_is_its_first_48_bits() -> None:
    async def scene() -> None:
        reader = bodies()
        await hanging(reader, "2001:db8:1:1::1", "2001:db8:1:2::1")
        with pytest.raises(TooMany):
            await reader.read(Sent(b"a"), "2001:db8:1:3::1", 1)
        assert await reader.read(Sent(b"a"), "2001:db8:2::1", 1) == b"a"

    loops.run(scene())


def test_proxy_may_send_any_number_of_bodies() -> None:
    async def scene() -> None:
        reader = bodies(per_network=None)
        await hanging(reader, *["192.0.2.1"] * 100)
        assert await reader.read(Sent(b"a"), "192.0.2.1", 1) == b"a"

    loops.run(scene())
