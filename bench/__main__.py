"""``make bench``: start each contender, measure, print a table, and write ``docs/performance.md``.

``python -m bench --quick`` is short and rough, and writes no page; ``--only scale,soak`` measures a part and
keeps what was measured before; ``--report`` writes the page from it without measuring. ``BENCH_SCALE`` is
another number of accounts for *scale*, ``BENCH_GROWTH`` another of rows for *growth* and *rotate*.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import contenders, people, report, scale, slow, soak, stages, storm
from bench.contenders import GRANIAN, PRODUCTION, ROOT, SCRATCH, SERVE, Contender, Server, Set
from bench.stages import CLIENTS, FULL, QUICK, Effort
from tests.support.postgresql import PostgreSQL, address
from tests.support.smtp import Inbox

FLOORS = [
    Contender("floor", "floors", "bench.served.floor"),
    Contender("floor_sqlalchemy", "floor with Flask-SQLAlchemy", "bench.served.floor_sqlalchemy"),
]
TWOSTEP = Contender("twostep", "Twostep on SQLite", "bench.served.twostep")
NEW_KEY = "fedcba9876543210" * 4
PEERS = [
    Contender("allauth", "django-allauth", "bench.peers.allauth.app", "allauth"),
    Contender("flask_security", "Flask-Security-Too", "bench.peers.flask_security.app", "flask_security"),
    Contender("two_factor", "django-two-factor-auth", "bench.peers.two_factor.app", "two_factor"),
]


SIZED = 200_000
"""Rows of each growing table, where bytes a row are measured: more change nothing."""
RESULTS = ROOT / "bench" / "results.json"
"""What each stage found when it was last measured in full: so the page has them all, each with its date."""


class Run:
    """One run: what all stages share.

    :param folder: for databases; it is emptied afterwards.
    """

    def __init__(self, effort: Effort, folder: Path) -> None:
        self.effort, self.folder = effort, folder
        self.inbox = Inbox()
        self._postgresql: PostgreSQL | None = None

    def stop(self) -> None:
        self.inbox.stop()
        if self._postgresql:
            self._postgresql.stop()

    def on_sqlite(self) -> Contender:
        return TWOSTEP

    def on_postgresql(self) -> Contender:
        """Twostep on a database of its own, in a PostgreSQL that the first of them starts."""
        self._postgresql = self._postgresql or PostgreSQL(self.folder / "postgresql", durable=True)
        database = address(self._postgresql.create())
        return replace(TWOSTEP, name="Twostep on PostgreSQL", database=database)

    def load(self) -> dict[str, Any]:
        ours = [TWOSTEP, self.on_postgresql()]
        everyone = [*FLOORS, *ours, *PEERS]
        with stages.served(everyone, self.folder / "load", self.effort, self.inbox) as servers:
            found = {
                "pages": stages.pages(servers, self.effort, self.inbox, clients=CLIENTS),
                "steps": stages.steps(
                    {name: one for name, one in servers.items() if one.contender.key == "twostep"},
                    self.effort,
                    self.inbox,
                ),
            }
            people_sign_in = {
                name: one for name, one in servers.items() if one.contender.key not in stages.FLOORS
            }
            found["sign_ins"] = stages.sign_ins(people_sign_in, self.effort, self.inbox)
            found["memory"] = stages.memory(servers)
        with stages.served(ours, self.folder / "load", self.effort, self.inbox, server=SERVE) as servers:
            found["serve"] = stages.pages(servers, self.effort, self.inbox, clients=CLIENTS)
        if all(Path(one.python).with_name(GRANIAN).exists() for one in everyone):
            place = self.folder / "load"
            with stages.served(everyone, place, self.effort, self.inbox, server=GRANIAN) as servers:
                found["granian"] = stages.pages(servers, self.effort, self.inbox, clients=(8, 64))
        return found

    def journeys(self) -> dict[str, Any]:
        place = self.folder / "journeys"
        everyone = [TWOSTEP, self.on_postgresql(), *PEERS]
        with stages.served(everyone, place, self.effort, self.inbox, metered=True) as servers:
            cheap = stages.costs(servers, self.effort, self.inbox)
            memory = stages.memory(servers)
        few, place = replace(self.effort, people=200), self.folder / "production"
        ours = [TWOSTEP, self.on_postgresql()]
        with stages.served([*ours, *PEERS], place, few, self.inbox, metered=True, cost=PRODUCTION) as servers:
            production = stages.costs(servers, few, self.inbox)
            hashing = stages.hash_cost(few)
        found = {
            "cheap": cheap,
            "production": production,
            "hash": hashing,
            "cost": PRODUCTION,
            "memory": memory,
        }
        # As it is installed: threads, and the memory that hashes leave behind.
        found["installed"] = {}
        for server, kinds in ((SERVE, ours), (GRANIAN, PEERS)):
            with stages.served(kinds, place, few, self.inbox, server=server, cost=PRODUCTION) as servers:
                for one in servers.values():
                    stages.sign_in_some(one, self.inbox)
                found["installed"] |= stages.memory(servers)
        return found

    def scale(self) -> dict[str, Any]:
        found = {}
        for name, make in self._databases().items():
            fillers = {f"{size:,}": [("bench.fill", size)] for size in self.effort.accounts}
            with self._filled("scale", name, make, fillers) as (servers, filling, _):
                measured = scale.measure(servers, self.effort, self.inbox)
            found[name] = {"seconds_to_fill": filling, **measured}
        return found

    def growth(self) -> dict[str, Any]:
        found = {}
        for name, make in self._databases().items():
            fillers = {
                f"{rows:,}": [("bench.fill", rows // people.ACTIVITY_EACH), ("bench.grow", rows)]
                for rows in self.effort.rows
            }
            with self._filled("growth", name, make, fillers) as (servers, filling, runs):
                pages = scale.measure(servers, self.effort, self.inbox)
            tidied = {size: json.loads(run("bench.housekeeping")) for size, run in runs.items()}
            found[name] = {"seconds_to_fill": filling, "pages": pages, "housekeeping": tidied}
            shutil.rmtree(self.folder / "growth", ignore_errors=True)
        return found

    def rotate(self) -> dict[str, Any]:
        found = {}
        for name, make in self._databases().items():
            place, one = self.folder / "rotate" / name, make()
            amount = str(self.effort.rows[1] // people.ACTIVITY_EACH)
            contenders.run(one, place, Set(), "bench.rotation", "seal", amount)
            keys = {"SECRET_KEY": NEW_KEY, "SECRET_KEY_FALLBACKS": [contenders.KEY]}
            found[name] = json.loads(
                contenders.run(one, place, Set(settings=keys), "bench.rotation", "rotate")
            )
        return found

    def sizes(self) -> dict[str, Any]:
        found = {}
        for name, make in self._databases().items():
            place, one, rows = self.folder / "sizes" / name, make(), SIZED
            contenders.run(one, place, Set(), "bench.fill", str(rows // people.ACTIVITY_EACH))
            contenders.run(one, place, Set(), "bench.grow", str(rows))
            found[name] = json.loads(contenders.run(one, place, Set(), "bench.sizes"))
        return found

    def members(self) -> dict[str, Any]:
        found = {}
        for name, make in self._databases().items():
            place, one = self.folder / "members" / name, make()
            pages = json.loads(contenders.run(one, place, Set(), "bench.members", str(self.effort.members)))
            told = contenders.run(one, place, Set(), "bench.events", str(self.effort.events))
            events = {"events": self.effort.events, "activity": json.loads(told)}
            found[name] = {"members": self.effort.members, "pages": pages, **events}
        return found

    def _databases(self) -> dict[str, Callable[[], Contender]]:
        return {"SQLite": self.on_sqlite, "PostgreSQL": self.on_postgresql}

    @contextmanager
    def _filled(
        self,
        stage: str,
        name: str,
        make: Callable[[], Contender],
        fillers: dict[str, list[tuple[str, int]]],
    ) -> Iterator[tuple[dict[str, Server], dict[str, float], dict[str, Callable[[str], str]]]]:
        """Serve Twostep once for each size, from databases that were filled to it.

        :param fillers: by size, the programs that fill, each with what it is told.
        :returns: by size, the server, the seconds that filling took, and what runs a program beside it.
        """
        # Nothing is deleted or mailed meanwhile: what is measured later must be there.
        how = Set(200, settings={"MAIL_PORT": self.inbox.port, "MAIL_WORKER": "none"})
        servers, filling, runs = {}, {}, {}
        with ExitStack() as stack:
            for size, programs in fillers.items():
                one, place = replace(make(), name=size), self.folder / stage / name / size
                runs[size] = functools.partial(contenders.run, one, place, how)
                began = time.perf_counter()
                for program, amount in programs:
                    runs[size](program, str(amount))
                filling[size] = time.perf_counter() - began
                servers[size] = stack.enter_context(contenders.serving(one, place, how, metered=True))
            yield servers, filling, runs

    def soak(self) -> dict[str, Any]:
        found = {}
        for kind in (TWOSTEP, self.on_postgresql()):
            with stages.served([kind], self.folder / "soak", self.effort, self.inbox) as servers:
                found[kind.name] = soak.measure(servers[kind.name], self.effort, self.inbox)
        return found

    def slow(self) -> dict[str, Any]:
        found = {}
        place = self.folder / "slow"
        contenders.seed(TWOSTEP, place, Set(1, settings={"MAIL_PORT": self.inbox.port}))
        for way, proxy in slow.PROXIES.items():
            settings = {"MAIL_PORT": self.inbox.port, "TRUSTED_PROXIES": int(proxy is not None)}
            how = Set(1, settings=settings)
            with contenders.serving(TWOSTEP, place, how, server=SERVE) as server:
                seconds = self.effort.seconds * self.effort.rounds
                found[way] = slow.measure(server, way, place / way.replace(" ", "-"), seconds=seconds)
        return found

    def storm(self) -> dict[str, Any]:
        place = self.folder / "storm"
        how = Set(storm.PEOPLE, PRODUCTION, {"MAIL_PORT": self.inbox.port})
        contenders.seed(TWOSTEP, place, how)
        places = int(contenders.run(TWOSTEP, place, how, TWOSTEP.module, "places"))
        with contenders.serving(TWOSTEP, place, how, server=SERVE) as server:
            seconds = self.effort.storm
            return storm.measure(server, self.inbox, seconds=seconds, cost=PRODUCTION, places=places)

    def profile(self) -> dict[str, Any]:
        place = self.folder / "profile"
        how = Set(150, settings={"MAIL_PORT": self.inbox.port})
        contenders.seed(TWOSTEP, place, how)
        told = contenders.run(TWOSTEP, place, how, "bench.profiled", python=sys.executable)
        return {**json.loads(told), "memory": _imports()}


WITH_PEERS = {"load", "journeys"}
"""Stages that other packages have a part in."""
STAGES: dict[str, Callable[[Run], dict[str, Any]]] = {
    "load": Run.load,
    "journeys": Run.journeys,
    "scale": Run.scale,
    "growth": Run.growth,
    "rotate": Run.rotate,
    "sizes": Run.sizes,
    "members": Run.members,
    "soak": Run.soak,
    "slow": Run.slow,
    "storm": Run.storm,
    "profile": Run.profile,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short and rough, and on the screen alone")
    parser.add_argument("--only", default=",".join(STAGES), help="stages, with commas between")
    parser.add_argument("--report", action="store_true", help="only write the page from the last figures")
    parser.add_argument("--soak", type=float, help="seconds of the soak")
    options = parser.parse_args()
    # Whoever ends the bench ends its servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    kept = SCRATCH / "quick.json" if options.quick else RESULTS
    results = json.loads(kept.read_text()) if kept.exists() else {}
    if not options.report:
        effort = QUICK if options.quick else FULL
        if options.soak:
            effort = replace(effort, soak=options.soak)
        if size := os.environ.get("BENCH_SCALE"):
            effort = replace(effort, accounts=(effort.accounts[0], int(size)))
        if rows := os.environ.get("BENCH_GROWTH"):
            effort = replace(effort, rows=(effort.rows[0], int(rows)))
        measure(options.only.split(","), effort, results, kept)
    page = report.page(results)
    if not options.quick:
        (ROOT / "docs" / "performance.md").write_text(page)
    print(page)


def measure(names: list[str], effort: Effort, results: dict[str, Any], kept: Path) -> None:
    """Run the stages of those names, and put what they find into *results* and into the file *kept*."""
    SCRATCH.mkdir(exist_ok=True)
    for contender in (TWOSTEP, *(PEERS if WITH_PEERS & set(names) else ())):
        contender.install()
    folder = Path(tempfile.mkdtemp(prefix="run", dir=SCRATCH))
    run = Run(effort, folder)
    try:
        for name in names:
            print(f"{name} …", file=sys.stderr, flush=True)
            others = _busy()
            results[name] = STAGES[name](run)
            results[name]["taken"] = {
                "at": datetime.now(UTC).isoformat(timespec="minutes"),
                "others": max(others, _busy()),
                "rounds": effort.rounds,
                "seconds": effort.seconds,
                "code": _code(),
                "durable": True,
            }
            results["machine"] = _machine()
            results["versions"] = _versions()
            kept.write_text(json.dumps(results, indent=1))
    finally:
        run.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _busy(seconds: float = 3) -> float:
    """How many processors are busy, while nothing of the bench runs."""
    before = _ticks()
    time.sleep(seconds)  # the measure itself: what others do meanwhile
    return (_ticks() - before) / os.sysconf("SC_CLK_TCK") / seconds


def _code() -> str:
    """The commit that is measured; with ``+`` if files were changed since."""
    command = ["git", "describe", "--always", "--abbrev=7", "--exclude=*", "--dirty=+"]
    told = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    return told.stdout.strip()


def _ticks() -> int:
    user, nice, system, _idle, _waiting, *others = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    )
    return user + nice + system + sum(others)


def _imports() -> dict[str, float]:
    """RSS in MB of a process that has imported the first part, the first two, and so on."""
    told = subprocess.run(
        [sys.executable, "-m", "bench.imports"], cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    found: dict[str, float] = json.loads(told.stdout)
    return found


def _machine() -> dict[str, Any]:
    models = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")
    ]
    memory = Path("/proc/meminfo").read_text().split()[1]
    return {
        "processor": models[0].partition(":")[2].strip() if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(int(memory) / 1024 / 1024),
        "system": f"{platform.system()} {platform.release()}",
    }


def _versions() -> dict[str, str]:
    ours = ("Flask", "Jinja2", "SQLAlchemy", "psycopg", "argon2-cffi", "gunicorn", "granian")
    found = {
        name: version(name)
        for name in ours
        if importlib.util.find_spec(name.lower()) or name == "argon2-cffi"
    }
    return {
        "Python": platform.python_version(),
        **found,
        **{peer.name: peer.version() for peer in PEERS},
    }


if __name__ == "__main__":
    main()
