"""Programs of Debian's packages, installed first where they are missing."""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WHERE = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


@functools.cache
def program(name: str, package: str) -> str:
    """Return the path of program *name*, of Debian's *package*."""
    found = shutil.which(name, path=_WHERE)
    if found is None:
        with _alone():
            as_root(["apt-get", "update", "-q"])
            as_root(["apt-get", "install", "-q", "-y", "--no-install-recommends", package])
        found = shutil.which(name, path=_WHERE)
    if found is None:
        raise SystemExit(f"There is no {name}: install the package {package}.")
    return found


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process at a time install: tests run in several, and apt-get waits for nobody."""
    with (Path(tempfile.gettempdir()) / f"twostep-apt-{os.geteuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def as_root(command: list[str]) -> None:
    """Run *command* as root, through sudo where the tests run as somebody else."""
    rise = [] if os.geteuid() == 0 else ["sudo", "-n"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*rise, *command], check=True, env=environment, stdout=sys.stderr)
