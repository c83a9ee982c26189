"""What stops the start."""

from __future__ import annotations


class BadSetting(ValueError):
    """A setting that is missing, weak or makes no sense; its text is one sentence for the operator."""
