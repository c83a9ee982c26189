"""The application as it is met in production: gunicorn, several processes, several threads in each."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.clock import SharedClock

_ROOT = Path(__file__).resolve().parent.parent.parent
PROCESSES, THREADS = 2, 8


class Workers:
    """A gunicorn on a free loopback port.

    :param folder: the instance folder, with the database in it; the clock's file and the log go there too.
    :param settings: what ``create_app`` gets, as far as JSON can say it, beside what the server itself
        knows: instance folder and ``SERVER_NAME``.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.log = folder / "gunicorn.log"
        self.clock = SharedClock(folder / "clock")
        # The port is ours from here on, and gunicorn gets the open socket: nobody can come between.
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.host, self.port = self._socket.getsockname()
        self.settings: dict[str, Any] = {
            **settings,
            "INSTANCE_PATH": str(folder),
            "SERVER_NAME": f"{self.host}:{self.port}",
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Start it and wait for its first answer."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("MFA_")}
        served = {"SERVED_SETTINGS": json.dumps(self.settings), "SERVED_CLOCK": str(self.folder / "clock")}
        command = [
            *(sys.executable, "-m", "gunicorn", "tests.support.served:app"),
            *("--bind", f"fd://{self._socket.fileno()}"),
            *("--worker-class", "gthread", "--workers", str(PROCESSES), "--threads", str(THREADS)),
            *("--graceful-timeout", "5", "--no-control-socket"),
        ]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=_ROOT,
                env={**own, **served},
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[self._socket.fileno()],
                start_new_session=True,
            )
        # From now on the socket is open for as long as gunicorn is: a request waits for it, or is reset.
        self._socket.close()
        self._wait()

    def stop(self) -> None:
        """Ask it to end, which lets it answer what it has begun; by force if it doesn't."""
        if self._process is None:
            self._socket.close()
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    @property
    def folder(self) -> Path:
        return self.log.parent

    def _wait(self) -> None:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request("GET", "/sign-in")
            status = connection.getresponse().status
        except OSError as error:
            self.stop()
            raise AssertionError(f"gunicorn did not start:\n{self.log.read_text()}") from error
        finally:
            connection.close()
        assert status == 200, self.log.read_text()
