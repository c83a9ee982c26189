"""Times in words, as the extension has them."""

from __future__ import annotations

from mfa.times import day, moment

__all__ = ["day", "moment"]
