"""docs/security.md: every requirement and trap has its row, and every test that it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "docs" / "security.md").read_text()
REQUIREMENTS = [
    "6.1.1, 6.3.1, 2.4.1", "6.1.2, 6.2.11", "6.1.3, 6.3.4", "6.2.1–6.2.10", "6.2.4, 6.2.12", "6.3.2",
    "6.3.3", "6.3.5, 6.3.7", "6.3.6", "6.3.8", "6.4.1, 6.4.2", "6.4.3", "6.4.4, 6.4.6", "6.5.1", "6.5.2",
    "6.5.3, 6.5.4", "6.5.5, 63B OOB", "6.5.6", "6.5.7", "6.5.8", "6.6.2, 6.6.3",
    "6.7.1", "6.7.2", "63B 3.1.6, 3.1.7", "63B 3.2.3, 3.2.11", "63B 3.2.4", "63B 3.2.5", "63B 3.2.7",
    "63B 3.2.8", "63B 3.2.9", "63B throttling", "7.1.x, 7.3.x",
    "7.2.1–7.2.4", "7.4.1–7.4.5", "7.5.1", "7.5.2", "7.6.2", "2.3.1", "2.3.3, 2.3.4", "3.3.1–3.3.5",
    "3.4.1–3.4.8", "3.5.1, 3.5.3, 3.5.8", "3.7.2", "8.x", "9.1.x, 9.2.x", "11.x, 13.x", "14.x", "16.x",
    "16.5.x", "2.5.x WCAG etc.",
]  # fmt: skip


def row(first: str) -> list[str]:
    """The cells of the row that begins with *first*."""
    found = [line for line in TEXT.splitlines() if line.startswith(f"| {first}")]
    assert len(found) == 1, first
    return [cell.strip() for cell in found[0].strip("|").split("|")]


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_a_requirement_has_a_row_that_says_how_and_shows_it(requirement: str) -> None:
    cells = row(f"{requirement} |")
    assert len(cells) == 3
    assert len(cells[1]) > 15
    assert ".py" in cells[2]


@pytest.mark.parametrize("number", [*range(1, 31), 37, 38, 39])
def test_a_trap_has_a_test(number: int) -> None:
    assert ".py::test_" in row(f"{number} ")[1]


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(?:tests/)?([a-z_]+/test_[a-z_]+\.py)(?:::(test_\w+))?`", TEXT)
    assert len(named) > 90
    missing = [
        (path, test)
        for path, test in named
        if not (ROOT / "tests" / path).is_file()
        or (test and f"def {test}(" not in (ROOT / "tests" / path).read_text())
    ]
    assert missing == []
