"""A real PgBouncer in transaction mode before a PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL

from tests.support import debian
from tests.support.smtp import free_port

_SETTINGS = """
[databases]
* = host={host} port={server_port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 1
reserve_pool_size = 0
max_client_conn = {most}
ignore_startup_parameters = extra_float_digits
"""


class PgBouncer:
    """A PgBouncer on a free port, with one connection for each database of the server of *url*.

    :param most: how many clients it takes.
    """

    def __init__(self, url: URL, *, most: int = 100) -> None:
        self.port = free_port()
        # Not below pytest's folder: as root it becomes somebody else, who must read its settings.
        self._folder = TemporaryDirectory(prefix="twostep-pgbouncer-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        folder.chmod(0o755)
        settings = folder / "pgbouncer.ini"
        settings.write_text(
            _SETTINGS.format(
                host=url.query["host"],
                server_port=url.port or 5432,
                user=url.username,
                port=self.port,
                most=most,
            )
        )
        self._log = folder / "pgbouncer.log"
        command = [debian.program("pgbouncer", "pgbouncer"), "-q", str(settings)]
        if os.geteuid() == 0:
            # It refuses to run as root; to whom the socket belongs, PostgreSQL runs as.
            owner = Path(str(url.query["host"])).stat().st_uid
            command = [str(shutil.which("setpriv")), f"--reuid={owner}", "--clear-groups", *command]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self._wait()

    def before(self, url: URL) -> URL:
        """Return the address of the database of *url* through this."""
        plain = {"sslmode": "disable", "gssencmode": "disable"}
        return url.set(host="127.0.0.1", port=self.port, query=plain)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def _wait(self) -> None:
        while True:
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port)):
                return
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.05)
                raise AssertionError(f"PgBouncer ended:\n{self._log.read_text()}")
