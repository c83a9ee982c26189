"""The files of ``deploy/`` for a server without containers, checked by the programs that read them."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from console import config as settings
from deploy.draining import SETTLE_SECONDS
from deploy.serve import KILL_AFTER
from tests.support import debian
from tests.support.proxies import DEPLOY, Caddy, Nginx, Proxy

pytestmark = pytest.mark.process

UNITS = sorted(path.name for path in (DEPLOY / "systemd").glob("*.service"))
CODE = "/srv/twostep"
MOST_EXPOSED = 20
"""Of 100, as `systemd-analyze security` counts; a unit without any option has 96."""


def here(name: str, folder: Path) -> Path:
    """The unit as it would be on this machine: systemd looks whether the program exists."""
    text = (DEPLOY / "systemd" / name).read_text()
    assert f"{CODE}/.venv/bin/" in text
    copy = folder / name
    copy.write_text(text.replace(f"{CODE}/.venv/bin", str(Path(sys.executable).parent)).replace(CODE, "/"))
    return copy


def read(name: str) -> configparser.SectionProxy:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(DEPLOY / "systemd" / name)
    return unit["Service"]


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    program = debian.program("systemd-analyze", "systemd")
    return subprocess.run([program, *words], capture_output=True, text=True, check=False)


def test_there_is_a_unit_for_the_server_and_one_for_mail() -> None:
    assert UNITS == ["twostep-mail.service", "twostep.service"]


@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_unit_without_a_word(name: str, tmp_path: Path) -> None:
    for unit in UNITS:
        here(unit, tmp_path)
    checked = analyze("verify", "--man=no", "--recursive-errors=no", str(tmp_path / name))
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_is_hardened(name: str, tmp_path: Path) -> None:
    checked = analyze("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", str(here(name, tmp_path)))
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_runs_as_its_own_user_with_private_files(name: str) -> None:
    unit = read(name)
    assert (unit["User"], unit["UMask"], unit["StateDirectoryMode"]) == ("twostep", "0077", "0700")


@pytest.mark.parametrize("name", UNITS)
def test_systemd_waits_longer_than_a_stop_takes(name: str) -> None:
    longest = settings.DEFAULTS["DRAIN_SECONDS"] + SETTLE_SECONDS + KILL_AFTER
    assert int(read(name)["TimeoutStopSec"]) > longest


def test_only_the_main_process_of_the_server_is_told_to_stop() -> None:
    assert read("twostep.service")["KillMode"] == "mixed"


@pytest.mark.parametrize("name", UNITS)
def test_the_program_of_the_unit_exists(name: str) -> None:
    program, *words = read(name)["ExecStart"].removeprefix(f"{CODE}/.venv/bin/").split()
    assert (program, words) in [
        ("python", ["-m", "deploy.serve"]),
        ("flask", ["--app", "app", "mail", "deliver", "--forever"]),
    ]


@pytest.mark.parametrize("name", UNITS)
def test_each_setting_in_the_unit_exists(name: str) -> None:
    named = set(re.findall(r"\bMFA_([A-Z_]+)", (DEPLOY / "systemd" / name).read_text()))
    assert named <= {"INSTANCE_PATH", *settings.DEFAULTS}


class Unready(BaseHTTPRequestHandler):
    """A server that can't reach its database: not ready, with a page of its own for people."""

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = f"own page, {self.headers.get('X_Forwarded_For', 'no underscore')}".encode()
        self.send_response(503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815 (names of the base class)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Hasty(Caddy):
    """Caddy that doesn't wait for a server that is away."""

    def _file(self) -> Path:
        text = super()._file().read_text()
        waits = "lb_try_duration 10s"
        assert waits in text
        hasty = self.folder / "Caddyfile"
        hasty.write_text(text.replace(waits, "lb_try_duration 0s"))
        return hasty


@pytest.mark.parametrize("kind", [Nginx, Hasty])
def test_while_no_server_is_ready_people_see_the_page_of_one(kind: type[Proxy], tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Unready)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    proxy = kind(tmp_path)
    proxy.start([f"127.0.0.1:{server.server_port}"] * 2)
    try:
        with proxy.client(X_Forwarded_For="8.8.8.8") as person:
            answers = [person.get("/sign-in"), person.post("/sign-in", data={"email": "mina@example.com"})]
            assert [(answer.status_code, answer.text) for answer in answers] == [
                (503, "own page, no underscore")
            ] * 2
            assert person.get("/readyz").status_code == 404
    finally:
        proxy.stop()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("kind", [Nginx, Caddy])
def test_the_proxy_takes_its_file(kind: type[Proxy], tmp_path: Path) -> None:
    kind(tmp_path).check(["127.0.0.1:1", "127.0.0.1:2"])
