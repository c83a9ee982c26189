"""Memory of the C library: what a hash took goes back to the system."""

from __future__ import annotations

import ctypes

_M_MMAP_THRESHOLD = -3
_LARGE = 1 << 20


def give_back_large_blocks() -> bool:
    """Let a block of a MiB or more be a mapping of its own, which goes back to the system when it is freed.

    Without this, glibc learns from the first block that is freed, of up to 32 MiB, to cut the next ones of
    that size out of memory that each thread keeps (mallopt(3)). Return False without glibc.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_M_MMAP_THRESHOLD, _LARGE) == 1
