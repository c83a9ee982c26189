"""Who is next for a thread: requests that can wait for it go after all others."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """So many requests at once, and the order of those that wait; inside one event loop.

    :param places: how many have their turn at once.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._first: deque[asyncio.Future[None]] = deque()
        self._last: deque[asyncio.Future[None]] = deque()
        self._given: set[asyncio.Future[None]] = set()
        """Turns whose requests have not gone on yet."""

    @asynccontextmanager
    async def turn(self, *, last: bool) -> AsyncIterator[None]:
        """Have a turn inside.

        :param last: after all that are not, however long they come.
        """
        if self._free:
            self._free -= 1
        else:
            await self._wait(self._last if last else self._first)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, line: deque[asyncio.Future[None]]) -> None:
        turn = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            # It may have been given at the same moment; then it goes to the next one.
            if turn in self._given:
                self._pass_on()
            raise
        finally:
            self._given.discard(turn)

    def _pass_on(self) -> None:
        for line in (self._first, self._last):
            while line:
                turn = line.popleft()
                if not turn.done():
                    self._given.add(turn)
                    turn.set_result(None)
                    return
        self._free += 1
