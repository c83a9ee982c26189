"""The page about the architecture shows the rooms in the order that the import linter holds them to."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
    "importlinter"
]["contracts"]


def layers(package: str) -> list[set[str]]:
    (found,) = (one["layers"] for one in CONTRACTS if one.get("containers") == [package])
    return [{name.strip() for name in layer.split("|")} for layer in found]


def rows(heading: str) -> list[set[str]]:
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return [{_module(path) for path in re.findall(r"`([^`]+)`", cell)} for cell in cells]


def _module(path: str) -> str:
    return path.rstrip("/").removesuffix(".py").replace("/", ".")


@pytest.mark.parametrize(
    ("package", "heading"), [("mfa", "Rooms of the extension"), ("console", "Rooms of the console")]
)
def test_rows_are_the_layers_that_lint_checks(package: str, heading: str) -> None:
    assert rows(heading) == layers(package)


@pytest.mark.parametrize("package", ["mfa", "console"])
def test_every_room_has_a_layer(package: str) -> None:
    rooms = {
        path.stem for path in (ROOT / package).iterdir() if path.suffix == ".py" or any(path.glob("*.py"))
    }
    in_layers = {name.partition(".")[0] for layer in layers(package) for name in layer}
    assert rooms - {"__init__"} - in_layers == set()
