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

    One that is there is not opened: to close it again would drop the locks that SQLite has on it in this
    process (https://sqlite.org/howtocorrupt.html, §2.2), and this one would not see what another writes.

    :raises OSError: there is no such folder, or something else than a file has that name.
    """
    if path.is_file():
        if path.stat().st_mode & 0o777 != OWNER_ONLY:
            path.chmod(OWNER_ONLY)
        return
    # A mode at creation, so that nobody can open the file before it is restricted.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY))
