"""How many processes of how many threads: ``python -m bench.shapes`` prints a table.

Each shape of ``make serve`` has a database of its own. They are asked in turn, round after round, while the
others do nothing: for the tab, as in :mod:`bench.stages`, and for whole sign-ins with a cheap hash, so that
the rest shows. Of the rounds the medians count. PostgreSQL is durable. The processor time is that of the
processes of the server, which other work on the machine hardly changes.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median

from bench import contenders, journeys, load, stages
from bench.contenders import SERVE, Contender, Server, Set
from bench.stages import Effort
from tests.support.postgresql import PostgreSQL, address
from tests.support.smtp import Inbox

SHAPES = ((2, 1), (2, 2), (2, 4), (4, 1), (4, 2), (4, 4))
"""Processes and threads."""
CLIENTS = 64
_ROOM = "max_connections = 300\n"
_TWOSTEP = Contender("twostep", "Twostep", "bench.served.twostep")


class _Shape:
    """A server of one shape, and what was found of it."""

    def __init__(self, server: Server, inbox: Inbox) -> None:
        self._server, self._inbox = server, inbox
        kind = journeys.of(server, inbox)
        browsers = [kind.signed_in(number) for number in range(8)]
        self._requests = [browser.request(kind.settings, htmx=kind.partial) for browser in browsers]
        self.found: dict[str, list[tuple[float, float, float, float]]] = {"tab": [], "sign-in": []}
        self.errors = 0.0

    @property
    def memory(self) -> float:
        return sum(pss for _, pss in self._server.memory())

    def show(self, seconds: float) -> None:
        before, host = self._server.processor(), self._server.host
        took = load.measure(host, self._server.port, self._requests, clients=CLIENTS, seconds=seconds)
        self._note("tab", took.rate, took.median, took.p99, (self._server.processor() - before) / seconds)
        self.errors += took.errors

    def sign_in(self, effort: Effort) -> None:
        before, once = self._server.processor(), replace(effort, rounds=1)
        told = stages.sign_ins({"": self._server}, once, self._inbox, clients=(CLIENTS,))[""][str(CLIENTS)]
        spent = (self._server.processor() - before) / (2 * effort.seconds)
        self._note("sign-in", told["rate"], told["median"], told["p99"], spent)
        self.errors += told["errors"]

    def _note(self, what: str, rate: float, middle: float, p99: float, busy: float) -> None:
        self.found[what].append((rate, middle, p99, busy / rate))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.shapes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.5, help="of a turn; sign-ins take twice as long")
    options = parser.parse_args()
    effort = replace(stages.QUICK, rounds=options.rounds, seconds=options.seconds, people=2000)
    with tempfile.TemporaryDirectory(prefix="twostep-shapes-") as name:
        folder, inbox = Path(name), Inbox()
        postgresql = PostgreSQL(folder / "postgresql", _ROOM, durable=True)
        print("| | tab: rate · median · p99 · processor | sign-in | PSS | errors |")
        print("| --- | --- | --- | --- | --- |")
        try:
            measure("SQLite", lambda: _TWOSTEP, folder / "sqlite", effort, inbox)
            measure(
                "PostgreSQL",
                lambda: replace(_TWOSTEP, database=address(postgresql.create())),
                folder / "server",
                effort,
                inbox,
            )
        finally:
            inbox.stop()
            postgresql.stop()


def measure(name: str, make: Callable[[], Contender], folder: Path, effort: Effort, inbox: Inbox) -> None:
    """Print a line for each shape with a database of that name.

    :param make: returns a contender with a new database, or with the one in its folder.
    """
    with ExitStack() as stack:
        shapes: dict[str, _Shape] = {}
        for processes, threads in SHAPES:
            settings = {"MAIL_PORT": inbox.port, "WORKERS": processes, "THREADS": threads}
            kind, how = make(), Set(effort.people, settings=settings)
            place = folder / f"{processes}-{threads}"
            contenders.seed(kind, place, how)
            server = stack.enter_context(contenders.serving(kind, place, how, server=SERVE))
            shapes[f"{processes} × {threads}"] = _Shape(server, inbox)
        for _ in range(effort.rounds):
            for each in shapes.values():
                each.show(effort.seconds)
        for _ in range(max(1, effort.rounds // 2)):
            for each in shapes.values():
                each.sign_in(effort)
        for shape, each in shapes.items():
            said = [_said(each.found[what]) for what in ("tab", "sign-in")]
            cells = [f"{name}, {shape}", *said, f"{each.memory:.0f} MB", f"{each.errors:.0f}"]
            print(f"| {' | '.join(cells)} |", flush=True)


def _said(found: list[tuple[float, float, float, float]]) -> str:
    rate, middle, p99, busy = (median(column) for column in zip(*found, strict=True))
    return f"{rate:,.0f}/s · {middle * 1000:.0f} · {p99 * 1000:.0f} · {busy * 1000:.2f} ms"


if __name__ == "__main__":
    main()
