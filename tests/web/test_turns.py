"""Who is next for a thread of the server."""

from __future__ import annotations

import asyncio

import pytest

from deploy.turns import Turns
from tests.support import loops


class Server:
    """Requests, by name, that have a turn until they are told to end."""

    def __init__(self, places: int) -> None:
        self.turns = Turns(places)
        self.began: list[str] = []
        self._over: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def send(self, name: str, *, last: bool = False) -> None:
        self._over[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._work(name, last))
        await settle()

    async def end(self, name: str) -> None:
        self._over[name].set()
        await settle()

    async def _work(self, name: str, last: bool) -> None:
        async with self.turns.turn(last=last):
            self.began.append(name)
            await self._over[name].wait()


async def settle() -> None:
    """Let everything go on that can."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_so_many_have_a_turn_at_once() -> None:
    async def run() -> list[str]:
        server = Server(2)
        for name in "abc":
            await server.send(name)
        return list(server.began)

    assert loops.run(run()) == ["a", "b"]


def test_what_can_wait_comes_after_all_others() -> None:
    async def run() -> list[str]:
        server = Server(1)
        await server.send("now")
        await server.send("sign-in", last=True)
        await server.send("another sign-in", last=True)
        await server.send("page")
        await server.end("now")
        await server.send("code")
        for name in ("page", "code", "sign-in", "another sign-in"):
            await server.end(name)
        return server.began

    assert loops.run(run()) == ["now", "page", "code", "sign-in", "another sign-in"]


def test_a_turn_that_is_free_is_anybodys() -> None:
    async def run() -> list[str]:
        server = Server(1)
        await server.send("sign-in", last=True)
        return server.began

    assert loops.run(run()) == ["sign-in"]


@pytest.mark.parametrize("given", [False, True])
def test_who_hangs_up_takes_no_turn_along(given: bool) -> None:
    async def run() -> list[str]:
        server = Server(1)
        await server.send("first")
        await server.send("gone")
        if given:
            # In the same step in which it would go on.
            server._over["first"].set()
            await asyncio.sleep(0)
        server.tasks["gone"].cancel()
        await server.end("first")
        await server.send("next")
        return server.began

    assert loops.run(run())[-1] == "next"
