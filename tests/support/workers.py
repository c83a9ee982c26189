"""The application as it is met in production: `deploy.serve`, several processes of several threads each."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.support import patience
from tests.support.clock import SharedClock
from tests.support.smtp import free_port

_ROOT = Path(__file__).resolve().parent.parent.parent
PROCESSES, THREADS = 2, 8


class Workers:
    """The server on a free loopback port.

    :param folder: the instance folder, with the database in it; the clock's file and the log go there too.
    :param processes: how many it has.
    :param behind: another one, whose clock it goes by and whose name it serves, as one balancer would stand
        before both.
    :param settings: what ``create_app`` gets, as far as JSON can say it, beside what the server itself
        knows: instance folder and ``SERVER_NAME``.
    """

    entry = "tests.support.served:app"
    """The WSGI application that is served."""
    first_page = "/sign-in"
    """A page of it that answers 200 to everybody."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any],
        *,
        processes: int = PROCESSES,
        behind: Workers | None = None,
    ) -> None:
        self.log = folder / "server.log"
        self.clock = behind.clock if behind else SharedClock(folder / "clock")
        self.processes = processes
        self.host, self.port = "127.0.0.1", free_port()
        self.settings: dict[str, Any] = {
            "DRAIN_SECONDS": 0,
            **settings,
            "INSTANCE_PATH": str(folder),
            "SERVER_NAME": behind.name if behind else self.name,
            "WORKERS": processes,
            "THREADS": THREADS,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.name}"

    def start(self) -> None:
        """Start it and wait for its first answer."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("MFA_")}
        served = {"SERVED_SETTINGS": json.dumps(self.settings), "SERVED_CLOCK": str(self.clock.path)}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=_ROOT,
                env={**own, **served},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait()

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, which lets it answer what it has begun; by force if it doesn't.

        :param sign: SIGINT for a server that need not drain.
        """
        if self._process is None:
            return
        self._process.send_signal(sign)
        try:
            self._process.wait(timeout=patience.SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def wait_for(self, line: str, seconds: float = patience.SECONDS) -> None:
        """Wait until it has said *line*."""
        assert self._process
        end = time.monotonic() + seconds
        while line not in self.log.read_text():
            assert time.monotonic() < end, f"it did not say {line!r}:\n{self.log.read_text()}"
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.05)

    @property
    def folder(self) -> Path:
        return self.log.parent

    def _command(self) -> list[str]:
        given = f"{self.entry!r}, host={self.host!r}, port={self.port}"
        return [sys.executable, "-c", f"from deploy import serve; serve.serve({given})"]

    def _is_up(self) -> bool:
        return f"Started worker-{self.processes}" in self.log.read_text()

    def _wait(self) -> None:
        assert self._process
        while not self._is_up():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.05)
                raise AssertionError(f"the server did not start:\n{self.log.read_text()}")
        connection = http.client.HTTPConnection(self.host, self.port, timeout=patience.SECONDS)
        # A worker says that it has started a moment before it listens.
        while not self._asks(connection):
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.05)
                raise AssertionError(f"the server ended:\n{self.log.read_text()}")
        assert connection.getresponse().status == 200, self.log.read_text()
        connection.close()

    def _asks(self, connection: http.client.HTTPConnection) -> bool:
        """Ask for the first page; return False if nobody listens."""
        try:
            connection.request("GET", self.first_page, headers={"Host": self.settings["SERVER_NAME"]})
        except ConnectionRefusedError:
            connection.close()
            return False
        return True


class SturdyWorkers(Workers):
    """Under gunicorn, which replaces its processes however often they are killed; Granian gives up then."""

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "gunicorn", self.entry),
            *("--bind", f"{self.host}:{self.port}"),
            *("--worker-class", "gthread", "--workers", str(self.processes), "--threads", str(THREADS)),
            # Loaded once, before the processes: one that takes the place of a killed one is there at once.
            *("--graceful-timeout", "5", "--no-control-socket", "--preload"),
        ]

    def _is_up(self) -> bool:
        return self.log.read_text().count("Booting worker") == self.processes
