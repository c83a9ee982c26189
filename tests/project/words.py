"""``python -m tests.project.words``: find phrases of ``words.txt`` in the prose; exit 1 on a hit."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROSE = (
    "*.md",
    "docs/**/*.md",
    "Makefile",
    "compose.yaml",
    "Containerfile",
    "deploy/**/*",
    "examples/**/*.md",
    "console/config/*.py",
    "console/commands/*.py",
    "console/readiness.py",
    "mfa/checks.py",
    "mfa/commands.py",
    "mfa/settings.py",
    "mfa/site.py",
)
"""The files that are checked, as glob patterns below the root."""


def phrases() -> re.Pattern[str]:
    """Return one pattern that matches any phrase of the list."""
    lines = (Path(__file__).parent / "words.txt").read_text(encoding="utf-8").splitlines()
    return re.compile("|".join(line for line in lines if line and not line.startswith("#")), re.IGNORECASE)


def hits(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Yield line number and phrase for each phrase in *text*, also where a line break divides it."""
    for found in re.finditer(pattern.pattern.replace(" ", r"\s+"), text, pattern.flags):
        yield text.count("\n", 0, found.start()) + 1, " ".join(found[0].split())


def main() -> int:
    pattern = phrases()
    found = [
        f"{path.relative_to(ROOT)}:{line}: {phrase}"
        for glob in PROSE
        for path in sorted(ROOT.glob(glob))
        if path.is_file() and path.suffix != ".pyc"
        for line, phrase in hits(path.read_text(encoding="utf-8"), pattern)
    ]
    print("\n".join(found), end="\n" if found else "")  # noqa: T201
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
