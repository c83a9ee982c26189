"""Whatever the umask, only the owner reads what the installation stores."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from console import create_app, private
from mfa.activity import log
from mfa.here import Here
from tests.support.stores import Stores

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.is_file()}


@pytest.mark.process
@pytest.mark.sqlite
def test_a_new_installation_is_private(tmp_path: Path) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("MFA_")}
    settings = {"MFA_MODE": "development", "MFA_INSTANCE_PATH": str(tmp_path), "MFA_EVENT_LOG": "events.log"}
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "db", "upgrade"],
        cwd=ROOT,
        env={**own, **settings},
        umask=0,
        check=True,
    )
    found = modes(tmp_path)
    assert found.keys() >= {"development.key", "events.log", "twostep.db"}
    assert set(found.values()) == {0o600}


@pytest.mark.sqlite
def test_wal_and_index_are_private_while_the_database_is_open(
    open_umask: None, app: Flask, config: dict[str, Any]
) -> None:
    assert app.test_client().get("/readyz").status_code == 200
    found = modes(config["INSTANCE_PATH"])
    assert {name: found[name] for name in found if name.startswith("twostep.db")} == dict.fromkeys(
        ["twostep.db", "twostep.db-wal", "twostep.db-shm"], 0o600
    )


@pytest.mark.sqlite
def test_files_of_an_older_version_are_made_private(config: dict[str, Any]) -> None:
    folder = config["INSTANCE_PATH"]
    (folder / "twostep.db").chmod(0o644)
    (folder / "events.log").touch(0o644)
    create_app({**config, "MAIL_WORKER": "none", "EVENT_LOG": "events.log"})
    assert {modes(folder)[name] for name in ("twostep.db", "events.log")} == {0o600}


def test_a_private_file_is_never_replaced(tmp_path: Path) -> None:
    private.create(tmp_path / "key", "first")
    with pytest.raises(FileExistsError):
        private.create(tmp_path / "key", "second")
    assert (tmp_path / "key").read_text() == "first"


def test_the_event_log_goes_on_in_a_new_file_after_rotation(
    open_umask: None, config: dict[str, Any], stores: Stores
) -> None:
    create_app({**config, "MAIL_WORKER": "none", "EVENT_LOG": "events.log"})
    folder = config["INSTANCE_PATH"]
    path = folder / "events.log"
    log.write("first", Here(NOW), outcome="done", account=None)
    path.rename(folder / "events.log.1")
    log.write("second", Here(NOW), outcome="done", account=None)
    assert '"first"' in (folder / "events.log.1").read_text()
    assert '"second"' in path.read_text()
    assert modes(folder)["events.log"] == 0o600


def test_the_event_log_may_be_a_device(config: dict[str, Any]) -> None:
    before = Path("/dev/null").stat().st_mode
    create_app({**config, "MAIL_WORKER": "none", "EVENT_LOG": "/dev/null"})
    log.write("first", Here(NOW), outcome="done", account=None)
    assert Path("/dev/null").stat().st_mode == before


@pytest.mark.process
def test_locks_on_a_file_outlive_a_second_look_at_its_mode(tmp_path: Path) -> None:
    """As of SQLite on its database, where a process makes a second application."""
    path = tmp_path / "twostep.db"
    private.make(path)
    path.chmod(0o640)
    attempt = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with path.open("r+") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        private.make(path)
        other = subprocess.run([sys.executable, "-c", attempt, str(path)], capture_output=True, check=False)
    assert other.returncode != 0
    assert b"BlockingIOError" in other.stderr
    assert path.stat().st_mode & 0o777 == 0o600
