"""A screen that nobody sees, for browsers that can't do without one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support import debian

_SIZE = "1600x1200x24"


@contextmanager
def showing() -> Iterator[str]:
    """Start an X server; yield the name of its display, like ``:7``."""
    reader, writer = os.pipe()
    with subprocess.Popen(
        [
            debian.program("Xvfb", "xvfb"),
            "-displayfd",
            str(writer),
            "-screen",
            "0",
            _SIZE,
            "-nolisten",
            "tcp",
        ],
        pass_fds=[writer],
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(writer)
        try:
            with open(reader) as said:  # noqa: PTH123 (a descriptor is no path)
                number = said.readline().strip()
            assert number, "Xvfb has not started"
            yield f":{number}"
        finally:
            process.terminate()
