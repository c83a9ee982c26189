"""Logos of each kind that is taken, with the type under which they are served."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

LOGOS = {
    "svg": (
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>',
        "image/svg+xml",
    ),
    "png": (b"\x89PNG\r\n\x1a\n and so on", "image/png"),
    "webp": (b"RIFF\0\0\0\0WEBP and so on", "image/webp"),
}
WITH_SCRIPT = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 30" width="120" height="30">
<style>rect { fill: #e0115f; }</style><rect width="120" height="30"/><script>alert("ran")</script></svg>"""
"""Four times as wide as it is high; its script says "ran" where scripts may run."""


def write(folder: Path, kind: str) -> Path:
    """A company's logo as a file in *folder*."""
    path = folder / f"company.{kind}"
    path.write_bytes(LOGOS[kind][0])
    return path


def icon(page: str) -> str:
    """The address of the icon that *page* names."""
    found = re.search(r'<link rel="icon" href="([^"]+)"', page)
    assert found
    return unquote(found[1])
