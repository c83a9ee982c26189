"""Memory of the C library: its pages are large, and what a hash took goes back to the system."""

from __future__ import annotations

import ctypes
import os
import sys

TUNABLES = "GLIBC_TUNABLES"
LARGE_PAGES = "glibc.malloc.hugetlb"
_M_MMAP_THRESHOLD = -3
_LARGE = 1 << 20


def give_back_large_blocks() -> bool:
    """Let a block of a MiB or more be a mapping of its own, which goes back to the system when it is freed.

    Without this, glibc learns from the first block that is freed, of up to 32 MiB, to cut the next ones of
    that size out of memory that each thread keeps (mallopt(3)). Return False without glibc.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_M_MMAP_THRESHOLD, _LARGE) == 1


def ask_for_large_pages() -> None:
    """Start this program a second time, with a glibc that asks Linux for pages of 2 MiB.

    A password hash fills 64 MiB. In pages of 4 KiB, of which the processor remembers few, that takes a
    quarter more time. glibc reads the setting when a program begins (glibc manual, Memory Allocation
    Tunables); what the operator has set stays. Older ones, and musl, ignore it.
    """
    given = os.environ.get(TUNABLES, "")
    if sys.platform == "linux" and LARGE_PAGES not in given:
        os.environ[TUNABLES] = ":".join(filter(None, [given, f"{LARGE_PAGES}=1"]))
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 (ourselves)
