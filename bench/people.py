"""The accounts that every contender has; imported by their environments, so the standard library alone."""

from __future__ import annotations

import os
from pathlib import Path

PASSWORD = "orange kettle drives north"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""The TOTP key of everyone with a second step, in base32."""
ACTIVITY_EACH = 10
"""Events of an account, where there are many accounts."""
LOOKS = 7
"""At each page of members."""


def protected(number: int) -> str:
    """The address of somebody with a second step."""
    return f"on{number}@bench.example.com"


def plain(number: int) -> str:
    """The address of somebody without."""
    return f"off{number}@bench.example.com"


def folder() -> Path:
    """Where a contender keeps its database."""
    return Path(os.environ["BENCH_FOLDER"])


def count() -> int:
    """How many of each kind there are."""
    return int(os.environ.get("BENCH_PEOPLE", "200"))


def cost() -> dict[str, int]:
    """The cost of argon2id: ``t``, ``m`` and ``p``."""
    return {
        name: int(value) for name, value in (part.split("=") for part in os.environ["BENCH_COST"].split(","))
    }
