"""Fragment or page: who asks."""

from __future__ import annotations

from flask import request


def wanted() -> bool:
    """Return True if htmx asks, and so a fragment is the answer."""
    return request.headers.get("HX-Request") == "true"
