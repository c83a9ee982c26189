"""How figures are written, and the names by which they are kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Results = dict[str, Any]
OURS, ON_POSTGRESQL = "Twostep on SQLite", "Twostep on PostgreSQL"
FLOOR = "Flask + Flask-SQLAlchemy + SELECT + fragment"
PEERS = ("django-allauth", "Flask-Security-Too", "django-two-factor-auth")
QUIET = 0.3
"""With fewer processors than this busy with other work, before and after a stage, its wall times count; else
those processor time."""


def basis_of(part: Results) -> str:
    """Return the times that count in *part*."""
    return "wall" if part.get("taken", {}).get("others", 0) < QUIET else "processor"


def without_taken(part: Results) -> Results:
    return {name: one for name, one in part.items() if name != "taken"}


def table(heads: list[str], rows: Iterable[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms"


def kb(size: float) -> str:
    return f"{size / 1e3:.1f} KB"
