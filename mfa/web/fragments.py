"""Fragment or page: who asks."""

from __future__ import annotations

from mfa import at_work


def wanted() -> bool:
    """Return True if htmx asks, and so a fragment is the answer."""
    return at_work.request().headers.get("HX-Request") == "true"
