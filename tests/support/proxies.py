"""Debian's nginx and Caddy before our servers, with the files of ``deploy/``."""

from __future__ import annotations

import datetime
import os
import socket
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.support import debian
from tests.support.smtp import free_port

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


class Proxy:
    """A proxy at :attr:`url` before some servers.

    :param folder: for its files, which end with it.
    :param root: the path below which the servers are, set up as docs/operations/one-server.md says.
    """

    def __init__(self, folder: Path, root: str = "") -> None:
        self.folder, self.root = folder, root
        self.port = free_port()
        self.log = folder / "proxy.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        raise NotImplementedError

    def client(self, **headers: str) -> httpx.Client:
        """Return a visitor, to whom the certificate is good enough."""
        return httpx.Client(base_url=self.url, headers=headers, verify=False, timeout=60)  # noqa: S501

    def check(self, servers: Sequence[str]) -> None:
        """Let the proxy check the file by itself; fail with what it says."""
        checked = subprocess.run(
            self._checking(servers),
            env=self._environment(servers),
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stderr

    def start(self, servers: Sequence[str]) -> None:
        """Start it before *servers* (host:port) and wait for its port."""
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._serving(servers), env=self._environment(servers), stdout=log, stderr=subprocess.STDOUT
            )
        while True:
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port)):
                return
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.05)
                raise AssertionError(f"the proxy ended:\n{self.log.read_text()}")

    def wait_for(self, server: str, stop: threading.Event) -> None:
        """Wait until it sends people to *server* again, which has been away and is ready, or until *stop*."""

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait()

    def _checking(self, servers: Sequence[str]) -> list[str]:
        raise NotImplementedError

    def _serving(self, servers: Sequence[str]) -> list[str]:
        raise NotImplementedError

    def _environment(self, servers: Sequence[str]) -> dict[str, str]:  # noqa: ARG002 (Caddy's differs)
        return dict(os.environ)


class Nginx(Proxy):
    """nginx with ``deploy/nginx.conf``, on other ports and with a certificate of its own."""

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def _checking(self, servers: Sequence[str]) -> list[str]:
        return [*self._serving(servers), "-t"]

    def _serving(self, servers: Sequence[str]) -> list[str]:
        _make_certificate(self.folder / "nginx.pem", self.folder / "nginx.key")
        text = (DEPLOY / "nginx.conf").read_text()
        for general, here in {
            "10.0.0.11:8000": servers[0],
            "10.0.0.12:8000": servers[1],
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "listen [::]:80;": "",
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "listen [::]:443 ssl http2;": "",
            "/etc/ssl/certs/console.example.pem": str(self.folder / "nginx.pem"),
            "/etc/ssl/private/console.example.key": str(self.folder / "nginx.key"),
            "/var/log/nginx/twostep.log": str(self.folder / "nginx-error.log"),
            # nginx hands the whole path on.
            "location / {": f"location {self.root}/ {{",
            "^/(healthz|readyz|metrics)$": f"^{self.root}/(healthz|readyz|metrics)$",
        }.items():
            assert general in text, general
            text = text.replace(general, here)
        around = self.folder / "nginx.conf"
        kept = "\n".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in _NGINX_KEEPS)
        main = f"pid {self.folder}/nginx.pid;\ndaemon off;\nevents {{}}\n"
        around.write_text(f"{main}http {{\n{kept}\n{text}\n}}\n")
        nginx = debian.program("nginx", "nginx-light")
        return [nginx, "-p", str(self.folder), "-e", str(self.folder / "nginx-error.log"), "-c", str(around)]


_NGINX_KEEPS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Caddy(Proxy):
    """Caddy with ``deploy/Caddyfile``, without TLS."""

    def _has_away(self, server: str) -> bool:
        """Return True if it has seen *server* not ready, and not ready again since."""
        lines = self.log.read_text().splitlines()
        said = [line for line in lines if "health_checker" in line and f'"host":"{server}"' in line]
        return bool(said) and "host is up" not in said[-1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, server: str, stop: threading.Event) -> None:
        """Caddy 2.6 answers a POST with 503 where no server is ready, and waits for one since 2.7.5."""
        assert self._process
        while self._has_away(server) and not stop.is_set():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.05)
                raise AssertionError(f"the proxy ended:\n{self.log.read_text()}")

    def _checking(self, servers: Sequence[str]) -> list[str]:  # noqa: ARG002 (they are in its environment)
        return [*self._command("validate")]

    def _serving(self, servers: Sequence[str]) -> list[str]:  # noqa: ARG002
        return self._command("run")

    def _environment(self, servers: Sequence[str]) -> dict[str, str]:
        return {
            **super()._environment(servers),
            "MFA_SERVER_NAME": self.url,
            "UPSTREAMS": " ".join(servers),
            "CADDY_ADMIN": f"127.0.0.1:{free_port()}",
            "HOME": str(self.folder),
            "XDG_DATA_HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
        }

    def _command(self, verb: str) -> list[str]:
        caddy = debian.program("caddy", "caddy")
        return [caddy, verb, "--config", str(self._file()), "--adapter", "caddyfile"]

    def _file(self) -> Path:
        shipped = DEPLOY / "Caddyfile"
        if not self.root:
            return shipped
        site = "{$MFA_SERVER_NAME} {"
        head, found, rest = shipped.read_text().partition(site)
        assert found
        # An error's page is not among what is handled for a path.
        rest, errors, pages = rest.partition("\thandle_errors")
        assert errors
        below = self.folder / "Caddyfile"
        # Caddy cuts the path off. Its handle_path does not take the path without the slash.
        own = f"redir {self.root} {self.root}/\nhandle_path {self.root}/*"
        below.write_text(f"{head}{site}\n{own} {{{rest}}}\n{errors}{pages}")
        return below


def _make_certificate(certificate: Path, key: Path) -> None:
    made = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "console.example")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(made.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(made, SHA256())
    )
    certificate.write_bytes(signed.public_bytes(Encoding.PEM))
    key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
