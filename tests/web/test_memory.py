"""Memory of the server of production, after hashes."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy import memory
from tests.support.pages import csrf_token
from tests.support.workers import Workers

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parent.parent.parent
RECOVERY_CODE = "t=1,m=19456,p=1"
"""The memory of a recovery code's hash, which glibc keeps; a block of 64 MiB it always gives back."""
KEPT, NOISE = 19, 12
"""MiB."""


def resident(pid: str) -> float:
    """Return the memory that a process holds, in MiB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc", pid, "status").read_text())
    assert found
    return int(found[1]) / 1024


def test_process_gives_back_what_hashes_took(config: dict[str, Any]) -> None:
    settings = {**config, "MAIL_WORKER": "none", "PASSWORD_HASH_COST": RECOVERY_CODE}
    server = Workers(config["INSTANCE_PATH"], settings, processes=1)
    # One thread, so that the first form loads all that the others need.
    server.settings["THREADS"] = 1
    server.start()
    try:
        with httpx.Client(base_url=server.url) as client:
            first = client.get("/sign-in")
            token = csrf_token(first.text)
            before = resident(first.headers["X-Worker"])
            for number in range(2):
                fields = {"csrf_token": token, "email": f"nobody{number}@example.com", "password": "wrong"}
                answer = client.post("/sign-in", data=fields)
                assert answer.status_code == 422
            after = resident(answer.headers["X-Worker"])
    finally:
        server.stop()
    # The forms leave a few MiB of their own.
    assert after - before < NOISE < KEPT


def told_in_the_end(given: dict[str, str]) -> list[str]:
    """Ask for large pages in a program of its own; return its arguments and what glibc was told."""
    program = (
        "import os, sys; from deploy import memory; print('begun'); memory.ask_for_large_pages();"
        f" print(sys.argv[1:], os.environ[{memory.TUNABLES!r}])"
    )
    own = {name: value for name, value in os.environ.items() if name != memory.TUNABLES}
    command = [sys.executable, "-u", "-X", "dev", "-c", program, "an argument"]
    said = subprocess.check_output(command, env={**own, **given}, cwd=ROOT, text=True)
    return said.splitlines()


def test_asking_for_large_pages_starts_the_program_a_second_time() -> None:
    expected = ["begun", "begun", "['an argument'] glibc.malloc.hugetlb=1"]
    assert told_in_the_end({}) == expected


@pytest.mark.parametrize("own", ["glibc.malloc.hugetlb=0", "glibc.malloc.check=1:glibc.malloc.hugetlb=0"])
def test_what_the_operator_has_said_of_large_pages_stays(own: str) -> None:
    assert told_in_the_end({memory.TUNABLES: own}) == ["begun", f"['an argument'] {own}"]


def test_other_tunables_of_the_operator_stay() -> None:
    own = "glibc.malloc.arena_max=4"
    assert told_in_the_end({memory.TUNABLES: own})[-1] == f"['an argument'] {own}:glibc.malloc.hugetlb=1"


def test_without_glibc_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert not memory.give_back_large_blocks()
