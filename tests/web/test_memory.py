"""Memory of the server of production, after hashes."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy import memory
from tests.support.pages import csrf_token
from tests.support.workers import Workers

pytestmark = pytest.mark.process

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


def test_without_glibc_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert not memory.give_back_large_blocks()
