"""``make bench``: start each contender, measure, print a table, and write ``docs/performance.md``.

``python -m bench --quick`` is short and rough, and writes no page; ``--only scale,soak`` measures a part and
keeps the rest of the last run; ``--report`` writes the page from it without measuring.
"""

from __future__ import annotations

import argparse
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
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import contenders, report, scale, soak, stages
from bench.contenders import GRANIAN, PRODUCTION, ROOT, SCRATCH, Contender, Set
from bench.stages import CLIENTS, FULL, QUICK, Effort
from tests.support.postgresql import PostgreSQL, address
from tests.support.smtp import Inbox

FLOORS = Contender("floor", "floors", "bench.served.floor")
TWOSTEP = Contender("twostep", "Twostep on SQLite", "bench.served.twostep")
PEERS = [
    Contender("allauth", "django-allauth", "bench.peers.allauth.app", "allauth"),
    Contender("flask_security", "Flask-Security-Too", "bench.peers.flask_security.app", "flask_security"),
    Contender("two_factor", "django-two-factor-auth", "bench.peers.two_factor.app", "two_factor"),
]


class Run:
    """One run: what all stages share.

    :param folder: for databases; it is emptied afterwards.
    """

    def __init__(self, effort: Effort, folder: Path) -> None:
        self.effort, self.folder = effort, folder
        self.inbox = Inbox()
        self.postgresql = PostgreSQL(folder / "postgresql")

    def stop(self) -> None:
        self.inbox.stop()
        self.postgresql.stop()

    def on_sqlite(self) -> Contender:
        return TWOSTEP

    def on_postgresql(self) -> Contender:
        """Twostep on a database of its own."""
        database = address(self.postgresql.create())
        return replace(TWOSTEP, name="Twostep on PostgreSQL", database=database)

    def load(self) -> dict[str, Any]:
        everyone = [FLOORS, TWOSTEP, self.on_postgresql(), *PEERS]
        with stages.served(everyone, self.folder / "load", self.effort, self.inbox) as servers:
            found = {
                "pages": stages.pages(servers, self.effort, self.inbox, clients=CLIENTS),
                "steps": stages.steps(
                    {name: one for name, one in servers.items() if one.contender.key == "twostep"},
                    self.effort,
                    self.inbox,
                ),
            }
            people_sign_in = {name: one for name, one in servers.items() if one.contender.key != "floor"}
            found["sign_ins"] = stages.sign_ins(people_sign_in, self.effort, self.inbox)
            found["memory"] = stages.memory(servers)
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
        few = replace(self.effort, people=200)
        everyone = [TWOSTEP, self.on_postgresql()]
        place = self.folder / "production"
        with stages.served(everyone, place, few, self.inbox, metered=True, cost=PRODUCTION) as servers:
            production = stages.costs(servers, few, self.inbox, enroll=False)
            hashing = stages.hash_cost(few)
        return {"cheap": cheap, "production": production, "hash": hashing, "memory": memory}

    def scale(self) -> dict[str, Any]:
        found = {}
        few = replace(self.effort, people=200)
        for name, make in (("SQLite", self.on_sqlite), ("PostgreSQL", self.on_postgresql)):
            with ExitStack() as stack:
                servers, filling = {}, {}
                for accounts in self.effort.accounts:
                    size = f"{accounts:,}"
                    one = replace(make(), name=size)
                    place = self.folder / "scale" / name / size
                    how = Set(few.people, settings={"MAIL_PORT": self.inbox.port})
                    began = time.perf_counter()
                    contenders.run(one, place, how, "bench.fill", str(accounts))
                    filling[size] = time.perf_counter() - began
                    servers[size] = stack.enter_context(contenders.serving(one, place, how, metered=True))
                found[name] = {"seconds_to_fill": filling, **scale.measure(servers, few, self.inbox)}
        return found

    def soak(self) -> dict[str, Any]:
        found = {}
        for kind in (TWOSTEP, self.on_postgresql()):
            with stages.served([kind], self.folder / "soak", self.effort, self.inbox) as servers:
                found[kind.name] = soak.measure(servers[kind.name], self.effort, self.inbox)
        return found

    def profile(self) -> dict[str, Any]:
        place = self.folder / "profile"
        how = Set(150, settings={"MAIL_PORT": self.inbox.port})
        contenders.seed(TWOSTEP, place, how)
        told = contenders.run(TWOSTEP, place, how, "bench.profiled", python=sys.executable)
        return {**json.loads(told), "memory": _imports()}


STAGES: dict[str, Callable[[Run], dict[str, Any]]] = {
    "load": Run.load,
    "journeys": Run.journeys,
    "scale": Run.scale,
    "soak": Run.soak,
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
    kept = SCRATCH / ("quick.json" if options.quick else "results.json")
    results = json.loads(kept.read_text()) if kept.exists() else {}
    if not options.report:
        effort = QUICK if options.quick else FULL
        if options.soak:
            effort = replace(effort, soak=options.soak)
        if size := os.environ.get("BENCH_SCALE"):
            effort = replace(effort, accounts=(effort.accounts[0], int(size)))
        measure(options.only.split(","), effort, results, kept)
    page = report.page(results)
    if not options.quick:
        (ROOT / "docs" / "performance.md").write_text(page)
    print(page)


def measure(names: list[str], effort: Effort, results: dict[str, Any], kept: Path) -> None:
    """Run the stages of those names, and put what they find into *results* and into the file *kept*."""
    SCRATCH.mkdir(exist_ok=True)
    for contender in (*PEERS, TWOSTEP):
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
