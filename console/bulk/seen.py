"""Which addresses a file has had already, whatever its length."""

from __future__ import annotations

import hashlib
import os
import sqlite3


class Seen:
    """Remembers keys with their lines, on disk once they are many (a temporary file without a name)."""

    def __init__(self) -> None:
        # Under a key that nobody keeps, so that the file says nothing of anybody.
        self._secret = os.urandom(32)
        self._kept = sqlite3.connect("", isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -4096"):
            self._kept.execute(f"PRAGMA {setting}")
        self._kept.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._kept.execute("BEGIN")

    def note(self, key: str, line: int) -> int | None:
        """Note that *key* stands on *line*; the line on which it stood before, or None."""
        digest = hashlib.blake2b(key.encode(), key=self._secret, digest_size=16).digest()
        added = self._kept.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, line)).rowcount
        if added:
            return None
        (earlier,) = self._kept.execute("SELECT line FROM seen WHERE key = ?", (digest,)).fetchone()
        return int(earlier)

    def close(self) -> None:
        self._kept.close()
