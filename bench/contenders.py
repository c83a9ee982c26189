"""The contenders: what each is, how its environment and database are made, and how it is served."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench import meter
from console.config.defaults import DEFAULTS

ROOT = Path(__file__).resolve().parent.parent
SCRATCH = ROOT / ".bench"
WORKERS = 2
KEY = "0123456789abcdef" * 4
CHEAP = "t=1,m=8,p=1"
PRODUCTION: str = DEFAULTS["PASSWORD_HASH_COST"]
RECOVERY: str = DEFAULTS["RECOVERY_HASH_COST"]
"""The hashes of passwords and of recovery codes as the product has them by default."""
GUNICORN, GRANIAN, SERVE = "gunicorn", "granian", "make serve"


@dataclass(frozen=True)
class Contender:
    """An application that can be served.

    :param key: a short name, which its journeys have too.
    :param name: what the table says.
    :param module: where its ``app`` is; run as a program with ``seed`` it makes its database.
    :param peer: the folder under ``bench/peers`` whose requirements it needs; None for ours.
    :param database: the address of its database, where it is not a file of its own.
    """

    key: str
    name: str
    module: str
    peer: str | None = None
    database: str | None = None

    @property
    def python(self) -> str:
        """Of its environment; until :meth:`install` was called, ours is the one at work."""
        own = self._environment
        return str(own / "bin" / "python") if self.peer or own.exists() else sys.executable

    @property
    def _environment(self) -> Path:
        return SCRATCH / (self.peer or "twostep")

    def install(self) -> None:
        """Make its environment, unless that was done from the same requirements."""
        requirements, own = self._requirements(), self._environment
        mark = own / "installed.txt"
        if mark.exists() and mark.read_text() == requirements:
            return
        venv.create(own, with_pip=True, clear=True, symlinks=True)
        (own / "requirements.txt").write_text(requirements)
        command = [self.python, "-m", "pip", "install", "--quiet", "-r", str(own / "requirements.txt")]
        subprocess.run(command, check=True)
        mark.write_text(requirements)

    def _requirements(self) -> str:
        """What it needs; ours is what production has, and the server that all are measured under."""
        if self.peer:
            return (ROOT / "bench" / "peers" / self.peer / "requirements.txt").read_text()
        development = (ROOT / "requirements-dev.lock").read_text()
        server = re.search(rf"^{GUNICORN}==[^\n]*(\n +[^\n]*)*", development, re.MULTILINE)
        assert server
        return (ROOT / "requirements.lock").read_text() + server[0] + "\n"

    def version(self) -> str:
        """Of what is measured: empty for ours."""
        if self.peer is None:
            return ""
        first = (ROOT / "bench" / "peers" / self.peer / "requirements.txt").read_text().splitlines()[0]
        return first.partition("==")[2]


@dataclass
class Server:
    """A contender that is being served."""

    contender: Contender
    host: str
    port: int
    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def memory(self) -> list[tuple[float, float]]:
        """RSS and PSS of each worker, in MB."""
        return [_memory(pid) for pid in _children(self.process.pid)]

    def processor(self) -> float:
        """Seconds that all its processes have worked."""
        pids = [self.process.pid, *_children(self.process.pid)]
        ticks = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13] for pid in pids]
        return sum(int(part) for parts in ticks for part in parts) / os.sysconf("SC_CLK_TCK")

    def pss(self) -> float:
        """PSS of all its processes, the one that started the workers included, in MB."""
        return sum(_memory(pid)[1] for pid in [self.process.pid, *_children(self.process.pid)])


@dataclass(frozen=True)
class Set:
    """How a contender is set up.

    :param people: accounts with a second step, and as many without.
    :param cost: of the password hash.
    :param settings: Twostep's own, besides those of every run.
    """

    people: int = 200
    cost: str = CHEAP
    settings: dict[str, Any] = field(default_factory=dict)


def environment(contender: Contender, folder: Path, how: Set) -> dict[str, str]:
    """The variables that a contender is run with."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MFA_", "BENCH_"))}
    settings = {
        "SECRET_KEY": KEY,
        "SERVER_NAME": "127.0.0.1",
        "PREFERRED_URL_SCHEME": "http",
        "INSTANCE_PATH": str(folder),
        "MAIL_SERVER": "127.0.0.1",
        "EVENT_LOG": "none",
        "PASSWORD_HASH_COST": how.cost,
        "RECOVERY_HASH_COST": RECOVERY if how.cost == PRODUCTION else CHEAP,
        **({"SQLALCHEMY_DATABASE_URI": contender.database} if contender.database else {}),
        **how.settings,
    }
    return {
        **own,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "BENCH_FOLDER": str(folder),
        "BENCH_PEOPLE": str(how.people),
        "BENCH_COST": how.cost,
        "BENCH_SETTINGS": json.dumps(settings),
    }


def run(
    contender: Contender, folder: Path, how: Set, module: str, *arguments: str, python: str | None = None
) -> str:
    """Run a module in the contender's environment, or in that of *python*; what it prints."""
    folder.mkdir(parents=True, exist_ok=True)
    told = subprocess.run(
        [python or contender.python, "-m", module, *arguments],
        cwd=ROOT,
        env=environment(contender, folder, how),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return told.stdout


def seed(contender: Contender, folder: Path, how: Set) -> None:
    """Make its database in *folder*."""
    run(contender, folder, how, contender.module, "seed")


@contextmanager
def serving(
    contender: Contender, folder: Path, how: Set, *, server: str = GUNICORN, metered: bool = False
) -> Iterator[Server]:
    """Serve a contender whose database is in *folder*.

    :param metered: tell in headers what each request costs; not where the load is measured.
    """
    host, port = "127.0.0.1", _free_port()
    served = replace(how, settings={"SERVER_NAME": f"{host}:{port}", **how.settings})
    variables = environment(contender, folder, served)
    if metered:
        variables[meter.SWITCH] = "1"
    log = folder / f"{server.replace(' ', '-')}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            _command(contender, server, host, port),
            cwd=ROOT,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(process, host, port, log)
        yield Server(contender, host, port, process, folder)
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _command(contender: Contender, server: str, host: str, port: int) -> list[str]:
    if server == SERVE:
        given = f"'{contender.module}:flask', host={host!r}, port={port}"
        begin = "from deploy import memory, serve; memory.ask_for_large_pages()"
        return [contender.python, "-c", f"{begin}; serve.serve({given})"]
    start = [contender.python, "-m", server, f"{contender.module}:app"]
    if server == GUNICORN:
        return [*start, "--bind", f"{host}:{port}", "--workers", str(WORKERS), "--no-control-socket"]
    return [
        *(*start, "--interface", "wsgi", "--host", host, "--port", str(port), "--no-ws"),
        *("--workers", str(WORKERS), "--blocking-threads", "1", "--log-level", "warning"),
    ]


def _wait(process: subprocess.Popen[bytes], host: str, port: int, log: Path) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://{host}:{port}/no-such-page", timeout=30)
        except urllib.error.HTTPError:
            return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)  # no server says when it has begun
        else:
            return
    raise RuntimeError(f"it did not start:\n{log.read_text()[-3000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = [int(child) for child in children]
    # Python's own helper of multiprocessing is no worker.
    return [
        child for child in found if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def _memory(pid: int) -> tuple[float, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kilobytes = {line.split()[0]: int(line.split()[1]) for line in lines[1:] if line.endswith("kB")}
    return kilobytes["Rss:"] / 1024, kilobytes["Pss:"] / 1024
