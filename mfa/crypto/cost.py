"""What an argon2id hash costs."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TEXT = re.compile(r"t=([0-9]{1,4}),m=([0-9]{1,8}),p=([0-9]{1,3})")


@dataclass(frozen=True)
class Cost:
    """argon2id's three costs (RFC 9106 §3.1)."""

    passes: int
    memory_kib: int
    lanes: int

    @classmethod
    def parse(cls, text: str) -> Cost:
        """Read ``t=3,m=65536,p=1`` (passes, memory in KiB, lanes).

        :raises ValueError: not of that form, or outside what argon2 takes.
        """
        found = _TEXT.fullmatch(text.strip())
        if not found:
            raise ValueError(f"not a cost of argon2id: {text!r} (write t=3,m=65536,p=1)")
        cost = cls(*map(int, found.groups()))
        if cost.passes < 1 or cost.lanes < 1 or cost.memory_kib < 8 * cost.lanes:
            raise ValueError(f"argon2id takes no cost of {text!r}")
        return cost

    def __str__(self) -> str:
        return f"t={self.passes},m={self.memory_kib},p={self.lanes}"
