"""How long is waited for what must come. A busy machine is slow, not wrong."""

from __future__ import annotations

SECONDS = 60.0
MILLISECONDS = int(1000 * SECONDS)
LOCK_MILLISECONDS = 10_000
"""For a lock, for which a test may have more writers than people have."""
