"""The root of what the rules refuse. The web layer turns each kind into one sentence."""

from __future__ import annotations


class Refusal(Exception):
    """Something that may not happen; the kinds stand beside the rules that raise them."""
