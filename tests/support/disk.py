"""A file system of its own that can be filled."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tests.support import debian

_SIZE = 2 * 1024 * 1024
_BLOCK = 4096


class SmallDisk:
    """A file system of two megabytes at *folder*, until :meth:`stop`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._filling = folder / "filling"
        owner = f"uid={os.getuid()},gid={os.getgid()},mode=700"
        debian.as_root(["mount", "-t", "tmpfs", "-o", f"size={_SIZE},{owner}", "tmpfs", str(folder)])

    def fill(self) -> None:
        """Leave no byte."""
        with self._filling.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(_BLOCK))

    def empty(self) -> None:
        """Give the room back."""
        self._filling.unlink()

    def stop(self) -> None:
        debian.as_root(["umount", "--lazy", str(self.folder)])
