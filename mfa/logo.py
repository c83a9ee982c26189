"""A company's logo: a picture in a file of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 64 * 1024
MUST = f"must be the path of an SVG, PNG or WebP file of at most {MAX_BYTES // 1024} KB."
"""What a refusal says of the setting that names it."""

_SVG = re.compile(rb"<svg[\s>]")
_PROLOG_BYTES = 4096  # what drawing programs write before the picture


@dataclass(frozen=True)
class Logo:
    """
    :param name: under which it is served: ``logo.`` and the ending of its kind.
    :param content: the picture.
    """

    name: str
    content: bytes

    @classmethod
    def read(cls, path: Path) -> Logo | None:
        """Return the picture in the file *path*; None if it can't be a logo."""
        try:
            content = path.read_bytes()
        except (OSError, ValueError):
            return None
        suffix = _suffix(content)
        return cls(f"logo{suffix}", content) if suffix and len(content) <= MAX_BYTES else None


def _suffix(content: bytes) -> str | None:
    """Return ``.svg``, ``.png`` or ``.webp``, as the content says; None if it is none of them."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return ".webp"
    return ".svg" if _SVG.search(content, 0, _PROLOG_BYTES) else None
