"""Files that only their owner may read, whatever the umask says."""

from __future__ import annotations

import os
from pathlib import Path

OWNER_ONLY = 0o600


def create(path: Path, text: str) -> None:
    """Write *text* to a new file.

    :raises FileExistsError: there is one.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def make(path: Path) -> None:
    """Create the file if it is missing, and take it from everybody but its owner.

    :raises OSError: there is no such folder, or something else than a file has that name.
    """
    # A mode at creation, so that nobody can open the file before it is restricted.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
    try:
        if os.fstat(handle).st_mode & 0o777 != OWNER_ONLY:
            os.fchmod(handle, OWNER_ONLY)
    finally:
        os.close(handle)
