"""``make bench``: start each contender, measure, print a table, and write ``docs/performance.md``.

``python -m bench --quick`` is short and rough; ``--only scale,soak`` measures a part and keeps the rest of the
last run; ``--report`` writes the page from it without measuring.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import shutil
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
from bench.contenders import GRANIAN, PRODUCTION, ROOT, SCRATCH, Contender
from bench.stages import CLIENTS, FULL, QUICK, Effort
from tests.support.postgresql import PostgreSQL, address
from tests.support.smtp import Inbox

RESULTS = SCRATCH / "results.json"
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
        if all((one.python.parent / GRANIAN).exists() for one in everyone):
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
        for name, make in (("SQLite", lambda: TWOSTEP), ("PostgreSQL", self.on_postgresql)):
            with ExitStack() as stack:
                servers, filling = {}, {}
                for accounts in self.effort.accounts:
                    size = f"{accounts:,}"
                    one = replace(make(), name=size)
                    place = self.folder / "scale" / name / size
                    place.mkdir(parents=True)
                    began = time.perf_counter()
                    own = {"PEOPLE": few.people, "settings": {"MAIL_PORT": self.inbox.port}}
                    _fill(one, place, accounts, few.people)
                    filling[size] = time.perf_counter() - began
                    servers[size] = stack.enter_context(
                        contenders.serving(one, place, metered=True, **own)
                    )
                found[name] = {"seconds_to_fill": filling, **scale.measure(servers, few, self.inbox)}
        return found

    def soak(self) -> dict[str, Any]:
        found = {}
        for kind in (TWOSTEP, self.on_postgresql()):
            with stages.served([kind], self.folder / "soak", self.effort, self.inbox) as servers:
                found[kind.name] = soak.measure(servers[kind.name], self.effort, self.inbox)
        return found


STAGES: dict[str, Callable[[Run], dict[str, Any]]] = {
    "load": Run.load,
    "journeys": Run.journeys,
    "scale": Run.scale,
    "soak": Run.soak,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two minutes, rough")
    parser.add_argument("--only", default=",".join(STAGES), help="stages, with commas between")
    parser.add_argument("--report", action="store_true", help="only write the page from the last figures")
    parser.add_argument("--soak", type=float, help="seconds of the soak")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "performance.md")
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if not options.report:
        effort = QUICK if options.quick else FULL
        if options.soak:
            effort = replace(effort, soak=options.soak)
        if size := os.environ.get("BENCH_SCALE"):
            effort = replace(effort, accounts=(effort.accounts[0], int(size)))
        measure(options.only.split(","), effort, results)
    page = report.page(results)
    options.to.write_text(page)
    print(page)


def measure(names: list[str], effort: Effort, results: dict[str, Any]) -> None:
    """Run the stages of those names, and keep what they find in *results* and in its file."""
    SCRATCH.mkdir(exist_ok=True)
    for peer in PEERS:
        peer.install()
    folder = Path(tempfile.mkdtemp(prefix="run", dir=SCRATCH))
    run = Run(effort, folder)
    try:
        for name in names:
            print(f"{name} …", file=sys.stderr, flush=True)
            begin = os.getloadavg()[0]
            results[name] = STAGES[name](run)
            results[name]["taken"] = {
                "at": datetime.now(UTC).isoformat(timespec="minutes"),
                "load_before": begin,
                "rounds": effort.rounds,
                "seconds": effort.seconds,
            }
            results["machine"] = _machine()
            results["versions"] = _versions()
            RESULTS.write_text(json.dumps(results, indent=1))
    finally:
        run.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _fill(contender: Contender, folder: Path, accounts: int, people: int) -> None:
    subprocess.run(
        [contender.python, "-m", "bench.fill", str(accounts)],
        cwd=ROOT,
        env=contenders.environment(contender, folder, PEOPLE=people),
        check=True,
    )


def _machine() -> dict[str, Any]:
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory = Path("/proc/meminfo").read_text().split()[1]
    return {
        "processor": models[0].partition(":")[2].strip() if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(int(memory) / 1024 / 1024),
        "system": f"{platform.system()} {platform.release()}",
    }


def _versions() -> dict[str, str]:
    ours = ("Flask", "Jinja2", "SQLAlchemy", "psycopg", "argon2-cffi", "gunicorn", "granian")
    found = {name: version(name) for name in ours if importlib.util.find_spec(name.lower()) or name == "argon2-cffi"}
    return {
        "Python": platform.python_version(),
        **found,
        **{peer.name: peer.version() for peer in PEERS},
    }


if __name__ == "__main__":
    main()
